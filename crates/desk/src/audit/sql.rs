//! Questions about the log, each answered from an index: the conditions that were asked for are the query.

use domain::Date;
use kit::{Day, Instant, Municipality};
use serde_json::Value;
use sqlx::{PgConnection, Row, postgres::PgRow};
use uuid::Uuid;

/// A person of the directory, to choose from.
pub struct Person {
    pub staff_id: Uuid,
    pub name: String,
}

/// Everybody who has acted in this system.
pub async fn people(conn: &mut PgConnection, municipality: Municipality) -> sqlx::Result<Vec<Person>> {
    let rows = sqlx::query("select staff_id, name from staff where municipality_code = $1 order by login")
        .bind(municipality.0)
        .fetch_all(conn)
        .await?;
    Ok(rows.iter().map(|row| Person { staff_id: row.get(0), name: row.get(1) }).collect())
}

/// What to look for in the log.
#[derive(Clone, Debug)]
pub struct LogSearch {
    pub from: Date,
    pub until: Date,
    pub staff_id: Option<Uuid>,
    /// Whom or what it was done to.
    pub target_id: Option<Uuid>,
    pub terminal_id: Option<Uuid>,
    /// Code of a legal ground; empty for all.
    pub purpose: String,
    /// Code of an action; empty for all.
    pub action: String,
    /// Code of an outcome; empty for all.
    pub outcome: String,
}

/// An entry of the log as the list shows it.
pub struct LogRow {
    pub entry_id: Uuid,
    pub at: jiff::Timestamp,
    pub staff_id: Option<Uuid>,
    pub staff_name: String,
    pub terminal_id: Option<Uuid>,
    /// Empty where nobody has acted from it here.
    pub terminal_name: String,
    pub zone: String,
    pub purpose: Option<String>,
    pub action: String,
    pub outcome: String,
    pub target_kind: String,
    pub target_id: Option<Uuid>,
    pub request_id: Uuid,
    /// Its place in the log; `None` within the first second.
    pub place: Option<i64>,
}

/// Matches are counted up to here: nobody reads on from there, and counting millions would hold the page up.
pub const COUNTED_MAX: i64 = 10_000;

/// The conditions of a search. Parameters are always the same eight, so that each condition keeps its number.
fn condition(search: &LogSearch) -> String {
    let mut sql = "e.municipality_code = $1
        and e.at >= ($2::date::timestamp at time zone 'Asia/Tokyo')
        and e.at < (($3::date + 1)::timestamp at time zone 'Asia/Tokyo')"
        .to_owned();
    for (is_asked, test) in [
        (search.staff_id.is_some(), " and e.staff_id = $4"),
        (search.target_id.is_some(), " and e.target_id = $5"),
        (search.terminal_id.is_some(), " and e.terminal_id = $6"),
        (!search.purpose.is_empty(), " and e.purpose = $7"),
        (!search.action.is_empty(), " and e.action = $8"),
        (search.outcome == "refused", " and e.outcome = 'refused'"),
        (search.outcome == "viewed", " and e.outcome = 'viewed'"),
        (search.outcome == "done", " and e.outcome = 'done'"),
    ] {
        if is_asked {
            sql.push_str(test);
        }
    }
    // A parameter that no condition uses still needs its type.
    sql.push_str(" and (coalesce($4::uuid, $5::uuid, $6::uuid) is null or $7::text = $8::text or true)");
    sql
}

/// One page of the log, newest first, and how many entries there are (at most [`COUNTED_MAX`]).
pub async fn log(
    conn: &mut PgConnection,
    municipality: Municipality,
    search: &LogSearch,
    offset: i64,
    limit: i64,
) -> sqlx::Result<(Vec<LogRow>, i64)> {
    let condition = condition(search);
    let count = format!(
        "select count(*) from (select 1 from audit_entries e where {condition} limit {COUNTED_MAX}) as counted"
    );
    let total: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(count))
        .bind(municipality.0)
        .bind(Day(search.from))
        .bind(Day(search.until))
        .bind(search.staff_id)
        .bind(search.target_id)
        .bind(search.terminal_id)
        .bind(&search.purpose)
        .bind(&search.action)
        .fetch_one(&mut *conn)
        .await?;
    let list = format!("{SELECT} where {condition} order by e.at desc, e.entry_id desc offset $9 limit $10");
    let rows = sqlx::query(sqlx::AssertSqlSafe(list))
        .bind(municipality.0)
        .bind(Day(search.from))
        .bind(Day(search.until))
        .bind(search.staff_id)
        .bind(search.target_id)
        .bind(search.terminal_id)
        .bind(&search.purpose)
        .bind(&search.action)
        .bind(offset)
        .bind(limit)
        .fetch_all(conn)
        .await?;
    Ok((rows.iter().map(read).collect(), total))
}

const SELECT: &str =
    "select e.entry_id, e.at, e.staff_id, coalesce(s.name, 'システム'), e.terminal_id, e.zone, e.purpose,
         e.action, e.outcome, e.target_kind, e.target_id, e.request_id, c.place, e.detail, e.before, e.after,
         coalesce(t.name, '')
     from audit_entries e
     left join staff s on s.municipality_code = e.municipality_code and s.staff_id = e.staff_id
     left join audit_places c on c.municipality_code = e.municipality_code and c.entry_id = e.entry_id
     left join terminal_names t on t.municipality_code = e.municipality_code and t.terminal_id = e.terminal_id";

fn read(row: &PgRow) -> LogRow {
    LogRow {
        entry_id: row.get(0),
        at: row.get::<Instant, _>(1).0,
        staff_id: row.get(2),
        staff_name: row.get(3),
        terminal_id: row.get(4),
        terminal_name: row.get(16),
        zone: row.get(5),
        purpose: row.get(6),
        action: row.get(7),
        outcome: row.get(8),
        target_kind: row.get(9),
        target_id: row.get(10),
        request_id: row.get(11),
        place: row.get(12),
    }
}

/// An entry with all that it says.
pub struct WholeEntry {
    pub row: LogRow,
    pub detail: Value,
    pub before: Option<Value>,
    pub after: Option<Value>,
}

/// One entry of the municipality.
pub async fn entry(
    conn: &mut PgConnection,
    municipality: Municipality,
    entry_id: Uuid,
) -> sqlx::Result<Option<WholeEntry>> {
    let sql = format!("{SELECT} where e.municipality_code = $1 and e.entry_id = $2");
    let row = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(municipality.0)
        .bind(entry_id)
        .fetch_optional(conn)
        .await?;
    Ok(row.map(|row| WholeEntry {
        row: read(&row),
        detail: row.get(13),
        before: row.get(14),
        after: row.get(15),
    }))
}
