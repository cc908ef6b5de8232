//! 取込みの台帳: which file came when, what became of it, and every fault.

use super::{Counts, Fault, FeedState, FeedSummary, Kind, Weight};
use domain::Date;
use jiff::Timestamp;
use kit::{Acting, Day, Instant, Municipality};
use sqlx::{PgConnection, Row, postgres::PgRow};
use uuid::Uuid;

/// One import of a municipality at a time: two could each compare with what the other is about to change.
pub async fn lock(conn: &mut PgConnection, municipality: Municipality) -> sqlx::Result<()> {
    sqlx::query("select pg_advisory_xact_lock(7002, $1)").bind(municipality.0).execute(conn).await?;
    Ok(())
}

/// When the same file was taken in, if it was.
pub async fn taken_before(
    conn: &mut PgConnection,
    municipality: Municipality,
    kind: Kind,
    digest: &[u8],
) -> sqlx::Result<Option<Timestamp>> {
    let at: Option<Instant> = sqlx::query_scalar(
        "select applied_at from feeds
         where municipality_code = $1 and kind = $2 and file_digest = $3 and state = 'applied'",
    )
    .bind(municipality.0)
    .bind(kind.code())
    .bind(digest)
    .fetch_optional(conn)
    .await?
    .flatten();
    Ok(at.map(|at| at.0))
}

/// Whether a file of this content waits for its job.
pub async fn is_awaited(
    conn: &mut PgConnection,
    municipality: Municipality,
    digest: &[u8],
) -> sqlx::Result<bool> {
    sqlx::query_scalar(
        "select exists (select from feeds where municipality_code = $1 and file_digest = $2 and state = 'checking')",
    )
    .bind(municipality.0)
    .bind(digest)
    .fetch_one(conn)
    .await
}

/// The newest as-of date among the files of a kind that were applied.
pub async fn newest_as_of(
    conn: &mut PgConnection,
    municipality: Municipality,
    kind: Kind,
) -> sqlx::Result<Option<Date>> {
    let day: Option<Day> = sqlx::query_scalar(
        "select max(content_as_of) from feeds where municipality_code = $1 and kind = $2 and state = 'applied'",
    )
    .bind(municipality.0)
    .bind(kind.code())
    .fetch_one(conn)
    .await?;
    Ok(day.map(|day| day.0))
}

/// Writes a feed's row: new, or with the outcome of one that was announced.
pub async fn put_feed(
    conn: &mut PgConnection,
    acting: &Acting,
    feed: &FeedSummary,
    at: Timestamp,
) -> sqlx::Result<()> {
    let counts = &feed.counts;
    let applied_at = (feed.state == FeedState::Applied).then_some(Instant(at));
    sqlx::query(
        "insert into feeds (municipality_code, feed_id, kind, file_name, file_digest, extent, content_as_of, rows_announced,
             rows_read, rows_added, rows_changed, rows_unchanged, rows_to_review, rows_refused, rows_absent, errors, warnings,
             state, taken_by, taken_at, applied_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)
         on conflict (municipality_code, feed_id) do update set
             file_digest = excluded.file_digest, extent = excluded.extent, content_as_of = excluded.content_as_of,
             rows_announced = excluded.rows_announced, rows_read = excluded.rows_read, rows_added = excluded.rows_added,
             rows_changed = excluded.rows_changed, rows_unchanged = excluded.rows_unchanged,
             rows_to_review = excluded.rows_to_review, rows_refused = excluded.rows_refused,
             rows_absent = excluded.rows_absent, errors = excluded.errors, warnings = excluded.warnings,
             state = excluded.state, applied_at = excluded.applied_at",
    )
    .bind(acting.municipality.0)
    .bind(feed.feed_id)
    .bind(feed.kind.code())
    .bind(&feed.file_name)
    .bind(&feed.digest[..])
    .bind(feed.extent.map_or("", |extent| extent.ja()))
    .bind(feed.as_of.map(Day))
    .bind(counts.announced.cast_signed())
    .bind(counts.read.cast_signed())
    .bind(counts.added.cast_signed())
    .bind(counts.changed.cast_signed())
    .bind(counts.unchanged.cast_signed())
    .bind(counts.to_review.cast_signed())
    .bind(counts.refused.cast_signed())
    .bind(counts.absent.cast_signed())
    .bind(feed.errors.cast_signed())
    .bind(feed.warnings.cast_signed())
    .bind(feed.state.code())
    .bind(acting.staff_id)
    .bind(Instant(at))
    .bind(applied_at)
    .execute(conn)
    .await?;
    Ok(())
}

/// Writes the faults that are kept.
pub async fn put_faults(
    conn: &mut PgConnection,
    municipality: Municipality,
    feed_id: Uuid,
    faults: &[Fault],
) -> sqlx::Result<()> {
    let lines: Vec<i64> = faults.iter().map(|fault| fault.line.cast_signed()).collect();
    let weights: Vec<&str> = faults.iter().map(|fault| fault.weight.code()).collect();
    let fields: Vec<&str> = faults.iter().map(|fault| fault.field.as_str()).collect();
    let sentences: Vec<&str> = faults.iter().map(|fault| fault.sentence.as_str()).collect();
    sqlx::query(
        "insert into feed_errors (municipality_code, feed_id, position, weight, line, field, sentence)
         select $1, $2, position, weight, line, field, sentence
         from unnest($3::text[], $4::bigint[], $5::text[], $6::text[]) with ordinality
             as t (weight, line, field, sentence, position)",
    )
    .bind(municipality.0)
    .bind(feed_id)
    .bind(&weights)
    .bind(&lines)
    .bind(&fields)
    .bind(&sentences)
    .execute(conn)
    .await?;
    Ok(())
}

/// A feed as pages show it.
#[derive(Clone, Debug)]
pub struct FeedRow {
    pub feed_id: Uuid,
    pub kind: Kind,
    pub file_name: String,
    pub digest: [u8; 32],
    pub extent: String,
    pub as_of: Option<Date>,
    pub counts: Counts,
    pub errors: u64,
    pub warnings: u64,
    pub state: FeedState,
    pub taken_by: Option<String>,
    pub taken_at: Timestamp,
    pub applied_at: Option<Timestamp>,
}

const FEED_COLUMNS: &str = "f.feed_id, f.kind, f.file_name, f.file_digest, f.extent, f.content_as_of, f.rows_announced, f.rows_read, f.rows_added, \
     f.rows_changed, f.rows_unchanged, f.rows_to_review, f.rows_refused, f.rows_absent, f.errors, f.warnings, f.state, \
     f.taken_at, f.applied_at, s.name as staff_name";

fn read_feed(row: &PgRow) -> FeedRow {
    let count = |column: &str| row.get::<i64, _>(column).cast_unsigned();
    FeedRow {
        feed_id: row.get("feed_id"),
        kind: Kind::from_code(row.get("kind")).expect("the table allows these kinds"),
        file_name: row.get("file_name"),
        digest: row.get::<Vec<u8>, _>("file_digest").try_into().unwrap_or_default(),
        extent: row.get("extent"),
        as_of: row.get::<Option<Day>, _>("content_as_of").map(|day| day.0),
        counts: Counts {
            announced: count("rows_announced"),
            read: count("rows_read"),
            added: count("rows_added"),
            changed: count("rows_changed"),
            unchanged: count("rows_unchanged"),
            to_review: count("rows_to_review"),
            refused: count("rows_refused"),
            absent: count("rows_absent"),
        },
        errors: count("errors"),
        warnings: count("warnings"),
        state: FeedState::from_code(row.get("state")).expect("the table allows these states"),
        taken_by: row.get("staff_name"),
        taken_at: row.get::<Instant, _>("taken_at").0,
        applied_at: row.get::<Option<Instant>, _>("applied_at").map(|at| at.0),
    }
}

/// The newest feeds.
pub async fn feeds(
    conn: &mut PgConnection,
    municipality: Municipality,
    limit: i64,
    offset: i64,
) -> sqlx::Result<Vec<FeedRow>> {
    let sql = format!(
        "select {FEED_COLUMNS} from feeds f
         left join staff s on s.municipality_code = f.municipality_code and s.staff_id = f.taken_by
         where f.municipality_code = $1 order by f.taken_at desc, f.feed_id desc limit $2 offset $3"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(municipality.0)
        .bind(limit)
        .bind(offset)
        .fetch_all(conn)
        .await?;
    Ok(rows.iter().map(read_feed).collect())
}

pub async fn feed_count(conn: &mut PgConnection, municipality: Municipality) -> sqlx::Result<i64> {
    sqlx::query_scalar("select count(*) from feeds where municipality_code = $1")
        .bind(municipality.0)
        .fetch_one(conn)
        .await
}

pub async fn feed(
    conn: &mut PgConnection,
    municipality: Municipality,
    feed_id: Uuid,
) -> sqlx::Result<Option<FeedRow>> {
    let sql = format!(
        "select {FEED_COLUMNS} from feeds f
         left join staff s on s.municipality_code = f.municipality_code and s.staff_id = f.taken_by
         where f.municipality_code = $1 and f.feed_id = $2"
    );
    let row =
        sqlx::query(sqlx::AssertSqlSafe(sql)).bind(municipality.0).bind(feed_id).fetch_optional(conn).await?;
    Ok(row.as_ref().map(read_feed))
}

/// The kept faults of a feed, in the order of the file.
pub async fn faults(
    conn: &mut PgConnection,
    municipality: Municipality,
    feed_id: Uuid,
    limit: i64,
    offset: i64,
) -> sqlx::Result<Vec<Fault>> {
    let rows = sqlx::query(
        "select weight, line, field, sentence from feed_errors
         where municipality_code = $1 and feed_id = $2 order by position limit $3 offset $4",
    )
    .bind(municipality.0)
    .bind(feed_id)
    .bind(limit)
    .bind(offset)
    .fetch_all(conn)
    .await?;
    Ok(rows
        .iter()
        .map(|row| Fault {
            weight: Weight::from_code(row.get("weight")),
            line: row.get::<i64, _>("line").cast_unsigned(),
            field: row.get("field"),
            sentence: row.get("sentence"),
        })
        .collect())
}

pub async fn fault_count(
    conn: &mut PgConnection,
    municipality: Municipality,
    feed_id: Uuid,
) -> sqlx::Result<i64> {
    sqlx::query_scalar("select count(*) from feed_errors where municipality_code = $1 and feed_id = $2")
        .bind(municipality.0)
        .bind(feed_id)
        .fetch_one(conn)
        .await
}

/// Lets the planner know how large the tables have become, within the transaction that made them so.
pub async fn refresh_statistics(conn: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query("select refresh_statistics()").execute(conn).await?;
    Ok(())
}

/// How many rows of imports a person has to decide.
pub async fn waiting_count(conn: &mut PgConnection, municipality: Municipality) -> sqlx::Result<i64> {
    sqlx::query_scalar("select count(*) from review_items where municipality_code = $1 and state = 'open'")
        .bind(municipality.0)
        .fetch_one(conn)
        .await
}

/// How many rows a source has sent for one month.
#[derive(Clone, Debug)]
pub struct Arrival {
    pub source: String,
    /// The clinic's name, where it is one of ours.
    pub name: String,
    /// `None` for a clinic under contract that has sent nothing in the time asked.
    pub month: Option<Date>,
    pub rows: i64,
}

/// What has arrived since a month, and the clinics under contract from which nothing has.
pub async fn arrivals(
    conn: &mut PgConnection,
    municipality: Municipality,
    (since, today): (Date, Date),
) -> sqlx::Result<Vec<Arrival>> {
    let rows = sqlx::query(
        "with sent as (
             select source, month, sum(rows_taken)::bigint as rows from record_arrivals
             where municipality_code = $1 and month >= $2 group by source, month
         ), own as (
             select clinic_code, name from clinics
             where municipality_code = $1 and contract_from <= $3
                 and (contract_until is null or contract_until >= $2)
         )
         select coalesce(s.source, o.clinic_code) as source, coalesce(o.name, '') as name, s.month, coalesce(s.rows, 0) as rows
         from sent s full join own o on o.clinic_code = s.source
         order by o.name is null, 1, s.month",
    )
    .bind(municipality.0)
    .bind(Day(since))
    .bind(Day(today))
    .fetch_all(conn)
    .await?;
    Ok(rows
        .iter()
        .map(|row| Arrival {
            source: row.get("source"),
            name: row.get("name"),
            month: row.get::<Option<Day>, _>("month").map(|day| day.0),
            rows: row.get("rows"),
        })
        .collect())
}
