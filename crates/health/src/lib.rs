//! ① 健康管理システム: who is due, 予診票, records, reminders.
//!
//! One folder a feature: `web.rs` (pages), `case.rs` (use cases), `sql.rs` (queries), templates beside them.
//! Rules are in `domain`, looks in `ui`, paper in `paper`. Nobody calls this system: it pushes and reads feeds.
//!
//! Start reading at [`ledger`] (what we know of a person), then a feature folder.

pub mod campaigns;
pub mod exports;
pub mod home;
pub mod imports;
pub mod ledger;
pub mod page;
pub mod person;
pub mod protected;
pub mod provisions;
pub mod records;
pub mod residents;
pub mod sheets;

use axum::Router;
use domain::schedule::Japan;
use kit::{Kit, cluster::MigrationSet, web::Routes};
use std::{path::Path, sync::Arc};

/// What a running 健康管理システム holds. Cheap to clone.
#[derive(Clone)]
pub struct App {
    pub kit: Kit,
    /// The law, prepared once.
    pub engine: Arc<Japan>,
    /// Where finished print files lie (one folder per municipality and campaign).
    pub files: Arc<Path>,
}

macro_rules! migrations {
    ($name:literal: $($file:literal),+ $(,)?) => {
        MigrationSet { name: $name, files: &[$(($file, include_str!(concat!("../migrations/", $file)))),+] }
    };
}

/// The tables of this system, on top of [`kit`]'s own.
pub const MIGRATIONS: MigrationSet = migrations! {
    "health":
    "0001_residents.sql",
    "0002_records.sql",
    "0003_campaigns.sql",
    "0004_row_security.sql",
    "0005_coverage.sql",
    "0006_statistics.sql",
    "0007_record_entry.sql",
    "0010_leaving.sql",
};

/// Every page and form of this system, and who may come in: printed to `docs/reference/routes.txt`.
pub fn routes() -> Routes<App> {
    Routes::default()
        .merge(campaigns::web::routes())
        .merge(exports::web::routes())
        .merge(home::web::routes())
        .merge(imports::web::routes())
        .merge(protected::web::routes())
        .merge(provisions::web::routes())
        .merge(records::web::routes())
        .merge(residents::web::routes())
        .merge(sheets::web::routes())
        .merge(desk::approvals::web::routes())
        .merge(desk::audit::web::routes())
        .merge(desk::draft::web::routes())
        .merge(desk::enter::routes())
        .merge(desk::page::routes())
}

/// All pages, with the floor they stand on.
pub fn router(app: App) -> Router {
    let kit = app.kit.clone();
    routes().into_router(&kit, app, desk::page::failure::<App>)
}

/// The background worker with every kind of job this system knows.
pub fn worker(app: &App) -> kit::jobs::Worker {
    kit::jobs::Worker::new(app.kit.clone())
        .with(home::case::COUNT_COVERAGE, handler(app, home::case::count_coverage))
        .with(imports::desk::JOBS[0], handler(app, imports::desk::carry_out))
        .with(imports::desk::JOBS[1], handler(app, imports::desk::carry_out))
        .with(imports::desk::JOBS[2], handler(app, imports::desk::carry_out))
        .with(campaigns::extract::JOB, handler(app, campaigns::extract::carry_out))
        .with(sheets::print::JOB, handler(app, sheets::print::carry_out))
}

/// A kind of job that works on the application.
fn handler<F>(app: &App, work: fn(App, kit::jobs::Run) -> F) -> kit::jobs::Handler
where
    F: Future<Output = anyhow::Result<String>> + Send + 'static,
{
    let app = app.clone();
    Arc::new(move |run| Box::pin(work(app.clone(), run)))
}
