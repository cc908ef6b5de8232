//! 職員: the directory of those who have acted in a system. Signing in is the hub's; see [`crate::session`].

use crate::{Acting, Instant, Kit, Municipality, Role, Terminal, db};
use sqlx::PgConnection;
use uuid::Uuid;

/// A member of staff as a system remembers them: for lists of who did what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    pub staff_id: Uuid,
    pub login: String,
    pub name: String,
    pub section: String,
    pub roles: Vec<Role>,
}

/// Adds a person to the directory, or brings their name, section and roles up to date.
pub async fn put(
    conn: &mut PgConnection,
    kit: &Kit,
    municipality: Municipality,
    person: &Person,
) -> sqlx::Result<()> {
    let roles: Vec<&str> = person.roles.iter().map(|role| role.code()).collect();
    sqlx::query(
        "insert into staff (municipality_code, staff_id, login, name, section, roles, created_at)
         values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (municipality_code, staff_id) do update
             set login = excluded.login, name = excluded.name, section = excluded.section, roles = excluded.roles
         where (staff.login, staff.name, staff.section, staff.roles)
             is distinct from (excluded.login, excluded.name, excluded.section, excluded.roles)",
    )
    .bind(municipality.0)
    .bind(person.staff_id)
    .bind(&person.login)
    .bind(&person.name)
    .bind(&person.section)
    .bind(&roles)
    .bind(Instant(kit.clock.now()))
    .execute(conn)
    .await?;
    Ok(())
}

/// The login id of the operator at the machine's own command line. Nobody can sign in with it.
pub const OPERATOR: &str = "operator";
const OPERATOR_NAME: &str = "サーバー操作員";

/// Who commands act as: so that every deed has a person in the log, also those done at the machine itself.
pub async fn operator(kit: &Kit, municipality: Municipality) -> anyhow::Result<Acting> {
    let mut tx = db::begin(&kit.pool, municipality).await?;
    let staff_id: Uuid = sqlx::query_scalar(
        "insert into staff (municipality_code, staff_id, login, name, roles, created_at)
         values ($1, $2, $3, $4, array['clerk'], $5)
         on conflict on constraint staff_login_key do update set name = excluded.name
         returning staff_id",
    )
    .bind(municipality.0)
    .bind(kit.ids.next())
    .bind(OPERATOR)
    .bind(OPERATOR_NAME)
    .bind(Instant(kit.clock.now()))
    .fetch_one(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(Acting {
        municipality,
        municipality_name: String::new(),
        staff_id,
        staff_name: OPERATOR_NAME.to_owned(),
        roles: vec![Role::Clerk],
        terminal: Terminal::SERVER,
        stepped_up_at: None,
        csrf_token: String::new(),
        request_id: kit.ids.next(),
    })
}
