//! The log of changes on its way to the backups: each finished segment sealed into the same place, about once a minute.
//!
//! The folder `wal-SYSTEM` beside the backups holds `SEGMENT.DIGEST.gz.age`. A segment leaves this machine's spool only
//! when its sealed copy is on the disk under its name.

use super::{files::hex, keys, sealed::Outgoing};
use anyhow::Context;
use domain::intrusion::Intrusion;
use kit::cluster::{Archive, archive::is_segment};
use kit::intrusion::Watch;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{
    io::Write,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::sync::watch;

/// The spool is looked into this often; the server adds a segment a minute.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// What cannot be sent is said again after this many looks, not each second.
const SAY_EVERY: u32 = 300;

/// A backup is taken every night; after two nights without one somebody is told.
const BACKUP_AGE_MAX: jiff::SignedDuration = jiff::SignedDuration::from_hours(48);
/// It is looked at a minute after the start, then once a day (in looks).
const OVERDUE_FIRST: u32 = 60;
const OVERDUE_EVERY: u32 = 86_400;

/// Where to and for whom, as the last `sesshu backup` into a folder was told.
#[derive(Debug, Serialize, Deserialize)]
pub struct Settings {
    pub out: PathBuf,
    pub system: String,
    pub recipients: Vec<String>,
}

impl Settings {
    fn path(dir: &Path) -> PathBuf {
        dir.join("backup.json")
    }

    /// `None` where no backup into a folder has been taken yet.
    pub fn read(dir: &Path) -> anyhow::Result<Option<Settings>> {
        match std::fs::read(Self::path(dir)) {
            Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes).context("backup.json を読めません")?)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).context("backup.json を読めません"),
        }
    }

    pub fn write(&self, dir: &Path) -> anyhow::Result<()> {
        let out = std::path::absolute(&self.out)?;
        let text = serde_json::to_vec_pretty(&Settings {
            out,
            system: self.system.clone(),
            recipients: self.recipients.clone(),
        })?;
        let draft = dir.join("backup.json.part");
        std::fs::write(&draft, text)
            .and_then(|()| std::fs::rename(&draft, Self::path(dir)))
            .with_context(|| format!("{} を書けません", draft.display()))
    }

    fn folder(&self) -> PathBuf {
        folder(&self.out, &self.system)
    }
}

/// Where the log of the cluster with this number lies.
pub fn folder(out: &Path, system: &str) -> PathBuf {
    out.join(format!("wal-{system}"))
}

/// Sends finished segments until told to stop. Trouble is logged and does not stop the work.
pub async fn keep_shipping(dir: PathBuf, watch: Watch, mut stop: watch::Receiver<bool>) {
    let (mut failures, mut looks): (u32, u32) = (0, 0);
    while !*stop.borrow() {
        if looks % OVERDUE_EVERY == OVERDUE_FIRST
            && is_overdue(&dir, kit::Clock::real().now()).unwrap_or(true)
        {
            watch.see_everywhere(Intrusion::BackupFailed, b"overdue");
        }
        looks = looks.wrapping_add(1);
        match ship_in(&dir).await {
            Ok(_) => failures = 0,
            Err(error) => {
                if failures.is_multiple_of(SAY_EVERY) {
                    watch.see_everywhere(Intrusion::BackupFailed, b"segments");
                    tracing::error!(
                        error = format!("{error:#}"),
                        "変更の記録をバックアップの置き場所へ送れません"
                    );
                }
                failures += 1;
            }
        }
        tokio::select! { () = tokio::time::sleep(LOOK_EVERY) => {}, _ = stop.changed() => {} }
    }
}

/// Whether backups into a folder are taken here and the newest is too old.
fn is_overdue(dir: &Path, now: jiff::Timestamp) -> anyhow::Result<bool> {
    let Some(settings) = Settings::read(dir)? else { return Ok(false) };
    // The name says when: it sorts like its time.
    let limit = super::take::name_at(now - BACKUP_AGE_MAX);
    let mut newest = String::new();
    for entry in std::fs::read_dir(&settings.out)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.starts_with("sesshu-") && name.ends_with(".tar.gz.age") && name > newest {
            newest = name;
        }
    }
    Ok(newest < limit)
}

/// Sends what waits in the data folder's spool. Returns how many segments went.
pub async fn ship_in(dir: &Path) -> anyhow::Result<usize> {
    let dir = dir.to_owned();
    tokio::task::spawn_blocking(move || ship(&dir)).await?
}

fn ship(dir: &Path) -> anyhow::Result<usize> {
    let waiting = waiting(dir)?;
    if waiting.is_empty() {
        return Ok(0);
    }
    let Some(settings) = Settings::read(dir)? else { return Ok(0) };
    let recipients = keys::recipients(&settings.recipients)?;
    let folder = settings.folder();
    std::fs::create_dir_all(&folder).with_context(|| format!("{} を作れません", folder.display()))?;
    for path in &waiting {
        let bytes = std::fs::read(path).with_context(|| format!("{} を読めません", path.display()))?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let digest = hex(&Sha256::digest(&bytes)[..8]);
        let target = folder.join(format!("{name}.{digest}.gz.age"));
        // Sent before, and killed before the spool's copy was gone.
        if !target.exists() {
            let mut sealed = Outgoing::create(&target, &recipients)?;
            sealed.write_all(&bytes).with_context(|| format!("{} を書けません", target.display()))?;
            sealed.finish()?;
        }
        std::fs::remove_file(path).with_context(|| format!("{} を片付けられません", path.display()))?;
    }
    Ok(waiting.len())
}

/// Finished segments that have not been sent, oldest first.
pub fn waiting(dir: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let spool = Archive::spool(&dir.join("postgresql-data"));
    let entries = match std::fs::read_dir(&spool) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error).with_context(|| format!("{} を読めません", spool.display())),
    };
    let mut paths: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_none_or(|extension| extension != "part"))
        .collect();
    paths.sort();
    Ok(paths)
}

/// A sent file: what the server calls it, and where it lies.
pub struct Sent {
    pub name: String,
    pub path: PathBuf,
}

/// What was sent from segment `first` on, and the histories of timelines.
///
/// # Errors
/// Where two installations have sent different segments under one name.
pub fn sent(folder: &Path, first: &str) -> anyhow::Result<Vec<Sent>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error).with_context(|| format!("{} を読めません", folder.display())),
    };
    let mut sent: Vec<Sent> = Vec::new();
    for entry in entries.flatten() {
        let file = entry.file_name().to_string_lossy().into_owned();
        let Some((name, _digest)) = file.strip_suffix(".gz.age").and_then(|rest| rest.rsplit_once('.'))
        else {
            continue;
        };
        let is_wanted = if is_segment(name) { name[8..] >= first[8..] } else { name.ends_with(".history") };
        if is_wanted {
            sent.push(Sent { name: name.to_owned(), path: entry.path() });
        }
    }
    sent.sort_by(|a, b| a.name.cmp(&b.name));
    if let Some(twins) = sent.windows(2).find(|pair| pair[0].name == pair[1].name) {
        anyhow::bail!(
            "{} に内容の違う {} が二つあります。同じバックアップから戻した別の機械も、ここへ送っています。--wal で、正しいほうだけを入れたフォルダーを指定してください。",
            folder.display(),
            twins[0].name
        );
    }
    Ok(sent)
}

/// The segment after which one is missing, where one is.
pub fn gap(first: &str, sent: &[Sent]) -> Option<String> {
    let mut last = number(first)?;
    let mut name = first.to_owned();
    for segment in sent.iter().filter(|one| is_segment(&one.name)) {
        let number = number(&segment.name)?;
        if number > last + 1 {
            return Some(name);
        }
        last = last.max(number);
        name.clone_from(&segment.name);
    }
    None
}

/// Its place in the log whatever the timeline: 256 segments of 16 MB make one file number.
fn number(name: &str) -> Option<u64> {
    let file = u64::from_str_radix(name.get(8..16)?, 16).ok()?;
    let segment = u64::from_str_radix(name.get(16..24)?, 16).ok()?;
    Some(file * 256 + segment)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(names: &[&str]) -> Vec<Sent> {
        names.iter().map(|name| Sent { name: (*name).to_owned(), path: PathBuf::new() }).collect()
    }

    #[test]
    fn a_missing_segment_is_seen_also_across_a_file_and_a_timeline() {
        let first = "0000000100000000000000FE";
        let whole =
            all(&["0000000100000000000000FE", "0000000100000000000000FF", "000000010000000100000000"]);
        assert_eq!(gap(first, &whole), None);
        let next_line =
            all(&["0000000100000000000000FF", "000000020000000100000000", "000000020000000100000001"]);
        assert_eq!(gap(first, &next_line), None);
        let holed = all(&["0000000100000000000000FF", "000000010000000100000001"]);
        assert_eq!(gap(first, &holed).as_deref(), Some("0000000100000000000000FF"));
        let late = all(&["000000010000000100000000"]);
        assert_eq!(gap(first, &late).as_deref(), Some(first));
    }
}
