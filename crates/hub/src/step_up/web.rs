//! The page on which a signed-in person proves once more who they are.

use super::case::{self, Means, Taken};
use crate::{
    App,
    factors::ceremony::{Kind, Token},
    sign_in::web::digits,
};
use askama::Template;
use axum::{
    Json,
    extract::{Query, State},
    http::HeaderMap,
    response::{AppendHeaders, Html, IntoResponse, Redirect, Response},
};
use desk::{enter::is_own_path, page};
use kit::{
    Acting, Action, Failure, Posted, session,
    web::{self, Routes},
};
use serde::Deserialize;
use serde_json::json;
use ui::{Crumb, FieldState, FormErrors, Shell};
use uuid::Uuid;

pub fn routes() -> Routes<App> {
    Routes::default()
        .get("/step-up", Action::StepUp, form)
        .post("/step-up", Action::StepUp, take_code)
        .post("/step-up/passkey/begin", Action::StepUp, ask_passkey)
        .post("/step-up/passkey", Action::StepUp, take_passkey)
}

#[derive(Template)]
#[template(path = "step_up/step_up.html")]
struct StepUpPage {
    shell: Shell,
    means: Means,
    back: String,
    code: FieldState,
}

fn make(acting: &Acting, means: Means, back: &str, errors: FormErrors) -> StepUpPage {
    let crumbs = vec![Crumb::here("本人の再確認")];
    StepUpPage {
        means,
        back: own(back).to_owned(),
        code: errors.field("code", ""),
        shell: Shell { errors, ..page::shell::<App>(acting, "本人の再確認", "", crumbs) },
    }
}

/// Where to go on to: never to another host.
fn own(back: &str) -> &str {
    if is_own_path(back) { back } else { "/" }
}

#[derive(Deserialize)]
struct Back {
    #[serde(default)]
    back: String,
}

async fn form(
    State(app): State<App>,
    acting: Acting,
    Query(Back { back }): Query<Back>,
) -> Result<Html<String>, Failure> {
    page::show(&make(&acting, case::means(&app, &acting).await?, &back, FormErrors::default()))
}

/// The sign-in that the browser's cookie stands for.
pub(crate) async fn sign_in_of(app: &App, headers: &HeaderMap) -> Result<Uuid, Failure> {
    let cookie = web::cookie(headers, &session::cookie_name(&app.kit)).ok_or(Failure::NotSignedIn)?;
    session::sign_in_of(&app.kit, cookie).await?.ok_or(Failure::NotSignedIn)
}

async fn take_code(
    State(app): State<App>,
    acting: Acting,
    headers: HeaderMap,
    posted: Posted,
) -> Result<Response, Failure> {
    let back = posted.text("back");
    let sign_in_id = sign_in_of(&app, &headers).await?;
    let mut errors = FormErrors::default();
    match case::take_code(&app, &acting, sign_in_id, &digits(posted.text("code"))).await? {
        Taken::Proved => return Ok(Redirect::to(own(back)).into_response()),
        Taken::Wrong => {
            errors.add(
                "code",
                "確認コードが違います。認証アプリに次のコードが表示されるのを待って、入力してください",
            );
        }
        Taken::Held(held) => errors.add("code", held.sentence()),
    }
    page::show_errors(&make(&acting, case::means(&app, &acting).await?, back, errors))
}

async fn ask_passkey(State(app): State<App>, acting: Acting, _token: Posted) -> Result<Response, Failure> {
    let Some((told, token)) = case::ask_passkey(&app, &acting).await? else {
        return Ok(Json(json!({"error": "登録されたパスキーがありません。確認コードを使ってください"}))
            .into_response());
    };
    Ok(([token.set(&app.kit)], Json(told)).into_response())
}

async fn take_passkey(
    State(app): State<App>,
    acting: Acting,
    headers: HeaderMap,
    posted: Posted,
) -> Result<Response, Failure> {
    let back = posted.text("back");
    let sign_in_id = sign_in_of(&app, &headers).await?;
    if let Some(token) = Token::of(&app.kit, Kind::PasskeyStepUp, &headers)
        && case::take_passkey(&app, &acting, sign_in_id, (&token, posted.text("credential"))).await?
    {
        let clear = AppendHeaders([Kind::PasskeyStepUp.clear(&app.kit)]);
        return Ok((clear, Redirect::to(own(back))).into_response());
    }
    let mut errors = FormErrors::default();
    errors.add(
        "passkey",
        "パスキーで本人を確認できませんでした。指紋・顔・PINのどれかで確認して、やり直してください",
    );
    page::show_errors(&make(&acting, case::means(&app, &acting).await?, back, errors))
}
