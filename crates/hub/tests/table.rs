//! The table of duties and rights: printed, signed, and asked to be signed again after a change; and contractors.

use crate::support::{KITA, PASSWORD, stage};
use axum::http::{StatusCode, header};
use jiff::SignedDuration;
use kit::{Role, session::CHECK_EVERY};

#[tokio::test]
async fn whoever_answers_for_the_rights_signs_the_version_in_force_and_hears_of_a_change() {
    let stage = stage().await;
    stage.account(KITA, Role::Chief).await;
    stage.account(KITA, Role::Clerk).await;
    let (chief, clerk) = (stage.browser(KITA, Role::Chief).await, stage.browser(KITA, Role::Clerk).await);
    assert!(!stage.get(&clerk, "/").await.text.contains("署名が必要です"));
    assert!(stage.get(&chief, "/").await.text.contains("対応表への署名が必要です"));
    let version = stage.get(&chief, "/rights/table").await.field("version");
    let stale = stage.post(&chief, "/rights/table", "/rights/table/sign", &[("version", "0")]).await;
    assert_eq!(stale.status, StatusCode::CONFLICT);
    for _ in 0..2 {
        let fields = [("version", version.as_str())];
        let signed = stage.post(&chief, "/", "/rights/table/sign", &fields).await;
        assert_eq!(signed.status, StatusCode::SEE_OTHER);
    }
    assert!(!stage.get(&chief, "/").await.text.contains("署名が必要です"));
    let kept =
        stage.value::<String>("select string_agg(role || ' ' || version, ',') from table_signatures").await;
    assert_eq!(kept, format!("chief {}", kit::rights::version()));
    // An upgrade that changes a cell: what was signed is another version.
    let pool = stage.db.superuser_pool();
    let other = "update table_signatures set version = repeat('0', 64)";
    sqlx::query(other).execute(&pool).await.unwrap();
    let home = stage.get(&chief, "/").await.text;
    assert!(home.contains("対応表が変わりました。署名が必要です"), "{home}");
    assert!(stage.get(&chief, "/rights/table").await.text.contains("前の版"));
}

#[tokio::test]
async fn the_table_is_a_pdf_to_sign_on_paper() {
    let stage = stage().await;
    stage.account(KITA, Role::IdManager).await;
    let manager = stage.browser(KITA, Role::IdManager).await;
    let answer = stage.get(&manager, "/rights/table.pdf").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header(header::CONTENT_TYPE), "application/pdf");
    assert!(answer.text.starts_with("%PDF-"));
}

#[tokio::test]
async fn a_contractors_account_ends_with_the_contract_though_nobody_acts() {
    let stage = stage().await;
    stage.member(KITA, ("manager", "保健予防課"), &[Role::IdManager]).await;
    let manager = stage.sign_in(KITA, "manager", PASSWORD).await.cookie();
    let of = "select section_id::text || ' ' || staff_id::text from sections, staff";
    let ids = stage.value::<String>(of).await;
    let (section, supervisor) = ids.split_once(' ').unwrap();
    let mut form = vec![
        ("login", "entry01"),
        ("name", "入力 一郎"),
        ("section", section),
        ("company", "株式会社入力"),
        ("until_on", "2026-11-22"),
        ("supervisor", supervisor),
        ("consent", ""),
    ];
    let past = stage.post(&manager, "/contractors", "/contractors", &form).await;
    assert_eq!(past.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(past.text.contains("契約の終了日は今日以後の日付を入力してください"));
    form[4].1 = "";
    let none = stage.post(&manager, "/contractors", "/contractors", &form).await;
    assert_eq!(none.status, StatusCode::UNPROCESSABLE_ENTITY);
    form[4].1 = "2026-11-23";
    let added = stage.post(&manager, "/contractors", "/contractors", &form).await;
    assert_eq!(added.status, StatusCode::OK, "{}", added.text);
    assert!(added.text.contains("あと1日"), "{}", added.text);
    assert!(added.text.contains("登録コード: "), "{}", added.text);
    let theirs = "select staff_id from staff where login = 'entry01'";
    stage.give_password(KITA, stage.value(theirs).await).await;
    let signed_in = stage.sign_in(KITA, "entry01", PASSWORD).await;
    assert_eq!(signed_in.status, StatusCode::SEE_OTHER, "{}", signed_in.text);
    let theirs = signed_in.cookie();
    assert!(stage.is_in(&theirs).await);
    // Twelve hours from noon is midnight; used every ten minutes, so that only the day can end it.
    for _ in 0..71 {
        stage.app.kit.clock.advance(SignedDuration::from_mins(10));
        assert!(stage.is_in(&theirs).await);
    }
    stage.app.kit.clock.advance(SignedDuration::from_mins(10) - CHECK_EVERY);
    assert!(stage.is_in(&theirs).await, "just before midnight");
    stage.app.kit.clock.advance(CHECK_EVERY);
    assert!(!stage.is_in(&theirs).await, "the day after");
    let late = stage.sign_in(KITA, "entry01", PASSWORD).await;
    assert_eq!(late.status, StatusCode::UNPROCESSABLE_ENTITY);
}
