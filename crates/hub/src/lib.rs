//! ② 共通基盤: staff, sign-in and rights for all systems.
//!
//! The other systems ask it who somebody is; it never asks them. One folder a feature: `web.rs` (pages), `case.rs`
//! (use cases), `sql.rs` (queries), templates beside them. It must never know a resident's vaccinations.
//!
//! Start reading at [`sign_in`], then [`keeper`].

pub mod account;
pub mod accounts;
pub mod ceremonies;
pub mod contractors;
pub mod enrol;
pub mod factors;
pub mod home;
pub mod keeper;
pub mod numbers;
pub mod rights;
pub mod sections;
pub mod sign_in;
pub mod step_up;
pub mod table;

use axum::Router;
use desk::{Frame, Room, System};
use kit::{
    Action, Kit, Vault, Zone,
    approvals::Kind,
    cluster::MigrationSet,
    jobs::Worker,
    vault::{KeyRing, ROTATE_JOB},
    web::Routes,
};
use std::sync::Arc;

/// A system that staff go on to after signing in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// Its name in addresses and links.
    pub system: &'static str,
    pub name: &'static str,
    /// Where browsers reach it, without a closing slash.
    pub url: String,
}

/// What a running 共通基盤 holds. Cheap to clone.
#[derive(Clone)]
pub struct App {
    pub kit: Kit,
    pub vault: Vault,
    pub sites: Arc<[Site]>,
    /// Seals what the hub must be able to read again: the secrets of authenticator apps.
    pub keys: KeyRing,
}

impl App {
    pub fn site(&self, system: &str) -> Option<&Site> {
        self.sites.iter().find(|site| site.system == system)
    }
}

impl System for App {
    const FRAME: &'static Frame = &Frame {
        name: "共通基盤",
        rooms: &[
            Room { href: "/", label: "ホーム", needs: None },
            Room { href: numbers::web::ROOM, label: "個人番号", needs: Some(Action::ViewNumberHistory) },
            Room { href: "/rights", label: "権限の申請", needs: Some(Action::ViewRights) },
            Room { href: "/staff", label: "職員", needs: Some(Action::ViewStaff) },
            Room { href: "/contractors", label: "委託先", needs: Some(Action::ViewStaff) },
            Room { href: "/rights/table", label: "対応表", needs: Some(Action::ViewTable) },
            Room { href: "/sections", label: "所属", needs: Some(Action::ManageSections) },
            Room { href: "/approvals", label: "二人承認", needs: Some(Action::ViewApprovals) },
            Room { href: "/audit", label: "操作ログ", needs: Some(Action::ViewAudit) },
            Room { href: "/account", label: "自分の設定", needs: None },
        ],
    };
    const APPROVALS: &'static [Kind] = &[Kind::KeyRotation, Kind::NumberDisposal];
    const LEDGERS: &'static [Room] =
        &[Room { href: "/keys", label: "暗号鍵の更新を申請する", needs: Some(Action::ApplyKeys) }];

    fn kit(&self) -> &Kit {
        &self.kit
    }
}

/// The tables of this system, on top of [`kit`]'s own.
pub const MIGRATIONS: MigrationSet = MigrationSet {
    name: "hub",
    files: &[
        ("0001_accounts.sql", include_str!("../migrations/0001_accounts.sql")),
        ("0002_row_security.sql", include_str!("../migrations/0002_row_security.sql")),
        ("0030_rights.sql", include_str!("../migrations/0030_rights.sql")),
        (
            "0031_signatures_and_contracts.sql",
            include_str!("../migrations/0031_signatures_and_contracts.sql"),
        ),
        ("0040_factors.sql", include_str!("../migrations/0040_factors.sql")),
    ],
};

/// Everything in this system's database, on top of [`kit`]'s tables.
pub const TABLES: &[MigrationSet] = &[kit::vault::MIGRATIONS, MIGRATIONS, numbers::MIGRATIONS];

/// Every page and form of this system, and who may come in: printed to `docs/reference/routes-hub.txt`.
pub fn routes() -> Routes<App> {
    routes_in(Zone::Business)
}

/// The pages that exist on a listener of this zone. Those about 個人番号 exist in the business zone and nowhere else.
pub fn routes_in(zone: Zone) -> Routes<App> {
    match zone {
        Zone::Business => everywhere().merge(numbers::web::routes()).merge(ceremonies::web::number_routes()),
        Zone::Lgwan | Zone::Venue | Zone::Internet | Zone::Server => everywhere(),
    }
}

fn everywhere() -> Routes<App> {
    Routes::default()
        .merge(account::web::routes())
        .merge(accounts::web::routes())
        .merge(ceremonies::web::routes())
        .merge(contractors::web::routes())
        .merge(desk::approvals::web::routes())
        .merge(desk::audit::web::routes())
        .merge(desk::draft::web::routes())
        .merge(desk::page::routes())
        .merge(enrol::web::routes())
        .merge(factors::web::routes())
        .merge(home::web::routes())
        .merge(rights::web::routes())
        .merge(sections::web::routes())
        .merge(sign_in::web::routes())
        .merge(table::web::routes())
        .merge(step_up::web::routes())
}

/// The hub's background work: numbers that are sealed under a new key.
pub fn worker(app: &App) -> Worker {
    Worker::new(app.kit.clone()).with(ROTATE_JOB, app.vault.rotate_handler())
}

/// All pages, with the floor they stand on, for a listener of the business zone.
pub fn router(app: App) -> Router {
    router_in(app, Zone::Business)
}

/// The pages of a listener of this zone.
pub fn router_in(app: App, zone: Zone) -> Router {
    let kit = app.kit.clone();
    routes_in(zone).into_router(&kit, app, desk::page::failure::<App>)
}
