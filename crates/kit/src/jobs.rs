//! 処理: long work in the background, with progress, that survives `kill -9`.
//!
//! A job is claimed with `skip locked` within its municipality and shows a heartbeat. Where the heartbeat stops, any
//! worker takes the job up again; so a job's work must be resumable: it commits in steps and asks what is already
//! done. A job that fails says why in one sentence for the clerk.

use crate::{
    Acting, Instant, Kit, Municipality, Role, audit::CommitError, db, sink::SinkError, waiting::Rounds,
};
use futures_util::future::BoxFuture;
use jiff::SignedDuration;
use serde_json::Value;
use sqlx::{PgConnection, Row, postgres::PgRow};
use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};
use tokio::sync::watch;
use uuid::Uuid;

/// A job without a heartbeat for this long is taken up by another worker.
const SILENT_FOR: SignedDuration = SignedDuration::from_secs(10);
const HEARTBEAT_EVERY: Duration = Duration::from_secs(2);
/// Between two looks for work when there was none.
const LOOK_EVERY: Duration = Duration::from_millis(300);
/// A job that has brought down its worker this often is marked failed.
const ATTEMPTS_MAX: i32 = 5;
/// How many jobs of all municipalities run at once in one process: the machine has two cores.
const RUNNING_MAX: usize = 2;

/// A job to be added.
pub struct NewJob<'a> {
    pub kind: &'a str,
    pub title: &'a str,
    pub subject_id: Option<Uuid>,
    pub payload: Value,
}

/// A job as pages show it.
#[derive(Clone, Debug)]
pub struct Job {
    pub job_id: Uuid,
    pub kind: String,
    pub title: String,
    pub subject_id: Option<Uuid>,
    pub payload: Value,
    pub state: String,
    pub progress_done: i64,
    pub progress_total: i64,
    pub message: String,
    pub created_by: Option<Uuid>,
    pub created_at: jiff::Timestamp,
    pub finished_at: Option<jiff::Timestamp>,
}

impl Job {
    pub fn is_open(&self) -> bool {
        matches!(self.state.as_str(), "waiting" | "running")
    }

    pub fn state_ja(&self) -> &'static str {
        match self.state.as_str() {
            "waiting" => "待機中",
            "running" => "実行中",
            "done" => "完了",
            "failed" => "失敗",
            _ => "取消し",
        }
    }
}

const COLUMNS: &str = "job_id, kind, title, subject_id, payload, state, progress_done, progress_total, message, created_by, created_at, finished_at";

fn read(row: &PgRow) -> Job {
    Job {
        job_id: row.get(0),
        kind: row.get(1),
        title: row.get(2),
        subject_id: row.get(3),
        payload: row.get(4),
        state: row.get(5),
        progress_done: row.get(6),
        progress_total: row.get(7),
        message: row.get(8),
        created_by: row.get(9),
        created_at: row.get::<Instant, _>(10).0,
        finished_at: row.get::<Option<Instant>, _>(11).map(|at| at.0),
    }
}

/// Adds a job within the transaction of the deed that asks for it.
pub async fn enqueue(
    conn: &mut PgConnection,
    kit: &Kit,
    municipality: Municipality,
    created_by: Option<Uuid>,
    job: NewJob<'_>,
) -> sqlx::Result<Uuid> {
    let job_id = kit.ids.next();
    sqlx::query(
        "insert into jobs (municipality_code, job_id, kind, subject_id, payload, state, title, created_by, created_at)
         values ($1, $2, $3, $4, $5, 'waiting', $6, $7, $8)",
    )
    .bind(municipality.0)
    .bind(job_id)
    .bind(job.kind)
    .bind(job.subject_id)
    .bind(&job.payload)
    .bind(job.title)
    .bind(created_by)
    .bind(Instant(kit.clock.now()))
    .execute(conn)
    .await?;
    Ok(job_id)
}

/// One job of the municipality whose wall the connection stands behind.
pub async fn get(
    conn: &mut PgConnection,
    municipality: Municipality,
    job_id: Uuid,
) -> sqlx::Result<Option<Job>> {
    let sql = format!("select {COLUMNS} from jobs where municipality_code = $1 and job_id = $2");
    let row =
        sqlx::query(sqlx::AssertSqlSafe(sql)).bind(municipality.0).bind(job_id).fetch_optional(conn).await?;
    Ok(row.as_ref().map(read))
}

/// The newest jobs, or those about one subject.
pub async fn list(
    conn: &mut PgConnection,
    municipality: Municipality,
    subject_id: Option<Uuid>,
    limit: i64,
) -> sqlx::Result<Vec<Job>> {
    let sql = format!(
        "select {COLUMNS} from jobs where municipality_code = $1 and ($2::uuid is null or subject_id = $2)
         order by created_at desc, job_id desc limit $3"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(municipality.0)
        .bind(subject_id)
        .bind(limit)
        .fetch_all(conn)
        .await?;
    Ok(rows.iter().map(read).collect())
}

/// Which jobs of a kind are meant; by default all.
#[derive(Clone, Copy, Default)]
pub struct Of<'a> {
    pub subject_id: Option<Uuid>,
    pub payload: Option<&'a Value>,
    /// Only those that came to their end.
    pub is_done: bool,
}

/// The newest job of a kind.
pub async fn newest(
    conn: &mut PgConnection,
    municipality: Municipality,
    kind: &str,
    of: Of<'_>,
) -> sqlx::Result<Option<Job>> {
    let sql = format!(
        "select {COLUMNS} from jobs where municipality_code = $1 and kind = $2
             and ($3::uuid is null or subject_id = $3) and ($4::jsonb is null or payload = $4)
             and (not $5 or state = 'done')
         order by created_at desc, job_id desc limit 1"
    );
    let row = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(municipality.0)
        .bind(kind)
        .bind(of.subject_id)
        .bind(of.payload)
        .bind(of.is_done)
        .fetch_optional(conn)
        .await?;
    Ok(row.as_ref().map(read))
}

/// A job in a worker's hands.
#[derive(Clone)]
pub struct Run {
    pub kit: Kit,
    pub municipality: Municipality,
    pub job: Job,
}

impl Run {
    /// Says how far the work is. Cheap enough for every few hundred items.
    pub async fn progress(&self, done: i64, total: i64, message: &str) -> sqlx::Result<()> {
        let mut tx = db::begin(&self.kit.pool, self.municipality).await?;
        sqlx::query(
            "update jobs set progress_done = $3, progress_total = $4, message = $5, heartbeat_at = $6
             where municipality_code = $1 and job_id = $2",
        )
        .bind(self.municipality.0)
        .bind(self.job.job_id)
        .bind(done)
        .bind(total)
        .bind(message)
        .bind(Instant(self.kit.clock.now()))
        .execute(&mut *tx)
        .await?;
        tx.commit().await
    }

    /// The person on whose order the job runs, with the rights they had when they gave it (checked then): what the
    /// job does is logged in their name.
    pub fn acting(&self, roles: Vec<Role>) -> Acting {
        Acting {
            municipality: self.municipality,
            municipality_name: String::new(),
            staff_id: self.job.created_by.unwrap_or(Uuid::nil()),
            staff_name: String::new(),
            roles,
            terminal: crate::Terminal::SERVER,
            stepped_up_at: None,
            csrf_token: String::new(),
            request_id: self.job.job_id,
        }
    }
}

/// Does the work of one kind of job and returns the sentence shown when it is finished.
pub type Handler = Arc<dyn Fn(Run) -> BoxFuture<'static, anyhow::Result<String>> + Send + Sync>;

/// Runs jobs until `stop` turns true. One per process.
pub struct Worker {
    kit: Kit,
    id: Uuid,
    handlers: HashMap<&'static str, Handler>,
}

/// Where a worker looks for jobs.
#[derive(Default)]
struct Search {
    rounds: Rounds,
    left: VecDeque<Municipality>,
}

impl Worker {
    pub fn new(kit: Kit) -> Self {
        let id = kit.ids.next();
        Worker { kit, id, handlers: HashMap::new() }
    }

    #[must_use]
    pub fn with(mut self, kind: &'static str, handler: Handler) -> Self {
        self.handlers.insert(kind, handler);
        self
    }

    /// Works until told to stop; finishes what it holds.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let worker = Arc::new(self);
        let mut running = tokio::task::JoinSet::new();
        let mut search = Search::default();
        while !*stop.borrow() {
            while running.try_join_next().is_some() {}
            let claimed =
                if running.len() < RUNNING_MAX { worker.claim_any(&mut search).await } else { Ok(None) };
            match claimed {
                Ok(Some(run)) => {
                    let worker = worker.clone();
                    running.spawn(async move { worker.carry_out(run).await });
                }
                Ok(None) => {
                    tokio::select! { _ = tokio::time::sleep(LOOK_EVERY) => {}, _ = stop.changed() => {} }
                }
                Err(error) => {
                    tracing::error!(error = &error as &dyn std::error::Error, "could not look for jobs");
                    tokio::time::sleep(HEARTBEAT_EVERY).await;
                }
            }
        }
        while running.join_next().await.is_some() {}
    }

    /// Carries out everything that is waiting, then returns. Tests end with this: no job may be left unrun.
    pub async fn run_all(&self) -> sqlx::Result<usize> {
        let (mut count, mut search) = (0, Search::default());
        while let Some(run) = self.claim_any(&mut search).await? {
            self.carry_out(run).await;
            count += 1;
        }
        Ok(count)
    }

    /// The next job of whoever has one. Municipalities with jobs take turns.
    async fn claim_any(&self, search: &mut Search) -> sqlx::Result<Option<Run>> {
        if search.left.is_empty() {
            search.left.extend(search.rounds.next(&self.kit).await?);
        }
        while let Some(municipality) = search.left.pop_front() {
            let claimed = self.claim(municipality).await;
            if !matches!(claimed, Ok(None)) {
                search.left.push_back(municipality);
                return claimed;
            }
        }
        Ok(None)
    }

    async fn claim(&self, municipality: Municipality) -> sqlx::Result<Option<Run>> {
        let now = self.kit.clock.now();
        let mut tx = db::begin(&self.kit.pool, municipality).await?;
        let kinds: Vec<&str> = self.handlers.keys().copied().collect();
        let sql = format!(
            "update jobs set state = 'running', worker = $2, heartbeat_at = $3, attempts = attempts + 1
             where municipality_code = $1 and job_id = (
                 select job_id from jobs
                 where municipality_code = $1 and kind = any($4)
                     and (state = 'waiting' or (state = 'running' and heartbeat_at < $5))
                 order by created_at limit 1 for update skip locked)
             returning {COLUMNS}, attempts"
        );
        let row = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(municipality.0)
            .bind(self.id)
            .bind(Instant(now))
            .bind(&kinds)
            .bind(Instant(now - SILENT_FOR))
            .fetch_optional(&mut *tx)
            .await?;
        tx.commit().await?;
        let Some(row) = row else { return Ok(None) };
        let run = Run { kit: self.kit.clone(), municipality, job: read(&row) };
        if row.get::<i32, _>("attempts") > ATTEMPTS_MAX {
            self.close(
                &run,
                "failed",
                "処理が繰り返し中断したため停止しました。システム担当者に連絡してください。",
            )
            .await?;
            // Behind it others may wait.
            self.kit.waiting.note(municipality);
            return Ok(None);
        }
        Ok(Some(run))
    }

    async fn carry_out(&self, run: Run) {
        let Some(handler) = self.handlers.get(run.job.kind.as_str()) else { return };
        let work = tokio::spawn(handler(run.clone()));
        let beat = tokio::spawn(heartbeat(run.clone()));
        let ended = work.await;
        beat.abort();
        let closed = match ended {
            Ok(Ok(message)) => self.close(&run, "done", &message).await,
            Ok(Err(error)) if is_unlogged(&error) => self.put_back(&run).await,
            Ok(Err(error)) => {
                tracing::error!(job = %run.job.job_id, kind = run.job.kind, error = format!("{error:#}"), "job failed");
                self.close(&run, "failed", &error.to_string()).await
            }
            Err(panic) => {
                tracing::error!(job = %run.job.job_id, kind = run.job.kind, error = %panic, "job panicked");
                self.close(&run, "failed", "処理中に障害が起きました。システム担当者に連絡してください。")
                    .await
            }
        };
        if let Err(error) = closed {
            tracing::error!(job = %run.job.job_id, error = &error as &dyn std::error::Error, "could not close a job");
        }
    }

    /// The audit log cannot be stored just now: nothing was done, and the job is tried again in a while.
    async fn put_back(&self, run: &Run) -> sqlx::Result<()> {
        let mut tx = db::begin(&self.kit.pool, run.municipality).await?;
        sqlx::query(
            "update jobs set attempts = attempts - 1, heartbeat_at = $3, message = $4
             where municipality_code = $1 and job_id = $2",
        )
        .bind(run.municipality.0)
        .bind(run.job.job_id)
        .bind(Instant(self.kit.clock.now()))
        .bind("操作ログを保存できないため、保存できるようになるまで待っています。")
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        let (waiting, municipality) = (self.kit.waiting.clone(), run.municipality);
        tokio::spawn(async move {
            tokio::time::sleep(SILENT_FOR.unsigned_abs() + HEARTBEAT_EVERY).await;
            waiting.note(municipality);
        });
        Ok(())
    }

    async fn close(&self, run: &Run, state: &str, message: &str) -> sqlx::Result<()> {
        let mut tx = db::begin(&self.kit.pool, run.municipality).await?;
        sqlx::query(
            "update jobs set state = $3, message = $4, finished_at = $5,
                 progress_done = case when $3 = 'done' then progress_total else progress_done end
             where municipality_code = $1 and job_id = $2",
        )
        .bind(run.municipality.0)
        .bind(run.job.job_id)
        .bind(state)
        .bind(message)
        .bind(Instant(self.kit.clock.now()))
        .execute(&mut *tx)
        .await?;
        tx.commit().await
    }
}

fn is_unlogged(error: &anyhow::Error) -> bool {
    error
        .chain()
        .any(|cause| cause.is::<SinkError>() || matches!(cause.downcast_ref(), Some(CommitError::Sink(_))))
}

async fn heartbeat(run: Run) {
    loop {
        tokio::time::sleep(HEARTBEAT_EVERY).await;
        let beat = async {
            let mut tx = db::begin(&run.kit.pool, run.municipality).await?;
            sqlx::query("update jobs set heartbeat_at = $3 where municipality_code = $1 and job_id = $2")
                .bind(run.municipality.0)
                .bind(run.job.job_id)
                .bind(Instant(run.kit.clock.now()))
                .execute(&mut *tx)
                .await?;
            tx.commit().await
        };
        if let Err(error) = beat.await {
            tracing::warn!(job = %run.job.job_id, error = &error as &dyn std::error::Error, "heartbeat missed");
        }
    }
}
