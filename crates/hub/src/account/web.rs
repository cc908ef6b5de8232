//! The page 自分の設定.

use super::case::{self, Account};
use crate::{
    App,
    enrol::web::device_objection,
    factors::{
        ceremony::{Kind, Token},
        passkey::NotAdded,
    },
    sign_in::sql::SignInRow,
    step_up::web::sign_in_of,
};
use askama::Template;
use axum::{
    Json,
    extract::{Path, State},
    http::HeaderMap,
    response::{Html, IntoResponse, Redirect, Response},
};
use desk::page;
use kit::{Acting, Action, Failure, Posted, web::Routes};
use serde_json::json;
use ui::{Crumb, FieldState, FormErrors, Shell, dates};
use uuid::Uuid;

pub fn routes() -> Routes<App> {
    Routes::default()
        .get("/account", Action::ViewOwnAccount, account)
        .post("/account/passkey/begin", Action::ManageOwnAccount, ask_passkey)
        .post("/account/passkey", Action::ManageOwnAccount, add_passkey)
        .post("/account/passkey/{id}/remove", Action::ManageOwnAccount, remove_passkey)
        .post("/account/password", Action::ManageOwnAccount, change_password)
        .post("/account/sign-in/{id}/end", Action::ManageOwnAccount, end_sign_in)
        .post("/account/sign-ins/end-others", Action::ManageOwnAccount, end_others)
}

const NAV: &str = "/account";

#[derive(Template)]
#[template(path = "account/account.html")]
struct AccountPage {
    shell: Shell,
    passkeys: Vec<Device>,
    may_change_keys: bool,
    device: FieldState,
    password_until: Option<String>,
    old: FieldState,
    new: FieldState,
    again: FieldState,
    sign_ins: Vec<Line>,
    before: Option<Line>,
}

struct Device {
    id: Uuid,
    name: String,
    since: String,
    used: String,
}

/// A sign-in in words.
pub(crate) struct Line {
    pub id: Uuid,
    pub place: String,
    pub means: &'static str,
    pub since: String,
    pub seen: String,
    pub is_own: bool,
}

pub(crate) fn time(at: jiff::Timestamp) -> String {
    kit::clock::in_japan(at).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

pub(crate) fn line(row: &SignInRow, own: Option<Uuid>) -> Line {
    let zone = row.zone.map_or("不明", |zone| zone.ja());
    Line {
        id: row.sign_in_id,
        place: match (&row.terminal_name, row.terminal_id) {
            (Some(name), _) => format!("{zone}（{name}）"),
            (None, Some(id)) => format!("{zone}（端末 {id}）"),
            (None, None) => zone.to_owned(),
        },
        means: if row.means == "passkey" { "パスキー" } else { "パスワードと確認コード" },
        since: time(row.created_at),
        seen: time(row.last_seen_at),
        is_own: own == Some(row.sign_in_id),
    }
}

fn make(app: &App, acting: &Acting, account: &Account, posted: &Posted, errors: FormErrors) -> AccountPage {
    AccountPage {
        passkeys: account
            .passkeys
            .iter()
            .map(|key| Device {
                id: key.passkey_id,
                name: key.name.clone(),
                since: time(key.created_at),
                used: key.last_used_at.map_or_else(|| "―".to_owned(), time),
            })
            .collect(),
        may_change_keys: case::is_proved(app, acting),
        device: errors.field("device", posted.text("device")),
        password_until: account.password_until.map(dates::both),
        old: errors.field("old", ""),
        new: errors.field("new", ""),
        again: errors.field("again", ""),
        sign_ins: account.sign_ins.iter().map(|row| line(row, Some(account.own))).collect(),
        before: account.before.as_ref().map(|row| line(row, None)),
        shell: Shell {
            errors,
            ..page::shell::<App>(acting, "自分の設定", NAV, vec![Crumb::here("自分の設定")])
        },
    }
}

async fn account(
    State(app): State<App>,
    acting: Acting,
    headers: HeaderMap,
) -> Result<Html<String>, Failure> {
    let account = case::look(&app, &acting, sign_in_of(&app, &headers).await?).await?;
    page::show(&make(&app, &acting, &account, &Posted::default(), FormErrors::default()))
}

async fn with_errors(
    app: &App,
    acting: &Acting,
    headers: &HeaderMap,
    posted: &Posted,
    errors: FormErrors,
) -> Result<Response, Failure> {
    let account = case::look(app, acting, sign_in_of(app, headers).await?).await?;
    page::show_errors(&make(app, acting, &account, posted, errors))
}

const PROVE_FIRST: &str = "/step-up?back=/account";

async fn ask_passkey(State(app): State<App>, acting: Acting, posted: Posted) -> Result<Response, Failure> {
    if !case::is_proved(&app, &acting) {
        return Ok(Json(json!({"go": PROVE_FIRST})).into_response());
    }
    if let Some(objection) = device_objection(posted.trimmed("device")) {
        return Ok(Json(json!({"error": objection})).into_response());
    }
    let (told, token) = case::ask_passkey(&app, &acting).await?;
    Ok(([token.set(&app.kit)], Json(told)).into_response())
}

async fn add_passkey(
    State(app): State<App>,
    acting: Acting,
    headers: HeaderMap,
    posted: Posted,
) -> Result<Response, Failure> {
    if !case::is_proved(&app, &acting) {
        return Ok(Redirect::to(PROVE_FIRST).into_response());
    }
    let name = posted.trimmed("device");
    let mut errors = FormErrors::default();
    if let Some(objection) = device_objection(name) {
        errors.add("device", objection);
        return with_errors(&app, &acting, &headers, &posted, errors).await;
    }
    let added = match Token::of(&app.kit, Kind::PasskeyAddition, &headers) {
        Some(token) => case::add_passkey(&app, &acting, &token, (name, posted.text("credential"))).await?,
        None => Err(NotAdded::TooLate),
    };
    match added {
        Ok(()) => Ok(Redirect::to(NAV).into_response()),
        Err(why) => {
            errors.add("device", why.sentence());
            with_errors(&app, &acting, &headers, &posted, errors).await
        }
    }
}

async fn remove_passkey(
    State(app): State<App>,
    acting: Acting,
    Path(id): Path<Uuid>,
    _token: Posted,
) -> Result<Redirect, Failure> {
    if !case::is_proved(&app, &acting) {
        return Ok(Redirect::to(PROVE_FIRST));
    }
    case::remove_passkey(&app, &acting, id).await?;
    Ok(Redirect::to(NAV))
}

async fn change_password(
    State(app): State<App>,
    acting: Acting,
    headers: HeaderMap,
    posted: Posted,
) -> Result<Response, Failure> {
    let chosen = (posted.text("new"), posted.text("again"));
    match case::change_password(&app, &acting, posted.text("old"), chosen).await? {
        Ok(()) => Ok(Redirect::to(NAV).into_response()),
        Err(errors) => with_errors(&app, &acting, &headers, &posted, errors).await,
    }
}

async fn end_sign_in(
    State(app): State<App>,
    acting: Acting,
    Path(id): Path<Uuid>,
    _token: Posted,
) -> Result<Redirect, Failure> {
    case::end_sign_in(&app, &acting, id).await?;
    Ok(Redirect::to(NAV))
}

async fn end_others(
    State(app): State<App>,
    acting: Acting,
    headers: HeaderMap,
    _token: Posted,
) -> Result<Redirect, Failure> {
    case::end_others(&app, &acting, sign_in_of(&app, &headers).await?).await?;
    Ok(Redirect::to(NAV))
}
