//! The register of terminals.

use domain::{Date, terminal::WithdrawalReason};
use jiff::Timestamp;
use kit::{Day, Fingerprint, Instant, Municipality, Zone, terminal::Device};
use sqlx::{PgConnection, PgPool, Row, postgres::PgRow};
use uuid::Uuid;

/// A terminal as the list shows it.
#[derive(Clone, Debug)]
pub struct TerminalRow {
    pub terminal_id: Uuid,
    pub name: String,
    pub place: String,
    pub zone: Zone,
    pub fingerprint: Fingerprint,
    pub last_on: Date,
    pub registered_at: Timestamp,
    pub withdrawn: Option<(Timestamp, WithdrawalReason)>,
    /// Last use of a sign-in from it.
    pub seen_at: Option<Timestamp>,
}

/// More terminals than this no municipality has; whoever registers so many does it by mistake.
pub const TERMINALS_MAX: i64 = 5_000;

const SELECT: &str =
    "select t.terminal_id, t.name, t.place, t.zone, t.fingerprint, t.last_on, t.registered_at,
         t.withdrawn_at, t.withdrawn_reason,
         (select max(i.last_seen_at) from sign_ins i
          where i.municipality_code = t.municipality_code and i.terminal_id = t.terminal_id)
     from terminals t";

fn read(row: &PgRow) -> Option<TerminalRow> {
    let withdrawn = row.get::<Option<Instant>, _>(7).map(|at| at.0);
    let reason = row.get::<Option<String>, _>(8).and_then(|code| WithdrawalReason::from_code(&code));
    Some(TerminalRow {
        terminal_id: row.get(0),
        name: row.get(1),
        place: row.get(2),
        zone: Zone::from_code(row.get(3))?,
        fingerprint: Fingerprint(row.get(4)),
        last_on: row.get::<Day, _>(5).0,
        registered_at: row.get::<Instant, _>(6).0,
        withdrawn: withdrawn.zip(reason),
        seen_at: row.get::<Option<Instant>, _>(9).map(|at| at.0),
    })
}

/// All terminals: those in use first, of these the ones that end first; then the withdrawn ones, the last one first.
pub async fn all(conn: &mut PgConnection, municipality: Municipality) -> sqlx::Result<Vec<TerminalRow>> {
    let sql = format!(
        "{SELECT} where t.municipality_code = $1
         order by t.withdrawn_at desc nulls first, t.last_on, t.name, t.terminal_id limit {TERMINALS_MAX}"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(municipality.0).fetch_all(conn).await?;
    Ok(rows.iter().filter_map(read).collect())
}

/// One terminal.
pub async fn one(
    conn: &mut PgConnection,
    municipality: Municipality,
    terminal_id: Uuid,
) -> sqlx::Result<Option<TerminalRow>> {
    let sql = format!("{SELECT} where t.municipality_code = $1 and t.terminal_id = $2");
    let row = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(municipality.0).bind(terminal_id);
    Ok(row.fetch_optional(conn).await?.as_ref().and_then(read))
}

/// The terminal with this certificate.
pub async fn by_fingerprint(
    conn: &mut PgConnection,
    municipality: Municipality,
    fingerprint: Fingerprint,
) -> sqlx::Result<Option<TerminalRow>> {
    let sql = format!("{SELECT} where t.municipality_code = $1 and t.fingerprint = $2");
    let row = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(municipality.0).bind(fingerprint.0);
    Ok(row.fetch_optional(conn).await?.as_ref().and_then(read))
}

/// In which municipality's register a certificate is, if in any.
pub async fn home(pool: &PgPool, fingerprint: Fingerprint) -> sqlx::Result<Option<Municipality>> {
    let code: Option<i32> =
        sqlx::query_scalar("select registered_in from certificate_homes where fingerprint = $1")
            .bind(fingerprint.0)
            .fetch_optional(pool)
            .await?;
    Ok(code.map(Municipality))
}

/// A terminal to be kept.
#[derive(Clone, Debug)]
pub struct NewTerminal<'a> {
    pub terminal_id: Uuid,
    pub name: &'a str,
    pub place: &'a str,
    pub zone: Zone,
    pub fingerprint: Fingerprint,
    pub last_on: Date,
}

impl NewTerminal<'_> {
    pub fn device(&self) -> Device {
        Device { name: self.name.to_owned(), fingerprint: self.fingerprint }
    }
}

/// Registers a certificate. False where it is registered already, here or elsewhere.
pub async fn insert(
    conn: &mut PgConnection,
    municipality: Municipality,
    new: &NewTerminal<'_>,
    (by, at): (Uuid, Timestamp),
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "insert into certificate_homes (fingerprint, registered_in) values ($1, $2) on conflict do nothing",
    )
    .bind(new.fingerprint.0)
    .bind(municipality.0)
    .execute(&mut *conn)
    .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query(
        "insert into terminals (municipality_code, terminal_id, name, place, zone, fingerprint, last_on, registered_by,
             registered_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(municipality.0)
    .bind(new.terminal_id)
    .bind(new.name)
    .bind(new.place)
    .bind(new.zone.code())
    .bind(new.fingerprint.0)
    .bind(Day(new.last_on))
    .bind(by)
    .bind(Instant(at))
    .execute(conn)
    .await?;
    Ok(true)
}

/// Another name or place. False where the terminal is not in use.
pub async fn change(
    conn: &mut PgConnection,
    municipality: Municipality,
    terminal_id: Uuid,
    (name, place): (&str, &str),
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "update terminals set name = $3, place = $4
         where municipality_code = $1 and terminal_id = $2 and withdrawn_at is null",
    )
    .bind(municipality.0)
    .bind(terminal_id)
    .bind(name)
    .bind(place)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Takes a terminal out of use, and ends every sign-in from it. `None` where it is not in use; else how many ended.
pub async fn withdraw(
    conn: &mut PgConnection,
    municipality: Municipality,
    terminal_id: Uuid,
    reason: WithdrawalReason,
    at: Timestamp,
) -> sqlx::Result<Option<u64>> {
    let done = sqlx::query(
        "update terminals set withdrawn_at = $3, withdrawn_reason = $4
         where municipality_code = $1 and terminal_id = $2 and withdrawn_at is null",
    )
    .bind(municipality.0)
    .bind(terminal_id)
    .bind(Instant(at))
    .bind(reason.code())
    .execute(&mut *conn)
    .await?;
    if done.rows_affected() == 0 {
        return Ok(None);
    }
    let ended = sqlx::query(
        "update sign_ins set ended_at = $3, ended_by = 'terminal'
         where municipality_code = $1 and terminal_id = $2 and ended_at is null",
    )
    .bind(municipality.0)
    .bind(terminal_id)
    .bind(Instant(at))
    .execute(conn)
    .await?;
    Ok(Some(ended.rows_affected()))
}

/// A step in a terminal's history.
#[derive(Clone, Debug)]
pub struct Step<'a> {
    pub step_id: Uuid,
    pub step: &'static str,
    pub name: &'a str,
    pub place: &'a str,
    pub reason: &'a str,
}

/// Adds a step.
pub async fn add_step(
    conn: &mut PgConnection,
    municipality: Municipality,
    terminal_id: Uuid,
    step: &Step<'_>,
    (by, at): (Uuid, Timestamp),
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into terminal_steps (municipality_code, terminal_id, step_id, step, name, place, reason, staff_id,
             taken_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(municipality.0)
    .bind(terminal_id)
    .bind(step.step_id)
    .bind(step.step)
    .bind(step.name)
    .bind(step.place)
    .bind(step.reason)
    .bind(by)
    .bind(Instant(at))
    .execute(conn)
    .await?;
    Ok(())
}

/// A step as the page shows it.
#[derive(Clone, Debug)]
pub struct StepRow {
    pub step: String,
    pub name: String,
    pub place: String,
    pub reason: Option<WithdrawalReason>,
    pub staff: String,
    pub at: Timestamp,
}

/// A terminal's history, oldest first.
pub async fn steps(
    conn: &mut PgConnection,
    municipality: Municipality,
    terminal_id: Uuid,
) -> sqlx::Result<Vec<StepRow>> {
    let rows = sqlx::query(
        "select h.step, h.name, h.place, h.reason, s.name, h.taken_at
         from terminal_steps h
         join staff s on s.municipality_code = h.municipality_code and s.staff_id = h.staff_id
         where h.municipality_code = $1 and h.terminal_id = $2 order by h.taken_at, h.step_id",
    )
    .bind(municipality.0)
    .bind(terminal_id)
    .fetch_all(conn)
    .await?;
    Ok(rows
        .iter()
        .map(|row| StepRow {
            step: row.get(0),
            name: row.get(1),
            place: row.get(2),
            reason: WithdrawalReason::from_code(row.get(3)),
            staff: row.get(4),
            at: row.get::<Instant, _>(5).0,
        })
        .collect())
}
