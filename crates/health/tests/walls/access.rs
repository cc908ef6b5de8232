//! Every route for every role: who is let in, and what the log says of it.

use super::{
    examples::{form, path, staff_routes},
    town::{MARKS, Walls, walls},
};
use axum::http::{Method, StatusCode, header};
use kit::{
    Role,
    web::{Door, Route},
};
use sqlx::Row;
use std::collections::HashSet;
use uuid::Uuid;

struct Logged {
    request_id: Uuid,
    staff_id: Option<Uuid>,
    action: String,
    outcome: String,
    target: (String, Option<Uuid>),
}

/// What has been logged since the last time this was asked.
async fn logged(walls: &Walls) -> Vec<Logged> {
    let pool = walls.stage.db.superuser_pool();
    let rows = sqlx::query(
        "select request_id, staff_id, action, outcome, target_kind, target_id from audit_entries
         where municipality_code = $1 and entry_id <> $2 order by entry_id",
    )
    .bind(walls.ours.municipality.0)
    .bind(walls.ours.things.entry)
    .fetch_all(&pool)
    .await
    .unwrap();
    sqlx::query("delete from audit_places").execute(&pool).await.unwrap();
    // One entry stays, so that its page has something to show.
    sqlx::query("delete from audit_entries where entry_id <> $1")
        .bind(walls.ours.things.entry)
        .execute(&pool)
        .await
        .unwrap();
    rows.iter()
        .map(|row| Logged {
            request_id: row.get(0),
            staff_id: row.get(1),
            action: row.get(2),
            outcome: row.get(3),
            target: (row.get(4), row.get(5)),
        })
        .collect()
}

fn action(route: &Route) -> &'static str {
    match route.door {
        Door::Open => "",
        Door::For(action) => action.code(),
    }
}

#[tokio::test]
async fn each_role_comes_in_where_the_signed_matrix_says_and_every_request_is_in_the_log() {
    let walls = walls(MARKS).await;
    logged(&walls).await;
    let mut cells = 0;
    for route in staff_routes() {
        let (path, form) = (path(&route, &walls.ours.things), form_of(&route, &walls));
        for role in Role::ALL {
            let here = format!("{} {path} as {}", route.method, role.code());
            let session = walls.session(&walls.ours, *role).await;
            let answer = walls.ask(&route.method, Some(&session), &path, &form).await;
            let entries = logged(&walls).await;
            let of_route: Vec<_> = entries.iter().filter(|entry| entry.action == action(&route)).collect();
            cells += 1;
            if !route.door.admits(*role) {
                assert_eq!(answer.status, StatusCode::FORBIDDEN, "{here}");
                let outcomes: Vec<_> = entries.iter().map(|entry| entry.outcome.as_str()).collect();
                assert_eq!(outcomes, ["refused"], "{here}");
                assert_eq!(of_route.len(), 1, "{here}: logged as {}", entries[0].action);
                assert_eq!(
                    entries[0].target.1.is_some(),
                    route.path.contains("{id}"),
                    "{here}: names no target"
                );
            } else {
                let is_fine = match route.method {
                    // A draft is its person's alone; here it is nobody's.
                    Method::GET if route.path.starts_with("/drafts/") => {
                        answer.status == StatusCode::NOT_FOUND
                    }
                    // An application is shown to whoever may ask, decide or audit.
                    Method::GET
                        if route.path == "/approvals/{id}"
                            && !matches!(role, Role::Clerk | Role::Approver | Role::Auditor) =>
                    {
                        answer.status == StatusCode::NOT_FOUND
                    }
                    Method::GET => answer.status == StatusCode::OK,
                    _ => !answer.status.is_server_error() && answer.status != StatusCode::FORBIDDEN,
                };
                assert!(is_fine, "{here}: {}\n{}", answer.status, answer.text());
                assert!(!of_route.is_empty(), "{here}: not in the log");
                let distinct: HashSet<_> =
                    entries.iter().map(|entry| (entry.action.clone(), entry.target.clone())).collect();
                assert_eq!(distinct.len(), entries.len(), "{here}: logged twice");
            }
            assert!(entries.iter().all(|entry| entry.staff_id == Some(session.staff_id)), "{here}");
            let requests: HashSet<_> = entries.iter().map(|entry| entry.request_id).collect();
            assert_eq!(requests.len(), 1, "{here}");
        }
    }
    println!("{cells} cells of route × role");
    assert!(cells >= 120);
}

fn form_of(route: &Route, walls: &Walls) -> super::town::Form {
    if route.method == Method::GET { Vec::new() } else { form(route, &walls.ours.things) }
}

#[tokio::test]
async fn whoever_is_not_signed_in_is_led_to_the_door_and_learns_nothing() {
    let walls = walls(MARKS).await;
    let before = walls.digest(walls.ours.municipality).await;
    logged(&walls).await;
    for route in staff_routes() {
        for things in [walls.ours.things, super::town::Things::unknown()] {
            let path = path(&route, &things);
            let form = if route.method == Method::GET { Vec::new() } else { form(&route, &things) };
            let answer = walls.ask(&route.method, None, &path, &form).await;
            assert_eq!(answer.status, StatusCode::SEE_OTHER, "{} {path}", route.method);
            // What was sent in vain is said at the door; nothing of it is repeated. Leaving is never in vain.
            let is_told = route.method != Method::GET && path != "/sign-out";
            let door = if is_told { "/sign-in?unsent=yes" } else { "/sign-in" };
            assert_eq!(answer.header(header::LOCATION), door, "{path}");
            assert!(answer.bytes.is_empty(), "{path}");
        }
    }
    assert_eq!(before, walls.digest(walls.ours.municipality).await);
    assert!(logged(&walls).await.is_empty());
}

/// Requests that no use case ever saw: they are in the log all the same.
#[tokio::test]
async fn also_what_cannot_be_read_or_found_leaves_its_decision_in_the_log() {
    let walls = walls(MARKS).await;
    let clerk = walls.session(&walls.ours, Role::Clerk).await;
    let unknown = Uuid::from_u128(7);
    logged(&walls).await;
    let facts = format!("/residents/{unknown}/facts");
    let no_token =
        crate::walls::town::Session { csrf: "x".to_owned(), ..walls.session(&walls.ours, Role::Clerk).await };
    let asked = [
        (walls.get(Some(&clerk), &format!("/residents/{unknown}")).await, "view_resident", Some(unknown)),
        (walls.get(Some(&clerk), "/residents/none").await, "view_resident", None),
        (walls.post(Some(&clerk), &facts, &Vec::new()).await, "", Some(unknown)),
        (walls.post(Some(&no_token), &facts, &Vec::new()).await, "note_fact", Some(unknown)),
    ];
    let entries = logged(&walls).await;
    assert_eq!(entries.len(), asked.len());
    for ((answer, action, target), entry) in asked.iter().zip(&entries) {
        assert!(answer.status.is_client_error());
        assert!(action.is_empty() || *action == entry.action, "{action} {}", entry.action);
        assert_eq!((entry.outcome.as_str(), entry.target.1), ("refused", *target));
    }
}
