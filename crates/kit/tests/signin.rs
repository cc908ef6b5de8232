//! The door: who gets in, who waits, when a session ends.

use crate::support::{KITA, PASSWORD, Stage, stage};
use jiff::SignedDuration;
use kit::{
    Role,
    signin::{self, Attempt},
};
use uuid::Uuid;

async fn attempt(stage: &Stage, login: &str, password: &str) -> Attempt {
    signin::sign_in(&stage.kit, KITA, login, password, Uuid::nil()).await.unwrap()
}

async fn is_alive(stage: &Stage, cookie: &str) -> bool {
    signin::resume(&stage.kit, cookie, Uuid::nil()).await.unwrap().is_some()
}

#[tokio::test]
async fn the_right_password_opens_and_a_session_ends_after_fifteen_idle_minutes() {
    let stage = stage().await;
    let clerk = stage.staff(KITA, Role::Clerk).await;
    let Attempt::SignedIn(cookie) = attempt(&stage, "clerk", PASSWORD).await else { panic!("not signed in") };
    let acting = signin::resume(&stage.kit, &cookie, Uuid::nil()).await.unwrap().unwrap();
    assert_eq!((acting.staff_id, acting.roles), (clerk.staff_id, vec![Role::Clerk]));

    stage.kit.clock.advance(SignedDuration::from_mins(14));
    assert!(is_alive(&stage, &cookie).await, "14 minutes idle");
    stage.kit.clock.advance(SignedDuration::from_mins(15));
    assert!(!is_alive(&stage, &cookie).await, "15 minutes after the last use");
}

#[tokio::test]
async fn a_session_in_use_ends_after_twelve_hours() {
    let stage = stage().await;
    stage.staff(KITA, Role::Clerk).await;
    let Attempt::SignedIn(cookie) = attempt(&stage, "clerk", PASSWORD).await else { panic!("not signed in") };
    for _ in 0..71 {
        stage.kit.clock.advance(SignedDuration::from_mins(10));
        assert!(is_alive(&stage, &cookie).await);
    }
    stage.kit.clock.advance(SignedDuration::from_mins(10));
    assert!(!is_alive(&stage, &cookie).await);
}

#[tokio::test]
async fn five_wrong_passwords_make_even_the_right_one_wait() {
    let stage = stage().await;
    stage.staff(KITA, Role::Clerk).await;
    for _ in 0..5 {
        assert!(matches!(attempt(&stage, "clerk", "wrong").await, Attempt::Wrong));
    }
    let Attempt::Wait(wait) = attempt(&stage, "clerk", PASSWORD).await else { panic!("must wait") };
    stage.kit.clock.advance(wait);
    assert!(matches!(attempt(&stage, "clerk", PASSWORD).await, Attempt::SignedIn(_)));
}

#[tokio::test]
async fn unknown_ids_other_municipalities_cookies_and_ended_sessions_open_nothing() {
    let stage = stage().await;
    stage.staff(KITA, Role::Clerk).await;
    assert!(matches!(attempt(&stage, "nobody", PASSWORD).await, Attempt::Wrong));
    assert!(matches!(attempt(&stage, "operator", "!").await, Attempt::Wrong));

    let Attempt::SignedIn(cookie) = attempt(&stage, "clerk", PASSWORD).await else { panic!("not signed in") };
    let (_, token) = cookie.split_once('.').unwrap();
    assert!(!is_alive(&stage, &format!("131199.{token}")).await);
    assert!(!is_alive(&stage, "131172.").await);
    let mut tx = kit::db::begin(&stage.kit.pool, KITA).await.unwrap();
    signin::sign_out(&mut tx, &stage.kit, &cookie).await.unwrap();
    tx.commit().await.unwrap();
    assert!(!is_alive(&stage, &cookie).await);
}

#[tokio::test]
async fn the_operator_of_the_command_line_is_in_the_log_but_cannot_sign_in() {
    let stage = stage().await;
    let acting = signin::operator(&stage.kit, KITA).await.unwrap();
    assert_eq!(signin::operator(&stage.kit, KITA).await.unwrap().staff_id, acting.staff_id);
    assert!(matches!(attempt(&stage, "operator", PASSWORD).await, Attempt::Wrong));
}
