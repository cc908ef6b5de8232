//! The pages in a real browser, with a name in every text that would run if one page forgot to escape it.
//!
//! Chromium walks by itself: each answer sends it on to the next (`Refresh`). Whatever comes alive asks for `/planted`,
//! and whatever the content security policy has to stop is reported: neither may happen.

use super::{Form, Ground};
use crate::web::Route;
use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderValue, Method, header},
    response::{Html, IntoResponse, Response},
};
use std::{
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{net::TcpListener, sync::watch};
use tower::ServiceExt as _;

/// A name that would come alive in many ways.
pub const LIVE: &str = "\"'><img src=/planted onerror=fetch('/planted')></script></title></textarea><script src=/planted></script><svg onload=fetch('/planted')>";
const POLICY: &str = "default-src 'self'; object-src 'none'";
const ASCII: &str = "headers are visible ASCII";
const ANSWERS: &str = "the pages always answer";

struct Step {
    cookie: String,
    method: Method,
    path: String,
    /// Content type and body.
    sent: (&'static str, String),
}

struct Walk {
    pages: Router,
    steps: Vec<Step>,
    /// What the browser asked for: pages, live marks, reports.
    seen: Mutex<Seen>,
    end: watch::Sender<bool>,
}

impl Walk {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Default)]
struct Seen {
    /// The step the browser is at; none while it looks at the controls.
    at: Option<usize>,
    html: usize,
    with_mark: usize,
    planted: Vec<String>,
    reports: Vec<String>,
}

async fn answer(State(walk): State<Arc<Walk>>, request: Request) -> Response {
    let asked = request.uri().path().to_owned();
    if asked == "/planted" || asked == "/report" {
        let body = to_bytes(request.into_body(), 1 << 20).await.unwrap_or_default();
        let mut seen = walk.seen();
        let at =
            seen.at.and_then(|at| walk.steps.get(at)).map_or("control", |step| step.path.as_str()).to_owned();
        let text = format!("{at}: {}", String::from_utf8_lossy(&body));
        if asked == "/planted" {
            seen.planted.push(text)
        } else {
            seen.reports.push(text)
        }
        return ().into_response();
    }
    match asked.as_str() {
        "/control" => onward(Html(LIVE).into_response(), "/control/policy"),
        "/control/policy" => {
            let mut page = Html("<script>fetch('/planted')</script>").into_response();
            page.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy(POLICY));
            later(page, 2, "/step/0")
        }
        step if step.starts_with("/step/") => take(&walk, step[6..].parse().unwrap_or(usize::MAX)).await,
        // What a page loads by itself.
        _ => {
            let cookie = {
                let seen = walk.seen();
                seen.at.and_then(|at| walk.steps.get(at)).map(|step| step.cookie.clone()).unwrap_or_default()
            };
            let (mut parts, body) = request.into_parts();
            parts.headers.insert(header::COOKIE, HeaderValue::from_str(&cookie).expect(ASCII));
            walk.pages.clone().oneshot(Request::from_parts(parts, body)).await.expect(ANSWERS)
        }
    }
}

fn policy(text: &str) -> HeaderValue {
    HeaderValue::from_str(&format!("{text}; report-uri /report")).expect(ASCII)
}

fn onward(page: Response, next: &str) -> Response {
    later(page, 0, next)
}

/// Sends the browser on when the page has loaded, and so many seconds have passed.
fn later(mut page: Response, seconds: u32, next: &str) -> Response {
    page.headers_mut()
        .insert(header::REFRESH, HeaderValue::from_str(&format!("{seconds}; url={next}")).expect(ASCII));
    page
}

async fn take(walk: &Walk, at: usize) -> Response {
    walk.seen().at = Some(at);
    let Some(step) = walk.steps.get(at) else {
        walk.end.send(true).ok();
        return "the end".into_response();
    };
    let mut request = axum::http::Request::builder()
        .method(step.method.clone())
        .uri(&step.path)
        .header(header::COOKIE, &step.cookie);
    if step.method != Method::GET {
        request = request.header(header::CONTENT_TYPE, step.sent.0);
    }
    let request = request.body(Body::from(step.sent.1.clone())).expect("a path is a path");
    let answer = walk.pages.clone().oneshot(request).await.expect(ANSWERS);
    let next = format!("/step/{}", at + 1);
    let (mut parts, body) = answer.into_parts();
    let is_html =
        parts.headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if !is_html {
        // Files and redirections show nothing.
        return onward(Html("on").into_response(), &next);
    }
    let bytes = to_bytes(body, 64 << 20).await.expect(ANSWERS);
    let mut seen = walk.seen();
    seen.html += 1;
    seen.with_mark += usize::from(String::from_utf8_lossy(&bytes).contains("/planted"));
    let own = parts.headers[header::CONTENT_SECURITY_POLICY].to_str().expect(ASCII).to_owned();
    parts.headers.insert(header::CONTENT_SECURITY_POLICY, policy(&own));
    parts.headers.remove("hx-refresh");
    onward(Response::from_parts(parts, Body::from(bytes)), &next)
}

/// A page, or a form: once as it should be, once with the live mark in every field, since what was typed comes back with
/// its errors.
async fn steps_of(ground: &impl Ground, route: &Route) -> Vec<Step> {
    let (_, ours) = ground.ours();
    let path = ground.path(route, &ours);
    let mut forms: Vec<Form> = vec![ground.sent(route, &ours)];
    if route.method != Method::GET {
        forms.push(forms[0].iter().map(|(name, _)| (name.clone(), LIVE.to_owned())).collect());
    }
    let mut steps = Vec::new();
    for mut form in forms {
        let session = ground.session(ground.doer(route)).await;
        form.insert(0, ("csrf".to_owned(), session.csrf));
        let sent = match route.method {
            Method::GET => ("", String::new()),
            _ => ground.body(&path, &form),
        };
        steps.push(Step { cookie: session.cookie, method: route.method.clone(), path: path.clone(), sent });
    }
    steps
}

/// Ends with the test, also with one that fails.
struct Browser(Child, std::path::PathBuf);

impl Drop for Browser {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
        std::fs::remove_dir_all(&self.1).ok();
    }
}

fn chromium(url: &str) -> Browser {
    let program = std::env::var("SESSHU_CHROMIUM").unwrap_or_else(|_| "/usr/bin/chromium".to_owned());
    let profile = std::env::temp_dir().join(format!("sesshu-test-browser-{}", std::process::id()));
    let child = Command::new(&program)
        .args(["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage"])
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg(url)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| panic!("{program}: {error}. Install chromium or set SESSHU_CHROMIUM"));
    Browser(child, profile)
}

/// Walks through every page of staff. `ground` carries [`LIVE`] in its texts. Gives the number of pages, and of those that
/// showed the mark, as text.
pub async fn in_a_browser(ground: &impl Ground) -> (usize, usize) {
    let mut steps = Vec::new();
    for route in ground.staff_routes() {
        steps.extend(steps_of(ground, &route).await);
    }
    let (end, mut ended) = watch::channel(false);
    let walk = Arc::new(Walk { pages: ground.pages().clone(), steps, seen: Mutex::default(), end });
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("this machine has ports");
    let address = listener.local_addr().expect("a listener has an address");
    let (_keep, stop) = watch::channel(false);
    tokio::spawn(crate::web::serve(listener, Router::new().fallback(answer).with_state(walk.clone()), stop));
    let browser = chromium(&format!("http://{address}/control"));
    // Long for a machine that builds something else meanwhile; ordinarily a quarter of a minute.
    let waited = tokio::time::timeout(Duration::from_secs(240), ended.wait_for(|end| *end)).await.is_ok();
    drop(browser);
    let seen = walk.seen();
    assert!(waited, "the browser stopped at step {:?} of {}", seen.at, walk.steps.len());
    let (control, pages): (Vec<&String>, Vec<&String>) =
        seen.planted.iter().partition(|text| text.starts_with("control"));
    let (stopped, reports): (Vec<&String>, Vec<&String>) =
        seen.reports.iter().partition(|text| text.starts_with("control"));
    assert!(!control.is_empty() && !stopped.is_empty(), "the traps do not work: {control:?} {stopped:?}");
    assert!(pages.is_empty(), "came alive: {pages:?}");
    assert!(reports.is_empty(), "was stopped by the policy only: {reports:?}");
    (seen.html, seen.with_mark)
}
