//! Places in a municipality's log: given once a second, after the commit, so that writers never wait for each other.

use super::check;
use super::tree;
use crate::{Instant, Kit, Municipality, waiting::Rounds};
use sqlx::PgConnection;
use uuid::Uuid;

/// How many entries one breath of [`place`] places at the most: bounds the time the lock is held.
const BATCH: i64 = 5_000;

/// How long a transaction may stay open after it took its time: entries older than this all have their place.
const COMMIT_LAG_MAX: jiff::SignedDuration = jiff::SignedDuration::from_hours(24);

/// Entries under one stored root (`audit_tiles`). A proof reads one tile of entries and one root for each other tile.
pub const TILE_LEAVES: i64 = 1_024;

/// Tiles that one breath closes at the most; more wait only after an update from the chain of hashes.
const TILES_BATCH: i64 = 64;

/// Gives committed entries that have none yet their place in the log. Returns how many.
pub async fn place(kit: &Kit, municipality: Municipality) -> sqlx::Result<usize> {
    let mut tx = crate::db::begin(&kit.pool, municipality).await?;
    // One writer of a municipality's places at a time.
    sqlx::query("select pg_advisory_xact_lock(7001, $1)").bind(municipality.0).execute(&mut *tx).await?;
    let last: Option<(i64, Instant)> = sqlx::query_as(
        "select p.place, e.at from audit_places p join audit_entries e
             on e.municipality_code = p.municipality_code and e.entry_id = p.entry_id
         where p.municipality_code = $1 order by p.place desc limit 1",
    )
    .bind(municipality.0)
    .fetch_optional(&mut *tx)
    .await?;
    let since = last.as_ref().map(|(_, at)| Instant(at.0 - COMMIT_LAG_MAX));
    let size = last.map_or(0, |(place, _)| place);
    let waiting: Vec<Uuid> = sqlx::query_scalar(
        "select e.entry_id from audit_entries e
         where e.municipality_code = $1 and not exists (
             select 1 from audit_places p where p.municipality_code = e.municipality_code and p.entry_id = e.entry_id)
             and ($3::timestamptz is null or e.at >= $3)
         order by e.at, e.entry_id limit $2",
    )
    .bind(municipality.0)
    .bind(BATCH)
    .bind(since)
    .fetch_all(&mut *tx)
    .await?;
    sqlx::query(
        "insert into audit_places (municipality_code, place, entry_id)
         select $1, $2 + t.nth, t.entry_id from unnest($3::uuid[]) with ordinality as t (entry_id, nth)",
    )
    .bind(municipality.0)
    .bind(size)
    .bind(&waiting)
    .execute(&mut *tx)
    .await?;
    let size = size + waiting.len() as i64;
    close_tiles(&mut tx, municipality, size).await?;
    sqlx::query(
        "insert into audit_heads (municipality_code, size) values ($1, $2)
         on conflict (municipality_code) do update set size = excluded.size where audit_heads.size <> excluded.size",
    )
    .bind(municipality.0)
    .bind(size)
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(waiting.len())
}

/// Stores the roots of tiles that have become full.
async fn close_tiles(conn: &mut PgConnection, municipality: Municipality, size: i64) -> sqlx::Result<()> {
    let closed: i64 =
        sqlx::query_scalar("select coalesce(max(tile) + 1, 0) from audit_tiles where municipality_code = $1")
            .bind(municipality.0)
            .fetch_one(&mut *conn)
            .await?;
    for tile in closed..(size / TILE_LEAVES).min(closed + TILES_BATCH) {
        let leaves = check::leaves(conn, municipality, tile * TILE_LEAVES, (tile + 1) * TILE_LEAVES).await?;
        sqlx::query("insert into audit_tiles (municipality_code, tile, root) values ($1, $2, $3)")
            .bind(municipality.0)
            .bind(tile)
            .bind(&tree::root(&leaves)[..])
            .execute(&mut *conn)
            .await?;
    }
    Ok(())
}

/// [`place`] for every municipality, until nothing waits.
pub async fn place_all(kit: &Kit) -> sqlx::Result<()> {
    place_waiting(kit, &mut Rounds::default()).await
}

/// [`place`] where something may wait, until nothing does.
pub async fn place_waiting(kit: &Kit, rounds: &mut Rounds) -> sqlx::Result<()> {
    let mut round = rounds.next(kit).await?;
    while let Some(municipality) = round.pop_first() {
        let placed = place(kit, municipality).await;
        if placed.as_ref().is_ok_and(|placed| (*placed as i64) < BATCH) {
            continue;
        }
        round.insert(municipality);
        if let Err(error) = placed {
            // Nobody is forgotten: the next round takes up what this one leaves.
            round.into_iter().for_each(|municipality| kit.waiting.note(municipality));
            return Err(error);
        }
    }
    Ok(())
}
