//! Passwords: Argon2id, the same time for an id that nobody has.

use argon2::{Argon2, PasswordHash, PasswordHasher, PasswordVerifier};
use kit::Kit;
use std::sync::OnceLock;
use tokio::sync::{Semaphore, SemaphorePermit};

/// Length of a password at the least (NIST SP 800-63B-4, single factor).
pub const CHARS_MIN: usize = 15;
/// Longer input is refused before it costs anything.
const BYTES_MAX: usize = 1024;

/// Passwords checked at once: each costs 19 MiB and most of a core for a moment.
static LANES: Semaphore = Semaphore::const_new(2);

/// The stored form of a password.
pub async fn hash(password: &str) -> anyhow::Result<String> {
    let password = password.to_owned();
    tokio::task::spawn_blocking(move || hash_now(&password)).await?
}

fn hash_now(password: &str) -> anyhow::Result<String> {
    Argon2::default()
        .hash_password(password.as_bytes())
        .map(|hash| hash.to_string())
        .map_err(|error| anyhow::anyhow!("hashing a password: {error}"))
}

/// A turn at checking a password. To be taken before a connection is: a flood of attempts leaves the others at work.
pub async fn lane() -> anyhow::Result<SemaphorePermit<'static>> {
    Ok(LANES.acquire().await?)
}

/// Whether a password is the stored one. Takes the same time where nothing is stored.
pub async fn is_right(password: &str, stored: Option<String>) -> anyhow::Result<bool> {
    let password = password.to_owned();
    tokio::task::spawn_blocking(move || verify(&password, stored.as_deref())).await?
}

fn verify(password: &str, stored: Option<&str>) -> anyhow::Result<bool> {
    static NOBODY: OnceLock<String> = OnceLock::new();
    if password.len() > BYTES_MAX {
        return Ok(false);
    }
    let hash = match stored {
        Some(hash) => hash,
        None => match NOBODY.get() {
            Some(nobody) => nobody,
            None => {
                let made = hash_now("nobody has this password")?;
                NOBODY.get_or_init(|| made)
            }
        },
    };
    let parsed = PasswordHash::new(hash).map_err(|error| anyhow::anyhow!("stored password hash: {error}"))?;
    Ok(Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok() && stored.is_some())
}

/// A password nobody has seen before, long enough for the rule and short enough to type.
pub fn fresh(kit: &Kit) -> String {
    let token = kit.ids.token();
    format!("{}-{}-{}-{}", &token[..4], &token[4..8], &token[8..12], &token[12..16])
}
