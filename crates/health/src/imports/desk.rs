//! The clerk's side of an import: hand a file over, watch it, read what came of it.

use super::{
    FeedState, FeedSummary, Kind, Options, Progress, case,
    fault::Fault,
    sql::{self, Arrival, FeedRow},
};
use crate::App;
use kit::{
    Acting, Action, Case, Failure, Municipality, Role, Target,
    jobs::{self, Job, NewJob, Run},
};
use serde_json::json;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use uuid::Uuid;

pub const FEEDS_PER_PAGE: i64 = 50;
pub const FAULTS_PER_PAGE: i64 = 100;
/// How many months the arrivals board looks back: a year shows last season, too.
pub const BOARD_MONTHS: usize = 12;
const PROGRESS_EVERY: Duration = Duration::from_secs(1);

/// The kinds of jobs that [`carry_out`] does.
pub const JOBS: [&str; 3] = ["import_residents", "import_records", "import_clinics"];

const fn job_kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Residents => JOBS[0],
        Kind::Records => JOBS[1],
        Kind::Clinics => JOBS[2],
    }
}

/// Where uploads of a municipality wait for their job: only until the job has ended.
pub fn folder(app: &App, municipality: Municipality) -> PathBuf {
    app.files.join("imports").join(municipality.to_string())
}

/// An upload's place: named by its content, so that the same file is kept once.
pub fn place(app: &App, municipality: Municipality, digest: &[u8]) -> PathBuf {
    let name: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    folder(app, municipality).join(format!("{name}.csv"))
}

/// A file that has been stored and is to be taken in.
pub struct Upload {
    pub kind: Kind,
    pub file_name: String,
    pub digest: [u8; 32],
    pub dry_run: bool,
}

/// Announces a stored upload: its feed and its job, both or neither. The file is already at its place.
///
/// # Errors
/// [`Failure::Refused`] without the right.
pub async fn announce(app: &App, acting: &Acting, upload: Upload) -> Result<Uuid, Failure> {
    let feed_id = app.kit.ids.next();
    let mut case =
        Case::open(&app.kit, acting, case::action(upload.kind), Target::of("feed", feed_id)).await?;
    let feed = FeedSummary::begun(feed_id, upload.kind, upload.file_name, upload.digest);
    let at = case.at();
    sql::put_feed(case.conn(), acting, &feed, at).await?;
    let words = if upload.dry_run { "試し取込み" } else { "取込み" };
    let title = format!("{}の{words}", upload.kind.ja());
    let job = NewJob {
        kind: job_kind(upload.kind),
        title: &title,
        subject_id: Some(feed_id),
        payload: json!({ "dry_run": upload.dry_run }),
    };
    jobs::enqueue(case.conn(), &app.kit, acting.municipality, Some(acting.staff_id), job).await?;
    case.done(json!({"kind": upload.kind.code(), "state": "checking", "dry_run": upload.dry_run})).await?;
    Ok(feed_id)
}

/// Takes in for good what has been tried: the same stored file, once more.
///
/// # Errors
/// [`Failure::Conflict`] where the file is no longer kept.
pub async fn take_tried(app: &App, acting: &Acting, feed_id: Uuid) -> Result<Uuid, Failure> {
    let mut case = Case::open(&app.kit, acting, Action::ViewImports, Target::of("feed", feed_id)).await?;
    let feed = sql::feed(case.conn(), acting.municipality, feed_id).await?.ok_or(Failure::NotFound)?;
    case.viewed(json!({})).await?;
    let kept = tokio::fs::try_exists(place(app, acting.municipality, &feed.digest)).await.unwrap_or(false);
    if feed.state != FeedState::DryRun || !kept {
        let case = Case::open(&app.kit, acting, case::action(feed.kind), Target::of("feed", feed_id)).await?;
        case.refused(&app.kit, json!({"cause": "file_not_kept"})).await?;
        return Err(Failure::Conflict(
            "試し取込みのファイルはもう残っていません。ファイルを選び直して取り込んでください。".to_owned(),
        ));
    }
    announce(
        app,
        acting,
        Upload { kind: feed.kind, file_name: feed.file_name, digest: feed.digest, dry_run: false },
    )
    .await
}

const GONE: &str =
    "ファイルが残っていません。同じファイルが先に取り込まれていないか、取込みの一覧で確かめてください。";

fn is_gone(error: &anyhow::Error) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == std::io::ErrorKind::NotFound)
}

/// Does the job. Killed and taken up again, it starts from the beginning: a feed is whole or not there at all.
pub async fn carry_out(app: App, run: Run) -> anyhow::Result<String> {
    let trouble = "取込み中に障害が起きました。何も取り込んでいません。時間をおいてやり直し、続くときはシステム担当者に連絡してください。";
    let feed_id = run.job.subject_id.ok_or_else(|| anyhow::anyhow!("an import without its feed"))?;
    // Rights were checked when the file was handed over.
    let acting = run.acting(vec![Role::Clerk]);
    let mut tx = kit::db::begin(&app.kit.pool, run.municipality).await?;
    let feed = sql::feed(&mut tx, run.municipality, feed_id).await?;
    tx.commit().await?;
    let feed = feed.ok_or_else(|| anyhow::anyhow!("an import without its feed"))?;
    if feed.state != FeedState::Checking {
        return Ok("取込みは終わっています。".to_owned());
    }
    let dry_run = run.job.payload["dry_run"].as_bool().unwrap_or(false);
    let progress = Arc::new(Progress::default());
    let options = Options {
        dry_run,
        progress: progress.clone(),
        file_name: Some(feed.file_name),
        feed_id: Some(feed_id),
    };
    let path = place(&app, run.municipality, &feed.digest);
    let municipality = run.municipality;
    let watching = tokio::spawn(watch(run, progress));
    let taken = case::take(&app, &acting, feed.kind, &path, options).await;
    watching.abort();
    let summary = taken.map_err(|failure| match failure {
        // The same file was handed over again in the moment in which the first one's job came to its end.
        Failure::Internal(error) if is_gone(&error) => anyhow::anyhow!(GONE),
        Failure::Internal(error) => error.context(trouble),
        other => other.into_error(),
    })?;
    if summary.state != FeedState::DryRun {
        // The register has it, or the sender must send it again: a copy would only be one more thing to lose. Unless the
        // same file was handed over twice, and the other one waits for its answer.
        let mut tx = kit::db::begin(&app.kit.pool, municipality).await?;
        let is_awaited = sql::is_awaited(&mut tx, municipality, &feed.digest).await?;
        tx.commit().await?;
        if !is_awaited {
            tokio::fs::remove_file(&path).await.ok();
        }
    }
    Ok(summary.sentence())
}

async fn watch(run: Run, progress: Arc<Progress>) {
    loop {
        let (done, total) = progress.get();
        let words = if total > 0 && done + 500 >= total {
            "台帳と照合しています。"
        } else {
            "読み取って確かめています。"
        };
        if let Err(error) = run.progress(done.cast_signed(), total.cast_signed(), words).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "could not show an import's progress");
        }
        tokio::time::sleep(PROGRESS_EVERY).await;
    }
}

/// The newest feeds, and how many there are.
pub async fn feeds(app: &App, acting: &Acting, page: u64) -> Result<(Vec<FeedRow>, i64, i64), Failure> {
    let mut case = Case::open(&app.kit, acting, Action::ViewImports, Target::NONE).await?;
    let municipality = case.municipality();
    let offset = page.saturating_sub(1).cast_signed().saturating_mul(FEEDS_PER_PAGE);
    let rows = sql::feeds(case.conn(), municipality, FEEDS_PER_PAGE, offset).await?;
    let total = sql::feed_count(case.conn(), municipality).await?;
    let waiting = sql::waiting_count(case.conn(), municipality).await?;
    case.viewed(json!({"page": "feeds"})).await?;
    Ok((rows, total, waiting))
}

/// One feed with its job and a page of its faults.
pub struct Feed {
    pub feed: FeedRow,
    pub job: Option<Job>,
    pub faults: Vec<Fault>,
    pub faults_kept: i64,
    /// Whether what was tried can still be taken in.
    pub is_kept: bool,
}

pub async fn feed(app: &App, acting: &Acting, feed_id: Uuid, page: u64) -> Result<Feed, Failure> {
    let mut case = Case::open(&app.kit, acting, Action::ViewImports, Target::of("feed", feed_id)).await?;
    let municipality = case.municipality();
    let feed = sql::feed(case.conn(), municipality, feed_id).await?.ok_or(Failure::NotFound)?;
    let job = jobs::list(case.conn(), municipality, Some(feed_id), 1).await?.into_iter().next();
    let offset = page.saturating_sub(1).cast_signed().saturating_mul(FAULTS_PER_PAGE);
    let faults = sql::faults(case.conn(), municipality, feed_id, FAULTS_PER_PAGE, offset).await?;
    let faults_kept = sql::fault_count(case.conn(), municipality, feed_id).await?;
    case.viewed(json!({"page": page})).await?;
    let is_kept = feed.state == FeedState::DryRun
        && feed.errors == 0
        && acting.may(case::action(feed.kind))
        && tokio::fs::try_exists(place(app, municipality, &feed.digest)).await.unwrap_or(false);
    Ok(Feed { feed, job, faults, faults_kept, is_kept })
}

/// All kept faults of a feed, for the sender.
pub async fn faults(app: &App, acting: &Acting, feed_id: Uuid) -> Result<Vec<Fault>, Failure> {
    let mut case = Case::open(&app.kit, acting, Action::ViewImports, Target::of("feed", feed_id)).await?;
    let municipality = case.municipality();
    sql::feed(case.conn(), municipality, feed_id).await?.ok_or(Failure::NotFound)?;
    let faults = sql::faults(case.conn(), municipality, feed_id, i64::MAX, 0).await?;
    case.viewed(json!({"download": "faults", "rows": faults.len()})).await?;
    Ok(faults)
}

/// The arrivals of the last months, by source, and the months themselves.
pub async fn arrivals(app: &App, acting: &Acting) -> Result<(Vec<domain::Date>, Vec<Arrival>), Failure> {
    let mut case = Case::open(&app.kit, acting, Action::ViewImports, Target::NONE).await?;
    let municipality = case.municipality();
    let today = app.kit.clock.today();
    let mut months = vec![today.first_of_month()];
    while months.len() < BOARD_MONTHS {
        let before = months[0].yesterday().map_err(|error| Failure::Internal(error.into()))?;
        months.insert(0, before.first_of_month());
    }
    let rows = sql::arrivals(case.conn(), municipality, (months[0], today)).await?;
    case.viewed(json!({"page": "arrivals"})).await?;
    Ok((months, rows))
}

/// Removes an upload that was not announced.
pub async fn discard(path: &Path) {
    tokio::fs::remove_file(path).await.ok();
}
