//! The record of who came into which section, and who left.

use super::rules::{Kind, Move};
use domain::Date;
use jiff::Timestamp;
use kit::{Day, Instant, Municipality};
use sqlx::{PgConnection, Row};
use uuid::Uuid;

/// Nobody moves more often; older ones are in the operation log.
const LISTED_MAX: i64 = 100;

/// One move, as the page shows it.
pub struct Recorded {
    pub kind: Kind,
    /// The name of the section; empty where somebody leaves.
    pub section: String,
    pub on_day: Date,
    pub reason: String,
    /// Who recorded it; empty where the account was made.
    pub by: String,
    pub at: Timestamp,
    pub application_id: Option<Uuid>,
}

/// The newest first.
pub async fn of(
    conn: &mut PgConnection,
    municipality: Municipality,
    staff_id: Uuid,
) -> sqlx::Result<Vec<Recorded>> {
    let rows = sqlx::query(
        "select m.kind, coalesce(c.name, ''), m.on_day, m.reason, coalesce(s.name, ''), m.recorded_at, m.application_id
         from moves m
         left join sections c on c.municipality_code = m.municipality_code and c.section_id = m.section_id
         left join staff s on s.municipality_code = m.municipality_code and s.staff_id = m.recorded_by
         where m.municipality_code = $1 and m.staff_id = $2 order by m.recorded_at desc, m.move_id desc limit $3",
    )
    .bind(municipality.0)
    .bind(staff_id)
    .bind(LISTED_MAX)
    .fetch_all(conn)
    .await?;
    let recorded = |row: &sqlx::postgres::PgRow| {
        Some(Recorded {
            kind: Kind::from_code(row.get(0))?,
            section: row.get(1),
            on_day: row.get::<Day, _>(2).0,
            reason: row.get(3),
            by: row.get(4),
            at: row.get::<Instant, _>(5).0,
            application_id: row.get(6),
        })
    };
    Ok(rows.iter().filter_map(recorded).collect())
}

/// In which section somebody is on a day, as it is known now.
pub async fn section_on(conn: &mut PgConnection, staff_id: Uuid, on_day: Date) -> sqlx::Result<Option<Uuid>> {
    sqlx::query_scalar("select section_of($1, $2)").bind(staff_id).bind(Day(on_day)).fetch_one(conn).await
}

/// Where an account is when it is made.
pub async fn place(
    conn: &mut PgConnection,
    municipality: Municipality,
    (move_id, staff_id, section_id): (Uuid, Uuid, Uuid),
    (today, at): (Date, Timestamp),
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into moves (municipality_code, move_id, staff_id, kind, section_id, on_day, recorded_at)
         select $1, $2, $3, 'placed', $4, $5, $6 where section_of($3, $5) is distinct from $4",
    )
    .bind(municipality.0)
    .bind(move_id)
    .bind(staff_id)
    .bind(section_id)
    .bind(Day(today))
    .bind(Instant(at))
    .execute(conn)
    .await?;
    Ok(())
}

/// A move to be recorded.
pub struct NewMove<'a> {
    pub move_id: Uuid,
    pub staff_id: Uuid,
    pub what: Move,
    pub reason: &'a str,
    pub by: Uuid,
    pub application_id: Option<Uuid>,
}

/// Records a move; of a leaving, the account ends with its day.
pub async fn insert(
    conn: &mut PgConnection,
    municipality: Municipality,
    new: &NewMove<'_>,
    at: Timestamp,
) -> sqlx::Result<()> {
    let (section_id, on_day) = match new.what {
        Move::Transfer { section_id, from_on } => (Some(section_id), from_on),
        Move::Leaving { last_on } => (None, last_on),
    };
    sqlx::query(
        "insert into moves (municipality_code, move_id, staff_id, kind, section_id, on_day, reason, recorded_by,
             recorded_at, application_id)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(municipality.0)
    .bind(new.move_id)
    .bind(new.staff_id)
    .bind(new.what.kind().code())
    .bind(section_id)
    .bind(Day(on_day))
    .bind(new.reason)
    .bind(new.by)
    .bind(Instant(at))
    .bind(new.application_id)
    .execute(&mut *conn)
    .await?;
    if let Move::Leaving { last_on } = new.what {
        sqlx::query("update accounts set until_on = $3 where municipality_code = $1 and staff_id = $2")
            .bind(municipality.0)
            .bind(new.staff_id)
            .bind(Day(last_on))
            .execute(conn)
            .await?;
    }
    Ok(())
}
