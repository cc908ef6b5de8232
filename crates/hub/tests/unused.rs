//! 確認が必要な個人ID: each rule on both sides of its day, and the list as each role sees it.

use crate::support::{ITABASHI, KITA, PASSWORD, stage};
use axum::http::StatusCode;
use domain::Date;
use hub::unused::rules::{Account, Contract, Finding, findings};
use kit::Role;
use uuid::Uuid;

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

/// An account that nothing is odd about on any day of these tables.
fn account() -> Account {
    Account {
        staff_id: Uuid::from_u128(1),
        created_on: day("2026-01-01"),
        last_seen_on: Some(day("2026-11-23")),
        code_since: None,
        password_until: None,
        has_role: true,
        contract: None,
    }
}

#[test]
fn each_rule_begins_on_its_day_and_not_the_day_before() {
    let today = day("2026-11-23");
    let seen = |on| Account { last_seen_on: Some(day(on)), ..account() };
    let never = |on| Account { last_seen_on: None, created_on: day(on), ..account() };
    let code = |on| Account { code_since: Some(day(on)), ..account() };
    let password = |on| Account { password_until: Some(day(on)), ..account() };
    let bare = |on| Account { has_role: false, created_on: day(on), ..account() };
    let contract = |on, has_supervisor| Account {
        contract: Some(Contract { until_on: day(on), has_supervisor }),
        ..account()
    };
    for (what, account, want) in [
        ("nothing", account(), vec![]),
        ("89 days ago", seen("2026-08-26"), vec![]),
        ("90 days ago", seen("2026-08-25"), vec![Finding::Unused { days: 90 }]),
        ("91 days ago", seen("2026-08-24"), vec![Finding::Unused { days: 91 }]),
        ("made 29 days ago", never("2026-10-25"), vec![]),
        ("made 30 days ago", never("2026-10-24"), vec![Finding::NeverUsed { days: 30 }]),
        ("made 31 days ago", never("2026-10-23"), vec![Finding::NeverUsed { days: 31 }]),
        ("code of today", code("2026-11-23"), vec![]),
        ("code of yesterday", code("2026-11-22"), vec![]),
        (
            "code of the day before yesterday",
            code("2026-11-21"),
            vec![Finding::CodeUnused { since: day("2026-11-21") }],
        ),
        ("password ended yesterday", password("2026-11-22"), vec![]),
        (
            "password ends today",
            password("2026-11-23"),
            vec![Finding::PasswordEnding { until: day("2026-11-23") }],
        ),
        (
            "password ends on the 30th day",
            password("2026-12-22"),
            vec![Finding::PasswordEnding { until: day("2026-12-22") }],
        ),
        ("password ends on the 31st day", password("2026-12-23"), vec![]),
        ("no role, made 13 days ago", bare("2026-11-10"), vec![]),
        ("no role, made 14 days ago", bare("2026-11-09"), vec![Finding::NoRole]),
        ("no role, made 15 days ago", bare("2026-11-08"), vec![Finding::NoRole]),
        (
            "contract ends today",
            contract("2026-11-23", true),
            vec![Finding::ContractEnding { until: day("2026-11-23") }],
        ),
        (
            "contract ends on the 30th day",
            contract("2026-12-22", true),
            vec![Finding::ContractEnding { until: day("2026-12-22") }],
        ),
        ("contract ends on the 31st day", contract("2026-12-23", true), vec![]),
        ("nobody supervises", contract("2027-03-31", false), vec![Finding::NoSupervisor]),
    ] {
        assert_eq!(findings(&account, today), want, "{what}");
    }
}

#[tokio::test]
async fn each_sees_the_accounts_they_answer_for_and_can_act_in_one_step() {
    let stage = stage().await;
    stage.member(KITA, ("manager", "情報政策課"), &[Role::IdManager]).await;
    stage.member(KITA, ("auditor", "監査事務局"), &[Role::Auditor]).await;
    stage.member(KITA, ("chief", "保健予防課"), &[Role::Chief]).await;
    stage.member(KITA, ("clerk", "保健予防課"), &[Role::Clerk]).await;
    let idle = stage.member(KITA, ("idle", "保健予防課"), &[Role::Clerk]).await;
    let other = stage.member(KITA, ("other", "健康推進課"), &[Role::Clerk]).await;
    stage.member(ITABASHI, ("neighbour", "保健予防課"), &[Role::Clerk]).await;
    let made = "update accounts set created_at = created_at - interval '30 days'";
    sqlx::query(made).execute(&stage.db.superuser_pool()).await.unwrap();
    let enter = async |login: &str| stage.sign_in(KITA, login, PASSWORD).await.cookie();
    let (manager, chief) = (enter("manager").await, enter("chief").await);
    let (auditor, clerk) = (enter("auditor").await, enter("clerk").await);

    assert!(stage.get(&manager, "/").await.text.contains("確認が必要な個人IDが2件あります"));
    assert!(!stage.get(&chief, "/").await.text.contains("確認が必要な個人ID"));
    let page = stage.get(&manager, "/staff/unused").await.text;
    assert!(page.contains("登録から30日間、一度もログインがありません"), "{page}");
    let disable = |id: Uuid| format!("/staff/{id}/disable");
    assert!(page.contains(&disable(idle)) && page.contains(&disable(other)), "{page}");
    assert!(!page.contains("neighbour"));
    let page = stage.get(&chief, "/staff/unused").await.text;
    assert!(page.contains(&format!("/rights/removal/{idle}")), "{page}");
    assert!(!page.contains("disable") && !page.contains(&other.to_string()), "{page}");
    let page = stage.get(&auditor, "/staff/unused").await.text;
    assert!(page.contains("idle") && page.contains("other"), "{page}");
    assert!(!page.contains("disable") && !page.contains("/rights/removal/"), "{page}");
    assert_eq!(stage.get(&clerk, "/staff/unused").await.status, StatusCode::FORBIDDEN);

    let done = stage.post(&manager, "/staff/unused", &disable(idle), &[]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
    assert!(stage.get(&manager, "/").await.text.contains("確認が必要な個人IDが1件あります"));
}

#[tokio::test]
async fn a_contractor_whose_supervisor_has_left_is_pointed_out() {
    let stage = stage().await;
    stage.member(KITA, ("manager", "情報政策課"), &[Role::IdManager]).await;
    let supervisor = stage.member(KITA, ("chief", "保健予防課"), &[Role::Chief]).await;
    let entry = stage.member(KITA, ("entry", "保健予防課"), &[Role::Contractor]).await;
    let mut tx = kit::db::begin(&stage.app.kit.pool, KITA).await.unwrap();
    let contract = hub::contractors::sql::Contract {
        staff_id: entry,
        company: "株式会社入力",
        until_on: day("2027-03-31"),
        supervisor_id: supervisor,
        consent_number: "",
    };
    hub::contractors::sql::put(&mut tx, KITA, &contract, stage.app.kit.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    let manager = stage.sign_in(KITA, "manager", PASSWORD).await.cookie();
    let sentence = "監督する職員の個人IDが使われていません";
    assert!(!stage.get(&manager, "/staff/unused").await.text.contains(sentence));
    let path = format!("/staff/{supervisor}/moves/leave");
    let page = format!("/staff/{supervisor}/moves");
    let fields = [("last_on", "2026-11-22"), ("leaving_reason", "退職のため")];
    let left = stage.post(&manager, &page, &path, &fields).await;
    assert_eq!(left.status, StatusCode::SEE_OTHER, "{}", left.text);
    assert!(stage.get(&manager, "/staff/unused").await.text.contains(sentence));
}
