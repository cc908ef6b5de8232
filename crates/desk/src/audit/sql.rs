//! Questions about the log. Both tables are kit's.

use domain::Date;
use kit::{Day, Instant, Municipality};
use sqlx::{PgConnection, Row};
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
    /// Code of an action; empty for all.
    pub action: String,
    /// Code of an outcome; empty for all.
    pub outcome: String,
}

/// An entry of the log as the list shows it.
pub struct LogRow {
    pub at: jiff::Timestamp,
    pub staff_name: String,
    pub action: String,
    pub outcome: String,
    pub target_kind: String,
    pub target_id: Option<Uuid>,
    pub request_id: Uuid,
    /// Its place in the log; `None` within the first second.
    pub place: Option<i64>,
}

/// One page of the log, newest first, and how many entries there are.
pub async fn log(
    conn: &mut PgConnection,
    municipality: Municipality,
    search: &LogSearch,
    offset: i64,
    limit: i64,
) -> sqlx::Result<(Vec<LogRow>, i64)> {
    const CONDITION: &str = "e.municipality_code = $1
        and e.at >= ($2::date::timestamp at time zone 'Asia/Tokyo')
        and e.at < (($3::date + 1)::timestamp at time zone 'Asia/Tokyo')
        and ($4::uuid is null or e.staff_id = $4) and ($5 = '' or e.action = $5) and ($6 = '' or e.outcome = $6)";
    let count = format!("select count(*) from audit_entries e where {CONDITION}");
    let total: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(count))
        .bind(municipality.0)
        .bind(Day(search.from))
        .bind(Day(search.until))
        .bind(search.staff_id)
        .bind(&search.action)
        .bind(&search.outcome)
        .fetch_one(&mut *conn)
        .await?;
    let list = format!(
        "select e.at, coalesce(s.name, 'システム'), e.action, e.outcome, e.target_kind, e.target_id, e.request_id, c.place
         from audit_entries e
         left join staff s on s.municipality_code = e.municipality_code and s.staff_id = e.staff_id
         left join audit_places c on c.municipality_code = e.municipality_code and c.entry_id = e.entry_id
         where {CONDITION} order by e.at desc, e.entry_id desc offset $7 limit $8"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(list))
        .bind(municipality.0)
        .bind(Day(search.from))
        .bind(Day(search.until))
        .bind(search.staff_id)
        .bind(&search.action)
        .bind(&search.outcome)
        .bind(offset)
        .bind(limit)
        .fetch_all(conn)
        .await?;
    let rows = rows
        .iter()
        .map(|row| LogRow {
            at: row.get::<Instant, _>(0).0,
            staff_name: row.get(1),
            action: row.get(2),
            outcome: row.get(3),
            target_kind: row.get(4),
            target_id: row.get(5),
            request_id: row.get(6),
            place: row.get(7),
        })
        .collect();
    Ok((rows, total))
}
