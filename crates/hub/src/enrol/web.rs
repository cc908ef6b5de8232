//! Pages of whoever holds an enrolment code.

use super::case::{self, Choice, Enrolling, Shown};
use crate::{
    App,
    factors::{
        ceremony::{Kind, Token},
        passkey::{NAME_CHARS_MAX, NotAdded},
    },
    sign_in::web::{choices, chosen, digits},
    terminals::door::Seat,
};
use askama::Template;
use axum::{
    Json,
    extract::State,
    http::HeaderMap,
    response::{AppendHeaders, Html, IntoResponse, Redirect, Response},
};
use desk::page;
use kit::{
    Failure, Posted,
    web::{Door, RequestId, Routes},
};
use serde_json::json;
use ui::{FieldState, FormErrors, Shell, dates};

pub fn routes() -> Routes<App> {
    Routes::default()
        .get("/enrol", Door::Open, code_form)
        .post("/enrol", Door::Open, take_code)
        .get("/enrol/means", Door::Open, means)
        .post("/enrol/passkey/begin", Door::Open, ask_passkey)
        .post("/enrol/passkey", Door::Open, take_passkey)
        .post("/enrol/password", Door::Open, take_password)
        .get("/enrol/done", Door::Open, done)
}

#[derive(Template)]
#[template(path = "enrol/code.html")]
struct CodePage {
    shell: Shell,
    municipality: FieldState,
    municipalities: Vec<ui::Choice>,
    login: FieldState,
    code: FieldState,
}

async fn code_page(app: &App, seat: Seat, posted: &Posted, errors: FormErrors) -> Result<CodePage, Failure> {
    let (municipalities, name) = choices(app, seat).await?;
    Ok(CodePage {
        municipality: errors.field("municipality", posted.text("municipality")),
        municipalities,
        login: errors.field("login", posted.text("login")),
        code: errors.field("code", ""),
        shell: Shell {
            municipality_name: name,
            errors,
            ..page::outside::<App>("登録コード", seat.request_id)
        },
    })
}

async fn code_form(State(app): State<App>, seat: Seat) -> Result<Html<String>, Failure> {
    page::show(&code_page(&app, seat, &Posted::default(), FormErrors::default()).await?)
}

async fn take_code(State(app): State<App>, seat: Seat, posted: Posted) -> Result<Response, Failure> {
    let mut errors = FormErrors::default();
    let (login, code) = (posted.trimmed("login"), posted.trimmed("code"));
    let municipality = chosen(&app, &posted, seat).await?;
    if municipality.is_none() {
        errors.add("municipality", "自治体を選択してください");
    }
    if login.is_empty() {
        errors.add("login", "個人IDを入力してください");
    }
    if code.is_empty() {
        errors.add("code", "登録コードを入力してください");
    }
    if let (Some(municipality), true) = (municipality, errors.is_empty()) {
        match case::show(&app, municipality, (login, code), seat.caller()).await? {
            Shown::Accepted(token) => {
                return Ok(([token.set(&app.kit)], Redirect::to("/enrol/means")).into_response());
            }
            Shown::Wrong => errors.add(
                "code",
                "個人IDか登録コードが違うか、期限が切れています。入力し直すか、ID管理者に発行を依頼してください",
            ),
            Shown::Held(held) => errors.add("login", held.sentence()),
        }
    }
    page::show_errors(&code_page(&app, seat, &posted, errors).await?)
}

#[derive(Template)]
#[template(path = "enrol/means.html")]
struct MeansPage {
    shell: Shell,
    name: String,
    device: FieldState,
    /// Where a password may be chosen.
    app: Option<AppFacts>,
    password: FieldState,
    again: FieldState,
    code: FieldState,
}

struct AppFacts {
    until: String,
    picture: String,
    key: String,
}

fn means_page(
    request_id: RequestId,
    found: &Enrolling,
    posted: &Posted,
    errors: FormErrors,
) -> Result<MeansPage, Failure> {
    let facts = |grant: &crate::factors::sql::Grant| {
        anyhow::Ok(AppFacts {
            until: dates::both(grant.valid_until),
            picture: found.secret.picture("Sesshu", &found.holder.login)?,
            key: found
                .secret
                .key()
                .as_bytes()
                .chunks(4)
                .map(String::from_utf8_lossy)
                .collect::<Vec<_>>()
                .join(" "),
        })
    };
    Ok(MeansPage {
        name: found.holder.name.clone(),
        device: errors.field("device", posted.text("device")),
        app: found.grant.as_ref().map(facts).transpose()?,
        password: errors.field("password", ""),
        again: errors.field("again", ""),
        code: errors.field("code", ""),
        shell: Shell { errors, ..page::outside::<App>("認証手段の登録", request_id) },
    })
}

async fn enrolling(app: &App, headers: &HeaderMap) -> Result<Option<(Token, Enrolling)>, Failure> {
    let Some(token) = Token::of(&app.kit, Kind::Enrolment, headers) else { return Ok(None) };
    Ok(case::look(app, &token).await?.map(|found| (token, found)))
}

async fn means(
    State(app): State<App>,
    request_id: RequestId,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let Some((_, found)) = enrolling(&app, &headers).await? else {
        return Ok(Redirect::to("/enrol").into_response());
    };
    Ok(page::show(&means_page(request_id, &found, &Posted::default(), FormErrors::default())?)?
        .into_response())
}

async fn ask_passkey(
    State(app): State<App>,
    headers: HeaderMap,
    posted: Posted,
) -> Result<Response, Failure> {
    if let Some(objection) = device_objection(posted.trimmed("device")) {
        return Ok(Json(json!({"error": objection})).into_response());
    }
    let asked = match Token::of(&app.kit, Kind::Enrolment, &headers) {
        Some(token) => case::ask_passkey(&app, &token).await?,
        None => None,
    };
    let Some((told, token)) = asked else { return Ok(Json(json!({"go": "/enrol"})).into_response()) };
    Ok(([token.set(&app.kit)], Json(told)).into_response())
}

/// What is wrong with a device's name.
pub(crate) fn device_objection(name: &str) -> Option<String> {
    let fits = !name.is_empty() && name.chars().count() <= NAME_CHARS_MAX;
    (!fits).then(|| format!("端末の名前を{NAME_CHARS_MAX}文字以内で入力してください"))
}

async fn take_passkey(
    State(app): State<App>,
    seat: Seat,
    headers: HeaderMap,
    posted: Posted,
) -> Result<Response, Failure> {
    let Some((token, found)) = enrolling(&app, &headers).await? else {
        return Ok(Redirect::to("/enrol").into_response());
    };
    let name = posted.trimmed("device");
    let mut errors = FormErrors::default();
    if let Some(objection) = device_objection(name) {
        errors.add("device", objection);
    } else {
        let taken = match Token::of(&app.kit, Kind::PasskeyEnrolment, &headers) {
            Some(challenge) => {
                let credential = posted.text("credential");
                case::take_passkey(&app, (&token, &challenge), name, credential, seat.caller()).await?
            }
            None => Err(NotAdded::TooLate),
        };
        match taken {
            Ok(()) => return Ok(finished(&app)),
            Err(why) => errors.add("device", why.sentence()),
        }
    }
    page::show_errors(&means_page(seat.request_id, &found, &posted, errors)?)
}

async fn take_password(
    State(app): State<App>,
    seat: Seat,
    headers: HeaderMap,
    posted: Posted,
) -> Result<Response, Failure> {
    let Some((token, found)) = enrolling(&app, &headers).await? else {
        return Ok(Redirect::to("/enrol").into_response());
    };
    let code = digits(posted.text("code"));
    let choice = Choice { password: posted.text("password"), again: posted.text("again"), code: &code };
    match case::take_password(&app, &token, &choice, seat.caller()).await? {
        Ok(()) => Ok(finished(&app)),
        Err(errors) => page::show_errors(&means_page(seat.request_id, &found, &posted, errors)?),
    }
}

fn finished(app: &App) -> Response {
    let clear = AppendHeaders([Kind::Enrolment.clear(&app.kit), Kind::PasskeyEnrolment.clear(&app.kit)]);
    (clear, Redirect::to("/enrol/done")).into_response()
}

#[derive(Template)]
#[template(path = "enrol/done.html")]
struct DonePage {
    shell: Shell,
}

async fn done(request_id: RequestId) -> Result<Html<String>, Failure> {
    page::show(&DonePage { shell: page::outside::<App>("登録しました", request_id) })
}
