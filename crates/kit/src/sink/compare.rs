//! Holds the files against the table: what is in one of the two only, or reads differently.

use super::file_name;
use crate::{
    Instant, Kit, Municipality,
    audit::{
        check,
        tree::{self, Hash},
    },
    db,
};
use anyhow::Context;
use domain::Date;
use futures_util::TryStreamExt;
use jiff::{SignedDuration, Timestamp, tz};
use serde_json::Value;
use sqlx::Row;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    fs::File,
    io::{BufRead, BufReader},
    path::Path,
    time::Duration,
};
use uuid::Uuid;

/// What is being written while we look is in one of the two only, for a moment: what differs must differ twice.
const SECOND_LOOK_AFTER: Duration = Duration::from_secs(2);
/// A process that was killed leaves lines without a commit at the end of its run: none older than this.
const UNFINISHED_FOR: SignedDuration = SignedDuration::from_secs(60);

/// An entry on which table and files do not agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Difference {
    /// In the table, not in the files: the files were changed, or the entry was slipped in.
    OnlyInTable(Municipality, Uuid),
    /// In the files, not in the table: the entry was removed.
    OnlyInFiles(Municipality, Uuid),
    /// In both, with different words.
    Altered(Municipality, Uuid),
}

impl Difference {
    pub const fn municipality(self) -> Municipality {
        match self {
            Difference::OnlyInTable(municipality, _)
            | Difference::OnlyInFiles(municipality, _)
            | Difference::Altered(municipality, _) => municipality,
        }
    }
}

/// What came of holding both against each other.
#[derive(Debug, Default)]
pub struct Comparison {
    /// Entries that are the same in both.
    pub same: u64,
    /// The same by municipality.
    pub same_of: BTreeMap<Municipality, u64>,
    /// Lines whose deed was not committed (a request that was given up, a process that was killed): no deed, no fault.
    pub unfinished: u64,
    /// Lines that cannot be read (cut off by a full disk or a power cut).
    pub unreadable: u64,
    pub differences: BTreeSet<Difference>,
}

/// Compares all entries of the days `from..=until` (in Japan).
///
/// # Errors
/// When the folder or the table cannot be read.
pub async fn compare(kit: &Kit, folder: &Path, from: Date, until: Date) -> anyhow::Result<Comparison> {
    let first = look(kit, folder, from, until).await?;
    if first.differences.is_empty() {
        return Ok(first);
    }
    tokio::time::sleep(SECOND_LOOK_AFTER).await;
    let mut second = look(kit, folder, from, until).await?;
    second.differences = &second.differences & &first.differences;
    Ok(second)
}

async fn look(kit: &Kit, folder: &Path, from: Date, until: Date) -> anyhow::Result<Comparison> {
    let (owned, mut found) = (folder.to_owned(), Comparison::default());
    let mut lines = tokio::task::spawn_blocking(move || Lines::read(&owned, from, until)).await??;
    found.unreadable = lines.unreadable;
    let (begin, end) = (start_of(from)?, start_of(until.tomorrow()?)?);
    for (municipality, _) in db::municipalities(&kit.pool).await? {
        let mut tx = db::begin(&kit.pool, municipality).await?;
        let mut rows = sqlx::query(check::SELECT_BY_TIME)
            .bind(municipality.0)
            .bind(Instant(begin))
            .bind(Instant(end))
            .fetch(&mut *tx);
        let mut room = String::new();
        while let Some(row) = rows.try_next().await? {
            let entry_id: Uuid = row.get(1);
            let leaf = check::found(municipality, &row, &mut room)?.leaf;
            match lines.entries.remove(&(municipality.0, entry_id)) {
                None => {
                    found.differences.insert(Difference::OnlyInTable(municipality, entry_id));
                }
                Some(line) if line.leaf.is_some() && line.leaf == leaf => {
                    found.same += 1;
                    *found.same_of.entry(municipality).or_default() += 1;
                }
                Some(_) => {
                    found.differences.insert(Difference::Altered(municipality, entry_id));
                }
            }
        }
    }
    for ((code, entry_id), line) in lines.entries {
        if line.is_unfinished {
            found.unfinished += 1;
        } else {
            found.differences.insert(Difference::OnlyInFiles(Municipality(code), entry_id));
        }
    }
    Ok(found)
}

fn start_of(day: Date) -> anyhow::Result<Timestamp> {
    Ok(tz::Offset::constant(9).to_timestamp(day.at(0, 0, 0, 0))?)
}

struct Line {
    /// The line's hash, which is the entry's leaf in the tree. `None` where two lines speak differently of one entry.
    leaf: Option<Hash>,
    is_unfinished: bool,
}

#[derive(Default)]
struct Lines {
    entries: HashMap<(i32, Uuid), Line>,
    unreadable: u64,
    /// The last lines of the run being read.
    tail: VecDeque<(Timestamp, (i32, Uuid))>,
    /// Marked entries, also those whose line comes later.
    marked: Vec<Uuid>,
}

impl Lines {
    fn read(folder: &Path, from: Date, until: Date) -> anyhow::Result<Lines> {
        let (begin, end) = (start_of(from)?, start_of(until.tomorrow()?)?);
        let mut lines = Lines::default();
        // A deed's lines may lie in the file of the day on which it began.
        let mut day = from.yesterday()?;
        while day <= until.tomorrow()? {
            let path = folder.join(file_name(day));
            match File::open(&path) {
                Ok(file) => {
                    for line in BufReader::new(file).split(b'\n') {
                        let line = line.with_context(|| format!("{} を読めません", path.display()))?;
                        lines.take(&line, begin, end);
                    }
                }
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(error).with_context(|| format!("{} を読めません", path.display())),
            }
            day = day.tomorrow()?;
        }
        let marked: std::collections::HashSet<Uuid> = lines.marked.drain(..).collect();
        for ((_, entry_id), line) in &mut lines.entries {
            line.is_unfinished |= marked.contains(entry_id);
        }
        Ok(lines)
    }

    fn take(&mut self, line: &[u8], begin: Timestamp, end: Timestamp) {
        let Ok(value) = serde_json::from_slice::<Value>(line) else {
            self.unreadable += u64::from(!line.is_empty());
            return;
        };
        if value.get("start").is_some() {
            for (_, key) in self.tail.drain(..) {
                if let Some(line) = self.entries.get_mut(&key) {
                    line.is_unfinished = true;
                }
            }
        } else if let Some(ids) = value.get("void").and_then(Value::as_array) {
            self.marked.extend(ids.iter().filter_map(|id| id.as_str()?.parse::<Uuid>().ok()));
        } else if self.take_entry(&value, line, begin, end).is_none() {
            self.unreadable += 1;
        }
    }

    fn take_entry(&mut self, entry: &Value, line: &[u8], begin: Timestamp, end: Timestamp) -> Option<()> {
        let text = |name: &str| entry.get(name)?.as_str();
        let code: i32 = text("municipality")?.parse().ok()?;
        let entry_id: Uuid = text("entry")?.parse().ok()?;
        let at: Timestamp = text("at")?.parse().ok()?;
        if at < begin || at >= end {
            return Some(());
        }
        let (key, leaf) = ((code, entry_id), tree::leaf(line));
        self.entries
            .entry(key)
            .and_modify(|line| line.leaf = line.leaf.filter(|known| *known == leaf))
            .or_insert(Line { leaf: Some(leaf), is_unfinished: false });
        self.tail.push_back((at, key));
        while self.tail.front().is_some_and(|(first, _)| at.duration_since(*first) > UNFINISHED_FOR) {
            self.tail.pop_front();
        }
        Some(())
    }
}
