//! The door of all systems.

use super::case::{self, Attempt};
use crate::App;
use askama::Template;
use axum::{
    extract::{Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{Html, IntoResponse, Redirect, Response},
};
use desk::page;
use kit::{
    Acting, Action, Case, Failure, Municipality, Posted, Target, Terminal, Zone,
    session::{self, Standing},
    web::{self, Door, RequestId, Routes},
};
use serde::Deserialize;
use ui::{Banner, BannerKind, Choice, FieldState, FormErrors, Shell};
use uuid::Uuid;

pub fn routes() -> Routes<App> {
    Routes::default()
        .get("/sign-in", Door::Open, form)
        .post("/sign-in", Door::Open, sign_in)
        .get("/signed-out", Door::Open, signed_out)
        .post("/sign-out", Action::SignOut, sign_out)
}

/// Where somebody wants to go on to after signing in.
#[derive(Clone, Debug, Default, Deserialize)]
struct Way {
    #[serde(default)]
    to: String,
    #[serde(default)]
    state: String,
    /// Whoever was signed out in the middle of a form comes with it.
    unsent: Option<String>,
}

impl Way {
    fn of(posted: &Posted) -> Way {
        Way { to: posted.text("to").to_owned(), state: posted.text("state").to_owned(), unsent: None }
    }

    /// The digest that a system gave the browser: 64 hexadecimal digits.
    fn has_state(&self) -> bool {
        self.state.len() == 64 && self.state.bytes().all(|byte| byte.is_ascii_hexdigit())
    }
}

#[derive(Template)]
#[template(path = "sign_in/sign_in.html")]
struct SignInPage {
    shell: Shell,
    way: Way,
    municipality: FieldState,
    municipalities: Vec<Choice>,
    login: FieldState,
    password: FieldState,
}

async fn make(
    app: &App,
    request_id: RequestId,
    way: Way,
    posted: &Posted,
    errors: FormErrors,
) -> Result<SignInPage, Failure> {
    let served = kit::db::municipalities(&app.kit.pool).await?;
    let name = if let [(_, only)] = served.as_slice() { only.clone() } else { String::new() };
    Ok(SignInPage {
        municipality: errors.field("municipality", posted.text("municipality")),
        municipalities: served
            .iter()
            .map(|(code, name)| Choice::new(code.to_string(), name.clone()))
            .collect(),
        login: errors.field("login", posted.text("login")),
        password: errors.field("password", ""),
        shell: Shell { municipality_name: name, errors, ..page::outside::<App>("ログイン", request_id) },
        way,
    })
}

async fn form(
    State(app): State<App>,
    request_id: RequestId,
    Query(way): Query<Way>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    if let Some(cookie) = web::cookie(&headers, &session::cookie_name(&app.kit))
        && let Some(acting) = session::resume(&app.kit, cookie, request_id.0, true).await?
        && let Some(sign_in_id) = session::sign_in_of(&app.kit, cookie).await?
    {
        return Ok(Redirect::to(&onwards(&app, acting.municipality, sign_in_id, &way).await?).into_response());
    }
    let unsent = way.unsent.clone();
    let mut made = make(&app, request_id, way, &Posted::default(), FormErrors::default()).await?;
    if let Some(unsent) = unsent {
        let line = if unsent == "kept" {
            "最後に送信した内容は登録されていませんが、預かっています。ログインすると続けられます。"
        } else {
            "最後に送信した内容は登録されていません。ログインして、もう一度入力してください。"
        };
        let notice = Banner::new(BannerKind::Warning, "ログインの有効時間が切れました").line(line);
        made.shell.notice = Some(notice);
    }
    Ok(page::show(&made)?.into_response())
}

/// The address somebody goes on to: the system that sent them, with a ticket, or the hub's own first page.
async fn onwards(
    app: &App,
    municipality: Municipality,
    sign_in_id: Uuid,
    way: &Way,
) -> Result<String, Failure> {
    let Some(site) = app.site(&way.to).filter(|_| way.has_state()) else { return Ok("/".to_owned()) };
    let ticket = case::issue_ticket(&app.kit, municipality, sign_in_id, site.system, &way.state).await?;
    Ok(format!("{}/enter?ticket={ticket}", site.url))
}

async fn sign_in(State(app): State<App>, request_id: RequestId, posted: Posted) -> Result<Response, Failure> {
    let mut errors = FormErrors::default();
    let (login, password) = (posted.trimmed("login"), posted.text("password"));
    let served = kit::db::municipalities(&app.kit.pool).await?;
    let municipality = match served.as_slice() {
        [(only, _)] => Some(*only),
        many => {
            many.iter().map(|(code, _)| *code).find(|code| code.to_string() == posted.text("municipality"))
        }
    };
    if municipality.is_none() {
        errors.add("municipality", "自治体を選択してください");
    }
    if login.is_empty() {
        errors.add("login", "個人IDを入力してください");
    }
    if password.is_empty() {
        errors.add("password", "パスワードを入力してください");
    }
    let way = Way::of(&posted);
    let (Some(municipality), true) = (municipality, errors.is_empty()) else {
        return page::show_errors(&make(&app, request_id, way, &posted, errors).await?);
    };
    let terminal = Terminal { zone: Zone::Business, id: None };
    match case::sign_in(&app.kit, municipality, login, password, terminal, request_id.0).await? {
        Attempt::SignedIn(standing) => welcome(&app, municipality, &standing, &way).await,
        Attempt::Wrong => {
            errors.add("login", "個人IDまたはパスワードが違います。もう一度入力してください");
            page::show_errors(&make(&app, request_id, way, &posted, errors).await?)
        }
        Attempt::Wait(wait) => {
            let minutes = wait.as_secs() / 60 + 1;
            errors.add(
                "login",
                format!("続けて間違えたため、今はログインできません。約{minutes}分後にやり直すか、ID管理者に連絡してください"),
            );
            page::show_errors(&make(&app, request_id, way, &posted, errors).await?)
        }
    }
}

/// Opens the hub's own session and sends the person on.
async fn welcome(
    app: &App,
    municipality: Municipality,
    standing: &Standing,
    way: &Way,
) -> Result<Response, Failure> {
    let cookie = session::open(&app.kit, municipality, standing).await?;
    let location = onwards(app, municipality, standing.sign_in_id, way).await?;
    Ok((
        StatusCode::SEE_OTHER,
        [(header::SET_COOKIE, session::set_cookie(&app.kit, &cookie)), (header::LOCATION, location)],
    )
        .into_response())
}

#[derive(Template)]
#[template(path = "sign_in/gone.html")]
struct SignedOutPage {
    shell: Shell,
}

async fn signed_out(request_id: RequestId) -> Result<Html<String>, Failure> {
    page::show(&SignedOutPage { shell: page::outside::<App>("ログアウトしました", request_id) })
}

async fn sign_out(
    State(app): State<App>,
    acting: Acting,
    headers: HeaderMap,
    _token: Posted,
) -> Result<Response, Failure> {
    Case::open(&app.kit, &acting, Action::SignOut, Target::NONE).await?.done(serde_json::json!({})).await?;
    if let Some(cookie) = web::cookie(&headers, &session::cookie_name(&app.kit)) {
        session::end(&app.kit, cookie).await?;
    }
    let cleared = session::clear_cookie(&app.kit);
    Ok((StatusCode::SEE_OTHER, [(header::SET_COOKIE, cleared), (header::LOCATION, "/signed-out".to_owned())])
        .into_response())
}
