//! Print files disappear when they have done their work: never by one person alone, never more than was approved.

use super::{Office, YES, office};
use crate::support::{ITABASHI, KITA, Stage};
use axum::http::StatusCode;
use health::{campaigns::sql::Campaign, erasures, sheets::files};
use jiff::SignedDuration;
use kit::{Role, approvals::Kind};
use std::path::PathBuf;
use uuid::Uuid;

const WHY: [(&str, &str); 1] = [("reason", "発送が終わったため")];

fn room(campaign: &Campaign) -> String {
    format!("/campaigns/{}/erasure", campaign.campaign_id)
}

/// What lies in the folder of a campaign.
fn lying(stage: &Stage, campaign: &Campaign) -> Vec<PathBuf> {
    let folder = files::folder(&stage.app, KITA, campaign.campaign_id);
    let mut found: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.sort();
    found
}

#[tokio::test]
async fn a_second_person_approves_before_print_files_are_gone_and_what_was_sent_is_remembered() {
    let Office { stage, clerk, approver, campaign } = office().await;
    let (room, list) = (room(&campaign), format!("/campaigns/{}/files", campaign.campaign_id));
    let (erase, file) = (format!("{room}/erase"), format!("{list}/1"));
    let unsaid = clerk.post(&room, &room, &[("reason", " ")]).await;
    assert_eq!(unsaid.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(unsaid.text().contains("消去の理由を入力してください"), "{}", unsaid.text());
    let alone = clerk.post(&room, &erase, &[]).await;
    assert!(alone.text().contains("まだ承認されていません"), "{}", alone.text());
    let asked = clerk.post(&room, &room, &WHY).await;
    assert_eq!(asked.status, StatusCode::SEE_OTHER, "{}", asked.text());
    let twice = clerk.post(&list, &room, &WHY).await;
    assert!(twice.text().contains("すでに申請されています"), "{}", twice.text());
    // Whoever decides reads how much, and that it is early: the list was printed today.
    let read = approver.get(&asked.location).await.text();
    for there in ["1個", "3ページ", "最後の印刷から30日たっていません", "3枚"] {
        assert!(read.contains(there), "{there}: {read}");
    }
    assert_eq!(clerk.post(&list, &erase, &[]).await.status, StatusCode::CONFLICT);
    assert_eq!(lying(&stage, &campaign).len(), 1);
    approver.post(&asked.location, &format!("{}/print-erasure", asked.location), &YES).await;
    assert_eq!(clerk.get(&file).await.status, StatusCode::OK);
    let done = clerk.post(&room, &erase, &[]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text());
    // From the order on nobody gets it, though it lies there until the job has run.
    let gone = clerk.get(&file).await;
    assert_eq!(gone.status, StatusCode::CONFLICT);
    assert!(gone.text().contains("消去されました") && gone.text().contains("第1号"), "{}", gone.text());
    assert!(clerk.get(&list).await.text().contains("消去しています"));
    stage.work().await;
    assert!(lying(&stage, &campaign).is_empty());
    let shown = clerk.get(&list).await.text();
    assert!(shown.contains("消去済み") && shown.contains(&asked.location), "{shown}");
    let child: Uuid = stage.value("select resident_id from sheets where state = 'printed' limit 1").await;
    assert!(clerk.get(&format!("/residents/{child}/sheets")).await.text().contains(&campaign.title));
    assert_eq!(stage.refusals("erase_print").await, ["not_approved", "not_approved"]);
    assert_eq!(stage.refusals("apply_erasure").await, ["not_erasable"]);
    assert_eq!(stage.refusals("download_print").await, ["erased"]);
    let said: i64 = stage
        .value("select count(*) from audit_entries where action = 'erase_print' and outcome = 'done'")
        .await;
    assert_eq!(said, 2, "the order and its end");
    // Nothing is left to ask for, nor to do.
    assert!(clerk.get(&room).await.text().contains("消去できる印刷ファイルがありません"));
    assert_eq!(clerk.post(&list, &erase, &[]).await.status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn a_file_that_was_printed_after_the_application_is_not_what_was_approved() {
    let Office { stage, clerk, approver, campaign } = office().await;
    let (room, list) = (room(&campaign), format!("/campaigns/{}/files", campaign.campaign_id));
    let asked = clerk.post(&room, &room, &WHY).await;
    approver.post(&asked.location, &format!("{}/print-erasure", asked.location), &YES).await;
    let hidden: Uuid = stage.value("select resident_id from residents where address_protected").await;
    let form = format!("/campaigns/{}/protected/{hidden}", campaign.campaign_id);
    let other = clerk.post(&form, &form, &[("hand_over", "counter"), ("reason", "本人が来庁する")]).await;
    approver.post(&other.location, &format!("{}/protected-print", other.location), &YES).await;
    assert_eq!(clerk.post(&list, &format!("{form}/print"), &[]).await.status, StatusCode::SEE_OTHER);
    let late = clerk.post(&list, &format!("{room}/erase"), &[]).await;
    assert!(late.text().contains("内容が変わりました"), "{}", late.text());
    assert_eq!(lying(&stage, &campaign).len(), 2);
    // What nothing can come of any more is in nobody's way: both are asked for. It lapses after a week.
    let asked = clerk.post(&room, &room, &WHY).await;
    let read = approver.get(&asked.location).await.text();
    assert!(read.contains("2個") && read.contains("うち取扱注意"), "{read}");
    approver.post(&asked.location, &format!("{}/print-erasure", asked.location), &YES).await;
    stage.app.kit.clock.advance(Kind::PrintErasure.terms().valid_for + SignedDuration::from_secs(1));
    let clerk = stage.browser(KITA, Role::Clerk).await;
    let approver = stage.browser(KITA, Role::Approver).await;
    assert_eq!(clerk.post(&list, &format!("{room}/erase"), &[]).await.status, StatusCode::CONFLICT);
    let asked = clerk.post(&room, &room, &WHY).await;
    approver.post(&asked.location, &format!("{}/print-erasure", asked.location), &YES).await;
    assert_eq!(clerk.post(&room, &format!("{room}/erase"), &[]).await.status, StatusCode::SEE_OTHER);
    stage.work().await;
    assert!(lying(&stage, &campaign).is_empty());
    let protected = clerk.get(&format!("/campaigns/{}/protected", campaign.campaign_id)).await.text();
    assert!(protected.contains("ファイルは消去済み"), "{protected}");
}

#[tokio::test]
async fn an_erasure_that_was_cut_off_goes_on_and_a_backup_brings_nothing_back() {
    let Office { stage, clerk, approver, campaign } = office().await;
    let room = room(&campaign);
    let [file] = &lying(&stage, &campaign)[..] else { panic!("one file") };
    let kept = std::fs::read(file).unwrap();
    let asked = clerk.post(&room, &room, &WHY).await;
    approver.post(&asked.location, &format!("{}/print-erasure", asked.location), &YES).await;
    // What cannot be removed: a folder that somebody put in the file's place.
    std::fs::remove_file(file).unwrap();
    std::fs::create_dir(file).unwrap();
    clerk.post(&room, &format!("{room}/erase"), &[]).await;
    stage.work().await;
    let (state, message) = stage.job_message(KITA, campaign.campaign_id).await;
    assert_eq!(state, "failed");
    assert!(message.contains("印刷ファイルを消去できません"), "{message}");
    assert!(clerk.get(&room).await.text().contains("消去を続ける"));
    std::fs::remove_dir(file).unwrap();
    std::fs::write(file, &kept).unwrap();
    assert_eq!(clerk.post(&room, &format!("{room}/erase"), &[]).await.status, StatusCode::SEE_OTHER);
    stage.work().await;
    assert!(!file.exists());
    // As `sesshu restore` does it.
    std::fs::write(file, &kept).unwrap();
    let pool = stage.db.superuser_pool();
    let mut conn = pool.acquire().await.unwrap();
    assert_eq!(erasures::case::remove_again(&mut conn, &stage.app.files).await.unwrap(), 1);
    assert!(!file.exists());
    // A backup from before there were erasures has nothing to say.
    sqlx::query("drop table print_file_erasures").execute(&mut *conn).await.unwrap();
    assert_eq!(erasures::case::remove_again(&mut conn, &stage.app.files).await.unwrap(), 0);
}

#[tokio::test]
async fn neither_the_applicant_nor_a_neighbour_nor_a_colleague_erases_alone() {
    let Office { stage, clerk, approver, campaign } = office().await;
    let room = room(&campaign);
    let asked = clerk.post(&room, &room, &WHY).await;
    let own = clerk.post(&asked.location, &format!("{}/print-erasure", asked.location), &YES).await;
    assert_eq!(own.status, StatusCode::FORBIDDEN);
    approver.post(&asked.location, &format!("{}/print-erasure", asked.location), &YES).await;
    let colleague = kit::testing::staff::acting(&stage.app.kit, KITA, "other", "同僚", &[Role::Clerk]).await;
    let answer = erasures::case::erase(&stage.app, &colleague, campaign.campaign_id).await;
    assert!(answer.unwrap_err().to_string().contains("申請した人だけ"));
    assert_eq!(
        approver.post("/approvals", &format!("{room}/erase"), &[]).await.status,
        StatusCode::FORBIDDEN
    );
    stage.staff(ITABASHI, Role::Clerk).await;
    let neighbour = stage.browser(ITABASHI, Role::Clerk).await;
    assert_eq!(neighbour.get(&room).await.status, StatusCode::NOT_FOUND);
    for path in [room.clone(), format!("{room}/erase")] {
        assert_eq!(neighbour.post("/approvals", &path, &WHY).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(lying(&stage, &campaign).len(), 1);
}
