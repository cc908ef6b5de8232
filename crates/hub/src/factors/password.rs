//! Passwords: Argon2id, the same time for an id that nobody has.

use argon2::{Argon2, PasswordHash, PasswordHasher, PasswordVerifier};
use kit::Kit;
use std::sync::OnceLock;
use tokio::sync::{Semaphore, SemaphorePermit};

/// Length of a password at the least: it never stands alone (NIST SP 800-63B-4, 3.1.1.2).
pub const CHARS_MIN: usize = 8;
/// Among the passwords of the great leaks, those that this rule would otherwise take.
const COMMON: &str = include_str!("common_passwords.txt");
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

/// Why a password is not taken, as an instruction; `None` where it is. No rule of composition: length and not being
/// easily guessed are what counts.
pub fn objection(password: &str, login: &str, municipality: &str) -> Option<String> {
    let plain = password.to_lowercase();
    let chars = plain.chars().count();
    let holds = |part: &str| part.chars().count() >= 2 && plain.contains(&part.to_lowercase());
    let steps: Vec<i64> =
        plain.chars().zip(plain.chars().skip(1)).map(|(one, next)| next as i64 - one as i64).collect();
    let is_row = steps.windows(2).all(|pair| pair[0] == pair[1]);
    let rest = plain.trim_end_matches(|c: char| c.is_ascii_digit() || c.is_ascii_punctuation());
    let is_common = COMMON.lines().any(|common| common == plain || (!rest.is_empty() && common == rest));
    if chars < CHARS_MIN {
        Some(format!("パスワードは{CHARS_MIN}文字以上で入力してください"))
    } else if password.len() > BYTES_MAX {
        Some("パスワードが長すぎます。200文字以内で入力してください".to_owned())
    } else if holds(login) || holds(municipality) || holds("sesshu") {
        Some("個人ID、自治体名、システム名を含まないパスワードを入力してください".to_owned())
    } else if is_row || is_common {
        Some("よく使われるパスワードです。別のパスワードを入力してください".to_owned())
    } else {
        None
    }
}

/// A word nobody has seen before, hard to guess and short enough to type.
pub fn fresh(kit: &Kit) -> String {
    let token = kit.ids.token();
    format!("{}-{}-{}-{}", &token[..4], &token[4..8], &token[8..12], &token[12..16])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_short_or_easily_guessed_is_not_taken() {
        let taken = |password: &str| objection(password, "hanako", "北区").is_none();
        for bad in [
            "",
            "1234567",
            "abc4567",
            "12345678",
            "87654321",
            "aaaaaaaa",
            "abcdefgh",
            "password",
            "Password1!",
            "PASSWORD2026",
            "qwertyuiop",
            "hanako-no-ie",
            "xHANAKOx9",
            "北区のパスワード",
            "sesshu-2026",
            &"長".repeat(400),
        ] {
            assert!(!taken(bad), "{bad}");
        }
        for good in [
            "kx7-plum",
            "correct horse battery",
            "雨の日は傘をさす",
            &"あ".repeat(3).repeat(20).replace("ああ", "あい"),
        ] {
            assert!(taken(good), "{good}");
        }
    }
}
