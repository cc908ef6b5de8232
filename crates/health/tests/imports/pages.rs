//! The clerk's way: hand a file over, watch, read, decide.

use super::builder::Residents;
use crate::{
    browser::{Browser, Page},
    support::{KITA, Stage, stage},
};
use axum::http::StatusCode;
use kit::Role;

const RECORDS: &str = include_str!("../../../../docs/formats/example-records.csv");

async fn clerk() -> (Stage, Browser) {
    let stage = stage().await;
    stage.staff(KITA, Role::Clerk).await;
    let browser = stage.browser(KITA, Role::Clerk).await;
    (stage, browser)
}

async fn hand_over(browser: &Browser, kind: &str, mode: &str, content: &str) -> Page {
    browser
        .upload("/imports", &[("kind", kind), ("mode", mode)], ("file", "週次.csv", content.as_bytes()))
        .await
}

async fn work(stage: &Stage) {
    health::worker(&stage.app).run_all().await.unwrap();
}

#[tokio::test]
async fn a_file_is_tried_looked_at_and_then_taken() {
    let (stage, browser) = clerk().await;
    let sent = hand_over(&browser, "residents", "trial", &Residents::example().text()).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text());
    let waiting = browser.get(&sent.location).await.text();
    assert!(waiting.contains("確認しています") && waiting.contains("/progress\""), "{waiting}");
    work(&stage).await;
    let tried = browser.get(&sent.location).await.text();
    assert!(tried.contains("試し取込みが終わりました") && tried.contains("この内容で取り込む"), "{tried}");
    assert_eq!(stage.value::<i64>("select count(*) from residents").await, 0);

    let taken = browser.post(&sent.location, &format!("{}/take", sent.location), &[]).await;
    assert_eq!(taken.status, StatusCode::SEE_OTHER);
    work(&stage).await;
    assert!(browser.get(&taken.location).await.text().contains("取り込みました"));
    assert_eq!(stage.value::<i64>("select count(*) from residents").await, 8);
    let kept = std::fs::read_dir(stage.app.files.join("imports/131172")).unwrap().count();
    assert_eq!(kept, 0, "no copy of the register is left behind");
    assert!(browser.get("/imports").await.text().contains("宛名管理情報（全件）"));
}

#[tokio::test]
async fn a_file_handed_over_twice_at_once_is_taken_once_and_the_second_is_told_so() {
    let (stage, browser) = clerk().await;
    let text = Residents::example().text();
    let [first, second] = [
        hand_over(&browser, "residents", "take", &text).await,
        hand_over(&browser, "residents", "take", &text).await,
    ];
    work(&stage).await;
    let pages = [browser.get(&first.location).await.text(), browser.get(&second.location).await.text()];
    assert_eq!(pages.iter().filter(|page| page.contains("取り込みました")).count(), 1, "{pages:?}");
    let told = "同じファイルを令和8年11月23日12時00分に取込み済みです";
    assert_eq!(pages.iter().filter(|page| page.contains(told)).count(), 1, "{pages:?}");
    let kept = std::fs::read_dir(stage.app.files.join("imports/131172")).unwrap().count();
    assert_eq!(kept, 0, "no copy is left behind");
}

#[tokio::test]
async fn a_refused_file_shows_every_fault_and_gives_the_sender_a_list() {
    let (stage, browser) = clerk().await;
    let file = Residents::with(0, "性別", "4").set(1, "生年月日", "2026-02-30");
    let sent = hand_over(&browser, "residents", "take", &file.text()).await;
    work(&stage).await;
    let page = browser.get(&sent.location).await.text();
    assert!(page.contains("取り込みませんでした") && page.contains("2月に30日はありません"), "{page}");
    let list = browser.get(&format!("{}/faults.csv", sent.location)).await.text();
    assert!(list.starts_with("\u{FEFF}行,重さ,項目,内容\r\n3,エラー,性別,"), "{list}");
}

#[tokio::test]
async fn what_is_missing_in_the_form_is_said_beside_its_field() {
    let (_stage, browser) = clerk().await;
    let page = browser.upload("/imports", &[("mode", "trial")], ("file", "", b"")).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    let text = page.text();
    assert!(
        text.contains("ファイルの種類を選択してください")
            && text.contains("取り込むファイルを選択してください")
    );
}

#[tokio::test]
async fn a_job_taken_up_after_a_kill_does_the_file_once() {
    let (stage, browser) = clerk().await;
    let sent = hand_over(&browser, "residents", "take", &Residents::example().text()).await;
    work(&stage).await;
    // As if the worker had died between the commit and the end of its job.
    sqlx::query("update jobs set state = 'running', heartbeat_at = now() - interval '9 years'")
        .execute(&stage.db.superuser_pool())
        .await
        .unwrap();
    work(&stage).await;
    assert_eq!(stage.value::<i64>("select count(*) from residents").await, 8);
    assert_eq!(stage.value::<i64>("select count(*) from feeds where state = 'applied'").await, 1);
    assert!(browser.get(&sent.location).await.text().contains("取り込みました"));
}

/// A ward with its records taken in: one row waits, a twin without number.
async fn with_a_twin_waiting() -> (Stage, Browser, String) {
    let (stage, browser) = clerk().await;
    hand_over(&browser, "residents", "take", &Residents::example().text()).await;
    work(&stage).await;
    hand_over(&browser, "records", "take", RECORDS).await;
    work(&stage).await;
    let item = stage.value::<uuid::Uuid>("select item_id from review_items").await;
    (stage, browser, format!("/imports/review/{item}"))
}

#[tokio::test]
async fn a_row_that_waits_is_recorded_for_the_twin_whom_the_clerk_names() {
    let (stage, browser, item) = with_a_twin_waiting().await;
    assert!(browser.get("/imports/review").await.text().contains("候補が複数"));
    let page = browser.get(&item).await.text();
    assert!(page.contains("髙橋　結翔") && page.contains("定期") && page.contains("違う"), "{page}");

    let empty = browser.post(&item, &format!("{item}/record"), &[]).await;
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        empty.text().contains("だれの記録かを選択してください")
            && empty.text().contains("確かめたことを入力してください")
    );

    let fields = [("whose", "other"), ("number", "100004"), ("explanation", "医療機関に電話で確認")];
    let decided = browser.post(&item, &format!("{item}/record"), &fields).await;
    assert_eq!((decided.status, decided.location.as_str()), (StatusCode::SEE_OTHER, "/imports/review"));
    let record: String = stage
        .value(
            "select p.name_kanji || '/' || v.series || '/' || v.is_teiki || '/' || v.explanation from vaccination_records v
             join residents p using (municipality_code, resident_id) where p.addressee_number = '000000000100004'",
        )
        .await;
    assert_eq!(record, "髙橋　結翔/DPT/true/医療機関に電話で確認");
    let again = browser.post("/imports", &format!("{item}/record"), &fields).await;
    assert_eq!(again.status, StatusCode::CONFLICT, "{}", again.text());
}

#[tokio::test]
async fn a_row_cannot_be_recorded_where_it_cannot_be_true() {
    let (stage, browser, item) = with_a_twin_waiting().await;
    let twin = [("whose", "other"), ("number", "000000000100003"), ("explanation", "x")];
    let page = browser.post(&item, &format!("{item}/record"), &twin).await.text();
    assert!(page.contains("同じ日に同じワクチンの記録がある人です"), "{page}");
    let newborn = [("whose", "other"), ("number", "000000000999999"), ("explanation", "x")];
    let page = browser.post(&item, &format!("{item}/record"), &newborn).await.text();
    assert!(page.contains("この宛名番号の人は台帳にいません"), "{page}");
    assert_eq!(stage.value::<i64>("select count(*) from review_items where state = 'open'").await, 1);
}

#[tokio::test]
async fn a_row_is_put_aside_with_the_reason() {
    let (stage, browser, item) = with_a_twin_waiting().await;
    let fields = [("reason", "送付元の誤り")];
    let page = browser.post(&item, &format!("{item}/reject"), &fields).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER);
    let state: String = stage.value("select state || '/' || decision_reason from review_items").await;
    assert_eq!(state, "rejected/送付元の誤り");
    assert!(browser.get(&item).await.text().contains("判断済みです"));
}

#[tokio::test]
async fn seeing_a_candidate_is_logged_as_seeing_a_person() {
    let (stage, browser, item) = with_a_twin_waiting().await;
    browser.get(&item).await;
    let seen: i64 = stage
        .value("select count(*) from audit_entries where action = 'decide_review' and outcome = 'viewed' and target_kind = 'resident'")
        .await;
    assert!(seen >= 2, "both twins stood on the page: {seen}");
}

#[tokio::test]
async fn the_arrivals_board_shows_who_has_sent_which_month() {
    let (_stage, browser, _) = with_a_twin_waiting().await;
    let page = browser.get("/imports/arrivals").await.text();
    assert!(page.contains("2026年10月") && page.contains("1311700020") && page.contains("なし"), "{page}");
}

#[tokio::test]
async fn who_may_not_import_is_refused_and_may_still_look() {
    let stage = stage().await;
    stage.staff(KITA, Role::Approver).await;
    let approver = stage.browser(KITA, Role::Approver).await;
    let page = approver.get("/imports").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(!page.text().contains("multipart"));
    let sent = approver
        .upload("/imports", &[("kind", "residents"), ("mode", "take")], ("file", "a.csv", b"x"))
        .await;
    assert_eq!(sent.status, StatusCode::FORBIDDEN);
    stage.staff(KITA, Role::IdManager).await;
    let manager = stage.browser(KITA, Role::IdManager).await;
    for path in ["/imports", "/imports/review", "/imports/arrivals"] {
        assert_eq!(manager.get(path).await.status, StatusCode::FORBIDDEN, "{path}");
    }
}
