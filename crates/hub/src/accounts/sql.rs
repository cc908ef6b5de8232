//! Accounts. Names are in kit's directory, means of signing in in `factors`.

use crate::keeper::Limits;
use domain::Date;
use jiff::Timestamp;
use kit::{Day, Instant, Municipality, Role};
use sqlx::{PgConnection, Row};
use uuid::Uuid;

/// A member of staff as the list shows them.
pub struct AccountRow {
    pub staff_id: Uuid,
    pub login: String,
    pub name: String,
    pub section: String,
    pub roles: Vec<Role>,
    pub is_disabled: bool,
    pub last_seen_at: Option<Timestamp>,
    pub passkeys: i64,
    /// パスワードの例外: why, and until when.
    pub password: Option<(String, Date)>,
    /// Sign-ins that stand.
    pub sign_ins: i64,
    pub created_at: Timestamp,
}

/// All accounts with the roles they hold today, and how often each is signed in.
pub async fn accounts(
    conn: &mut PgConnection,
    municipality: Municipality,
    limits: Limits,
) -> sqlx::Result<Vec<AccountRow>> {
    let rows = sqlx::query(
        "select s.staff_id, s.login, s.name,
             coalesce((select c.name from sections c where c.municipality_code = a.municipality_code
                 and c.section_id = section_of(a.staff_id, $2)), ''),
             roles_held(a.staff_id, $2),
             a.disabled_at is not null or coalesce(a.until_on < $2, false),
             (select max(last_seen_at) from sign_ins i
              where i.municipality_code = a.municipality_code and i.staff_id = a.staff_id),
             (select count(*) from passkeys k
              where k.municipality_code = a.municipality_code and k.staff_id = a.staff_id and k.removed_at is null),
             g.reason, g.valid_until,
             (select count(*) from sign_ins i
              where i.municipality_code = a.municipality_code and i.staff_id = a.staff_id and i.ended_at is null
                  and i.created_at > $3 and i.last_seen_at > $4),
             a.created_at
         from accounts a
         left join password_grants g on g.municipality_code = a.municipality_code and g.staff_id = a.staff_id
         join staff s on s.municipality_code = a.municipality_code and s.staff_id = a.staff_id
         where a.municipality_code = $1 order by a.disabled_at is not null, s.login",
    )
    .bind(municipality.0)
    .bind(Day(limits.today))
    .bind(Instant(limits.begun_after))
    .bind(Instant(limits.used_after))
    .fetch_all(conn)
    .await?;
    Ok(rows
        .iter()
        .map(|row| AccountRow {
            staff_id: row.get(0),
            login: row.get(1),
            name: row.get(2),
            section: row.get(3),
            roles: row.get::<Vec<String>, _>(4).iter().filter_map(|code| Role::from_code(code)).collect(),
            is_disabled: row.get(5),
            last_seen_at: row.get::<Option<Instant>, _>(6).map(|at| at.0),
            passkeys: row.get(7),
            password: row.get::<Option<String>, _>(8).zip(row.get::<Option<Day>, _>(9).map(|day| day.0)),
            sign_ins: row.get(10),
            created_at: row.get::<Instant, _>(11).0,
        })
        .collect())
}

/// Whose login id this is, also of those who never sign in.
pub async fn find(
    conn: &mut PgConnection,
    municipality: Municipality,
    login: &str,
) -> sqlx::Result<Option<Uuid>> {
    sqlx::query_scalar("select staff_id from staff where municipality_code = $1 and login = $2")
        .bind(municipality.0)
        .bind(login)
        .fetch_optional(conn)
        .await
}

/// Makes or replaces an account: in use, nothing held against it.
pub async fn put(
    conn: &mut PgConnection,
    municipality: Municipality,
    staff_id: Uuid,
    at: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into accounts (municipality_code, staff_id, created_at) values ($1, $2, $3)
         on conflict (municipality_code, staff_id) do update set disabled_at = null",
    )
    .bind(municipality.0)
    .bind(staff_id)
    .bind(Instant(at))
    .execute(conn)
    .await?;
    Ok(())
}

/// Takes an account out of use. False where there is no such account in use.
pub async fn disable(
    conn: &mut PgConnection,
    municipality: Municipality,
    staff_id: Uuid,
    at: Timestamp,
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "update accounts set disabled_at = $3 where municipality_code = $1 and staff_id = $2 and disabled_at is null",
    )
    .bind(municipality.0)
    .bind(staff_id)
    .bind(Instant(at))
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}
