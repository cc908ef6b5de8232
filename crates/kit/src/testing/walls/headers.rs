//! The headers of every answer, and the cookies.

use super::{Answer, Ground};
use crate::Role;
use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};

/// Checks one answer.
pub fn check(answer: &Answer, here: &str) {
    let policy = answer.header(header::CONTENT_SECURITY_POLICY);
    for part in [
        "default-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    ] {
        assert!(policy.contains(part), "{here}: {policy}");
    }
    assert!(!policy.contains("unsafe"), "{here}: {policy}");
    assert_eq!(answer.header(header::X_CONTENT_TYPE_OPTIONS), "nosniff", "{here}");
    assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin", "{here}");
    assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin", "{here}");
    assert_eq!(answer.header(header::REFERRER_POLICY), "same-origin", "{here}");
    if !here.contains("/static/") || !answer.status.is_success() {
        assert_eq!(answer.header(header::CACHE_CONTROL), "no-store", "{here}");
    }
    for cookie in answer.headers.get_all(header::SET_COOKIE) {
        let cookie = cookie.to_str().expect("headers are visible ASCII");
        for part in ["; HttpOnly", "; SameSite=Strict", "; Path=/"] {
            assert!(cookie.contains(part), "{here}: {cookie}");
        }
    }
    let is_empty = answer.bytes.is_empty();
    assert!(is_empty || !answer.header(header::CONTENT_TYPE).is_empty(), "{here}: no content type");
    assert!(
        answer.status.is_success() || is_empty || answer.is_html() && answer.text().contains("<h1>"),
        "{here}: {} is bare text: {}",
        answer.status,
        answer.text()
    );
}

/// Every route, of a stranger, of somebody let in and of somebody refused; addresses under and beside `page`, which
/// opens to `role`, that lead nowhere; other methods.
pub async fn everywhere(ground: &impl Ground, page: &str, role: Role) {
    let (_, ours) = ground.ours();
    for route in ground.routes() {
        for who in [None, Some(ground.doer(&route)), Some(Role::Clerk), Some(Role::Auditor)] {
            let session = match who {
                Some(role) => Some(ground.session(role).await),
                None => None,
            };
            let path = ground.path(&route, &ours);
            let form = ground.sent(&route, &ours);
            let answer = ground.ask(&route.method, session.as_ref(), &path, &form).await;
            check(&answer, &format!("{} {path}", route.method));
        }
    }
    let session = ground.session(role).await;
    let nowhere = ["/none", "/static/../Cargo.toml", "/static/none.css", "//"].map(str::to_owned);
    let odd = ["/none", "/%00", "?x=%00"].map(|end| format!("{page}{end}"));
    for path in nowhere.iter().chain(&odd) {
        let answer = ground.get(Some(&session), path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        check(&answer, path);
    }
    for method in ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"] {
        let request = Request::builder().method(method).uri(page).header(header::COOKIE, &session.cookie);
        let answer = ground.send(request.body(Body::empty()).expect("a path is a path")).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method}");
        assert!(answer.header(header::ALLOW).contains("GET"), "{method}");
        check(&answer, method);
    }
}
