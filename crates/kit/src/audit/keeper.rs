//! The keeper: follows the logs, signs what extends what it has signed before, and raises an alarm at anything else.
//!
//! It runs in a process of its own with a key of its own and may only read the log. What it believes is what lies in
//! its folder: of each log the last signed checkpoint and the roots of the full tiles under it. From these it needs
//! only the newest entries to sign again, and can look at any old tile by itself.

mod folder;

pub use folder::{Folder, load_or_make_key};

use super::check::{self, SELECT};
use super::note::{Checkpoint, Key, PublicKey, origin};
use super::places::TILE_LEAVES;
use super::tree::{Frontier, Hash};
use crate::{Clock, Ids, Instant, Municipality};
use folder::Trusted;
use futures_util::TryStreamExt;
use sqlx::{PgConnection, Postgres, Transaction};
use std::collections::HashMap;

/// A checkpoint is due when this many entries have come since the last, also within the minute.
const ENTRIES_MAX: u64 = 10_000;
/// Old tiles looked at again with each round: 65,536 entries a minute, a ward's 20 million in five hours.
const TILES_A_ROUND: u64 = 64;
/// log2 of [`TILE_LEAVES`].
const TILE_LEVEL: u32 = 10;

/// What the keeper found that it cannot sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alarm {
    pub kind: AlarmKind,
    /// The places between which something is wrong.
    pub first: u64,
    pub last: u64,
}

domain::coded! {
    /// 操作ログの警報.
    AlarmKind {
        EntryChanged = "entry_changed", "記録の改変";
        EntryMissing = "entry_missing", "記録の欠落";
        EntriesChanged = "entries_changed", "署名済みの記録の改変";
        LogShortened = "log_shortened", "署名済みの記録の消失";
    }
}

impl std::fmt::Display for Alarm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (kind, first, last) = (self.kind.ja(), self.first, self.last);
        if first == last {
            write!(f, "{first}番目: {kind}")
        } else {
            write!(f, "{first}番目から{last}番目: {kind}")
        }
    }
}

/// How far back one look goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// The newest entries, and what of the last tile lies before them.
    New,
    /// Every entry.
    Whole,
}

/// What came of one look at one log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// Nothing new.
    Same,
    Signed(Checkpoint),
    Alarm(Alarm),
}

/// The keeper of all logs of some systems.
pub struct Keeper {
    key: Key,
    folder: Folder,
    clock: Clock,
    ids: Ids,
    /// Of each log, what it believes. Read from the folder when a log is first looked at.
    trusted: HashMap<String, Trusted>,
    /// Where the slow look at old tiles goes on: a log and a tile of it.
    look_back: HashMap<String, (Municipality, u64)>,
    /// Logs that could not be signed when last looked at, and why.
    alarmed: HashMap<String, Alarm>,
}

impl Keeper {
    pub fn new(key: Key, folder: Folder, clock: Clock, ids: Ids) -> Keeper {
        Keeper {
            key,
            folder,
            clock,
            ids,
            trusted: HashMap::new(),
            look_back: HashMap::new(),
            alarmed: HashMap::new(),
        }
    }

    pub fn public_key(&self) -> PublicKey {
        self.key.public()
    }

    /// Looks at every log of a system. Returns the alarms, with whose log they are about.
    pub async fn round(
        &mut self,
        conn: &mut PgConnection,
        system: &str,
        depth: Depth,
    ) -> anyhow::Result<Vec<(Municipality, Alarm)>> {
        let mut alarms = Vec::new();
        for (municipality, size) in heads(conn).await? {
            let known = self.trusted(system, municipality)?.size();
            if (depth == Depth::Whole || size != known)
                && let Seen::Alarm(alarm) = self.look(conn, system, municipality, depth).await?
            {
                alarms.push((municipality, alarm));
            }
        }
        if depth == Depth::New {
            alarms.extend(self.look_back(conn, system).await?);
        }
        Ok(alarms)
    }

    /// Signs the logs that have grown much since the last round.
    pub async fn hurry(
        &mut self,
        conn: &mut PgConnection,
        system: &str,
    ) -> anyhow::Result<Vec<(Municipality, Alarm)>> {
        let mut alarms = Vec::new();
        for (municipality, size) in heads(conn).await? {
            if size >= self.trusted(system, municipality)?.size() + ENTRIES_MAX
                && let Seen::Alarm(alarm) = self.look(conn, system, municipality, Depth::New).await?
            {
                alarms.push((municipality, alarm));
            }
        }
        Ok(alarms)
    }

    /// Looks at one log: signs it if it extends what was signed before, raises the alarm if it does not.
    pub async fn look(
        &mut self,
        conn: &mut PgConnection,
        system: &str,
        municipality: Municipality,
        depth: Depth,
    ) -> anyhow::Result<Seen> {
        let mut trusted = self.trusted(system, municipality)?.clone();
        let mut tx = begin(conn, municipality).await?;
        let name = origin(system, municipality);
        let mut read = read(&mut tx, municipality, &trusted, depth).await?;
        if depth == Depth::New && matches!(read, Err(Alarm { kind: AlarmKind::EntriesChanged, .. })) {
            read = match self.alarmed.get(&name) {
                Some(known) => Err(*known),
                // Perhaps only the folder's tiles are damaged: all entries together decide, and name the place.
                None => self::read(&mut tx, municipality, &trusted, Depth::Whole).await?,
            };
        }
        let tip = match read {
            Ok(tip) => tip,
            Err(alarm) => {
                self.alarmed.insert(name, alarm);
                self.raise(&mut tx, municipality, alarm).await?;
                tx.commit().await?;
                return Ok(Seen::Alarm(alarm));
            }
        };
        self.alarmed.remove(&name);
        if tip.size == trusted.size() && tip.tiles == trusted.tiles {
            return Ok(Seen::Same);
        }
        let checkpoint = Checkpoint { origin: name.clone(), size: tip.size, root: tip.root };
        let note = checkpoint.sign(&self.key);
        // First remembered, then told: it never signs twice for one size.
        trusted.tiles = tip.tiles;
        trusted.checkpoint = Some(checkpoint.clone());
        self.folder.remember(&name, &note, &trusted.tiles)?;
        self.trusted.insert(name, trusted);
        sqlx::query(
            "insert into audit_checkpoints (municipality_code, size, root, note, public_key, signed_at)
             values ($1, $2, $3, $4, $5, $6) on conflict do nothing",
        )
        .bind(municipality.0)
        .bind(checkpoint.size as i64)
        .bind(&checkpoint.root[..])
        .bind(&note)
        .bind(&self.key.public().0[..])
        .bind(Instant(self.clock.now()))
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(Seen::Signed(checkpoint))
    }

    /// The slow look at what was signed long ago: some tiles a round, log after log, and each log's end.
    async fn look_back(
        &mut self,
        conn: &mut PgConnection,
        system: &str,
    ) -> anyhow::Result<Vec<(Municipality, Alarm)>> {
        let (from, mut next) = self.look_back.remove(system).unwrap_or((Municipality(0), 0));
        let (mut alarms, mut budget) = (Vec::new(), TILES_A_ROUND);
        for (municipality, _) in heads(conn).await?.into_iter().filter(|(whose, _)| *whose >= from) {
            let mut tile = if municipality == from { next } else { 0 };
            next = 0;
            if tile == 0 {
                budget -= 1;
                if let Seen::Alarm(alarm) = self.look(conn, system, municipality, Depth::New).await? {
                    alarms.push((municipality, alarm));
                }
            }
            let tiles = self.trusted(system, municipality)?.tiles.clone();
            let mut tx = begin(conn, municipality).await?;
            while let Some(root) = tiles.get(tile as usize).filter(|_| budget > 0) {
                if let Some(alarm) = look_at_tile(&mut tx, municipality, tile, root).await? {
                    self.raise(&mut tx, municipality, alarm).await?;
                    alarms.push((municipality, alarm));
                }
                tile += 1;
                budget -= 1;
            }
            tx.commit().await?;
            if budget == 0 {
                let is_through = tile as usize >= tiles.len();
                let goes_on =
                    if is_through { (Municipality(municipality.0 + 1), 0) } else { (municipality, tile) };
                self.look_back.insert(system.to_owned(), goes_on);
                break;
            }
        }
        Ok(alarms)
    }

    fn trusted(&mut self, system: &str, municipality: Municipality) -> anyhow::Result<&Trusted> {
        let name = origin(system, municipality);
        if !self.trusted.contains_key(&name) {
            let trusted = self.folder.recall(&name, &self.key.public())?;
            self.trusted.insert(name.clone(), trusted);
        }
        Ok(&self.trusted[&name])
    }

    /// Adds the row that the screens show; the same alarm once a day.
    async fn raise(
        &self,
        conn: &mut PgConnection,
        municipality: Municipality,
        alarm: Alarm,
    ) -> sqlx::Result<()> {
        let now = self.clock.now();
        sqlx::query(
            "insert into audit_alarms (municipality_code, alarm_id, raised_at, kind, first_place, last_place)
             select $1, $2, $3, $4, $5, $6 where not exists (
                 select 1 from audit_alarms where municipality_code = $1 and kind = $4 and first_place = $5
                     and last_place = $6 and raised_at > $7)",
        )
        .bind(municipality.0)
        .bind(self.ids.next())
        .bind(Instant(now))
        .bind(alarm.kind.code())
        .bind(alarm.first as i64)
        .bind(alarm.last as i64)
        .bind(Instant(now - jiff::SignedDuration::from_hours(24)))
        .execute(conn)
        .await?;
        Ok(())
    }
}

/// How long each municipality's log is, as the application says. Logs of which it says nothing are not followed yet.
async fn heads(conn: &mut PgConnection) -> sqlx::Result<Vec<(Municipality, u64)>> {
    let rows: Vec<(i32, i64)> =
        sqlx::query_as("select municipality_code, size from audit_heads order by municipality_code")
            .fetch_all(conn)
            .await?;
    Ok(rows.into_iter().map(|(code, size)| (Municipality(code), size.unsigned_abs())).collect())
}

async fn begin(
    conn: &mut PgConnection,
    municipality: Municipality,
) -> sqlx::Result<Transaction<'_, Postgres>> {
    let mut tx = sqlx::Connection::begin(conn).await?;
    let sql = format!("set local app.municipality = '{}'", municipality.0);
    sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&mut *tx).await?;
    Ok(tx)
}

/// The end of a log that extends what was trusted.
struct Tip {
    size: u64,
    root: Hash,
    tiles: Vec<Hash>,
}

/// Reads a log from the last full tile (or from its beginning) and holds it against what is trusted.
async fn read(
    conn: &mut PgConnection,
    municipality: Municipality,
    trusted: &Trusted,
    depth: Depth,
) -> anyhow::Result<Result<Tip, Alarm>> {
    let tile_leaves = TILE_LEAVES as u64;
    let mut tiles = if depth == Depth::New { trusted.tiles.clone() } else { Vec::new() };
    let mut tree = Frontier::default();
    tiles.iter().for_each(|root| tree.push_subtree(TILE_LEVEL, *root));
    let mut tile = Frontier::default();
    let changed = |first, last| Alarm { kind: AlarmKind::EntriesChanged, first, last };
    // Where the folder knows every tile up to the checkpoint's size, the tiles alone must give its root.
    if tree.size() > 0 && tree.size() == trusted.size() && Some(tree.root()) != trusted.root() {
        return Ok(Err(changed(1, trusted.size())));
    }
    let mut line = String::new();
    let mut rows =
        sqlx::query(SELECT).bind(municipality.0).bind(tree.size() as i64).bind(i64::MAX).fetch(conn);
    while let Some(row) = rows.try_next().await? {
        let expected = tree.size() + 1;
        let found = check::found(municipality, &row, &mut line)?;
        let alarm = |kind| Ok(Err(Alarm { kind, first: expected, last: expected }));
        let Some(leaf) = found.leaf.filter(|_| found.place as u64 == expected) else {
            return alarm(AlarmKind::EntryMissing);
        };
        if !found.is_whole {
            return alarm(AlarmKind::EntryChanged);
        }
        tree.push(leaf);
        tile.push(leaf);
        if tile.size() == tile_leaves {
            tiles.push(tile.root());
            tile = Frontier::default();
        }
        if tree.size() == trusted.size() && Some(tree.root()) != trusted.root() {
            let (first, last) = changed_between(&tiles, trusted);
            return Ok(Err(changed(first, last)));
        }
    }
    if tree.size() < trusted.size() {
        let (first, last) = (tree.size() + 1, trusted.size());
        return Ok(Err(Alarm { kind: AlarmKind::LogShortened, first, last }));
    }
    Ok(Ok(Tip { size: tree.size(), root: tree.root(), tiles }))
}

/// Between which places a log that misses its signed root was changed, as far as the remembered tiles tell.
fn changed_between(read: &[Hash], trusted: &Trusted) -> (u64, u64) {
    let leaves = TILE_LEAVES as u64;
    let bad = read.iter().zip(&trusted.tiles).position(|(read, known)| read != known);
    let sound = trusted.tiles.len().min(read.len()) as u64 * leaves;
    match bad {
        Some(tile) => (tile as u64 * leaves + 1, (tile as u64 + 1) * leaves),
        None if sound < trusted.size() => (sound + 1, trusted.size()),
        None => (1, trusted.size()),
    }
}

/// Reads one full tile and holds it against its remembered root.
async fn look_at_tile(
    conn: &mut PgConnection,
    municipality: Municipality,
    tile: u64,
    root: &Hash,
) -> anyhow::Result<Option<Alarm>> {
    let (from, until) = (tile * TILE_LEAVES as u64, (tile + 1) * TILE_LEAVES as u64);
    let mut line = String::new();
    let mut rows = sqlx::query(SELECT).bind(municipality.0).bind(from as i64).bind(until as i64).fetch(conn);
    let mut read = Frontier::default();
    while let Some(row) = rows.try_next().await? {
        let expected = from + read.size() + 1;
        let found = check::found(municipality, &row, &mut line)?;
        let alarm = |kind| Ok(Some(Alarm { kind, first: expected, last: expected }));
        match found.leaf {
            Some(leaf) if found.place as u64 == expected && found.is_whole => read.push(leaf),
            Some(_) if found.place as u64 == expected => return alarm(AlarmKind::EntryChanged),
            _ => return alarm(AlarmKind::EntryMissing),
        }
    }
    if read.size() < TILE_LEAVES as u64 {
        let first = from + read.size() + 1;
        return Ok(Some(Alarm { kind: AlarmKind::LogShortened, first, last: until }));
    }
    let changed = Alarm { kind: AlarmKind::EntriesChanged, first: from + 1, last: until };
    Ok((read.root() != *root).then_some(changed))
}
