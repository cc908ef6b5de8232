//! The day's work: reads the log, lets the rules judge, keeps what was found.

use super::sql::{self, Found};
use domain::{
    Date,
    holidays::is_office_day,
    oversight::{self, Day, Deed, Finding, LOOK_AGAIN_DAYS, Look},
};
use jiff::ToSpan;
use kit::{
    Action, Municipality, clock, db,
    intrusion::Daily,
    jobs::{self, Run},
};
use std::collections::HashMap;
use uuid::Uuid;

/// The job that each municipality has once a day.
pub const DAILY: Daily = Daily { kind: "look_for_findings", title: "気になる閲覧の点検" };

/// Days looked at when nobody has looked before: a quarter.
const FIRST_DAYS: i64 = 92;

/// Which deeds of a system are looks at a person.
#[derive(Clone, Copy, Debug)]
pub struct Looks {
    /// What the log calls the person.
    pub kind: &'static str,
    pub actions: &'static [Action],
    pub search: Action,
}

/// What the log says of the days looked at, and of those before that bear on them.
pub struct Facts {
    pub looks: Vec<Look>,
    pub deeds: Vec<Deed>,
    pub days: Vec<Day>,
    /// Findings are of these days.
    pub from: Date,
    pub until: Date,
}

/// From which day a run looks: every day on which a case may still have come since the last run.
async fn first_day(run: &Run, today: Date) -> sqlx::Result<Date> {
    let mut tx = db::begin(&run.kit.pool, run.municipality).await?;
    let last = jobs::newest(
        &mut tx,
        run.municipality,
        DAILY.kind,
        jobs::Of { is_done: true, ..jobs::Of::default() },
    )
    .await?;
    let last = last.map(|job| clock::in_japan(job.created_at).date());
    Ok(last.map_or_else(
        || today.saturating_sub(FIRST_DAYS.days()),
        |last| last.saturating_sub(i64::from(LOOK_AGAIN_DAYS).days()),
    ))
}

/// Reads the log for a run.
pub async fn gather(run: &Run, looks: Looks) -> anyhow::Result<Facts> {
    let today = run.kit.clock.today();
    let from = first_day(run, today).await?;
    let read_from = oversight::read_from(from);
    let mut tx = db::begin(&run.kit.pool, run.municipality).await?;
    let seen = sql::seen(&mut tx, run.municipality, looks.kind, (read_from, today)).await?;
    let days = sql::days(&mut tx, run.municipality, looks.search, (from, today)).await?;
    tx.commit().await?;
    let is_look = |action: &str| looks.actions.iter().any(|look| look.code() == action);
    let mut facts = Facts { looks: Vec::new(), deeds: Vec::new(), days, from, until: today };
    for one in seen {
        let at = clock::in_japan(one.at);
        let (staff, person) = (one.staff_id.as_u128(), one.person_id.as_u128());
        if one.is_done && !is_look(&one.action) {
            facts.deeds.push(Deed { at, staff, person });
        } else if is_look(&one.action) {
            facts.looks.push(Look { at, staff, person, is_same_surname: false, is_same_address: false });
        }
    }
    run.progress(0, facts.looks.len() as i64, "操作ログを点検しています").await?;
    Ok(facts)
}

/// Judges and keeps. Returns the sentence shown at the end; how many there are is the auditor's to know.
pub async fn keep(run: &Run, facts: Facts) -> anyhow::Result<String> {
    let count = facts.looks.len() as i64;
    let (from, until) = (facts.from, facts.until);
    let found = tokio::task::spawn_blocking(move || {
        let findings =
            oversight::findings(&facts.looks, &facts.deeds, &facts.days, facts.from, is_office_day);
        counted(findings, &facts)
    })
    .await?;
    let mut tx = db::begin(&run.kit.pool, run.municipality).await?;
    put(&mut tx, run, &found, (from, until)).await?;
    tx.commit().await?;
    run.progress(count, count, "点検しました").await?;
    Ok(format!("{}から{}までの閲覧を点検しました", ui::dates::seireki(from), ui::dates::seireki(until)))
}

async fn put(
    conn: &mut sqlx::PgConnection,
    run: &Run,
    found: &[Found],
    days: (Date, Date),
) -> sqlx::Result<()> {
    let municipality: Municipality = run.municipality;
    let mut open: HashMap<_, Uuid> = sql::open_looks(conn, municipality, days).await?;
    for one in found {
        open.remove(&(one.on, one.staff_id, one.person_id));
        sql::put(conn, municipality, run.kit.ids.next(), one, run.kit.clock.now()).await?;
    }
    // What is no longer found has got its case.
    let settled: Vec<Uuid> = open.into_values().collect();
    sql::settle(conn, municipality, &settled).await
}

/// Findings with how often it was done.
fn counted(findings: Vec<Finding>, facts: &Facts) -> Vec<Found> {
    let mut looks: HashMap<_, i32> = HashMap::new();
    for look in &facts.looks {
        *looks.entry((look.at.date(), look.staff, look.person)).or_default() += 1;
    }
    let days: HashMap<_, &Day> = facts.days.iter().map(|day| ((day.on, day.staff), day)).collect();
    let count = |one: &Finding| match one.person {
        Some(person) => looks.get(&(one.on, one.staff, person)).copied().unwrap_or_default(),
        None => days.get(&(one.on, one.staff)).map_or(0, |day| {
            let is_refusal = one.signs.contains(&oversight::Sign::ManyRefusals);
            (if is_refusal { day.refusals } else { day.searches }).cast_signed()
        }),
    };
    findings
        .into_iter()
        .map(|one| Found {
            looks: count(&one),
            on: one.on,
            staff_id: Uuid::from_u128(one.staff),
            person_id: one.person.map(Uuid::from_u128),
            signs: one.signs.into_iter().collect(),
        })
        .collect()
}
