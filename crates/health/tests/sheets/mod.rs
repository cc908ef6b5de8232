//! Paper: nobody twice, nobody lost, nobody who must not be sent anything.

use crate::{
    support::{KITA, Stage, stage},
    ward::{Someone, day},
};
use axum::http::StatusCode;
use domain::{
    campaign::NoticeKind,
    ids::SheetNumber,
    schedule::{Series, Vaccine},
};
use health::{
    campaigns::{
        case::{self, Order},
        sql::{Campaign, State},
    },
    sheets::sql::SheetState,
};
use kit::{Acting, Role};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

async fn released(stage: &Stage, kind: NoticeKind) -> (Acting, Campaign) {
    stage.letterhead(KITA).await;
    let (clerk, approver) = (stage.staff(KITA, Role::Clerk).await, stage.staff(KITA, Role::Approver).await);
    let campaign = stage.extract(&clerk, &stage.order(Series::Mr1, kind)).await;
    stage.release(&approver, &campaign).await;
    (clerk, campaign)
}

#[tokio::test]
async fn a_released_list_becomes_checked_files_sorted_by_postal_code() {
    let stage = stage().await;
    let ids = stage.children(KITA, 7).await;
    let (clerk, campaign) = released(&stage, NoticeKind::Questionnaire).await;
    let printed = stage.print(&clerk, &campaign).await;
    let (state, message) = stage.job_message(KITA, campaign.campaign_id).await;
    assert_eq!((state.as_str(), printed.state), ("done", State::Printed), "{message}");
    let browser = stage.browser(KITA, Role::Clerk).await;
    let room = format!("/campaigns/{}", campaign.campaign_id);
    assert!(browser.get(&format!("{room}/files")).await.text().contains("7人分の用紙番号"));
    // The manifest has each sheet once, in the order of the post, and no names.
    let mut tx = kit::db::begin(&stage.app.kit.pool, KITA).await.unwrap();
    let rows = health::sheets::sql::manifest(&mut tx, KITA, campaign.campaign_id).await.unwrap();
    let manifest = String::from_utf8(health::sheets::files::manifest_csv(&rows).unwrap()).unwrap();
    drop(tx);
    let lines: Vec<Vec<&str>> = manifest.lines().skip(1).map(|line| line.split(',').collect()).collect();
    assert_eq!(lines.len(), 7);
    assert!(!manifest.contains("北野"));
    let postal: Vec<&str> = lines.iter().map(|line| line[4]).collect();
    assert!(postal.is_sorted(), "{postal:?}");
    let numbers: BTreeSet<&str> = lines.iter().map(|line| line[2]).collect();
    assert_eq!(numbers.len(), 7);
    // A scanned number leads to its person.
    let mut tx = kit::db::begin(&stage.app.kit.pool, KITA).await.unwrap();
    let number = SheetNumber::parse(lines[0][2]).unwrap();
    let sheet = health::sheets::sql::by_number(&mut tx, KITA, number).await.unwrap().unwrap();
    assert!(ids.contains(&sheet.resident_id));
    assert_eq!(
        (sheet.state, sheet.dose, sheet.valid_until),
        (SheetState::Printed, 1, Some(day("2027-08-09")))
    );
    // The file is a PDF and is handed out to clerks only; every taking is logged.
    let file = browser.get(&format!("{room}/files/1")).await;
    assert_eq!(file.status, StatusCode::OK);
    assert!(file.bytes.starts_with(b"%PDF"));
    let approver = stage.browser(KITA, Role::Approver).await;
    assert_eq!(approver.get(&format!("{room}/files/1")).await.status, StatusCode::FORBIDDEN);
    let logged: i64 = stage
        .value("select count(*) from audit_entries where action = 'download_print' and outcome = 'done'")
        .await;
    assert_eq!(logged, 1);
    // A file that was changed on disk is not handed out.
    let folder = health::sheets::files::folder(&stage.app, KITA, campaign.campaign_id);
    for entry in std::fs::read_dir(folder).unwrap() {
        std::fs::write(entry.unwrap().path(), b"%PDF-1.7 somebody else's").unwrap();
    }
    assert_eq!(browser.get(&format!("{room}/files/1")).await.status, StatusCode::INTERNAL_SERVER_ERROR);
}

#[tokio::test]
async fn whoever_died_moved_was_protected_or_vaccinated_since_is_not_printed() {
    let stage = stage().await;
    let ids = stage.children(KITA, 8).await;
    let (clerk, campaign) = released(&stage, NoticeKind::Questionnaire).await;
    stage.change(ids[0], "resident_class = 3, resident_until = '2026-11-22'").await;
    stage.change(ids[1], "resident_class = 2, resident_until = '2026-11-22'").await;
    stage.change(ids[2], "address_protected = true").await;
    stage.vaccinate(KITA, ids[3], Vaccine::Mr, "2026-11-23").await;
    stage.change(ids[4], "address = '赤羽一丁目1番1号'").await;
    stage.had_disease(KITA, ids[5], "measles").await;
    stage.had_disease(KITA, ids[5], "rubella").await;
    stage
        .change(ids[6], "mailing_address = '大阪府大阪市北区中之島1-1', mailing_postal_code = '530-0005'")
        .await;
    let printed = stage.print(&clerk, &campaign).await;
    assert_eq!(printed.state, State::Printed);
    let found = reasons(&stage).await;
    let expected = [
        (ids[0], "dead"),
        (ids[1], "moved_out"),
        (ids[2], "protected"),
        (ids[3], "vaccinated"),
        (ids[4], "address_changed"),
        (ids[5], "excluded"),
        (ids[6], "address_changed"),
        (ids[7], ""),
    ];
    assert_eq!(found, expected.into_iter().map(|(id, why)| (id, why.to_owned())).collect());
    let browser = stage.browser(KITA, Role::Clerk).await;
    let page = browser.get(&format!("/campaigns/{}/files", campaign.campaign_id)).await.text();
    assert!(page.contains("印刷しなかった方") && page.contains("支援措置"));
    // Whoever has only moved house is on the next list, with the new address.
    let next = stage.extract(&clerk, &stage.order(Series::Mr1, NoticeKind::Questionnaire)).await;
    assert_eq!(next.summary.included, 2);
}

/// Who has a sheet, and why it was kept back.
async fn reasons(stage: &Stage) -> BTreeMap<Uuid, String> {
    let rows: Vec<(Uuid, String)> = sqlx::query_as("select resident_id, withheld_reason from sheets")
        .fetch_all(&stage.db.superuser_pool())
        .await
        .unwrap();
    rows.into_iter().collect()
}

#[tokio::test]
async fn a_window_that_closed_since_the_freeze_keeps_the_sheet_back() {
    let stage = stage().await;
    // 24 months are reached on 2026-11-23: due today, not tomorrow.
    let last_day = stage.add(KITA, Someone::born("2024-11-24")).await;
    let (clerk, campaign) = released(&stage, NoticeKind::Questionnaire).await;
    stage.app.kit.clock.advance(jiff::SignedDuration::from_hours(24));
    stage.print(&clerk, &campaign).await;
    assert_eq!(reasons(&stage).await[&last_day], "expired");
}

#[tokio::test]
async fn a_character_without_a_glyph_is_named_and_the_sheet_kept_back() {
    let stage = stage().await;
    let odd = stage.add(KITA, Someone { name: "北野　\u{10FFFD}子", ..Someone::born("2025-08-10") }).await;
    let fine = stage.add(KITA, Someone::born("2025-08-11")).await;
    let (clerk, campaign) = released(&stage, NoticeKind::Questionnaire).await;
    stage.print(&clerk, &campaign).await;
    let found = reasons(&stage).await;
    assert_eq!((found[&odd].as_str(), found[&fine].as_str()), ("unprintable", ""));
    let note: String = stage.value("select withheld_note from sheets where state = 'withheld'").await;
    assert!(note.contains("U+10FFFD"), "{note}");
}

/// 1,200 people, three files: the program is killed after the first, and the next one takes the work up.
#[tokio::test]
async fn a_printing_that_was_cut_off_goes_on_with_nobody_twice_and_nobody_lost() {
    let stage = stage().await;
    let ids = stage.children(KITA, 1_200).await;
    let (clerk, campaign) = released(&stage, NoticeKind::Questionnaire).await;
    case::start_print(&stage.app, &clerk, campaign.campaign_id).await.unwrap();
    // A program of its own: when its runtime ends, its tasks and connections end in the middle of what they do.
    let killed = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    {
        let mut app = stage.app.clone();
        let _inside = killed.enter();
        app.kit.pool = sqlx::PgPool::connect_lazy(&stage.db.url).unwrap();
        killed.spawn(async move { health::worker(&app).run_all().await });
    }
    while stage.value::<i64>("select count(*) from print_files").await == 0 {
        let (state, message) = stage.job_message(KITA, campaign.campaign_id).await;
        assert_ne!(state, "failed", "{message}");
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    killed.shutdown_background();
    let folder = health::sheets::files::folder(&stage.app, KITA, campaign.campaign_id);
    std::fs::write(folder.join("MR1-0002-half.pdf.part"), b"%PDF half").unwrap();
    assert_eq!(stage.campaign(KITA, campaign.campaign_id).await.state, State::Printing);
    // The silent job is taken up by another worker.
    stage.app.kit.clock.advance(jiff::SignedDuration::from_secs(60));
    assert_eq!(health::worker(&stage.app).run_all().await.unwrap(), 1);
    everybody_has_one_sheet(&stage, &campaign, &ids).await;
}

/// A worker that was only slow, not dead, goes on beside the one that took its job over.
#[tokio::test]
async fn two_workers_on_one_printing_give_nobody_two_sheets() {
    let stage = stage().await;
    let ids = stage.children(KITA, 1_200).await;
    let (clerk, campaign) = released(&stage, NoticeKind::Questionnaire).await;
    case::start_print(&stage.app, &clerk, campaign.campaign_id).await.unwrap();
    let slow = health::worker(&stage.app);
    let slow = tokio::spawn(async move { slow.run_all().await });
    while stage.value::<i64>("select count(*) from print_files").await == 0 {
        tokio::task::yield_now().await;
    }
    stage.app.kit.clock.advance(jiff::SignedDuration::from_secs(60));
    health::worker(&stage.app).run_all().await.unwrap();
    slow.await.unwrap().unwrap();
    // Whichever lost stopped with an error and wrote nothing; the clerk orders the rest, if there is any.
    if stage.campaign(KITA, campaign.campaign_id).await.state != State::Printed {
        stage.print(&clerk, &campaign).await;
    }
    everybody_has_one_sheet(&stage, &campaign, &ids).await;
}

async fn everybody_has_one_sheet(stage: &Stage, campaign: &Campaign, ids: &[Uuid]) {
    assert_eq!(stage.campaign(KITA, campaign.campaign_id).await.state, State::Printed);
    let found = reasons(stage).await;
    assert_eq!(found.len(), ids.len());
    assert!(ids.iter().all(|id| found[id].is_empty()));
    let pages: i64 = stage.value("select sum(pages) from print_files").await;
    assert_eq!(pages, ids.len() as i64);
    let places: i64 = stage.value("select count(distinct (file_number, page_number)) from sheets").await;
    assert_eq!(places, ids.len() as i64);
    // On disk lies what the table names, and nothing else.
    let names: Vec<String> = sqlx::query_scalar("select file_name from print_files order by 1")
        .fetch_all(&stage.db.superuser_pool())
        .await
        .unwrap();
    let folder = health::sheets::files::folder(&stage.app, KITA, campaign.campaign_id);
    let mut on_disk: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    on_disk.sort();
    assert_eq!(on_disk, names);
    let browser = stage.browser(KITA, Role::Clerk).await;
    for number in 1..=names.len() {
        let file = browser.get(&format!("/campaigns/{}/files/{number}", campaign.campaign_id)).await;
        assert_eq!(file.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn nothing_is_printed_before_the_release() {
    let stage = stage().await;
    stage.children(KITA, 1).await;
    stage.letterhead(KITA).await;
    let clerk = stage.staff(KITA, Role::Clerk).await;
    let campaign = stage.extract(&clerk, &stage.order(Series::Mr1, NoticeKind::Questionnaire)).await;
    assert!(case::start_print(&stage.app, &clerk, campaign.campaign_id).await.is_err());
    // Not even when somebody adds the job by hand.
    let mut tx = kit::db::begin(&stage.app.kit.pool, KITA).await.unwrap();
    let job = kit::jobs::NewJob {
        kind: health::sheets::print::JOB,
        title: "印刷",
        subject_id: Some(campaign.campaign_id),
        payload: serde_json::json!({}),
    };
    kit::jobs::enqueue(&mut tx, &stage.app.kit, KITA, Some(clerk.staff_id), job).await.unwrap();
    tx.commit().await.unwrap();
    health::worker(&stage.app).run_all().await.unwrap();
    let (state, message) = stage.job_message(KITA, campaign.campaign_id).await;
    assert_eq!(state, "failed");
    assert!(message.contains("承認されていない"), "{message}");
    assert_eq!(stage.value::<i64>("select count(*) from sheets").await, 0);
}

#[tokio::test]
async fn a_reminder_reaches_the_unvaccinated_of_an_earlier_sending_once() {
    let stage = stage().await;
    let ids = stage.children(KITA, 3).await;
    let (clerk, sending) = released(&stage, NoticeKind::Questionnaire).await;
    stage.print(&clerk, &sending).await;
    stage.vaccinate(KITA, ids[0], Vaccine::Mr, "2026-11-23").await;
    // Came after the sending: due, but not of those who are reminded.
    stage.add(KITA, Someone::born("2025-08-01")).await;
    stage.arrived(KITA, "北区医師会", &["2026-10-01"]).await;
    let approver = {
        let mut other = clerk.clone();
        other.staff_id = stage.app.kit.ids.next();
        other.roles = vec![Role::Approver];
        other
    };
    let order =
        Order { follows: Some(sending.campaign_id), ..stage.order(Series::Mr1, NoticeKind::Reminder) };
    let reminder = stage.extract(&clerk, &order).await;
    assert_eq!(reminder.summary.included, 2);
    stage.release(&approver, &reminder).await;
    let printed = stage.print(&clerk, &reminder).await;
    assert_eq!(printed.state, State::Printed, "{:?}", stage.job_message(KITA, reminder.campaign_id).await);
    // Two sides a card.
    let pages: i64 = stage.value("select sum(pages) from print_files f join campaigns c using (campaign_id) where c.kind = 'reminder'").await;
    assert_eq!(pages, 4);
    // Nobody is reminded of the same dose again within the year; after it they are.
    let again = Order { campaign_id: stage.app.kit.ids.next(), ..order.clone() };
    assert_eq!(stage.extract(&clerk, &again).await.summary.included, 0);
    let later = Order {
        campaign_id: stage.app.kit.ids.next(),
        quiet_months: 1,
        base_date: day("2026-12-24"),
        ..order
    };
    assert_eq!(stage.extract(&clerk, &later).await.summary.included, 2);
}
