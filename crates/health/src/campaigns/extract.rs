//! The extraction: reads a snapshot of the ledger, asks the engine about everybody, decides, freezes.
//!
//! One transaction reads and one writes; a run that is cut off leaves nothing behind and is simply run again.

use super::{
    sql::{self, Campaign, Candidate, Freeze, State, TargetRow},
    summary,
};
use crate::{App, ledger, ledger::FactRow, sheets};
use anyhow::Context as _;
use domain::{
    Date,
    age::Days,
    campaign::{self, Addressee, Exclusion, MissingMonth, Request, Sending},
    schedule::{Facts, GivenDose, Japan, Person, SeriesFinding, Status},
};
use kit::{Action, Case, Municipality, Role, Target, jobs};
use sqlx::PgConnection;
use std::{
    collections::{HashMap, HashSet},
    ops::Range,
    sync::Arc,
};
use uuid::Uuid;

pub const JOB: &str = "extract_campaign";

/// Which rules a list was made by: the latest change of the law that the engine knows, and the program's version.
pub const RULE_VERSION: &str = concat!("令和8年10月1日施行分まで（sesshu ", env!("CARGO_PKG_VERSION"), "）");

/// Everything an extraction needs, in memory.
pub struct Snapshot {
    people: Vec<Candidate>,
    doses: Vec<GivenDose>,
    /// Where each person's doses lie.
    ranges: Vec<Range<usize>>,
    facts: HashMap<Uuid, Vec<FactRow>>,
    /// Who holds the same sheet for which dose.
    sent: HashSet<(Uuid, u8)>,
}

/// What comes of one person who is listed.
pub struct Judged {
    /// Into the snapshot's people.
    person: usize,
    sending: Sending,
    reason_ja: String,
    reason_source: &'static str,
}

/// What narrows a run beyond the programme.
#[derive(Clone, Debug, Default)]
pub struct Narrowing {
    pub birth_from: Option<Date>,
    pub birth_until: Option<Date>,
    /// Only the people of an earlier list.
    pub only: Option<HashSet<Uuid>>,
}

impl Narrowing {
    fn admits(&self, candidate: &Candidate) -> bool {
        self.birth_from.is_none_or(|from| from <= candidate.birth_date)
            && self.birth_until.is_none_or(|until| candidate.birth_date <= until)
            && self.only.as_ref().is_none_or(|only| only.contains(&candidate.resident_id))
    }
}

impl Snapshot {
    pub fn people(&self) -> usize {
        self.people.len()
    }

    pub fn doses(&self) -> usize {
        self.doses.len()
    }

    /// Reads everybody whom the programme can concern. The transaction should see one state of the tables.
    pub async fn read(
        conn: &mut PgConnection,
        municipality: Municipality,
        request: &Request,
        quiet_months: i16,
    ) -> sqlx::Result<Snapshot> {
        let born = campaign::reach(request.series, request.base_date);
        Snapshot::read_born(conn, municipality, request, quiet_months, born).await
    }

    /// The same for a range of birth dates that the caller knows to be wide enough.
    pub async fn read_born(
        conn: &mut PgConnection,
        municipality: Municipality,
        request: &Request,
        quiet_months: i16,
        born: Days,
    ) -> sqlx::Result<Snapshot> {
        let on = request.base_date;
        let mut people = sql::candidates(conn, municipality, on, (born.from, born.until)).await?;
        let ids: Vec<Uuid> = people.iter().map(|person| person.resident_id).collect();
        let doses = sql::doses(conn, municipality, &ids).await?;
        let facts = ledger::facts_of_all(conn, municipality).await?;
        let sent = sheets::sql::sent(conn, municipality, request, quiet_months).await?;
        people.sort_unstable_by_key(|person| person.resident_id);
        Ok(Snapshot::new(people, doses, facts, sent))
    }

    /// Puts each person's doses side by side. `people` are in order of their id.
    pub fn new(
        people: Vec<Candidate>,
        mut by_person: Vec<(Uuid, GivenDose)>,
        facts: HashMap<Uuid, Vec<FactRow>>,
        sent: HashSet<(Uuid, u8)>,
    ) -> Snapshot {
        by_person.sort_unstable_by_key(|(id, dose)| (*id, dose.on));
        let mut ranges = Vec::with_capacity(people.len());
        let mut at = 0;
        for person in &people {
            while by_person.get(at).is_some_and(|(id, _)| *id < person.resident_id) {
                at += 1;
            }
            let from = at;
            while by_person.get(at).is_some_and(|(id, _)| *id == person.resident_id) {
                at += 1;
            }
            ranges.push(from..at);
        }
        let doses = by_person.into_iter().map(|(_, dose)| dose).collect();
        Snapshot { people, doses, ranges, facts, sent }
    }

    /// Judges everybody, on all cores. The order is that of the people.
    pub fn judge(&self, engine: &Japan, request: &Request, narrowing: &Narrowing) -> Vec<Judged> {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let share = self.people.len().div_ceil(threads).max(1);
        std::thread::scope(|scope| {
            let workers: Vec<_> = (0..self.people.len())
                .step_by(share)
                .map(|from| {
                    let until = (from + share).min(self.people.len());
                    scope.spawn(move || {
                        (from..until)
                            .filter_map(|index| self.judge_one(engine, request, narrowing, index))
                            .collect::<Vec<_>>()
                    })
                })
                .collect();
            workers.into_iter().flat_map(|worker| worker.join().expect("judging does not panic")).collect()
        })
    }

    fn judge_one(
        &self,
        engine: &Japan,
        request: &Request,
        narrowing: &Narrowing,
        index: usize,
    ) -> Option<Judged> {
        let candidate = &self.people[index];
        if !narrowing.admits(candidate) {
            return None;
        }
        let facts = self.facts.get(&candidate.resident_id).map_or(&[][..], Vec::as_slice);
        let person = person(candidate, facts);
        let doses = &self.doses[self.ranges[index].clone()];
        let finding = finding(engine, &person, doses, request)?;
        let next = finding.dose.unwrap_or(1);
        let addressee = addressee(candidate, self.sent.contains(&(candidate.resident_id, next)));
        let is_of_age = || {
            let bare = Person { facts: by_age_alone(&person.facts), ..person };
            self::finding(engine, &bare, &[], request).is_some_and(|finding| finding.status == Status::Due)
        };
        let sending = campaign::decide_sending(request, &addressee, &finding, is_of_age);
        let (reason_ja, reason_source) = match sending {
            Sending::NotConcerned => return None,
            Sending::Include { .. } => included_because(&finding),
            Sending::Exclude { why, .. } => excluded_because(why, &finding),
        };
        Some(Judged { person: index, sending, reason_ja, reason_source })
    }

    /// The rows of a frozen list, in order of 宛名番号.
    pub fn rows(&self, judged: &[Judged], base: Date) -> Vec<TargetRow> {
        let mut rows: Vec<TargetRow> = judged.iter().map(|one| row(&self.people[one.person], one)).collect();
        rows.sort_by(|a, b| a.addressee_number.cmp(&b.addressee_number));
        summary::mark_edges(&mut rows, base);
        rows
    }
}

/// The engine's answer about one series.
pub fn finding(
    engine: &Japan,
    person: &Person,
    doses: &[GivenDose],
    request: &Request,
) -> Option<SeriesFinding> {
    let forecast = engine.forecast(person, doses, request.base_date);
    forecast.series.into_iter().find(|finding| finding.series == request.series)
}

/// What the engine is asked about. Residence is left out: `domain::campaign` judges it, so that somebody who is due
/// but dead or gone is listed as such.
pub fn person(candidate: &Candidate, rows: &[FactRow]) -> Person {
    let mut facts = Facts { welfare: candidate.on_welfare, ..Facts::default() };
    for row in rows {
        ledger::note(&mut facts, row);
    }
    Person { birth_date: candidate.birth_date, sex: candidate.sex, facts }
}

/// The same person without anything that takes them out of the target.
fn by_age_alone(facts: &Facts) -> Facts {
    Facts {
        due_date: facts.due_date,
        disability: facts.disability,
        mr_shortage: facts.mr_shortage,
        rubella_test: facts.rubella_test,
        ..Facts::default()
    }
}

pub fn addressee(candidate: &Candidate, already_sent: bool) -> Addressee {
    Addressee {
        standing: candidate.standing,
        resident_from: candidate.resident_from,
        resident_until: candidate.resident_until,
        birth_date_is_exact: candidate.birth_date_unknown == 0,
        address_protected: candidate.address_protected,
        has_address: !candidate.mailing_address.is_empty()
            && domain::ids::PostalCode::parse(&candidate.mailing_postal_code).is_ok(),
        already_sent,
    }
}

/// Why somebody is on the list: the engine's first reason that explains the window.
fn included_because(finding: &SeriesFinding) -> (String, &'static str) {
    finding.reasons.first().map_or((String::new(), ""), |reason| (reason.ja(), reason.source))
}

fn excluded_because(why: Exclusion, finding: &SeriesFinding) -> (String, &'static str) {
    let engine = finding.reasons.last().filter(|_| matches!(why, Exclusion::ByRule));
    match (why, engine) {
        (_, Some(reason)) => (reason.ja(), reason.source),
        (Exclusion::NotYet, None) => {
            let day = finding.earliest.map(ui::dates::seireki).unwrap_or_default();
            (format!("{day}から接種できます。"), why.source())
        }
        (Exclusion::Expired, None) => {
            let day = finding.legal_until.map(ui::dates::seireki).unwrap_or_default();
            (format!("{day}で対象期間が終わりました。"), why.source())
        }
        (Exclusion::OtherDose, None) => {
            (format!("次は{}回目です。", finding.dose.unwrap_or(0)), why.source())
        }
        (why, None) => (why.sentence().to_owned(), why.source()),
    }
}

fn row(candidate: &Candidate, judged: &Judged) -> TargetRow {
    let (exclusion, dose, legal_from, legal_until, valid_until) = match judged.sending {
        Sending::Include { dose, legal_from, legal_until, valid_until } => {
            (None, dose, legal_from, legal_until, Some(valid_until))
        }
        Sending::Exclude { why, dose, legal_from, legal_until } => {
            (Some(why), dose, legal_from, legal_until, None)
        }
        Sending::NotConcerned => unreachable!("people who are not concerned are not judged"),
    };
    let included = exclusion.is_none();
    // Whoever gets no letter needs no address in the list; least of all a protected one.
    let sent_to = |text: &String| if included { text.clone() } else { String::new() };
    TargetRow {
        resident_id: candidate.resident_id,
        included,
        exclusion,
        reason_ja: judged.reason_ja.clone(),
        reason_source: judged.reason_source.to_owned(),
        dose,
        legal_from,
        legal_until,
        valid_until,
        addressee_number: candidate.addressee_number.clone(),
        household_number: candidate.household_number.clone(),
        name: candidate.name.clone(),
        name_kana: candidate.name_kana.clone(),
        birth_date: candidate.birth_date,
        sex: candidate.sex,
        address: sent_to(&candidate.address),
        mailing_postal_code: sent_to(&candidate.mailing_postal_code),
        mailing_address: sent_to(&candidate.mailing_address),
        mailing_building: sent_to(&candidate.mailing_building),
        mailing_name: sent_to(&candidate.mailing_name),
        edge: "",
    }
}

/// A finished run that nobody has stored yet.
pub struct Extraction {
    pub rows: Vec<TargetRow>,
    pub looked_at: usize,
}

/// Reads and judges, for a campaign or a command.
///
/// # Errors
/// Database errors.
pub async fn run(
    conn: &mut PgConnection,
    engine: Arc<Japan>,
    municipality: Municipality,
    request: Request,
    quiet_months: i16,
    narrowing: Narrowing,
) -> anyhow::Result<Extraction> {
    let snapshot = Snapshot::read(conn, municipality, &request, quiet_months).await?;
    let looked_at = snapshot.people();
    let rows = tokio::task::spawn_blocking(move || {
        let judged = snapshot.judge(&engine, &request, &narrowing);
        snapshot.rows(&judged, request.base_date)
    })
    .await
    .context("the extraction's threads")?;
    Ok(Extraction { rows, looked_at })
}

/// What a campaign asks.
pub fn request_of(campaign: &Campaign) -> Request {
    Request {
        series: campaign.programme,
        kind: campaign.kind,
        base_date: campaign.base_date,
        dose: campaign.dose,
        valid_until: campaign.valid_until,
    }
}

/// The job: extracts a campaign and freezes it. Run again after an interruption it does the same from the start,
/// since everything is written in one transaction.
pub async fn carry_out(app: App, run: jobs::Run) -> anyhow::Result<String> {
    let campaign_id = run.job.subject_id.context("the job names its campaign")?;
    let acting = run.acting(vec![Role::Clerk]);
    let mut case = Case::open(&app.kit, &acting, Action::ExtractTargets, Target::of("campaign", campaign_id))
        .await
        .map_err(kit::Failure::into_error)?;
    let municipality = run.municipality;
    sql::one_snapshot(case.conn()).await?;
    let Some(campaign) = sql::lock(case.conn(), municipality, campaign_id).await? else {
        anyhow::bail!("抽出の条件が見つかりません。新しく抽出してください。");
    };
    if campaign.state != State::Extracting {
        return Ok(format!("この抽出は「{}」です。", campaign.state.ja()));
    }
    run.progress(0, 3, "台帳を読み取っています").await?;
    let narrowing = narrowing_of(case.conn(), municipality, &campaign).await?;
    let extraction = self::run(
        case.conn(),
        app.engine.clone(),
        municipality,
        request_of(&campaign),
        campaign.quiet_months,
        narrowing,
    )
    .await?;
    run.progress(1, 3, "結果を書き込んでいます").await?;
    let summary = summarize(case.conn(), municipality, &campaign, &extraction, app.kit.clock.today()).await?;
    sql::insert_targets(case.conn(), municipality, campaign_id, &extraction.rows).await?;
    let digest = summary::digest(&extraction.rows);
    let previous_id = sql::previous(case.conn(), municipality, &campaign).await?;
    let at = case.at();
    sql::freeze(
        case.conn(),
        municipality,
        campaign_id,
        &Freeze { summary: &summary, digest: &digest, previous_id, at },
    )
    .await?;
    let message = format!(
        "{}人を対象とし、{}人を理由を付けて除外しました。",
        summary.included,
        summary.excluded_total()
    );
    case.done(serde_json::json!({ "included": summary.included, "excluded": summary.excluded_total(), "digest": hex(&digest) }))
        .await
        .map_err(kit::Failure::into_error)?;
    run.progress(3, 3, "凍結しました").await?;
    Ok(message)
}

async fn narrowing_of(
    conn: &mut PgConnection,
    municipality: Municipality,
    campaign: &Campaign,
) -> sqlx::Result<Narrowing> {
    let only = match campaign.follows {
        Some(earlier) => Some(sql::included_ids(conn, municipality, earlier).await?),
        None => None,
    };
    Ok(Narrowing { birth_from: campaign.birth_from, birth_until: campaign.birth_until, only })
}

async fn summarize(
    conn: &mut PgConnection,
    municipality: Municipality,
    campaign: &Campaign,
    extraction: &Extraction,
    today: Date,
) -> sqlx::Result<summary::Summary> {
    let missing: Vec<MissingMonth> =
        campaign::missing_months(&sql::arrivals(conn, municipality).await?, today);
    let mut summary =
        summary::summarize(&extraction.rows, campaign.base_date, extraction.looked_at as u64, &missing);
    summary.data_until = ledger::data_until(conn, municipality).await?.unwrap_or_default();
    let previous = match sql::previous(conn, municipality, campaign).await? {
        Some(id) => sql::get(conn, municipality, id).await?,
        None => None,
    };
    if let Some(previous) = previous {
        let before = sql::included_ids(conn, municipality, previous.campaign_id).await?;
        summary.previous =
            Some(summary::difference(&extraction.rows, &before, &previous.title, previous.base_date));
    }
    Ok(summary)
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
