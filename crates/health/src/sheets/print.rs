//! The print job: a released list becomes files, each checked page by page before it counts.
//!
//! A file is written under another name, checked, synced and renamed; only then one transaction notes the file, its
//! sheets and the audit entry. Cut off anywhere, the next run goes on with the people who have no sheet yet: nobody is
//! printed twice, nobody is lost.

use super::{files, sql};
use crate::{
    App,
    campaigns::{
        extract,
        sql::{self as campaigns, Campaign, Candidate, State, TargetRow},
        summary,
    },
    ledger,
};
use anyhow::Context as _;
use domain::{
    Date,
    campaign::{Exclusion, NoticeKind, Request, recheck},
    ids::{AddresseeNumber, PostalCode, SheetNumber},
    schedule::GivenDose,
};
use kit::{Acting, Action, Case, Failure, Municipality, Role, Target, db, jobs};
use paper::{
    FontSet, Issuer, MailTo, PageFacts, RenderedFile,
    postcard::ReminderFacts,
    questionnaire::{Birth, QuestionnaireFacts},
};
use std::{
    collections::{HashMap, HashSet},
    path::PathBuf,
    sync::{Arc, OnceLock},
};
use uuid::Uuid;

pub const JOB: &str = "print_campaign";

/// A file that a printer's queue and a person's hands can manage; also what is done again after a crash.
const PAGES_MAX: usize = 500;

/// How many people fit into one file: a card has two sides, each a page.
const fn people_max(kind: NoticeKind) -> usize {
    match kind {
        NoticeKind::Questionnaire => PAGES_MAX,
        NoticeKind::Reminder => PAGES_MAX / 2,
    }
}

/// What does not change from file to file.
struct Press {
    app: App,
    run: jobs::Run,
    acting: Acting,
    campaign: Campaign,
    request: Request,
    fonts: FontSet,
    issuer: Issuer,
    /// Up to when records are complete: stands on a reminder.
    records_until: Date,
    folder: PathBuf,
}

/// Prints what is not printed yet of a released campaign.
///
/// # Errors
/// A sentence for the clerk when the campaign is not released, the list is not the one that was released, fonts or the
/// letterhead are missing, or a finished file does not pass its check.
pub async fn carry_out(app: App, run: jobs::Run) -> anyhow::Result<String> {
    let campaign_id = run.job.subject_id.context("the job names its campaign")?;
    let Some((press, people, first_file, printed)) = open(app, run, campaign_id).await? else {
        return Ok("この発送は印刷済みです。".to_owned());
    };
    let total = (people.len() + printed) as i64;
    let (mut done, mut file_number, mut withheld) = (printed, first_file, 0);
    for chunk in people.chunks(people_max(press.campaign.kind)) {
        let note = format!("{file_number}番目のファイルを作成しています");
        press.run.progress(done as i64, total, &note).await?;
        let outcome = press.print(chunk, file_number).await?;
        file_number += i32::from(outcome.has_file);
        withheld += outcome.withheld;
        done += chunk.len();
    }
    press.close(done, total).await?;
    Ok(match withheld {
        0 => format!("{total}人分を印刷し、全ページを検査しました。"),
        withheld => {
            format!("印刷と検査を終えました。{withheld}人分は印刷していません。理由を確認してください。")
        }
    })
}

/// Everything before the first file: `None` when nothing is left to do.
async fn open(
    app: App,
    run: jobs::Run,
    campaign_id: Uuid,
) -> anyhow::Result<Option<(Press, Vec<TargetRow>, i32, usize)>> {
    let municipality = run.municipality;
    let acting = run.acting(vec![Role::Clerk]);
    let mut tx = db::begin(&app.kit.pool, municipality).await?;
    let campaign = campaigns::lock(&mut tx, municipality, campaign_id).await?;
    let campaign = campaign.context("発送が見つかりません。一覧から選び直してください。")?;
    match campaign.state {
        State::Released => campaigns::set_state(&mut tx, municipality, campaign_id, State::Printing).await?,
        State::Printing => {}
        State::Printed => return Ok(None),
        State::Extracting | State::Frozen | State::Cancelled => {
            anyhow::bail!("承認されていないので印刷できません。承認者が承認してから印刷してください。")
        }
    }
    let included = campaigns::all_included(&mut tx, municipality, campaign_id).await?;
    let digest = summary::digest(&included);
    anyhow::ensure!(
        campaign.digest.as_deref() == Some(&digest[..]),
        "承認した一覧と内容が一致しないため印刷しません。システム担当者に連絡してください。"
    );
    let issuer = issuer(sql::letterhead(&mut tx, municipality).await?)?;
    let arrivals = campaigns::arrivals(&mut tx, municipality).await?;
    let people = sql::remaining(&mut tx, municipality, campaign_id).await?;
    let known = sql::files(&mut tx, municipality, campaign_id).await?;
    tx.commit().await?;
    let fonts = tokio::task::spawn_blocking(fonts).await??;
    let folder = files::folder(&app, municipality, campaign_id);
    files::clear_strays(&folder, &known)?;
    let first_file = known.iter().map(|file| file.file_number).max().unwrap_or(0) + 1;
    let printed = included.len() - people.len();
    let records_until =
        arrivals.iter().map(|(_, month)| month.last_of_month()).max().unwrap_or(campaign.base_date);
    let request = extract::request_of(&campaign);
    let press = Press { app, run, acting, campaign, request, fonts, issuer, records_until, folder };
    Ok(Some((press, people, first_file, printed)))
}

/// What came of one file.
struct Outcome {
    has_file: bool,
    withheld: usize,
}

/// A person with the number of their sheet, or why they get none.
struct Planned<'a> {
    target: &'a TargetRow,
    number: SheetNumber,
    withheld: Option<(Exclusion, String)>,
}

impl Press {
    fn municipality(&self) -> Municipality {
        self.run.municipality
    }

    async fn print(&self, people: &[TargetRow], file_number: i32) -> anyhow::Result<Outcome> {
        let mut planned = self.plan(people).await?;
        let sheets: Vec<(TargetRow, SheetNumber)> = planned
            .iter()
            .filter(|one| one.withheld.is_none())
            .map(|one| (one.target.clone(), one.number))
            .collect();
        let finished = if sheets.is_empty() { None } else { Some(self.write(sheets, file_number).await?) };
        let mut pages: HashMap<u64, i32> = HashMap::new();
        if let Some((_, rendered)) = &finished {
            pages.extend(rendered.pages.iter().map(|page| (page.sheet.serial(), page.page as i32)));
            let refused: HashMap<u64, String> =
                rendered.withheld.iter().map(|one| (one.sheet.serial(), one.reason.to_string())).collect();
            for one in &mut planned {
                if let Some(note) = refused.get(&one.number.serial()) {
                    one.withheld = Some((Exclusion::Unprintable, note.clone()));
                }
            }
        }
        let file = finished.map(|(file, _)| file).filter(|file| file.pages > 0);
        let written = file.as_ref().map(|file| file.file_name.clone());
        let outcome = self.commit(file_number, file, &planned, &pages).await;
        if let (Err(error), Some(name)) = (&outcome, written)
            && was_refused(error)
        {
            // Another worker was faster: this file counts for nobody.
            std::fs::remove_file(self.folder.join(name)).ok();
        }
        outcome
    }

    /// Looks at everybody again, as they are at this moment, and numbers their sheets.
    async fn plan<'a>(&self, people: &'a [TargetRow]) -> anyhow::Result<Vec<Planned<'a>>> {
        let municipality = self.municipality();
        let ids: Vec<Uuid> = people.iter().map(|target| target.resident_id).collect();
        let on = self.campaign.base_date.max(self.app.kit.clock.today());
        let request = Request { base_date: on, ..self.request };
        let mut tx = db::begin(&self.app.kit.pool, municipality).await?;
        // Committed before anything is printed: a number never stands on two sheets.
        let first = sql::take_numbers(&mut tx, municipality, people.len() as i64).await?;
        let candidates = campaigns::candidates_by_id(&mut tx, municipality, on, &ids).await?;
        let mut doses: HashMap<Uuid, Vec<GivenDose>> = HashMap::new();
        for (id, dose) in campaigns::doses(&mut tx, municipality, &ids).await? {
            doses.entry(id).or_default().push(dose);
        }
        let facts = ledger::facts_of_all(&mut tx, municipality).await?;
        let quiet = self.campaign.quiet_months;
        let sent =
            sql::sent_by_others(&mut tx, municipality, self.campaign.campaign_id, &request, quiet, &ids)
                .await?;
        tx.commit().await?;
        let today: HashMap<Uuid, Candidate> =
            candidates.into_iter().map(|candidate| (candidate.resident_id, candidate)).collect();
        let look = Look { press: self, request, today: &today, doses: &doses, facts: &facts, sent: &sent };
        people
            .iter()
            .zip(first..)
            .map(|(target, serial)| {
                let number = u64::try_from(serial).ok().and_then(SheetNumber::from_serial);
                let number =
                    number.context("用紙番号を使い切りました。システム担当者に連絡してください。")?;
                let withheld = look.again(target).map(|why| (why, why.sentence().to_owned()));
                Ok(Planned { target, number, withheld })
            })
            .collect()
    }

    /// Draws, checks and writes one file. Nothing of it counts before [`commit`](Self::commit).
    async fn write(
        &self,
        sheets: Vec<(TargetRow, SheetNumber)>,
        file_number: i32,
    ) -> anyhow::Result<(sql::PrintFile, RenderedFile)> {
        let (fonts, issuer, campaign) = (self.fonts.clone(), self.issuer.clone(), self.campaign.clone());
        let (folder, records_until, at) = (self.folder.clone(), self.records_until, self.app.kit.clock.now());
        let unique = self.app.kit.ids.next().simple().to_string();
        tokio::task::spawn_blocking(move || {
            let rendered = render(&fonts, &issuer, &campaign, records_until, &sheets)?;
            let faults = check(campaign.kind, &rendered.pdf, &rendered.pages);
            if let Some(fault) = faults.first() {
                anyhow::bail!("印刷ファイルの検査で誤りが見つかったため中止しました。{fault}");
            }
            // A name of its own: a worker that was thought dead can never write over another's finished file.
            let file_name = format!("{}-{file_number:04}-{}.pdf", campaign.programme.code(), &unique[24..]);
            let file = sql::PrintFile {
                file_number,
                pages: page_count(campaign.kind, rendered.pages.len()),
                file_digest: files::digest(&rendered.pdf),
                checked_at: at,
                check_summary: format!(
                    "{}人分の用紙番号・宛名番号・氏名・宛先・フォントを検査済み",
                    rendered.pages.len()
                ),
                is_protected: false,
                erased: None,
                file_name,
            };
            if file.pages > 0 {
                files::put(&folder, &file.file_name, &rendered.pdf)?;
            }
            Ok((file, rendered))
        })
        .await
        .context("the printing thread")?
    }

    /// The file, its sheets and the audit entry: all or nothing.
    async fn commit(
        &self,
        file_number: i32,
        file: Option<sql::PrintFile>,
        planned: &[Planned<'_>],
        pages: &HashMap<u64, i32>,
    ) -> anyhow::Result<Outcome> {
        let campaign_id = self.campaign.campaign_id;
        let target = Target::of("campaign", campaign_id);
        let mut case = Case::open(&self.app.kit, &self.acting, Action::PrintCampaign, target)
            .await
            .map_err(Failure::into_error)?;
        if let Some(file) = &file {
            sql::insert_file(case.conn(), self.municipality(), campaign_id, file).await?;
        }
        let sheets: Vec<sql::NewSheet<'_>> = planned
            .iter()
            .map(|one| sql::NewSheet {
                sheet_id: self.app.kit.ids.next(),
                number: one.number,
                target: one.target,
                page: pages.get(&one.number.serial()).copied(),
                withheld: one.withheld.clone(),
            })
            .collect();
        let batch = sql::Batch {
            campaign_id,
            kind: self.campaign.kind,
            series: self.campaign.programme,
            file_number,
            at: case.at(),
        };
        sql::insert_sheets(case.conn(), self.municipality(), &batch, &sheets).await?;
        let withheld = planned.iter().filter(|one| one.withheld.is_some()).count();
        let detail = serde_json::json!({
            "file": file.as_ref().map(|file| file.file_number),
            "digest": file.as_ref().map(|file| extract::hex(&file.file_digest)),
            "printed": pages.len(),
            "withheld": withheld,
        });
        case.done(detail).await.map_err(Failure::into_error)?;
        Ok(Outcome { has_file: file.is_some(), withheld })
    }

    async fn close(&self, done: usize, total: i64) -> anyhow::Result<()> {
        let mut tx = db::begin(&self.app.kit.pool, self.municipality()).await?;
        campaigns::set_state(&mut tx, self.municipality(), self.campaign.campaign_id, State::Printed).await?;
        let known = sql::files(&mut tx, self.municipality(), self.campaign.campaign_id).await?;
        tx.commit().await?;
        files::clear_strays(&self.folder, &known)?;
        self.run.progress(done as i64, total, "印刷と検査を終えました").await?;
        Ok(())
    }
}

/// What the look before printing goes by.
struct Look<'a> {
    press: &'a Press,
    request: Request,
    today: &'a HashMap<Uuid, Candidate>,
    doses: &'a HashMap<Uuid, Vec<GivenDose>>,
    facts: &'a HashMap<Uuid, Vec<ledger::FactRow>>,
    sent: &'a HashSet<(Uuid, u8)>,
}

impl Look<'_> {
    /// Dead, moved, protected, vaccinated, sent or changed since the freeze.
    fn again(&self, target: &TargetRow) -> Option<Exclusion> {
        let id = target.resident_id;
        let Some(candidate) = self.today.get(&id) else { return Some(Exclusion::MovedOut) };
        let facts = self.facts.get(&id).map_or(&[][..], Vec::as_slice);
        let doses = self.doses.get(&id).map_or(&[][..], Vec::as_slice);
        let person = extract::person(candidate, facts);
        let addressee = extract::addressee(candidate, self.sent.contains(&(id, target.dose)));
        let Some(finding) = extract::finding(&self.press.app.engine, &person, doses, &self.request) else {
            return Some(Exclusion::ByRule);
        };
        recheck(target.dose, &addressee, &finding, self.request.base_date)
            .or_else(|| has_changed(candidate, target).then_some(Exclusion::AddressChanged))
    }
}

fn has_changed(today: &Candidate, frozen: &TargetRow) -> bool {
    today.name != frozen.name
        || today.birth_date != frozen.birth_date
        || today.address != frozen.address
        || today.mailing_postal_code != frozen.mailing_postal_code
        || today.mailing_address != frozen.mailing_address
        || today.mailing_building != frozen.mailing_building
        || today.mailing_name != frozen.mailing_name
}

fn render(
    fonts: &FontSet,
    issuer: &Issuer,
    campaign: &Campaign,
    records_until: Date,
    sheets: &[(TargetRow, SheetNumber)],
) -> anyhow::Result<RenderedFile> {
    Ok(match campaign.kind {
        NoticeKind::Questionnaire => {
            let facts: Vec<_> = sheets
                .iter()
                .map(|(target, number)| questionnaire(campaign, target, *number))
                .collect::<anyhow::Result<_>>()?;
            paper::questionnaire::render(fonts, issuer, &facts)?
        }
        NoticeKind::Reminder => {
            let facts: Vec<_> = sheets
                .iter()
                .map(|(target, number)| reminder(campaign, records_until, target, *number))
                .collect::<anyhow::Result<_>>()?;
            paper::postcard::render(fonts, issuer, &facts)?
        }
    })
}

fn check(kind: NoticeKind, pdf: &[u8], pages: &[PageFacts]) -> Vec<paper::check::Finding> {
    match kind {
        NoticeKind::Questionnaire => paper::check::questionnaires(pdf, pages),
        NoticeKind::Reminder => paper::check::reminders(pdf, pages),
    }
}

fn page_count(kind: NoticeKind, people: usize) -> i32 {
    match kind {
        NoticeKind::Questionnaire => people as i32,
        NoticeKind::Reminder => people as i32 * 2,
    }
}

fn questionnaire(
    campaign: &Campaign,
    target: &TargetRow,
    sheet: SheetNumber,
) -> anyhow::Result<QuestionnaireFacts> {
    Ok(QuestionnaireFacts {
        sheet,
        addressee: AddresseeNumber::parse(&target.addressee_number)?,
        name: target.name.clone(),
        kana: target.name_kana.clone(),
        birth: Birth::On(target.birth_date),
        sex: target.sex,
        address: Some(target.address.clone()),
        delivery: paper::Delivery::Mail(mail(target)?),
        series: campaign.programme,
        dose: target.dose,
        base_date: campaign.base_date,
        valid_until: target.valid_until.context("an included target has its last day")?,
        with_care: false,
    })
}

fn reminder(
    campaign: &Campaign,
    records_until: Date,
    target: &TargetRow,
    sheet: SheetNumber,
) -> anyhow::Result<ReminderFacts> {
    Ok(ReminderFacts {
        sheet,
        addressee: AddresseeNumber::parse(&target.addressee_number)?,
        name: target.name.clone(),
        mail: mail(target)?,
        series: campaign.programme,
        dose: target.dose,
        valid_until: target.valid_until.context("an included target has its last day")?,
        records_until,
    })
}

fn mail(target: &TargetRow) -> anyhow::Result<MailTo> {
    let name = if target.mailing_name.is_empty() { &target.name } else { &target.mailing_name };
    Ok(MailTo {
        postal_code: PostalCode::parse(&target.mailing_postal_code)?,
        address: target.mailing_address.clone(),
        building: target.mailing_building.clone(),
        name: name.clone(),
    })
}

pub(crate) fn issuer(head: Option<sql::Letterhead>) -> anyhow::Result<Issuer> {
    let head = head.context(
        "発行者（自治体名・担当課・所在地）が登録されていません。sesshu init に --section などを付けて登録してください。",
    )?;
    Ok(Issuer {
        kind: head.kind.chars().next().context("発行者の区・市・町・村の別を登録してください。")?,
        postal_code: PostalCode::parse(&head.postal_code)?,
        municipality: head.municipality,
        section: head.section,
        address: head.address,
        telephone: head.telephone,
        hours: head.hours,
    })
}

/// The fonts, read from disk once per process.
pub(crate) fn fonts() -> anyhow::Result<FontSet> {
    static FONTS: OnceLock<Arc<FontSet>> = OnceLock::new();
    if let Some(fonts) = FONTS.get() {
        return Ok(FontSet::clone(fonts));
    }
    let fonts = FontSet::load_standard()?;
    Ok(FontSet::clone(FONTS.get_or_init(|| Arc::new(fonts))))
}

/// The database or the audit log answered no, so nothing was committed. A broken connection proves nothing: then the
/// file stays.
fn was_refused(error: &anyhow::Error) -> bool {
    error.is::<kit::sink::SinkError>()
        || matches!(error.downcast_ref::<sqlx::Error>(), Some(sqlx::Error::Database(_)))
}
