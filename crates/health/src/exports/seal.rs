//! Files for one recipient: sealed in the age format for their public key, so that nobody on the way reads them.

use age::{Encryptor, Recipient, x25519};
use anyhow::Context as _;
use domain::leaving::TypedKey;
use std::io::Write as _;

/// A public key as people paste it: white space around it is none of theirs.
fn read(key: &str) -> Option<x25519::Recipient> {
    key.trim().parse().ok()
}

/// What stands in the field.
pub fn typed(key: &str) -> TypedKey {
    match (key.trim().is_empty(), read(key)) {
        (true, _) => TypedKey::None,
        (false, Some(_)) => TypedKey::Readable,
        (false, None) => TypedKey::Unreadable,
    }
}

/// The first and last letters, by which people compare keys: a key is ASCII.
pub fn short(key: &str) -> String {
    let head = key.get(..12).unwrap_or(key);
    let tail = key.get(key.len().saturating_sub(6)..).unwrap_or_default();
    format!("{head}…{tail}")
}

/// Seals bytes for the holder of the key's other half.
pub fn seal(bytes: &[u8], key: &str) -> anyhow::Result<Vec<u8>> {
    let recipient = read(key).context("a stored key can be read")?;
    let sealed = Encryptor::with_recipients(std::iter::once(&recipient as &dyn Recipient))?;
    let mut file = Vec::with_capacity(bytes.len() + 1024);
    let mut writer = sealed.wrap_output(&mut file)?;
    writer.write_all(bytes)?;
    writer.finish()?;
    Ok(file)
}
