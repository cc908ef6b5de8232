//! Questions about a month of the log, and its signature: `monthly_reviews` is written here.

use super::figures::{ByAction, Count, Figures};
use domain::{Date, holidays::is_office_day, individual_number::Purpose, monthly, oversight::is_off_hours};
use jiff::Timestamp;
use kit::{Action, Day, Instant, Municipality};
use serde_json::Value;
use sqlx::{PgConnection, Row};
use uuid::Uuid;

/// What takes data out of the system, each entry once.
const TAKEN_OUT: [Action; 2] = [Action::PrintCampaign, Action::DownloadPrint];
/// What takes data out under two persons: each taking is counted, not the download that follows it.
const TAKEN_BY_TWO: [Action; 2] = [Action::TakeExport, Action::HandProvision];
/// What the log calls an export at the machine.
const EXPORT: &str = "audit export";

/// A span of days in Japan.
const SPAN: &str = "municipality_code = $1 and at >= ($2::date::timestamp at time zone 'Asia/Tokyo')
     and at < ($3::date::timestamp at time zone 'Asia/Tokyo')";

async fn counts(
    conn: &mut PgConnection,
    municipality: Municipality,
    month: Date,
    sql: String,
) -> sqlx::Result<Vec<Count>> {
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(municipality.0)
        .bind(Day(month))
        .bind(Day(monthly::next(month)))
        .fetch_all(conn)
        .await?;
    Ok(rows.iter().map(|row| Count { code: row.get(0), count: row.get(1) }).collect())
}

/// Codes of ours as a list in a query.
fn codes(codes: impl Iterator<Item = &'static str>) -> String {
    codes.map(|code| format!("'{code}'")).collect::<Vec<_>>().join(", ")
}

/// The figures of a month.
pub async fn figures(
    conn: &mut PgConnection,
    municipality: Municipality,
    month: Date,
    today: Date,
) -> sqlx::Result<Figures> {
    let by_action = by_action(conn, municipality, month).await?;
    let zones = format!("select zone, count(*) from audit_entries where {SPAN} group by 1 order by 1");
    // Provisions name their ground in the same place; here it is about numbers.
    let purposes = format!(
        "select purpose, count(*) from audit_entries where {SPAN} and purpose in ({}) group by 1 order by 1",
        codes(Purpose::ALL.iter().map(|one| one.code()))
    );
    let by_two = format!(
        "select action, count(*) from audit_entries where {SPAN} and action in ({}) and outcome = 'done'
             and detail ? 'taking' group by 1 order by 1",
        codes(TAKEN_BY_TWO.iter().map(|one| one.code()))
    );
    let exports = format!(
        "select 'audit_export', count(*) from audit_entries
         where {SPAN} and action = 'view_audit' and detail ->> 'command' = '{EXPORT}'"
    );
    let of_days = "municipality_code = $1 and on_day >= $2 and on_day < $3";
    let findings = format!("select state, count(*) from findings where {of_days} group by 1 order by 1");
    let intrusions =
        "select state, count(*) from intrusions where municipality_code = $1 and state <> 'watching'
             and last_at >= ($2::date::timestamp at time zone 'Asia/Tokyo')
             and first_at < ($3::date::timestamp at time zone 'Asia/Tokyo') group by 1 order by 1";
    let count_of = |action: Action| by_action.iter().find(|one| one.action == action.code());
    let mut taken_out: Vec<Count> = TAKEN_OUT
        .iter()
        .filter_map(|action| count_of(*action))
        .map(|one| Count { code: one.action.clone(), count: one.done + one.viewed })
        .collect();
    taken_out.extend(counts(conn, municipality, month, by_two).await?);
    let exported = counts(conn, municipality, month, exports).await?;
    taken_out.extend(exported.into_iter().filter(|one| one.count > 0));
    let (checkpoints, checkpoint_size, alarms) = kept(conn, municipality, month).await?;
    let (days_compared, days_differing) = compared(conn, municipality, month).await?;
    let end = monthly::next(month).min(today);
    let days = i64::from(end.since(month).map_or(0, |span| span.get_days())).max(0);
    Ok(Figures {
        month: month.strftime("%Y-%m").to_string(),
        entries: by_action.iter().map(|one| one.done + one.viewed + one.refused).sum(),
        sign_ins_refused: count_of(Action::SignIn).map_or(0, |one| one.refused),
        off_hours: off_hours(conn, municipality, month).await?,
        by_zone: counts(conn, municipality, month, zones).await?,
        number_looks: counts(conn, municipality, month, purposes).await?,
        findings: counts(conn, municipality, month, findings).await?,
        intrusions: counts(conn, municipality, month, intrusions.to_owned()).await?,
        taken_out,
        by_action,
        checkpoints,
        checkpoint_size,
        alarms,
        days_compared,
        days_differing,
        days_missing: days - days_compared,
    })
}

async fn by_action(
    conn: &mut PgConnection,
    municipality: Municipality,
    month: Date,
) -> sqlx::Result<Vec<ByAction>> {
    let sql = format!(
        "select action, count(*) filter (where outcome = 'done'), count(*) filter (where outcome = 'viewed'),
             count(*) filter (where outcome = 'refused') from audit_entries where {SPAN} group by 1"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(municipality.0)
        .bind(Day(month))
        .bind(Day(monthly::next(month)))
        .fetch_all(conn)
        .await?;
    let mut found: Vec<ByAction> = rows
        .iter()
        .map(|row| ByAction { action: row.get(0), done: row.get(1), viewed: row.get(2), refused: row.get(3) })
        .collect();
    // In the order of the table of rights.
    found.sort_by_key(|one| {
        (Action::from_code(&one.action).map_or(usize::MAX, |action| action as usize), one.action.clone())
    });
    Ok(found)
}

/// Deeds of people outside the office's hours.
async fn off_hours(conn: &mut PgConnection, municipality: Municipality, month: Date) -> sqlx::Result<i64> {
    let sql = format!(
        "select (at at time zone 'Asia/Tokyo')::date, extract(hour from at at time zone 'Asia/Tokyo')::integer, count(*)
         from audit_entries where {SPAN} and staff_id is not null and zone <> 'server' group by 1, 2"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(municipality.0)
        .bind(Day(month))
        .bind(Day(monthly::next(month)))
        .fetch_all(conn)
        .await?;
    let is_off = |row: &&sqlx::postgres::PgRow| {
        let hour = i8::try_from(row.get::<i32, _>(1)).unwrap_or_default();
        is_off_hours(hour, is_office_day(row.get::<Day, _>(0).0))
    };
    Ok(rows.iter().filter(is_off).map(|row| row.get::<i64, _>(2)).sum())
}

/// What the keeper has done in a month: signatures, up to which size, and alarms.
async fn kept(
    conn: &mut PgConnection,
    municipality: Municipality,
    month: Date,
) -> sqlx::Result<(i64, i64, i64)> {
    sqlx::query_as(
        "with span as (select ($2::date::timestamp at time zone 'Asia/Tokyo') as begins,
             ($3::date::timestamp at time zone 'Asia/Tokyo') as ends)
         select (select count(*) from audit_checkpoints, span
                 where municipality_code = $1 and signed_at >= begins and signed_at < ends),
                (select coalesce(max(size), 0) from audit_checkpoints, span
                 where municipality_code = $1 and signed_at >= begins and signed_at < ends),
                (select count(*) from audit_alarms, span
                 where municipality_code = $1 and raised_at >= begins and raised_at < ends)",
    )
    .bind(municipality.0)
    .bind(Day(month))
    .bind(Day(monthly::next(month)))
    .fetch_one(conn)
    .await
}

/// Days of a month that were held against the second copy, and those on which something differed at any time.
async fn compared(
    conn: &mut PgConnection,
    municipality: Municipality,
    month: Date,
) -> sqlx::Result<(i64, i64)> {
    sqlx::query_as(
        "select count(*), count(*) filter (where differences > 0) from (
             select on_day, max(differences) as differences from audit_comparisons
             where municipality_code = $1 and on_day >= $2 and on_day < $3 group by on_day) as days",
    )
    .bind(municipality.0)
    .bind(Day(month))
    .bind(Day(monthly::next(month)))
    .fetch_one(conn)
    .await
}

/// Days of a month that nobody has held against the second copy.
pub async fn days_missing(
    conn: &mut PgConnection,
    municipality: Municipality,
    (from, until): (Date, Date),
) -> sqlx::Result<Vec<Date>> {
    let rows: Vec<Day> = sqlx::query_scalar(
        "select on_day::date from generate_series($2::date, $3::date, interval '1 day') as days (on_day)
         where not exists (select 1 from audit_comparisons c where c.municipality_code = $1 and c.on_day = days.on_day::date)
         order by 1",
    )
    .bind(municipality.0)
    .bind(Day(from))
    .bind(Day(until))
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|day| day.0).collect())
}

/// When the log begins; `None` while it is empty.
pub async fn first_day(conn: &mut PgConnection, municipality: Municipality) -> sqlx::Result<Option<Date>> {
    let first: Option<Instant> =
        sqlx::query_scalar("select min(at) from audit_entries where municipality_code = $1")
            .bind(municipality.0)
            .fetch_one(conn)
            .await?;
    Ok(first.map(|at| kit::clock::in_japan(at.0).date()))
}

/// The newest checkpoint that the keeper signed when the month was over: size and root of the log. An older one does not
/// cover all of the month.
pub async fn checkpoint(
    conn: &mut PgConnection,
    municipality: Municipality,
    month: Date,
) -> sqlx::Result<Option<(i64, Vec<u8>)>> {
    sqlx::query_as(
        "select size, root from audit_checkpoints where municipality_code = $1
             and signed_at >= ($2::date::timestamp at time zone 'Asia/Tokyo') order by size desc limit 1",
    )
    .bind(municipality.0)
    .bind(Day(monthly::next(month)))
    .fetch_optional(conn)
    .await
}

/// A signed month.
pub struct Signed {
    pub month: Date,
    pub shown: String,
    pub digest: Vec<u8>,
    /// Check and answer, by their codes.
    pub answers: Value,
    pub remark: String,
    pub open_reason: String,
    pub tree_size: i64,
    pub tree_root: Vec<u8>,
    pub by: String,
    pub at: Timestamp,
}

/// The signed months, or one of them.
pub async fn signed(
    conn: &mut PgConnection,
    municipality: Municipality,
    month: Option<Date>,
) -> sqlx::Result<Vec<Signed>> {
    let rows = sqlx::query(
        "select m.month, m.shown, m.shown_digest, m.answers, m.remark, m.open_reason, m.tree_size, m.tree_root, s.name, m.signed_at
         from monthly_reviews m
         join staff s on s.municipality_code = m.municipality_code and s.staff_id = m.signed_by
         where m.municipality_code = $1 and ($2::date is null or m.month = $2) order by m.month desc",
    )
    .bind(municipality.0)
    .bind(month.map(Day))
    .fetch_all(conn)
    .await?;
    Ok(rows
        .iter()
        .map(|row| Signed {
            month: row.get::<Day, _>(0).0,
            shown: row.get(1),
            digest: row.get(2),
            answers: row.get(3),
            remark: row.get(4),
            open_reason: row.get(5),
            tree_size: row.get(6),
            tree_root: row.get(7),
            by: row.get(8),
            at: row.get::<Instant, _>(9).0,
        })
        .collect())
}

/// A signature to be kept.
pub struct NewSignature<'a> {
    pub month: Date,
    pub shown: &'a str,
    pub digest: &'a [u8],
    pub answers: &'a Value,
    pub remark: &'a str,
    pub open_reason: &'a str,
    pub checkpoint: (i64, &'a [u8]),
    pub by: Uuid,
    pub at: Timestamp,
}

/// Freezes a month. False where somebody was faster.
pub async fn sign(
    conn: &mut PgConnection,
    municipality: Municipality,
    new: &NewSignature<'_>,
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "insert into monthly_reviews (municipality_code, month, shown, shown_digest, answers, remark, open_reason,
             tree_size, tree_root, signed_by, signed_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) on conflict do nothing",
    )
    .bind(municipality.0)
    .bind(Day(new.month))
    .bind(new.shown)
    .bind(new.digest)
    .bind(new.answers)
    .bind(new.remark)
    .bind(new.open_reason)
    .bind(new.checkpoint.0)
    .bind(new.checkpoint.1)
    .bind(new.by)
    .bind(Instant(new.at))
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}
