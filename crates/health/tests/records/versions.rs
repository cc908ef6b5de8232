//! Corrections and withdrawals: versions with who, when and why.

use super::paper::{Paper, Typed};
use crate::{
    browser::Browser,
    support::{KITA, Stage, stage},
    ward::Someone,
};
use domain::schedule::{Series, Vaccine};
use kit::Role;

/// A child with a record from a sheet.
async fn recorded() -> (Stage, Browser, Paper, String) {
    let stage = stage().await;
    stage.staff(KITA, Role::Clerk).await;
    stage.clinics(KITA).await;
    let child = stage.add(KITA, Someone::born("2025-08-10")).await;
    let paper = stage.paper(KITA, child, (Series::Mr1, 1)).await;
    let clerk = stage.browser(KITA, Role::Clerk).await;
    let record = clerk.record(&Typed::from_sheet(paper, "MR", "2026-11-20")).await;
    (stage, clerk, paper, record)
}

#[tokio::test]
async fn a_correction_is_a_new_version_with_its_reason() {
    let (stage, clerk, _, record) = recorded().await;
    let form = clerk.get(&format!("/records/{record}/correct")).await;
    assert_eq!(form.field("version"), "1");
    assert!(form.text().contains("value=\"R8.11.20\""), "the form begins with what is recorded");

    let typed = Typed::of_record(&record, "1", "MR", "2026-11-19").with("lot", "AB124");
    let without = clerk.confirm(&typed.clone().with("change_reason", "")).await;
    assert!(without.text().contains("訂正の理由を入力してください"));
    let confirm = clerk.confirm(&typed).await;
    let text = confirm.text();
    assert!(text.contains("<del>AB123</del>") && text.contains("<ins>AB124</ins>"), "{text}");
    let kept = clerk.keep(&typed, &confirm).await;
    assert_eq!(kept.location, format!("/records/{record}?done={record}"));
    let page = clerk.get(&kept.location).await.text();
    for shown in [
        "接種記録を訂正しました",
        "第2版",
        "第1版",
        "接種日の読み違い",
        "ロット番号：AB123→AB124",
        "事務担当者",
    ] {
        assert!(page.contains(shown), "{shown} in {page}");
    }
    let rows: String = stage
        .value("select string_agg(concat_ws(' ', version, state, vaccinated_on, lot_number), ', ' order by version) from vaccination_records")
        .await;
    assert_eq!(rows, "1 superseded 2026-11-20 AB123, 2 current 2026-11-19 AB124");
    assert_eq!(stage.value::<String>("select state from sheets").await, "used");
}

#[tokio::test]
async fn of_two_clerks_who_correct_at_once_the_slower_loses_nothing_she_typed() {
    let (stage, clerk, _, record) = recorded().await;
    let slow = stage.browser(KITA, Role::Clerk).await;
    let typed = Typed::of_record(&record, "1", "MR", "2026-11-18").with("doctor", "遅い　人");
    let seen = slow.confirm(&typed).await;
    clerk.record(&Typed::of_record(&record, "1", "MR", "2026-11-19")).await;

    let late = slow.keep(&typed, &seen).await;
    assert_eq!(late.status, 409);
    let text = late.text();
    assert!(text.contains("ほかの職員が先にこの記録を訂正し、第2版になりました"), "{text}");
    assert!(text.contains("value=\"遅い　人\"") && text.contains("value=\"2026-11-18\""));
    assert_eq!(late.field("version"), "2", "the next attempt is against what holds now");
    let held: String =
        stage.value("select vaccinated_on::text from vaccination_records where state = 'current'").await;
    assert_eq!(held, "2026-11-19");
    slow.record(&Typed::of_record(&record, "2", "MR", "2026-11-18")).await;
    assert_eq!(stage.value::<i64>("select count(*) from vaccination_records").await, 3);
}

#[tokio::test]
async fn a_withdrawal_says_why_and_frees_the_sheet() {
    let (stage, clerk, paper, record) = recorded().await;
    let short = clerk.withdraw(&record, "誤り").await;
    assert_eq!(short.status, 422);
    assert!(short.text().contains("取り消す理由を5文字以上で入力してください"));
    let done = clerk.withdraw(&record, "別の方の予診票だった").await;
    assert_eq!(done.status, 303, "{}", done.text());
    let page = clerk.get(&done.location).await.text();
    for shown in ["接種記録を取り消しました", "別の方の予診票だった", "取消し"] {
        assert!(page.contains(shown), "{shown}");
    }
    assert!(!page.contains("訂正する"), "a withdrawn record is not corrected");
    assert_eq!(clerk.get(&format!("/records/{record}/correct")).await.status, 409);
    assert_eq!(stage.value::<String>("select state from sheets").await, "printed");
    // The sheet, and the same day, can be recorded again.
    clerk.record(&Typed::from_sheet(paper, "MR", "2026-11-20")).await;
    assert_eq!(stage.value::<String>("select state from sheets").await, "used");
}

#[tokio::test]
async fn the_numbers_of_the_other_doses_follow_every_change() {
    let (stage, clerk, _, _) = recorded().await;
    let child = stage.add(KITA, Someone::born("2025-08-10")).await;
    let numbers = async || -> String {
        stage
            .value(
                "select string_agg(concat_ws(':', vaccinated_on, dose_number), ' ' order by vaccinated_on) from vaccination_records
                 where state = 'current' and vaccine = 'HEPB'",
            )
            .await
    };
    clerk.record(&Typed::of_person(child, "HEPB", "2025-12-10")).await;
    let early = clerk.record(&Typed::of_person(child, "HEPB", "2025-11-01")).await;
    assert_eq!(numbers().await, "2025-11-01:1 2025-12-10:2");
    let moved = Typed::of_record(&early, "1", "HEPB", "2026-01-20");
    clerk.record(&moved).await;
    assert_eq!(numbers().await, "2025-12-10:1 2026-01-20:2");
    clerk.withdraw(&early, "二重の登録だった").await;
    assert_eq!(numbers().await, "2025-12-10:1");
}

#[tokio::test]
async fn rebuilding_the_verdicts_changes_nothing_and_repairs_what_was_stale() {
    let (stage, clerk, _, _) = recorded().await;
    let child = stage.add(KITA, Someone::born("2026-05-10")).await;
    let paper = stage.paper(KITA, child, (Series::HepB, 1)).await;
    let typed = Typed::from_sheet(paper, "HEPB", "2026-07-10").with("clinic", super::paper::FORMER_CLINIC);
    clerk.record(&typed).await;
    let again = Typed::of_person(child, "HEPB", "2026-07-20").with("explanation", "医療機関に確認しました");
    clerk.record(&again).await;
    let dump = async || -> String {
        stage
            .value(
                "select string_agg(v::text, e'\\n' order by record_id, version) from vaccination_records v",
            )
            .await
    };
    let before = dump().await;
    assert!(before.contains("W_CLINIC_CONTRACT") && before.contains("E_INTERVAL"), "{before}");
    let operator = kit::staff::operator(&stage.app.kit, KITA).await.unwrap();
    assert_eq!(health::records::rebuild_all(&stage.app, &operator).await.unwrap(), 0);
    assert_eq!(dump().await, before);

    // A row that came past the screen has no verdict worth the name.
    stage.vaccinate(KITA, child, Vaccine::Bcg, "2026-09-10").await;
    assert_eq!(health::records::rebuild_all(&stage.app, &operator).await.unwrap(), 1);
    let logged: i64 = stage
        .value("select count(*) from audit_entries where action = 'rebuild_verdicts' and outcome = 'done'")
        .await;
    assert_eq!(logged, 2);
    let series: String = stage.value("select series from vaccination_records where vaccine = 'BCG'").await;
    assert_eq!(series, "BCG");
}
