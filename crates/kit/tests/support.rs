//! A system of two municipalities with one member of staff in each role, on a frozen clock.

use domain::Date;
use kit::{
    Acting, Clock, Kit, Municipality, Role,
    testing::{TestDb, staff},
};

pub const KITA: Municipality = Municipality(131_172);
pub const ITABASHI: Municipality = Municipality(131_199);

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
    let kit = staff::kit("health", &db, clock);
    for (municipality, name) in [(KITA, "北区"), (ITABASHI, "板橋区")] {
        kit::db::put_municipality(&db.owner_pool(), municipality, name, "").await.unwrap();
    }
    Stage { db, kit }
}

impl Stage {
    pub async fn staff(&self, municipality: Municipality, role: Role) -> Acting {
        staff::acting(&self.kit, municipality, role.code(), role.ja(), &[role]).await
    }
}

/// Kit for tests that ask nothing of the database: its pool leads nowhere.
pub fn bare_kit() -> Kit {
    let pool =
        sqlx::postgres::PgPoolOptions::new().connect_lazy("postgres://nobody@127.0.0.1:1/none").unwrap();
    let clock = Clock::frozen(Date::constant(2026, 11, 23));
    let desk = staff::desk("health", pool.clone());
    Kit {
        pool,
        sink: kit::testing::no_sink(),
        clock,
        ids: kit::Ids::default(),
        waiting: Default::default(),
        watch: Default::default(),
        over_tls: false,
        desk,
    }
}
