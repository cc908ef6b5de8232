use crate::{
    support::{KITA, Stage, stage},
    ward::{Someone, day},
};
use domain::{
    campaign::NoticeKind,
    schedule::{Series, Vaccine},
};
use health::campaigns::{
    case::{self, Release},
    sql::{Part, State},
    summary,
};
use kit::{Failure, Role};
use std::collections::BTreeMap;

#[tokio::test]
async fn everybody_due_is_on_the_list_and_everybody_near_has_a_reason() {
    let stage = stage().await;
    let due = || Someone::born("2025-08-10");
    let people = vec![
        due(),
        Someone { class: 3, resident_until: Some(day("2026-10-01")), ..due() },
        Someone { class: 2, resident_until: Some(day("2026-10-01")), ..due() },
        Someone { class: 9, ..due() },
        Someone { resident_from: Some(day("2026-12-01")), ..due() },
        Someone { protected: true, ..due() },
        Someone { birth_date_unknown: 1, ..due() },
        Someone { postal_code: String::new(), ..due() },
        // Vaccinated and had the disease: below.
        due(),
        due(),
        // The window is closed at both ends: 12 months are reached on the eve.
        Someone::born("2025-11-24"),
        Someone::born("2025-11-25"),
        Someone::born("2024-11-24"),
        Someone::born("2024-11-23"),
        // Far away: not listed.
        Someone::born("2018-05-01"),
        Someone::born("1980-05-01"),
        Someone { class: 4, resident_until: Some(day("2026-10-01")), ..due() },
    ];
    let ids = stage.add_all(KITA, people).await;
    stage.vaccinate(KITA, ids[8], Vaccine::Mr, "2026-09-01").await;
    stage.had_disease(KITA, ids[9], "measles").await;
    stage.had_disease(KITA, ids[9], "rubella").await;
    let clerk = stage.staff(KITA, Role::Clerk).await;
    let campaign = stage.extract(&clerk, &stage.order(Series::Mr1, NoticeKind::Questionnaire)).await;
    assert_eq!(campaign.state, State::Frozen);
    let mut found: BTreeMap<usize, String> = BTreeMap::new();
    for part in [Part::Included, Part::Excluded(None)] {
        for row in stage.people(KITA, &campaign, part).await {
            let index = ids.iter().position(|id| *id == row.resident_id).unwrap();
            found.insert(index, row.exclusion.map_or("included", |why| why.code()).to_owned());
            assert!(!row.reason_ja.is_empty(), "{row:?}");
            assert_eq!(
                row.included,
                !row.address.is_empty(),
                "only whoever gets a letter has an address in the list"
            );
        }
    }
    let expected = [
        "included",
        "dead",
        "moved_out",
        "unregistered",
        "not_resident",
        "protected",
        "unknown_birth_date",
        "no_address",
        "vaccinated",
        "excluded",
        "included",
        "not_yet",
        "included",
        "expired",
    ];
    let mut expected: BTreeMap<usize, String> =
        expected.iter().map(|code| (*code).to_owned()).enumerate().collect();
    expected.insert(16, "struck".to_owned());
    assert_eq!(found, expected);
    assert_eq!(campaign.summary.included, 3);
    assert_eq!(campaign.summary.excluded_total(), 12);
}

#[tokio::test]
async fn a_list_differs_from_the_last_one_by_people_with_reasons() {
    let stage = stage().await;
    let ids = stage.children(KITA, 4).await;
    let clerk = stage.staff(KITA, Role::Clerk).await;
    let order = stage.order(Series::Mr1, NoticeKind::Questionnaire);
    let first = stage.extract(&clerk, &order).await;
    assert_eq!(first.summary.previous, None);
    stage.vaccinate(KITA, ids[0], Vaccine::Mr, "2026-11-20").await;
    stage.change(ids[1], "resident_class = 3").await;
    let newcomer = stage.add(KITA, Someone::born("2025-09-01")).await;
    let second = stage.extract(&clerk, &stage.order(Series::Mr1, NoticeKind::Questionnaire)).await;
    assert_eq!(second.previous_id, Some(first.campaign_id));
    let difference = second.summary.previous.clone().unwrap();
    assert_eq!((difference.before, difference.stayed, difference.added), (4, 2, 1));
    let gone: Vec<_> = difference.gone.iter().map(|count| (count.code.as_str(), count.count)).collect();
    assert_eq!(gone, [("dead", 1), ("vaccinated", 1)]);
    assert!(difference.is_large(), "three changes in a list of four");
    let added = stage.people(KITA, &second, Part::Added).await;
    assert_eq!(added.iter().map(|row| row.resident_id).collect::<Vec<_>>(), [newcomer]);
    let gone = stage.people(KITA, &second, Part::Gone).await;
    assert_eq!(gone.len(), 2);
    assert!(gone.iter().all(|row| row.exclusion.is_some()), "{gone:?}");
}

#[tokio::test]
async fn a_released_sheet_is_not_sent_again_by_the_next_list() {
    let stage = stage().await;
    stage.children(KITA, 2).await;
    let (clerk, approver) = (stage.staff(KITA, Role::Clerk).await, stage.staff(KITA, Role::Approver).await);
    let order = stage.order(Series::Mr1, NoticeKind::Questionnaire);
    let first = stage.extract(&clerk, &order).await;
    stage.release(&approver, &first).await;
    let second = stage.extract(&clerk, &stage.order(Series::Mr1, NoticeKind::Questionnaire)).await;
    assert_eq!(second.summary.included, 0);
    assert_eq!(second.summary.excluded[0].code, "already_sent");
    // Another programme is another sheet.
    let other = stage.extract(&clerk, &stage.order(Series::Var, NoticeKind::Questionnaire)).await;
    assert_eq!(other.summary.included, 2);
    // And so is the release of an empty list: nobody needs it.
    let refused = case::release(&stage.app, &approver, second.campaign_id, Some(0), false).await;
    assert!(matches!(refused, Err(Failure::Conflict(_))), "{refused:?}");
}

#[tokio::test]
async fn two_persons_release_a_list() {
    let stage = stage().await;
    stage.children(KITA, 3).await;
    let (clerk, approver) = (stage.staff(KITA, Role::Clerk).await, stage.staff(KITA, Role::Approver).await);
    let campaign = stage.extract(&clerk, &stage.order(Series::Mr1, NoticeKind::Questionnaire)).await;
    let id = campaign.campaign_id;
    // A clerk may not release at all.
    assert!(matches!(case::release(&stage.app, &clerk, id, Some(3), false).await, Err(Failure::Refused(_))));
    // Somebody with both roles may not release what they made themselves.
    let mut both = clerk.clone();
    both.roles = vec![Role::Clerk, Role::Approver];
    assert_eq!(case::release(&stage.app, &both, id, Some(3), false).await.unwrap(), Release::SamePerson);
    for wrong in [None, Some(2), Some(4)] {
        assert_eq!(
            case::release(&stage.app, &approver, id, wrong, false).await.unwrap(),
            Release::WrongCount
        );
    }
    assert_eq!(stage.campaign(KITA, id).await.state, State::Frozen);
    assert_eq!(case::release(&stage.app, &approver, id, Some(3), false).await.unwrap(), Release::Released);
    let released = stage.campaign(KITA, id).await;
    assert_eq!((released.state, released.released_by), (State::Released, Some(approver.staff_id)));
    // The refusals are in the log, the release too.
    let logged: i64 = stage
        .value("select count(*) from audit_entries where action = 'release_campaign' and outcome = 'refused'")
        .await;
    assert_eq!(logged, 2);
    let logged: i64 = stage
        .value("select count(*) from audit_entries where action = 'release_campaign' and outcome = 'done'")
        .await;
    assert_eq!(logged, 1);
    // The table itself knows the rule.
    let raw = sqlx::query("update campaigns set released_by = created_by")
        .execute(&stage.db.superuser_pool())
        .await;
    assert!(raw.is_err());
}

#[tokio::test]
async fn a_released_list_cannot_change() {
    let stage = stage().await;
    stage.children(KITA, 3).await;
    let (clerk, approver) = (stage.staff(KITA, Role::Clerk).await, stage.staff(KITA, Role::Approver).await);
    let campaign = stage.extract(&clerk, &stage.order(Series::Mr1, NoticeKind::Questionnaire)).await;
    must_not_change(&stage).await;
    stage.release(&approver, &campaign).await;
    must_not_change(&stage).await;
    assert_eq!(stage.campaign(KITA, campaign.campaign_id).await.state, State::Released);
    // Neither can what was asked for, nor can it go back.
    for statement in [
        "update campaigns set state = 'frozen'",
        "update campaigns set state = 'extracting'",
        "update campaigns set base_date = base_date - 365, state = 'printing'",
        "update campaigns set summary = '{}', state = 'printing'",
        "update campaigns set digest = '\\x00', state = 'printing'",
        "update campaigns set released_by = null, released_at = null, state = 'printing'",
        "delete from campaigns",
    ] {
        assert!(attempt(&stage, statement).await.is_err(), "{statement}");
    }
}

async fn must_not_change(stage: &Stage) {
    for statement in [
        "update campaign_targets set dose_number = 2",
        "update campaign_targets set included = true, exclusion = ''",
        "delete from campaign_targets",
        "insert into campaign_targets (municipality_code, campaign_id, resident_id, included, addressee_number, name, name_kana, birth_date, sex)
         select municipality_code, campaign_id, '00000000-0000-0000-0000-000000000001', true, '1', 'x', 'x', '2025-01-01', 1 from campaigns",
    ] {
        assert!(attempt(stage, statement).await.is_err(), "{statement}");
    }
}

/// As the application, behind the wall.
async fn attempt(stage: &Stage, statement: &'static str) -> sqlx::Result<()> {
    let mut tx = kit::db::begin(&stage.app.kit.pool, KITA).await?;
    sqlx::query(statement).execute(&mut *tx).await?;
    tx.commit().await
}

#[tokio::test]
async fn a_list_is_cancelled_with_a_reason_until_it_is_printed() {
    let stage = stage().await;
    stage.children(KITA, 1).await;
    stage.letterhead(KITA).await;
    let (clerk, approver) = (stage.staff(KITA, Role::Clerk).await, stage.staff(KITA, Role::Approver).await);
    let first = stage.extract(&clerk, &stage.order(Series::Mr1, NoticeKind::Questionnaire)).await;
    stage.release(&approver, &first).await;
    case::cancel(&stage.app, &approver, first.campaign_id, "条件の誤り").await.unwrap();
    let cancelled = stage.campaign(KITA, first.campaign_id).await;
    assert_eq!((cancelled.state, cancelled.cancel_reason.as_str()), (State::Cancelled, "条件の誤り"));
    let refused = case::start_print(&stage.app, &clerk, first.campaign_id).await;
    assert!(matches!(refused, Err(Failure::Conflict(_))), "{refused:?}");
    // What was cancelled was not sent: the next list has the child again.
    let second = stage.extract(&clerk, &stage.order(Series::Mr1, NoticeKind::Questionnaire)).await;
    assert_eq!((second.summary.included, second.summary.previous.clone()), (1, None));
    stage.release(&approver, &second).await;
    let printed = stage.print(&clerk, &second).await;
    assert_eq!(printed.state, State::Printed);
    let refused = case::cancel(&stage.app, &clerk, second.campaign_id, "遅い").await;
    assert!(matches!(refused, Err(Failure::Conflict(_))), "{refused:?}");
}

#[tokio::test]
async fn an_order_sent_twice_makes_one_list() {
    let stage = stage().await;
    stage.children(KITA, 1).await;
    let clerk = stage.staff(KITA, Role::Clerk).await;
    let order = stage.order(Series::Mr1, NoticeKind::Questionnaire);
    let first = case::order(&stage.app, &clerk, &order).await.unwrap().unwrap();
    let again = case::order(&stage.app, &clerk, &order).await.unwrap().unwrap();
    assert_eq!(first, again);
    assert_eq!(health::worker(&stage.app).run_all().await.unwrap(), 1);
    assert_eq!(stage.value::<i64>("select count(*) from campaigns").await, 1);
}

#[tokio::test]
async fn the_digest_tells_any_change_of_what_is_printed() {
    let stage = stage().await;
    stage.children(KITA, 2).await;
    let clerk = stage.staff(KITA, Role::Clerk).await;
    let campaign = stage.extract(&clerk, &stage.order(Series::Mr1, NoticeKind::Questionnaire)).await;
    let rows = stage.people(KITA, &campaign, Part::Included).await;
    assert_eq!(campaign.digest.as_deref(), Some(&summary::digest(&rows)[..]));
    let mut swapped = rows.clone();
    let address = swapped[0].mailing_address.clone();
    swapped[0].mailing_address = std::mem::replace(&mut swapped[1].mailing_address, address);
    assert_ne!(summary::digest(&rows), summary::digest(&swapped));
}
