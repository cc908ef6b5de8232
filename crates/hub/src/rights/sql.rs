//! Applications, their steps, and the roles that people hold.

use super::steps::{Application, Hand, Kind, State, Subject};
use domain::Date;
use jiff::Timestamp;
use kit::{Acting, Day, Duty, Instant, Municipality, Role};
use sqlx::{PgConnection, Row, postgres::PgRow};
use uuid::Uuid;

/// Longer lists are for the operation log.
const LISTED_MAX: i64 = 200;

fn roles(codes: &[String]) -> Vec<Role> {
    codes.iter().filter_map(|code| Role::from_code(code)).collect()
}

fn codes(roles: &[Role]) -> Vec<&'static str> {
    roles.iter().map(|role| role.code()).collect()
}

/// What somebody may do about applications: their roles of this moment and the sections they lead.
pub async fn hand(
    conn: &mut PgConnection,
    municipality: Municipality,
    acting: &Acting,
    today: Date,
) -> sqlx::Result<Hand> {
    let leads = sqlx::query_scalar(
        "select c.section_id from sections c, section_of($2, $3) as own
         where c.municipality_code = $1 and own in (c.section_id, c.above_id)",
    )
    .bind(municipality.0)
    .bind(acting.staff_id)
    .bind(Day(today))
    .fetch_all(conn)
    .await?;
    Ok(Hand { staff_id: acting.staff_id, roles: acting.roles.clone(), leads })
}

/// A member of staff whose rights are asked for.
pub struct Person {
    pub name: String,
    pub login: String,
    pub section: String,
    pub subject: Subject,
    pub last_seen_at: Option<Timestamp>,
}

/// A person with an account in use; `lock` makes others who change their rights wait.
pub async fn person(
    conn: &mut PgConnection,
    municipality: Municipality,
    staff_id: Uuid,
    (today, lock): (Date, bool),
) -> sqlx::Result<Option<Person>> {
    if lock {
        sqlx::query("select 1 from accounts where municipality_code = $1 and staff_id = $2 for update")
            .bind(municipality.0)
            .bind(staff_id)
            .execute(&mut *conn)
            .await?;
    }
    let row = sqlx::query(
        "select s.name, s.login, coalesce(c.name, ''), here.id, a.until_on,
             exists (select 1 from contracts k where k.municipality_code = a.municipality_code and k.staff_id = a.staff_id),
             array(select distinct h.role from holdings h
                   where h.municipality_code = a.municipality_code and h.staff_id = a.staff_id
                       and (h.until_on is null or h.until_on >= greatest($3, h.from_on))),
             (select max(last_seen_at) from sign_ins i
              where i.municipality_code = a.municipality_code and i.staff_id = a.staff_id),
             section_of(a.staff_id, coming.on_day), coming.on_day
         from accounts a
         join staff s on s.municipality_code = a.municipality_code and s.staff_id = a.staff_id
         cross join section_of(a.staff_id, $3) as here(id)
         left join sections c on c.municipality_code = a.municipality_code and c.section_id = here.id
         cross join lateral (select min(on_day) as on_day from moves m
             where m.municipality_code = a.municipality_code and m.staff_id = a.staff_id and m.kind = 'transfer'
                 and m.on_day > $3) coming
         where a.municipality_code = $1 and a.staff_id = $2 and a.disabled_at is null",
    )
    .bind(municipality.0)
    .bind(staff_id)
    .bind(Day(today))
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Person {
        name: row.get(0),
        login: row.get(1),
        section: row.get(2),
        subject: Subject {
            staff_id,
            section_id: row.get(3),
            coming: row.get::<Option<Uuid>, _>(8).zip(row.get::<Option<Day>, _>(9).map(|day| day.0)),
            until_on: row.get::<Option<Day>, _>(4).map(|day| day.0),
            is_contractor: row.get(5),
            roles: roles(&row.get::<Vec<String>, _>(6)),
        },
        last_seen_at: row.get::<Option<Instant>, _>(7).map(|at| at.0),
    }))
}

/// People with an account in use in these sections: id, name, section.
pub async fn people_of(
    conn: &mut PgConnection,
    municipality: Municipality,
    sections: &[Uuid],
    today: Date,
) -> sqlx::Result<Vec<(Uuid, String, String)>> {
    sqlx::query_as(
        "select a.staff_id, s.name, c.name
         from accounts a
         join staff s on s.municipality_code = a.municipality_code and s.staff_id = a.staff_id
         join sections c on c.municipality_code = a.municipality_code and c.section_id = section_of(a.staff_id, $3)
         where a.municipality_code = $1 and c.section_id = any($2) and a.disabled_at is null
         order by c.name, s.login",
    )
    .bind(municipality.0)
    .bind(sections)
    .bind(Day(today))
    .fetch_all(conn)
    .await
}

/// Keeps a new application with its first step. False where this very form has been sent before.
pub async fn insert(
    conn: &mut PgConnection,
    municipality: Municipality,
    new: &Application,
    at: Timestamp,
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "insert into rights_applications (municipality_code, application_id, kind, staff_id, section_id, duty, roles,
             reason, from_on, until_on, state, applied_by, applied_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'applied', $11, $12)
         on conflict (municipality_code, application_id) do nothing",
    )
    .bind(municipality.0)
    .bind(new.application_id)
    .bind(new.kind.code())
    .bind(new.staff_id)
    .bind(new.section_id)
    .bind(new.duty.code())
    .bind(codes(&new.roles))
    .bind(&new.reason)
    .bind(Day(new.from_on))
    .bind(new.until_on.map(Day))
    .bind(new.applied_by)
    .bind(Instant(at))
    .execute(&mut *conn)
    .await?;
    let is_new = done.rows_affected() == 1;
    if is_new {
        add_step(conn, municipality, new.application_id, (&State::Applied, new.applied_by), at).await?;
    }
    Ok(is_new)
}

async fn add_step(
    conn: &mut PgConnection,
    municipality: Municipality,
    application_id: Uuid,
    (state, staff_id): (&State, Uuid),
    at: Timestamp,
) -> sqlx::Result<()> {
    let reason = match state {
        State::Rejected { reason, .. } | State::Withdrawn { reason } => reason.as_str(),
        State::Applied | State::Approved { .. } | State::Granted { .. } => "",
    };
    sqlx::query(
        "insert into rights_steps (municipality_code, application_id, state, staff_id, taken_at, reason)
         values ($1, $2, $3, $4, $5, $6)",
    )
    .bind(municipality.0)
    .bind(application_id)
    .bind(state.code())
    .bind(staff_id)
    .bind(Instant(at))
    .bind(reason)
    .execute(conn)
    .await?;
    Ok(())
}

/// Brings an application from one state into the next. False where somebody else was faster.
pub async fn advance(
    conn: &mut PgConnection,
    municipality: Municipality,
    (application, next): (&Application, &State),
    staff_id: Uuid,
    at: Timestamp,
) -> sqlx::Result<bool> {
    let (approved_by, granted_by, closed_by, reason) = match next {
        State::Applied => (None, None, None, ""),
        State::Approved { by } => (Some(*by), None, None, ""),
        State::Granted { approved_by, by } => (*approved_by, Some(*by), None, ""),
        State::Rejected { approved_by, by, reason } => (*approved_by, None, Some(*by), reason.as_str()),
        State::Withdrawn { reason } => {
            let approved_by = match application.state {
                State::Approved { by } => Some(by),
                State::Applied | State::Granted { .. } | State::Rejected { .. } | State::Withdrawn { .. } => {
                    None
                }
            };
            (approved_by, None, Some(staff_id), reason.as_str())
        }
    };
    let done = sqlx::query(
        "update rights_applications
         set state = $4, approved_by = $5, granted_by = $6, closed_by = $7, closing_reason = $8
         where municipality_code = $1 and application_id = $2 and state = $3",
    )
    .bind(municipality.0)
    .bind(application.application_id)
    .bind(application.state.code())
    .bind(next.code())
    .bind(approved_by)
    .bind(granted_by)
    .bind(closed_by)
    .bind(reason)
    .execute(&mut *conn)
    .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    add_step(conn, municipality, application.application_id, (next, staff_id), at).await?;
    Ok(true)
}

const SHOWN: &str =
    "r.application_id, r.kind, r.staff_id, r.section_id, r.duty, r.roles, r.reason, r.from_on,
    r.until_on, r.applied_by, r.state, r.approved_by, r.granted_by, r.closed_by, r.closing_reason";

fn application(row: &PgRow) -> Option<Application> {
    let (approved_by, by): (Option<Uuid>, Option<Uuid>) = (row.get(11), row.get(12));
    let (closed_by, reason): (Option<Uuid>, String) = (row.get(13), row.get(14));
    let state = match row.get::<&str, _>(10) {
        "applied" => State::Applied,
        "approved" => State::Approved { by: approved_by? },
        "granted" => State::Granted { approved_by, by: by? },
        "rejected" => State::Rejected { approved_by, by: closed_by?, reason },
        "withdrawn" => State::Withdrawn { reason },
        _ => return None,
    };
    Some(Application {
        application_id: row.get(0),
        kind: Kind::from_code(row.get(1))?,
        staff_id: row.get(2),
        section_id: row.get(3),
        duty: Duty::from_code(row.get(4))?,
        roles: roles(&row.get::<Vec<String>, _>(5)),
        reason: row.get(6),
        from_on: row.get::<Day, _>(7).0,
        until_on: row.get::<Option<Day>, _>(8).map(|day| day.0),
        applied_by: row.get(9),
        state,
    })
}

/// One application; `lock` makes whoever wants to take a step at the same time wait.
pub async fn get(
    conn: &mut PgConnection,
    municipality: Municipality,
    application_id: Uuid,
    lock: bool,
) -> sqlx::Result<Option<Application>> {
    let lock = if lock { " for update" } else { "" };
    let row = sqlx::query(sqlx::AssertSqlSafe(format!(
        "select {SHOWN} from rights_applications r where r.municipality_code = $1 and r.application_id = $2{lock}"
    )))
    .bind(municipality.0)
    .bind(application_id)
    .fetch_optional(conn)
    .await?;
    Ok(row.as_ref().and_then(application))
}

/// An application as the list shows it.
pub struct Listed {
    pub application: Application,
    pub name: String,
    pub section: String,
    pub applied_at: Timestamp,
}

/// The applications somebody may see: the open ones first, the newest first.
pub async fn list(
    conn: &mut PgConnection,
    municipality: Municipality,
    hand: &Hand,
) -> sqlx::Result<Vec<Listed>> {
    let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
        "select {SHOWN}, s.name, c.name, r.applied_at
         from rights_applications r
         join staff s on s.municipality_code = r.municipality_code and s.staff_id = r.staff_id
         join sections c on c.municipality_code = r.municipality_code and c.section_id = r.section_id
         where r.municipality_code = $1 and ($2 or r.staff_id = $3 or r.applied_by = $3 or r.section_id = any($4))
         order by r.state not in ('applied', 'approved'), r.applied_at desc limit $5"
    )))
    .bind(municipality.0)
    .bind(hand.roles.iter().any(|role| matches!(role, Role::IdManager | Role::Auditor)))
    .bind(hand.staff_id)
    .bind(if hand.roles.contains(&Role::Chief) { hand.leads.as_slice() } else { &[] })
    .bind(LISTED_MAX)
    .fetch_all(conn)
    .await?;
    let listed = |row: &PgRow| {
        Some(Listed {
            application: application(row)?,
            name: row.get(15),
            section: row.get(16),
            applied_at: row.get::<Instant, _>(17).0,
        })
    };
    Ok(rows.iter().filter_map(listed).collect())
}

/// One step that was taken.
pub struct Taken {
    pub state: String,
    pub name: String,
    pub at: Timestamp,
    pub reason: String,
}

/// 申請の経過.
pub async fn steps(
    conn: &mut PgConnection,
    municipality: Municipality,
    application_id: Uuid,
) -> sqlx::Result<Vec<Taken>> {
    let rows = sqlx::query(
        "select t.state, s.name, t.taken_at, t.reason from rights_steps t
         join staff s on s.municipality_code = t.municipality_code and s.staff_id = t.staff_id
         where t.municipality_code = $1 and t.application_id = $2 order by t.taken_at, t.state",
    )
    .bind(municipality.0)
    .bind(application_id)
    .fetch_all(conn)
    .await?;
    Ok(rows
        .iter()
        .map(|row| Taken {
            state: row.get(0),
            name: row.get(1),
            at: row.get::<Instant, _>(2).0,
            reason: row.get(3),
        })
        .collect())
}

/// Gives the roles of a granted application.
pub async fn hold(
    conn: &mut PgConnection,
    municipality: Municipality,
    application: &Application,
    (holding_ids, from_on): (&[Uuid], Date),
    at: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into holdings (municipality_code, holding_id, staff_id, role, from_on, until_on, origin, application_id,
             created_at)
         select $1, given.id, $2, given.role, $5, $6, 'application', $7, $8
         from unnest($3::uuid[], $4::text[]) as given (id, role)",
    )
    .bind(municipality.0)
    .bind(application.staff_id)
    .bind(holding_ids)
    .bind(codes(&application.roles))
    .bind(Day(from_on))
    .bind(application.until_on.map(Day))
    .bind(application.application_id)
    .bind(Instant(at))
    .execute(conn)
    .await?;
    Ok(())
}

/// Lets roles end with a day; those that end earlier anyway keep their own last day.
pub async fn end_holdings(
    conn: &mut PgConnection,
    municipality: Municipality,
    (staff_id, roles): (Uuid, &[Role]),
    last_on: Date,
) -> sqlx::Result<u64> {
    let done = sqlx::query(
        "update holdings set until_on = $4
         where municipality_code = $1 and staff_id = $2 and role = any($3) and (until_on is null or until_on > $4)",
    )
    .bind(municipality.0)
    .bind(staff_id)
    .bind(codes(roles))
    .bind(Day(last_on))
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// Gives roles by a command at the machine itself, where not held already; others end yesterday.
pub async fn hold_by_command(
    conn: &mut PgConnection,
    municipality: Municipality,
    (staff_id, roles): (Uuid, &[Role]),
    holding_ids: &[Uuid],
    (today, at): (Date, Timestamp),
) -> sqlx::Result<()> {
    sqlx::query(
        "update holdings set until_on = $4::date - 1
         where municipality_code = $1 and staff_id = $2 and role <> all($3) and (until_on is null or until_on >= $4)",
    )
    .bind(municipality.0)
    .bind(staff_id)
    .bind(codes(roles))
    .bind(Day(today))
    .execute(&mut *conn)
    .await?;
    sqlx::query(
        "insert into holdings (municipality_code, holding_id, staff_id, role, from_on, origin, created_at)
         select $1, given.id, $2, given.role, $5, 'command', $6
         from unnest($3::uuid[], $4::text[]) as given (id, role)
         where given.role <> all(roles_held($2, $5))",
    )
    .bind(municipality.0)
    .bind(staff_id)
    .bind(holding_ids)
    .bind(codes(roles))
    .bind(Day(today))
    .bind(Instant(at))
    .execute(conn)
    .await?;
    Ok(())
}

/// A role somebody holds or held.
pub struct Holding {
    pub role: Role,
    pub from_on: Date,
    pub until_on: Option<Date>,
    pub by_command: bool,
}

/// 役割の付与 of a person, the newest first.
pub async fn holdings(
    conn: &mut PgConnection,
    municipality: Municipality,
    staff_id: Uuid,
) -> sqlx::Result<Vec<Holding>> {
    let rows = sqlx::query(
        "select role, from_on, until_on, origin = 'command' from holdings
         where municipality_code = $1 and staff_id = $2 order by from_on desc, role limit $3",
    )
    .bind(municipality.0)
    .bind(staff_id)
    .bind(LISTED_MAX)
    .fetch_all(conn)
    .await?;
    let holding = |row: &PgRow| {
        Some(Holding {
            role: Role::from_code(row.get(0))?,
            from_on: row.get::<Day, _>(1).0,
            until_on: row.get::<Option<Day>, _>(2).map(|day| day.0),
            by_command: row.get(3),
        })
    };
    Ok(rows.iter().filter_map(holding).collect())
}
