//! Use cases of the first page, and the counting of coverage in the background.

use super::sql::{self, Counted, Waiting};
use crate::{App, exports, ledger};
use desk::{duties::Duties, findings, months};
use domain::{Date, coverage::Tally, schedule::GivenDose};
use jiff::SignedDuration;
use kit::{
    Acting, Action, Case, Failure, Municipality, Target,
    jobs::{self, Job, NewJob, Run},
};
use serde_json::json;
use std::collections::HashMap;
use uuid::Uuid;

/// The kind of job that counts coverage.
pub const COUNT_COVERAGE: &str = "count_coverage";
const JOBS_SHOWN_MAX: i64 = 20;
const FAILED_SHOWN_FOR: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What the first page shows.
pub struct Home {
    pub waiting: Waiting,
    /// Applications of others that wait for this person's decision.
    pub to_approve: i64,
    /// Files that were taken out and should have been reported gone.
    pub overdue: i64,
    pub jobs: Vec<Job>,
    pub coverage: Option<Counted>,
    pub data_until: Option<String>,
    pub duties: Duties,
}

pub async fn home(app: &App, acting: &Acting) -> Result<Home, Failure> {
    let mut case = Case::open(&app.kit, acting, Action::ViewHome, Target::NONE).await?;
    let (municipality, at) = (case.municipality(), case.at());
    let waiting = sql::waiting(case.conn(), municipality, acting.staff_id, at - FAILED_SHOWN_FOR).await?;
    let to_approve = desk::approvals::case::waiting::<App>(case.conn(), municipality, acting, at).await?;
    let overdue = exports::sql::overdue(case.conn(), municipality, app.kit.clock.today()).await?;
    let mut jobs = jobs::list(case.conn(), municipality, None, JOBS_SHOWN_MAX).await?;
    // What is looked for in the log is the auditor's.
    jobs.retain(|job| ![findings::DAILY.kind, months::COMPARE].contains(&job.kind.as_str()));
    let coverage = sql::coverage(case.conn(), municipality).await?;
    let data_until = ledger::data_until(case.conn(), municipality).await?;
    let duties = Duties::of(case.conn(), municipality, acting, app.kit.clock.today()).await?;
    case.viewed(json!({})).await?;
    Ok(Home { waiting, to_approve, overdue, jobs, coverage, data_until, duties })
}

/// One running job, for the progress bar that asks again.
pub async fn job(app: &App, acting: &Acting, job_id: Uuid) -> Result<Job, Failure> {
    let mut case = Case::open(&app.kit, acting, Action::ViewJobs, Target::of("job", job_id)).await?;
    let municipality = case.municipality();
    let job = jobs::get(case.conn(), municipality, job_id).await?.ok_or(Failure::NotFound)?;
    case.viewed(json!({})).await?;
    Ok(job)
}

/// Asks for a new count; one that is already waiting or running serves.
pub async fn ask_for_coverage(app: &App, acting: &Acting) -> Result<(), Failure> {
    let mut case = Case::open(&app.kit, acting, Action::ViewStatistics, Target::NONE).await?;
    let municipality = case.municipality();
    let recent = jobs::list(case.conn(), municipality, None, JOBS_SHOWN_MAX).await?;
    if !recent.iter().any(|job| job.kind == COUNT_COVERAGE && job.is_open()) {
        let job =
            NewJob {
                kind: COUNT_COVERAGE, title: "接種率の集計", subject_id: None, payload: json!({})
            };
        jobs::enqueue(case.conn(), &app.kit, municipality, Some(acting.staff_id), job).await?;
    }
    case.done(json!({})).await
}

/// The job: gathers everyone, counts on all cores, replaces the cache.
pub async fn count_coverage(app: App, run: Run) -> anyhow::Result<String> {
    let today = app.kit.clock.today();
    let municipality = run.municipality;
    let (people, doses) = gather(&app, municipality, today).await?;
    let counted = people.len();
    run.progress(0, counted as i64, "接種率を集計しています").await?;
    let engine = app.engine.clone();
    let tally = tokio::task::spawn_blocking(move || tally(&engine, &people, &doses, today)).await?;
    let mut tx = kit::db::begin(&app.kit.pool, municipality).await?;
    sql::put_coverage(&mut tx, municipality, &tally, today, app.kit.clock.now()).await?;
    tx.commit().await?;
    run.progress(counted as i64, counted as i64, "集計しました").await?;
    Ok(format!("住民{}人から集計しました", ui::dates::thousands(counted as i64)))
}

type Doses = HashMap<Uuid, Vec<GivenDose>>;

async fn gather(
    app: &App,
    municipality: Municipality,
    today: Date,
) -> anyhow::Result<(Vec<ledger::Counted>, Doses)> {
    let mut tx = kit::db::begin(&app.kit.pool, municipality).await?;
    let people = ledger::population(&mut tx, municipality, today).await?;
    let doses =
        ledger::doses_of_all(&mut tx, municipality, (domain::Date::constant(1900, 1, 1), today)).await?;
    tx.commit().await?;
    Ok((people, doses))
}

fn tally(engine: &domain::schedule::Japan, people: &[ledger::Counted], doses: &Doses, today: Date) -> Tally {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut total = Tally::default();
    std::thread::scope(|scope| {
        let parts: Vec<_> = people
            .chunks(people.len().div_ceil(threads).max(1))
            .map(|part| {
                scope.spawn(move || {
                    let mut tally = Tally::default();
                    for one in part {
                        let given = doses.get(&one.resident_id).map_or(&[][..], Vec::as_slice);
                        tally.add(engine, &one.person, given, today);
                    }
                    tally
                })
            })
            .collect();
        for part in parts {
            total.merge(&part.join().expect("counting does not panic"));
        }
    });
    total
}
