//! What the rules ask of each account in use.

use super::rules::{Account, Contract};
use domain::Date;
use jiff::Timestamp;
use kit::{Day, Instant, Municipality, Role};
use sqlx::{PgConnection, Row};
use uuid::Uuid;

/// An account with what the list shows of it.
pub struct Listed {
    pub account: Account,
    pub login: String,
    pub name: String,
    pub section_id: Option<Uuid>,
    pub section: String,
    pub roles: Vec<Role>,
    pub last_seen_at: Option<Timestamp>,
}

fn day_of(at: Timestamp) -> Date {
    kit::clock::in_japan(at).date()
}

/// All accounts in use on this day, by section and login id.
pub async fn accounts(
    conn: &mut PgConnection,
    municipality: Municipality,
    today: Date,
) -> sqlx::Result<Vec<Listed>> {
    let rows = sqlx::query(
        "select a.staff_id, s.login, s.name, c.section_id, coalesce(c.name, ''), a.created_at,
             (select max(last_seen_at) from sign_ins i
              where i.municipality_code = a.municipality_code and i.staff_id = a.staff_id),
             (select e.created_at from enrolment_codes e
              where e.municipality_code = a.municipality_code and e.staff_id = a.staff_id and e.used_at is null),
             (select g.valid_until from password_grants g
              where g.municipality_code = a.municipality_code and g.staff_id = a.staff_id),
             array(select distinct h.role from holdings h
                   where h.municipality_code = a.municipality_code and h.staff_id = a.staff_id
                       and (h.until_on is null or h.until_on >= greatest($2, h.from_on))),
             k.contract_until, p.disabled_at is null and (p.until_on is null or p.until_on >= $2)
         from accounts a
         join staff s on s.municipality_code = a.municipality_code and s.staff_id = a.staff_id
         left join sections c on c.municipality_code = a.municipality_code and c.section_id = section_of(a.staff_id, $2)
         left join contracts k on k.municipality_code = a.municipality_code and k.staff_id = a.staff_id
         left join accounts p on p.municipality_code = k.municipality_code and p.staff_id = k.supervisor_id
         where a.municipality_code = $1 and a.disabled_at is null and (a.until_on is null or a.until_on >= $2)
         order by c.name, s.login",
    )
    .bind(municipality.0)
    .bind(Day(today))
    .fetch_all(conn)
    .await?;
    Ok(rows.iter().map(listed).collect())
}

fn listed(row: &sqlx::postgres::PgRow) -> Listed {
    let moment = |at: usize| row.get::<Option<Instant>, _>(at).map(|at| at.0);
    let roles: Vec<Role> =
        row.get::<Vec<String>, _>(9).iter().filter_map(|code| Role::from_code(code)).collect();
    let contract_until = row.get::<Option<Day>, _>(10).map(|day| day.0);
    let last_seen_at = moment(6);
    Listed {
        account: Account {
            staff_id: row.get(0),
            created_on: day_of(row.get::<Instant, _>(5).0),
            last_seen_on: last_seen_at.map(day_of),
            code_since: moment(7).map(day_of),
            password_until: row.get::<Option<Day>, _>(8).map(|day| day.0),
            has_role: !roles.is_empty(),
            contract: contract_until.map(|until_on| Contract {
                until_on,
                has_supervisor: row.get::<Option<bool>, _>(11) == Some(true),
            }),
        },
        login: row.get(1),
        name: row.get(2),
        section_id: row.get(3),
        section: row.get(4),
        roles,
        last_seen_at,
    }
}
