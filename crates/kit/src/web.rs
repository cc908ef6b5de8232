//! The floor of every page: request ids, headers, the session's person, forms with their token, failures as pages.

pub mod drafts;
mod elsewhere;
mod lanes;
pub(crate) mod once;
mod rates;
mod routes;
mod serve;

pub(crate) use lanes::Places;
pub use lanes::{CONNECTIONS_NEEDED, CONNECTIONS_NEEDED_BESIDE, Lane};
pub use once::Sent;
pub(crate) use routes::note_decision;
pub use routes::{Door, Route, Routes};
pub use serve::{Patience, Peer, serve, serve_tls, serve_with};

use crate::{
    Acting, Action, Kit,
    audit::CommitError,
    session::{self, Resumed},
    sink::SinkError,
    terminal::Here,
};
use axum::{
    body::Body,
    extract::{FromRequest, FromRequestParts, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use uuid::Uuid;

/// What may go wrong in a case, each with its fate: a page that explains, or a page with the request's number.
#[derive(Debug)]
pub enum Failure {
    /// Nobody is signed in, or the session has ended.
    NotSignedIn,
    /// Likewise, and something was sent: the person must hear that it was not taken.
    Unsent,
    /// The person may not do this. Already logged.
    Refused(Action),
    /// It is not there, or not theirs: the same answer.
    NotFound,
    /// Someone else was faster, or the state no longer allows it: one sentence that says what to do.
    Conflict(String),
    /// What was sent cannot be read at all (no token, too large, broken form).
    BadRequest(String),
    /// 操作ログ cannot be stored, and so nothing may be shown or done.
    Unlogged(SinkError),
    /// We failed. Logged once, with the whole chain, when answered.
    Internal(anyhow::Error),
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Failure::Internal(error.into())
    }
}

impl From<CommitError> for Failure {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Sink(error) => Failure::Unlogged(error),
            CommitError::Database(error) => error.into(),
        }
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        error.downcast::<CommitError>().map_or_else(Failure::Internal, Failure::from)
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Failure::NotSignedIn | Failure::Unsent => f.write_str("ログインしてください"),
            Failure::Refused(action) => write!(f, "「{}」の権限がありません", action.ja()),
            Failure::NotFound => f.write_str("見つかりません"),
            Failure::Conflict(sentence) | Failure::BadRequest(sentence) => f.write_str(sentence),
            Failure::Unlogged(_) => f.write_str(UNLOGGED),
            Failure::Internal(_) => f.write_str("障害が起きました"),
        }
    }
}

const UNLOGGED: &str = "操作ログを保存できないため、画面の表示も登録も止めています。入力した内容は登録されていません。30秒ほどおいてやり直し、続くときは下の受付番号をシステム担当者に伝えてください。";

/// What a failure page says. Left in the response for the system's own page maker.
#[derive(Clone, Debug)]
pub struct FailureNote {
    pub status: StatusCode,
    pub title: &'static str,
    pub sentence: String,
}

impl Failure {
    /// For jobs and commands, which have no page: the cause where there is one, else the sentence.
    pub fn into_error(self) -> anyhow::Error {
        match self {
            Failure::Internal(error) => error,
            Failure::Unlogged(error) => error.into(),
            Failure::NotSignedIn
            | Failure::Unsent
            | Failure::Refused(_)
            | Failure::NotFound
            | Failure::Conflict(_)
            | Failure::BadRequest(_) => anyhow::anyhow!(self.to_string()),
        }
    }

    fn note(&self) -> FailureNote {
        let (status, title, sentence) = match self {
            Failure::NotSignedIn | Failure::Unsent => {
                (StatusCode::UNAUTHORIZED, "ログインが必要です", "ログインしてください。".to_owned())
            }
            Failure::Refused(action) => (
                StatusCode::FORBIDDEN,
                "この操作の権限がありません",
                format!(
                    "「{}」はあなたの役割では行えません。必要な場合は、所属長を通じてID管理者に権限を申請してください。",
                    action.ja()
                ),
            ),
            Failure::NotFound => (
                StatusCode::NOT_FOUND,
                "ページが見つかりません",
                "アドレスが変わったか、取り消された可能性があります。ホームから探し直してください。".to_owned(),
            ),
            Failure::Conflict(sentence) => (StatusCode::CONFLICT, "先に確認が必要です", sentence.clone()),
            Failure::BadRequest(sentence) => (StatusCode::BAD_REQUEST, "送信内容を読み取れません", sentence.clone()),
            Failure::Unlogged(_) => {
                (StatusCode::SERVICE_UNAVAILABLE, "操作ログを保存できません", UNLOGGED.to_owned())
            }
            Failure::Internal(_) => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "障害が起きました",
                "入力した内容は登録されていません。時間をおいてやり直し、続くときは下の受付番号をシステム担当者に伝えてください。"
                    .to_owned(),
            ),
        };
        FailureNote { status, title, sentence }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        if let Failure::NotSignedIn = self {
            return Redirect::to("/sign-in").into_response();
        }
        if let Failure::Unsent = self {
            return Redirect::to(UNSENT).into_response();
        }
        if let Failure::Internal(error) = &self {
            tracing::error!(error = format!("{error:#}"), "request failed");
        }
        let note = self.note();
        // Why is said once by whoever writes the log, not once a request.
        let is_unlogged = matches!(self, Failure::Unlogged(_));
        let mut response = (note.status, note.sentence.clone()).into_response();
        response.extensions_mut().insert(note);
        if is_unlogged {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("30"));
        }
        response
    }
}

/// The id of a request, made by us; also the number on a failure page.
#[derive(Clone, Copy, Debug)]
pub struct RequestId(pub Uuid);

/// Outermost layer: gives the request its id and every answer its headers.
async fn floor(State(kit): State<Kit>, mut request: Request, next: Next) -> Response {
    let request_id = RequestId(kit.ids.next());
    request.extensions_mut().insert(request_id);
    let span = tracing::info_span!("request", id = %request_id.0, method = %request.method());
    let mut response = {
        use tracing::Instrument;
        next.run(request).instrument(span).await
    };
    let headers = response.headers_mut();
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(kit.desk.policy.clone());
    let mut set = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::REFERRER_POLICY, "same-origin");
    set(header::CACHE_CONTROL, "no-store");
    set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    set(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    set(HeaderName::from_static("permissions-policy"), "camera=(), microphone=(), geolocation=()");
    // A browser takes it for all ports of a name: on a name of the machine itself it would shut the plain door beside.
    if kit.over_tls && !kit.desk.is_loopback() {
        set(header::STRICT_TRANSPORT_SECURITY, "max-age=63072000; includeSubDomains");
    }
    response
}

/// Whether a form comes from a page of ours (CSRF, first wall; the form's token is the second).
fn is_same_origin(headers: &HeaderMap) -> bool {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text(HeaderName::from_static("sec-fetch-site")) {
        return matches!(site, "same-origin" | "none");
    }
    match (text(header::ORIGIN), text(header::HOST)) {
        (Some(origin), Some(host)) => origin.split_once("://").is_some_and(|(_, rest)| rest == host),
        // Old browsers and tools send neither; the token decides.
        (None, _) => true,
        (Some(_), None) => false,
    }
}

/// Sent by what a page asks without its person (the progress of a job): it keeps nobody signed in.
const BY_ITSELF: HeaderName = HeaderName::from_static("x-sesshu-by-itself");

/// Finds who is signed in and lets the handlers know. Does not refuse: the extractor [`Acting`] does.
async fn known(State(kit): State<Kit>, mut request: Request, next: Next) -> Response {
    let request_id = request.extensions().get::<RequestId>().map_or(Uuid::nil(), |id| id.0);
    let Some(cookie) = cookie(request.headers(), &session::cookie_name(&kit)) else {
        return next.run(request).await;
    };
    let in_use = !request.headers().contains_key(BY_ITSELF);
    let here = Here::of(&kit, request.extensions());
    match session::resume_at(&kit, cookie, request_id, in_use, here).await {
        Ok(Resumed::Here(acting)) => {
            let acting = *acting;
            request.extensions_mut().insert(acting.clone());
            let mut response = next.run(request).await;
            // Also the page of a failure is made for this person.
            response.extensions_mut().insert(acting);
            response
        }
        Ok(Resumed::Elsewhere(acting)) => elsewhere::refuse(&kit, cookie, &acting, here).await,
        Ok(Resumed::Nobody) => {
            let cookie = cookie.to_owned();
            keep_unsent(&kit, &cookie, request, next).await
        }
        Err(error) => Failure::from(error).into_response(),
    }
}

/// Lets a request of somebody whose sign-in has ended go on to the door; a form that is turned away there is kept.
async fn keep_unsent(kit: &Kit, cookie: &str, request: Request, next: Next) -> Response {
    let is_form = request.method() == axum::http::Method::POST
        && request
            .headers()
            .get(header::CONTENT_TYPE)
            .is_some_and(|kind| kind.as_bytes().starts_with(FORM_TYPE));
    if !is_form || !is_same_origin(request.headers()) {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let Ok(bytes) = axum::body::to_bytes(body, FORM_BYTES_MAX).await else {
        return Failure::Unsent.into_response();
    };
    let path = parts.uri.path().to_owned();
    let answer = next.run(Request::from_parts(parts, Body::from(bytes.clone()))).await;
    let location = answer.headers().get(header::LOCATION).and_then(|location| location.to_str().ok());
    if location != Some(UNSENT) || read_form(&bytes).is_err() {
        return answer;
    }
    match drafts::keep(kit, cookie, &path, &bytes).await {
        Ok(Some(draft_id)) => {
            let mut answer = Redirect::to("/sign-in?unsent=kept").into_response();
            let back = session::set_back(kit, &format!("/drafts/{draft_id}"));
            answer.headers_mut().append(header::SET_COOKIE, back);
            answer
        }
        Ok(None) => answer,
        Err(error) => Failure::from(error).into_response(),
    }
}

/// One cookie's value.
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split("; "))
        .find_map(|pair| pair.split_once('=').filter(|(key, _)| *key == name).map(|(_, value)| value))
}

impl<S: Send + Sync> FromRequestParts<S> for Acting {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        parts.extensions.get::<Acting>().cloned().ok_or(Failure::NotSignedIn)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for RequestId {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(parts.extensions.get::<RequestId>().copied().unwrap_or(RequestId(Uuid::nil())))
    }
}

/// Where whoever sent something in vain is led.
const UNSENT: &str = "/sign-in?unsent=yes";
const FORM_TYPE: &[u8] = b"application/x-www-form-urlencoded";

/// A form's size at the most: the longest form has some thirty fields and one long explanation.
const FORM_BYTES_MAX: usize = 256 * 1024;
/// Fields at the most: a page of a list has a hundred rows with a few fields each.
const FORM_FIELDS_MAX: usize = 1_000;

/// What was typed into a form, exactly, so that it can be shown again. Its token has been checked against the session.
#[derive(Clone, Debug, Default)]
pub struct Posted(Vec<(String, String)>);

impl Posted {
    pub fn from_pairs(pairs: Vec<(String, String)>) -> Self {
        Posted(pairs)
    }

    /// The first value of a field, as typed; empty when absent.
    pub fn text(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    /// The value without surrounding white space (also the full-width kind).
    pub fn trimmed(&self, name: &str) -> &str {
        self.text(name).trim()
    }

    pub fn is_checked(&self, name: &str) -> bool {
        !self.text(name).is_empty()
    }

    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub fn pairs(&self) -> &[(String, String)] {
        &self.0
    }
}

impl<S: Send + Sync> FromRequest<S> for Posted {
    type Rejection = Failure;

    async fn from_request(request: Request<Body>, _: &S) -> Result<Self, Failure> {
        let acting = request.extensions().get::<Acting>().cloned();
        let path = request.uri().path().to_owned();
        let is_form = request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
        if !is_form {
            return Err(Failure::BadRequest("画面の送信ボタンから送ってください。".to_owned()));
        }
        let bytes = axum::body::to_bytes(request.into_body(), FORM_BYTES_MAX).await.map_err(|_| {
            Failure::BadRequest("入力が長すぎます。内容を短くして送り直してください。".to_owned())
        })?;
        let posted = read_form(&bytes)?;
        if let Some(acting) = acting {
            once::check(&acting, &path, posted.text("csrf"), &once::digest_of_fields(&posted.0))?;
        }
        Ok(posted)
    }
}

/// Reads a form's fields. Refuses what no screen of ours sends and the tables cannot keep as typed.
fn read_form(bytes: &[u8]) -> Result<Posted, Failure> {
    let pairs: Vec<(String, String)> =
        form_urlencoded::parse(bytes).into_owned().take(FORM_FIELDS_MAX + 1).collect();
    if pairs.len() > FORM_FIELDS_MAX {
        return Err(Failure::BadRequest("項目が多すぎます。画面の送信ボタンから送ってください。".to_owned()));
    }
    // U+FFFD is what remains of bytes that are not UTF-8; NUL is what PostgreSQL cannot store.
    if pairs.iter().any(|(name, value)| name.contains(is_unreadable) || value.contains(is_unreadable)) {
        return Err(Failure::BadRequest(
            "読み取れない文字が含まれています。前の画面に戻り、文字を入力し直してください。".to_owned(),
        ));
    }
    Ok(Posted(pairs))
}

fn is_unreadable(c: char) -> bool {
    matches!(c, '\0' | char::REPLACEMENT_CHARACTER)
}

/// The same for a form that came in parts and whose fields and file have this digest: sent twice, it is taken once.
pub fn check_parts(acting: &Acting, path: &str, token: &str, digest: &[u8]) -> Result<(), Failure> {
    once::check(acting, path, token, digest)
}

/// Compares a form's token with the session's, in constant time. For multipart forms, which read their own body.
pub fn check_token(expected: &str, given: &str) -> Result<(), Failure> {
    use subtle::ConstantTimeEq;
    let (expected, given) = (once::token_of(expected), once::token_of(given));
    if bool::from(expected.as_bytes().ct_eq(given.as_bytes())) {
        return Ok(());
    }
    Err(Failure::BadRequest(
        "画面の有効期限が切れました。前の画面に戻り、開き直してから送信してください。".to_owned(),
    ))
}

/// Makes the page of a failure: the system passes its own.
pub type FailurePage = fn(&FailureNote, Option<&Acting>, RequestId) -> String;

/// Turns failures (and axum's own bare answers) into pages.
async fn failure_pages(State(page): State<FailurePage>, request: Request, next: Next) -> Response {
    let request_id = request.extensions().get::<RequestId>().copied().unwrap_or(RequestId(Uuid::nil()));
    let is_form = !request.method().is_safe();
    let response = next.run(request).await;
    let note = match response.extensions().get::<FailureNote>() {
        Some(note) => note.clone(),
        None if is_page(&response) => return response,
        None => match bare_note(response.status(), is_form) {
            Some(note) => note,
            None => return response,
        },
    };
    let mut page = (note.status, axum::response::Html(page(&note, response.extensions().get(), request_id)))
        .into_response();
    // 405 says which methods there are, 429 and 503 when to come back, 401 where a script leads its page, 403 that a
    // cookie is taken away.
    for name in [header::ALLOW, header::RETRY_AFTER, routes::HX_REDIRECT, header::SET_COOKIE] {
        if let Some(value) = response.headers().get(&name) {
            page.headers_mut().insert(name, value.clone());
        }
    }
    page.extensions_mut().insert(note);
    page
}

/// A form with its errors is a page already; what axum answers by itself is bare text.
fn is_page(response: &Response) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("text/html"))
}

/// What axum refuses by itself, in our words. A page whose address cannot be read does not exist.
fn bare_note(status: StatusCode, is_form: bool) -> Option<FailureNote> {
    let failure = match status {
        StatusCode::NOT_FOUND => Failure::NotFound,
        StatusCode::BAD_REQUEST if !is_form => Failure::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => return Some(FailureNote { status, ..Failure::NotFound.note() }),
        StatusCode::PAYLOAD_TOO_LARGE => {
            Failure::BadRequest("送信した内容が大きすぎます。ファイルの大きさを確かめてください。".to_owned())
        }
        status if status.is_server_error() => Failure::Internal(anyhow::anyhow!("answered {status}")),
        status if status.is_client_error() => {
            Failure::BadRequest("画面の送信ボタンから送ってください。".to_owned())
        }
        _ => return None,
    };
    Some(failure.note())
}
