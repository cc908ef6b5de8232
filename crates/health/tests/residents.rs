//! The counter finds a person, sees where they stand, and notes what bears on it.

use crate::{
    browser::Browser,
    support::{ITABASHI, KITA, Stage, stage},
    ward::Someone,
};
use axum::http::StatusCode;
use kit::Role;
use uuid::Uuid;

async fn clerk(stage: &Stage) -> Browser {
    stage.staff(KITA, Role::Clerk).await;
    stage.browser(KITA, Role::Clerk).await
}

async fn found(clerk: &Browser, fields: &[(&str, &str)]) -> bool {
    clerk.post("/residents", "/residents", fields).await.text().contains("北野　花子")
}

#[tokio::test]
async fn a_child_is_found_however_it_is_asked_for() {
    let stage = stage().await;
    stage.add(KITA, Someone::born("2024-04-01")).await;
    let clerk = clerk(&stage).await;
    for asked in [
        ("kana", "キタノ"),
        ("kana", "きたの　はな"),
        ("kana", "ｷﾀﾉ"),
        ("birth", "R6.4.1"),
        ("birth", "令和6年4月1日"),
        ("birth", "20240401"),
        ("name", "北野"),
    ] {
        assert!(found(&clerk, &[asked]).await, "{asked:?}");
    }
    for asked in [("kana", "タナカ"), ("birth", "R6.3.31"), ("birth", "R6.4.2"), ("name", "%"), ("kana", "_")]
    {
        assert!(!found(&clerk, &[asked]).await, "{asked:?}");
    }
}

#[tokio::test]
async fn a_number_leads_straight_to_its_person_and_nowhere_else() {
    let stage = stage().await;
    let person = stage.add(KITA, Someone::born("2024-04-01")).await;
    let clerk = clerk(&stage).await;
    let page = clerk.post("/residents", "/residents", &[("number", "１００１")]).await;
    assert_eq!((page.status, page.location), (StatusCode::SEE_OTHER, format!("/residents/{person}")));
    let none = clerk.post("/residents", "/residents", &[("number", "1002")]).await;
    assert!(none.text().contains("該当する住民はいません"));
}

#[tokio::test]
async fn all_that_is_wrong_with_a_search_is_said_at_once_and_stays_typed() {
    let stage = stage().await;
    let clerk = clerk(&stage).await;
    let page =
        clerk.post("/residents", "/residents", &[("number", "12x"), ("birth", "令和6年2月30日")]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    let text = page.text();
    for said in ["宛名番号は数字だけで入力してください", "value=\"12x\"", "value=\"令和6年2月30日\""]
    {
        assert!(text.contains(said), "{said}");
    }
    let empty = clerk.post("/residents", "/residents", &[]).await;
    assert!(empty.text().contains("どれかを入力してください"));
}

#[tokio::test]
async fn people_who_left_are_found_only_when_asked_for() {
    let stage = stage().await;
    stage.add(KITA, Someone { class: 3, ..Someone::born("1940-01-01") }).await;
    let clerk = clerk(&stage).await;
    assert!(!found(&clerk, &[("kana", "キタノ")]).await);
    assert!(found(&clerk, &[("kana", "キタノ"), ("former", "on")]).await);
}

#[tokio::test]
async fn a_protected_address_is_on_no_page() {
    let stage = stage().await;
    let person = stage.add(KITA, Someone { protected: true, ..Someone::born("2024-04-01") }).await;
    let clerk = clerk(&stage).await;
    let list = clerk.post("/residents", "/residents", &[("kana", "キタノ")]).await.text();
    assert!(list.contains("支援措置") && !list.contains("王子本町一丁目"));
    for tab in ["", "/explain", "/household", "/sheets", "/facts", "/views"] {
        let page = clerk.get(&format!("/residents/{person}{tab}")).await;
        assert_eq!(page.status, StatusCode::OK, "{tab}");
        assert!(page.text().contains("支援措置"), "{tab}");
        assert!(!page.text().contains("王子本町一丁目"), "{tab}");
    }
}

#[tokio::test]
async fn who_looked_is_shown_with_the_look_itself() {
    let stage = stage().await;
    let person = stage.add(KITA, Someone::born("2024-04-01")).await;
    let clerk = clerk(&stage).await;
    assert!(!clerk.get(&format!("/residents/{person}/views")).await.text().contains("住民の閲覧"));
    clerk.get(&format!("/residents/{person}")).await;
    let views = clerk.get(&format!("/residents/{person}/views")).await.text();
    assert!(views.contains("住民の閲覧") && views.contains("事務担当者"));
}

#[tokio::test]
async fn the_timeline_and_its_reasons_follow_the_law_of_the_day() {
    let stage = stage().await;
    // 生後24月に至る日 is 2026-11-23 (the frozen day), 2026-11-22 for a child one day older.
    let last_day = stage.add(KITA, Someone::born("2024-11-24")).await;
    let day_after = stage.add(KITA, Someone::born("2024-11-23")).await;
    let clerk = clerk(&stage).await;
    let row = |text: &str| {
        let table = text.split_once("<h2 id=\"next\">").unwrap().1;
        table.split_once("麻しん風しん第1期").unwrap().1.split_once("</tr>").unwrap().0.to_owned()
    };
    let due = row(&clerk.get(&format!("/residents/{last_day}")).await.text());
    assert!(due.contains("接種可") && due.contains("2026年11月23日"), "{due}");
    let late = row(&clerk.get(&format!("/residents/{day_after}")).await.text());
    assert!(late.contains("期間超過"), "{late}");
}

#[tokio::test]
async fn a_disease_already_had_takes_a_child_out_and_its_withdrawal_brings_it_back() {
    let stage = stage().await;
    let person = stage.add(KITA, Someone::born("2025-06-01")).await;
    let clerk = clerk(&stage).await;
    let facts = format!("/residents/{person}/facts");
    let explain = async || clerk.get(&format!("/residents/{person}/explain")).await.text();
    let varicella =
        |text: String| text.split_once("水痘 <span").unwrap().1.split_once("</h2>").unwrap().0.to_owned();
    assert!(varicella(explain().await).contains("接種可"));

    let refused = clerk.post(&facts, &facts, &[("kind", "had_disease")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let noted =
        clerk.post(&facts, &facts, &[("kind", "had_disease"), ("had_disease_value", "varicella")]).await;
    assert_eq!(noted.status, StatusCode::SEE_OTHER);
    assert!(varicella(explain().await).contains("対象除外"));

    let page = clerk.get(&facts).await.text();
    let fact: Uuid = page.split_once("/facts/").unwrap().1.split_once('/').unwrap().0.parse().unwrap();
    let withdraw = format!("{facts}/{fact}/withdraw");
    let without_reason = clerk.post(&facts, &withdraw, &[]).await;
    assert!(without_reason.text().contains("取り消す理由を入力してください"));
    let reason = format!("reason-{fact}");
    let done = clerk.post(&facts, &withdraw, &[(reason.as_str(), "聞き違い")]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER);
    assert!(varicella(explain().await).contains("接種可"));
    assert!(clerk.get(&facts).await.text().contains("聞き違い"), "the withdrawn fact stays, with its reason");
}

#[tokio::test]
async fn another_municipalitys_person_is_a_person_nobody_knows() {
    let stage = stage().await;
    let stranger = stage.add(ITABASHI, Someone::born("2024-04-01")).await;
    let clerk = clerk(&stage).await;
    for tab in ["", "/explain", "/household", "/sheets", "/facts", "/views"] {
        let theirs = clerk.get(&format!("/residents/{stranger}{tab}")).await;
        let nobody = clerk.get(&format!("/residents/{}{tab}", Uuid::from_u128(1))).await;
        assert_eq!((theirs.status, nobody.status), (StatusCode::NOT_FOUND, StatusCode::NOT_FOUND), "{tab}");
    }
    assert!(!found(&clerk, &[("kana", "キタノ"), ("former", "on")]).await);
}
