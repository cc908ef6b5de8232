//! Applications and their uses.

use super::steps::{Approval, Kind, State};
use crate::{Instant, Municipality};
use jiff::Timestamp;
use serde_json::{Value, json};
use sqlx::{PgConnection, Row, postgres::PgRow};
use uuid::Uuid;

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Asked<'a> {
    pub approval_id: Uuid,
    pub kind: Kind,
    /// What it is about, as the log names it.
    pub target: (&'static str, Uuid),
    pub reason: &'a str,
    /// The code of the legal ground; empty where the kind needs none.
    pub basis: &'a str,
    pub plan: Vec<(&'static str, String)>,
    /// SHA-256 over all that will leave or disappear.
    pub digest: [u8; 32],
}

/// Stores an application under the next number, which it answers.
pub(super) async fn insert(
    conn: &mut PgConnection,
    municipality: Municipality,
    asked: &Asked<'_>,
    (asked_by, at, decide_until): (Uuid, Timestamp, Timestamp),
    uses_max: i16,
) -> sqlx::Result<i64> {
    let number: i64 = sqlx::query_scalar(
        "insert into counters (municipality_code, name, next_value) values ($1, 'approval', 2)
         on conflict (municipality_code, name) do update set next_value = counters.next_value + 1
         returning next_value - 1",
    )
    .bind(municipality.0)
    .fetch_one(&mut *conn)
    .await?;
    sqlx::query(
        "insert into approvals (municipality_code, approval_id, approval_number, kind, target_kind, target_id, reason, basis,
             plan, digest, uses_max, state, asked_by, asked_at, decide_until)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'asked', $12, $13, $14)",
    )
    .bind(municipality.0)
    .bind(asked.approval_id)
    .bind(number)
    .bind(asked.kind.code())
    .bind(asked.target.0)
    .bind(asked.target.1)
    .bind(asked.reason)
    .bind(asked.basis)
    .bind(asked.plan.iter().map(|(label, value)| json!([label, value])).collect::<Value>())
    .bind(&asked.digest[..])
    .bind(uses_max)
    .bind(asked_by)
    .bind(Instant(at))
    .bind(Instant(decide_until))
    .execute(conn)
    .await?;
    Ok(number)
}

const SELECT: &str = "select a.approval_id, a.approval_number, a.kind, a.target_kind, a.target_id, a.reason, a.basis, a.plan,
         a.digest, a.uses_max, a.state, a.asked_by, asker.name as asked_by_name, a.asked_at, a.decide_until, a.decided_by,
         coalesce(decider.name, '') as decided_by_name, a.decided_at, a.decision_reason, a.valid_until, a.withdrawn_at,
         (select count(*) from approval_uses u where u.municipality_code = a.municipality_code
             and u.approval_id = a.approval_id) as uses
     from approvals a
     join staff asker on asker.municipality_code = a.municipality_code and asker.staff_id = a.asked_by
     left join staff decider on decider.municipality_code = a.municipality_code and decider.staff_id = a.decided_by";

fn read(row: &PgRow) -> sqlx::Result<Approval> {
    let unknown = |what: &str| sqlx::Error::Decode(format!("unknown {what} of an approval").into());
    let moment = |column: &str| row.get::<Option<Instant>, _>(column).map(|at| at.0);
    let state = match (row.get("state"), row.get("decided_by"), moment("decided_at"), moment("withdrawn_at"))
    {
        ("asked", ..) => State::Asked,
        ("approved", Some(by), Some(at), _) => {
            State::Approved { by, at, valid_until: moment("valid_until").ok_or_else(|| unknown("last day"))? }
        }
        ("rejected", Some(by), Some(at), _) => State::Rejected { by, at },
        ("withdrawn", _, _, Some(at)) => State::Withdrawn { at },
        _ => return Err(unknown("state")),
    };
    let plan: Vec<(String, String)> =
        serde_json::from_value(row.get("plan")).map_err(|error| sqlx::Error::Decode(error.into()))?;
    Ok(Approval {
        approval_id: row.get("approval_id"),
        number: row.get("approval_number"),
        kind: Kind::from_code(row.get("kind")).ok_or_else(|| unknown("kind"))?,
        target_kind: row.get("target_kind"),
        target_id: row.get("target_id"),
        reason: row.get("reason"),
        basis: row.get("basis"),
        plan,
        digest: row.get("digest"),
        uses: row.get::<i64, _>("uses") as i16,
        uses_max: row.get("uses_max"),
        state,
        asked_by: row.get("asked_by"),
        asked_by_name: row.get("asked_by_name"),
        asked_at: row.get::<Instant, _>("asked_at").0,
        decide_until: row.get::<Instant, _>("decide_until").0,
        decided_by_name: row.get("decided_by_name"),
        decision_reason: row.get("decision_reason"),
    })
}

/// One application; locked until the end of the transaction where a step or a use follows.
pub async fn get(
    conn: &mut PgConnection,
    municipality: Municipality,
    approval_id: Uuid,
    locked: bool,
) -> sqlx::Result<Option<Approval>> {
    if locked {
        // Not the row's own lock: the vault's role may add a use, but not change an application.
        sqlx::query("select pg_advisory_xact_lock(hashtextextended('sesshu approval ' || $1::text, 0))")
            .bind(approval_id)
            .execute(&mut *conn)
            .await?;
    }
    let sql = format!("{SELECT} where a.municipality_code = $1 and a.approval_id = $2");
    let row = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(municipality.0)
        .bind(approval_id)
        .fetch_optional(conn)
        .await?;
    row.as_ref().map(read).transpose()
}

/// The id of an application by the number people call it by.
pub async fn by_number(
    conn: &mut PgConnection,
    municipality: Municipality,
    kind: Kind,
    number: i64,
) -> sqlx::Result<Option<Uuid>> {
    sqlx::query_scalar(
        "select approval_id from approvals where municipality_code = $1 and kind = $2 and approval_number = $3",
    )
    .bind(municipality.0)
    .bind(kind.code())
    .bind(number)
    .fetch_optional(conn)
    .await
}

/// Applications of these kinds and those of one person, newest first; those that can still be decided before all others.
pub async fn list(
    conn: &mut PgConnection,
    municipality: Municipality,
    kinds: &[Kind],
    (staff_id, now): (Uuid, Timestamp),
    limit: i64,
) -> sqlx::Result<Vec<Approval>> {
    let sql = format!(
        "{SELECT} where a.municipality_code = $1 and (a.kind = any($2) or a.asked_by = $3)
         order by (a.state = 'asked' and a.decide_until >= $5) desc, a.asked_at desc, a.approval_number desc limit $4"
    );
    let codes: Vec<&str> = kinds.iter().map(|kind| kind.code()).collect();
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(municipality.0)
        .bind(codes)
        .bind(staff_id)
        .bind(limit)
        .bind(Instant(now))
        .fetch_all(conn)
        .await?;
    rows.iter().map(read).collect()
}

/// Applications about one thing, newest first.
pub async fn about(
    conn: &mut PgConnection,
    municipality: Municipality,
    kind: Kind,
    target_id: Uuid,
) -> sqlx::Result<Vec<Approval>> {
    let sql = format!(
        "{SELECT} where a.municipality_code = $1 and a.kind = $2 and a.target_id = $3 order by a.approval_number desc"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(municipality.0)
        .bind(kind.code())
        .bind(target_id)
        .fetch_all(conn)
        .await?;
    rows.iter().map(read).collect()
}

/// How many applications of these kinds wait for a decision by this person.
pub async fn waiting(
    conn: &mut PgConnection,
    municipality: Municipality,
    kinds: &[Kind],
    (staff_id, now): (Uuid, Timestamp),
) -> sqlx::Result<i64> {
    let codes: Vec<&str> = kinds.iter().map(|kind| kind.code()).collect();
    sqlx::query_scalar(
        "select count(*) from approvals where municipality_code = $1 and state = 'asked' and kind = any($2)
             and asked_by <> $3 and decide_until >= $4",
    )
    .bind(municipality.0)
    .bind(codes)
    .bind(staff_id)
    .bind(Instant(now))
    .fetch_one(conn)
    .await
}

/// Writes what became of an application that was [`State::Asked`] under the caller's lock.
pub async fn settle(
    conn: &mut PgConnection,
    municipality: Municipality,
    approval_id: Uuid,
    state: &State,
    reason: &str,
) -> sqlx::Result<()> {
    let (by, decided_at, valid_until, withdrawn_at) = match state {
        State::Asked => (None, None, None, None),
        State::Approved { by, at, valid_until } => (Some(*by), Some(*at), Some(*valid_until), None),
        State::Rejected { by, at } => (Some(*by), Some(*at), None, None),
        State::Withdrawn { at } => (None, None, None, Some(*at)),
    };
    sqlx::query(
        "update approvals set state = $3, decided_by = $4, decided_at = $5, valid_until = $6, withdrawn_at = $7,
             decision_reason = $8
         where municipality_code = $1 and approval_id = $2",
    )
    .bind(municipality.0)
    .bind(approval_id)
    .bind(state.code())
    .bind(by)
    .bind(decided_at.map(Instant))
    .bind(valid_until.map(Instant))
    .bind(withdrawn_at.map(Instant))
    .bind(reason)
    .execute(conn)
    .await?;
    Ok(())
}

pub(super) async fn insert_use(
    conn: &mut PgConnection,
    municipality: Municipality,
    approval_id: Uuid,
    use_number: i16,
    (used_by, at): (Uuid, Timestamp),
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into approval_uses (municipality_code, approval_id, use_number, used_by, used_at)
         values ($1, $2, $3, $4, $5)",
    )
    .bind(municipality.0)
    .bind(approval_id)
    .bind(use_number)
    .bind(used_by)
    .bind(Instant(at))
    .execute(conn)
    .await?;
    Ok(())
}

/// 使用の経過: when, and by whom.
pub async fn uses(
    conn: &mut PgConnection,
    municipality: Municipality,
    approval_id: Uuid,
) -> sqlx::Result<Vec<(Timestamp, String)>> {
    let rows = sqlx::query(
        "select u.used_at, s.name from approval_uses u
         join staff s on s.municipality_code = u.municipality_code and s.staff_id = u.used_by
         where u.municipality_code = $1 and u.approval_id = $2 order by u.use_number",
    )
    .bind(municipality.0)
    .bind(approval_id)
    .fetch_all(conn)
    .await?;
    Ok(rows.iter().map(|row| (row.get::<Instant, _>(0).0, row.get(1))).collect())
}
