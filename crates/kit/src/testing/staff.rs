//! Staff of a system under test: signed in without a hub. Its place is held by the system's own directory, in which a
//! sign-in has the id of its person.

use crate::{
    Acting, Clock, Ids, Kit, Municipality, Role, Terminal, Zone, db,
    session::{self, Arrival, Desk, Keeper, Standing},
    staff::{self, Person},
    testing::TestDb,
};
use futures_util::{FutureExt, future::BoxFuture};
use sqlx::{PgPool, Row};
use std::sync::Arc;
use uuid::Uuid;

/// Where tests act from.
pub const TERMINAL: Terminal = Terminal { zone: Zone::Business, id: None };

/// Vouches for everyone in the directory.
struct Directory(PgPool);

impl Directory {
    async fn standing(&self, municipality: Municipality, staff_id: Uuid) -> anyhow::Result<Option<Standing>> {
        let mut tx = db::begin(&self.0, municipality).await?;
        let row = sqlx::query(
            "select login, name, section, roles from staff where municipality_code = $1 and staff_id = $2",
        )
        .bind(municipality.0)
        .bind(staff_id)
        .fetch_optional(&mut *tx)
        .await?;
        Ok(row.map(|row| Standing {
            sign_in_id: staff_id,
            person: Person {
                staff_id,
                login: row.get(0),
                name: row.get(1),
                section: row.get(2),
                roles: row.get::<Vec<String>, _>(3).iter().filter_map(|code| Role::from_code(code)).collect(),
            },
            terminal: TERMINAL,
            device: None,
            stepped_up_at: None,
        }))
    }
}

impl Keeper for Directory {
    fn redeem<'a>(
        &'a self,
        _: Municipality,
        _: &'a str,
        _: &'a str,
    ) -> BoxFuture<'a, anyhow::Result<Option<Arrival>>> {
        async { Ok(None) }.boxed()
    }

    fn check(
        &self,
        municipality: Municipality,
        sign_in_id: Uuid,
        _in_use: bool,
    ) -> BoxFuture<'_, anyhow::Result<Option<Standing>>> {
        self.standing(municipality, sign_in_id).boxed()
    }

    fn end(&self, _: Municipality, _: Uuid) -> BoxFuture<'_, anyhow::Result<()>> {
        async { Ok(()) }.boxed()
    }
}

/// Signs in whoever is in the directory that `pool` leads to.
pub fn desk(system: &'static str, pool: PgPool) -> Desk {
    Desk::new(system, "http://localhost:1", "http://localhost:2", &[], Arc::new(Directory(pool)))
}

/// A system under test.
pub fn kit(system: &'static str, db: &TestDb, clock: Clock) -> Kit {
    let pool = db.app_pool();
    let (sink, desk) = (db.sink(&clock), desk(system, pool.clone()));
    Kit {
        pool,
        sink,
        clock,
        ids: Ids::default(),
        waiting: Default::default(),
        watch: Default::default(),
        over_tls: false,
        desk,
    }
}

/// Adds a person to the directory, or replaces who has this login id, and acts as them.
pub async fn acting(
    kit: &Kit,
    municipality: Municipality,
    login: &str,
    name: &str,
    roles: &[Role],
) -> Acting {
    let mut tx = db::begin(&kit.pool, municipality).await.expect("the test's database answers");
    let known: Option<Uuid> =
        sqlx::query_scalar("select staff_id from staff where municipality_code = $1 and login = $2")
            .bind(municipality.0)
            .bind(login)
            .fetch_optional(&mut *tx)
            .await
            .expect("the directory can be read");
    let person = Person {
        staff_id: known.unwrap_or_else(|| kit.ids.next()),
        login: login.to_owned(),
        name: name.to_owned(),
        section: String::new(),
        roles: roles.to_vec(),
    };
    staff::put(&mut tx, kit, municipality, &person).await.expect("the directory can be written");
    tx.commit().await.expect("the directory can be written");
    Acting {
        municipality,
        municipality_name: String::new(),
        staff_id: person.staff_id,
        staff_name: person.name,
        roles: person.roles,
        terminal: TERMINAL,
        stepped_up_at: None,
        csrf_token: "token".to_owned(),
        request_id: kit.ids.next(),
    }
}

/// A browser's cookie (`name=value`) and form token for somebody in the directory, in the zone of the kit's desk.
pub async fn sign_in(kit: &Kit, municipality: Municipality, staff_id: Uuid) -> (String, String) {
    let standing = Directory(kit.pool.clone()).standing(municipality, staff_id).await;
    let standing = standing.expect("the directory can be read").expect("the person is in the directory");
    let standing = Standing { terminal: Terminal { zone: kit.desk.zone, id: None }, ..standing };
    let value = session::open(kit, municipality, &standing).await.expect("a session can be opened");
    let acting = session::resume(kit, &value, Uuid::nil(), true).await.expect("it can be read");
    let cookie = session::set_cookie(kit, &value);
    let cookie = cookie.split(';').next().expect("a cookie has a value").to_owned();
    (cookie, acting.expect("it stands").csrf_token)
}
