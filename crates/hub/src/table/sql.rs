//! Signatures under the table.

use jiff::Timestamp;
use kit::{Instant, Municipality, Role};
use sqlx::{PgConnection, Row};
use uuid::Uuid;

/// One signature.
pub struct Signature {
    pub version: String,
    pub name: String,
    pub role: String,
    pub at: Timestamp,
}

/// Older ones are in the operation log.
const LISTED_MAX: i64 = 50;

/// The newest first.
pub async fn signatures(conn: &mut PgConnection, municipality: Municipality) -> sqlx::Result<Vec<Signature>> {
    let rows = sqlx::query(
        "select g.version, s.name, g.role, g.signed_at from table_signatures g
         join staff s on s.municipality_code = g.municipality_code and s.staff_id = g.staff_id
         where g.municipality_code = $1 order by g.signed_at desc limit $2",
    )
    .bind(municipality.0)
    .bind(LISTED_MAX)
    .fetch_all(conn)
    .await?;
    Ok(rows
        .iter()
        .map(|row| {
            let role = Role::from_code(row.get(2)).map_or("", |role| role.ja());
            Signature {
                version: row.get(0),
                name: row.get(1),
                role: role.to_owned(),
                at: row.get::<Instant, _>(3).0,
            }
        })
        .collect())
}

/// Whether anybody has signed any version, and whether this person has signed this one.
pub async fn signed(
    conn: &mut PgConnection,
    municipality: Municipality,
    (version, staff_id): (&str, Uuid),
) -> sqlx::Result<(bool, bool)> {
    sqlx::query_as(
        "select count(*) > 0, coalesce(bool_or(version = $2 and staff_id = $3), false)
         from table_signatures where municipality_code = $1",
    )
    .bind(municipality.0)
    .bind(version)
    .bind(staff_id)
    .fetch_one(conn)
    .await
}

/// Signs. False where this person has signed this version before.
pub async fn sign(
    conn: &mut PgConnection,
    municipality: Municipality,
    (version, staff_id, role): (&str, Uuid, Role),
    at: Timestamp,
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "insert into table_signatures (municipality_code, version, staff_id, role, signed_at) values ($1, $2, $3, $4, $5)
         on conflict do nothing",
    )
    .bind(municipality.0)
    .bind(version)
    .bind(staff_id)
    .bind(role.code())
    .bind(Instant(at))
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}
