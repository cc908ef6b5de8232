//! The pages in a real browser, with a name in every text that would run if one page forgot to escape it.
//!
//! Chromium walks by itself: each answer sends it on to the next (`Refresh`). Whatever comes alive asks for `/planted`,
//! and whatever the content security policy has to stop is reported: neither may happen.

use super::{
    examples::{form, path, staff_routes},
    town::{Form, MARKS, Session, Walls, walls},
};
use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderValue, Method, header},
    response::{Html, IntoResponse, Response},
};
use kit::Role;
use std::{
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{net::TcpListener, sync::watch};
use tower::ServiceExt as _;

const LIVE: &str = "\"'><img src=/planted onerror=fetch('/planted')></script></title></textarea><script src=/planted></script><svg onload=fetch('/planted')>";
const POLICY: &str = "default-src 'self'; object-src 'none'";

struct Step {
    session: Session,
    method: Method,
    path: String,
    form: Form,
}

struct Walk {
    pages: Router,
    steps: Vec<Step>,
    /// What the browser asked for: pages, live marks, reports.
    seen: Mutex<Seen>,
    end: watch::Sender<bool>,
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
        let body = to_bytes(request.into_body(), 1 << 20).await.unwrap();
        let mut seen = walk.seen.lock().unwrap();
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
        step if step.starts_with("/step/") => take(&walk, step[6..].parse().unwrap()).await,
        // What a page loads by itself.
        _ => {
            let cookie = {
                let seen = walk.seen.lock().unwrap();
                seen.at
                    .and_then(|at| walk.steps.get(at))
                    .map(|step| step.session.cookie.clone())
                    .unwrap_or_default()
            };
            let (mut parts, body) = request.into_parts();
            parts.headers.insert(header::COOKIE, HeaderValue::from_str(&cookie).unwrap());
            walk.pages.clone().oneshot(Request::from_parts(parts, body)).await.unwrap()
        }
    }
}

fn policy(text: &str) -> HeaderValue {
    HeaderValue::from_str(&format!("{text}; report-uri /report")).unwrap()
}

fn onward(page: Response, next: &str) -> Response {
    later(page, 0, next)
}

/// Sends the browser on when the page has loaded, and so many seconds have passed.
fn later(mut page: Response, seconds: u32, next: &str) -> Response {
    page.headers_mut()
        .insert(header::REFRESH, HeaderValue::from_str(&format!("{seconds}; url={next}")).unwrap());
    page
}

async fn take(walk: &Walk, at: usize) -> Response {
    walk.seen.lock().unwrap().at = Some(at);
    let Some(step) = walk.steps.get(at) else {
        walk.end.send(true).unwrap();
        return "the end".into_response();
    };
    let mut request = axum::http::Request::builder()
        .method(step.method.clone())
        .uri(&step.path)
        .header(header::COOKIE, &step.session.cookie);
    let mut body = String::new();
    if step.method != Method::GET {
        let mut form = step.form.clone();
        form.insert(0, ("csrf".to_owned(), step.session.csrf.clone()));
        let (kind, text) = super::town::body(&step.path, &form);
        request = request.header(header::CONTENT_TYPE, kind);
        body = text;
    }
    let answer = walk.pages.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
    let next = format!("/step/{}", at + 1);
    let (mut parts, body) = answer.into_parts();
    let is_html =
        parts.headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if !is_html {
        // Files and redirections show nothing.
        return onward(Html("on").into_response(), &next);
    }
    let bytes = to_bytes(body, 64 << 20).await.unwrap();
    let mut seen = walk.seen.lock().unwrap();
    seen.html += 1;
    seen.with_mark += usize::from(String::from_utf8_lossy(&bytes).contains("/planted"));
    let own = parts.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned();
    parts.headers.insert(header::CONTENT_SECURITY_POLICY, policy(&own));
    parts.headers.remove("hx-refresh");
    onward(Response::from_parts(parts, Body::from(bytes)), &next)
}

async fn steps(walls: &Walls) -> Vec<Step> {
    let mut steps = Vec::new();
    for route in staff_routes() {
        let role = *Role::ALL.iter().find(|role| route.door.admits(**role)).unwrap();
        let path = path(&route, &walls.ours.things);
        let mut forms =
            vec![if route.method == Method::GET { Vec::new() } else { form(&route, &walls.ours.things) }];
        if route.method != Method::GET {
            // Once as it should be, once with the live mark in every field: typed text comes back with its errors.
            forms.push(forms[0].iter().map(|(name, _)| (name.clone(), LIVE.to_owned())).collect());
        }
        for form in forms {
            let session = walls.session(&walls.ours, role).await;
            steps.push(Step { session, method: route.method.clone(), path: path.clone(), form });
        }
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_that_is_a_script_stays_text_in_a_real_browser_on_every_page() {
    let walls = walls([LIVE, MARKS[1]]).await;
    let steps = steps(&walls).await;
    let (end, mut ended) = watch::channel(false);
    let walk = Arc::new(Walk { pages: walls.router.clone(), steps, seen: Mutex::default(), end });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (_keep, stop) = watch::channel(false);
    tokio::spawn(kit::web::serve(listener, Router::new().fallback(answer).with_state(walk.clone()), stop));
    let browser = chromium(&format!("http://{address}/control"));
    // Long for a machine that builds something else meanwhile; ordinarily a quarter of a minute.
    let waited = tokio::time::timeout(Duration::from_secs(240), ended.wait_for(|end| *end)).await.is_ok();
    drop(browser);
    let seen = walk.seen.lock().unwrap();
    assert!(waited, "the browser stopped at step {:?} of {}", seen.at, walk.steps.len());
    let (control, pages): (Vec<&String>, Vec<&String>) =
        seen.planted.iter().partition(|text| text.starts_with("control"));
    let (stopped, reports): (Vec<&String>, Vec<&String>) =
        seen.reports.iter().partition(|text| text.starts_with("control"));
    assert!(!control.is_empty() && !stopped.is_empty(), "the traps do not work: {control:?} {stopped:?}");
    assert!(pages.is_empty(), "came alive: {pages:?}");
    assert!(reports.is_empty(), "was stopped by the policy only: {reports:?}");
    println!("{} pages, {} with the mark", seen.html, seen.with_mark);
    assert!(seen.html > 50 && seen.with_mark > 40, "{} pages, {} with the mark", seen.html, seen.with_mark);
}

/// The paper: a PDF that leaves us can do nothing but be looked at.
#[tokio::test]
async fn a_printed_file_has_no_script_no_link_and_no_action() {
    let walls = walls([LIVE, MARKS[1]]).await;
    let mut files = 0;
    for route in staff_routes().into_iter().filter(|route| route.path.contains("/files/{number}")) {
        let role = *Role::ALL.iter().find(|role| route.door.admits(**role)).unwrap();
        let session = walls.session(&walls.ours, role).await;
        let answer = walls.get(Some(&session), &path(&route, &walls.ours.things)).await;
        assert!(answer.bytes.starts_with(b"%PDF-"), "{}", route.path);
        for word in [
            "/JavaScript",
            "/JS",
            "/OpenAction",
            "/AA",
            "/Launch",
            "/URI",
            "/SubmitForm",
            "/EmbeddedFile",
            "/RichMedia",
        ] {
            let is_there = answer.bytes.windows(word.len() + 1).any(|bytes| {
                bytes.starts_with(word.as_bytes()) && !bytes[word.len()].is_ascii_alphanumeric()
            });
            assert!(!is_there, "{word} in {}", route.path);
        }
        files += 1;
    }
    assert!(files > 0);
}
