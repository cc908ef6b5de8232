//! A form that is sent twice has one effect and gets the same answer, also when both arrive at the same moment.

use super::{Ground, Session};
use crate::Role;
use axum::http::{Method, StatusCode, header};
use uuid::Uuid;

/// Deeds done by a member of staff, as the log counts them.
async fn deeds(ground: &impl Ground, session: &Session) -> i64 {
    sqlx::query_scalar("select count(*) from audit_entries where staff_id = $1 and outcome = 'done'")
        .bind(session.staff_id)
        .fetch_one(&ground.superuser())
        .await
        .expect("the log can be read")
}

/// Sends every changing form at once with its twin, and once more. `new` makes a ground as it was. Gives the paths of
/// those that did something.
pub async fn each_form<G: Ground>(new: impl AsyncFn() -> G) -> Vec<&'static str> {
    let mut did_something = Vec::new();
    let routes = new().await.staff_routes();
    for route in routes.into_iter().filter(|route| route.changes) {
        let ground = new().await;
        let (municipality, ours) = ground.ours();
        let mut session = ground.session(ground.doer(&route)).await;
        session.csrf = format!("{}.{}", session.csrf, Uuid::from_u128(7).simple());
        let (path, form) = (ground.path(&route, &ours), ground.form(&route, &ours));
        let before = deeds(&ground, &session).await;
        let (one, other) = tokio::join!(
            ground.post(Some(&session), &path, &form),
            ground.post(Some(&session), &path, &form)
        );
        let after_both = ground.digest(municipality).await;
        let again = ground.post(Some(&session), &path, &form).await;
        let (first, twins) = match other.status {
            StatusCode::OK => (other, [one, again]),
            _ => (one, [other, again]),
        };
        for twin in &twins {
            // A page that is shown once (a new code) is not shown again: its twin hears that it was taken.
            let is_shown_once = first.status == StatusCode::OK && twin.status == StatusCode::CONFLICT;
            assert!(is_shown_once || twin.status == first.status, "{path}: {} {}", first.status, twin.status);
            assert_eq!(twin.header(header::LOCATION), first.header(header::LOCATION), "{path}");
        }
        assert_eq!(ground.digest(municipality).await, after_both, "{path}: a repetition changed something");
        let done = deeds(&ground, &session).await - before;
        assert!(done <= 1, "{path}: {done} deeds, answered {}", first.status);
        if done == 1 {
            did_something.push(route.path);
        }
    }
    did_something
}

/// Every form of every page carries the session's token and a key of its page. Gives the number of forms.
pub async fn every_page_gives_keys(ground: &impl Ground) -> usize {
    let (_, ours) = ground.ours();
    let mut forms = 0;
    for route in ground.staff_routes().into_iter().filter(|route| route.method == Method::GET) {
        for role in Role::ALL.iter().filter(|role| route.door.admits(**role)) {
            let session = ground.session(*role).await;
            let page = ground.get(Some(&session), &ground.path(&route, &ours)).await;
            if !page.is_html() {
                continue;
            }
            for field in page.text().split("name=\"csrf\" value=\"").skip(1) {
                let value = field.split('"').next().unwrap_or_default();
                let (token, key) = value.split_once('.').unwrap_or_default();
                // The page of a failure has only the way out.
                let is_way_out = !page.status.is_success() && value == session.csrf;
                assert!(
                    is_way_out || (token == session.csrf && Uuid::try_parse(key).is_ok()),
                    "{}: a form without a key: {value}",
                    route.path
                );
                forms += 1;
            }
        }
    }
    forms
}
