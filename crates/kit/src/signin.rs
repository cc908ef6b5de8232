//! Signing in with a personal id and password, and the sessions that follow from it.
//!
//! Tokens are 256 bits of chance, stored hashed. Wrong id and wrong password take the same time and read alike.

use crate::{
    Acting, Action, Instant, Kit, Municipality, Role,
    audit::{self, Entry, Outcome},
    db,
};
use argon2::{Argon2, PasswordHash, PasswordHasher, PasswordVerifier};
use jiff::SignedDuration;
use serde_json::json;
use sha2::{Digest, Sha256};
use sqlx::{PgConnection, Row};
use tokio::sync::Semaphore;
use uuid::Uuid;

/// NIST SP 800-63B-4 AAL3: idle 15 minutes, absolute 12 hours.
const IDLE_MAX: SignedDuration = SignedDuration::from_mins(15);
const SESSION_MAX: SignedDuration = SignedDuration::from_hours(12);
/// The session's last use is written at most this often: not every request is worth a commit.
const SEEN_EVERY: SignedDuration = SignedDuration::from_secs(30);
/// Wrong attempts before the first wait; then the wait doubles up to an hour.
const ATTEMPTS_FREE: i32 = 5;
/// Length of a password at the least (NIST SP 800-63B-4, single factor).
pub const PASSWORD_CHARS_MIN: usize = 15;
/// Longer input is refused before it costs anything.
const PASSWORD_BYTES_MAX: usize = 1024;

/// Passwords checked at once: each costs 19 MiB and most of a core for a moment.
static LANES: Semaphore = Semaphore::const_new(2);

/// Where staff sign in from, as long as terminals are not told apart.
const DESK: crate::Terminal = crate::Terminal { zone: crate::Zone::Business, id: None };

/// A member of staff to be created.
pub struct NewStaff<'a> {
    pub login: &'a str,
    pub name: &'a str,
    pub section: &'a str,
    pub roles: &'a [Role],
    pub password: &'a str,
}

fn hash_password(password: &str) -> anyhow::Result<String> {
    Argon2::default()
        .hash_password(password.as_bytes())
        .map(|hash| hash.to_string())
        .map_err(|error| anyhow::anyhow!("hashing a password: {error}"))
}

/// Adds a member of staff. `None` where somebody has this login id: nobody's password is replaced by chance.
pub async fn add_staff(
    conn: &mut PgConnection,
    kit: &Kit,
    municipality: Municipality,
    new: NewStaff<'_>,
) -> anyhow::Result<Option<Uuid>> {
    insert_staff(conn, kit, municipality, new, "do nothing").await
}

/// Adds or replaces a member of staff (by login id).
pub async fn put_staff(
    conn: &mut PgConnection,
    kit: &Kit,
    municipality: Municipality,
    new: NewStaff<'_>,
) -> anyhow::Result<Uuid> {
    const REPLACE: &str =
        "do update set name = excluded.name, section = excluded.section, roles = excluded.roles,
        password_hash = excluded.password_hash";
    let id = insert_staff(conn, kit, municipality, new, REPLACE).await?;
    Ok(id.expect("what is replaced is returned"))
}

async fn insert_staff(
    conn: &mut PgConnection,
    kit: &Kit,
    municipality: Municipality,
    new: NewStaff<'_>,
    on_conflict: &'static str,
) -> anyhow::Result<Option<Uuid>> {
    let password = new.password.to_owned();
    let hash = tokio::task::spawn_blocking(move || hash_password(&password)).await??;
    let roles: Vec<&str> = new.roles.iter().map(|role| role.code()).collect();
    let sql = format!(
        "insert into staff (municipality_code, staff_id, login, name, section, roles, password_hash, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict on constraint staff_login_key {on_conflict} returning staff_id"
    );
    let id = sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
        .bind(municipality.0)
        .bind(kit.ids.next())
        .bind(new.login)
        .bind(new.name)
        .bind(new.section)
        .bind(&roles)
        .bind(hash)
        .bind(Instant(kit.clock.now()))
        .fetch_optional(conn)
        .await?;
    Ok(id)
}

/// A password nobody has seen before, long enough for the rule and short enough to type.
pub fn new_password(kit: &Kit) -> String {
    let token = kit.ids.token();
    format!("{}-{}-{}-{}", &token[..4], &token[4..8], &token[8..12], &token[12..16])
}

/// What came of an attempt to sign in.
pub enum Attempt {
    /// The value of the cookie to set.
    SignedIn(String),
    /// Wrong id or password: the same for both.
    Wrong,
    /// Too many wrong attempts: wait this long.
    Wait(SignedDuration),
}

/// Tries an id and a password. Every outcome is logged.
pub async fn sign_in(
    kit: &Kit,
    municipality: Municipality,
    login: &str,
    password: &str,
    request_id: Uuid,
) -> anyhow::Result<Attempt> {
    // Whoever waits for a lane holds no connection: a flood of attempts leaves the others at work.
    let _lane = LANES.acquire().await?;
    let now = kit.clock.now();
    let mut tx = db::begin(&kit.pool, municipality).await?;
    let row = sqlx::query(
        "select staff_id, password_hash, failed_attempts, retry_at from staff
         where municipality_code = $1 and login = $2 and disabled_at is null for update",
    )
    .bind(municipality.0)
    .bind(login)
    .fetch_optional(&mut *tx)
    .await?;
    let mut entry = Entry {
        municipality,
        entry_id: kit.ids.next(),
        at: now,
        staff_id: row.as_ref().map(|row| row.get(0)),
        request_id,
        action: Action::SignIn,
        outcome: Outcome::Refused,
        target_kind: "",
        target_id: None,
        terminal: DESK,
        purpose: None,
        detail: json!({}),
        before: None,
        after: None,
    };
    let retry_at = row.as_ref().and_then(|row| row.get::<Option<Instant>, _>(3)).map(|at| at.0);
    if let Some(retry_at) = retry_at.filter(|at| *at > now) {
        entry.detail = json!({"cause": "locked"});
        audit::commit(kit, tx, &[entry]).await?;
        return Ok(Attempt::Wait(retry_at.duration_since(now)));
    }
    let hash = row.as_ref().map(|row| row.get::<String, _>(1));
    let password = password.to_owned();
    let is_right = tokio::task::spawn_blocking(move || verify(&password, hash.as_deref())).await??;
    let (Some(row), true) = (row, is_right) else {
        if let Some(staff_id) = entry.staff_id {
            count_failure(&mut tx, municipality, staff_id, now).await?;
        }
        audit::commit(kit, tx, &[entry]).await?;
        return Ok(Attempt::Wrong);
    };
    let staff_id: Uuid = row.get(0);
    let token = kit.ids.token();
    sqlx::query("update staff set failed_attempts = 0, retry_at = null where municipality_code = $1 and staff_id = $2")
        .bind(municipality.0)
        .bind(staff_id)
        .execute(&mut *tx)
        .await?;
    sqlx::query(
        "insert into sessions (municipality_code, token_hash, staff_id, csrf_token, created_at, last_seen_at)
         values ($1, $2, $3, $4, $5, $5)",
    )
    .bind(municipality.0)
    .bind(&Sha256::digest(token.as_bytes())[..])
    .bind(staff_id)
    .bind(kit.ids.token())
    .bind(Instant(now))
    .execute(&mut *tx)
    .await?;
    entry.outcome = Outcome::Done;
    audit::commit(kit, tx, &[entry]).await?;
    Ok(Attempt::SignedIn(format!("{}.{token}", municipality.0)))
}

/// Verifies in the same time whether or not the id exists.
fn verify(password: &str, hash: Option<&str>) -> anyhow::Result<bool> {
    use std::sync::OnceLock;
    static NOBODY: OnceLock<String> = OnceLock::new();
    if password.len() > PASSWORD_BYTES_MAX {
        return Ok(false);
    }
    let stored = match hash {
        Some(hash) => hash,
        None => match NOBODY.get() {
            Some(nobody) => nobody,
            None => {
                let made = hash_password("nobody has this password")?;
                NOBODY.get_or_init(|| made)
            }
        },
    };
    let parsed =
        PasswordHash::new(stored).map_err(|error| anyhow::anyhow!("stored password hash: {error}"))?;
    Ok(Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok() && hash.is_some())
}

async fn count_failure(
    conn: &mut PgConnection,
    municipality: Municipality,
    staff_id: Uuid,
    now: jiff::Timestamp,
) -> sqlx::Result<()> {
    let failures: i32 = sqlx::query_scalar(
        "update staff set failed_attempts = failed_attempts + 1
         where municipality_code = $1 and staff_id = $2 returning failed_attempts",
    )
    .bind(municipality.0)
    .bind(staff_id)
    .fetch_one(&mut *conn)
    .await?;
    if failures < ATTEMPTS_FREE {
        return Ok(());
    }
    let wait =
        SignedDuration::from_secs(30 << (failures - ATTEMPTS_FREE).min(7)).min(SignedDuration::from_hours(1));
    sqlx::query("update staff set retry_at = $3 where municipality_code = $1 and staff_id = $2")
        .bind(municipality.0)
        .bind(staff_id)
        .bind(Instant(now + wait))
        .execute(conn)
        .await?;
    Ok(())
}

/// `__Host-` binds the cookie to this very host; browsers accept it over TLS only.
pub fn cookie_name(kit: &Kit) -> &'static str {
    if kit.over_tls { "__Host-sesshu" } else { "sesshu" }
}

/// The whole `Set-Cookie` line of a new session.
pub fn set_cookie(kit: &Kit, value: &str) -> String {
    let secure = if kit.over_tls { "; Secure" } else { "" };
    format!("{}={value}; Path=/; HttpOnly; SameSite=Strict{secure}", cookie_name(kit))
}

/// The line that ends it in the browser.
pub fn clear_cookie(kit: &Kit) -> String {
    format!("{}; Max-Age=0", set_cookie(kit, ""))
}

fn split(cookie: &str) -> Option<(Municipality, Vec<u8>)> {
    let (code, token) = cookie.split_once('.')?;
    Some((Municipality(code.parse().ok()?), Sha256::digest(token.as_bytes()).to_vec()))
}

/// Who a cookie belongs to, if its session is alive and the person is not disabled.
pub async fn resume(kit: &Kit, cookie: &str, request_id: Uuid) -> sqlx::Result<Option<Acting>> {
    let Some((municipality, token_hash)) = split(cookie) else { return Ok(None) };
    let now = kit.clock.now();
    let mut tx = db::begin(&kit.pool, municipality).await?;
    let row = sqlx::query(
        "select s.staff_id, s.csrf_token, s.last_seen_at, p.name, p.roles, m.name
         from sessions s
         join staff p on p.municipality_code = s.municipality_code and p.staff_id = s.staff_id
         join municipalities m on m.municipality_code = s.municipality_code
         where s.municipality_code = $1 and s.token_hash = $2 and s.ended_at is null and p.disabled_at is null
             and s.created_at > $3 and s.last_seen_at > $4",
    )
    .bind(municipality.0)
    .bind(&token_hash)
    .bind(Instant(now - SESSION_MAX))
    .bind(Instant(now - IDLE_MAX))
    .fetch_optional(&mut *tx)
    .await?;
    let Some(row) = row else { return Ok(None) };
    if now.duration_since(row.get::<Instant, _>(2).0) > SEEN_EVERY {
        sqlx::query("update sessions set last_seen_at = $3 where municipality_code = $1 and token_hash = $2")
            .bind(municipality.0)
            .bind(&token_hash)
            .bind(Instant(now))
            .execute(&mut *tx)
            .await?;
    }
    tx.commit().await?;
    Ok(Some(Acting {
        municipality,
        municipality_name: row.get(5),
        staff_id: row.get(0),
        staff_name: row.get(3),
        roles: row.get::<Vec<String>, _>(4).iter().filter_map(|code| Role::from_code(code)).collect(),
        terminal: DESK,
        stepped_up_at: None,
        csrf_token: row.get(1),
        request_id,
    }))
}

/// Ends the session of a cookie.
pub async fn sign_out(conn: &mut PgConnection, kit: &Kit, cookie: &str) -> sqlx::Result<()> {
    let Some((municipality, token_hash)) = split(cookie) else { return Ok(()) };
    sqlx::query("update sessions set ended_at = $3 where municipality_code = $1 and token_hash = $2")
        .bind(municipality.0)
        .bind(token_hash)
        .bind(Instant(kit.clock.now()))
        .execute(conn)
        .await?;
    Ok(())
}

/// The login id of the operator at the machine's own command line. Nobody can sign in with it.
const OPERATOR: &str = "operator";

/// Who commands act as: so that every deed has a person in the log, also those done at the machine itself.
pub async fn operator(kit: &Kit, municipality: Municipality) -> anyhow::Result<Acting> {
    let mut tx = db::begin(&kit.pool, municipality).await?;
    // '!' is no password hash: nothing verifies against it, and the row is disabled besides.
    let staff_id: Uuid = sqlx::query_scalar(
        "insert into staff (municipality_code, staff_id, login, name, roles, password_hash, disabled_at, created_at)
         values ($1, $2, $3, 'サーバー操作員', array['clerk'], '!', $4, $4)
         on conflict on constraint staff_login_key do update set name = excluded.name
         returning staff_id",
    )
    .bind(municipality.0)
    .bind(kit.ids.next())
    .bind(OPERATOR)
    .bind(Instant(kit.clock.now()))
    .fetch_one(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(Acting {
        municipality,
        municipality_name: String::new(),
        staff_id,
        staff_name: "サーバー操作員".to_owned(),
        roles: vec![Role::Clerk],
        terminal: crate::Terminal::SERVER,
        stepped_up_at: None,
        csrf_token: String::new(),
        request_id: kit.ids.next(),
    })
}
