//! The root over a municipality's log, for whoever keeps a copy of the log elsewhere.

use super::{
    check,
    places::TILE_LEAVES,
    tree::{Frontier, Hash},
};
use crate::Municipality;
use sqlx::PgConnection;

/// How many places a municipality's log has.
pub async fn size(conn: &mut PgConnection, municipality: Municipality) -> sqlx::Result<i64> {
    sqlx::query_scalar("select coalesce(max(place), 0) from audit_places where municipality_code = $1")
        .bind(municipality.0)
        .fetch_one(conn)
        .await
}

/// The root over the first `size` places, from the stored roots of full tiles and the entries behind them. What the
/// stored roots are worth, [`first_fault`](super::first_fault) knows.
pub async fn root(conn: &mut PgConnection, municipality: Municipality, size: i64) -> sqlx::Result<Hash> {
    Ok(frontier(conn, municipality, size).await?.root())
}

/// The tree over the first `size` places.
pub(super) async fn frontier(
    conn: &mut PgConnection,
    municipality: Municipality,
    size: i64,
) -> sqlx::Result<Frontier> {
    let tiles: Vec<Vec<u8>> = sqlx::query_scalar(
        "select root from audit_tiles where municipality_code = $1 and tile < $2 order by tile",
    )
    .bind(municipality.0)
    .bind(size / TILE_LEAVES)
    .fetch_all(&mut *conn)
    .await?;
    let mut frontier = Frontier::default();
    for root in &tiles {
        let root = root.as_slice().try_into().map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
        frontier.push_subtree(TILE_LEAVES.trailing_zeros(), root);
    }
    let known = tiles.len() as i64 * TILE_LEAVES;
    for leaf in check::leaves(conn, municipality, known, size).await? {
        frontier.push(leaf);
    }
    Ok(frontier)
}
