//! Use cases of 接種記録: find a sheet, weigh an entry, register, correct, withdraw, view.

use super::{
    entry::{self, Entry, Origin},
    sql::{self, Clinic, Entered, State, Version},
    verdicts,
};
use crate::{
    App,
    ledger::{self, Resident, ResidentClass},
    sheets::sql::{self as sheets, Sheet, SheetState},
};
use domain::{
    Date,
    campaign::NoticeKind,
    ids::SheetNumber,
    record::{self, About, Finding, Judgement, Weighed, explains},
    schedule::{GivenDose, Person},
};
use jiff::Timestamp;
use kit::{Acting, Action, Case, Failure, Municipality, Posted, Target};
use serde_json::json;
use sqlx::PgConnection;
use ui::FormErrors;
use uuid::Uuid;

/// The day's work of one person as the list shows it; the counts are over all of it.
const ENTERED_SHOWN_MAX: i64 = 50;
/// A ward has some three hundred clinics under contract; the list beside the field is a help, not the register.
const CLINICS_LISTED_MAX: i64 = 500;

/// Everything an entry is weighed against, gathered in one go.
pub struct Scene {
    pub resident: Resident,
    pub person: Person,
    /// The records that hold for the person, without the one that is being corrected.
    pub others: Vec<Version>,
    /// The sheet the record is (or was) taken from.
    pub sheet: Option<Sheet>,
    /// The version to be corrected.
    pub record: Option<Version>,
    pub today: Date,
}

impl Scene {
    fn weigh(&self, app: &App, entry: &Entry) -> Weighed {
        let doses: Vec<GivenDose> = self.others.iter().filter_map(Version::given).collect();
        let about = About {
            person: &self.person,
            birth_is_exact: self.resident.has_exact_birth_date(),
            died_on: self.resident.resident_until.filter(|_| self.resident.class == ResidentClass::Dead),
            doses: &doses,
            today: self.today,
        };
        let paper = self.sheet.as_ref().map(paper_of);
        record::weigh(&app.engine, &about, &entry.candidate(paper))
    }
}

/// What is done from here. Whoever may not look at residents records from a sheet, never about a person they name.
fn action_of(origin: Origin, acting: &Acting) -> Action {
    match origin {
        Origin::Resident(_) if !acting.may(Action::ViewResident) => Action::ViewResident,
        Origin::Sheet(_) | Origin::Resident(_) => Action::RegisterRecord,
        Origin::Record { .. } => Action::CorrectRecord,
    }
}

/// Midnight in Japan: where the day's work begins.
fn since_midnight(app: &App) -> Timestamp {
    jiff::tz::Offset::constant(9)
        .to_timestamp(app.kit.clock.today().at(0, 0, 0, 0))
        .expect("the present lies within jiff's range")
}

/// What the clerk has done today.
pub struct Desk {
    pub entered: Vec<Entered>,
    /// Clinic, doses, visits without a dose.
    pub by_clinic: Vec<(String, i64, i64)>,
}

/// The first page of the room. The list of what was recorded today is for those who may look at records.
pub async fn desk(app: &App, acting: &Acting) -> Result<Desk, Failure> {
    let mut case = Case::open(&app.kit, acting, Action::OpenEntry, Target::NONE).await?;
    if !acting.may(Action::ViewRecord) {
        case.viewed(json!({"shown": []})).await?;
        return Ok(Desk { entered: Vec::new(), by_clinic: Vec::new() });
    }
    let municipality = case.municipality();
    let mine = (acting.staff_id, since_midnight(app));
    let entered = sql::entered(case.conn(), municipality, mine, ENTERED_SHOWN_MAX).await?;
    let by_clinic = sql::entered_by_clinic(case.conn(), municipality, mine).await?;
    let shown: Vec<Uuid> = entered.iter().map(|row| row.resident_id).collect();
    case.viewed(json!({"shown": shown})).await?;
    Ok(Desk { entered, by_clinic })
}

/// Why a sheet cannot be recorded from. `Display` is the sentence for the clerk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SheetProblem {
    /// Also another municipality's: nobody learns that it exists.
    #[error("この番号の予診票はありません。番号を確かめて入力し直すか、住民から登録してください")]
    Unknown,
    #[error("この予診票は接種記録に登録済みです。内容を直すときは、登録済みの記録を開いて訂正してください")]
    Used { record_id: Option<Uuid> },
    #[error("この予診票は取り消されています。接種を確かめられたときは、住民から登録してください")]
    Cancelled,
    #[error("この予診票は印刷を見合わせたものです。印刷物の番号を確かめ、住民から登録してください")]
    Withheld,
    #[error("これは勧奨はがきの番号です。予診票の番号を読み取ってください")]
    Reminder,
}

fn problem_of(sheet: &Sheet) -> Option<SheetProblem> {
    match (sheet.kind, sheet.state) {
        (NoticeKind::Reminder, _) => Some(SheetProblem::Reminder),
        (NoticeKind::Questionnaire, SheetState::Printed) => None,
        (NoticeKind::Questionnaire, SheetState::Used) => Some(SheetProblem::Used { record_id: None }),
        (NoticeKind::Questionnaire, SheetState::Withheld) => Some(SheetProblem::Withheld),
        (NoticeKind::Questionnaire, SheetState::Cancelled) => Some(SheetProblem::Cancelled),
    }
}

/// What the judgement of a dose asks of its sheet.
fn paper_of(sheet: &Sheet) -> record::Sheet {
    record::Sheet { series: sheet.series, dose: sheet.dose, valid_until: sheet.valid_until }
}

/// Looks up a scanned number. The log keeps the sheet, never the number.
pub async fn find(
    app: &App,
    acting: &Acting,
    number: SheetNumber,
) -> Result<Result<Uuid, SheetProblem>, Failure> {
    let mut case = Case::open(&app.kit, acting, Action::FindSheet, Target::NONE).await?;
    let municipality = case.municipality();
    let Some(sheet) = sheets::by_number(case.conn(), municipality, number).await? else {
        case.viewed(json!({"found": false})).await?;
        return Ok(Err(SheetProblem::Unknown));
    };
    let mut problem = problem_of(&sheet);
    if let Some(SheetProblem::Used { record_id }) = &mut problem {
        *record_id = sql::record_of_sheet(case.conn(), municipality, sheet.sheet_id).await?;
    }
    case.aim(Target::resident(sheet.resident_id));
    case.viewed(json!({"sheet": sheet.sheet_id, "state": sheet.state.code()})).await?;
    Ok(problem.map_or(Ok(sheet.sheet_id), Err))
}

/// Gathers a scene; `lock` makes others who record for the same person wait.
async fn scene(
    conn: &mut PgConnection,
    municipality: Municipality,
    origin: Origin,
    (today, lock): (Date, bool),
) -> Result<Scene, Failure> {
    let (resident_id, sheet, record) = match origin {
        Origin::Resident(id) => (id, None, None),
        Origin::Sheet(id) => {
            let sheet = sheets::get(conn, municipality, id).await?.ok_or(Failure::NotFound)?;
            (sheet.resident_id, Some(sheet), None)
        }
        Origin::Record { record_id, .. } => {
            let record = sql::newest(conn, municipality, record_id).await?.ok_or(Failure::NotFound)?;
            (record.resident_id, None, Some(record))
        }
    };
    if lock {
        sql::lock_person(conn, municipality, resident_id).await?;
    }
    // Read again behind the lock: what was true before it may have changed while waiting.
    let record = match (record, lock) {
        (Some(record), true) => sql::newest(conn, municipality, record.record_id).await?,
        (record, _) => record,
    };
    let sheet = match (sheet, record.as_ref().and_then(|record| record.sheet_id), lock) {
        (Some(sheet), _, true) => sheets::get(conn, municipality, sheet.sheet_id).await?,
        (None, Some(sheet_id), _) => sheets::get(conn, municipality, sheet_id).await?,
        (sheet, _, _) => sheet,
    };
    if let (Origin::Sheet(_), Some(problem)) = (origin, sheet.as_ref().and_then(problem_of)) {
        return Err(Failure::Conflict(format!("{problem}。")));
    }
    if record.as_ref().is_some_and(|record| record.state == State::Withdrawn) {
        return Err(Failure::Conflict(
            "この接種記録は取り消されています。正しい記録は新しく登録してください。".to_owned(),
        ));
    }
    let resident = ledger::resident(conn, municipality, resident_id).await?.ok_or(Failure::NotFound)?;
    let facts = ledger::fact_rows(conn, municipality, resident_id).await?;
    let mut others = sql::holding(conn, municipality, resident_id).await?;
    if let Some(record) = &record {
        others.retain(|other| other.record_id != record.record_id);
    }
    Ok(Scene { person: ledger::person(&resident, &facts, today), resident, others, sheet, record, today })
}

/// What stands beside the fields.
pub struct Lists {
    pub clinics: Vec<(String, String)>,
    pub doctors: Vec<String>,
}

/// A scene with the form's lists and what is filled in beforehand.
pub struct Opened {
    pub scene: Scene,
    pub lists: Lists,
    pub last: Option<Version>,
}

/// Opens the form. `typed` is what a clerk who comes back from the confirm page has typed.
pub async fn open(app: &App, acting: &Acting, origin: Origin, typed: &Posted) -> Result<Opened, Failure> {
    let mut case = Case::open(&app.kit, acting, action_of(origin, acting), Target::NONE).await?;
    let municipality = case.municipality();
    let scene = scene(case.conn(), municipality, origin, (app.kit.clock.today(), false)).await?;
    let mine = (acting.staff_id, since_midnight(app));
    let last = sql::last_entered(case.conn(), municipality, mine).await?;
    let used = last.as_ref().and_then(|last| domain::ids::ClinicCode::parse(&last.clinic_code).ok());
    let code = entry::typed_clinic(typed).or(used);
    let lists = lists(case.conn(), municipality, code, scene.today).await?;
    case.aim(Target::resident(scene.resident.resident_id));
    case.viewed(json!({"page": "entry"})).await?;
    Ok(Opened { scene, lists, last })
}

async fn lists(
    conn: &mut PgConnection,
    municipality: Municipality,
    code: Option<domain::ids::ClinicCode>,
    today: Date,
) -> Result<Lists, Failure> {
    let clinics = sql::clinics(conn, municipality, today, CLINICS_LISTED_MAX).await?;
    let doctors = match code {
        Some(code) => {
            sql::clinic(conn, municipality, code).await?.map_or(Vec::new(), |clinic| clinic.doctors)
        }
        None => Vec::new(),
    };
    Ok(Lists { clinics, doctors })
}

/// The name behind a clinic code, for the line below the field.
pub async fn clinic_name(app: &App, acting: &Acting, text: &str) -> Result<Option<Clinic>, Failure> {
    let mut case = Case::open(&app.kit, acting, Action::RegisterRecord, Target::NONE).await?;
    let municipality = case.municipality();
    let posted = Posted::from_pairs(vec![("clinic".to_owned(), text.to_owned())]);
    let clinic = match entry::typed_clinic(&posted) {
        Some(code) => sql::clinic(case.conn(), municipality, code).await?,
        None => None,
    };
    case.viewed(json!({"page": "clinic"})).await?;
    Ok(clinic)
}

/// What came of reading and weighing an entry.
pub enum Checked {
    /// May be kept (where irregular: with an explanation).
    Fit { entry: Box<Entry>, weighed: Weighed },
    /// Something typed has to be changed first. `findings` is what else the engine says, where it could be asked.
    Unfit { errors: FormErrors, findings: Vec<Finding> },
    /// Someone else has made a newer version since the form was opened.
    Overtaken,
}

async fn look(
    app: &App,
    conn: &mut PgConnection,
    municipality: Municipality,
    (origin, posted): (Origin, &Posted),
    scene: &Scene,
) -> Result<Checked, Failure> {
    if let (Origin::Record { version, .. }, Some(record)) = (origin, &scene.record)
        && version != record.version
    {
        return Ok(Checked::Overtaken);
    }
    let clinic = match entry::typed_clinic(posted) {
        Some(code) => sql::clinic(conn, municipality, code).await?,
        None => None,
    };
    let entry = match entry::read(posted, scene, clinic) {
        Ok(entry) => entry,
        Err(errors) => return Ok(Checked::Unfit { errors, findings: Vec::new() }),
    };
    let weighed = scene.weigh(app, &entry);
    if weighed.untrue.is_empty() {
        return Ok(Checked::Fit { entry: Box::new(entry), weighed });
    }
    let mut errors = FormErrors::default();
    for untrue in &weighed.untrue {
        errors.add(entry::field_of(*untrue), untrue.to_string());
    }
    Ok(Checked::Unfit { errors, findings: weighed.findings })
}

/// A checked entry and all its page needs.
pub struct Seen {
    pub scene: Scene,
    pub lists: Lists,
    pub checked: Checked,
}

/// Reads and weighs an entry without keeping it.
pub async fn check(app: &App, acting: &Acting, origin: Origin, posted: &Posted) -> Result<Seen, Failure> {
    let mut case = Case::open(&app.kit, acting, action_of(origin, acting), Target::NONE).await?;
    let municipality = case.municipality();
    let scene = scene(case.conn(), municipality, origin, (app.kit.clock.today(), false)).await?;
    let checked = look(app, case.conn(), municipality, (origin, posted), &scene).await?;
    let lists = lists(case.conn(), municipality, entry::typed_clinic(posted), scene.today).await?;
    case.aim(Target::resident(scene.resident.resident_id));
    case.viewed(json!({"page": "confirm"})).await?;
    Ok(Seen { scene, lists, checked })
}

/// What came of sending an entry to be kept.
pub enum Kept {
    /// Kept now, or by the same form before.
    Done(Uuid),
    /// Not kept.
    Refused(Box<Seen>),
    /// Irregular and not explained.
    Unexplained(Box<Seen>),
}

/// Registers or corrects. The same form sent twice is kept once and gets the same answer.
pub async fn keep(app: &App, acting: &Acting, origin: Origin, posted: &Posted) -> Result<Kept, Failure> {
    let key: Uuid = posted.text("key").parse().map_err(|_| again())?;
    let action = action_of(origin, acting);
    let mut case = Case::open(&app.kit, acting, action, Target::NONE).await?;
    let (municipality, at) = (case.municipality(), case.at());
    let record_id = match origin {
        Origin::Record { record_id, .. } => record_id,
        Origin::Sheet(_) | Origin::Resident(_) => app.kit.ids.next(),
    };
    let claim = (key, action.code(), record_id);
    if let Some(before) = sql::claim(case.conn(), municipality, claim, at).await? {
        case.viewed(json!({"record": before, "again": true})).await?;
        return Ok(Kept::Done(before));
    }
    let scene = scene(case.conn(), municipality, origin, (app.kit.clock.today(), true)).await?;
    case.aim(Target::resident(scene.resident.resident_id));
    let checked = look(app, case.conn(), municipality, (origin, posted), &scene).await?;
    let (entry, weighed) = match checked {
        Checked::Fit { entry, weighed } if !weighed.is_irregular() || explains(&entry.explanation) => {
            (entry, weighed)
        }
        Checked::Fit { .. } | Checked::Unfit { .. } | Checked::Overtaken => {
            return refuse(app, case, scene, (checked, posted)).await;
        }
    };
    let version = version_of(&scene, &entry, &weighed, (record_id, acting.staff_id, at));
    write(app, &mut case, &scene, &version).await?;
    let irregular: Vec<&str> = weighed.findings.iter().map(|finding| finding.code.as_str()).collect();
    let sheet = version.sheet_id;
    case.done_changing(
        json!({"record": record_id, "version": version.version, "sheet": sheet, "findings": irregular}),
        scene.record.as_ref().map(Version::as_logged),
        version.as_logged(),
    )
    .await?;
    Ok(Kept::Done(record_id))
}

fn again() -> Failure {
    Failure::BadRequest("確認画面を開き直してから登録してください。".to_owned())
}

async fn refuse(
    app: &App,
    mut case: Case,
    scene: Scene,
    (checked, posted): (Checked, &Posted),
) -> Result<Kept, Failure> {
    let municipality = case.municipality();
    let lists = lists(case.conn(), municipality, entry::typed_clinic(posted), scene.today).await?;
    let (why, explained) = match &checked {
        Checked::Fit { .. } => ("unexplained", false),
        Checked::Unfit { .. } => ("cannot_be_kept", true),
        Checked::Overtaken => ("overtaken", true),
    };
    case.refused(&app.kit, json!({"why": why})).await?;
    let seen = Box::new(Seen { scene, lists, checked });
    Ok(if explained { Kept::Refused(seen) } else { Kept::Unexplained(seen) })
}

fn version_of(
    scene: &Scene,
    entry: &Entry,
    weighed: &Weighed,
    (record_id, staff_id, at): (Uuid, Uuid, Timestamp),
) -> Version {
    let verdict = weighed.verdict.as_ref();
    let before = scene.record.as_ref();
    let is_given = entry.judgement == Judgement::Given;
    let series = match verdict {
        Some(verdict) => verdict.series,
        // A visit without a dose belongs to the programme it was made for.
        None => scene.sheet.as_ref().map(|sheet| sheet.series),
    };
    Version {
        record_id,
        version: before.map_or(1, |before| before.version + 1),
        resident_id: scene.resident.resident_id,
        vaccine: entry.vaccine.code().to_owned(),
        series: series.map_or(String::new(), |series| series.code().to_owned()),
        dose_number: verdict.map_or(0, |verdict| i16::from(verdict.dose)),
        on: entry.on,
        judgement: entry.judgement,
        product: before.map_or(String::new(), |before| before.product.clone()),
        lot_number: entry.lot.as_ref().map_or(String::new(), |lot| lot.as_str().to_owned()),
        lot_expires_on: entry.lot_expires_on,
        volume_centi_ml: entry.volume_centi_ml.filter(|_| is_given),
        clinic_code: entry.clinic.as_ref().map_or(String::new(), |clinic| clinic.code.clone()),
        clinic_name: entry.clinic_label().to_owned(),
        doctor_name: entry.doctor_name.clone(),
        basis: entry.basis,
        is_teiki: verdict.is_some_and(|verdict| verdict.is_teiki),
        valid_for_series: verdict.is_some_and(|verdict| verdict.valid_for_series),
        findings: record::kept(weighed.findings.clone()),
        explanation: entry.explanation.clone(),
        sheet_id: scene.sheet.as_ref().map(|sheet| sheet.sheet_id),
        source: before.map_or("screen", |before| before.source.as_str()).to_owned(),
        source_feed_id: before.and_then(|before| before.source_feed_id),
        source_row: before.map_or(String::new(), |before| before.source_row.clone()),
        state: State::Current,
        change_reason: entry.change_reason.clone(),
        recorded_by: Some(staff_id),
        recorded_at: at,
    }
}

/// Writes a version, the sheet's state, and what changes in the person's other records.
async fn write(app: &App, case: &mut Case, scene: &Scene, version: &Version) -> Result<(), Failure> {
    let municipality = case.municipality();
    if let Some(before) = &scene.record
        && !sql::supersede(case.conn(), municipality, before.record_id, before.version).await?
    {
        return Err(faster());
    }
    sql::insert(case.conn(), municipality, version).await.map_err(as_conflict)?;
    if let Some(sheet_id) = version.sheet_id {
        sheets::mark_used(case.conn(), municipality, sheet_id, version.state == State::Current).await?;
    }
    let mut holding = scene.others.clone();
    if version.state == State::Current {
        holding.push(version.clone());
    }
    for stale in verdicts::stale(&app.engine, &scene.person, &holding) {
        sql::put_verdict(case.conn(), municipality, &stale).await?;
    }
    Ok(())
}

fn faster() -> Failure {
    Failure::Conflict(
        "ほかの職員が先にこの記録を変更しました。最新の内容を開き、必要ならもう一度操作してください。"
            .to_owned(),
    )
}

/// The schema's own rules speak where an import was faster than the lock.
fn as_conflict(error: sqlx::Error) -> Failure {
    let constraint = error.as_database_error().and_then(|error| error.constraint());
    match constraint {
        Some("vaccination_records_same_day_key") => Failure::Conflict(
            "同じ日の同じワクチンが、取込みで先に登録されました。住民の接種記録を確かめてください。"
                .to_owned(),
        ),
        Some("vaccination_records_sheet_key") => {
            Failure::Conflict(format!("{}。", SheetProblem::Used { record_id: None }))
        }
        _ => error.into(),
    }
}

/// A record with all its versions.
pub struct History {
    pub resident: Resident,
    /// Newest first, with the name of who recorded each. Never empty.
    pub versions: Vec<(Version, String)>,
    pub sheet: Option<Sheet>,
    pub today: Date,
}

impl History {
    /// The version that holds, or the one that withdrew the record.
    pub fn newest(&self) -> &Version {
        &self.versions[0].0
    }
}

async fn history(
    conn: &mut PgConnection,
    municipality: Municipality,
    record_id: Uuid,
    today: Date,
) -> Result<History, Failure> {
    let versions = sql::versions(conn, municipality, record_id).await?;
    let Some((newest, _)) = versions.first() else { return Err(Failure::NotFound) };
    let resident =
        ledger::resident(conn, municipality, newest.resident_id).await?.ok_or(Failure::NotFound)?;
    let sheet = match newest.sheet_id {
        Some(sheet_id) => sheets::get(conn, municipality, sheet_id).await?,
        None => None,
    };
    Ok(History { resident, versions, sheet, today })
}

/// Opens a record's page.
pub async fn record(app: &App, acting: &Acting, record_id: Uuid) -> Result<History, Failure> {
    look_at(app, acting, Action::ViewRecord, record_id).await
}

/// Opens the page that asks for the reason of a withdrawal.
pub async fn before_withdrawal(app: &App, acting: &Acting, record_id: Uuid) -> Result<History, Failure> {
    let history = look_at(app, acting, Action::WithdrawRecord, record_id).await?;
    if history.newest().state == State::Withdrawn {
        return Err(withdrawn_already());
    }
    Ok(history)
}

async fn look_at(app: &App, acting: &Acting, action: Action, record_id: Uuid) -> Result<History, Failure> {
    let mut case = Case::open(&app.kit, acting, action, Target::NONE).await?;
    let municipality = case.municipality();
    let history = history(case.conn(), municipality, record_id, app.kit.clock.today()).await?;
    case.aim(Target::resident(history.resident.resident_id));
    case.viewed(json!({"record": record_id})).await?;
    Ok(history)
}

fn withdrawn_already() -> Failure {
    Failure::Conflict("この接種記録はすでに取り消されています。住民の画面で確かめてください。".to_owned())
}

/// A withdrawal as it was sent.
pub struct Withdrawal<'a> {
    pub record_id: Uuid,
    /// The version that was on the screen.
    pub version: i32,
    pub reason: &'a str,
    pub key: &'a str,
}

/// Withdraws a record by a version that says so; its sheet can be recorded from again.
pub async fn withdraw(app: &App, acting: &Acting, asked: Withdrawal<'_>) -> Result<(), Failure> {
    let key: Uuid = asked.key.parse().map_err(|_| again())?;
    let action = Action::WithdrawRecord;
    let mut case = Case::open(&app.kit, acting, action, Target::NONE).await?;
    let (municipality, at) = (case.municipality(), case.at());
    let claim = (key, action.code(), asked.record_id);
    if sql::claim(case.conn(), municipality, claim, at).await?.is_some() {
        return case.viewed(json!({"record": asked.record_id, "again": true})).await;
    }
    let origin = Origin::Record { record_id: asked.record_id, version: asked.version };
    let scene = scene(case.conn(), municipality, origin, (app.kit.clock.today(), true)).await?;
    let Some(before) = scene.record.as_ref() else { return Err(Failure::NotFound) };
    case.aim(Target::resident(before.resident_id));
    if before.version != asked.version {
        return Err(faster());
    }
    let version = Version {
        version: before.version + 1,
        state: State::Withdrawn,
        change_reason: asked.reason.to_owned(),
        recorded_by: Some(acting.staff_id),
        recorded_at: at,
        ..before.clone()
    };
    write(app, &mut case, &scene, &version).await?;
    case.done_changing(
        json!({"record": asked.record_id, "version": version.version, "sheet": version.sheet_id}),
        before.as_logged(),
        version.as_logged(),
    )
    .await
}
