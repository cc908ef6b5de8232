//! Writing a log into a file that others can verify.

pub mod file;
pub mod verify;

use super::check::{SELECT, found};
use super::note::origin;
use super::root;
use crate::{Kit, Municipality, clock};
use anyhow::{Context, ensure};
use domain::Date;
use file::Writer;
use futures_util::TryStreamExt;
use sqlx::{PgConnection, Postgres, Transaction};
use std::io::Write;

/// Which days of the log are asked for; all where nothing is said.
#[derive(Clone, Copy, Debug, Default)]
pub struct Days {
    pub from: Option<Date>,
    pub until: Option<Date>,
}

/// What was written of one log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exported {
    pub first: u64,
    pub last: u64,
    /// Places behind the last checkpoint, which are not in the file.
    pub unsigned: u64,
}

/// Entries looked at around the edge of a day: places follow the commits, so neighbours may stand in another order.
const EDGE_ENTRIES: i64 = 10_000;

/// Writes a municipality's log: from the first entry of the first day up to the first checkpoint that covers the last
/// day. `None` where nothing of it is signed.
pub async fn export<W: Write>(
    kit: &Kit,
    system: &str,
    municipality: Municipality,
    days: Days,
    out: &mut Writer<W>,
) -> anyhow::Result<Option<Exported>> {
    let mut tx: Transaction<'static, Postgres> = crate::db::begin(&kit.pool, municipality).await?;
    // Everything is read as it stood at one moment.
    sqlx::query("set transaction isolation level repeatable read").execute(&mut *tx).await?;
    let before = match days.from {
        Some(from) => places_before(&mut tx, municipality, from).await?,
        None => 0,
    };
    let wanted = match days.until {
        Some(until) => last_place(&mut tx, municipality, until).await?,
        None => i64::MAX,
    };
    let Some(size) = checkpoint_over(&mut tx, municipality, wanted).await?.filter(|size| *size > before)
    else {
        return Ok(None);
    };
    let notes: Vec<(i64, String)> = sqlx::query_as(
        "select size, note from audit_checkpoints where municipality_code = $1 and size > $2 and size <= $3 order by size",
    )
    .bind(municipality.0)
    .bind(before)
    .bind(size)
    .fetch_all(&mut *tx)
    .await?;
    let left = root::frontier(&mut tx, municipality, before).await?;
    out.log(&origin(system, municipality), before as u64, size as u64, left.roots())?;
    let mut notes = notes.into_iter().peekable();
    let mut line = String::new();
    let mut place = before;
    {
        let mut rows = sqlx::query(SELECT).bind(municipality.0).bind(before).bind(size).fetch(&mut *tx);
        while let Some(row) = rows.try_next().await? {
            place += 1;
            let found = found(municipality, &row, &mut line)?;
            let leaf = found.leaf.filter(|_| found.place == place);
            let leaf = leaf.with_context(|| missing(municipality, place))?;
            out.row(&leaf, &line)?;
            while let Some((_, note)) = notes.next_if(|(size, _)| *size <= place) {
                out.checkpoint(&note)?;
            }
        }
    }
    ensure!(place == size, missing(municipality, place + 1));
    out.end_log()?;
    let places = root::size(&mut tx, municipality).await?;
    Ok(Some(Exported { first: before as u64 + 1, last: size as u64, unsigned: (places - size) as u64 }))
}

fn missing(municipality: Municipality, place: i64) -> String {
    format!(
        "自治体 {municipality} の操作ログの{place}番目の記録がありません。情報セキュリティ担当に連絡してください。"
    )
}

/// How many places lie before the entries of a day.
async fn places_before(
    conn: &mut PgConnection,
    municipality: Municipality,
    day: Date,
) -> anyhow::Result<i64> {
    let first: Option<i64> = sqlx::query_scalar(
        "select min(p.place) from (
             select entry_id from audit_entries where municipality_code = $1 and at >= $2 order by at limit $3) e
         join audit_places p on p.municipality_code = $1 and p.entry_id = e.entry_id",
    )
    .bind(municipality.0)
    .bind(crate::Instant(clock::start_of_day(day)?))
    .bind(EDGE_ENTRIES)
    .fetch_one(&mut *conn)
    .await?;
    Ok(match first {
        Some(first) => first - 1,
        None => root::size(conn, municipality).await?,
    })
}

/// The last place of the entries up to the end of a day.
async fn last_place(conn: &mut PgConnection, municipality: Municipality, day: Date) -> anyhow::Result<i64> {
    let last: Option<i64> = sqlx::query_scalar(
        "select max(p.place) from (
             select entry_id from audit_entries where municipality_code = $1 and at < $2 order by at desc limit $3) e
         join audit_places p on p.municipality_code = $1 and p.entry_id = e.entry_id",
    )
    .bind(municipality.0)
    .bind(crate::Instant(clock::start_of_day(day.tomorrow()?)?))
    .bind(EDGE_ENTRIES)
    .fetch_one(conn)
    .await?;
    Ok(last.unwrap_or(0))
}

/// The size of the first checkpoint that covers a place; of the last, where none does yet.
async fn checkpoint_over(
    conn: &mut PgConnection,
    municipality: Municipality,
    place: i64,
) -> sqlx::Result<Option<i64>> {
    sqlx::query_scalar(
        "select coalesce(min(size) filter (where size >= $2), max(size)) from audit_checkpoints
         where municipality_code = $1",
    )
    .bind(municipality.0)
    .bind(place)
    .fetch_one(conn)
    .await
}
