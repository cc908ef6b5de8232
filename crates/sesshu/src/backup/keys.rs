//! Whom a backup is sealed for, and who may open it: age's own keys, so that other people's tools open it too.

use age::{secrecy::ExposeSecret, x25519};
use anyhow::Context;
use std::{
    fs::{File, OpenOptions},
    io::{BufReader, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

/// Reads public keys (`age1…`).
pub fn recipients(texts: &[String]) -> anyhow::Result<Vec<x25519::Recipient>> {
    anyhow::ensure!(!texts.is_empty(), "--recipient に公開鍵(age1…)を指定してください。");
    let read = |text: &String| {
        text.trim()
            .parse::<x25519::Recipient>()
            .map_err(|_| anyhow::anyhow!("--recipient は age1 で始まる公開鍵で指定してください: {text}"))
    };
    texts.iter().map(read).collect()
}

/// What opens a backup. Boxed as the library gives them.
pub type Identities = Vec<Box<dyn age::Identity + Send + Sync>>;

/// Reads a file of private keys, as `age-keygen` writes it.
pub fn identities(file: &Path) -> anyhow::Result<Identities> {
    let say = || format!("--key の {} を秘密鍵として読めません。", file.display());
    let opened = File::open(file).with_context(say)?;
    let read = age::IdentityFile::from_buffer(BufReader::new(opened)).with_context(say)?;
    let identities = read.into_identities().map_err(|error| anyhow::anyhow!("{} {error}", say()))?;
    anyhow::ensure!(!identities.is_empty(), "{} 鍵がありません。", say());
    Ok(identities)
}

/// Makes a pair of keys; the private one goes into a new file that nobody else may read. Returns the public one.
pub fn write_new(file: &Path) -> anyhow::Result<String> {
    let identity = x25519::Identity::generate();
    let public = identity.to_public().to_string();
    let mut made =
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(file).with_context(|| {
            format!("{} を作れません。まだないファイルの名前を指定してください", file.display())
        })?;
    writeln!(made, "# public key: {public}")?;
    writeln!(made, "{}", identity.to_string().expose_secret())?;
    made.sync_all()?;
    Ok(public)
}
