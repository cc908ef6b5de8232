//! The ID manager's pages of 端末.

use super::{
    case::{self, NewCertificate},
    sql::{StepRow, TerminalRow},
};
use crate::{App, rights::web::read_day};
use askama::Template;
use axum::{
    extract::{Path, Query, State},
    response::{Html, IntoResponse, Redirect, Response},
};
use desk::page;
use domain::{
    Date,
    terminal::{Remark, WithdrawalReason, remark},
};
use jiff::Timestamp;
use kit::{Acting, Action, Failure, Posted, clock, web::Routes, zones};
use serde::Deserialize;
use ui::{Banner, BannerKind, Chip, Choice, Crumb, FieldState, FormErrors, Shell, Tone, dates};
use uuid::Uuid;

pub fn routes() -> Routes<App> {
    Routes::about("terminal")
        .get(NAV, Action::ViewTerminals, list)
        .post(NAV, Action::ManageTerminals, register)
        .get("/terminals/{id}", Action::ViewTerminals, show)
        .post("/terminals/{id}/change", Action::ManageTerminals, change)
        .post("/terminals/{id}/renew", Action::ManageTerminals, renew)
        .post("/terminals/{id}/withdraw", Action::ManageTerminals, withdraw)
}

pub const NAV: &str = "/terminals";
const KNOWN: &str = "この証明書は登録済みです。端末ごとに別の証明書を用意してください";

#[derive(Template)]
#[template(path = "terminals/list.html")]
struct ListPage {
    shell: Shell,
    rows: Vec<Row>,
    ending: usize,
    unused: usize,
    may_manage: bool,
    name: FieldState,
    place: FieldState,
    zone: FieldState,
    zones: Vec<Choice>,
    certificate: FieldState,
    fingerprint: FieldState,
    last_on: FieldState,
}

struct Row {
    id: Uuid,
    name: String,
    place: String,
    zone: &'static str,
    chip: Chip,
    last: String,
    seen: String,
    fingerprint: String,
}

fn day(at: Timestamp) -> Date {
    clock::in_japan(at).date()
}

fn time(at: Timestamp) -> String {
    clock::in_japan(at).strftime("%Y-%m-%d %H:%M").to_string()
}

fn remark_of(row: &TerminalRow, today: Date) -> Option<Remark> {
    let seen = row.seen_at.unwrap_or(row.registered_at);
    row.withdrawn.is_none().then(|| remark(row.last_on, day(seen), today)).flatten()
}

fn chip(row: &TerminalRow, today: Date) -> Chip {
    match (row.withdrawn, remark_of(row, today)) {
        (Some((_, WithdrawalReason::Lost)), _) => Chip::new(Tone::Stop, WithdrawalReason::Lost.ja()),
        (Some((_, reason)), _) => Chip::new(Tone::Off, reason.ja()),
        (None, Some(Remark::Ended)) => Chip::new(Tone::Stop, "期限切れ"),
        (None, Some(Remark::Ending(left))) => Chip::new(Tone::Warning, format!("あと{left}日")),
        (None, Some(Remark::Unused)) => Chip::new(Tone::Warning, "90日利用なし"),
        (None, None) => Chip::new(Tone::Good, "使用中"),
    }
}

fn row(row: &TerminalRow, today: Date) -> Row {
    Row {
        id: row.terminal_id,
        name: row.name.clone(),
        place: row.place.clone(),
        zone: row.zone.ja(),
        chip: chip(row, today),
        last: dates::seireki(row.last_on),
        seen: row.seen_at.map_or_else(|| "―".to_owned(), time),
        // Enough to tell two certificates apart by eye; all of it is on the terminal's page.
        fingerprint: row.fingerprint.to_string().chars().take(16).collect(),
    }
}

fn zone_choices() -> Vec<Choice> {
    zones::DESKS.iter().map(|zone| Choice::new(zone.code(), zone.ja())).collect()
}

/// What was typed into the field of the certificate, but never a private key that came with it.
fn pasted(posted: &Posted) -> &str {
    let text = posted.text("certificate");
    if text.contains("PRIVATE KEY") { "" } else { text }
}

fn list_page(
    acting: &Acting,
    (rows, today): (&[TerminalRow], Date),
    posted: &Posted,
    errors: FormErrors,
) -> ListPage {
    let field = |name: &str| errors.field(name, posted.text(name));
    let remarked = |wanted: fn(Remark) -> bool| {
        rows.iter().filter_map(|row| remark_of(row, today)).filter(|remark| wanted(*remark)).count()
    };
    ListPage {
        ending: remarked(|remark| matches!(remark, Remark::Ended | Remark::Ending(_))),
        unused: remarked(|remark| matches!(remark, Remark::Unused)),
        rows: rows.iter().map(|one| row(one, today)).collect(),
        may_manage: acting.may(Action::ManageTerminals),
        name: field("name"),
        place: field("place"),
        zone: field("zone"),
        zones: zone_choices(),
        certificate: errors.field("certificate", pasted(posted)),
        fingerprint: field("fingerprint"),
        last_on: field("last_on"),
        shell: Shell { errors, ..page::shell::<App>(acting, "端末", NAV, vec![Crumb::here("端末")]) },
    }
}

async fn list(State(app): State<App>, acting: Acting) -> Result<Html<String>, Failure> {
    let rows = case::list(&app, &acting).await?;
    let today = app.kit.clock.today();
    page::show(&list_page(&acting, (&rows, today), &Posted::default(), FormErrors::default()))
}

/// Reads certificate and last day; faults stand beside their fields.
fn read_new(posted: &Posted, now: Timestamp, errors: &mut FormErrors) -> Option<NewCertificate> {
    let last_on = read_day(posted, ("last_on", "使用の最終日"), false, errors);
    case::read_certificate(posted, last_on, now, errors)
}

async fn register(State(app): State<App>, acting: Acting, posted: Posted) -> Result<Response, Failure> {
    let mut errors = FormErrors::default();
    let place = case::read_place(&posted, &mut errors);
    let zone = case::read_zone(&posted, &mut errors);
    let new = read_new(&posted, app.kit.clock.now(), &mut errors);
    if let (Some(zone), Some(new), true) = (zone, new, errors.is_empty()) {
        if let Some(id) = case::register(&app, &acting, &place, zone, &new).await? {
            return Ok(Redirect::to(&format!("{NAV}/{id}?done=registered")).into_response());
        }
        errors.add(field_of_certificate(&posted), KNOWN);
    }
    let rows = case::list(&app, &acting).await?;
    page::show_errors(&list_page(&acting, (&rows, app.kit.clock.today()), &posted, errors))
}

fn field_of_certificate(posted: &Posted) -> &'static str {
    if posted.trimmed("certificate").is_empty() { "fingerprint" } else { "certificate" }
}

#[derive(Template)]
#[template(path = "terminals/show.html")]
struct ShowPage {
    shell: Shell,
    id: Uuid,
    chip: Chip,
    zone_ja: &'static str,
    place_ja: String,
    last: String,
    seen: String,
    full: String,
    steps: Vec<StepLine>,
    /// In use, and the person may change it.
    may_change: bool,
    name: FieldState,
    place: FieldState,
    certificate: FieldState,
    fingerprint: FieldState,
    last_on: FieldState,
    reason: FieldState,
    reasons: Vec<Choice>,
}

struct StepLine {
    at: String,
    what: String,
    who: String,
}

fn step_line(step: &StepRow) -> StepLine {
    let what = match (step.step.as_str(), step.reason) {
        ("registered", _) => format!("登録（{}、{}）", step.name, step.place),
        ("changed", _) => format!("変更（{}、{}）", step.name, step.place),
        (_, Some(reason)) => format!("使用終了（{}）", reason.ja()),
        (_, None) => "使用終了".to_owned(),
    };
    StepLine { at: time(step.at), what, who: step.staff.clone() }
}

fn show_page(
    acting: &Acting,
    ((row, steps), today): (&(TerminalRow, Vec<StepRow>), Date),
    posted: &Posted,
    errors: FormErrors,
) -> ShowPage {
    // A form that was not sent shows what is registered.
    let kept = |name: &str, kept: &str| {
        let typed = posted.pairs().iter().any(|(sent, _)| sent == name);
        errors.field(name, if typed { posted.text(name) } else { kept })
    };
    let reasons = WithdrawalReason::ALL.iter().filter(|reason| **reason != WithdrawalReason::Renewed);
    ShowPage {
        id: row.terminal_id,
        chip: chip(row, today),
        zone_ja: row.zone.ja(),
        place_ja: row.place.clone(),
        last: dates::both(row.last_on),
        seen: row.seen_at.map_or_else(|| "まだありません".to_owned(), time),
        full: row.fingerprint.to_string(),
        steps: steps.iter().map(step_line).collect(),
        may_change: row.withdrawn.is_none() && acting.may(Action::ManageTerminals),
        name: kept("name", &row.name),
        place: kept("place", &row.place),
        certificate: errors.field("certificate", pasted(posted)),
        fingerprint: errors.field("fingerprint", posted.text("fingerprint")),
        last_on: errors.field("last_on", posted.text("last_on")),
        reason: errors.field("reason", posted.text("reason")),
        reasons: reasons.map(|reason| Choice::new(reason.code(), reason.ja())).collect(),
        shell: Shell {
            errors,
            ..page::shell::<App>(
                acting,
                &row.name,
                NAV,
                vec![Crumb::link(NAV, "端末"), Crumb::here(&row.name)],
            )
        },
    }
}

/// What a redirect brings along: what was just done.
#[derive(Deserialize)]
struct Done {
    done: Option<String>,
}

async fn show(
    State(app): State<App>,
    acting: Acting,
    Path(id): Path<Uuid>,
    Query(Done { done }): Query<Done>,
) -> Result<Html<String>, Failure> {
    let shown = case::show(&app, &acting, id).await?;
    let today = app.kit.clock.today();
    let mut page = show_page(&acting, (&shown, today), &Posted::default(), FormErrors::default());
    let said = match done.as_deref() {
        Some("registered") => Some(("端末を登録しました", "この端末から、ログインできるようになりました。")),
        Some("changed") => Some(("端末を変更しました", "操作ログにも、新しい名前で表示されます。")),
        Some("withdrawn") => Some((
            "端末の使用を終えました",
            "この端末からのログインは、すべてのシステムで5秒以内に切れます。",
        )),
        _ => None,
    };
    page.shell.notice = said.map(|(title, line)| Banner::new(BannerKind::Success, title).line(line));
    page::show(&page)
}

async fn with_errors(
    app: &App,
    acting: &Acting,
    id: Uuid,
    posted: &Posted,
    errors: FormErrors,
) -> Result<Response, Failure> {
    let shown = case::show(app, acting, id).await?;
    page::show_errors(&show_page(acting, (&shown, app.kit.clock.today()), posted, errors))
}

async fn change(
    State(app): State<App>,
    acting: Acting,
    Path(id): Path<Uuid>,
    posted: Posted,
) -> Result<Response, Failure> {
    let mut errors = FormErrors::default();
    let place = case::read_place(&posted, &mut errors);
    if !errors.is_empty() {
        return with_errors(&app, &acting, id, &posted, errors).await;
    }
    case::change(&app, &acting, id, &place).await?;
    Ok(Redirect::to(&format!("{NAV}/{id}?done=changed")).into_response())
}

async fn renew(
    State(app): State<App>,
    acting: Acting,
    Path(id): Path<Uuid>,
    posted: Posted,
) -> Result<Response, Failure> {
    let mut errors = FormErrors::default();
    let new = read_new(&posted, app.kit.clock.now(), &mut errors);
    if let (Some(new), true) = (new, errors.is_empty()) {
        if let Some(next) = case::renew(&app, &acting, id, &new).await? {
            return Ok(Redirect::to(&format!("{NAV}/{next}?done=registered")).into_response());
        }
        errors.add(field_of_certificate(&posted), KNOWN);
    }
    with_errors(&app, &acting, id, &posted, errors).await
}

async fn withdraw(
    State(app): State<App>,
    acting: Acting,
    Path(id): Path<Uuid>,
    posted: Posted,
) -> Result<Response, Failure> {
    let reason = WithdrawalReason::from_code(posted.text("reason"));
    let Some(reason) = reason.filter(|reason| *reason != WithdrawalReason::Renewed) else {
        let mut errors = FormErrors::default();
        errors.add("reason", "使用を終える理由を選択してください");
        return with_errors(&app, &acting, id, &posted, errors).await;
    };
    case::withdraw(&app, &acting, id, reason).await?;
    Ok(Redirect::to(&format!("{NAV}/{id}?done=withdrawn")).into_response())
}
