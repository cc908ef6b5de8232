//! How often one may be wrong. Counted by the login id that was typed, whether or not anybody has it.

use jiff::{SignedDuration, Timestamp};
use kit::{Instant, Municipality};
use sha2::{Digest, Sha256};
use sqlx::PgConnection;

/// Wrong attempts before the first wait; then the wait doubles up to an hour.
const FREE: i32 = 5;
/// After so many in a row only the ID manager opens again (NIST SP 800-63B-4, 3.2.2).
pub const FAILURES_MAX: i32 = 100;

/// A login id that nobody has tried for this long is forgotten, whether or not anybody has it: otherwise every slip of the
/// pen would be kept for good. Not what is held for good.
const KEPT_FOR: SignedDuration = SignedDuration::from_hours(30 * 24);

/// What stands in the way of another attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    For(SignedDuration),
    /// Until the ID manager unlocks.
    ForGood,
}

impl Held {
    /// What to tell whoever has to wait.
    pub fn sentence(self) -> String {
        match self {
            Held::For(wait) => format!(
                "続けて間違えたため、今はログインできません。約{}分後にやり直すか、ID管理者に連絡してください",
                wait.as_secs() / 60 + 1
            ),
            Held::ForGood => {
                "間違いが多いため、ログインを止めています。ID管理者に解除を依頼してください".to_owned()
            }
        }
    }
}

/// The form in which a login id is counted.
pub fn digest(login: &str) -> Vec<u8> {
    Sha256::new().chain_update(b"sesshu login id\0").chain_update(login).finalize().to_vec()
}

/// Whether another attempt has to wait at `now`. Other attempts for the same id queue until the transaction ends.
pub async fn held(
    conn: &mut PgConnection,
    municipality: Municipality,
    login_hash: &[u8],
    now: Timestamp,
) -> sqlx::Result<Option<Held>> {
    sqlx::query(
        "delete from sign_in_attempts where municipality_code = $1 and last_at < $2 and failures < $3 and login_hash <> $4",
    )
    .bind(municipality.0)
    .bind(Instant(now - KEPT_FOR))
    .bind(FAILURES_MAX)
    .bind(login_hash)
    .execute(&mut *conn)
    .await?;
    let (failures, retry_at): (i32, Option<Instant>) = sqlx::query_as(
        "insert into sign_in_attempts (municipality_code, login_hash, failures, last_at) values ($1, $2, 0, $3)
         on conflict (municipality_code, login_hash) do update set last_at = excluded.last_at
         returning failures, retry_at",
    )
    .bind(municipality.0)
    .bind(login_hash)
    .bind(Instant(now))
    .fetch_one(conn)
    .await?;
    let wait = retry_at.map(|at| at.0).filter(|at| *at > now).map(|at| at.duration_since(now));
    Ok(if failures >= FAILURES_MAX { Some(Held::ForGood) } else { wait.map(Held::For) })
}

/// Counts a failure and makes the next attempt wait. True where it has to wait from now on.
pub async fn count(
    conn: &mut PgConnection,
    municipality: Municipality,
    login_hash: &[u8],
    now: Timestamp,
) -> sqlx::Result<bool> {
    let failures: i32 = sqlx::query_scalar(
        "update sign_in_attempts set failures = failures + 1
         where municipality_code = $1 and login_hash = $2 returning failures",
    )
    .bind(municipality.0)
    .bind(login_hash)
    .fetch_one(&mut *conn)
    .await?;
    if failures >= FREE {
        let wait =
            SignedDuration::from_secs(30 << (failures - FREE).min(7)).min(SignedDuration::from_hours(1));
        sqlx::query(
            "update sign_in_attempts set retry_at = $3 where municipality_code = $1 and login_hash = $2",
        )
        .bind(municipality.0)
        .bind(login_hash)
        .bind(Instant(now + wait))
        .execute(conn)
        .await?;
    }
    Ok(failures >= FREE)
}

/// Forgets the failures: somebody has signed in, or the ID manager unlocks.
pub async fn forget(
    conn: &mut PgConnection,
    municipality: Municipality,
    login_hash: &[u8],
) -> sqlx::Result<()> {
    sqlx::query("delete from sign_in_attempts where municipality_code = $1 and login_hash = $2")
        .bind(municipality.0)
        .bind(login_hash)
        .execute(conn)
        .await?;
    Ok(())
}
