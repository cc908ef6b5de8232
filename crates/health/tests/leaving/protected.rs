//! 支援措置対象者の印刷: one sheet, one person, one file.

use super::{Office, YES, office, words};
use crate::support::KITA;
use axum::http::StatusCode;
use domain::schedule::Vaccine;
use kit::Role;
use uuid::Uuid;

#[tokio::test]
async fn a_protected_persons_sheet_is_printed_alone_without_the_registered_address() {
    let Office { stage, clerk, approver, campaign } = office().await;
    let room = format!("/campaigns/{}/protected", campaign.campaign_id);
    let hidden: Uuid = stage.value("select resident_id from residents where address_protected").await;
    let form = format!("{room}/{hidden}");
    // Everybody else is none of this page's people.
    let other: Uuid =
        stage.value("select resident_id from residents where not address_protected limit 1").await;
    assert_eq!(clerk.get(&format!("{room}/{other}")).await.status, StatusCode::NOT_FOUND);
    let nowhere = [("hand_over", "mailing"), ("reason", "本人の希望")];
    let answer = clerk.post(&form, &form, &nowhere).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.text().contains("送付先が登録されていません"), "{}", answer.text());
    let early = clerk.post("/approvals", &format!("{form}/print"), &[]).await;
    assert!(early.text().contains("まだ申請されていません"), "{}", early.text());
    stage
        .change(hidden, "mailing_address = '大阪府大阪市北区中之島1-1', mailing_postal_code = '530-0005'")
        .await;
    let asked = clerk.post(&form, &form, &nowhere).await;
    assert_eq!(asked.status, StatusCode::SEE_OTHER, "{}", asked.text());
    assert_eq!(clerk.post("/approvals", &format!("{form}/print"), &[]).await.status, StatusCode::CONFLICT);
    let approval = asked.location.clone();
    approver.post(&approval, &format!("{approval}/protected-print"), &YES).await;
    let printed = clerk.post(&room, &format!("{form}/print"), &[]).await;
    assert_eq!(printed.status, StatusCode::SEE_OTHER, "{}", printed.text());
    let file = clerk.get(&format!("/campaigns/{}/files/2", campaign.campaign_id)).await;
    let text = words(&file.bytes);
    for there in ["取扱注意", "隠", "中之島", "530-0005"] {
        assert!(text.contains(there), "{there}: {text}");
    }
    assert!(!text.contains("隠町"), "{text}");
    // In no manifest, for no colleague, and not twice.
    let mut tx = kit::db::begin(&stage.app.kit.pool, KITA).await.unwrap();
    let manifest = health::sheets::sql::manifest(&mut tx, KITA, campaign.campaign_id).await.unwrap();
    assert_eq!(manifest.len(), 3);
    drop(tx);
    let again = clerk.post("/approvals", &format!("{form}/print"), &[]).await;
    assert!(again.text().contains("すでに印刷されています"), "{}", again.text());
    assert_eq!(stage.refusals("print_campaign").await, ["not_asked", "not_approved", "printed"]);
    let state: String = stage.value("select state from sheets where file_number = 2").await;
    assert_eq!(state, "printed");
    let colleague = kit::testing::staff::acting(&stage.app.kit, KITA, "clerk", "同僚", &[Role::Clerk]).await;
    assert_eq!(colleague.roles, [Role::Clerk]);
    sqlx::query("update protected_prints p set file_number = null")
        .execute(&stage.db.superuser_pool())
        .await
        .unwrap();
    let nobodys = clerk.get(&format!("/campaigns/{}/files/2", campaign.campaign_id)).await;
    assert_eq!(nobodys.status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn whoever_comes_to_the_counter_gets_a_sheet_with_no_address_at_all_and_nobody_who_is_vaccinated() {
    let Office { stage, clerk, approver, campaign } = office().await;
    let hidden: Uuid = stage.value("select resident_id from residents where address_protected").await;
    let form = format!("/campaigns/{}/protected/{hidden}", campaign.campaign_id);
    let asked = clerk.post(&form, &form, &[("hand_over", "counter"), ("reason", "本人が来庁する")]).await;
    approver.post(&asked.location, &format!("{}/protected-print", asked.location), &YES).await;
    stage.vaccinate(KITA, hidden, Vaccine::Mr, "2026-11-20").await;
    let late = clerk.post("/approvals", &format!("{form}/print"), &[]).await;
    assert!(late.text().contains("接種済みです"), "{}", late.text());
    sqlx::query("delete from vaccination_records").execute(&stage.db.superuser_pool()).await.unwrap();
    let printed = clerk.post("/approvals", &format!("{form}/print"), &[]).await;
    assert_eq!(printed.status, StatusCode::SEE_OTHER, "{}", printed.text());
    let text = words(&clerk.get(&format!("/campaigns/{}/files/2", campaign.campaign_id)).await.bytes);
    assert!(text.contains("窓口でお渡しします") && text.contains("記載を省略しています"), "{text}");
    assert!(!text.contains("隠町") && !text.contains("114-0022"), "{text}");
}

#[tokio::test]
async fn somebody_kept_back_at_the_printing_stays_on_the_page_is_asked_for_once_and_printed_once() {
    let stage = crate::support::stage().await;
    let ids = stage.children(KITA, 2).await;
    stage.letterhead(KITA).await;
    let (acting, second) = (stage.staff(KITA, Role::Clerk).await, stage.staff(KITA, Role::Approver).await);
    let order = stage.order(domain::schedule::Series::Mr1, domain::campaign::NoticeKind::Questionnaire);
    let campaign = stage.extract(&acting, &order).await;
    stage.release(&second, &campaign).await;
    stage.change(ids[0], "address_protected = true").await;
    stage.print(&acting, &campaign).await;
    let (clerk, approver) =
        (stage.browser(KITA, Role::Clerk).await, stage.browser(KITA, Role::Approver).await);
    let room = format!("/campaigns/{}/protected", campaign.campaign_id);
    let form = format!("{room}/{}", ids[0]);
    let counter = [("hand_over", "counter"), ("reason", "本人が来庁する")];
    let asked = clerk.post(&form, &form, &counter).await;
    approver.post(&asked.location, &format!("{}/protected-print", asked.location), &YES).await;
    // A second application would stand in the way of the approved one.
    let twice = clerk.post("/approvals", &form, &counter).await;
    assert_eq!(twice.status, StatusCode::CONFLICT);
    assert!(twice.text().contains("第1号で申請されています"), "{}", twice.text());
    assert!(!clerk.get(&room).await.text().contains("印刷を申請する"));
    assert_eq!(clerk.post(&room, &format!("{form}/print"), &[]).await.status, StatusCode::SEE_OTHER);
    let page = clerk.get(&room).await.text();
    assert!(page.contains("取扱注意のファイル") && !page.contains("印刷を申請する"), "{page}");
    let again = clerk.post("/approvals", &form, &counter).await;
    assert!(again.text().contains("すでに印刷されています"), "{}", again.text());
    let printed = clerk.post("/approvals", &format!("{form}/print"), &[]).await;
    assert!(printed.text().contains("すでに印刷されています"), "{}", printed.text());
    assert_eq!(stage.refusals("apply_protected_print").await, ["already_asked", "printed"]);
}

#[tokio::test]
async fn a_mailing_address_without_a_postal_code_is_said_before_anybody_approves() {
    let Office { stage, clerk, campaign, .. } = office().await;
    let hidden: Uuid = stage.value("select resident_id from residents where address_protected").await;
    stage.change(hidden, "mailing_address = '大阪府大阪市北区中之島1-1', mailing_postal_code = ''").await;
    let form = format!("/campaigns/{}/protected/{hidden}", campaign.campaign_id);
    let answer = clerk.post(&form, &form, &[("hand_over", "mailing"), ("reason", "本人の希望")]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.text().contains("郵便番号のある送付先"), "{}", answer.text());
}
