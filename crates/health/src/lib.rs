//! ① 健康管理システム: who is due, 予診票, records, reminders.
//!
//! One folder a feature: `web.rs` (pages), `case.rs` (use cases), `sql.rs` (queries), templates beside them.
//! Rules are in `domain`, looks in `ui`, paper in `paper`. Nobody calls this system: it pushes and reads feeds.
//!
//! Start reading at [`ledger`] (what we know of a person), then a feature folder.

pub mod campaigns;
pub mod erasures;
pub mod exports;
pub mod home;
pub mod imports;
pub mod ledger;
pub mod oversight;
pub mod page;
pub mod person;
pub mod protected;
pub mod provisions;
pub mod records;
pub mod residents;
pub mod sheets;
pub mod staff_residents;

use axum::Router;
use domain::schedule::Japan;
use kit::{Kit, Zone, cluster::MigrationSet, web::Routes};
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
    "0009_staff_residents.sql",
    "0010_leaving.sql",
    "0011_erasures.sql",
};

/// Every page and form of this system, and who may come in: printed to `docs/reference/routes.txt`.
pub fn routes() -> Routes<App> {
    Routes::default()
        .merge(campaigns::web::routes())
        .merge(erasures::web::routes())
        .merge(exports::web::routes())
        .merge(home::web::routes())
        .merge(imports::web::routes())
        .merge(protected::web::routes())
        .merge(provisions::web::routes())
        .merge(records::web::routes())
        .merge(residents::web::routes())
        .merge(sheets::web::routes())
        .merge(staff_residents::web::routes())
        .merge(desk::approvals::web::routes())
        .merge(desk::audit::web::routes())
        .merge(desk::findings::web::routes())
        .merge(desk::intrusions::web::routes())
        .merge(desk::months::web::routes())
        .merge(desk::draft::web::routes())
        .merge(desk::enter::routes())
        .merge(desk::page::routes())
}

/// All pages, with the floor they stand on, for a listener of the business zone.
pub fn router(app: App) -> Router {
    router_in(app, Zone::Business)
}

/// The pages of a listener of this zone ([`kit::zones`]).
pub fn router_in(app: App, zone: Zone) -> Router {
    let desk = app.kit.desk.clone().in_zone(zone);
    let app = App { kit: Kit { desk, ..app.kit.clone() }, ..app };
    let kit = app.kit.clone();
    routes().in_zone(zone).into_router(&kit, app, desk::page::failure::<App>)
}

/// What each municipality has looked at once a day.
pub const DAILY: kit::intrusion::Daily = desk::findings::DAILY;

/// The background worker with every kind of job this system knows.
pub fn worker(app: &App) -> kit::jobs::Worker {
    kit::jobs::Worker::new(app.kit.clone())
        .with(home::case::COUNT_COVERAGE, handler(app, home::case::count_coverage))
        .with(imports::desk::JOBS[0], handler(app, imports::desk::carry_out))
        .with(imports::desk::JOBS[1], handler(app, imports::desk::carry_out))
        .with(imports::desk::JOBS[2], handler(app, imports::desk::carry_out))
        .with(campaigns::extract::JOB, handler(app, campaigns::extract::carry_out))
        .with(sheets::print::JOB, handler(app, sheets::print::carry_out))
        .with(erasures::case::JOB, handler(app, erasures::case::carry_out))
        .with(desk::findings::DAILY.kind, handler(app, oversight::look_for_findings))
        .with(desk::months::COMPARE, Arc::new(|run| Box::pin(desk::months::carry_out(run))))
}

/// A kind of job that works on the application.
fn handler<F>(app: &App, work: fn(App, kit::jobs::Run) -> F) -> kit::jobs::Handler
where
    F: Future<Output = anyhow::Result<String>> + Send + 'static,
{
    let app = app.clone();
    Arc::new(move |run| Box::pin(work(app.clone(), run)))
}
