//! Questions about residents. The table is written by the imports; notes (事項) are written here.

use crate::ledger::{self, RESIDENT_COLUMNS, Resident};
use domain::Date;
use kit::{Day, Instant, Municipality};
use sqlx::{AssertSqlSafe, PgConnection, Row};
use uuid::Uuid;

/// What to look for; empty strings and `None` ask for nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    pub addressee_number: String,
    /// Search key of the beginning of the kana name.
    pub kana_key: String,
    /// Beginning of the name as registered.
    pub name: String,
    pub birth_date: Option<Date>,
    /// Search key of the beginning of the address.
    pub address_key: String,
    /// Also people who are no longer residents.
    pub with_former: bool,
}

impl Search {
    pub fn is_empty(&self) -> bool {
        *self == Search { with_former: self.with_former, ..Search::default() }
    }
}

/// One page of those found, in the order of their kana names, and whether there are more.
pub async fn search(
    conn: &mut PgConnection,
    municipality: Municipality,
    search: &Search,
    offset: i64,
    limit: i64,
) -> sqlx::Result<(Vec<Resident>, bool)> {
    // A prefix is a range of keys, asked by operators that row security lets use the index (`like` is none of them).
    let sql = format!(
        "select {RESIDENT_COLUMNS} from residents
         where municipality_code = $1
             and ($2 = '' or addressee_number = $2)
             and ($3 = '' or (kana_key >= $3 and kana_key < $4))
             and ($5 = '' or (name_kanji collate \"C\" >= $5 and name_kanji collate \"C\" < $6))
             and ($7::date is null or birth_date = $7)
             and ($8 = '' or (address_key >= $8 and address_key < $9))
             and ($10 or resident_class in (1, 9))
         order by kana_key, birth_date, resident_id
         offset $11 limit $12"
    );
    let rows = sqlx::query(AssertSqlSafe(sql))
        .persistent(false)
        .bind(municipality.0)
        .bind(&search.addressee_number)
        .bind(&search.kana_key)
        .bind(end(&search.kana_key))
        .bind(&search.name)
        .bind(end(&search.name))
        .bind(search.birth_date.map(Day))
        .bind(&search.address_key)
        .bind(end(&search.address_key))
        .bind(search.with_former)
        .bind(offset)
        .bind(limit + 1)
        .fetch_all(conn)
        .await?;
    let has_more = rows.len() as i64 > limit;
    Ok((rows.iter().take(limit as usize).map(ledger::read_resident).collect(), has_more))
}

/// The end of the range of texts that begin so: nothing sorts after the last character there is.
fn end(prefix: &str) -> String {
    format!("{prefix}{}", char::MAX)
}

/// The people of a household, the head first.
pub async fn household(
    conn: &mut PgConnection,
    municipality: Municipality,
    household_number: &str,
) -> sqlx::Result<Vec<Resident>> {
    let sql = format!(
        "select {RESIDENT_COLUMNS} from residents
         where municipality_code = $1 and household_number = $2 and household_number <> ''
         order by resident_class, relationship_1 <> '02', birth_date, resident_id"
    );
    let rows =
        sqlx::query(AssertSqlSafe(sql)).bind(municipality.0).bind(household_number).fetch_all(conn).await?;
    Ok(rows.iter().map(ledger::read_resident).collect())
}

/// One look at a person, as the log has it.
pub struct View {
    pub at: jiff::Timestamp,
    pub staff_name: String,
    pub action: String,
    pub outcome: String,
}

/// Who has looked at or worked on a person, newest first.
pub async fn views(
    conn: &mut PgConnection,
    municipality: Municipality,
    resident_id: Uuid,
    limit: i64,
) -> sqlx::Result<Vec<View>> {
    let rows = sqlx::query(
        "select e.at, coalesce(s.name, 'システム'), e.action, e.outcome
         from audit_entries e
         left join staff s on s.municipality_code = e.municipality_code and s.staff_id = e.staff_id
         where e.municipality_code = $1 and e.target_id = $2 and e.target_kind = 'resident'
         order by e.at desc, e.entry_id desc limit $3",
    )
    .bind(municipality.0)
    .bind(resident_id)
    .bind(limit)
    .fetch_all(conn)
    .await?;
    Ok(rows
        .iter()
        .map(|row| View {
            at: row.get::<Instant, _>(0).0,
            staff_name: row.get(1),
            action: row.get(2),
            outcome: row.get(3),
        })
        .collect())
}

/// 事項: something the counter has learnt of a person.
pub struct Fact {
    pub fact_id: Uuid,
    pub kind: String,
    pub value: String,
    pub from_on: Option<Date>,
    pub until_on: Option<Date>,
    pub noted_by: String,
    pub noted_at: jiff::Timestamp,
    pub withdrawn_at: Option<jiff::Timestamp>,
    pub withdrawn_reason: String,
}

/// Everything noted of a person, also what was withdrawn, newest first.
pub async fn facts(
    conn: &mut PgConnection,
    municipality: Municipality,
    resident_id: Uuid,
) -> sqlx::Result<Vec<Fact>> {
    let rows = sqlx::query(
        "select f.fact_id, f.kind, f.value, f.from_on, f.until_on, s.name, f.noted_at, f.withdrawn_at, f.withdrawn_reason
         from resident_facts f
         join staff s on s.municipality_code = f.municipality_code and s.staff_id = f.noted_by
         where f.municipality_code = $1 and f.resident_id = $2
         order by f.withdrawn_at is not null, f.noted_at desc",
    )
    .bind(municipality.0)
    .bind(resident_id)
    .fetch_all(conn)
    .await?;
    let day = |day: Option<Day>| day.map(|day| day.0);
    Ok(rows
        .iter()
        .map(|row| Fact {
            fact_id: row.get(0),
            kind: row.get(1),
            value: row.get(2),
            from_on: day(row.get(3)),
            until_on: day(row.get(4)),
            noted_by: row.get(5),
            noted_at: row.get::<Instant, _>(6).0,
            withdrawn_at: row.get::<Option<Instant>, _>(7).map(|at| at.0),
            withdrawn_reason: row.get(8),
        })
        .collect())
}

/// A fact to be noted.
pub struct NewFact {
    pub fact_id: Uuid,
    pub kind: &'static str,
    pub value: String,
    pub from_on: Option<Date>,
    pub until_on: Option<Date>,
}

pub async fn insert_fact(
    conn: &mut PgConnection,
    municipality: Municipality,
    resident_id: Uuid,
    fact: &NewFact,
    by: Uuid,
    at: jiff::Timestamp,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into resident_facts (municipality_code, resident_id, fact_id, kind, value, from_on, until_on, noted_by, noted_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(municipality.0)
    .bind(resident_id)
    .bind(fact.fact_id)
    .bind(fact.kind)
    .bind(&fact.value)
    .bind(fact.from_on.map(Day))
    .bind(fact.until_on.map(Day))
    .bind(by)
    .bind(Instant(at))
    .execute(conn)
    .await?;
    Ok(())
}

/// Marks a fact as withdrawn. False where it was not there or already withdrawn.
pub async fn withdraw_fact(
    conn: &mut PgConnection,
    municipality: Municipality,
    (resident_id, fact_id): (Uuid, Uuid),
    reason: &str,
    by: Uuid,
    at: jiff::Timestamp,
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "update resident_facts set withdrawn_by = $4, withdrawn_at = $5, withdrawn_reason = $6
         where municipality_code = $1 and resident_id = $2 and fact_id = $3 and withdrawn_at is null",
    )
    .bind(municipality.0)
    .bind(resident_id)
    .bind(fact_id)
    .bind(by)
    .bind(Instant(at))
    .bind(reason)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}
