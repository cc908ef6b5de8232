//! Sign-ins and tickets.

use crate::keeper::Limits;
use jiff::Timestamp;
use kit::{
    Day, Fingerprint, Instant, Municipality, Role, Terminal, Zone, session::Standing, staff::Person,
    terminal::Device,
};
use sha2::{Digest, Sha256};
use sqlx::{PgConnection, Row};
use uuid::Uuid;

/// Begins a sign-in.
pub async fn begin(
    conn: &mut PgConnection,
    municipality: Municipality,
    sign_in_id: Uuid,
    staff_id: Uuid,
    (terminal, means): (Terminal, &str),
    at: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into sign_ins (municipality_code, sign_in_id, staff_id, zone, terminal_id, created_at, last_seen_at,
             means)
         values ($1, $2, $3, $4, $5, $6, $6, $7)",
    )
    .bind(municipality.0)
    .bind(sign_in_id)
    .bind(staff_id)
    .bind(terminal.zone.code())
    .bind(terminal.id)
    .bind(Instant(at))
    .bind(means)
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

/// Ends one of a person's own sign-ins. False where it is not theirs or does not stand.
pub async fn end_own(
    conn: &mut PgConnection,
    municipality: Municipality,
    staff_id: Uuid,
    sign_in_id: Uuid,
    at: Timestamp,
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "update sign_ins set ended_at = $4, ended_by = 'person'
         where municipality_code = $1 and staff_id = $2 and sign_in_id = $3 and ended_at is null",
    )
    .bind(municipality.0)
    .bind(staff_id)
    .bind(sign_in_id)
    .bind(Instant(at))
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Ends every sign-in of a person but this one.
pub async fn end_others(
    conn: &mut PgConnection,
    municipality: Municipality,
    staff_id: Uuid,
    own: Uuid,
    at: Timestamp,
) -> sqlx::Result<u64> {
    let done = sqlx::query(
        "update sign_ins set ended_at = $4, ended_by = 'person'
         where municipality_code = $1 and staff_id = $2 and sign_in_id <> $3 and ended_at is null",
    )
    .bind(municipality.0)
    .bind(staff_id)
    .bind(own)
    .bind(Instant(at))
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// A sign-in as its person sees it.
pub struct SignInRow {
    pub sign_in_id: Uuid,
    pub zone: Option<Zone>,
    pub terminal_id: Option<Uuid>,
    pub terminal_name: Option<String>,
    pub means: String,
    pub created_at: Timestamp,
    pub last_seen_at: Timestamp,
}

fn sign_in_row(row: &sqlx::postgres::PgRow) -> SignInRow {
    SignInRow {
        sign_in_id: row.get(0),
        zone: Zone::from_code(row.get(1)),
        terminal_id: row.get(2),
        terminal_name: row.get(6),
        means: row.get(3),
        created_at: row.get::<Instant, _>(4).0,
        last_seen_at: row.get::<Instant, _>(5).0,
    }
}

/// The sign-ins of a person that stand (see [`standing`]), newest first.
pub async fn standing_of(
    conn: &mut PgConnection,
    municipality: Municipality,
    staff_id: Uuid,
    limits: Limits,
) -> sqlx::Result<Vec<SignInRow>> {
    let rows = sqlx::query(
        "select sign_in_id, zone, terminal_id, means, created_at, last_seen_at,
             (select t.name from terminals t
              where t.municipality_code = sign_ins.municipality_code and t.terminal_id = sign_ins.terminal_id)
         from sign_ins
         where municipality_code = $1 and staff_id = $2 and ended_at is null and created_at > $3
             and last_seen_at > $4
         order by created_at desc",
    )
    .bind(municipality.0)
    .bind(staff_id)
    .bind(Instant(limits.begun_after))
    .bind(Instant(limits.used_after))
    .fetch_all(conn)
    .await?;
    Ok(rows.iter().map(sign_in_row).collect())
}

/// The sign-in before this one: what a person should recognise.
pub async fn before(
    conn: &mut PgConnection,
    municipality: Municipality,
    staff_id: Uuid,
    own: Uuid,
) -> sqlx::Result<Option<SignInRow>> {
    let row = sqlx::query(
        "select sign_in_id, zone, terminal_id, means, created_at, last_seen_at,
             (select t.name from terminals t
              where t.municipality_code = sign_ins.municipality_code and t.terminal_id = sign_ins.terminal_id)
         from sign_ins
         where municipality_code = $1 and staff_id = $2 and sign_in_id <> $3
             and created_at <= (select created_at from sign_ins where municipality_code = $1 and sign_in_id = $3)
         order by created_at desc limit 1",
    )
    .bind(municipality.0)
    .bind(staff_id)
    .bind(own)
    .fetch_optional(conn)
    .await?;
    Ok(row.as_ref().map(sign_in_row))
}

/// A second factor was proved within a sign-in.
pub async fn step_up(
    conn: &mut PgConnection,
    municipality: Municipality,
    sign_in_id: Uuid,
    at: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query("update sign_ins set stepped_up_at = $3 where municipality_code = $1 and sign_in_id = $2")
        .bind(municipality.0)
        .bind(sign_in_id)
        .bind(Instant(at))
        .execute(conn)
        .await?;
    Ok(())
}

/// What can be said of a sign-in that stands: of a person who is not disabled, on a day of their account, with the
/// roles they hold that day, at a terminal that may be used that day.
pub async fn standing(
    conn: &mut PgConnection,
    municipality: Municipality,
    sign_in_id: Uuid,
    limits: Limits,
) -> sqlx::Result<Option<Standing>> {
    let row = sqlx::query(
        "select s.staff_id, s.login, s.name, s.section, roles_held(a.staff_id, $5), i.zone, i.terminal_id, i.stepped_up_at,
             t.name, t.fingerprint
         from sign_ins i
         join accounts a on a.municipality_code = i.municipality_code and a.staff_id = i.staff_id
         join staff s on s.municipality_code = i.municipality_code and s.staff_id = i.staff_id
         left join terminals t on t.municipality_code = i.municipality_code and t.terminal_id = i.terminal_id
         where i.municipality_code = $1 and i.sign_in_id = $2 and i.ended_at is null and a.disabled_at is null
             and i.created_at > $3 and i.last_seen_at > $4 and (a.until_on is null or a.until_on >= $5)
             and (i.terminal_id is null or (t.withdrawn_at is null and t.last_on >= $5 and t.zone = i.zone))",
    )
    .bind(municipality.0)
    .bind(sign_in_id)
    .bind(Instant(limits.begun_after))
    .bind(Instant(limits.used_after))
    .bind(Day(limits.today))
    .fetch_optional(conn)
    .await?;
    Ok(row.and_then(|row| {
        let device = row.get::<Option<String>, _>(8).zip(row.get::<Option<[u8; 32]>, _>(9));
        let device = device.map(|(name, fingerprint)| Device { name, fingerprint: Fingerprint(fingerprint) });
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
            device,
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
