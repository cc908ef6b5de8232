//! Sign-ins and tickets.

use crate::keeper::Limits;
use jiff::Timestamp;
use kit::{Day, Instant, Municipality, Role, Terminal, Zone, session::Standing, staff::Person};
use sha2::{Digest, Sha256};
use sqlx::{PgConnection, Row};
use uuid::Uuid;

/// What stands in the way of a login id, and what it is checked against.
pub struct Account {
    pub staff_id: Uuid,
    pub password_hash: Option<String>,
    pub retry_at: Option<Timestamp>,
}

/// The account in use with this login id, locked until the transaction ends.
pub async fn account(
    conn: &mut PgConnection,
    municipality: Municipality,
    login: &str,
) -> sqlx::Result<Option<Account>> {
    let row = sqlx::query(
        "select a.staff_id, p.password_hash, a.retry_at
         from staff s
         join accounts a on a.municipality_code = s.municipality_code and a.staff_id = s.staff_id
         left join passwords p on p.municipality_code = a.municipality_code and p.staff_id = a.staff_id
         where s.municipality_code = $1 and s.login = $2 and a.disabled_at is null for update of a",
    )
    .bind(municipality.0)
    .bind(login)
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Account {
        staff_id: row.get(0),
        password_hash: row.get(1),
        retry_at: row.get::<Option<Instant>, _>(2).map(|at| at.0),
    }))
}

/// Counts a failure; returns how many there have been in a row.
pub async fn count_failure(
    conn: &mut PgConnection,
    municipality: Municipality,
    staff_id: Uuid,
) -> sqlx::Result<i32> {
    sqlx::query_scalar(
        "update accounts set failed_attempts = failed_attempts + 1
         where municipality_code = $1 and staff_id = $2 returning failed_attempts",
    )
    .bind(municipality.0)
    .bind(staff_id)
    .fetch_one(conn)
    .await
}

/// Makes the next attempt wait; `None` forgets the failures.
pub async fn set_retry(
    conn: &mut PgConnection,
    municipality: Municipality,
    staff_id: Uuid,
    retry_at: Option<Timestamp>,
) -> sqlx::Result<()> {
    sqlx::query(
        "update accounts set retry_at = $3, failed_attempts = case when $3 is null then 0 else failed_attempts end
         where municipality_code = $1 and staff_id = $2",
    )
    .bind(municipality.0)
    .bind(staff_id)
    .bind(retry_at.map(Instant))
    .execute(conn)
    .await?;
    Ok(())
}

/// Begins a sign-in.
pub async fn begin(
    conn: &mut PgConnection,
    municipality: Municipality,
    sign_in_id: Uuid,
    staff_id: Uuid,
    terminal: Terminal,
    at: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into sign_ins (municipality_code, sign_in_id, staff_id, zone, terminal_id, created_at, last_seen_at)
         values ($1, $2, $3, $4, $5, $6, $6)",
    )
    .bind(municipality.0)
    .bind(sign_in_id)
    .bind(staff_id)
    .bind(terminal.zone.code())
    .bind(terminal.id)
    .bind(Instant(at))
    .execute(conn)
    .await?;
    Ok(())
}

/// Ends a sign-in that stands.
pub async fn end(
    conn: &mut PgConnection,
    municipality: Municipality,
    sign_in_id: Uuid,
    by: &str,
    at: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query(
        "update sign_ins set ended_at = $4, ended_by = $3
         where municipality_code = $1 and sign_in_id = $2 and ended_at is null",
    )
    .bind(municipality.0)
    .bind(sign_in_id)
    .bind(by)
    .bind(Instant(at))
    .execute(conn)
    .await?;
    Ok(())
}

/// Ends every sign-in of a person.
pub async fn end_all(
    conn: &mut PgConnection,
    municipality: Municipality,
    staff_id: Uuid,
    by: &str,
    at: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query(
        "update sign_ins set ended_at = $4, ended_by = $3
         where municipality_code = $1 and staff_id = $2 and ended_at is null",
    )
    .bind(municipality.0)
    .bind(staff_id)
    .bind(by)
    .bind(Instant(at))
    .execute(conn)
    .await?;
    Ok(())
}

/// What can be said of a sign-in that stands: of a person who is not disabled, on a day of their account, with the
/// roles they hold that day.
pub async fn standing(
    conn: &mut PgConnection,
    municipality: Municipality,
    sign_in_id: Uuid,
    limits: Limits,
) -> sqlx::Result<Option<Standing>> {
    let row = sqlx::query(
        "select s.staff_id, s.login, s.name, s.section, roles_held(a.staff_id, $5), i.zone, i.terminal_id, i.stepped_up_at
         from sign_ins i
         join accounts a on a.municipality_code = i.municipality_code and a.staff_id = i.staff_id
         join staff s on s.municipality_code = i.municipality_code and s.staff_id = i.staff_id
         where i.municipality_code = $1 and i.sign_in_id = $2 and i.ended_at is null and a.disabled_at is null
             and i.created_at > $3 and i.last_seen_at > $4 and (a.until_on is null or a.until_on >= $5)",
    )
    .bind(municipality.0)
    .bind(sign_in_id)
    .bind(Instant(limits.begun_after))
    .bind(Instant(limits.used_after))
    .bind(Day(limits.today))
    .fetch_optional(conn)
    .await?;
    Ok(row.and_then(|row| {
        Some(Standing {
            sign_in_id,
            person: Person {
                staff_id: row.get(0),
                login: row.get(1),
                name: row.get(2),
                section: row.get(3),
                roles: row.get::<Vec<String>, _>(4).iter().filter_map(|code| Role::from_code(code)).collect(),
            },
            terminal: Terminal { zone: Zone::from_code(row.get(5))?, id: row.get(6) },
            stepped_up_at: row.get::<Option<Instant>, _>(7).map(|at| at.0),
        })
    }))
}

/// Somebody uses their sign-in.
pub async fn seen(
    conn: &mut PgConnection,
    municipality: Municipality,
    sign_in_id: Uuid,
    at: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query("update sign_ins set last_seen_at = $3 where municipality_code = $1 and sign_in_id = $2")
        .bind(municipality.0)
        .bind(sign_in_id)
        .bind(Instant(at))
        .execute(conn)
        .await?;
    Ok(())
}

fn digest(ticket: &str) -> Vec<u8> {
    Sha256::digest(ticket.as_bytes()).to_vec()
}

/// Issues a ticket to a system.
pub async fn issue_ticket(
    conn: &mut PgConnection,
    municipality: Municipality,
    ticket: &str,
    sign_in_id: Uuid,
    system: &str,
    state: &str,
    at: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into tickets (municipality_code, ticket_hash, sign_in_id, system, state, created_at)
         values ($1, $2, $3, $4, $5, $6)",
    )
    .bind(municipality.0)
    .bind(digest(ticket))
    .bind(sign_in_id)
    .bind(system)
    .bind(state)
    .bind(Instant(at))
    .execute(conn)
    .await?;
    Ok(())
}

/// Uses a ticket that was issued to `system` after `since` and never used: the sign-in and the state it carries.
pub async fn use_ticket(
    conn: &mut PgConnection,
    municipality: Municipality,
    (system, ticket): (&str, &str),
    at: Timestamp,
    since: Timestamp,
) -> sqlx::Result<Option<(Uuid, String)>> {
    sqlx::query_as(
        "update tickets set used_at = $3
         where municipality_code = $1 and ticket_hash = $2 and used_at is null and created_at > $4
             and system = $5
         returning sign_in_id, state",
    )
    .bind(municipality.0)
    .bind(digest(ticket))
    .bind(Instant(at))
    .bind(Instant(since))
    .bind(system)
    .fetch_optional(conn)
    .await
}
