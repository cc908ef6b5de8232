//! Reading the log back: every entry against its own hash and its place, the tree against tiles and checkpoints.

use super::line::Columns;
use super::note::PublicKey;
use super::places::TILE_LEAVES;
use super::tree::{Frontier, Hash};
use crate::{Instant, Kit, Municipality};
use futures_util::TryStreamExt;
use serde_json::Value;
use sqlx::{PgConnection, PgPool, Row, postgres::PgRow};

/// The columns that [`Columns`] is made of, for a query over `audit_places p left join audit_entries e`.
pub(super) const SELECT: &str =
    "select p.place, e.entry_id, e.at, e.staff_id, e.request_id, e.action, e.outcome, e.target_kind, e.target_id,
         e.detail, e.entry_hash, e.format, e.terminal_id, e.zone, e.purpose, e.before, e.after
     from audit_places p left join audit_entries e
         on e.municipality_code = p.municipality_code and e.entry_id = p.entry_id
     where p.municipality_code = $1 and p.place > $2 and p.place <= $3 order by p.place";

/// The same columns of the entries of a span of time, placed or not. Their place is 0.
pub(crate) const SELECT_BY_TIME: &str =
    "select 0::bigint, e.entry_id, e.at, e.staff_id, e.request_id, e.action, e.outcome, e.target_kind, e.target_id,
         e.detail, e.entry_hash, e.format, e.terminal_id, e.zone, e.purpose, e.before, e.after
     from audit_entries e where e.municipality_code = $1 and e.at >= $2 and e.at < $3";

/// A place as it stands in the tables.
pub(crate) struct Found {
    pub place: i64,
    /// `None` where the entry is gone.
    pub leaf: Option<Hash>,
    /// The stored hash of the entry is the one its columns have.
    pub is_whole: bool,
}

/// Reads one row of [`SELECT`]. Leaves the entry's line in `line`.
pub(crate) fn found(municipality: Municipality, row: &PgRow, line: &mut String) -> sqlx::Result<Found> {
    let place = row.try_get(0)?;
    let Some(entry_id) = row.try_get::<Option<_>, _>(1)? else {
        return Ok(Found { place, leaf: None, is_whole: false });
    };
    let (detail, before, after): (Value, Option<Value>, Option<Value>) =
        (row.try_get(9)?, row.try_get(15)?, row.try_get(16)?);
    let columns = Columns {
        format: row.try_get(11)?,
        municipality: municipality.0,
        entry_id,
        at: row.try_get::<Instant, _>(2)?.0,
        staff_id: row.try_get(3)?,
        request_id: row.try_get(4)?,
        terminal_id: row.try_get(12)?,
        zone: row.try_get(13)?,
        action: row.try_get(5)?,
        outcome: row.try_get(6)?,
        purpose: row.try_get(14)?,
        target_kind: row.try_get(7)?,
        target_id: row.try_get(8)?,
        detail: &detail,
        before: before.as_ref(),
        after: after.as_ref(),
    };
    let leaf = columns.leaf(line);
    let is_whole = columns.entry_hash(leaf)[..] == *row.try_get::<&[u8], _>(10)?;
    Ok(Found { place, leaf: Some(leaf), is_whole })
}

/// The leaves of the places after `from` up to `until`. A missing entry counts as a leaf of nothing, so that it is
/// seen where the leaves are compared.
pub(super) async fn leaves(
    conn: &mut PgConnection,
    municipality: Municipality,
    from: i64,
    until: i64,
) -> sqlx::Result<Vec<Hash>> {
    let mut line = String::new();
    let mut rows = sqlx::query(SELECT).bind(municipality.0).bind(from).bind(until).fetch(conn);
    let mut leaves = Vec::new();
    while let Some(row) = rows.try_next().await? {
        leaves.push(found(municipality, &row, &mut line)?.leaf.unwrap_or_default());
    }
    Ok(leaves)
}

/// Walks a municipality's log. Returns the place of the first fault that its own tables show, or the first place that a
/// checkpoint no longer covers. Whether the checkpoints themselves are the keeper's, only its public key can tell.
pub async fn first_fault(kit: &Kit, municipality: Municipality) -> sqlx::Result<Option<i64>> {
    first_fault_in(&kit.pool, municipality).await
}

/// Likewise in a database that serves nobody (a restored one).
pub async fn first_fault_in(pool: &PgPool, municipality: Municipality) -> sqlx::Result<Option<i64>> {
    let mut tx = crate::db::begin(pool, municipality).await?;
    let mut tiles = roots(&mut tx, municipality, Roots::Tiles).await?.into_iter().peekable();
    let mut signed = roots(&mut tx, municipality, Roots::Checkpoints).await?.into_iter().peekable();
    let mut line = String::new();
    let (mut tree, mut tile, mut sound) = (Frontier::default(), Frontier::default(), 0);
    let mut rows = sqlx::query(SELECT).bind(municipality.0).bind(0_i64).bind(i64::MAX).fetch(&mut *tx);
    while let Some(row) = rows.try_next().await? {
        let found = found(municipality, &row, &mut line)?;
        let place = tree.size() as i64 + 1;
        let Some(leaf) = found.leaf.filter(|_| found.is_whole && found.place == place) else {
            return Ok(Some(place));
        };
        tree.push(leaf);
        tile.push(leaf);
        if tile.size() as i64 == TILE_LEAVES {
            if tiles.next_if(|(size, _)| *size == place).is_some_and(|(_, root)| root != tile.root()) {
                return Ok(Some(place - TILE_LEAVES + 1));
            }
            tile = Frontier::default();
        }
        if let Some((_, root)) = signed.next_if(|(size, _)| *size == place) {
            if root != tree.root() {
                return Ok(Some(sound + 1));
            }
            sound = place;
        }
    }
    // A root over places that are no longer there.
    Ok(tiles.peek().or(signed.peek()).map(|_| tree.size() as i64 + 1))
}

/// Which stored roots are read: under full tiles, or signed.
enum Roots {
    Tiles,
    Checkpoints,
}

/// Stored roots with the size of the log at which each holds, in order.
async fn roots(
    conn: &mut PgConnection,
    municipality: Municipality,
    which: Roots,
) -> sqlx::Result<Vec<(i64, Hash)>> {
    let rows: Vec<(i64, Vec<u8>)> = sqlx::query_as(match which {
        Roots::Tiles => {
            "select (tile + 1) * $2, root from audit_tiles where municipality_code = $1 order by tile"
        }
        Roots::Checkpoints => {
            "select size, root from audit_checkpoints where municipality_code = $1 and $2 > 0 order by size"
        }
    })
    .bind(municipality.0)
    .bind(TILE_LEAVES)
    .fetch_all(conn)
    .await?;
    // The table keeps the length; another one compares as a root that fits nothing.
    Ok(rows.into_iter().map(|(size, root)| (size, root.try_into().unwrap_or_default())).collect())
}

/// How a municipality's log stands with its keeper.
#[derive(Clone, Debug)]
pub struct Standing {
    /// Entries that have a place.
    pub places: i64,
    /// Up to which place the log is signed, when, and with which key.
    pub signed: Option<(i64, jiff::Timestamp, PublicKey)>,
    /// Since when the oldest unsigned entry waits.
    pub unsigned_since: Option<jiff::Timestamp>,
    /// What the keeper has found, newest first: when, which code of alarm, between which places.
    pub alarms: Vec<(jiff::Timestamp, String, i64, i64)>,
}

/// Asks the tables how the log stands with its keeper.
pub async fn standing(kit: &Kit, municipality: Municipality) -> sqlx::Result<Standing> {
    let mut tx = crate::db::begin(&kit.pool, municipality).await?;
    let places =
        sqlx::query_scalar("select coalesce(max(place), 0) from audit_places where municipality_code = $1")
            .bind(municipality.0)
            .fetch_one(&mut *tx)
            .await?;
    let signed: Option<(i64, Instant, Vec<u8>)> = sqlx::query_as(
        "select size, signed_at, public_key from audit_checkpoints where municipality_code = $1
         order by size desc limit 1",
    )
    .bind(municipality.0)
    .fetch_optional(&mut *tx)
    .await?;
    let unsigned_since: Option<Instant> = sqlx::query_scalar(
        "select e.at from audit_places p join audit_entries e
             on e.municipality_code = p.municipality_code and e.entry_id = p.entry_id
         where p.municipality_code = $1 and p.place = $2",
    )
    .bind(municipality.0)
    .bind(signed.as_ref().map_or(0, |(size, ..)| *size) + 1)
    .fetch_optional(&mut *tx)
    .await?;
    let alarms: Vec<(Instant, String, i64, i64)> = sqlx::query_as(
        "select raised_at, kind, first_place, last_place from audit_alarms where municipality_code = $1
         order by raised_at desc limit 100",
    )
    .bind(municipality.0)
    .fetch_all(&mut *tx)
    .await?;
    Ok(Standing {
        places,
        signed: signed.map(|(size, at, key)| (size, at.0, PublicKey(key.try_into().unwrap_or_default()))),
        unsigned_since: unsigned_since.map(|at| at.0),
        alarms: alarms.into_iter().map(|(at, kind, first, last)| (at.0, kind, first, last)).collect(),
    })
}
