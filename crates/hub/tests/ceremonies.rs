//! Key ceremonies and disposals: asked for by one, approved by another, refused to each of them alone.

use crate::support::{ITABASHI, KITA, stage};
use axum::http::StatusCode;
use kit::Role;

const YES: [(&str, &str); 2] = [("answer", "approve"), ("reason", "鍵ファイルの写しを確かめた")];

#[tokio::test]
async fn an_id_manager_asks_for_a_ceremony_and_a_chief_approves_it() {
    let stage = stage().await;
    for role in [Role::IdManager, Role::Chief, Role::Clerk, Role::NumberHandler] {
        stage.account(KITA, role).await;
    }
    stage.account(ITABASHI, Role::Chief).await;
    let manager = stage.browser(KITA, Role::IdManager).await;
    let chief = stage.browser(KITA, Role::Chief).await;
    let empty = stage.post(&manager, "/keys", "/keys", &[("reason", " ")]).await;
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
    let asked =
        stage.post(&manager, "/keys", "/keys", &[("reason", "年1回の更新"), ("with_file", "on")]).await;
    let place = asked.header(axum::http::header::LOCATION).to_owned();
    assert!(place.starts_with("/approvals/"), "{}", asked.text);
    let page = stage.get(&manager, &place).await.text;
    assert!(page.contains("新しい鍵ファイルに取り替える") && !page.contains("承認する</button>"), "{page}");
    let decide = format!("{place}/key-rotation");
    // Neither whoever asked, nor a neighbour's chief, nor another role.
    assert_eq!(stage.post(&manager, &place, &decide, &YES).await.status, StatusCode::FORBIDDEN);
    let neighbour = stage.browser(ITABASHI, Role::Chief).await;
    assert_eq!(stage.get(&neighbour, &place).await.status, StatusCode::NOT_FOUND);
    assert_eq!(stage.post(&neighbour, "/approvals", &decide, &YES).await.status, StatusCode::NOT_FOUND);
    let clerk = stage.browser(KITA, Role::Clerk).await;
    assert_eq!(stage.get(&clerk, &place).await.status, StatusCode::NOT_FOUND);
    assert_eq!(stage.get(&clerk, "/keys").await.status, StatusCode::FORBIDDEN);
    assert!(stage.get(&chief, "/").await.text.contains("二人承認の申請が1件"));
    assert_eq!(stage.post(&chief, &place, &decide, &YES).await.status, StatusCode::SEE_OTHER);
    assert!(stage.get(&manager, "/keys").await.text.contains("承認済み"));
    assert!(stage.get(&manager, "/keys").await.text.contains("-1</a>"), "the number that the command takes");
    let state: String = stage.value("select state from approvals").await;
    assert_eq!(state, "approved");
}

#[tokio::test]
async fn a_disposal_is_asked_for_one_person_and_needs_the_chief_and_a_fresh_second_factor() {
    let stage = stage().await;
    for role in [Role::Chief, Role::NumberHandler] {
        stage.account(KITA, role).await;
    }
    let handler = stage.browser(KITA, Role::NumberHandler).await;
    let chief = stage.browser(KITA, Role::Chief).await;
    stage.step_up().await;
    let opened = stage.post(&handler, "/numbers", "/numbers/open", &[("addressee", "1001")]).await;
    let person = opened.header(axum::http::header::LOCATION).to_owned();
    let form = format!("{person}/disposal");
    let nothing = stage.post(&handler, &form, &form, &[("reason", "保存期間の終わり")]).await;
    assert_eq!(nothing.status, StatusCode::CONFLICT, "{}", nothing.text);
    let number = [
        ("number", "123456789018"),
        ("number_again", "123456789018"),
        ("valid_from", "R8.4.1"),
        ("purpose", "vaccination"),
    ];
    let register = format!("{person}/register");
    let registered = stage.post(&handler, &register, &register, &number).await;
    assert_eq!(registered.status, StatusCode::SEE_OTHER, "{}", registered.text);
    let asked = stage.post(&handler, &form, &form, &[("reason", "保存期間の終わり")]).await;
    let place = asked.header(axum::http::header::LOCATION).to_owned();
    assert!(place.starts_with("/approvals/"), "{}", asked.text);
    let dispose = format!("{person}/dispose");
    let alone = stage.post(&handler, &form, &dispose, &[]).await;
    assert_eq!(alone.status, StatusCode::CONFLICT);
    assert!(alone.text.contains("まだ承認されていません"), "{}", alone.text);
    assert!(stage.get(&chief, &place).await.text.contains("バックアップ"));
    let decide = format!("{place}/number-disposal");
    assert_eq!(stage.post(&chief, &place, &decide, &YES).await.status, StatusCode::SEE_OTHER);
    let done = stage.post(&handler, &form, &dispose, &[]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
    assert_eq!(stage.value::<i64>("select count(*) from vault.numbers").await, 0);
    let page = stage.get(&handler, &form).await.text;
    assert!(page.contains("1件の版を消去しました") && page.contains("登録されていません"), "{page}");
    let refused: i64 = stage
        .value("select count(*) from audit_entries where action = 'dispose_number' and outcome = 'refused'")
        .await;
    assert_eq!(refused, 1);
}
