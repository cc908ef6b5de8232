//! Use cases of 支援措置対象者の印刷: whom it concerns, the application, the printing.

use super::sql::{self, KeptBack, Printed};
use crate::{
    App,
    campaigns::{
        extract,
        sql::{self as campaigns, Campaign, State, TargetRow},
    },
    exports::case::refuse,
    ledger::{self, Resident},
    sheets::{files, print, sql as sheets},
};
use domain::{
    Date,
    campaign::{self, Addressee, NoticeKind, Request, recheck},
    ids::{AddresseeNumber, PostalCode, SheetNumber},
    leaving::{self, HandOver},
};
use kit::{
    Acting, Action, Case, Failure, Municipality, Target,
    approvals::{self, Approval, Asked, Kind},
};
use paper::{
    Delivery, MailTo,
    questionnaire::{Birth, QuestionnaireFacts},
};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::path::Path;
use uuid::Uuid;

const PRINTED: &str =
    "この方の用紙は、この抽出ですでに印刷されています。印刷ファイルの画面で確かめてください。";

/// What two persons have to do with: one person of one campaign.
async fn find(case: &mut Case, campaign_id: Uuid) -> Result<Campaign, Failure> {
    let municipality = case.municipality();
    let campaign = campaigns::get(case.conn(), municipality, campaign_id).await?.ok_or(Failure::NotFound)?;
    // A reminder is a card for the post: there is nothing to hand over.
    if campaign.kind == NoticeKind::Reminder { Err(Failure::NotFound) } else { Ok(campaign) }
}

/// The people of a campaign who are kept back, each with the newest application.
pub struct Overview {
    pub campaign: Campaign,
    pub people: Vec<(KeptBack, Option<Approval>)>,
    pub now: jiff::Timestamp,
}

pub async fn overview(app: &App, acting: &Acting, campaign_id: Uuid) -> Result<Overview, Failure> {
    let target = Target::of("campaign", campaign_id);
    let mut case = Case::open(&app.kit, acting, Action::ViewCampaigns, target).await?;
    let (municipality, now) = (case.municipality(), case.at());
    let campaign = find(&mut case, campaign_id).await?;
    let mut people = Vec::new();
    for one in sql::kept_back(case.conn(), municipality, campaign_id).await? {
        let approval = match one.asked {
            Some((id, _)) => approvals::sql::get(case.conn(), municipality, id, false).await?,
            None => None,
        };
        let target = Target::resident(one.target.resident_id);
        case.also_viewed(&app.kit, target, json!({"campaign": campaign_id})).await?;
        people.push((one, approval));
    }
    case.viewed(json!({"protected": people.len()})).await?;
    Ok(Overview { campaign, people, now })
}

/// What the form is about.
pub async fn begin(
    app: &App,
    acting: &Acting,
    (campaign_id, resident_id): (Uuid, Uuid),
) -> Result<(Campaign, KeptBack), Failure> {
    let target = Target::resident(resident_id);
    let mut case = Case::open(&app.kit, acting, Action::ApplyProtectedPrint, target).await?;
    let municipality = case.municipality();
    let campaign = find(&mut case, campaign_id).await?;
    let one = sql::one(case.conn(), municipality, campaign_id, resident_id).await?;
    let one = one.ok_or(Failure::NotFound)?;
    case.viewed(json!({"campaign": campaign_id, "page": "form"})).await?;
    Ok((campaign, one))
}

/// Asks for one person's sheet, or says what stands against the way of handing it over.
pub async fn apply(
    app: &App,
    acting: &Acting,
    (campaign_id, resident_id): (Uuid, Uuid),
    (hand_over, reason): (HandOver, &str),
) -> Result<Result<Uuid, &'static str>, Failure> {
    let target = Target::resident(resident_id);
    let mut case = Case::open(&app.kit, acting, Action::ApplyProtectedPrint, target).await?;
    let municipality = case.municipality();
    let campaign = find(&mut case, campaign_id).await?;
    // Locked: two applications at once would both be the only one.
    campaigns::lock(case.conn(), municipality, campaign_id).await?.ok_or(Failure::NotFound)?;
    let one = sql::one(case.conn(), municipality, campaign_id, resident_id).await?;
    let one = one.ok_or(Failure::NotFound)?;
    if one.file_number.is_some() {
        return refuse(app, case, "printed", PRINTED).await;
    }
    if let Some((asked, _)) = one.asked {
        let at = case.at();
        let asked = approvals::sql::get(case.conn(), municipality, asked, false).await?;
        if let Some(asked) = asked.filter(|asked| asked.is_open(at)) {
            let sentence = format!(
                "この方の印刷は、第{}号で申請されています。その申請を実行するか、取り下げてから申請してください。",
                asked.number
            );
            return refuse(app, case, "already_asked", &sentence).await;
        }
    }
    if let Some(fault) = leaving::hand_over_fault(hand_over, one.has_mailing_address) {
        case.refused(&app.kit, json!({"cause": "no_mailing_address"})).await?;
        return Ok(Err(fault));
    }
    let approval_id = app.kit.ids.next();
    let asked = Asked {
        approval_id,
        kind: Kind::ProtectedPrint,
        target: ("resident", resident_id),
        reason,
        basis: "",
        plan: vec![
            ("対象者", format!("宛名番号 {}（支援措置対象者）", one.target.addressee_number)),
            ("抽出", campaign.title.clone()),
            ("用紙", format!("{} {}回目 1枚", campaign.kind.ja(), one.target.dose)),
            ("渡し方", hand_over.ja().to_owned()),
            (
                "用紙に載る住所",
                match hand_over {
                    HandOver::Counter => "なし".to_owned(),
                    HandOver::Mailing => "登録された送付先だけ（住民票の住所は載りません）".to_owned(),
                },
            ),
            (
                "ファイル",
                "この方だけの別のファイル。「取扱注意」を印刷し、申請した人だけが取得できます".to_owned(),
            ),
            (
                desk::approvals::web::WARNING,
                "支援措置対象者の用紙です。渡し方で居所が知られないか、本人と確かめてください。".to_owned(),
            ),
        ],
        digest: Sha256::digest(format!("{campaign_id} {resident_id} {}", hand_over.code())).into(),
    };
    approvals::ask(&mut case, acting, &asked).await?;
    sql::insert(case.conn(), municipality, (approval_id, campaign_id, resident_id), hand_over).await?;
    let detail = json!({"approval": approval_id, "campaign": campaign_id, "hand_over": hand_over.code()});
    case.done(detail).await?;
    Ok(Ok(approval_id))
}

/// The person as they are now, if the sheet may still be theirs; else one sentence.
async fn look_again(
    case: &mut Case,
    app: &App,
    campaign: &Campaign,
    target: &TargetRow,
) -> Result<Result<(Resident, Date), String>, Failure> {
    let (municipality, id) = (case.municipality(), target.resident_id);
    let on = campaign.base_date.max(app.kit.clock.today());
    let request = Request { base_date: on, ..extract::request_of(campaign) };
    let resident = ledger::resident(case.conn(), municipality, id).await?.ok_or(Failure::NotFound)?;
    let candidates = campaigns::candidates_by_id(case.conn(), municipality, on, &[id]).await?;
    let doses: Vec<_> = campaigns::doses(case.conn(), municipality, &[id]).await?;
    let doses: Vec<_> = doses.into_iter().map(|(_, dose)| dose).collect();
    let facts = ledger::fact_rows(case.conn(), municipality, id).await?;
    let sent = sheets::sent_by_others(
        case.conn(),
        municipality,
        campaign.campaign_id,
        &request,
        campaign.quiet_months,
        &[id],
    )
    .await?;
    if !resident.address_protected {
        return Ok(Err("支援措置は終わっています。次回の抽出で対象になります。".to_owned()));
    }
    let Some(candidate) = candidates.first() else {
        return Ok(Err("この方は住民ではなくなっています。住民の画面で確かめてください。".to_owned()));
    };
    let person = extract::person(candidate, &facts);
    // Protection is what this is about, and no registered address is used.
    let addressee = Addressee {
        address_protected: false,
        has_address: true,
        ..extract::addressee(candidate, sent.contains(&(id, target.dose)))
    };
    let why = match extract::finding(&app.engine, &person, &doses, &request) {
        None => Some(campaign::Exclusion::ByRule),
        Some(finding) => recheck(target.dose, &addressee, &finding, on),
    };
    if let Some(why) = why {
        return Ok(Err(format!("{}印刷しません。", why.sentence())));
    }
    Ok(Ok((
        resident,
        target.valid_until.unwrap_or_else(|| campaign::valid_until(&request, target.legal_until)),
    )))
}

fn facts(
    campaign: &Campaign,
    (target, resident): (&TargetRow, &Resident),
    (sheet, valid_until): (SheetNumber, Date),
    hand_over: HandOver,
) -> anyhow::Result<QuestionnaireFacts> {
    let delivery = match hand_over {
        HandOver::Counter => Delivery::AtCounter,
        HandOver::Mailing => Delivery::Mail(MailTo {
            postal_code: PostalCode::parse(&resident.mailing_postal_code)?,
            address: resident.mailing_address.clone(),
            building: String::new(),
            name: match resident.mailing_name.as_str() {
                "" => resident.printed_name().to_owned(),
                name => name.to_owned(),
            },
        }),
    };
    Ok(QuestionnaireFacts {
        sheet,
        addressee: AddresseeNumber::parse(&target.addressee_number)?,
        name: resident.printed_name().to_owned(),
        kana: resident.name_kana.clone(),
        birth: Birth::On(resident.birth_date),
        sex: resident.sex,
        address: None,
        delivery,
        series: campaign.programme,
        dose: target.dose,
        base_date: campaign.base_date,
        valid_until,
        with_care: true,
    })
}

/// Draws and checks the page, and writes its file. Nothing of it counts before the rows are committed.
async fn write(
    app: &App,
    folder: std::path::PathBuf,
    head: Option<sheets::Letterhead>,
    facts: QuestionnaireFacts,
    file_number: i32,
) -> Result<sheets::PrintFile, Failure> {
    let at = app.kit.clock.now();
    let unique = app.kit.ids.next().simple().to_string();
    let file_name = format!("{}-{file_number:04}-care-{}.pdf", facts.series.code(), &unique[24..]);
    let drawn = tokio::task::spawn_blocking(move || draw(&folder, head, &facts, file_name));
    let (file_name, digest) = drawn.await.map_err(|error| Failure::Internal(error.into()))??;
    Ok(sheets::PrintFile {
        file_number,
        file_name,
        pages: 1,
        file_digest: digest,
        checked_at: at,
        check_summary: "支援措置対象者1人分の用紙番号・宛名番号・氏名・宛先・フォントを検査済み".to_owned(),
        is_protected: true,
        erased: None,
    })
}

fn draw(
    folder: &Path,
    head: Option<sheets::Letterhead>,
    facts: &QuestionnaireFacts,
    file_name: String,
) -> Result<(String, Vec<u8>), Failure> {
    let (fonts, issuer) = (print::fonts()?, print::issuer(head)?);
    let rendered = paper::questionnaire::render(&fonts, &issuer, std::slice::from_ref(facts))
        .map_err(anyhow::Error::from)?;
    if let Some(withheld) = rendered.withheld.first() {
        return Err(Failure::Conflict(withheld.reason.to_string()));
    }
    let faults = paper::check::questionnaires(&rendered.pdf, &rendered.pages);
    if let Some(fault) = faults.first() {
        return Err(Failure::Internal(anyhow::anyhow!(
            "the printed sheet is not what it should be: {fault}"
        )));
    }
    files::put(folder, &file_name, &rendered.pdf)?;
    Ok((file_name, files::digest(&rendered.pdf)))
}

/// The number that the sheet gets: the one it was to have had, or the next.
async fn number(
    case: &mut Case,
    municipality: Municipality,
    campaign_id: Uuid,
    resident_id: Uuid,
) -> Result<SheetNumber, Failure> {
    let known = sql::withheld_number(case.conn(), municipality, campaign_id, resident_id).await?;
    if let Some(known) = known {
        return Ok(SheetNumber::parse(&known).map_err(anyhow::Error::from)?);
    }
    let serial = sheets::take_numbers(case.conn(), municipality, 1).await?;
    let number = u64::try_from(serial).ok().and_then(SheetNumber::from_serial);
    number.ok_or_else(|| Failure::Internal(anyhow::anyhow!("the sheet numbers are used up")))
}

/// Prints what was approved: one person, one page, one file.
pub async fn print(
    app: &App,
    acting: &Acting,
    (campaign_id, resident_id): (Uuid, Uuid),
) -> Result<(), Failure> {
    let mut case = Case::open(&app.kit, acting, Action::PrintCampaign, Target::resident(resident_id)).await?;
    let (municipality, at) = (case.municipality(), case.at());
    // Locked: two printings at once would take the same file number.
    let locked = campaigns::lock(case.conn(), municipality, campaign_id).await?;
    let campaign = locked.filter(|one| one.kind == NoticeKind::Questionnaire).ok_or(Failure::NotFound)?;
    let one = sql::one(case.conn(), municipality, campaign_id, resident_id).await?;
    let one = one.ok_or(Failure::NotFound)?;
    let Some((approval_id, hand_over)) = one.asked else {
        let sentence = "この方の印刷はまだ申請されていません。申請し、承認を受けてから印刷してください。";
        return refuse(app, case, "not_asked", sentence).await;
    };
    if one.file_number.is_some() {
        return refuse(app, case, "printed", PRINTED).await;
    }
    if campaign.state != State::Printed {
        let sentence = "発送する方の印刷がまだ終わっていません。発送の印刷を終えてからやり直してください。";
        return refuse(app, case, "not_printed", sentence).await;
    }
    let (mut case, _) =
        approvals::use_in(case, acting, &app.kit, (Kind::ProtectedPrint, approval_id)).await?;
    let (resident, valid_until) = match look_again(&mut case, app, &campaign, &one.target).await? {
        Ok(found) => found,
        Err(sentence) => return refuse(app, case, "no_longer", &sentence).await,
    };
    let reaches = leaving::has_mailing_address(&resident.mailing_address, &resident.mailing_postal_code);
    if let Some(fault) = leaving::hand_over_fault(hand_over, reaches) {
        return refuse(app, case, "no_mailing_address", fault).await;
    }
    let head = sheets::letterhead(case.conn(), municipality).await?;
    let known = sheets::files(case.conn(), municipality, campaign_id).await?;
    let folder = files::folder(app, municipality, campaign_id);
    files::clear_strays(&folder, &known)?;
    let file_number = known.iter().map(|file| file.file_number).max().unwrap_or(0) + 1;
    let sheet = number(&mut case, municipality, campaign_id, resident_id).await?;
    let facts = facts(&campaign, (&one.target, &resident), (sheet, valid_until), hand_over)?;
    let file = write(app, folder, head, facts, file_number).await?;
    sheets::insert_file(case.conn(), municipality, campaign_id, &file).await?;
    let printed = Printed {
        sheet_id: app.kit.ids.next(),
        number: &sheet.digits(),
        target: &one.target,
        programme: campaign.programme.code(),
        valid_until,
        file_number,
        at,
    };
    if !sql::printed(case.conn(), municipality, (campaign_id, approval_id), &printed).await? {
        return refuse(app, case, "printed", PRINTED).await;
    }
    case.done(json!({"approval": approval_id, "campaign": campaign_id, "file": file_number,
        "hand_over": hand_over.code(), "digest": extract::hex(&file.file_digest)}))
        .await
}
