//! The door: personal id and password. Wrong id and wrong password read alike.

use crate::{App, page};
use askama::Template;
use axum::{
    extract::{Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use kit::{
    Acting, Action, Case, Failure, Posted, Target,
    signin::{self, Attempt},
    web::{self, Door, RequestId, Routes},
};
use serde::Deserialize;
use ui::{Banner, BannerKind, Choice, FieldState, FormErrors, Shell};

pub fn routes() -> Routes<App> {
    Routes::default().get("/sign-in", Door::Open, form).post("/sign-in", Door::Open, sign_in).post(
        "/sign-out",
        Action::SignOut,
        sign_out,
    )
}

#[derive(Template)]
#[template(path = "sign_in/sign_in.html")]
struct SignInPage {
    shell: Shell,
    municipality: FieldState,
    municipalities: Vec<Choice>,
    login: FieldState,
    password: FieldState,
}

async fn make(
    app: &App,
    request_id: RequestId,
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
        shell: Shell {
            title: "ログイン".to_owned(),
            system_name: page::SYSTEM_NAME.to_owned(),
            municipality_name: name,
            request_id: request_id.0.to_string(),
            errors,
            ..Shell::default()
        },
    })
}

/// Whoever was signed out in the middle of a form comes here with it.
#[derive(Deserialize)]
struct Arrival {
    unsent: Option<String>,
}

async fn form(
    State(app): State<App>,
    request_id: RequestId,
    Query(arrival): Query<Arrival>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    if let Some(cookie) = web::cookie(&headers, signin::cookie_name(&app.kit))
        && signin::resume(&app.kit, cookie, request_id.0).await?.is_some()
    {
        return Ok(Redirect::to("/").into_response());
    }
    let mut made = make(&app, request_id, &Posted::default(), FormErrors::default()).await?;
    if arrival.unsent.is_some() {
        made.shell.notice = Some(
            Banner::new(BannerKind::Warning, "ログインの有効時間が切れました")
                .line("最後に送信した内容は登録されていません。ログインして、もう一度入力してください。"),
        );
    }
    Ok(page::show(&made)?.into_response())
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
    let (Some(municipality), true) = (municipality, errors.is_empty()) else {
        return page::show_errors(&make(&app, request_id, &posted, errors).await?);
    };
    match signin::sign_in(&app.kit, municipality, login, password, request_id.0).await? {
        Attempt::SignedIn(cookie) => {
            let cookie = signin::set_cookie(&app.kit, &cookie);
            Ok((StatusCode::SEE_OTHER, [(header::SET_COOKIE, cookie), (header::LOCATION, "/".to_owned())])
                .into_response())
        }
        Attempt::Wrong => {
            errors.add("login", "個人IDまたはパスワードが違います。もう一度入力してください");
            page::show_errors(&make(&app, request_id, &posted, errors).await?)
        }
        Attempt::Wait(wait) => {
            let minutes = wait.as_secs() / 60 + 1;
            errors.add(
                "login",
                format!("続けて間違えたため、今はログインできません。約{minutes}分後にやり直すか、ID管理者に連絡してください"),
            );
            page::show_errors(&make(&app, request_id, &posted, errors).await?)
        }
    }
}

async fn sign_out(
    State(app): State<App>,
    acting: Acting,
    headers: HeaderMap,
    _token: Posted,
) -> Result<Response, Failure> {
    let mut case = Case::open(&app.kit, &acting, Action::SignOut, Target::NONE).await?;
    if let Some(cookie) = web::cookie(&headers, signin::cookie_name(&app.kit)) {
        signin::sign_out(case.conn(), &app.kit, cookie).await?;
    }
    case.done(serde_json::json!({})).await?;
    let cleared = signin::clear_cookie(&app.kit);
    Ok((StatusCode::SEE_OTHER, [(header::SET_COOKIE, cleared), (header::LOCATION, "/sign-in".to_owned())])
        .into_response())
}
