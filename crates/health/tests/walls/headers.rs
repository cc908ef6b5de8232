//! The headers of every answer, and the cookie.

use super::town::{FORM, Ground as _, MARKS, walls};
use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use kit::{Kit, Role};
use tower::ServiceExt as _;

#[tokio::test]
async fn every_answer_carries_its_headers_and_every_failure_is_a_page() {
    kit::testing::walls::headers::everywhere(&walls(MARKS).await, "/residents", Role::Clerk).await;
}

#[tokio::test]
async fn head_is_answered_like_get_without_the_page() {
    let walls = walls(MARKS).await;
    let session = walls.session(&walls.ours, Role::Clerk).await;
    let path = format!("/residents/{}", walls.ours.things.resident);
    let get = walls.get(Some(&session), &path).await;
    let request = Request::head(path.as_str()).header(header::COOKIE, &session.cookie);
    let head = walls.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!((get.status, head.status), (StatusCode::OK, StatusCode::OK));
    assert!(head.bytes.is_empty());
    let logged: i64 =
        walls.stage.value("select count(*) from audit_entries where action = 'view_resident'").await;
    assert_eq!(logged, 2);
}

#[tokio::test]
async fn over_tls_the_cookie_belongs_to_this_host_alone() {
    let walls = walls(MARKS).await;
    let mut app = walls.stage.app.clone();
    app.kit = Kit { over_tls: true, ..app.kit };
    // A browser takes the rule for all ports of a name: on the machine's own it would shut the plain door beside.
    let on_loopback =
        health::router(app.clone()).oneshot(Request::get("/").body(Body::empty()).unwrap()).await;
    assert!(!on_loopback.unwrap().headers().contains_key(header::STRICT_TRANSPORT_SECURITY));
    let keeper = std::sync::Arc::clone(&app.kit.desk.keeper);
    let url = "https://sesshu.example:8443";
    app.kit.desk = kit::session::Desk::new("health", url, "https://sesshu.example:8444", &[], keeper);
    let staff_id = walls.ours.acting(Role::Clerk).staff_id;
    let (cookie, csrf) = kit::testing::staff::sign_in(&app.kit, walls.ours.municipality, staff_id).await;
    assert!(cookie.starts_with("__Host-sesshu-health="), "{cookie}");
    let router = health::router(app);
    let get = |cookie: &str| Request::get("/").header(header::COOKIE, cookie).body(Body::empty()).unwrap();
    let answer = router.clone().oneshot(get(&cookie)).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let strict = answer.headers()[header::STRICT_TRANSPORT_SECURITY].to_str().unwrap();
    assert!(strict.starts_with("max-age=63072000"), "{strict}");
    // The name without the prefix, which any sibling host could set, opens nothing.
    let answer = router.clone().oneshot(get(cookie.trim_start_matches("__Host-"))).await.unwrap();
    assert_eq!(answer.headers()[header::LOCATION], "/sign-in");
    let out = Request::post("/sign-out").header(header::COOKIE, &cookie).header(header::CONTENT_TYPE, FORM);
    let out = router.oneshot(out.body(Body::from(format!("csrf={csrf}"))).unwrap()).await.unwrap();
    let cleared = out.headers()[header::SET_COOKIE].to_str().unwrap();
    assert!(cleared.contains("; Secure") && cleared.contains("; Path=/") && !cleared.contains("Domain"));
}
