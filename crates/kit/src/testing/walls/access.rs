//! Every route for every role: who is let in, and what the log says of it.

use super::{Answer, Ground};
use crate::{
    Role,
    web::{Door, Route},
};
use axum::http::{Method, StatusCode, header};
use sqlx::Row;
use std::collections::HashSet;
use uuid::Uuid;

/// An entry of the log.
pub struct Logged {
    pub request_id: Uuid,
    pub staff_id: Option<Uuid>,
    pub action: String,
    pub outcome: String,
    pub target: (String, Option<Uuid>),
}

/// What has been logged since the last time this was asked.
pub async fn logged(ground: &impl Ground) -> Vec<Logged> {
    let pool = ground.superuser();
    let rows = sqlx::query(
        "select request_id, staff_id, action, outcome, target_kind, target_id from audit_entries
         where municipality_code = $1 and entry_id <> $2 order by entry_id",
    )
    .bind(ground.ours().0.0)
    .bind(ground.kept_entry())
    .fetch_all(&pool)
    .await
    .expect("the log can be read");
    sqlx::query("delete from audit_places").execute(&pool).await.expect("a superuser may");
    sqlx::query("delete from audit_entries where entry_id <> $1")
        .bind(ground.kept_entry())
        .execute(&pool)
        .await
        .expect("a superuser may");
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

/// The right that a route asks for; empty where it asks for none.
pub fn action(route: &Route) -> &'static str {
    match route.door {
        Door::Open => "",
        Door::For(action) => action.code(),
    }
}

/// Asks every route in every role. Refused where the signed matrix says so, with one entry; let in otherwise, with one
/// decision of the route's own. Gives the number of cells.
///
/// # Panics
/// Names every cell in which it is otherwise.
pub async fn each_role(ground: &impl Ground) -> usize {
    logged(ground).await;
    let (mut cells, mut holes) = (0, Vec::new());
    let (_, ours) = ground.ours();
    for route in ground.staff_routes() {
        let (path, form) = (ground.path(&route, &ours), ground.sent(&route, &ours));
        for role in Role::ALL {
            let session = ground.session(*role).await;
            let answer = ground.ask(&route.method, Some(&session), &path, &form).await;
            let entries = logged(ground).await;
            cells += 1;
            let hole = if !route.door.admits(*role) {
                refused_hole(&route, &answer, &entries)
            } else {
                let_in_hole(&route, ground.is_hidden(&route, *role), &answer, &entries)
            };
            let is_theirs = entries.iter().all(|entry| entry.staff_id == Some(session.staff_id));
            let requests: HashSet<_> = entries.iter().map(|entry| entry.request_id).collect();
            let hole =
                hole.or_else(|| (!is_theirs || requests.len() != 1).then(|| "logged for another".to_owned()));
            let here = format!("{} {path} as {}: {}", route.method, role.code(), answer.status);
            holes.extend(hole.map(|hole| format!("{here}: {hole}")));
        }
    }
    assert!(holes.is_empty(), "{}", holes.join("\n"));
    cells
}

fn refused_hole(route: &Route, answer: &Answer, entries: &[Logged]) -> Option<String> {
    let said: Vec<_> = entries.iter().map(|entry| (entry.outcome.as_str(), entry.action.as_str())).collect();
    if answer.status != StatusCode::FORBIDDEN || said != [("refused", action(route))] {
        return Some(format!("is in the log as {said:?}"));
    }
    let is_named = entries[0].target.1.is_some() == route.path.contains("{id}");
    (!is_named).then(|| "the entry names no target".to_owned())
}

fn let_in_hole(route: &Route, is_hidden: bool, answer: &Answer, entries: &[Logged]) -> Option<String> {
    let is_fine = match route.method {
        Method::GET if is_hidden => answer.status == StatusCode::NOT_FOUND,
        Method::GET => answer.status == StatusCode::OK,
        _ => !answer.status.is_server_error() && answer.status != StatusCode::FORBIDDEN,
    };
    if !is_fine {
        return Some(answer.text());
    }
    let of_route = entries.iter().filter(|entry| entry.action == action(route));
    let outcomes: HashSet<_> = of_route.map(|entry| entry.outcome.as_str()).collect();
    // What is answered as not there, not possible or not readable was not done, and the log says so.
    let is_good = answer.status.is_success() || answer.status.is_redirection();
    let distinct: HashSet<_> = entries.iter().map(|entry| (&entry.action, &entry.target)).collect();
    // A question whose answer is what stands in the way has been looked at.
    let is_told = !route.changes && outcomes.contains("viewed");
    if outcomes.len() != 1 || !is_good && !is_told && !outcomes.contains("refused") {
        return Some(format!("decided as {outcomes:?}"));
    }
    (distinct.len() != entries.len()).then(|| "logged twice".to_owned())
}

/// Asks every route without a session: led to the door, nothing learnt, nothing changed, nothing in the log.
pub async fn strangers(ground: &impl Ground) {
    let (municipality, ours) = ground.ours();
    let before = ground.digest(municipality).await;
    logged(ground).await;
    for route in ground.staff_routes() {
        for things in [ours, ground.unknown()] {
            let path = ground.path(&route, &things);
            let answer = ground.ask(&route.method, None, &path, &ground.sent(&route, &things)).await;
            assert_eq!(answer.status, StatusCode::SEE_OTHER, "{} {path}", route.method);
            // What was sent in vain is said at the door; nothing of it is repeated. Leaving is never in vain.
            let is_told = route.method != Method::GET && path != "/sign-out";
            let door = if is_told { "/sign-in?unsent=yes" } else { "/sign-in" };
            assert_eq!(answer.header(header::LOCATION), door, "{path}");
            assert!(answer.bytes.is_empty(), "{path}");
        }
    }
    assert_eq!(before, ground.digest(municipality).await);
    assert!(logged(ground).await.is_empty());
}
