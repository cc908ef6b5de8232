//! The door of all systems.

use super::case::{self, Second, Way};
use crate::{
    App,
    factors::ceremony::{Kind, Token},
    terminals::door::Seat,
};
use askama::Template;
use axum::{
    Extension, Json,
    extract::{Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{AppendHeaders, Html, IntoResponse, Redirect, Response},
};
use desk::page;
use kit::{
    Acting, Action, Case, Failure, Municipality, Posted, Target,
    session::{self, Standing},
    web::{self, Door, Peer, RequestId, Routes},
};
use serde::Deserialize;
use serde_json::json;
use ui::{Banner, BannerKind, Choice, FieldState, FormErrors, Shell};
use uuid::Uuid;

pub fn routes() -> Routes<App> {
    Routes::default()
        .get("/sign-in", Door::Open, form)
        .post("/sign-in", Door::Open, take_password)
        .get("/sign-in/code", Door::Open, code_form)
        .post("/sign-in/code", Door::Open, take_code)
        .post("/sign-in/passkey/begin", Door::Open, ask_passkey)
        .post("/sign-in/passkey", Door::Open, take_passkey)
        .get("/signed-out", Door::Open, signed_out)
        .post("/sign-out", Action::SignOut, sign_out)
}

/// What the address of the sign-in page says.
#[derive(Deserialize)]
struct Asked {
    #[serde(flatten)]
    way: Way,
    /// Whoever was signed out in the middle of a form comes with it.
    unsent: Option<String>,
}

fn way_of(posted: &Posted) -> Way {
    Way { to: posted.text("to").to_owned(), state: posted.text("state").to_owned() }
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

/// The municipalities whose staff may sign in at this seat: all that are served, or the one whose terminal it is.
async fn served(app: &App, seat: Seat) -> Result<Vec<(Municipality, String)>, Failure> {
    let mut served = kit::db::municipalities(&app.kit.pool).await?;
    served.retain(|(one, _)| seat.municipality.is_none_or(|own| own == *one));
    Ok(served)
}

/// The municipality that a form of a person outside chooses: the only one there is, or the one selected.
pub(crate) async fn chosen(app: &App, posted: &Posted, seat: Seat) -> Result<Option<Municipality>, Failure> {
    let served = served(app, seat).await?;
    Ok(match served.as_slice() {
        [(only, _)] => Some(*only),
        many => {
            many.iter().map(|(code, _)| *code).find(|code| code.to_string() == posted.text("municipality"))
        }
    })
}

/// What a page outside shows of the municipalities: the choices, and the name where there is one only.
pub(crate) async fn choices(app: &App, seat: Seat) -> Result<(Vec<Choice>, String), Failure> {
    let served = served(app, seat).await?;
    let name = if let [(_, only)] = served.as_slice() { only.clone() } else { String::new() };
    let choices = served.iter().map(|(code, name)| Choice::new(code.to_string(), name.clone())).collect();
    Ok((choices, name))
}

async fn make(
    app: &App,
    seat: Seat,
    way: Way,
    posted: &Posted,
    errors: FormErrors,
) -> Result<SignInPage, Failure> {
    let (municipalities, name) = choices(app, seat).await?;
    Ok(SignInPage {
        municipality: errors.field("municipality", posted.text("municipality")),
        municipalities,
        login: errors.field("login", posted.text("login")),
        password: errors.field("password", ""),
        shell: Shell {
            municipality_name: name, errors, ..page::outside::<App>("ログイン", seat.request_id)
        },
        way,
    })
}

async fn form(
    State(app): State<App>,
    seat: Seat,
    acting: Option<Extension<Acting>>,
    Query(Asked { way, unsent }): Query<Asked>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    if let Some(cookie) = web::cookie(&headers, &session::cookie_name(&app.kit))
        && let Some(Extension(acting)) = acting
        && let Some(sign_in_id) = session::sign_in_of(&app.kit, cookie).await?
    {
        return Ok(Redirect::to(&onwards(&app, acting.municipality, sign_in_id, &way).await?).into_response());
    }
    let mut made = make(&app, seat, way, &Posted::default(), FormErrors::default()).await?;
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

async fn take_password(
    State(app): State<App>,
    seat: Seat,
    peer: Option<Extension<Peer>>,
    posted: Posted,
) -> Result<Response, Failure> {
    let mut errors = FormErrors::default();
    let (login, password) = (posted.trimmed("login"), posted.text("password"));
    let municipality = chosen(&app, &posted, seat).await?;
    if municipality.is_none() {
        errors.add("municipality", "自治体を選択してください");
    }
    if login.is_empty() {
        errors.add("login", "個人IDを入力してください");
    }
    if password.is_empty() {
        errors.add("password", "パスワードを入力してください");
    }
    let way = way_of(&posted);
    let (Some(municipality), true) = (municipality, errors.is_empty()) else {
        return page::show_errors(&make(&app, seat, way, &posted, errors).await?);
    };
    let given = (login, password);
    match case::take_password(&app, municipality, given, way.clone(), seat.caller()).await? {
        Ok(token) => Ok(([token.set(&app.kit)], Redirect::to("/sign-in/code")).into_response()),
        Err(held) => {
            case::failed_from(&app, municipality, seat.caller().terminal, peer.map(|peer| peer.0));
            errors.add("login", held.sentence());
            page::show_errors(&make(&app, seat, way, &posted, errors).await?)
        }
    }
}

#[derive(Template)]
#[template(path = "sign_in/code.html")]
struct CodePage {
    shell: Shell,
    code: FieldState,
}

fn code_page(request_id: RequestId, errors: FormErrors) -> CodePage {
    let code = errors.field("code", "");
    CodePage { code, shell: Shell { errors, ..page::outside::<App>("確認コード", request_id) } }
}

async fn code_form(
    State(app): State<App>,
    request_id: RequestId,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    if Token::of(&app.kit, Kind::Code, &headers).is_none() {
        return Ok(Redirect::to("/sign-in").into_response());
    }
    Ok(page::show(&code_page(request_id, FormErrors::default()))?.into_response())
}

async fn take_code(
    State(app): State<App>,
    seat: Seat,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
    posted: Posted,
) -> Result<Response, Failure> {
    let mut errors = FormErrors::default();
    let code = digits(posted.text("code"));
    let Some(token) = Token::of(&app.kit, Kind::Code, &headers) else {
        return Ok(Redirect::to("/sign-in").into_response());
    };
    if code.len() != 6 {
        errors.add("code", "認証アプリに表示された6桁の数字を入力してください");
        return page::show_errors(&code_page(seat.request_id, errors));
    }
    let taken = case::take_code(&app, &token, &code, seat.caller()).await?;
    if matches!(taken, Second::Wrong | Second::Held(_)) {
        case::failed_from(&app, token.municipality, seat.caller().terminal, peer.map(|peer| peer.0));
    }
    match taken {
        Second::SignedIn(standing, way) => {
            let clear = AppendHeaders([Kind::Code.clear(&app.kit)]);
            Ok((clear, welcome(&app, token.municipality, &standing, &way).await?).into_response())
        }
        Second::Wrong => {
            errors.add("code", "個人ID、パスワード、確認コードのどれかが違います。次の確認コードを待って入力するか、最初からやり直してください");
            page::show_errors(&code_page(seat.request_id, errors))
        }
        Second::Held(held) => {
            errors.add("code", held.sentence());
            page::show_errors(&code_page(seat.request_id, errors))
        }
        Second::Late => {
            errors.add("login", "時間が切れました。個人IDとパスワードから入力し直してください");
            page::show_errors(&make(&app, seat, Way::default(), &Posted::default(), errors).await?)
        }
    }
}

/// The digits of a code as people type them: spaces and full-width digits are no mistake.
pub(crate) fn digits(typed: &str) -> String {
    let plain = |c: char| match c {
        '０'..='９' => char::from_u32(u32::from(c) - u32::from('０') + u32::from('0')),
        c if c.is_whitespace() => None,
        c => Some(c),
    };
    typed.chars().filter_map(plain).collect()
}

/// What a page's script asks before it turns to the device.
async fn ask_passkey(State(app): State<App>, seat: Seat, posted: Posted) -> Result<Response, Failure> {
    let Some(municipality) = chosen(&app, &posted, seat).await? else {
        return Ok(Json(json!({"error": "自治体を選択してください"})).into_response());
    };
    let (told, token) = case::ask_passkey(&app, municipality).await?;
    Ok(([token.set(&app.kit)], Json(told)).into_response())
}

async fn take_passkey(
    State(app): State<App>,
    seat: Seat,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
    posted: Posted,
) -> Result<Response, Failure> {
    let way = way_of(&posted);
    let token = Token::of(&app.kit, Kind::PasskeySignIn, &headers);
    let standing = match &token {
        Some(token) => case::take_passkey(&app, token, posted.text("credential"), seat.caller()).await?,
        None => None,
    };
    if let (Some(token), None) = (&token, &standing) {
        case::failed_from(&app, token.municipality, seat.caller().terminal, peer.map(|peer| peer.0));
    }
    if let (Some(token), Some(standing)) = (token, standing) {
        let clear = AppendHeaders([Kind::PasskeySignIn.clear(&app.kit)]);
        return Ok((clear, welcome(&app, token.municipality, &standing, &way).await?).into_response());
    }
    let mut errors = FormErrors::default();
    errors.add(
        "passkey",
        "パスキーでログインできませんでした。登録した端末で、指紋・顔・PINのどれかで確認して、やり直してください",
    );
    page::show_errors(&make(&app, seat, way, &posted, errors).await?)
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
