//! A system of two municipalities with one member of staff in each role, on a frozen clock.

use domain::Date;
use kit::{Acting, Clock, Ids, Kit, Municipality, Role, signin::NewStaff, testing::TestDb};

pub const KITA: Municipality = Municipality(131_172);
pub const ITABASHI: Municipality = Municipality(131_199);
pub const PASSWORD: &str = "correct horse battery";

pub struct Stage {
    pub db: TestDb,
    pub kit: Kit,
}

pub async fn stage() -> Stage {
    stage_of(&[kit::MIGRATIONS]).await
}

pub async fn stage_of(sets: &[kit::MigrationSet]) -> Stage {
    let db = TestDb::new(sets).await;
    let clock = Clock::frozen(Date::constant(2026, 11, 23));
    let kit = Kit { pool: db.app_pool(), sink: db.sink(&clock), clock, ids: Ids::default(), over_tls: false };
    for (municipality, name) in [(KITA, "北区"), (ITABASHI, "板橋区")] {
        kit::db::put_municipality(&db.owner_pool(), municipality, name, "").await.unwrap();
    }
    Stage { db, kit }
}

impl Stage {
    pub async fn staff(&self, municipality: Municipality, role: Role) -> Acting {
        let mut tx = kit::db::begin(&self.kit.pool, municipality).await.unwrap();
        let new =
            NewStaff { login: role.code(), name: role.ja(), section: "", roles: &[role], password: PASSWORD };
        let staff_id = kit::signin::put_staff(&mut tx, &self.kit, municipality, new).await.unwrap();
        tx.commit().await.unwrap();
        Acting {
            municipality,
            municipality_name: String::new(),
            staff_id,
            staff_name: role.ja().to_owned(),
            roles: vec![role],
            terminal: kit::Terminal { zone: kit::Zone::Business, id: None },
            stepped_up_at: None,
            csrf_token: "token".to_owned(),
            request_id: self.kit.ids.next(),
        }
    }
}

/// Kit for tests that ask nothing of the database: its pool leads nowhere.
pub fn bare_kit() -> Kit {
    let pool =
        sqlx::postgres::PgPoolOptions::new().connect_lazy("postgres://nobody@127.0.0.1:1/none").unwrap();
    let clock = Clock::frozen(Date::constant(2026, 11, 23));
    Kit { pool, sink: kit::testing::no_sink(), clock, ids: Ids::default(), over_tls: false }
}
