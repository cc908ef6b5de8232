//! The vault's queries. Everything in schema `vault` is read and written here, as the vault's own role.

use super::keys::{DataKey, NotOpened};
use super::{KeyFileError, KeyRing, Reason, Version};
use crate::{Action, Day, Instant, Municipality};
use domain::{Date, individual_number::IndividualNumber};
use jiff::Timestamp;
use sqlx::{PgConnection, Row, postgres::PgRow};
use uuid::Uuid;

/// Why a row could not be read: the database, the key files, or the row itself.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReadError {
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    Keys(#[from] KeyFileError),
    #[error(transparent)]
    Sealed(#[from] NotOpened),
}

/// Serialises everything that adds numbers or keys of one municipality, until the transaction ends.
pub(super) async fn lock_writers(conn: &mut PgConnection, municipality: Municipality) -> sqlx::Result<()> {
    sqlx::query("select pg_advisory_xact_lock(7003, $1)").bind(municipality.0).execute(conn).await?;
    Ok(())
}

/// Serialises the asking of one person, so that two requests at once are counted one after the other.
pub(super) async fn lock_asker(conn: &mut PgConnection, staff_id: Uuid) -> sqlx::Result<()> {
    sqlx::query("select pg_advisory_xact_lock(hashtextextended('sesshu vault asker ' || $1::text, 0))")
        .bind(staff_id)
        .execute(conn)
        .await?;
    Ok(())
}

/// How often this person has looked into the vault since then, found or not.
pub(super) async fn looks_since(
    conn: &mut PgConnection,
    municipality: Municipality,
    staff_id: Uuid,
    since: Timestamp,
) -> sqlx::Result<i64> {
    sqlx::query_scalar(
        "select count(*) from audit_entries
         where municipality_code = $1 and staff_id = $2 and at > $3 and action = any($4)
             and (outcome <> 'refused' or detail ->> 'why' = 'unknown')",
    )
    .bind(municipality.0)
    .bind(staff_id)
    .bind(Instant(since))
    .bind([Action::RevealNumber.code(), Action::FindByNumber.code()])
    .fetch_one(conn)
    .await
}

fn data_key(row: &PgRow, ring: &KeyRing, municipality: Municipality) -> Result<DataKey, ReadError> {
    let kek = ring.find(row.get("kek_id"))?;
    Ok(kek.unwrap(municipality, row.get("key_version"), row.get("wrapped"))?)
}

/// The data keys in use, newest first: one, or two while a rotation goes on.
pub(super) async fn keys(
    conn: &mut PgConnection,
    ring: &KeyRing,
    municipality: Municipality,
) -> Result<Vec<DataKey>, ReadError> {
    let rows = sqlx::query(
        "select key_version, kek_id, wrapped from vault.keys
         where municipality_code = $1 and retired_at is null order by key_version desc",
    )
    .bind(municipality.0)
    .fetch_all(conn)
    .await?;
    rows.iter().map(|row| data_key(row, ring, municipality)).collect()
}

/// Adds a key version. The caller holds [`lock_writers`].
pub(super) async fn add_key(
    conn: &mut PgConnection,
    ring: &KeyRing,
    municipality: Municipality,
    at: Timestamp,
) -> Result<DataKey, ReadError> {
    let last: i32 = sqlx::query_scalar(
        "select coalesce(max(key_version), 0) from vault.keys where municipality_code = $1",
    )
    .bind(municipality.0)
    .fetch_one(&mut *conn)
    .await?;
    let key = DataKey::new(municipality, last + 1);
    let kek = ring.newest()?;
    sqlx::query(
        "insert into vault.keys (municipality_code, key_version, kek_id, wrapped, created_at)
         values ($1, $2, $3, $4, $5)",
    )
    .bind(municipality.0)
    .bind(key.version)
    .bind(kek.id())
    .bind(kek.wrap(&key))
    .bind(Instant(at))
    .execute(conn)
    .await?;
    Ok(key)
}

/// The person's number of today, read with its key in one statement: a rotation in between changes both or neither.
pub(super) async fn current(
    conn: &mut PgConnection,
    ring: &KeyRing,
    municipality: Municipality,
    person: Uuid,
) -> Result<Option<(IndividualNumber, i32, Date)>, ReadError> {
    let row = sqlx::query(
        "select n.version, n.sealed, n.valid_from, k.key_version, k.kek_id, k.wrapped
         from vault.numbers n join vault.keys k
             on k.municipality_code = n.municipality_code and k.key_version = n.key_version
         where n.municipality_code = $1 and n.person_id = $2
         order by n.version desc limit 1",
    )
    .bind(municipality.0)
    .bind(person)
    .fetch_optional(conn)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let key = data_key(&row, ring, municipality)?;
    let version = row.get("version");
    let number = key.open(person, version, row.get("sealed"))?;
    Ok(Some((number, version, row.get::<Day, _>("valid_from").0)))
}

/// Whose number it is or was, and whether it still is. A number that has changed is never given to anybody else.
pub(super) async fn holder(
    conn: &mut PgConnection,
    keys: &[DataKey],
    municipality: Municipality,
    number: &IndividualNumber,
) -> sqlx::Result<Option<(Uuid, bool)>> {
    let (versions, indexes): (Vec<i32>, Vec<Vec<u8>>) =
        keys.iter().map(|key| (key.version, key.blind_index(number).to_vec())).unzip();
    // One statement sees each row under exactly one key version, also while it is being sealed anew.
    sqlx::query_as(
        "select n.person_id, not exists (
             select from vault.numbers later
             where later.municipality_code = n.municipality_code and later.person_id = n.person_id
                 and later.version > n.version)
         from unnest($2::integer[], $3::bytea[]) as asked (key_version, blind_index)
         join vault.numbers n on n.municipality_code = $1 and n.key_version = asked.key_version
             and n.blind_index = asked.blind_index
         order by n.version desc limit 1",
    )
    .bind(municipality.0)
    .bind(versions)
    .bind(indexes)
    .fetch_optional(conn)
    .await
}

/// Adds a version of a person's number. The caller holds [`lock_writers`].
pub(super) async fn add_number(
    conn: &mut PgConnection,
    key: &DataKey,
    person: Uuid,
    version: &Version,
    number: &IndividualNumber,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into vault.numbers (municipality_code, person_id, version, key_version, sealed, blind_index,
             valid_from, registered_at, registered_by, reason)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(key.municipality.0)
    .bind(person)
    .bind(version.version)
    .bind(key.version)
    .bind(key.seal(person, version.version, number))
    .bind(&key.blind_index(number)[..])
    .bind(Day(version.valid_from))
    .bind(Instant(version.registered_at))
    .bind(version.registered_by)
    .bind(version.reason.code())
    .execute(conn)
    .await?;
    Ok(())
}

/// When a person's number was registered and changed, newest first; without the numbers.
pub(super) async fn history(
    conn: &mut PgConnection,
    municipality: Municipality,
    person: Uuid,
) -> sqlx::Result<Vec<Version>> {
    let rows = sqlx::query(
        "select version, valid_from, registered_at, registered_by, reason from vault.numbers
         where municipality_code = $1 and person_id = $2 order by version desc",
    )
    .bind(municipality.0)
    .bind(person)
    .fetch_all(conn)
    .await?;
    Ok(rows
        .iter()
        .map(|row| Version {
            version: row.get(0),
            valid_from: row.get::<Day, _>(1).0,
            registered_at: row.get::<Instant, _>(2).0,
            registered_by: row.get(3),
            reason: Reason::from_code(row.get(4)).expect("the table's check lists the same reasons"),
        })
        .collect())
}
