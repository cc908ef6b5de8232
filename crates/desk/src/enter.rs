//! Coming in with the hub's ticket, and going out: the door of every system but the hub.
//!
//! The browser is sent to the hub with a `state`, the digest of a token that only its own door cookie holds; the
//! ticket it brings back carries that state. So nobody can be let in with somebody else's ticket.

use crate::System;
use axum::{
    extract::{Query, State},
    http::{Extensions, HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use kit::{
    Acting, Action, Case, Failure, Kit, Municipality, Posted, Target,
    session::{self, back_cookie_name},
    terminal::Here,
    web::{self, Door, Routes},
};
use serde::Deserialize;
use sha2::{Digest, Sha256};

/// Signing in takes a person some minutes at the most; afterwards the way is begun anew.
const DOOR_SECONDS_MAX: u32 = 900;

pub fn routes<S: System>() -> Routes<S> {
    Routes::default().get("/sign-in", Door::Open, to_hub::<S>).get("/enter", Door::Open, enter::<S>).post(
        "/sign-out",
        Action::SignOut,
        sign_out::<S>,
    )
}

fn door_cookie_name(kit: &Kit) -> String {
    format!("{}-door", session::cookie_name(kit))
}

fn set(kit: &Kit, name: &str, value: &str, seconds: u32) -> (HeaderName, HeaderValue) {
    let secure = if kit.over_tls { "; Secure" } else { "" };
    let line = format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}");
    (header::SET_COOKIE, HeaderValue::from_str(&line).expect("names and values are visible ASCII"))
}

fn digest(token: &str) -> String {
    Sha256::digest(token.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whoever was signed out in the middle of a form comes here with it.
#[derive(Deserialize)]
struct Leaving {
    unsent: Option<String>,
}

async fn to_hub<S: System>(
    State(app): State<S>,
    headers: HeaderMap,
    Query(leaving): Query<Leaving>,
) -> Result<Response, Failure> {
    let kit = app.kit();
    // Cookies belong to one host name: the way begins under the name that the hub sends people back to.
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let unsent = match leaving.unsent.as_deref() {
        Some("kept") => "&unsent=kept",
        Some(_) => "&unsent=yes",
        None => "",
    };
    let own = kit.desk.url.split_once("://").map_or("", |(_, own)| own);
    if !host.is_empty() && host != own {
        let again = format!("{}/sign-in?{}", kit.desk.url, unsent.trim_start_matches('&'));
        return Ok(Redirect::to(again.trim_end_matches('?')).into_response());
    }
    let token = kit.ids.token();
    let there =
        format!("{}/sign-in?to={}&state={}{unsent}", kit.desk.hub_url, kit.desk.system, digest(&token));
    let mut response = Redirect::to(&there).into_response();
    let (name, value) = set(kit, &door_cookie_name(kit), &token, DOOR_SECONDS_MAX);
    response.headers_mut().append(name, value);
    Ok(response)
}

#[derive(Deserialize)]
struct Ticket {
    #[serde(default)]
    ticket: String,
}

async fn enter<S: System>(
    State(app): State<S>,
    headers: HeaderMap,
    around: Extensions,
    Query(Ticket { ticket }): Query<Ticket>,
) -> Result<Response, Failure> {
    use subtle::ConstantTimeEq;
    let kit = app.kit();
    let again = || {
        Failure::BadRequest(
            "ログインの途中で時間が切れたか、別の画面から来ました。ホームを開いて、もう一度ログインしてください。"
                .to_owned(),
        )
    };
    let door = web::cookie(&headers, &door_cookie_name(kit)).ok_or_else(again)?;
    let code = ticket.split_once('.').and_then(|(code, _)| code.parse().ok()).ok_or_else(again)?;
    let municipality = Municipality(code);
    let arrival = kit.desk.keeper.redeem(municipality, kit.desk.system, &ticket).await?.ok_or_else(again)?;
    if !bool::from(arrival.state.as_bytes().ct_eq(digest(door).as_bytes())) {
        return Err(again());
    }
    // A ticket is for the terminal that signed in at the hub.
    if !arrival.standing.is_from(Here::of(kit, &around)) {
        return Err(again());
    }
    let cookie = session::open(kit, municipality, &arrival.standing).await?;
    let back = web::cookie(&headers, &back_cookie_name(kit)).filter(|back| is_own_path(back)).unwrap_or("/");
    let mut response = (StatusCode::SEE_OTHER, [(header::LOCATION, back.to_owned())]).into_response();
    let own = HeaderValue::from_str(&session::set_cookie(kit, &cookie)).map_err(anyhow::Error::from)?;
    response.headers_mut().append(header::SET_COOKIE, own);
    for name in [door_cookie_name(kit), back_cookie_name(kit)] {
        let (header, gone) = set(kit, &name, "", 0);
        response.headers_mut().append(header, gone);
    }
    Ok(response)
}

/// A path of this system and nothing else: never another host. Browsers drop tabs and line ends and read `\` as `/`.
pub fn is_own_path(path: &str) -> bool {
    path.starts_with('/')
        && !path.starts_with("//")
        && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
}

async fn sign_out<S: System>(
    State(app): State<S>,
    acting: Acting,
    headers: HeaderMap,
    _token: Posted,
) -> Result<Response, Failure> {
    let kit = app.kit();
    Case::open(kit, &acting, Action::SignOut, Target::NONE).await?.done(serde_json::json!({})).await?;
    if let Some(cookie) = web::cookie(&headers, &session::cookie_name(kit)) {
        session::end(kit, cookie).await?;
    }
    let location = format!("{}/signed-out", kit.desk.hub_url);
    Ok((
        StatusCode::SEE_OTHER,
        [(header::SET_COOKIE, session::clear_cookie(kit)), (header::LOCATION, location)],
    )
        .into_response())
}
