//! What cannot be true is refused; what is irregular asks for an explanation; what is odd is shown.

use super::paper::{FORMER_CLINIC, Typed};
use crate::{
    browser::Browser,
    support::{KITA, Stage, stage},
    ward::{Someone, day},
};
use domain::schedule::{Series, Vaccine};
use kit::Role;
use uuid::Uuid;

async fn desk() -> (Stage, Browser) {
    let stage = stage().await;
    stage.staff(KITA, Role::Clerk).await;
    stage.clinics(KITA).await;
    let clerk = stage.browser(KITA, Role::Clerk).await;
    (stage, clerk)
}

async fn records(stage: &Stage) -> i64 {
    stage.value("select count(*) from vaccination_records where source = 'screen' and version = 1 and recorded_by is not null").await
}

/// Typed, confirmed and sent: neither page lets it through.
async fn is_refused(clerk: &Browser, typed: &Typed, sentence: &str) {
    let confirm = clerk.confirm(typed).await;
    assert_eq!(confirm.status, 422, "{sentence}");
    assert!(confirm.text().contains(sentence), "{sentence} in {}", confirm.text());
    let key = "0198c000-0000-7000-8000-000000000001";
    let kept = clerk.post("/records", "/records", &typed.clone().with("key", key).fields()).await;
    assert_eq!(kept.status, 422, "{sentence}");
    assert!(kept.text().contains(sentence), "{sentence}");
}

#[tokio::test]
async fn what_cannot_be_true_is_refused_on_both_pages() {
    let (stage, clerk) = desk().await;
    let child = stage.add(KITA, Someone::born("2025-08-10")).await;
    let of_child = |on: &str| Typed::of_person(child, "MR", on).with("explanation", "医療機関に確認しました");

    assert_eq!(clerk.confirm(&of_child("2026-11-23")).await.status, 200, "today");
    is_refused(&clerk, &of_child("2026-11-24"), "接種日は今日以前の日付を入力してください").await;
    is_refused(&clerk, &of_child("2025-08-09"), "接種日は生年月日以後の日付を入力してください").await;
    assert_eq!(clerk.confirm(&of_child("2025-08-10")).await.status, 200, "the day of birth");

    let dead = Someone { class: 3, resident_until: Some(day("2026-10-31")), ..Someone::born("1950-01-01") };
    let dead = stage.add(KITA, dead).await;
    let of_dead = |on: &str| Typed::of_person(dead, "PCV20A", on);
    assert_eq!(clerk.confirm(&of_dead("2026-10-31")).await.status, 200, "the day of death");
    is_refused(&clerk, &of_dead("2026-11-01"), "接種日は死亡日").await;

    stage.vaccinate(KITA, child, Vaccine::Mr, "2026-10-01").await;
    is_refused(&clerk, &of_child("2026-10-01"), "同じ日の麻しん風しん混合は登録済みです").await;
    assert_eq!(clerk.confirm(&of_child("2026-10-02")).await.status, 200, "another day");
    assert_eq!(records(&stage).await, 0);
    let logged: i64 = stage
        .value("select count(*) from audit_entries where action = 'register_record' and outcome = 'refused'")
        .await;
    assert_eq!(logged, 4);
}

/// The second dose of HEPB comes 27 days or more after the first (実施規則21条).
async fn second_dose(stage: &Stage, on: &str) -> (Uuid, Typed) {
    let child = stage.add(KITA, Someone::born("2026-05-10")).await;
    stage.vaccinate(KITA, child, Vaccine::HepB, "2026-07-10").await;
    let paper = stage.paper(KITA, child, (Series::HepB, 2)).await;
    (child, Typed::from_sheet(paper, "HEPB", on))
}

#[tokio::test]
async fn the_interval_is_judged_on_the_day_before_the_day_and_the_day_after() {
    let (stage, clerk) = desk().await;
    let (_, early) = second_dose(&stage, "2026-08-06").await;
    let text = clerk.confirm(&early).await.text();
    assert!(text.contains("間隔が足りません") && text.contains("予防接種実施規則"), "{text}");
    assert!(text.contains("規則に合わない接種です"), "an explanation is asked for");
    for on in ["2026-08-07", "2026-08-08"] {
        let (_, typed) = second_dose(&stage, on).await;
        let text = clerk.confirm(&typed).await.text();
        assert!(!text.contains("間隔が足りません"), "{on}");
        clerk.record(&typed).await;
    }
}

#[tokio::test]
async fn the_irregular_is_kept_with_an_explanation_only() {
    let (stage, clerk) = desk().await;
    let (_, typed) = second_dose(&stage, "2026-08-06").await;
    let confirm = clerk.confirm(&typed).await;
    assert_eq!(confirm.status, 200);
    for explanation in ["", "四文字だ", "　　　　　　"] {
        let page = clerk.keep(&typed.clone().with("explanation", explanation), &confirm).await;
        assert_eq!(page.status, 422, "「{explanation}」");
        assert!(page.text().contains("特別の事情を5文字以上で入力してください"));
    }
    assert_eq!(records(&stage).await, 0);
    let typed = typed.with("explanation", "五文字です");
    let kept = clerk.keep(&typed, &confirm).await;
    assert_eq!(kept.status, 303, "the key serves again: nothing had been kept. {}", kept.text());
    let row: String = stage
        .value(
            "select concat_ws(' ', is_teiki, findings->0->>'code', findings->0->>'severity', explanation) from vaccination_records
             where recorded_by is not null",
        )
        .await;
    assert_eq!(row, "f E_INTERVAL error 五文字です");
    let record = kept.location.rsplit('=').next().unwrap().to_owned();
    let page = clerk.get(&format!("/records/{record}")).await.text();
    assert!(page.contains("間隔が足りません") && page.contains("五文字です") && page.contains("第1版"));
}

#[tokio::test]
async fn every_broken_rule_is_shown_at_once() {
    let (stage, clerk) = desk().await;
    let (_, typed) = second_dose(&stage, "2026-08-06").await;
    let typed = typed.with("volume", "0.5").with("expires", "2026-08-05").with("clinic", FORMER_CLINIC);
    let text = clerk.confirm(&typed).await.text();
    for sentence in [
        "間隔が足りません",
        "この年齢の接種量は0.25mL",
        "ロットの有効期限",
        "契約のある医療機関ではありません",
    ] {
        assert!(text.contains(sentence), "{sentence} in {text}");
    }
    // Another vaccine than the sheet was sent for.
    let text = clerk.confirm(&typed.with("vaccine", "BCG")).await.text();
    assert!(text.contains("予診票はB型肝炎のものですが、ワクチンはBCGです"), "{text}");
}

#[tokio::test]
async fn who_was_no_resident_on_the_day_needs_an_explanation_and_a_visit_without_dose_counts_for_nothing() {
    let (stage, clerk) = desk().await;
    let gone = Someone { class: 2, resident_until: Some(day("2026-11-10")), ..Someone::born("2025-08-10") };
    let gone = stage.add(KITA, gone).await;
    for (on, asks) in [("2026-11-09", false), ("2026-11-10", false), ("2026-11-11", true)] {
        for judgement in ["given", "screening_only"] {
            let typed = Typed::of_person(gone, "MR", on).with("judgement", judgement);
            let text = clerk.confirm(&typed).await.text();
            assert_eq!(text.contains("規則に合わない接種です"), asks, "{on} {judgement}");
        }
    }
    let paper = stage.paper(KITA, gone, (Series::Mr1, 1)).await;
    let typed =
        Typed::from_sheet(paper, "MR", "2026-11-01").with("judgement", "screening_only").with("lot", "");
    clerk.record(&typed).await;
    let row: String = stage
        .value("select concat_ws(' ', judgement, series, dose_number, is_teiki, lot_number = '', volume_centi_ml is null) from vaccination_records")
        .await;
    assert_eq!(row, "screening_only MR1 0 f t t");
    // The dose itself may still follow on the same day.
    let dose = Typed::of_person(gone, "MR", "2026-11-01");
    assert!(clerk.confirm(&dose).await.text().contains("麻しん風しん第1期 1回目"));
}

#[tokio::test]
async fn a_voluntary_dose_outside_the_age_is_no_irregularity_and_never_counts_as_routine() {
    let (stage, clerk) = desk().await;
    let adult = stage.add(KITA, Someone::born("1990-08-10")).await;
    let typed = Typed::of_person(adult, "MR", "2026-11-01");
    assert!(clerk.confirm(&typed).await.text().contains("規則に合わない接種です"));
    let typed = typed.with("basis", "2");
    assert!(!clerk.confirm(&typed).await.text().contains("規則に合わない接種です"));
    clerk.record(&typed).await;
    assert!(!stage.value::<bool>("select is_teiki from vaccination_records").await);
}
