//! What is read and written when a list of rights is frozen.

use super::{plan::Plan, rules::Item};
use domain::{Date, age};
use jiff::Timestamp;
use kit::{Day, Instant, Municipality, Role};
use sqlx::{PgConnection, Row, postgres::PgRow};
use uuid::Uuid;

/// Somebody with an account in use, as it is frozen.
pub struct Person {
    pub staff_id: Uuid,
    pub section_id: Option<Uuid>,
    pub until_on: Option<Date>,
    pub is_contractor: bool,
}

/// Everybody whose account is in use today, by login id.
pub async fn people(
    conn: &mut PgConnection,
    municipality: Municipality,
    today: Date,
) -> sqlx::Result<Vec<Person>> {
    let rows = sqlx::query(
        "select a.staff_id, section_of(a.staff_id, $2),
             a.until_on,
             exists (select 1 from contracts k where k.municipality_code = a.municipality_code and k.staff_id = a.staff_id)
         from accounts a
         join staff s on s.municipality_code = a.municipality_code and s.staff_id = a.staff_id
         where a.municipality_code = $1 and a.disabled_at is null and (a.until_on is null or a.until_on >= $2)
         order by s.login",
    )
    .bind(municipality.0)
    .bind(Day(today))
    .fetch_all(conn)
    .await?;
    let person = |row: &PgRow| Person {
        staff_id: row.get(0),
        section_id: row.get(1),
        until_on: row.get::<Option<Day>, _>(2).map(|day| day.0),
        is_contractor: row.get(3),
    };
    Ok(rows.iter().map(person).collect())
}

/// Every role that anybody held on the base date: since when, until when, for which duties.
pub async fn held(
    conn: &mut PgConnection,
    municipality: Municipality,
    base_on: Date,
) -> sqlx::Result<Vec<Item>> {
    let rows = sqlx::query(
        "select h.staff_id, h.role, array_remove(array_agg(distinct r.duty), null), min(h.from_on),
             case when bool_and(h.until_on is not null) then max(h.until_on) end
         from holdings h
         left join rights_applications r on r.municipality_code = h.municipality_code
             and r.application_id = h.application_id
         where h.municipality_code = $1 and h.from_on <= $2 and (h.until_on is null or h.until_on >= $2)
         group by h.staff_id, h.role order by h.staff_id, h.role",
    )
    .bind(municipality.0)
    .bind(Day(base_on))
    .fetch_all(conn)
    .await?;
    let item = |row: &PgRow| {
        Some(Item {
            staff_id: row.get(0),
            role: Role::from_code(row.get(1))?,
            duties: row.get(2),
            from_on: row.get::<Day, _>(3).0,
            until_on: row.get::<Option<Day>, _>(4).map(|day| day.0),
            decided: None,
            is_held: true,
        })
    };
    Ok(rows.iter().filter_map(item).collect())
}

/// Keeps a new review. False where another one is open, or this year's has been started: somebody else was faster.
pub async fn insert(
    conn: &mut PgConnection,
    municipality: Municipality,
    (review_id, plan): (Uuid, &Plan),
    (by, at): (Uuid, Timestamp),
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "insert into reviews (municipality_code, review_id, name, kind, fiscal_year, base_on, due_on, started_by,
             started_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict do nothing",
    )
    .bind(municipality.0)
    .bind(review_id)
    .bind(&plan.name)
    .bind(plan.kind.code())
    .bind(age::fiscal_year(plan.base_on))
    .bind(Day(plan.base_on))
    .bind(Day(plan.due_on))
    .bind(by)
    .bind(Instant(at))
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// A list to be frozen.
pub struct NewPart<'a> {
    pub part_id: Uuid,
    pub review_id: Uuid,
    pub section_id: Option<Uuid>,
    pub chief_id: Option<Uuid>,
    pub version: String,
    /// Each person with what speaks against their roles in one person.
    pub people: Vec<(&'a Person, Vec<&'static str>)>,
    pub items: Vec<Item>,
}

/// Freezes a list. Sentences and codes hold neither line ends nor commas.
pub async fn freeze(
    conn: &mut PgConnection,
    municipality: Municipality,
    part: &NewPart<'_>,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into review_parts (municipality_code, part_id, review_id, section_id, chief_id, version)
         values ($1, $2, $3, $4, $5, $6)",
    )
    .bind(municipality.0)
    .bind(part.part_id)
    .bind(part.review_id)
    .bind(part.section_id)
    .bind(part.chief_id)
    .bind(&part.version)
    .execute(&mut *conn)
    .await?;
    let people = || part.people.iter().map(|(person, _)| person);
    sqlx::query(
        "insert into review_people (municipality_code, part_id, staff_id, last_seen_at, until_on, is_contractor, conflicts)
         select $1, $2, one.id,
             (select max(last_seen_at) from sign_ins i where i.municipality_code = $1 and i.staff_id = one.id),
             one.until, one.is_contractor, string_to_array(one.conflicts, chr(10))
         from unnest($3::uuid[], $4::date[], $5::boolean[], $6::text[]) as one (id, until, is_contractor, conflicts)",
    )
    .bind(municipality.0)
    .bind(part.part_id)
    .bind(people().map(|one| one.staff_id).collect::<Vec<_>>())
    .bind(people().map(|one| one.until_on.map(Day)).collect::<Vec<_>>())
    .bind(people().map(|one| one.is_contractor).collect::<Vec<_>>())
    .bind(part.people.iter().map(|(_, conflicts)| conflicts.join("\n")).collect::<Vec<_>>())
    .execute(&mut *conn)
    .await?;
    let items = || part.items.iter();
    sqlx::query(
        "insert into review_items (municipality_code, part_id, staff_id, role, duties, from_on, until_on)
         select $1, $2, one.id, one.role, string_to_array(one.duties, ','), one.from_on, one.until_on
         from unnest($3::uuid[], $4::text[], $5::text[], $6::date[], $7::date[])
             as one (id, role, duties, from_on, until_on)",
    )
    .bind(municipality.0)
    .bind(part.part_id)
    .bind(items().map(|one| one.staff_id).collect::<Vec<_>>())
    .bind(items().map(|one| one.role.code()).collect::<Vec<_>>())
    .bind(items().map(|one| one.duties.join(",")).collect::<Vec<_>>())
    .bind(items().map(|one| Day(one.from_on)).collect::<Vec<_>>())
    .bind(items().map(|one| one.until_on.map(Day)).collect::<Vec<_>>())
    .execute(conn)
    .await?;
    Ok(())
}
