//! Reviews, their frozen lists, decisions and signatures.

use super::{
    plan::Known,
    rules::{Chief, Decision, Item, Kind, Part},
};
use domain::Date;
use jiff::Timestamp;
use kit::{Day, Instant, Municipality, Role};
use sqlx::{PgConnection, Row, postgres::PgRow};
use uuid::Uuid;

/// Fifty years of reviews; older ones are in the operation log.
const LISTED_MAX: i64 = 50;

/// Whether something is held on the day `$today` or from a later day on, of the row `h`.
const STILL_HELD: &str = "(h.until_on is null or h.until_on >= greatest($2, h.from_on))";

/// 権限の点検.
#[derive(Clone, Debug)]
pub struct Review {
    pub review_id: Uuid,
    pub name: String,
    pub kind: Kind,
    pub base_on: Date,
    pub due_on: Date,
    pub started_by: String,
    pub started_at: Timestamp,
    /// By whom it was closed, and when.
    pub closed: Option<(String, Timestamp)>,
}

pub async fn known(conn: &mut PgConnection, municipality: Municipality) -> sqlx::Result<Known> {
    let (is_one_open, yearly) = sqlx::query_as(
        "select coalesce(bool_or(closed_at is null), false), max(fiscal_year) filter (where kind = 'yearly')
         from reviews where municipality_code = $1",
    )
    .bind(municipality.0)
    .fetch_one(conn)
    .await?;
    Ok(Known { is_one_open, yearly })
}

const SHOWN: &str =
    "r.review_id, r.name, r.kind, r.base_on, r.due_on, s.name, r.started_at, c.name, r.closed_at
    from reviews r
    join staff s on s.municipality_code = r.municipality_code and s.staff_id = r.started_by
    left join staff c on c.municipality_code = r.municipality_code and c.staff_id = r.closed_by";

fn review(row: &PgRow) -> Option<Review> {
    Some(Review {
        review_id: row.get(0),
        name: row.get(1),
        kind: Kind::from_code(row.get(2))?,
        base_on: row.get::<Day, _>(3).0,
        due_on: row.get::<Day, _>(4).0,
        started_by: row.get(5),
        started_at: row.get::<Instant, _>(6).0,
        closed: row.get::<Option<String>, _>(7).zip(row.get::<Option<Instant>, _>(8).map(|at| at.0)),
    })
}

/// The newest first.
pub async fn list(conn: &mut PgConnection, municipality: Municipality) -> sqlx::Result<Vec<Review>> {
    let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
        "select {SHOWN} where r.municipality_code = $1 order by r.started_at desc limit $2"
    )))
    .bind(municipality.0)
    .bind(LISTED_MAX)
    .fetch_all(conn)
    .await?;
    Ok(rows.iter().filter_map(review).collect())
}

/// One review; `lock` makes whoever decides, signs or closes at the same time wait.
pub async fn get(
    conn: &mut PgConnection,
    municipality: Municipality,
    review_id: Uuid,
    lock: bool,
) -> sqlx::Result<Option<Review>> {
    let lock = if lock { " for update of r" } else { "" };
    let row = sqlx::query(sqlx::AssertSqlSafe(format!(
        "select {SHOWN} where r.municipality_code = $1 and r.review_id = $2{lock}"
    )))
    .bind(municipality.0)
    .bind(review_id)
    .fetch_optional(conn)
    .await?;
    Ok(row.as_ref().and_then(review))
}

/// Who is 所属長 of which section today, with their names.
pub async fn chiefs(
    conn: &mut PgConnection,
    municipality: Municipality,
    today: Date,
) -> sqlx::Result<Vec<(Chief, String)>> {
    let rows: Vec<(Uuid, Uuid, String)> = sqlx::query_as(
        "select distinct a.staff_id, here.id, s.name from accounts a
         join staff s on s.municipality_code = a.municipality_code and s.staff_id = a.staff_id
         join holdings h on h.municipality_code = a.municipality_code and h.staff_id = a.staff_id
         cross join section_of(a.staff_id, $2) as here(id)
         where a.municipality_code = $1 and a.disabled_at is null and (a.until_on is null or a.until_on >= $2)
             and h.role = 'chief' and h.from_on <= $2 and (h.until_on is null or h.until_on >= $2)
             and here.id is not null
         order by s.name, a.staff_id",
    )
    .bind(municipality.0)
    .bind(Day(today))
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|(staff_id, section_id, name)| (Chief { staff_id, section_id }, name)).collect())
}

/// 点検の署名.
#[derive(Clone, Debug)]
pub struct Signature {
    pub name: String,
    pub at: Timestamp,
    pub version: String,
}

/// 点検の名簿 with how far it is.
#[derive(Clone, Debug)]
pub struct PartRow {
    pub part: Part,
    pub review_id: Uuid,
    pub section: String,
    /// The name of the 所属長 whose own list it is.
    pub chief: Option<String>,
    pub version: String,
    pub items: usize,
    /// Of them decided, or not held any more.
    pub decided: usize,
    pub signature: Option<Signature>,
    /// Why the review was closed without this list's signature.
    pub gap: Option<String>,
}

fn part_row(row: &PgRow) -> PartRow {
    let count = |at: usize| usize::try_from(row.get::<i64, _>(at)).unwrap_or(0);
    let signed_at = row.get::<Option<Instant>, _>(11).map(|at| at.0);
    PartRow {
        part: Part {
            part_id: row.get(0),
            section_id: row.get(2),
            above_id: row.get(3),
            chief_id: row.get(4),
            people: row.get(5),
            is_signed: signed_at.is_some(),
            is_closed: row.get(14),
        },
        review_id: row.get(1),
        section: row.get(6),
        chief: row.get(7),
        version: row.get(8),
        items: count(9),
        decided: count(10),
        signature: signed_at.map(|at| Signature { name: row.get(12), at, version: row.get(13) }),
        gap: row.get(15),
    }
}

/// Lists of a review, or of all reviews that are open, or one list alone.
#[derive(Clone, Copy, Debug)]
pub enum Which {
    Of(Uuid),
    Open,
    One(Uuid),
}

/// The lists: by section, the people before their chiefs.
pub async fn parts(
    conn: &mut PgConnection,
    municipality: Municipality,
    which: Which,
    today: Date,
) -> sqlx::Result<Vec<PartRow>> {
    let (filter, id) = match which {
        Which::Of(review_id) => ("p.review_id = $3", Some(review_id)),
        Which::Open => ("r.closed_at is null and $3::uuid is null", None),
        Which::One(part_id) => ("p.part_id = $3", Some(part_id)),
    };
    let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
        "select p.part_id, p.review_id, p.section_id, c.above_id, p.chief_id,
             array(select e.staff_id from review_people e
                   where e.municipality_code = p.municipality_code and e.part_id = p.part_id),
             coalesce(c.name, '所属の登録なし'), f.name, p.version, n.items, n.decided,
             g.signed_at, s.name, g.version, r.closed_at is not null, w.reason
         from review_parts p
         join reviews r on r.municipality_code = p.municipality_code and r.review_id = p.review_id
         left join sections c on c.municipality_code = p.municipality_code and c.section_id = p.section_id
         left join staff f on f.municipality_code = p.municipality_code and f.staff_id = p.chief_id
         left join review_signatures g on g.municipality_code = p.municipality_code and g.part_id = p.part_id
         left join staff s on s.municipality_code = g.municipality_code and s.staff_id = g.staff_id
         left join review_gaps w on w.municipality_code = p.municipality_code and w.part_id = p.part_id
         cross join lateral (
             select count(*) as items, count(*) filter (where d.decision is not null or not exists (
                 select 1 from holdings h where h.municipality_code = i.municipality_code
                     and h.staff_id = i.staff_id and h.role = i.role and {STILL_HELD})) as decided
             from review_items i
             left join review_decisions d on d.municipality_code = i.municipality_code and d.part_id = i.part_id
                 and d.staff_id = i.staff_id and d.role = i.role
             where i.municipality_code = p.municipality_code and i.part_id = p.part_id) n
         where p.municipality_code = $1 and {filter}
         order by c.name nulls last, p.chief_id is not null, f.login, p.part_id"
    )))
    .bind(municipality.0)
    .bind(Day(today))
    .bind(id)
    .fetch_all(conn)
    .await?;
    Ok(rows.iter().map(part_row).collect())
}

/// One line of a list: a role of a person, as it was frozen and as it is now.
#[derive(Clone, Debug)]
pub struct Entry {
    pub item: Item,
    pub login: String,
    pub name: String,
    pub last_seen_at: Option<Timestamp>,
    /// The last day of the account, as it was frozen.
    pub until_on: Option<Date>,
    pub is_contractor: bool,
    pub conflicts: Vec<String>,
    /// Shut out, or past the last day, since the list was frozen.
    pub is_gone: bool,
    /// The section by now, where it is another one.
    pub moved_to: Option<String>,
    pub application_id: Option<Uuid>,
}

/// The lines of a list, by login id.
pub async fn entries(
    conn: &mut PgConnection,
    municipality: Municipality,
    part_id: Uuid,
    today: Date,
) -> sqlx::Result<Vec<Entry>> {
    let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
        "select i.staff_id, i.role, i.duties, i.from_on, i.until_on, d.decision, d.reason,
             exists (select 1 from holdings h where h.municipality_code = i.municipality_code
                 and h.staff_id = i.staff_id and h.role = i.role and {STILL_HELD}),
             s.login, s.name, e.last_seen_at, e.until_on, e.is_contractor, e.conflicts,
             a.disabled_at is not null or coalesce(a.until_on < $2, false),
             (select c.name from sections c where c.municipality_code = i.municipality_code
                 and c.section_id = section_of(i.staff_id, $2) and c.section_id is distinct from p.section_id),
             d.application_id
         from review_items i
         join review_people e on e.municipality_code = i.municipality_code and e.part_id = i.part_id
             and e.staff_id = i.staff_id
         join review_parts p on p.municipality_code = i.municipality_code and p.part_id = i.part_id
         join staff s on s.municipality_code = i.municipality_code and s.staff_id = i.staff_id
         join accounts a on a.municipality_code = i.municipality_code and a.staff_id = i.staff_id
         left join review_decisions d on d.municipality_code = i.municipality_code and d.part_id = i.part_id
             and d.staff_id = i.staff_id and d.role = i.role
         where i.municipality_code = $1 and i.part_id = $3 order by s.login, i.role"
    )))
    .bind(municipality.0)
    .bind(Day(today))
    .bind(part_id)
    .fetch_all(conn)
    .await?;
    Ok(rows.iter().filter_map(entry).collect())
}

fn entry(row: &PgRow) -> Option<Entry> {
    let decision = row.get::<Option<String>, _>(5).and_then(|code| Decision::from_code(&code));
    Some(Entry {
        item: Item {
            staff_id: row.get(0),
            role: Role::from_code(row.get(1))?,
            duties: row.get(2),
            from_on: row.get::<Day, _>(3).0,
            until_on: row.get::<Option<Day>, _>(4).map(|day| day.0),
            decided: decision.zip(row.get(6)),
            is_held: row.get(7),
        },
        login: row.get(8),
        name: row.get(9),
        last_seen_at: row.get::<Option<Instant>, _>(10).map(|at| at.0),
        until_on: row.get::<Option<Day>, _>(11).map(|day| day.0),
        is_contractor: row.get(12),
        conflicts: row.get(13),
        is_gone: row.get(14),
        moved_to: row.get(15),
        application_id: row.get(16),
    })
}

/// 名簿にない権限 of a section: name, role, first day. They began after the 基準日, or were granted after the freeze; three
/// people have just decided about them.
pub async fn granted_since(
    conn: &mut PgConnection,
    municipality: Municipality,
    (review_id, section_id): (Uuid, Option<Uuid>),
    today: Date,
) -> sqlx::Result<Vec<(String, Role, Date)>> {
    let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
        "select s.name, h.role, min(h.from_on) from holdings h
         join staff s on s.municipality_code = h.municipality_code and s.staff_id = h.staff_id
         where h.municipality_code = $1 and {STILL_HELD} and section_of(h.staff_id, $2) = $4
             and not exists (select 1 from review_items i
                 join review_parts p on p.municipality_code = i.municipality_code and p.part_id = i.part_id
                 where i.municipality_code = h.municipality_code and p.review_id = $3 and i.staff_id = h.staff_id
                     and i.role = h.role)
         group by s.login, s.name, h.role order by s.login, h.role"
    )))
    .bind(municipality.0)
    .bind(Day(today))
    .bind(review_id)
    .bind(section_id)
    .fetch_all(conn)
    .await?;
    let granted = |row: &PgRow| Some((row.get(0), Role::from_code(row.get(1))?, row.get::<Day, _>(2).0));
    Ok(rows.iter().filter_map(granted).collect())
}

/// Keeps a decision, or that there is none.
pub async fn decide(
    conn: &mut PgConnection,
    municipality: Municipality,
    (part_id, item): (Uuid, &Item),
    (by, at): (Uuid, Timestamp),
) -> sqlx::Result<()> {
    let Some((decision, reason)) = &item.decided else {
        sqlx::query(
            "delete from review_decisions
             where municipality_code = $1 and part_id = $2 and staff_id = $3 and role = $4",
        )
        .bind(municipality.0)
        .bind(part_id)
        .bind(item.staff_id)
        .bind(item.role.code())
        .execute(conn)
        .await?;
        return Ok(());
    };
    sqlx::query(
        "insert into review_decisions (municipality_code, part_id, staff_id, role, decision, reason, decided_by,
             decided_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict (municipality_code, part_id, staff_id, role) do update
             set decision = excluded.decision, reason = excluded.reason, decided_by = excluded.decided_by,
                 decided_at = excluded.decided_at
         where (review_decisions.decision, review_decisions.reason) is distinct from (excluded.decision, excluded.reason)",
    )
    .bind(municipality.0)
    .bind(part_id)
    .bind(item.staff_id)
    .bind(item.role.code())
    .bind(decision.code())
    .bind(reason)
    .bind(by)
    .bind(Instant(at))
    .execute(conn)
    .await?;
    Ok(())
}

/// By which application the removals of a person took effect.
pub async fn note_application(
    conn: &mut PgConnection,
    municipality: Municipality,
    (part_id, staff_id): (Uuid, Uuid),
    application_id: Uuid,
) -> sqlx::Result<()> {
    sqlx::query(
        "update review_decisions set application_id = $5
         where municipality_code = $1 and part_id = $2 and staff_id = $3 and decision = $4",
    )
    .bind(municipality.0)
    .bind(part_id)
    .bind(staff_id)
    .bind(Decision::Remove.code())
    .bind(application_id)
    .execute(conn)
    .await?;
    Ok(())
}

pub async fn sign(
    conn: &mut PgConnection,
    municipality: Municipality,
    (part_id, version): (Uuid, &str),
    (by, at): (Uuid, Timestamp),
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into review_signatures (municipality_code, part_id, staff_id, version, signed_at)
         values ($1, $2, $3, $4, $5)",
    )
    .bind(municipality.0)
    .bind(part_id)
    .bind(by)
    .bind(version)
    .bind(Instant(at))
    .execute(conn)
    .await?;
    Ok(())
}

/// Why a list has no signature.
pub async fn explain(
    conn: &mut PgConnection,
    municipality: Municipality,
    (part_id, reason): (Uuid, &str),
) -> sqlx::Result<()> {
    sqlx::query("insert into review_gaps (municipality_code, part_id, reason) values ($1, $2, $3)")
        .bind(municipality.0)
        .bind(part_id)
        .bind(reason)
        .execute(conn)
        .await?;
    Ok(())
}

pub async fn close(
    conn: &mut PgConnection,
    municipality: Municipality,
    review_id: Uuid,
    (by, at): (Uuid, Timestamp),
) -> sqlx::Result<()> {
    sqlx::query(
        "update reviews set closed_by = $3, closed_at = $4
         where municipality_code = $1 and review_id = $2 and closed_at is null",
    )
    .bind(municipality.0)
    .bind(review_id)
    .bind(by)
    .bind(Instant(at))
    .execute(conn)
    .await?;
    Ok(())
}
