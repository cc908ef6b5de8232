//! Pages of 対応表: on screen, as PDF, and the signature.

use super::case::{self, Duty};
use crate::App;
use askama::Template;
use axum::{
    extract::State,
    http::header,
    response::{Html, IntoResponse, Redirect, Response},
};
use desk::page;
use kit::{Acting, Action, Failure, Posted, Role, rights, web::Routes};
use paper::{
    FontSet,
    table::{self, TableFacts, TableRow},
};
use std::sync::OnceLock;
use ui::{Banner, BannerKind, Crumb, Shell};

pub fn routes() -> Routes<App> {
    Routes::default()
        .get("/rights/table", Action::ViewTable, show)
        .get("/rights/table.pdf", Action::ViewTable, print)
        .post("/rights/table/sign", Action::SignTable, sign)
}

const NAV: &str = "/rights/table";

/// What the home page and the table say to whoever has to sign.
pub(crate) fn banner(duty: Duty) -> Option<Banner> {
    let title = match duty {
        Duty::None => return None,
        Duty::First => "対応表への署名が必要です",
        Duty::Changed => "対応表が変わりました。署名が必要です",
    };
    let banner = Banner::new(BannerKind::Warning, title);
    Some(banner.line("アクセス権限と事務の対応表を確かめて、署名してください。"))
}

#[derive(Template)]
#[template(path = "table/table.html")]
struct TablePage {
    shell: Shell,
    version: String,
    role_names: Vec<&'static str>,
    groups: Vec<Group>,
    signatures: Vec<(String, String, String, bool)>,
    must_sign: bool,
}

fn moment(at: jiff::Timestamp) -> String {
    kit::clock::in_japan(at).strftime("%Y-%m-%d %H:%M").to_string()
}

/// 事務, with each of its operations and, role by role, who carries it.
type Group = (&'static str, Vec<(&'static str, Vec<bool>)>);

fn groups() -> Vec<Group> {
    let cells = |row: &rights::Row| Role::ALL.iter().map(|role| rights::carries(*role, row.action)).collect();
    rights::by_duty()
        .map(|(duty, rows)| (duty.ja(), rows.into_iter().map(|row| (row.action.ja(), cells(row))).collect()))
        .collect()
}

async fn show(State(app): State<App>, acting: Acting) -> Result<Html<String>, Failure> {
    let shown = case::show(&app, &acting).await?;
    let version = rights::version();
    let mut shell =
        page::shell::<App>(&acting, "アクセス権限と事務の対応表", NAV, vec![Crumb::here("対応表")]);
    shell.notice = banner(shown.duty);
    page::show(&TablePage {
        role_names: Role::ALL.iter().map(|role| role.ja()).collect(),
        groups: groups(),
        signatures: shown
            .signatures
            .into_iter()
            .map(|one| (moment(one.at), one.role, one.name, one.version == version))
            .collect(),
        must_sign: shown.duty != Duty::None,
        version,
        shell,
    })
}

/// The fonts are read once; 60 MB are not read again for each copy.
fn fonts() -> Result<FontSet, Failure> {
    static FONTS: OnceLock<FontSet> = OnceLock::new();
    if let Some(fonts) = FONTS.get() {
        return Ok(fonts.clone());
    }
    let fonts = FontSet::load_standard().map_err(anyhow::Error::from)?;
    Ok(FONTS.get_or_init(|| fonts).clone())
}

async fn print(State(app): State<App>, acting: Acting) -> Result<Response, Failure> {
    let shown = case::show(&app, &acting).await?;
    let version = rights::version();
    let rows = groups().into_iter().flat_map(|(duty, rows)| {
        rows.into_iter().map(move |(operation, allowed)| TableRow {
            duty: duty.to_owned(),
            operation: operation.to_owned(),
            allowed,
        })
    });
    let facts = TableFacts {
        municipality: acting.municipality_name.clone(),
        printed_on: app.kit.clock.today(),
        roles: Role::ALL.iter().map(|role| role.ja().to_owned()).collect(),
        rows: rows.collect(),
        signed: shown
            .signatures
            .iter()
            .filter(|one| one.version == version)
            .map(|one| format!("{}　{}　{}", moment(one.at), one.role, one.name))
            .collect(),
        version,
    };
    let drawn = tokio::task::spawn_blocking(move || {
        Ok::<_, Failure>(table::render(&fonts()?, &facts).map_err(anyhow::Error::from)?)
    });
    let pdf = drawn.await.map_err(anyhow::Error::from)??;
    let headers = [
        (header::CONTENT_TYPE, "application/pdf"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"rights-table.pdf\""),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, pdf).into_response())
}

async fn sign(State(app): State<App>, acting: Acting, posted: Posted) -> Result<Redirect, Failure> {
    case::sign(&app, &acting, posted.text("version")).await?;
    Ok(Redirect::to(NAV))
}
