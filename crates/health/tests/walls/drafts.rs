//! What was typed is not lost with the sign-in, and nobody else sees it.

use super::town::{Form, Ground as _, MARKS, Session, Walls, walls};
use axum::http::{StatusCode, header};
use jiff::SignedDuration;
use kit::Role;

fn typed() -> Form {
    [("kana", "キタノ"), ("memo", "a&b=c ”ゆう”")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec()
}

/// Sends a form after the sign-in has ended. The path under which it is kept.
async fn sent_in_vain(walls: &Walls, session: &Session) -> String {
    sqlx::query("update sessions set ended_at = created_at")
        .execute(&walls.stage.db.superuser_pool())
        .await
        .unwrap();
    let answer = walls.post(Some(session), "/residents", &typed()).await;
    assert_eq!(answer.header(header::LOCATION), "/sign-in?unsent=kept");
    let cookie = answer.header(header::SET_COOKIE);
    let path = cookie.split_once('=').unwrap().1.split(';').next().unwrap();
    assert!(path.starts_with("/drafts/"), "{cookie}");
    path.to_owned()
}

#[tokio::test]
async fn a_form_sent_after_the_sign_in_has_ended_is_kept_for_its_person() {
    let walls = walls(MARKS).await;
    let clerk = walls.session(&walls.ours, Role::Clerk).await;
    let path = sent_in_vain(&walls, &clerk).await;
    let again = walls.session(&walls.ours, Role::Clerk).await;
    let page = walls.get(Some(&again), &path).await;
    assert_eq!(page.status, StatusCode::OK);
    let text = page.text();
    assert!(
        text.contains("action=\"/residents\"") && text.contains("name=\"kana\" value=\"キタノ\""),
        "{text}"
    );
    assert!(text.contains("a&#38;b=c ”ゆう”"), "as typed: {text}");
    assert!(!text.contains(&clerk.csrf) && text.contains(&again.csrf), "the token is the new session's");
    let gone = walls.post(Some(&again), &format!("{path}/discard"), &Vec::new()).await;
    assert_eq!(gone.status, StatusCode::SEE_OTHER);
    assert_eq!(walls.get(Some(&again), &path).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn nobody_else_sees_it_and_a_day_later_nobody_does() {
    let walls = walls(MARKS).await;
    let clerk = walls.session(&walls.ours, Role::Clerk).await;
    let path = sent_in_vain(&walls, &clerk).await;
    let colleague = walls.session(&walls.ours, Role::Approver).await;
    let neighbour = walls.session(&walls.theirs, Role::Clerk).await;
    for other in [&colleague, &neighbour] {
        assert_eq!(walls.get(Some(other), &path).await.status, StatusCode::NOT_FOUND);
        let discard = walls.post(Some(other), &format!("{path}/discard"), &Vec::new()).await;
        assert_eq!(discard.status, StatusCode::NOT_FOUND);
    }
    walls.stage.app.kit.clock.advance(SignedDuration::from_secs(24 * 3600 - 1));
    let late = walls.session(&walls.ours, Role::Clerk).await;
    assert_eq!(walls.get(Some(&late), &path).await.status, StatusCode::OK, "a second before");
    walls.stage.app.kit.clock.advance(SignedDuration::from_secs(1));
    assert_eq!(walls.get(Some(&late), &path).await.status, StatusCode::NOT_FOUND, "a day later");
}

#[tokio::test]
async fn a_stranger_has_nothing_kept() {
    let walls = walls(MARKS).await;
    let nobody = Session {
        cookie: format!("sesshu-health=131172.{}", "a".repeat(64)),
        csrf: String::new(),
        staff_id: uuid::Uuid::nil(),
    };
    let answer = walls.post(Some(&nobody), "/residents", &typed()).await;
    assert_eq!(answer.header(header::LOCATION), "/sign-in?unsent=yes");
    assert_eq!(walls.stage.value::<i64>("select count(*) from drafts").await, 0);
}

#[tokio::test]
async fn a_locked_page_learns_who_is_signed_in_now() {
    let walls = walls(MARKS).await;
    let clerk = walls.session(&walls.ours, Role::Clerk).await;
    let state = walls.get(Some(&clerk), "/lock/state").await;
    assert!(state.text().contains(&clerk.csrf) && state.text().contains(&clerk.staff_id.to_string()));
    assert_eq!(walls.get(None, "/lock/state").await.status, StatusCode::SEE_OTHER);
}
