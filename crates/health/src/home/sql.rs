//! The figures of the first page. The table `coverage` is written here.

use domain::{
    Date,
    coverage::{Coverage, Tally},
    schedule::Series,
};
use kit::{Day, Instant, Kit, Municipality};
use sqlx::{PgConnection, Row};
use uuid::Uuid;

/// How much there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    pub residents: i64,
    pub records: i64,
    pub clinics: i64,
}

/// Counts what a municipality holds.
pub async fn counts(kit: &Kit, municipality: Municipality) -> sqlx::Result<Counts> {
    let mut tx = kit::db::begin(&kit.pool, municipality).await?;
    let (residents, records, clinics): (i64, i64, i64) = sqlx::query_as(
        "select (select count(*) from residents where municipality_code = $1),
                (select count(*) from vaccination_records where municipality_code = $1 and state = 'current'),
                (select count(*) from clinics where municipality_code = $1)",
    )
    .bind(municipality.0)
    .fetch_one(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(Counts { residents, records, clinics })
}

/// What waits for someone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Frozen campaigns of others, to be released.
    pub to_release: i64,
    /// Released campaigns that nobody has printed.
    pub to_print: i64,
    /// Rows of imports that a person has to decide.
    pub to_review: i64,
    /// Sheets that were held back at printing.
    pub withheld: i64,
    /// Jobs that failed within the last week.
    pub failed: i64,
}

pub async fn waiting(
    conn: &mut PgConnection,
    municipality: Municipality,
    staff_id: Uuid,
    week_ago: jiff::Timestamp,
) -> sqlx::Result<Waiting> {
    let row = sqlx::query(
        "select (select count(*) from campaigns where municipality_code = $1 and state = 'frozen' and created_by <> $2),
                (select count(*) from campaigns where municipality_code = $1 and state = 'released'),
                (select count(*) from review_items where municipality_code = $1 and state = 'open'),
                (select count(*) from sheets where municipality_code = $1 and state = 'withheld'),
                (select count(*) from jobs where municipality_code = $1 and state = 'failed' and finished_at > $3)",
    )
    .bind(municipality.0)
    .bind(staff_id)
    .bind(Instant(week_ago))
    .fetch_one(conn)
    .await?;
    Ok(Waiting {
        to_release: row.get(0),
        to_print: row.get(1),
        to_review: row.get(2),
        withheld: row.get(3),
        failed: row.get(4),
    })
}

/// The counted coverage and the day it is of.
pub struct Counted {
    pub on: Date,
    pub rows: Vec<(Series, Coverage)>,
}

pub async fn coverage(conn: &mut PgConnection, municipality: Municipality) -> sqlx::Result<Option<Counted>> {
    let rows = sqlx::query(
        "select series, counted_on, targets, complete from coverage where municipality_code = $1",
    )
    .bind(municipality.0)
    .fetch_all(conn)
    .await?;
    let Some(first) = rows.first() else { return Ok(None) };
    let counted = |series: Series| {
        let row = rows.iter().find(|row| row.get::<&str, _>(0) == series.code())?;
        let (targets, complete): (i32, i32) = (row.get(2), row.get(3));
        Some((series, Coverage { targets: targets as u32, complete: complete as u32 }))
    };
    let rows_in_order = Series::ALL.iter().filter_map(|series| counted(*series)).collect();
    Ok(Some(Counted { on: first.get::<Day, _>(1).0, rows: rows_in_order }))
}

/// Replaces the cache.
pub async fn put_coverage(
    conn: &mut PgConnection,
    municipality: Municipality,
    tally: &Tally,
    on: Date,
    at: jiff::Timestamp,
) -> sqlx::Result<()> {
    for (series, coverage) in tally.iter() {
        sqlx::query(
            "insert into coverage (municipality_code, series, counted_on, targets, complete, counted_at)
             values ($1, $2, $3, $4, $5, $6)
             on conflict (municipality_code, series) do update set counted_on = excluded.counted_on,
                 targets = excluded.targets, complete = excluded.complete, counted_at = excluded.counted_at",
        )
        .bind(municipality.0)
        .bind(series.code())
        .bind(Day(on))
        .bind(coverage.targets as i32)
        .bind(coverage.complete as i32)
        .bind(Instant(at))
        .execute(&mut *conn)
        .await?;
    }
    Ok(())
}
