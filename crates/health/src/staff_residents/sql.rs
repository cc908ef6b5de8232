//! The register of staff who are residents. The table is written here.

use jiff::Timestamp;
use kit::{Instant, Municipality};
use sqlx::{PgConnection, Row};
use uuid::Uuid;

/// A member of staff with the 宛名番号 that has been noted.
pub struct Noted {
    pub staff_id: Uuid,
    pub name: String,
    pub section: String,
    pub addressee_number: Option<String>,
    pub noted_by: String,
    pub noted_at: Option<Timestamp>,
}

/// Everybody who has acted in this system.
pub async fn list(conn: &mut PgConnection, municipality: Municipality) -> sqlx::Result<Vec<Noted>> {
    let rows = sqlx::query(
        "select s.staff_id, s.name, s.section, r.addressee_number, coalesce(b.name, ''), n.noted_at
         from staff s
         left join staff_residents n on n.municipality_code = s.municipality_code and n.staff_id = s.staff_id
             and n.withdrawn_at is null
         left join residents r on r.municipality_code = n.municipality_code and r.resident_id = n.resident_id
         left join staff b on b.municipality_code = n.municipality_code and b.staff_id = n.noted_by
         where s.municipality_code = $1 order by s.section, s.login",
    )
    .bind(municipality.0)
    .fetch_all(conn)
    .await?;
    Ok(rows
        .iter()
        .map(|row| Noted {
            staff_id: row.get(0),
            name: row.get(1),
            section: row.get(2),
            addressee_number: row.get(3),
            noted_by: row.get(4),
            noted_at: row.get::<Option<Instant>, _>(5).map(|at| at.0),
        })
        .collect())
}

pub async fn is_staff(
    conn: &mut PgConnection,
    municipality: Municipality,
    staff_id: Uuid,
) -> sqlx::Result<bool> {
    sqlx::query_scalar("select exists (select 1 from staff where municipality_code = $1 and staff_id = $2)")
        .bind(municipality.0)
        .bind(staff_id)
        .fetch_one(conn)
        .await
}

/// The resident of a 宛名番号.
pub async fn resident(
    conn: &mut PgConnection,
    municipality: Municipality,
    addressee_number: &str,
) -> sqlx::Result<Option<Uuid>> {
    sqlx::query_scalar(
        "select resident_id from residents where municipality_code = $1 and addressee_number = $2",
    )
    .bind(municipality.0)
    .bind(addressee_number)
    .fetch_optional(conn)
    .await
}

/// Withdraws what is noted of somebody. Says which resident it was.
pub async fn withdraw(
    conn: &mut PgConnection,
    municipality: Municipality,
    (staff_id, by): (Uuid, Uuid),
    at: Timestamp,
) -> sqlx::Result<Option<Uuid>> {
    sqlx::query_scalar(
        "update staff_residents set withdrawn_by = $3, withdrawn_at = $4
         where municipality_code = $1 and staff_id = $2 and withdrawn_at is null returning resident_id",
    )
    .bind(municipality.0)
    .bind(staff_id)
    .bind(by)
    .bind(Instant(at))
    .fetch_optional(conn)
    .await
}

/// Which resident is noted of whom.
#[derive(Clone, Copy, Debug)]
pub struct NewNote {
    pub note_id: Uuid,
    pub staff_id: Uuid,
    pub resident_id: Uuid,
    pub by: Uuid,
}

pub async fn note(
    conn: &mut PgConnection,
    municipality: Municipality,
    new: NewNote,
    at: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into staff_residents (municipality_code, note_id, staff_id, resident_id, noted_by, noted_at)
         values ($1, $2, $3, $4, $5, $6)",
    )
    .bind(municipality.0)
    .bind(new.note_id)
    .bind(new.staff_id)
    .bind(new.resident_id)
    .bind(new.by)
    .bind(Instant(at))
    .execute(conn)
    .await?;
    Ok(())
}
