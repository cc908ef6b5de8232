//! A form that is sent twice has one effect and gets the same answer, also when both arrive at the same moment.

use super::{
    examples::{form, path, staff_routes},
    town::{MARKS, Session, Walls, walls},
};
use axum::http::{Method, header};
use kit::Role;
use uuid::Uuid;

/// Deeds done by a member of staff, as the log counts them.
async fn deeds(walls: &Walls, session: &Session) -> i64 {
    sqlx::query_scalar("select count(*) from audit_entries where staff_id = $1 and outcome = 'done'")
        .bind(session.staff_id)
        .fetch_one(&walls.stage.db.superuser_pool())
        .await
        .unwrap()
}

#[tokio::test]
async fn whatever_is_sent_twice_or_at_once_is_done_once_and_answered_alike() {
    let mut did_something = Vec::new();
    for route in staff_routes().into_iter().filter(|route| route.changes) {
        // Each route finds the town as it was.
        let walls = walls(MARKS).await;
        let role = *Role::ALL.iter().find(|role| route.door.admits(**role)).unwrap();
        let mut session = walls.session(&walls.ours, role).await;
        session.csrf = format!("{}.{}", session.csrf, Uuid::from_u128(7).simple());
        let (path, form) = (path(&route, &walls.ours.things), form(&route, &walls.ours.things));
        let before = deeds(&walls, &session).await;
        let (one, other) =
            tokio::join!(walls.post(Some(&session), &path, &form), walls.post(Some(&session), &path, &form));
        let after_both = walls.digest(walls.ours.municipality).await;
        let again = walls.post(Some(&session), &path, &form).await;
        for twin in [&other, &again] {
            assert_eq!(twin.status, one.status, "{path}");
            assert_eq!(twin.header(header::LOCATION), one.header(header::LOCATION), "{path}");
        }
        assert_eq!(
            walls.digest(walls.ours.municipality).await,
            after_both,
            "{path}: a repetition changed something"
        );
        let done = deeds(&walls, &session).await - before;
        assert!(done <= 1, "{path}: {done} deeds, answered {}", one.status);
        if done == 1 {
            did_something.push(route.path);
        }
    }
    println!("{did_something:#?}");
    assert!(did_something.len() >= 8, "these did something: {did_something:?}");
}

#[tokio::test]
async fn a_changed_form_or_a_page_opened_anew_is_another_sending() {
    let walls = walls(MARKS).await;
    let session = walls.session(&walls.ours, Role::Clerk).await;
    let place = format!("/residents/{}/facts", walls.ours.things.resident);
    let memo = |text: &str| {
        [("kind", "memo"), ("memo_value", text), ("from_on", ""), ("until_on", "")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec()
    };
    let keyed = |key: u128| Session {
        csrf: format!("{}.{}", session.csrf, Uuid::from_u128(key).simple()),
        cookie: session.cookie.clone(),
        staff_id: session.staff_id,
    };
    for (key, text) in [(1, "一つめ"), (1, "二つめ"), (2, "二つめ"), (2, "二つめ")] {
        let answer = walls.post(Some(&keyed(key)), &place, &memo(text)).await;
        assert!(answer.status.is_redirection(), "{}", answer.status);
    }
    let noted: Vec<String> =
        sqlx::query_scalar("select value from resident_facts where value like '%つめ' order by noted_at")
            .fetch_all(&walls.stage.db.superuser_pool())
            .await
            .unwrap();
    assert_eq!(noted, ["一つめ", "二つめ", "二つめ"]);
}

#[tokio::test]
async fn every_form_of_every_page_carries_a_key_of_its_page() {
    let walls = walls(MARKS).await;
    let mut forms = 0;
    for route in staff_routes().into_iter().filter(|route| route.method == Method::GET) {
        let role = *Role::ALL.iter().find(|role| route.door.admits(**role)).unwrap();
        let session = walls.session(&walls.ours, role).await;
        let page = walls.get(Some(&session), &path(&route, &walls.ours.things)).await;
        if !page.is_html() {
            continue;
        }
        for field in page.text().split("name=\"csrf\" value=\"").skip(1) {
            let value = field.split('"').next().unwrap();
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
    assert!(forms > 20, "{forms} forms");
}
