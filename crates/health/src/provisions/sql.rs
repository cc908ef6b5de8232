//! 提供記録.

use crate::ledger::{RESIDENT_COLUMNS, Resident, read_resident};
use domain::leaving::{Basis, Means, RecipientKind};
use jiff::Timestamp;
use kit::{Instant, Municipality};
use sqlx::{PgConnection, Row, postgres::PgRow};
use uuid::Uuid;

/// One line of the ledger.
#[derive(Clone, Debug)]
pub struct Provision {
    pub provision_id: Uuid,
    pub approval_id: Uuid,
    pub recipient_kind: RecipientKind,
    pub recipient: String,
    pub letter: String,
    pub basis: Basis,
    pub means: Means,
    pub recipient_key: String,
    pub items: Vec<String>,
    pub people: i64,
    pub asked_by_name: String,
    pub decided_by_name: String,
    pub handed_at: Option<Timestamp>,
}

const SELECT: &str = "select p.provision_id, p.approval_id, p.recipient_kind, p.recipient, p.letter, p.basis, p.means, p.recipient_key,
         p.items, asker.name as asked_by_name, coalesce(decider.name, '') as decided_by_name,
         (select count(*) from provision_people x where x.municipality_code = p.municipality_code
             and x.provision_id = p.provision_id) as people,
         (select max(used_at) from approval_uses u where u.municipality_code = p.municipality_code
             and u.approval_id = p.approval_id) as handed_at
     from provisions p
     join approvals a on a.municipality_code = p.municipality_code and a.approval_id = p.approval_id
     join staff asker on asker.municipality_code = a.municipality_code and asker.staff_id = a.asked_by
     left join staff decider on decider.municipality_code = a.municipality_code and decider.staff_id = a.decided_by";

fn read(row: &PgRow) -> sqlx::Result<Provision> {
    let unknown = |what: &str| sqlx::Error::Decode(format!("unknown {what} of a provision").into());
    Ok(Provision {
        provision_id: row.get("provision_id"),
        approval_id: row.get("approval_id"),
        recipient_kind: RecipientKind::from_code(row.get("recipient_kind"))
            .ok_or_else(|| unknown("recipient"))?,
        recipient: row.get("recipient"),
        letter: row.get("letter"),
        basis: Basis::from_code(row.get("basis")).ok_or_else(|| unknown("ground"))?,
        means: Means::from_code(row.get("means")).ok_or_else(|| unknown("means"))?,
        recipient_key: row.get("recipient_key"),
        items: row.get("items"),
        people: row.get("people"),
        asked_by_name: row.get("asked_by_name"),
        decided_by_name: row.get("decided_by_name"),
        handed_at: row.get::<Option<Instant>, _>("handed_at").map(|at| at.0),
    })
}

/// What a line of the ledger begins with.
pub struct NewProvision<'a> {
    pub provision_id: Uuid,
    pub approval_id: Uuid,
    pub recipient_kind: RecipientKind,
    pub recipient: &'a str,
    pub letter: &'a str,
    pub basis: Basis,
    pub means: Means,
    pub recipient_key: &'a str,
    pub items: Vec<&'static str>,
    pub people: Vec<Uuid>,
}

pub async fn insert(
    conn: &mut PgConnection,
    municipality: Municipality,
    new: &NewProvision<'_>,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into provisions (municipality_code, provision_id, approval_id, recipient_kind, recipient, letter, basis, means,
             recipient_key, items)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(municipality.0)
    .bind(new.provision_id)
    .bind(new.approval_id)
    .bind(new.recipient_kind.code())
    .bind(new.recipient)
    .bind(new.letter)
    .bind(new.basis.code())
    .bind(new.means.code())
    .bind(new.recipient_key)
    .bind(&new.items)
    .execute(&mut *conn)
    .await?;
    sqlx::query(
        "insert into provision_people (municipality_code, provision_id, resident_id, position)
         select $1, $2, resident_id, position from unnest($3::uuid[]) with ordinality as t (resident_id, position)",
    )
    .bind(municipality.0)
    .bind(new.provision_id)
    .bind(&new.people)
    .execute(conn)
    .await?;
    Ok(())
}

pub async fn get(
    conn: &mut PgConnection,
    municipality: Municipality,
    provision_id: Uuid,
) -> sqlx::Result<Option<Provision>> {
    let sql = format!("{SELECT} where p.municipality_code = $1 and p.provision_id = $2");
    let row = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(municipality.0)
        .bind(provision_id)
        .fetch_optional(conn)
        .await?;
    row.as_ref().map(read).transpose()
}

/// One page of the ledger, newest first, with the count of all.
pub async fn list(
    conn: &mut PgConnection,
    municipality: Municipality,
    limit: i64,
    offset: i64,
) -> sqlx::Result<(Vec<Provision>, i64)> {
    let sql =
        format!("{SELECT} where p.municipality_code = $1 order by a.approval_number desc limit $2 offset $3");
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(municipality.0)
        .bind(limit)
        .bind(offset)
        .fetch_all(&mut *conn)
        .await?;
    let total = sqlx::query_scalar("select count(*) from provisions where municipality_code = $1")
        .bind(municipality.0)
        .fetch_one(conn)
        .await?;
    Ok((rows.iter().map(read).collect::<sqlx::Result<_>>()?, total))
}

/// To whom the records of a person went, newest first: what was handed out, not what was only asked for.
pub async fn of_resident(
    conn: &mut PgConnection,
    municipality: Municipality,
    resident_id: Uuid,
    limit: i64,
) -> sqlx::Result<Vec<Provision>> {
    let sql = format!(
        "{SELECT} join provision_people o on o.municipality_code = p.municipality_code and o.provision_id = p.provision_id
         where p.municipality_code = $1 and o.resident_id = $2
             and exists (select from approval_uses u where u.municipality_code = p.municipality_code
                 and u.approval_id = p.approval_id)
         order by a.approval_number desc limit $3"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(municipality.0)
        .bind(resident_id)
        .bind(limit)
        .fetch_all(conn)
        .await?;
    rows.iter().map(read).collect()
}

/// The people of a provision in the order in which they were asked for.
pub async fn people(
    conn: &mut PgConnection,
    municipality: Municipality,
    provision_id: Uuid,
) -> sqlx::Result<Vec<Resident>> {
    let sql = format!(
        "select {RESIDENT_COLUMNS} from residents join (
             select resident_id as provided_id, position from provision_people
             where municipality_code = $1 and provision_id = $2) as p on p.provided_id = resident_id
         where municipality_code = $1 order by p.position"
    );
    let rows =
        sqlx::query(sqlx::AssertSqlSafe(sql)).bind(municipality.0).bind(provision_id).fetch_all(conn).await?;
    Ok(rows.iter().map(read_resident).collect())
}

/// The people with these 宛名番号, in their order; who is not there is missing.
pub async fn by_numbers(
    conn: &mut PgConnection,
    municipality: Municipality,
    numbers: &[String],
) -> sqlx::Result<Vec<Resident>> {
    let sql = format!(
        "select {RESIDENT_COLUMNS} from residents where municipality_code = $1 and addressee_number = any($2)
         order by array_position($2, addressee_number)"
    );
    let rows =
        sqlx::query(sqlx::AssertSqlSafe(sql)).bind(municipality.0).bind(numbers).fetch_all(conn).await?;
    Ok(rows.iter().map(read_resident).collect())
}
