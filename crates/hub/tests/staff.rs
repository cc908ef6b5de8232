//! The ID manager at work.

use crate::support::{ITABASHI, KITA, PASSWORD, stage};
use axum::http::StatusCode;
use jiff::SignedDuration;
use kit::{Role, session};

#[tokio::test]
async fn adding_a_login_that_exists_replaces_nobodys_password() {
    let stage = stage().await;
    stage.account(KITA, Role::IdManager).await;
    stage.account(KITA, Role::Clerk).await;
    stage.account(ITABASHI, Role::Approver).await;
    let manager = stage.browser(KITA, Role::IdManager).await;
    stage.member(KITA, ("other", "保健予防課"), &[]).await;
    let section = stage.value::<uuid::Uuid>("select section_id from sections").await.to_string();
    let form = |login| [("login", login), ("name", "別人"), ("section", section.as_str())];
    let taken = stage.post(&manager, "/staff", "/staff", &form("clerk")).await;
    assert_eq!(taken.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(taken.text.contains("この個人IDは登録済みです"));
    assert_eq!(stage.sign_in(KITA, "clerk", PASSWORD).await.status, StatusCode::SEE_OTHER);
    // The neighbour's ids are not in the way.
    let added = stage.post(&manager, "/staff", "/staff", &form("approver")).await;
    assert!(added.text.contains("登録コード"));
    // Whoever is added has no role: roles are applied for.
    let held = "select count(*) from holdings h join staff s using (municipality_code, staff_id) where s.name = '別人'";
    assert_eq!(stage.value::<i64>(held).await, 0);
}

#[tokio::test]
async fn whoever_is_disabled_is_out_and_stays_out() {
    let stage = stage().await;
    stage.account(KITA, Role::IdManager).await;
    let approver_id = stage.account(KITA, Role::Approver).await;
    let (manager, approver) =
        (stage.browser(KITA, Role::IdManager).await, stage.browser(KITA, Role::Approver).await);
    assert!(stage.is_in(&approver).await);
    let path = format!("/staff/{approver_id}/disable");
    assert_eq!(stage.post(&manager, "/staff", &path, &[]).await.status, StatusCode::SEE_OTHER);
    stage.app.kit.clock.advance(session::CHECK_EVERY);
    assert!(!stage.is_in(&approver).await);
    assert_eq!(stage.sign_in(KITA, "approver", PASSWORD).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(session::CHECK_EVERY < SignedDuration::from_secs(5));
}
