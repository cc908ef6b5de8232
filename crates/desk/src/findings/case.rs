//! What the auditor does with findings.

use super::{
    DAILY,
    sql::{self, Behind, Decided, Finding, NewDecision, Search, Total},
};
use crate::audit::sql::{Person, people};
use domain::{
    Date,
    oversight::{self, Decision, DecisionFault, Ground},
};
use jiff::{ToSpan, civil::Weekday};
use kit::{
    Acting, Action, Case, Failure, Kit, Posted, Target,
    jobs::{self, Job, NewJob},
};
use serde_json::json;
use ui::FormErrors;
use uuid::Uuid;

pub const PER_PAGE: i64 = 100;
/// Weeks in the chart: a quarter.
pub const WEEKS: usize = 12;
/// Of staff and of people, those with the most.
const TOTALS_MAX: i64 = 10;
const BEHIND_MAX: i64 = 200;
/// A note is a few sentences.
const NOTE_CHARS_MAX: usize = 500;

/// What the list shows.
pub struct Listed {
    pub findings: Vec<Finding>,
    pub total: i64,
    pub staff: Vec<Person>,
    pub of_staff: Vec<Total>,
    pub of_people: Vec<Total>,
    /// Monday, findings, open ones.
    pub weeks: Vec<(Date, i64, i64)>,
    pub job: Option<Job>,
}

fn monday(on: Date) -> Date {
    let days = i64::from(on.weekday().since(Weekday::Monday));
    on.saturating_sub(days.days())
}

pub async fn list(kit: &Kit, acting: &Acting, search: &Search, page: i64) -> Result<Listed, Failure> {
    let mut case = Case::open(kit, acting, Action::ViewFindings, Target::NONE).await?;
    let municipality = case.municipality();
    let part = ((page - 1) * PER_PAGE, PER_PAGE);
    let (findings, total) = sql::list(case.conn(), municipality, search, part).await?;
    let (of_staff, of_people) = sql::totals(case.conn(), municipality, search, TOTALS_MAX).await?;
    let this_week = monday(kit.clock.today());
    let first = this_week.saturating_sub((WEEKS as i64 - 1).weeks());
    let counts = sql::weeks(case.conn(), municipality, first).await?;
    let weeks = (0..WEEKS as i64).map(|week| {
        let monday = first.saturating_add(week.weeks());
        let (all, open) = counts.get(&monday).copied().unwrap_or_default();
        (monday, all, open)
    });
    let weeks = weeks.collect();
    let job = jobs::newest(case.conn(), municipality, DAILY.kind, jobs::Of::default()).await?;
    let staff = people(case.conn(), municipality).await?;
    let detail = json!({"from": search.from.to_string(), "until": search.until.to_string(), "page": page,
        "shown": findings.len()});
    case.viewed(detail).await?;
    Ok(Listed { findings, total, staff, of_staff, of_people, weeks, job })
}

/// A finding with what is behind it.
pub struct Whole {
    pub finding: Finding,
    pub behind: Vec<Behind>,
    pub decisions: Vec<Decided>,
}

pub async fn show(kit: &Kit, acting: &Acting, finding_id: Uuid) -> Result<Whole, Failure> {
    let target = Target::of("finding", finding_id);
    let mut case = Case::open(kit, acting, Action::ViewFindings, target).await?;
    let municipality = case.municipality();
    let finding = sql::find(case.conn(), municipality, finding_id, false).await?.ok_or(Failure::NotFound)?;
    let key = (finding.on, finding.staff_id, finding.person_id);
    let behind = sql::behind(case.conn(), municipality, key, BEHIND_MAX).await?;
    let decisions = sql::decisions(case.conn(), municipality, finding_id).await?;
    case.viewed(json!({})).await?;
    Ok(Whole { finding, behind, decisions })
}

/// The newest run, for the progress bar that asks again.
pub async fn job(kit: &Kit, acting: &Acting) -> Result<Option<Job>, Failure> {
    let mut case = Case::open(kit, acting, Action::ViewFindings, Target::NONE).await?;
    let municipality = case.municipality();
    let job = jobs::newest(case.conn(), municipality, DAILY.kind, jobs::Of::default()).await?;
    case.viewed(json!({"page": "progress"})).await?;
    Ok(job)
}

/// Asks for a run now; one that waits or runs serves.
pub async fn ask(kit: &Kit, acting: &Acting) -> Result<(), Failure> {
    let mut case = Case::open(kit, acting, Action::LookForFindings, Target::NONE).await?;
    let municipality = case.municipality();
    let newest = jobs::newest(case.conn(), municipality, DAILY.kind, jobs::Of::default()).await?;
    if !newest.is_some_and(|job| job.is_open()) {
        let job = NewJob { kind: DAILY.kind, title: DAILY.title, subject_id: None, payload: json!({}) };
        jobs::enqueue(case.conn(), kit, municipality, Some(acting.staff_id), job).await?;
    }
    case.done(json!({})).await
}

/// A decision as typed.
#[derive(Clone, Debug)]
pub struct Form {
    pub decision: Decision,
    pub ground: Ground,
    pub note: String,
}

/// Reads the form of a decision; all errors at once.
pub fn read(posted: &Posted) -> Result<Form, FormErrors> {
    let mut errors = FormErrors::default();
    let decision = Decision::from_code(posted.text("decision"));
    let ground = Ground::from_code(posted.text("ground"));
    let note = posted.trimmed("note").to_owned();
    if decision.is_none() {
        errors.add("decision", "判断を選択してください");
    }
    if ground.is_none() {
        errors.add("ground", "判断の理由を選択してください");
    }
    if note.chars().count() > NOTE_CHARS_MAX {
        errors.add("note", format!("補足は{NOTE_CHARS_MAX}文字以内で入力してください"));
    }
    match (decision, ground, errors.is_empty()) {
        (Some(decision), Some(ground), true) => Ok(Form { decision, ground, note }),
        _ => Err(errors),
    }
}

/// Decides on a finding, or says all that stands against it.
pub async fn decide(
    kit: &Kit,
    acting: &Acting,
    finding_id: Uuid,
    form: &Form,
) -> Result<Result<(), FormErrors>, Failure> {
    let target = Target::of("finding", finding_id);
    let mut case = Case::open(kit, acting, Action::DecideFinding, target).await?;
    let (municipality, at) = (case.municipality(), case.at());
    let finding = sql::find(case.conn(), municipality, finding_id, true).await?.ok_or(Failure::NotFound)?;
    let (by, staff) = (acting.staff_id.as_u128(), finding.staff_id.as_u128());
    let faults = oversight::decide(by, staff, form.decision, form.ground, !form.note.is_empty());
    if !faults.is_empty() {
        let mut errors = FormErrors::default();
        for fault in &faults {
            let field = match fault {
                DecisionFault::OwnLook => "decision",
                DecisionFault::GroundMissesDecision => "ground",
                DecisionFault::NoteMissing => "note",
            };
            errors.add(field, fault.ja());
        }
        case.refused(kit, json!({"cause": "faults", "count": faults.len()})).await?;
        return Ok(Err(errors));
    }
    let new = NewDecision {
        decision_id: kit.ids.next(),
        decision: form.decision,
        ground: form.ground,
        note: &form.note,
        by: acting.staff_id,
        at,
    };
    sql::decide(case.conn(), municipality, &finding, &new).await?;
    // The note stays in its table: whatever is in the log stays for good.
    let detail = json!({"ground": form.ground.code(), "has_note": !form.note.is_empty()});
    let (before, after) = (json!({"state": finding.state}), json!({"state": form.decision.code()}));
    case.done_changing(detail, before, after).await?;
    Ok(Ok(()))
}
