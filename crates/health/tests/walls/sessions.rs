//! Who is in, who is out, and how soon: a session here is worth what the hub says of it.

use super::town::{FORM, Ground as _, MARKS, Session, Walls, walls};
use crate::support::{ITABASHI, KITA};
use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use jiff::SignedDuration;
use kit::{Role, session};

async fn is_in(walls: &Walls, cookie: &str) -> bool {
    let session = Session { cookie: cookie.to_owned(), csrf: String::new(), staff_id: uuid::Uuid::nil() };
    walls.get(Some(&session), "/").await.status == StatusCode::OK
}

#[tokio::test]
async fn whoever_signs_out_is_out_with_the_next_request() {
    let walls = walls(MARKS).await;
    let clerk = walls.session(&walls.ours, Role::Clerk).await;
    assert!(is_in(&walls, &clerk.cookie).await);
    let out = walls.post(Some(&clerk), "/sign-out", &Vec::new()).await;
    assert_eq!(out.status, StatusCode::SEE_OTHER);
    assert!(out.header(header::LOCATION).ends_with("/signed-out"));
    assert!(out.header(header::SET_COOKIE).starts_with("sesshu-health=;"));
    assert!(!is_in(&walls, &clerk.cookie).await, "the old cookie still opens the door");
}

#[tokio::test]
async fn what_the_hub_says_holds_here_within_five_seconds() {
    let walls = walls(MARKS).await;
    let clock = &walls.stage.app.kit.clock;
    let clerk = walls.session(&walls.ours, Role::Clerk).await;
    sqlx::query("update staff set roles = '{auditor}' where login = 'clerk'")
        .execute(&walls.stage.db.superuser_pool())
        .await
        .unwrap();
    clock.advance(session::CHECK_EVERY);
    assert_eq!(walls.get(Some(&clerk), "/residents").await.status, StatusCode::FORBIDDEN);
    // The person is known to the hub no more.
    sqlx::query("update sessions set sign_in_id = gen_random_uuid()")
        .execute(&walls.stage.db.superuser_pool())
        .await
        .unwrap();
    clock.advance(session::CHECK_EVERY);
    assert!(!is_in(&walls, &clerk.cookie).await);
    assert!(session::CHECK_EVERY < SignedDuration::from_secs(5));
}

#[tokio::test]
async fn a_session_ends_after_half_a_day_in_any_case() {
    let walls = walls(MARKS).await;
    let clock = &walls.stage.app.kit.clock;
    let busy = walls.session(&walls.ours, Role::Clerk).await;
    for _ in 0..72 {
        assert!(is_in(&walls, &busy.cookie).await);
        clock.advance(SignedDuration::from_mins(10));
    }
    assert!(!is_in(&walls, &busy.cookie).await, "twelve hours are over");
}

#[tokio::test]
async fn a_cookie_belongs_to_its_municipality_and_a_broken_one_to_nobody() {
    let walls = walls(MARKS).await;
    let ours = walls.session(&walls.ours, Role::Clerk).await;
    assert!(is_in(&walls, &ours.cookie).await);
    assert!(!is_in(&walls, &ours.cookie.replace(&KITA.0.to_string(), &ITABASHI.0.to_string())).await);
    let name = session::cookie_name(&walls.stage.app.kit);
    for broken in ["", "131172", "131172.", "x.y", "-1.a", "99999999999.a"] {
        assert!(!is_in(&walls, &format!("{name}={broken}")).await, "{broken}");
    }
}

/// Nobody comes in without having gone out through this browser: no cookie of the door, another's state, no ticket.
#[tokio::test]
async fn a_ticket_alone_opens_nothing() {
    let walls = walls(MARKS).await;
    for (cookie, ticket) in [
        ("", "131172.abc"),
        ("sesshu-health-door=x", ""),
        ("sesshu-health-door=x", "131172.abc"),
        ("sesshu-health-door=x", "x"),
        ("sesshu-health-door=x", "-1.%0a"),
    ] {
        let request = Request::get(format!("/enter?ticket={ticket}"))
            .header(header::COOKIE, cookie)
            .body(Body::empty());
        let answer = walls.send(request.unwrap()).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{cookie} {ticket}");
        assert!(answer.headers.get(header::SET_COOKIE).is_none());
    }
    let posted = Request::post("/enter").header(header::CONTENT_TYPE, FORM).body(Body::empty()).unwrap();
    assert_eq!(walls.send(posted).await.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn the_way_to_the_hub_begins_under_the_name_it_leads_back_to() {
    let walls = walls(MARKS).await;
    let by_number = Request::get("/sign-in").header(header::HOST, "127.0.0.1:1").body(Body::empty()).unwrap();
    let answer = walls.send(by_number).await;
    assert_eq!(answer.header(header::LOCATION), "http://localhost:1/sign-in");
    let by_name = Request::get("/sign-in").header(header::HOST, "localhost:1").body(Body::empty()).unwrap();
    let answer = walls.send(by_name).await;
    let there = answer.header(header::LOCATION);
    assert!(there.starts_with("http://localhost:2/sign-in?to=health&state="), "{there}");
    // The page that somebody wanted is remembered by this host alone.
    let wanted = walls.get(None, "/residents?page=2").await;
    assert!(wanted.header(header::SET_COOKIE).starts_with("sesshu-health-back=/residents?page=2; "));
}
