//! What lies in the data folder beside the cluster: print files, uploads, and whatever else the systems keep there.

use anyhow::Context;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeMap,
    fs::{File, Metadata},
    io::{self, Read, Write},
    path::{Path, PathBuf},
    time::SystemTime,
};

/// Not carried: the cluster has its own way, and what is not there is made anew (certificates with their keys).
const LEFT_OUT: [&str; 5] = ["postgresql-data", "tls", "backup.json", "demo.json", super::manifest::NAME];

/// Neither are keys (of the vault, of the log's keeper, of certificates): whoever opens a backup shall not hold them too.
/// They have an escrow of their own.
const KEYS: [&[u8]; 2] = [b".key", b".key.pem"];

/// A file as the manifest knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    pub bytes: u64,
    pub sha256: String,
}

/// Size and time of last change: whether a file must be carried once more.
pub type Seen = BTreeMap<PathBuf, (u64, Option<SystemTime>)>;

/// Every regular file below `dir` by its path from there. Drafts are not yet files; links lead elsewhere.
pub fn list(dir: &Path) -> anyhow::Result<Seen> {
    let mut seen = Seen::new();
    walk(dir, Path::new(""), &mut seen).with_context(|| format!("{} を読めません", dir.display()))?;
    Ok(seen)
}

fn walk(dir: &Path, below: &Path, seen: &mut Seen) -> io::Result<()> {
    for entry in std::fs::read_dir(dir.join(below))? {
        let entry = entry?;
        let name = entry.file_name();
        let is_top = below.as_os_str().is_empty();
        let ends = |end: &[u8]| name.as_encoded_bytes().ends_with(end);
        if is_top && LEFT_OUT.iter().any(|out| name == *out)
            || ends(b".part")
            || KEYS.iter().any(|end| ends(end))
        {
            continue;
        }
        let path = below.join(&name);
        // Between the listing and the look a file may have gone: an upload whose job has ended.
        let Ok(found) = entry.metadata() else { continue };
        if found.is_dir() {
            walk(dir, &path, seen)?;
        } else if found.is_file() {
            seen.insert(path, stamp(&found));
        }
    }
    Ok(())
}

fn stamp(found: &Metadata) -> (u64, Option<SystemTime>) {
    (found.len(), found.modified().ok())
}

/// Adds a file to the archive with as many bytes as it had when it was opened; a log may grow meanwhile. `None`: gone.
pub fn add<W: Write>(
    archive: &mut tar::Builder<W>,
    dir: &Path,
    path: &Path,
    name: &Path,
) -> anyhow::Result<Option<Kept>> {
    let file = match File::open(dir.join(path)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened.with_context(|| format!("{} を読めません", dir.join(path).display()))?,
    };
    let found = file.metadata()?;
    let mut header = tar::Header::new_gnu();
    header.set_metadata(&found);
    let mut counted = Counted { inner: file.take(found.len()), digest: Sha256::new() };
    archive.append_data(&mut header, name, &mut counted)?;
    Ok(Some(Kept { bytes: found.len(), sha256: hex(&counted.digest.finalize()) }))
}

struct Counted<R> {
    inner: R,
    digest: Sha256,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.digest.update(&buffer[..read]);
        Ok(read)
    }
}

/// A file's size and digest as it lies there.
pub fn look(path: &Path) -> anyhow::Result<Kept> {
    let file = File::open(path).with_context(|| format!("{} がありません", path.display()))?;
    let bytes = file.metadata()?.len();
    let mut counted = Counted { inner: file, digest: Sha256::new() };
    io::copy(&mut counted, &mut io::sink())?;
    Ok(Kept { bytes, sha256: hex(&counted.digest.finalize()) })
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
