//! Passwords with their grants, apps, passkeys and enrolment codes.

use domain::Date;
use jiff::Timestamp;
use kit::{Day, Instant, Municipality};
use sqlx::{PgConnection, Row};
use uuid::Uuid;

/// A password that opens something on the day asked for, and the app that goes with it.
pub struct Password {
    pub hash: String,
    pub sealed: Vec<u8>,
    pub last_step: i64,
    pub valid_until: Date,
}

/// The password of somebody, if its grant reaches `today`.
pub async fn password(
    conn: &mut PgConnection,
    municipality: Municipality,
    staff_id: Uuid,
    today: Date,
) -> sqlx::Result<Option<Password>> {
    let row = sqlx::query(
        "select p.password_hash, t.sealed, t.last_step, g.valid_until
         from passwords p
         join password_grants g on g.municipality_code = p.municipality_code and g.staff_id = p.staff_id
         join totps t on t.municipality_code = p.municipality_code and t.staff_id = p.staff_id
         where p.municipality_code = $1 and p.staff_id = $2 and g.valid_until >= $3 for update of t",
    )
    .bind(municipality.0)
    .bind(staff_id)
    .bind(Day(today))
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Password {
        hash: row.get(0),
        sealed: row.get(1),
        last_step: row.get(2),
        valid_until: row.get::<Day, _>(3).0,
    }))
}

/// Sets or replaces a password.
pub async fn put_password(
    conn: &mut PgConnection,
    municipality: Municipality,
    staff_id: Uuid,
    hash: &str,
    at: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into passwords (municipality_code, staff_id, password_hash, set_at) values ($1, $2, $3, $4)
         on conflict (municipality_code, staff_id) do update
             set password_hash = excluded.password_hash, set_at = excluded.set_at",
    )
    .bind(municipality.0)
    .bind(staff_id)
    .bind(hash)
    .bind(Instant(at))
    .execute(conn)
    .await?;
    Ok(())
}

/// Sets or replaces the app's secret.
pub async fn put_totp(
    conn: &mut PgConnection,
    municipality: Municipality,
    staff_id: Uuid,
    sealed: &[u8],
    last_step: i64,
    at: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into totps (municipality_code, staff_id, sealed, last_step, created_at) values ($1, $2, $3, $4, $5)
         on conflict (municipality_code, staff_id) do update
             set sealed = excluded.sealed, last_step = excluded.last_step, created_at = excluded.created_at",
    )
    .bind(municipality.0)
    .bind(staff_id)
    .bind(sealed)
    .bind(last_step)
    .bind(Instant(at))
    .execute(conn)
    .await?;
    Ok(())
}

/// A code has been used: it and those before it serve no more.
pub async fn use_step(
    conn: &mut PgConnection,
    municipality: Municipality,
    staff_id: Uuid,
    step: i64,
) -> sqlx::Result<()> {
    sqlx::query("update totps set last_step = $3 where municipality_code = $1 and staff_id = $2")
        .bind(municipality.0)
        .bind(staff_id)
        .bind(step)
        .execute(conn)
        .await?;
    Ok(())
}

/// パスワードの例外.
#[derive(Clone, Debug)]
pub struct Grant {
    pub reason: String,
    pub valid_until: Date,
}

pub async fn grant(
    conn: &mut PgConnection,
    municipality: Municipality,
    staff_id: Uuid,
) -> sqlx::Result<Option<Grant>> {
    let row = sqlx::query(
        "select reason, valid_until from password_grants where municipality_code = $1 and staff_id = $2",
    )
    .bind(municipality.0)
    .bind(staff_id)
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Grant { reason: row.get(0), valid_until: row.get::<Day, _>(1).0 }))
}

/// Grants the exception, or grants it anew.
pub async fn put_grant(
    conn: &mut PgConnection,
    municipality: Municipality,
    staff_id: Uuid,
    grant: &Grant,
    by: Option<Uuid>,
    at: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into password_grants (municipality_code, staff_id, reason, valid_until, granted_by, granted_at)
         values ($1, $2, $3, $4, $5, $6)
         on conflict (municipality_code, staff_id) do update
             set reason = excluded.reason, valid_until = excluded.valid_until, granted_by = excluded.granted_by,
                 granted_at = excluded.granted_at",
    )
    .bind(municipality.0)
    .bind(staff_id)
    .bind(&grant.reason)
    .bind(Day(grant.valid_until))
    .bind(by)
    .bind(Instant(at))
    .execute(conn)
    .await?;
    Ok(())
}

/// Ends the exception, with the password and the app.
pub async fn remove_grant(
    conn: &mut PgConnection,
    municipality: Municipality,
    staff_id: Uuid,
) -> sqlx::Result<bool> {
    let done = sqlx::query("delete from password_grants where municipality_code = $1 and staff_id = $2")
        .bind(municipality.0)
        .bind(staff_id)
        .execute(conn)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// A registered device.
pub struct PasskeyRow {
    pub passkey_id: Uuid,
    pub name: String,
    pub credential: serde_json::Value,
    pub created_at: Timestamp,
    pub last_used_at: Option<Timestamp>,
}

pub async fn passkeys(
    conn: &mut PgConnection,
    municipality: Municipality,
    staff_id: Uuid,
) -> sqlx::Result<Vec<PasskeyRow>> {
    let rows = sqlx::query(
        "select passkey_id, name, credential, created_at, last_used_at from passkeys
         where municipality_code = $1 and staff_id = $2 and removed_at is null order by created_at for update",
    )
    .bind(municipality.0)
    .bind(staff_id)
    .fetch_all(conn)
    .await?;
    Ok(rows
        .iter()
        .map(|row| PasskeyRow {
            passkey_id: row.get(0),
            name: row.get(1),
            credential: row.get(2),
            created_at: row.get::<Instant, _>(3).0,
            last_used_at: row.get::<Option<Instant>, _>(4).map(|at| at.0),
        })
        .collect())
}

/// Keeps a new device. False where the same credential is there already.
pub async fn add_passkey(
    conn: &mut PgConnection,
    municipality: Municipality,
    staff_id: Uuid,
    passkey: &PasskeyRow,
    credential_id: &[u8],
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "insert into passkeys (municipality_code, passkey_id, staff_id, credential_id, name, credential, created_at)
         values ($1, $2, $3, $4, $5, $6, $7) on conflict on constraint passkeys_credential_key do nothing",
    )
    .bind(municipality.0)
    .bind(passkey.passkey_id)
    .bind(staff_id)
    .bind(credential_id)
    .bind(&passkey.name)
    .bind(&passkey.credential)
    .bind(Instant(passkey.created_at))
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// A device was used: its counter and backup state as they are now.
pub async fn passkey_used(
    conn: &mut PgConnection,
    municipality: Municipality,
    passkey_id: Uuid,
    credential: &serde_json::Value,
    at: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query(
        "update passkeys set credential = $3, last_used_at = $4 where municipality_code = $1 and passkey_id = $2",
    )
    .bind(municipality.0)
    .bind(passkey_id)
    .bind(credential)
    .bind(Instant(at))
    .execute(conn)
    .await?;
    Ok(())
}

/// Removes one of somebody's devices. False where it is not theirs or gone.
pub async fn remove_passkey(
    conn: &mut PgConnection,
    municipality: Municipality,
    staff_id: Uuid,
    passkey_id: Uuid,
    at: Timestamp,
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "update passkeys set removed_at = $4
         where municipality_code = $1 and staff_id = $2 and passkey_id = $3 and removed_at is null",
    )
    .bind(municipality.0)
    .bind(staff_id)
    .bind(passkey_id)
    .bind(Instant(at))
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Issues an enrolment code; the one before is worth nothing from now on.
pub async fn put_code(
    conn: &mut PgConnection,
    municipality: Municipality,
    staff_id: Uuid,
    code_hash: &[u8],
    at: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into enrolment_codes (municipality_code, staff_id, code_hash, created_at) values ($1, $2, $3, $4)
         on conflict (municipality_code, staff_id) do update
             set code_hash = excluded.code_hash, created_at = excluded.created_at, used_at = null",
    )
    .bind(municipality.0)
    .bind(staff_id)
    .bind(code_hash)
    .bind(Instant(at))
    .execute(conn)
    .await?;
    Ok(())
}

/// The digest of somebody's code, if it was issued after `since` and never used.
pub async fn code(
    conn: &mut PgConnection,
    municipality: Municipality,
    staff_id: Uuid,
    since: Timestamp,
) -> sqlx::Result<Option<Vec<u8>>> {
    sqlx::query_scalar(
        "select code_hash from enrolment_codes
         where municipality_code = $1 and staff_id = $2 and used_at is null and created_at > $3 for update",
    )
    .bind(municipality.0)
    .bind(staff_id)
    .bind(Instant(since))
    .fetch_optional(conn)
    .await
}

/// Uses up somebody's code. False where there is none to use.
pub async fn use_code(
    conn: &mut PgConnection,
    municipality: Municipality,
    staff_id: Uuid,
    code_hash: &[u8],
    at: Timestamp,
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "update enrolment_codes set used_at = $4
         where municipality_code = $1 and staff_id = $2 and code_hash = $3 and used_at is null",
    )
    .bind(municipality.0)
    .bind(staff_id)
    .bind(code_hash)
    .bind(Instant(at))
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// An account in use, as whoever proves to be its holder is known.
pub struct Holder {
    pub staff_id: Uuid,
    pub login: String,
    pub name: String,
}

/// Whose account this is, by login id. Locked until the transaction ends, and none where it is disabled.
pub async fn holder_by_login(
    conn: &mut PgConnection,
    municipality: Municipality,
    login: &str,
) -> sqlx::Result<Option<Holder>> {
    let row = sqlx::query(
        "select s.staff_id, s.login, s.name from staff s
         join accounts a on a.municipality_code = s.municipality_code and a.staff_id = s.staff_id
         where s.municipality_code = $1 and s.login = $2 and a.disabled_at is null for update of a",
    )
    .bind(municipality.0)
    .bind(login)
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Holder { staff_id: row.get(0), login: row.get(1), name: row.get(2) }))
}

/// The same by the person.
pub async fn holder(
    conn: &mut PgConnection,
    municipality: Municipality,
    staff_id: Uuid,
) -> sqlx::Result<Option<Holder>> {
    let row = sqlx::query(
        "select s.staff_id, s.login, s.name from staff s
         join accounts a on a.municipality_code = s.municipality_code and a.staff_id = s.staff_id
         where s.municipality_code = $1 and s.staff_id = $2 and a.disabled_at is null for update of a",
    )
    .bind(municipality.0)
    .bind(staff_id)
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Holder { staff_id: row.get(0), login: row.get(1), name: row.get(2) }))
}
