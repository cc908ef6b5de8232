//! The addressees, and the names of those who registered numbers.

use domain::ids::AddresseeNumber;
use jiff::Timestamp;
use kit::{Instant, Municipality};
use sqlx::PgConnection;
use std::collections::HashMap;
use uuid::Uuid;

/// The id of a 宛名番号; `fresh` where it was not known yet.
pub async fn open(
    conn: &mut PgConnection,
    municipality: Municipality,
    number: AddresseeNumber,
    fresh: Uuid,
    at: Timestamp,
) -> sqlx::Result<Uuid> {
    sqlx::query(
        "insert into addressees (municipality_code, addressee_id, addressee_number, created_at)
         values ($1, $2, $3, $4) on conflict on constraint addressees_number_key do nothing",
    )
    .bind(municipality.0)
    .bind(fresh)
    .bind(number.as_u64() as i64)
    .bind(Instant(at))
    .execute(&mut *conn)
    .await?;
    sqlx::query_scalar(
        "select addressee_id from addressees where municipality_code = $1 and addressee_number = $2",
    )
    .bind(municipality.0)
    .bind(number.as_u64() as i64)
    .fetch_one(conn)
    .await
}

pub async fn addressee(
    conn: &mut PgConnection,
    municipality: Municipality,
    addressee_id: Uuid,
) -> sqlx::Result<Option<AddresseeNumber>> {
    let number: Option<i64> = sqlx::query_scalar(
        "select addressee_number from addressees where municipality_code = $1 and addressee_id = $2",
    )
    .bind(municipality.0)
    .bind(addressee_id)
    .fetch_optional(conn)
    .await?;
    Ok(number.and_then(|number| AddresseeNumber::new(number as u64)))
}

/// Lets whoever asks for something about one addressee at the same time wait, until the transaction ends. Not the row's own
/// lock: the application may not change it.
pub async fn lock(conn: &mut PgConnection, addressee_id: Uuid) -> sqlx::Result<()> {
    sqlx::query("select pg_advisory_xact_lock(hashtextextended('sesshu addressee ' || $1::text, 0))")
        .bind(addressee_id)
        .execute(conn)
        .await?;
    Ok(())
}

/// Names of staff for a list of who did what.
pub async fn names(
    conn: &mut PgConnection,
    municipality: Municipality,
    staff_ids: &[Uuid],
) -> sqlx::Result<HashMap<Uuid, String>> {
    let rows: Vec<(Uuid, String)> = sqlx::query_as(
        "select staff_id, name from staff where municipality_code = $1 and staff_id = any($2)",
    )
    .bind(municipality.0)
    .bind(staff_ids)
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().collect())
}
