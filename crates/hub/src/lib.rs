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
pub mod moves;
pub mod numbers;
mod oversight;
pub mod reviews;
pub mod rights;
pub mod sections;
pub mod sign_in;
pub mod step_up;
pub mod table;
pub mod terminals;
pub mod unused;

use axum::{Router, middleware};
use desk::{Frame, Room, System};
use kit::{
    Action, Kit, Vault, Zone,
    approvals::Kind,
    cluster::MigrationSet,
    jobs::Worker,
    vault::{KeyRing, ROTATE_JOB, VaultError},
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
    /// 個人番号の保管庫. The doors of other zones than the office's own hold none: there is nothing to ask.
    pub vault: Option<Vault>,
    pub sites: Arc<[Site]>,
    /// Seals what the hub must be able to read again: the secrets of authenticator apps.
    pub keys: KeyRing,
}

impl App {
    /// # Errors
    /// Where this door holds no vault: the same answer as for a number that is not there.
    pub fn vault(&self) -> Result<&Vault, VaultError> {
        self.vault.as_ref().ok_or(VaultError::NotShown)
    }

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
            Room { href: "/reviews", label: "権限の点検", needs: Some(Action::ViewReviews) },
            Room { href: "/rights/table", label: "対応表", needs: Some(Action::ViewTable) },
            Room { href: "/sections", label: "所属", needs: Some(Action::ManageSections) },
            Room { href: terminals::web::NAV, label: "端末", needs: Some(Action::ViewTerminals) },
            Room { href: "/approvals", label: "二人承認", needs: Some(Action::ViewApprovals) },
            Room { href: "/audit", label: "操作ログ", needs: Some(Action::ViewAudit) },
            Room {
                href: desk::findings::web::NAV, label: "気になる閲覧", needs: Some(Action::ViewFindings)
            },
            Room { href: desk::months::web::NAV, label: "月次点検", needs: Some(Action::ViewMonths) },
            Room {
                href: desk::intrusions::web::NAV,
                label: "侵入・異常",
                needs: Some(Action::ViewIntrusions),
            },
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
        ("0050_terminals.sql", include_str!("../migrations/0050_terminals.sql")),
        ("0051_reviews.sql", include_str!("../migrations/0051_reviews.sql")),
        ("0052_attempts.sql", include_str!("../migrations/0052_attempts.sql")),
    ],
};

/// Everything in this system's database, on top of [`kit`]'s tables.
pub const TABLES: &[MigrationSet] = &[kit::vault::MIGRATIONS, MIGRATIONS, numbers::MIGRATIONS];

/// Every page and form of this system, and who may come in: printed to `docs/reference/routes-hub.txt`.
pub fn routes() -> Routes<App> {
    routes_in(Zone::Business)
}

/// The pages that exist on a listener of this zone ([`kit::zones`]). Those about 個人番号 exist in the business zone and
/// nowhere else.
pub fn routes_in(zone: Zone) -> Routes<App> {
    Routes::default()
        .merge(account::web::routes())
        .merge(accounts::web::routes())
        .merge(ceremonies::web::routes())
        .merge(ceremonies::web::number_routes())
        .merge(contractors::web::routes())
        .merge(desk::approvals::web::routes())
        .merge(desk::audit::web::routes())
        .merge(desk::draft::web::routes())
        .merge(desk::findings::web::routes())
        .merge(desk::intrusions::web::routes())
        .merge(desk::months::web::routes())
        .merge(desk::page::routes())
        .merge(enrol::web::routes())
        .merge(factors::web::routes())
        .merge(home::web::routes())
        .merge(moves::web::routes())
        .merge(numbers::web::routes())
        .merge(reviews::web::routes())
        .merge(rights::web::routes())
        .merge(sections::web::routes())
        .merge(sign_in::web::routes())
        .merge(table::web::routes())
        .merge(step_up::web::routes())
        .merge(terminals::web::routes())
        .merge(unused::web::routes())
        .in_zone(zone)
}

/// The hub's background work: numbers that are sealed under a new key, the day's look at the log.
pub fn worker(app: &App) -> Worker {
    let worker = Worker::new(app.kit.clone())
        .with(desk::findings::DAILY.kind, Arc::new(|run| Box::pin(oversight::look_for_findings(run))))
        .with(desk::months::COMPARE, Arc::new(|run| Box::pin(desk::months::carry_out(run))));
    match &app.vault {
        Some(vault) => worker.with(ROTATE_JOB, vault.rotate_handler()),
        None => worker,
    }
}

/// All pages, with the floor they stand on, for a listener of the business zone.
pub fn router(app: App) -> Router {
    router_in(app, Zone::Business)
}

/// What a listener of this zone holds: in another than the office's own, no way to the vault.
pub fn app_in(app: App, zone: Zone) -> App {
    let vault = app.vault.clone().filter(|_| zone == Zone::Business);
    let desk = app.kit.desk.clone().in_zone(zone);
    App { vault, kit: Kit { desk, ..app.kit.clone() }, ..app }
}

/// The pages of a listener of this zone; over TLS, for registered terminals alone.
pub fn router_in(app: App, zone: Zone) -> Router {
    let app = app_in(app, zone);
    let kit = app.kit.clone();
    let gate = kit.over_tls.then(|| terminals::door::Gate::new(app.clone()));
    let behind = |pages: Router| match gate {
        Some(gate) => pages.layer(middleware::from_fn_with_state(gate, terminals::door::stand)),
        None => pages,
    };
    routes_in(zone).into_router_behind(&kit, app, desk::page::failure::<App>, behind)
}
