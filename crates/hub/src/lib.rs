//! ② 共通基盤: staff, sign-in and rights for all systems.
//!
//! The other systems ask it who somebody is; it never asks them. One folder a feature: `web.rs` (pages), `case.rs`
//! (use cases), `sql.rs` (queries), templates beside them. It must never know a resident's vaccinations.
//!
//! Start reading at [`sign_in`], then [`keeper`].

pub mod accounts;
pub mod home;
pub mod keeper;
pub mod rights;
pub mod sections;
pub mod sign_in;

use axum::Router;
use desk::{Frame, Room, System};
use kit::{Action, Kit, cluster::MigrationSet, web::Routes};
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
    pub sites: Arc<[Site]>,
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
            Room { href: "/rights", label: "権限の申請", needs: Some(Action::ViewRights) },
            Room { href: "/staff", label: "職員", needs: Some(Action::ViewStaff) },
            Room { href: "/sections", label: "所属", needs: Some(Action::ManageSections) },
            Room { href: "/audit", label: "操作ログ", needs: Some(Action::ViewAudit) },
        ],
    };

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
    ],
};

/// Every page and form of this system, and who may come in: printed to `docs/reference/routes-hub.txt`.
pub fn routes() -> Routes<App> {
    Routes::default()
        .merge(accounts::web::routes())
        .merge(desk::audit::web::routes())
        .merge(desk::draft::web::routes())
        .merge(desk::page::routes())
        .merge(home::web::routes())
        .merge(rights::web::routes())
        .merge(sections::web::routes())
        .merge(sign_in::web::routes())
}

/// All pages, with the floor they stand on.
pub fn router(app: App) -> Router {
    let kit = app.kit.clone();
    routes().into_router(&kit, app, desk::page::failure::<App>)
}
