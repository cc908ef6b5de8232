//! Contracts that people of other companies record under.

use domain::Date;
use jiff::Timestamp;
use kit::{Day, Instant, Municipality};
use sqlx::{PgConnection, Row};
use uuid::Uuid;

/// A contractor as the list shows them.
pub struct Contractor {
    pub login: String,
    pub name: String,
    pub company: String,
    pub until_on: Date,
    pub supervisor: String,
    pub consent_number: String,
    pub is_disabled: bool,
}

/// Those whose contract ends first come first.
pub async fn all(conn: &mut PgConnection, municipality: Municipality) -> sqlx::Result<Vec<Contractor>> {
    let rows = sqlx::query(
        "select s.login, s.name, c.company, c.contract_until, p.name, c.consent_number, a.disabled_at is not null
         from contracts c
         join accounts a on a.municipality_code = c.municipality_code and a.staff_id = c.staff_id
         join staff s on s.municipality_code = c.municipality_code and s.staff_id = c.staff_id
         join staff p on p.municipality_code = c.municipality_code and p.staff_id = c.supervisor_id
         where c.municipality_code = $1 order by c.contract_until, s.login",
    )
    .bind(municipality.0)
    .fetch_all(conn)
    .await?;
    Ok(rows
        .iter()
        .map(|row| Contractor {
            login: row.get(0),
            name: row.get(1),
            company: row.get(2),
            until_on: row.get::<Day, _>(3).0,
            supervisor: row.get(4),
            consent_number: row.get(5),
            is_disabled: row.get(6),
        })
        .collect())
}

/// Who can answer for a contractor: staff of our own with an account in use.
pub async fn supervisors(
    conn: &mut PgConnection,
    municipality: Municipality,
) -> sqlx::Result<Vec<(Uuid, String)>> {
    sqlx::query_as(
        "select a.staff_id, s.name from accounts a
         join staff s on s.municipality_code = a.municipality_code and s.staff_id = a.staff_id
         where a.municipality_code = $1 and a.disabled_at is null
             and not exists (select 1 from contracts c
                 where c.municipality_code = a.municipality_code and c.staff_id = a.staff_id)
         order by s.login",
    )
    .bind(municipality.0)
    .fetch_all(conn)
    .await
}

/// A contract to be kept.
pub struct Contract<'a> {
    pub staff_id: Uuid,
    pub company: &'a str,
    pub until_on: Date,
    pub supervisor_id: Uuid,
    pub consent_number: &'a str,
}

/// Keeps the contract, and lets the account end with it.
pub async fn put(
    conn: &mut PgConnection,
    municipality: Municipality,
    contract: &Contract<'_>,
    at: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into contracts (municipality_code, staff_id, company, contract_until, supervisor_id, consent_number,
             created_at)
         values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (municipality_code, staff_id) do update
             set company = excluded.company, contract_until = excluded.contract_until,
                 supervisor_id = excluded.supervisor_id, consent_number = excluded.consent_number",
    )
    .bind(municipality.0)
    .bind(contract.staff_id)
    .bind(contract.company)
    .bind(Day(contract.until_on))
    .bind(contract.supervisor_id)
    .bind(contract.consent_number)
    .bind(Instant(at))
    .execute(&mut *conn)
    .await?;
    sqlx::query("update accounts set until_on = $3 where municipality_code = $1 and staff_id = $2")
        .bind(municipality.0)
        .bind(contract.staff_id)
        .bind(Day(contract.until_on))
        .execute(conn)
        .await?;
    Ok(())
}
