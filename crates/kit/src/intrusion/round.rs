//! The round of the watch: settles what was seen, looks at the keeper's alarms, orders the day's work.

use super::digest;
use crate::{
    Instant, Kit, Municipality, db,
    jobs::{self, NewJob},
    sink,
    waiting::Rounds,
};
use domain::{Date, intrusion::Intrusion};
use serde_json::json;
use sqlx::PgConnection;
use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};
use tokio::sync::watch;
use uuid::Uuid;

/// A banner may come so much later than what it is about.
const EVERY: Duration = Duration::from_secs(5);
/// Alarms looked at in a round; the keeper raises each once a day.
const ALARMS_MAX: i64 = 100;

/// A kind of job that each municipality has once a day.
#[derive(Clone, Copy, Debug)]
pub struct Daily {
    pub kind: &'static str,
    pub title: &'static str,
}

/// What one process remembers between its rounds.
pub struct Round {
    daily: Daily,
    rounds: Rounds,
    ordered_on: HashMap<Municipality, Date>,
    compared_on: Option<Date>,
}

impl Round {
    pub fn new(daily: Daily) -> Self {
        Round { daily, rounds: Rounds::default(), ordered_on: HashMap::new(), compared_on: None }
    }

    /// One round. A part that fails does not keep the others.
    ///
    /// # Errors
    /// The first that came up.
    pub async fn go(&mut self, kit: &Kit) -> anyhow::Result<()> {
        let looked = self.look(kit).await;
        let compared = self.compare_yesterday(kit).await;
        kit.watch.settle(kit).await?;
        looked?;
        compared
    }

    async fn look(&mut self, kit: &Kit) -> anyhow::Result<()> {
        let today = kit.clock.today();
        for municipality in self.rounds.next(kit).await? {
            let mut tx = db::begin(&kit.pool, municipality).await?;
            for alarm in new_alarms(&mut tx, municipality).await? {
                kit.watch.see(municipality, Intrusion::LogAlarm, alarm.as_bytes());
            }
            if self.ordered_on.get(&municipality) != Some(&today) {
                order(&mut tx, kit, municipality, self.daily).await?;
                self.ordered_on.insert(municipality, today);
            }
            tx.commit().await?;
        }
        Ok(())
    }

    /// Once a day, when the day is over: yesterday's log against its second copy.
    async fn compare_yesterday(&mut self, kit: &Kit) -> anyhow::Result<()> {
        let today = kit.clock.today();
        if self.compared_on == Some(today) {
            return Ok(());
        }
        let yesterday = today.yesterday()?;
        let mut is_due = false;
        for (municipality, _) in db::municipalities(&kit.pool).await? {
            is_due |= !is_compared(kit, municipality, yesterday).await?;
        }
        if is_due {
            compare_days(kit, None, yesterday, yesterday).await?;
        }
        self.compared_on = Some(today);
        Ok(())
    }
}

/// Goes its rounds until told to stop. One a process and system.
pub async fn keep_watch(kit: Kit, daily: Daily, mut stop: watch::Receiver<bool>) {
    let mut round = Round::new(daily);
    while !*stop.borrow() {
        if let Err(error) = round.go(&kit).await {
            tracing::error!(error = format!("{error:#}"), "the watch could not finish its round");
        }
        tokio::select! { () = tokio::time::sleep(EVERY) => {}, _ = stop.changed() => {} }
    }
    kit.watch.settle(&kit).await.ok();
}

/// Alarms of the keeper that nobody has been told of.
async fn new_alarms(conn: &mut PgConnection, municipality: Municipality) -> sqlx::Result<Vec<Uuid>> {
    let alarms: Vec<Uuid> = sqlx::query_scalar(
        "select alarm_id from audit_alarms where municipality_code = $1 order by raised_at desc limit $2",
    )
    .bind(municipality.0)
    .bind(ALARMS_MAX)
    .fetch_all(&mut *conn)
    .await?;
    if alarms.is_empty() {
        return Ok(alarms);
    }
    let told: Vec<Vec<u8>> =
        sqlx::query_scalar("select origin from intrusions where municipality_code = $1 and kind = $2")
            .bind(municipality.0)
            .bind(Intrusion::LogAlarm.code())
            .fetch_all(conn)
            .await?;
    let told: HashSet<Vec<u8>> = told.into_iter().collect();
    let is_new = |alarm: &Uuid| !told.contains(&digest(Intrusion::LogAlarm, alarm.as_bytes())[..]);
    Ok(alarms.into_iter().filter(is_new).collect())
}

/// Orders the day's job where it has not been ordered today.
async fn order(
    conn: &mut PgConnection,
    kit: &Kit,
    municipality: Municipality,
    daily: Daily,
) -> sqlx::Result<()> {
    let newest = jobs::newest(conn, municipality, daily.kind, jobs::Of::default()).await?;
    let today = kit.clock.today();
    if newest.is_some_and(|job| crate::clock::in_japan(job.created_at).date() >= today) {
        return Ok(());
    }
    let job = NewJob { kind: daily.kind, title: daily.title, subject_id: None, payload: json!({}) };
    jobs::enqueue(conn, kit, municipality, None, job).await?;
    kit.waiting.note(municipality);
    Ok(())
}

async fn is_compared(kit: &Kit, municipality: Municipality, on: Date) -> sqlx::Result<bool> {
    let mut tx = db::begin(&kit.pool, municipality).await?;
    sqlx::query_scalar(
        "select exists (select 1 from audit_comparisons where municipality_code = $1 and on_day = $2)",
    )
    .bind(municipality.0)
    .bind(crate::Day(on))
    .fetch_one(&mut *tx)
    .await
}

/// Holds the log of these days against its second copy, keeps what came of it, and tells of differences. For one
/// municipality, or for all.
///
/// # Errors
/// When files or table cannot be read.
pub async fn compare_days(
    kit: &Kit,
    only: Option<Municipality>,
    from: Date,
    until: Date,
) -> anyhow::Result<()> {
    let mut on = from;
    while on <= until {
        let compared = sink::compare(kit, kit.sink.folder(), on, on).await?;
        for (municipality, _) in db::municipalities(&kit.pool).await? {
            if only.is_some_and(|only| only != municipality) {
                continue;
            }
            let differences = compared.differences.iter().filter(|one| one.municipality() == municipality);
            let differences = differences.count() as i64;
            if differences > 0 {
                kit.watch.see(municipality, Intrusion::CopyDiffers, on.to_string().as_bytes());
            }
            let same = compared.same_of.get(&municipality).copied().unwrap_or_default();
            let mut tx = db::begin(&kit.pool, municipality).await?;
            sqlx::query(
                "insert into audit_comparisons (municipality_code, on_day, compared_at, same, differences)
                 values ($1, $2, $3, $4, $5) on conflict do nothing",
            )
            .bind(municipality.0)
            .bind(crate::Day(on))
            .bind(Instant(kit.clock.now()))
            .bind(same as i64)
            .bind(differences)
            .execute(&mut *tx)
            .await?;
            tx.commit().await?;
        }
        on = on.tomorrow()?;
    }
    Ok(())
}
