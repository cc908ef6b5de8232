//! What the hub notices at its door, and who is told.

use crate::support::{ITABASHI, KITA, PASSWORD, stage};
use axum::http::StatusCode;
use domain::intrusion::Intrusion;
use jiff::SignedDuration;
use kit::Role;

#[tokio::test]
async fn wrong_sign_ins_lock_an_id_and_are_told_without_what_was_typed() {
    let stage = stage().await;
    for municipality in [KITA, ITABASHI] {
        stage.account(municipality, Role::IdManager).await;
    }
    let kit = &stage.app.kit;
    let (locked, burst) = (Intrusion::AccountLocked.ja(), Intrusion::SignInBurst.ja());
    for turn in 1..=20 {
        let answer = stage.sign_in(KITA, "nobody-has-this-id", "wrong horse battery").await;
        assert_ne!(answer.status, StatusCode::SEE_OTHER, "{turn}");
        kit.watch.settle(kit).await.unwrap();
        let told: Vec<String> =
            sqlx::query_scalar("select kind from intrusions where state = 'open' order by kind")
                .fetch_all(&stage.db.superuser_pool())
                .await
                .unwrap();
        let expected: &[&str] = match turn {
            1..5 => &[],
            5..20 => &["account_locked"],
            _ => &["account_locked", "sign_in_burst"],
        };
        assert_eq!(told, expected, "{turn}");
    }
    let manager = stage.browser(KITA, Role::IdManager).await;
    let home = stage.get(&manager, "/").await.text;
    assert!(home.contains(locked) && home.contains(burst), "{home}");
    let next_door = stage.browser(ITABASHI, Role::IdManager).await;
    let home = stage.get(&next_door, "/").await.text;
    assert!(!home.contains(locked) && !home.contains(burst));
    let typed = "select count(*) from intrusions i where i::text like '%nobody%'";
    assert_eq!(stage.value::<i64>(typed).await, 0);
}

#[tokio::test]
async fn a_day_of_refusals_is_put_before_the_auditor_who_decides_on_it() {
    let stage = stage().await;
    stage.account(KITA, Role::Auditor).await;
    let clerk_id = stage.account(KITA, Role::Clerk).await;
    stage.app.kit.clock.advance(SignedDuration::from_hours(22));
    let (auditor, clerk) = (stage.browser(KITA, Role::Auditor).await, stage.browser(KITA, Role::Clerk).await);
    let look = async || {
        let asked = stage.post(&auditor, "/audit/findings", "/audit/findings/look", &[]).await;
        assert_eq!(asked.status, StatusCode::SEE_OTHER, "{}", asked.text);
        hub::worker(&stage.app).run_all().await.unwrap();
        stage.value::<i64>("select count(*) from findings").await
    };
    for _ in 0..9 {
        assert_eq!(stage.get(&clerk, "/staff").await.status, StatusCode::FORBIDDEN);
    }
    assert_eq!(look().await, 0);
    assert_eq!(stage.get(&clerk, "/staff").await.status, StatusCode::FORBIDDEN);
    assert_eq!(look().await, 1);
    let page = stage.get(&auditor, "/audit/findings").await.text;
    assert!(page.contains("拒否された操作が多い") && page.contains("1日に10回以上"), "{page}");
    let id: uuid::Uuid = stage.value("select finding_id from findings").await;
    let path = format!("/audit/findings/{id}");
    let shown = stage.get(&auditor, &path).await.text;
    assert!(shown.matches("記録の内容").count() == 10 && shown.contains(&clerk_id.to_string()), "{shown}");
    let decision = [("decision", "fine"), ("ground", "supervision"), ("note", "")];
    let decided = stage.post(&auditor, &path, &format!("{path}/decide"), &decision).await;
    assert_eq!(decided.status, StatusCode::SEE_OTHER, "{}", decided.text);
    assert_eq!(look().await, 1);
    assert_eq!(stage.value::<String>("select state from findings").await, "fine");
    assert_eq!(stage.sign_in(KITA, Role::Clerk.code(), PASSWORD).await.status, StatusCode::SEE_OTHER);
}
