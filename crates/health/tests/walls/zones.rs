//! What exists at the doors of each zone, and what a venue can never reach.

use crate::{
    support::{KITA, stage},
    ward::Someone,
};
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, StatusCode, header},
};
use domain::schedule::Series;
use kit::{Kit, Role, Zone, testing::staff};
use std::collections::BTreeSet;
use tower::ServiceExt as _;

fn paths(zone: Zone) -> BTreeSet<String> {
    health::routes().in_zone(zone).list().map(|route| format!("{} {}", route.method, route.path)).collect()
}

#[test]
fn a_venue_has_the_desk_for_sheets_and_the_internet_has_nothing() {
    let venue = [
        "GET /",
        "GET /drafts/{id}",
        "GET /enter",
        "GET /lock/state",
        "GET /records",
        "GET /records/echo/clinic",
        "GET /records/echo/date",
        "GET /records/new",
        "GET /sign-in",
        "GET /static/{*path}",
        "POST /drafts/{id}/discard",
        "POST /records",
        "POST /records/confirm",
        "POST /records/find",
        "POST /records/new",
        "POST /sign-out",
    ];
    assert_eq!(paths(Zone::Venue), venue.map(str::to_owned).into());
    assert_eq!(paths(Zone::Business).len(), health::routes().list().count());
    assert_eq!(paths(Zone::Lgwan), paths(Zone::Business), "no number is in this system");
    assert!(paths(Zone::Internet).is_empty() && paths(Zone::Server).is_empty());
}

async fn get(router: &Router, cookie: &str, path: &str) -> (StatusCode, String) {
    let request = Request::get(path).header(header::COOKIE, cookie).body(Body::empty()).unwrap();
    let answer = router.clone().oneshot(request).await.unwrap();
    let status = answer.status();
    let bytes = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
    (status, String::from_utf8_lossy(&bytes).into_owned())
}

#[tokio::test]
async fn also_a_clerk_at_a_venue_records_from_a_sheet_only() {
    let stage = stage().await;
    let clerk = stage.staff(KITA, Role::Clerk).await;
    stage.clinics(KITA).await;
    let child = stage.add(KITA, Someone::born("2025-08-10")).await;
    let paper = stage.paper(KITA, child, (Series::Mr1, 1)).await;
    let at_venue = Kit { desk: stage.app.kit.desk.clone().in_zone(Zone::Venue), ..stage.app.kit.clone() };
    let (cookie, _) = staff::sign_in(&at_venue, KITA, clerk.staff_id).await;
    let router = health::router_in(stage.app.clone(), Zone::Venue);
    let (status, home) = get(&router, &cookie, "/").await;
    assert_eq!(status, StatusCode::OK);
    for room in ["/residents", "/campaigns", "/imports"] {
        assert!(!home.contains(room), "{room} is not offered");
        assert_eq!(get(&router, &cookie, room).await.0, StatusCode::NOT_FOUND, "{room}");
    }
    let from_sheet = format!("/records/new?sheet={}", paper.id);
    let (status, form) = get(&router, &cookie, &from_sheet).await;
    assert!(status == StatusCode::OK && form.contains("北野　花子"), "{form}");
    assert!(!form.contains("/residents/"), "no way to the person's page is offered");
    // The same page about somebody whom the clerk names: refused as from any contractor, and in the log.
    let by_name = format!("/records/new?resident={child}&series=MR1");
    let (status, text) = get(&router, &cookie, &by_name).await;
    assert!(status == StatusCode::FORBIDDEN || status == StatusCode::NOT_FOUND, "{status}: {text}");
    assert!(!text.contains("北野"), "{text}");
}
