//! A session in a system is worth what the keeper of sign-ins says of it.

use crate::support::{KITA, Stage, stage};
use jiff::SignedDuration;
use kit::{Role, session, testing::staff};
use uuid::Uuid;

async fn value(stage: &Stage) -> String {
    let clerk = stage.staff(KITA, Role::Clerk).await;
    let (cookie, _) = staff::sign_in(&stage.kit, KITA, clerk.staff_id).await;
    cookie.split_once('=').unwrap().1.to_owned()
}

async fn is_alive(stage: &Stage, cookie: &str) -> bool {
    session::resume(&stage.kit, cookie, Uuid::nil(), true).await.unwrap().is_some()
}

#[tokio::test]
async fn a_session_in_use_ends_after_twelve_hours() {
    let stage = stage().await;
    let cookie = value(&stage).await;
    for _ in 0..71 {
        stage.kit.clock.advance(SignedDuration::from_mins(10));
        assert!(is_alive(&stage, &cookie).await);
    }
    stage.kit.clock.advance(SignedDuration::from_mins(10));
    assert!(!is_alive(&stage, &cookie).await);
}

#[tokio::test]
async fn other_municipalities_cookies_and_ended_sessions_open_nothing() {
    let stage = stage().await;
    let cookie = value(&stage).await;
    let (_, token) = cookie.split_once('.').unwrap();
    assert!(is_alive(&stage, &cookie).await);
    assert!(!is_alive(&stage, &format!("131199.{token}")).await);
    assert!(!is_alive(&stage, "131172.").await);
    session::end(&stage.kit, &cookie).await.unwrap();
    assert!(!is_alive(&stage, &cookie).await);
}

#[tokio::test]
async fn the_operator_of_the_command_line_is_one_person_in_the_log() {
    let stage = stage().await;
    let first = kit::staff::operator(&stage.kit, KITA).await.unwrap();
    let second = kit::staff::operator(&stage.kit, KITA).await.unwrap();
    assert_eq!(first.staff_id, second.staff_id);
}
