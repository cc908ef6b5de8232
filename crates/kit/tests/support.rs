//! A system of two municipalities with one member of staff in each role, on a frozen clock.

use domain::Date;
use kit::{
    Acting, Case, Clock, Kit, Municipality, Role, Target,
    approvals::{self, Asked, Kind, State},
    rights,
    testing::{TestDb, staff},
};
use serde_json::json;
use uuid::Uuid;

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

/// An application about something, asked for and approved by two people: its id and number.
pub async fn approved(kit: &Kit, municipality: Municipality, kind: Kind, about: Uuid) -> (Uuid, i64) {
    let terms = kind.terms();
    let person = async |action| {
        let role = *Role::ALL.iter().find(|role| rights::carries(**role, action)).unwrap();
        staff::acting(kit, municipality, role.code(), role.ja(), &[role]).await
    };
    let (asker, approver) = (person(terms.applies).await, person(terms.approves).await);
    let approval_id = kit.ids.next();
    let target = Target::of("approval", approval_id);
    let mut case = Case::open(kit, &asker, terms.applies, target).await.unwrap();
    let asked = Asked {
        approval_id,
        kind,
        target: ("addressee", about),
        reason: "試験のため",
        basis: "",
        plan: Vec::new(),
        digest: [0; 32],
    };
    let number = approvals::ask(&mut case, &asker, &asked).await.unwrap();
    let at = case.at();
    let state = State::Approved { by: approver.staff_id, at, valid_until: at + terms.valid_for };
    approvals::sql::settle(case.conn(), municipality, approval_id, &state, "確かめた").await.unwrap();
    case.done(json!({})).await.unwrap();
    (approval_id, number)
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
