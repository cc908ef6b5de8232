//! Page of 印刷ファイルの消去, under the campaign.

use super::case::{self, Stock};
use crate::{
    App,
    campaigns::{
        sql::Campaign,
        web::{ROOM, crumbs},
    },
    exports::web::line,
    page,
};
use askama::Template;
use axum::{
    extract::{Path, State},
    response::{Html, IntoResponse, Redirect, Response},
};
use desk::approvals::web::chip;
use kit::{Acting, Action, Failure, Posted, approvals::steps::may_use, web::Routes};
use ui::{Chip, FieldState, FormErrors, Shell, dates, filters};
use uuid::Uuid;

pub fn routes() -> Routes<App> {
    Routes::about("campaign")
        .get("/campaigns/{id}/erasure", Action::ApplyErasure, show)
        .post("/campaigns/{id}/erasure", Action::ApplyErasure, send)
        .post("/campaigns/{id}/erasure/erase", Action::ErasePrint, erase)
}

const HERE: &str = "印刷ファイルの消去";

#[derive(Template)]
#[template(path = "erasures/show.html")]
struct ShowPage {
    shell: Shell,
    campaign: Campaign,
    files: usize,
    pages: i64,
    printed_on: String,
    usable_sheets: i64,
    erased: usize,
    unfinished: usize,
    /// Why it cannot be asked for now.
    fault: Option<&'static str>,
    asked: Vec<(Uuid, String, Chip)>,
    erases: bool,
    reason: FieldState,
}

fn show_page(acting: &Acting, stock: Stock, (posted, errors): (&Posted, FormErrors)) -> ShowPage {
    let is_usable = stock.open().is_some_and(|one| may_use(one, acting.staff_id, stock.now).is_ok());
    let files = stock.left().count();
    ShowPage {
        files,
        pages: stock.pages(),
        printed_on: stock.printed_on().map_or_else(String::new, dates::both),
        usable_sheets: stock.usable_sheets,
        erased: stock.files.len() - files,
        unfinished: stock.unfinished(),
        fault: stock.fault(),
        asked: stock
            .asked
            .iter()
            .map(|one| (one.approval_id, format!("第{}号", one.number), chip(one, stock.now)))
            .collect(),
        erases: is_usable && acting.may(Action::ErasePrint),
        reason: errors.field("reason", posted.text("reason")),
        shell: Shell { errors, ..page::shell(acting, HERE, ROOM, crumbs(&stock.campaign, HERE)) },
        campaign: stock.campaign,
    }
}

async fn show(State(app): State<App>, acting: Acting, Path(id): Path<Uuid>) -> Result<Html<String>, Failure> {
    let stock = case::show(&app, &acting, id).await?;
    page::show(&show_page(&acting, stock, (&Posted::default(), FormErrors::default())))
}

async fn send(
    State(app): State<App>,
    acting: Acting,
    Path(id): Path<Uuid>,
    posted: Posted,
) -> Result<Response, Failure> {
    let mut errors = FormErrors::default();
    let reason = line(&posted, ("reason", "消去の理由"), &mut errors);
    if !errors.is_empty() {
        let stock = case::show(&app, &acting, id).await?;
        return page::show_errors(&show_page(&acting, stock, (&posted, errors)));
    }
    let approval_id = case::apply(&app, &acting, id, &reason).await?;
    Ok(Redirect::to(&format!("/approvals/{approval_id}")).into_response())
}

async fn erase(
    State(app): State<App>,
    acting: Acting,
    Path(id): Path<Uuid>,
    _token: Posted,
) -> Result<Redirect, Failure> {
    case::erase(&app, &acting, id).await?;
    Ok(Redirect::to(&format!("{ROOM}/{id}/files")))
}
