//! Reading the log back: every entry against its own hash and its place, every full tile against its stored root.

use super::line::Columns;
use super::places::TILE_LEAVES;
use super::tree::{self, Hash};
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

/// Walks a municipality's log. Returns the place of the first fault that its own tables show; what only somebody
/// outside can know (a log rewritten as a whole, or cut at its end) is the keeper's to find.
pub async fn first_fault(kit: &Kit, municipality: Municipality) -> sqlx::Result<Option<i64>> {
    first_fault_in(&kit.pool, municipality).await
}

/// Likewise in a database that serves nobody (a restored one).
pub async fn first_fault_in(pool: &PgPool, municipality: Municipality) -> sqlx::Result<Option<i64>> {
    let mut tx = crate::db::begin(pool, municipality).await?;
    let tiles: Vec<(i64, Vec<u8>)> =
        sqlx::query_as("select tile, root from audit_tiles where municipality_code = $1 order by tile")
            .bind(municipality.0)
            .fetch_all(&mut *tx)
            .await?;
    let mut tiles = tiles.into_iter();
    let mut line = String::new();
    let (mut expected, mut leaves) = (1, Vec::with_capacity(TILE_LEAVES as usize));
    let mut rows = sqlx::query(SELECT).bind(municipality.0).bind(0).bind(i64::MAX).fetch(&mut *tx);
    while let Some(row) = rows.try_next().await? {
        let found = found(municipality, &row, &mut line)?;
        let Some(leaf) = found.leaf.filter(|_| found.is_whole && found.place == expected) else {
            return Ok(Some(expected));
        };
        leaves.push(leaf);
        if expected % TILE_LEAVES == 0 {
            // The newest tile may not have been stored yet after an update from the chain of hashes.
            if let Some((_, root)) = tiles.next()
                && root != tree::root(&leaves)
            {
                return Ok(Some(expected - TILE_LEAVES + 1));
            }
            leaves.clear();
        }
        expected += 1;
    }
    // A stored root over places that are no longer there.
    Ok(tiles.next().map(|_| expected))
}
