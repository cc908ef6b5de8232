//! 操作ログ: written in the transaction of the deed, chained afterwards.
//!
//! Entries hold ids only. Each carries a hash of itself; [`chain`] gives every committed entry its place after the
//! one before, so that a changed, dropped or swapped entry breaks everything that follows it.

use crate::{Action, Instant, Kit, Municipality};
use jiff::Timestamp;
use serde_json::Value;
use sha2::{Digest, Sha256};
use sqlx::{PgConnection, Row};
use uuid::Uuid;

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Done,
    Viewed,
    Refused,
}

impl Outcome {
    pub const fn code(self) -> &'static str {
        match self {
            Outcome::Done => "done",
            Outcome::Viewed => "viewed",
            Outcome::Refused => "refused",
        }
    }
}

/// 操作ログの1件.
#[derive(Clone, Debug)]
pub struct Entry {
    pub municipality: Municipality,
    pub entry_id: Uuid,
    pub at: Timestamp,
    pub staff_id: Option<Uuid>,
    pub request_id: Uuid,
    pub action: Action,
    pub outcome: Outcome,
    pub target_kind: &'static str,
    pub target_id: Option<Uuid>,
    /// Ids, codes and counts; never a name, an address or a number of a person.
    pub detail: Value,
}

/// SHA-256 over every field, each with its length, so that no two entries can read alike.
#[expect(clippy::too_many_arguments, reason = "one argument a column: the canonical form of a row")]
fn hash(
    municipality: i32,
    entry_id: Uuid,
    at: Timestamp,
    staff_id: Option<Uuid>,
    request_id: Uuid,
    action: &str,
    outcome: &str,
    target_kind: &str,
    target_id: Option<Uuid>,
    detail: &str,
) -> [u8; 32] {
    let mut sha = Sha256::new();
    let mut field = |bytes: &[u8]| {
        sha.update((bytes.len() as u64).to_be_bytes());
        sha.update(bytes);
    };
    field(&municipality.to_be_bytes());
    field(entry_id.as_bytes());
    field(&at.as_microsecond().to_be_bytes());
    field(staff_id.as_ref().map_or(&[][..], |id| id.as_bytes()));
    field(request_id.as_bytes());
    field(action.as_bytes());
    field(outcome.as_bytes());
    field(target_kind.as_bytes());
    field(target_id.as_ref().map_or(&[][..], |id| id.as_bytes()));
    field(detail.as_bytes());
    sha.finalize().into()
}

/// Adds an entry within the caller's transaction.
pub async fn write(conn: &mut PgConnection, entry: &Entry) -> sqlx::Result<()> {
    // The hash is over microseconds: that is what PostgreSQL keeps.
    let at = Timestamp::from_microsecond(entry.at.as_microsecond()).expect("was a timestamp");
    let digest = hash(
        entry.municipality.0,
        entry.entry_id,
        at,
        entry.staff_id,
        entry.request_id,
        entry.action.code(),
        entry.outcome.code(),
        entry.target_kind,
        entry.target_id,
        &entry.detail.to_string(),
    );
    sqlx::query(
        "insert into audit_entries (municipality_code, entry_id, at, staff_id, request_id, action, outcome,
             target_kind, target_id, detail, entry_hash)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    )
    .bind(entry.municipality.0)
    .bind(entry.entry_id)
    .bind(Instant(at))
    .bind(entry.staff_id)
    .bind(entry.request_id)
    .bind(entry.action.code())
    .bind(entry.outcome.code())
    .bind(entry.target_kind)
    .bind(entry.target_id)
    .bind(&entry.detail)
    .bind(&digest[..])
    .execute(conn)
    .await?;
    Ok(())
}

/// How many entries one breath of [`chain`] places at the most: bounds the time the lock is held.
const CHAIN_BATCH: i64 = 5_000;

/// How long a transaction may stay open after it took its time: entries older than this are all in the chain.
const COMMIT_LAG_MAX: jiff::SignedDuration = jiff::SignedDuration::from_hours(24);

/// Gives committed entries that have none yet their place in the chain. Returns how many.
pub async fn chain(kit: &Kit, municipality: Municipality) -> sqlx::Result<usize> {
    let mut tx = crate::db::begin(&kit.pool, municipality).await?;
    // One writer of a municipality's chain at a time.
    sqlx::query("select pg_advisory_xact_lock(7001, $1)").bind(municipality.0).execute(&mut *tx).await?;
    let last: Option<(i64, Vec<u8>, Instant)> = sqlx::query_as(
        "select c.place, c.chain_hash, e.at from audit_chain c join audit_entries e
             on e.municipality_code = c.municipality_code and e.entry_id = c.entry_id
         where c.municipality_code = $1 order by c.place desc limit 1",
    )
    .bind(municipality.0)
    .fetch_optional(&mut *tx)
    .await?;
    let since = last.as_ref().map(|(_, _, at)| Instant(at.0 - COMMIT_LAG_MAX));
    let (mut place, mut link) = last.map_or((0, vec![0; 32]), |(place, link, _)| (place, link));
    let waiting: Vec<(Uuid, Vec<u8>)> = sqlx::query_as(
        "select e.entry_id, e.entry_hash from audit_entries e
         where e.municipality_code = $1 and not exists (
             select 1 from audit_chain c where c.municipality_code = e.municipality_code and c.entry_id = e.entry_id)
             and ($3::timestamptz is null or e.at >= $3)
         order by e.at, e.entry_id limit $2",
    )
    .bind(municipality.0)
    .bind(CHAIN_BATCH)
    .bind(since)
    .fetch_all(&mut *tx)
    .await?;
    let (mut places, mut ids, mut links) = (Vec::new(), Vec::new(), Vec::new());
    for (entry_id, entry_hash) in &waiting {
        place += 1;
        link = Sha256::new()
            .chain_update(&link)
            .chain_update(place.to_be_bytes())
            .chain_update(entry_hash)
            .finalize()
            .to_vec();
        places.push(place);
        ids.push(*entry_id);
        links.push(link.clone());
    }
    sqlx::query(
        "insert into audit_chain (municipality_code, place, entry_id, chain_hash)
         select $1, place, entry_id, chain_hash from unnest($2::bigint[], $3::uuid[], $4::bytea[]) as t (place, entry_id, chain_hash)",
    )
    .bind(municipality.0)
    .bind(&places)
    .bind(&ids)
    .bind(&links)
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(waiting.len())
}

/// Walks a municipality's chain and compares every entry with its hash. Returns the place of the first fault.
pub async fn first_fault(kit: &Kit, municipality: Municipality) -> sqlx::Result<Option<i64>> {
    let mut tx = crate::db::begin(&kit.pool, municipality).await?;
    let rows = sqlx::query(
        "select c.place, c.chain_hash, e.entry_id, e.at, e.staff_id, e.request_id, e.action, e.outcome, e.target_kind,
             e.target_id, e.detail, e.entry_hash
         from audit_chain c left join audit_entries e
             on e.municipality_code = c.municipality_code and e.entry_id = c.entry_id
         where c.municipality_code = $1 order by c.place",
    )
    .bind(municipality.0)
    .fetch_all(&mut *tx)
    .await?;
    let mut link = vec![0u8; 32];
    for (index, row) in rows.iter().enumerate() {
        let place: i64 = row.get(0);
        let Some(entry_id) = row.get::<Option<Uuid>, _>(2) else { return Ok(Some(place)) };
        let detail: Value = row.get(10);
        let digest = hash(
            municipality.0,
            entry_id,
            row.get::<Instant, _>(3).0,
            row.get(4),
            row.get(5),
            row.get(6),
            row.get(7),
            row.get(8),
            row.get(9),
            &detail.to_string(),
        );
        link = Sha256::new()
            .chain_update(&link)
            .chain_update(place.to_be_bytes())
            .chain_update(digest)
            .finalize()
            .to_vec();
        if place != index as i64 + 1
            || digest[..] != row.get::<Vec<u8>, _>(11)[..]
            || link != row.get::<Vec<u8>, _>(1)
        {
            return Ok(Some(place));
        }
    }
    Ok(None)
}

/// [`chain`] for every municipality, until nothing waits.
pub async fn chain_all(kit: &Kit) -> sqlx::Result<()> {
    for (municipality, _) in crate::db::municipalities(&kit.pool).await? {
        while chain(kit, municipality).await? == CHAIN_BATCH as usize {}
    }
    Ok(())
}
