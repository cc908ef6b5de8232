//! The sections of the office.

use domain::Date;
use jiff::Timestamp;
use kit::{Day, Instant, Municipality};
use sqlx::{PgConnection, Row};
use uuid::Uuid;

/// 所属.
#[derive(Clone, Debug)]
pub struct Section {
    pub section_id: Uuid,
    pub name: String,
    /// The name of the section above; empty for none.
    pub above: String,
    /// Accounts in use in it.
    pub people: i64,
}

pub async fn all(
    conn: &mut PgConnection,
    municipality: Municipality,
    today: Date,
) -> sqlx::Result<Vec<Section>> {
    let rows = sqlx::query(
        "select c.section_id, c.name, coalesce(u.name, ''),
             (select count(*) from accounts a where a.municipality_code = c.municipality_code
                  and section_of(a.staff_id, $2) = c.section_id and a.disabled_at is null)
         from sections c
         left join sections u on u.municipality_code = c.municipality_code and u.section_id = c.above_id
         where c.municipality_code = $1 order by c.name",
    )
    .bind(municipality.0)
    .bind(Day(today))
    .fetch_all(conn)
    .await?;
    Ok(rows
        .iter()
        .map(|row| Section {
            section_id: row.get(0),
            name: row.get(1),
            above: row.get(2),
            people: row.get(3),
        })
        .collect())
}

pub async fn name(
    conn: &mut PgConnection,
    municipality: Municipality,
    section_id: Uuid,
) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar("select name from sections where municipality_code = $1 and section_id = $2")
        .bind(municipality.0)
        .bind(section_id)
        .fetch_optional(conn)
        .await
}

/// The section of this name; made where it is not there yet.
pub async fn put(
    conn: &mut PgConnection,
    municipality: Municipality,
    (section_id, name): (Uuid, &str),
    at: Timestamp,
) -> sqlx::Result<Uuid> {
    sqlx::query_scalar(
        "insert into sections (municipality_code, section_id, name, created_at) values ($1, $2, $3, $4)
         on conflict on constraint sections_name_key do update set name = excluded.name returning section_id",
    )
    .bind(municipality.0)
    .bind(section_id)
    .bind(name)
    .bind(Instant(at))
    .fetch_one(conn)
    .await
}

/// Adds a section below another. False where the name is taken.
pub async fn add(
    conn: &mut PgConnection,
    municipality: Municipality,
    (section_id, name, above): (Uuid, &str, Option<Uuid>),
    at: Timestamp,
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "insert into sections (municipality_code, section_id, name, above_id, created_at) values ($1, $2, $3, $4, $5)
         on conflict on constraint sections_name_key do nothing",
    )
    .bind(municipality.0)
    .bind(section_id)
    .bind(name)
    .bind(above)
    .bind(Instant(at))
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Puts a section below another.
pub async fn place_below(
    conn: &mut PgConnection,
    municipality: Municipality,
    section_id: Uuid,
    above: Uuid,
) -> sqlx::Result<()> {
    sqlx::query("update sections set above_id = $3 where municipality_code = $1 and section_id = $2")
        .bind(municipality.0)
        .bind(section_id)
        .bind(above)
        .execute(conn)
        .await?;
    Ok(())
}
