//! Findings and what was decided on them: the tables are written here. The log is only read.

use domain::{
    Date,
    oversight::{Day as StaffDay, Decision, Ground, Sign},
};
use jiff::Timestamp;
use kit::{Action, Day, Instant, Municipality};
use sqlx::{PgConnection, Row, postgres::PgRow};
use std::collections::HashMap;
use uuid::Uuid;

/// What somebody did to or saw of a person.
pub struct Seen {
    pub at: Timestamp,
    pub staff_id: Uuid,
    pub person_id: Uuid,
    pub action: String,
    pub is_done: bool,
}

/// Everything that the log says of people on these days, whatever was refused left out.
pub async fn seen(
    conn: &mut PgConnection,
    municipality: Municipality,
    kind: &str,
    (from, until): (Date, Date),
) -> sqlx::Result<Vec<Seen>> {
    let rows = sqlx::query(
        "select at, staff_id, target_id, action, outcome = 'done' from audit_entries
         where municipality_code = $1 and at >= ($2::date::timestamp at time zone 'Asia/Tokyo')
             and at < (($3::date + 1)::timestamp at time zone 'Asia/Tokyo')
             and target_kind = $4 and target_id is not null and staff_id is not null and outcome <> 'refused'
             and zone <> 'server'",
    )
    .bind(municipality.0)
    .bind(Day(from))
    .bind(Day(until))
    .bind(kind)
    .fetch_all(conn)
    .await?;
    Ok(rows
        .iter()
        .map(|row| Seen {
            at: row.get::<Instant, _>(0).0,
            staff_id: row.get(1),
            person_id: row.get(2),
            action: row.get(3),
            is_done: row.get(4),
        })
        .collect())
}

/// Refusals and searches of each member of staff on each of these days.
pub async fn days(
    conn: &mut PgConnection,
    municipality: Municipality,
    search: Action,
    (from, until): (Date, Date),
) -> sqlx::Result<Vec<StaffDay>> {
    let rows = sqlx::query(
        "select (at at time zone 'Asia/Tokyo')::date, staff_id, count(*) filter (where outcome = 'refused'),
             count(*) filter (where action = $4 and outcome <> 'refused')
         from audit_entries
         where municipality_code = $1 and at >= ($2::date::timestamp at time zone 'Asia/Tokyo')
             and at < (($3::date + 1)::timestamp at time zone 'Asia/Tokyo') and staff_id is not null
             and (outcome = 'refused' or action = $4)
         group by 1, 2",
    )
    .bind(municipality.0)
    .bind(Day(from))
    .bind(Day(until))
    .bind(search.code())
    .fetch_all(conn)
    .await?;
    let count = |row: &PgRow, at: usize| u32::try_from(row.get::<i64, _>(at)).unwrap_or(u32::MAX);
    Ok(rows
        .iter()
        .map(|row| StaffDay {
            on: row.get::<Day, _>(0).0,
            staff: row.get::<Uuid, _>(1).as_u128(),
            refusals: count(row, 2),
            searches: count(row, 3),
        })
        .collect())
}

/// A finding as the rules made it.
pub struct Found {
    pub on: Date,
    pub staff_id: Uuid,
    pub person_id: Option<Uuid>,
    pub signs: Vec<Sign>,
    pub looks: i32,
}

/// Keeps a finding. One that somebody has decided on stays as it was decided on, unless there were more looks, or other signs,
/// since: that is another question.
pub async fn put(
    conn: &mut PgConnection,
    municipality: Municipality,
    finding_id: Uuid,
    found: &Found,
    at: Timestamp,
) -> sqlx::Result<()> {
    let signs: Vec<&str> = found.signs.iter().map(|sign| sign.code()).collect();
    sqlx::query(
        "insert into findings (municipality_code, finding_id, on_day, staff_id, person_id, signs, looks, found_at, state)
         values ($1, $2, $3, $4, $5, $6, $7, $8, 'open')
         on conflict on constraint findings_look_key do update
             set signs = excluded.signs, looks = excluded.looks, state = 'open'
         where findings.state in ('open', 'settled') or excluded.looks > findings.looks
             or not excluded.signs <@ findings.signs",
    )
    .bind(municipality.0)
    .bind(finding_id)
    .bind(Day(found.on))
    .bind(found.staff_id)
    .bind(found.person_id)
    .bind(&signs)
    .bind(found.looks)
    .bind(Instant(at))
    .execute(conn)
    .await?;
    Ok(())
}

/// A finding's day, member of staff and person.
pub type Key = (Date, Uuid, Option<Uuid>);

/// Findings of these days that nobody has decided on.
pub async fn open_looks(
    conn: &mut PgConnection,
    municipality: Municipality,
    (from, until): (Date, Date),
) -> sqlx::Result<HashMap<Key, Uuid>> {
    let rows = sqlx::query(
        "select on_day, staff_id, person_id, finding_id from findings
         where municipality_code = $1 and on_day between $2 and $3 and state = 'open'",
    )
    .bind(municipality.0)
    .bind(Day(from))
    .bind(Day(until))
    .fetch_all(conn)
    .await?;
    Ok(rows.iter().map(|row| ((row.get::<Day, _>(0).0, row.get(1), row.get(2)), row.get(3))).collect())
}

/// These are no longer found: their cases have come.
pub async fn settle(
    conn: &mut PgConnection,
    municipality: Municipality,
    findings: &[Uuid],
) -> sqlx::Result<()> {
    sqlx::query(
        "update findings set state = 'settled'
         where municipality_code = $1 and finding_id = any($2) and state = 'open'",
    )
    .bind(municipality.0)
    .bind(findings)
    .execute(conn)
    .await?;
    Ok(())
}

/// Which findings are asked for.
#[derive(Clone, Debug)]
pub struct Search {
    pub from: Date,
    pub until: Date,
    pub staff_id: Option<Uuid>,
    pub person_id: Option<Uuid>,
    /// Code of a state; empty for all.
    pub state: String,
}

/// A finding as pages show it.
pub struct Finding {
    pub finding_id: Uuid,
    pub on: Date,
    pub staff_id: Uuid,
    pub staff_name: String,
    pub person_id: Option<Uuid>,
    pub signs: Vec<Sign>,
    pub looks: i32,
    pub state: String,
}

const SELECT: &str = "select f.finding_id, f.on_day, f.staff_id, coalesce(s.name, ''), f.person_id, f.signs, f.looks, f.state
     from findings f left join staff s on s.municipality_code = f.municipality_code and s.staff_id = f.staff_id";

const CONDITION: &str = "f.municipality_code = $1 and f.on_day between $2 and $3
     and ($4::uuid is null or f.staff_id = $4) and ($5::uuid is null or f.person_id = $5)
     and ($6 = '' or f.state = $6)";

fn read(row: &PgRow) -> Finding {
    let signs: Vec<String> = row.get(5);
    Finding {
        finding_id: row.get(0),
        on: row.get::<Day, _>(1).0,
        staff_id: row.get(2),
        staff_name: row.get(3),
        person_id: row.get(4),
        signs: signs.iter().filter_map(|code| Sign::from_code(code)).collect(),
        looks: row.get(6),
        state: row.get(7),
    }
}

/// One page of findings, what waits first, and how many there are.
pub async fn list(
    conn: &mut PgConnection,
    municipality: Municipality,
    search: &Search,
    (offset, limit): (i64, i64),
) -> sqlx::Result<(Vec<Finding>, i64)> {
    let sql = format!(
        "{SELECT} where {CONDITION}
         order by f.state = 'open' desc, 'same_address' = any(f.signs) desc, cardinality(f.signs) desc, f.on_day desc,
             f.finding_id offset $7 limit $8"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(municipality.0)
        .bind(Day(search.from))
        .bind(Day(search.until))
        .bind(search.staff_id)
        .bind(search.person_id)
        .bind(&search.state)
        .bind(offset)
        .bind(limit)
        .fetch_all(&mut *conn)
        .await?;
    let sql = format!("select count(*) from findings f where {CONDITION}");
    let total = sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
        .bind(municipality.0)
        .bind(Day(search.from))
        .bind(Day(search.until))
        .bind(search.staff_id)
        .bind(search.person_id)
        .bind(&search.state)
        .fetch_one(conn)
        .await?;
    Ok((rows.iter().map(read).collect(), total))
}

/// How many findings somebody has, or are about somebody.
pub struct Total {
    pub id: Uuid,
    /// Of staff only.
    pub name: String,
    pub findings: i64,
    pub open: i64,
}

/// Whoever has the most findings of the search: staff, then people.
pub async fn totals(
    conn: &mut PgConnection,
    municipality: Municipality,
    search: &Search,
    limit: i64,
) -> sqlx::Result<(Vec<Total>, Vec<Total>)> {
    let (mut staff, mut people) = (Vec::new(), Vec::new());
    for (of, column) in [(&mut staff, "f.staff_id"), (&mut people, "f.person_id")] {
        let sql = format!(
            "select {column}, coalesce(max(s.name), ''), count(*), count(*) filter (where f.state = 'open')
             from findings f left join staff s on s.municipality_code = f.municipality_code and s.staff_id = {column}
             where {CONDITION} and {column} is not null
             group by 1 order by 3 desc, 1 limit $7"
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(municipality.0)
            .bind(Day(search.from))
            .bind(Day(search.until))
            .bind(search.staff_id)
            .bind(search.person_id)
            .bind(&search.state)
            .bind(limit)
            .fetch_all(&mut *conn)
            .await?;
        of.extend(rows.iter().map(|row| Total {
            id: row.get(0),
            name: row.get(1),
            findings: row.get(2),
            open: row.get(3),
        }));
    }
    Ok((staff, people))
}

/// Findings of each week from its Monday, and how many of them are open.
pub async fn weeks(
    conn: &mut PgConnection,
    municipality: Municipality,
    from: Date,
) -> sqlx::Result<HashMap<Date, (i64, i64)>> {
    let rows = sqlx::query(
        "select date_trunc('week', on_day::timestamp)::date, count(*), count(*) filter (where state = 'open')
         from findings where municipality_code = $1 and on_day >= $2 group by 1",
    )
    .bind(municipality.0)
    .bind(Day(from))
    .fetch_all(conn)
    .await?;
    Ok(rows.iter().map(|row| (row.get::<Day, _>(0).0, (row.get(1), row.get(2)))).collect())
}

/// Findings that wait for a decision, of these days where given.
pub async fn count_open(
    conn: &mut PgConnection,
    municipality: Municipality,
    days: Option<(Date, Date)>,
) -> sqlx::Result<i64> {
    sqlx::query_scalar(
        "select count(*) from findings
         where municipality_code = $1 and state = 'open' and ($2::date is null or on_day between $2 and $3)",
    )
    .bind(municipality.0)
    .bind(days.map(|(from, _)| Day(from)))
    .bind(days.map(|(_, until)| Day(until)))
    .fetch_one(conn)
    .await
}

/// One finding; held for whoever decides on it.
pub async fn find(
    conn: &mut PgConnection,
    municipality: Municipality,
    finding_id: Uuid,
    is_held: bool,
) -> sqlx::Result<Option<Finding>> {
    let hold = if is_held { "for update of f" } else { "" };
    let sql = format!("{SELECT} where f.municipality_code = $1 and f.finding_id = $2 {hold}");
    let row = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(municipality.0)
        .bind(finding_id)
        .fetch_optional(conn)
        .await?;
    Ok(row.as_ref().map(read))
}

/// An entry of the log behind a finding.
pub struct Behind {
    pub entry_id: Uuid,
    pub at: Timestamp,
    pub action: String,
    pub outcome: String,
}

/// What somebody did on a day: to a person, or whatever was refused or searched.
pub async fn behind(
    conn: &mut PgConnection,
    municipality: Municipality,
    (on, staff_id, person_id): Key,
    limit: i64,
) -> sqlx::Result<Vec<Behind>> {
    let rows = sqlx::query(
        "select entry_id, at, action, outcome from audit_entries
         where municipality_code = $1 and staff_id = $2 and at >= ($3::date::timestamp at time zone 'Asia/Tokyo')
             and at < (($3::date + 1)::timestamp at time zone 'Asia/Tokyo')
             and (target_id = $4 or ($4 is null and (outcome = 'refused' or action in ('search_residents', 'find_by_number'))))
         order by at, entry_id limit $5",
    )
    .bind(municipality.0)
    .bind(staff_id)
    .bind(Day(on))
    .bind(person_id)
    .bind(limit)
    .fetch_all(conn)
    .await?;
    Ok(rows
        .iter()
        .map(|row| Behind {
            entry_id: row.get(0),
            at: row.get::<Instant, _>(1).0,
            action: row.get(2),
            outcome: row.get(3),
        })
        .collect())
}

/// What was decided on a finding.
pub struct Decided {
    pub decision: Option<Decision>,
    pub ground: Option<Ground>,
    pub note: String,
    pub by: String,
    pub at: Timestamp,
}

/// All decisions, the newest first.
pub async fn decisions(
    conn: &mut PgConnection,
    municipality: Municipality,
    finding_id: Uuid,
) -> sqlx::Result<Vec<Decided>> {
    let rows = sqlx::query(
        "select d.decision, d.ground, d.note, s.name, d.decided_at from finding_decisions d
         join staff s on s.municipality_code = d.municipality_code and s.staff_id = d.decided_by
         where d.municipality_code = $1 and d.finding_id = $2 order by d.decided_at desc, d.decision_id desc",
    )
    .bind(municipality.0)
    .bind(finding_id)
    .fetch_all(conn)
    .await?;
    Ok(rows
        .iter()
        .map(|row| Decided {
            decision: Decision::from_code(row.get(0)),
            ground: Ground::from_code(row.get(1)),
            note: row.get(2),
            by: row.get(3),
            at: row.get::<Instant, _>(4).0,
        })
        .collect())
}

/// A decision to be kept.
pub struct NewDecision<'a> {
    pub decision_id: Uuid,
    pub decision: Decision,
    pub ground: Ground,
    pub note: &'a str,
    pub by: Uuid,
    pub at: Timestamp,
}

/// Keeps a decision and what it makes of the finding.
pub async fn decide(
    conn: &mut PgConnection,
    municipality: Municipality,
    finding: &Finding,
    new: &NewDecision<'_>,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into finding_decisions (municipality_code, decision_id, finding_id, staff_id, decision, ground, note,
             decided_by, decided_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(municipality.0)
    .bind(new.decision_id)
    .bind(finding.finding_id)
    .bind(finding.staff_id)
    .bind(new.decision.code())
    .bind(new.ground.code())
    .bind(new.note)
    .bind(new.by)
    .bind(Instant(new.at))
    .execute(&mut *conn)
    .await?;
    sqlx::query("update findings set state = $3 where municipality_code = $1 and finding_id = $2")
        .bind(municipality.0)
        .bind(finding.finding_id)
        .bind(new.decision.code())
        .execute(conn)
        .await?;
    Ok(())
}
