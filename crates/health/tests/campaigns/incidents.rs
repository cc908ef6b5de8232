//! What happened elsewhere and cannot happen here. Each test has the name of the place and the year.

use crate::{
    support::{ITABASHI, KITA, stage},
    ward::{Someone, day},
};
use domain::{
    campaign::NoticeKind,
    schedule::{Series, Vaccine},
};
use health::campaigns::{
    case::{self, Order, OrderFault},
    sql::{Part, State},
};
use kit::{Failure, Role};

/// 87 wrong notices and 65 missing: the vendor took birthdays from 4月1日 to 3月31日 for 4月2日 to 4月1日.
#[tokio::test]
async fn aomori_2025_cohort_edges_follow_the_law() {
    let stage = stage().await;
    let births = ["1961-04-01", "1961-04-02", "1962-04-01", "1962-04-02"];
    let ids = stage.add_all(KITA, births.map(Someone::born).to_vec()).await;
    let clerk = stage.staff(KITA, Role::Clerk).await;
    let campaign = stage.extract(&clerk, &stage.order(Series::Zoster, NoticeKind::Questionnaire)).await;
    let included = stage.people(KITA, &campaign, Part::Included).await;
    let listed: Vec<_> = included.iter().map(|row| row.resident_id).collect();
    assert_eq!(listed, ids[1..3], "65歳となる日が令和8年度にある方だけ");
    // The approver is shown both sides of the edge.
    let edges = stage.people(KITA, &campaign, Part::Edges).await;
    let shown: Vec<String> = edges.iter().map(|row| row.birth_date.to_string()).collect();
    assert!(
        shown.contains(&"1961-04-02".to_owned()) && shown.contains(&"1962-04-01".to_owned()),
        "{shown:?}"
    );
}

/// 45,999 forms with ages of the year before: the base date was last year's.
#[tokio::test]
async fn tachikawa_2023_base_date_is_of_its_year() {
    let stage = stage().await;
    let clerk = stage.staff(KITA, Role::Clerk).await;
    let order = stage.order(Series::Mr2, NoticeKind::Questionnaire);
    for (base, taken) in [
        ("2025-11-23", false),
        ("2026-03-31", false),
        ("2026-04-01", true),
        ("2028-03-31", true),
        ("2028-04-01", false),
    ] {
        let order = Order { base_date: day(base), campaign_id: stage.app.kit.ids.next(), ..order.clone() };
        let answer = case::order(&stage.app, &clerk, &order).await.unwrap();
        assert_eq!(answer.is_ok(), taken, "{base}: {answer:?}");
        if let Err(faults) = answer {
            assert_eq!(faults[0].field(), "base_date");
            assert!(faults[0].to_string().contains("令和8年度"), "{}", faults[0]);
        }
    }
    health::worker(&stage.app).run_all().await.unwrap();
    // Ages are shown as of the base date, which stands in the title.
    let campaign = stage.extract(&clerk, &Order { base_date: day("2027-04-01"), ..order }).await;
    assert!(campaign.title.contains("令和9年度、基準日2027-04-01"), "{}", campaign.title);
}

/// 21 wrong persons of 880, then all 880 sent again: prints are of one list, and who got what is known.
#[tokio::test]
async fn iruma_2025_what_is_printed_is_the_list_that_was_approved() {
    let stage = stage().await;
    let ids = stage.children(KITA, 5).await;
    stage.letterhead(KITA).await;
    let (clerk, approver) = (stage.staff(KITA, Role::Clerk).await, stage.staff(KITA, Role::Approver).await);
    let campaign = stage.extract(&clerk, &stage.order(Series::Mr1, NoticeKind::Questionnaire)).await;
    stage.release(&approver, &campaign).await;
    // Somebody with a database tool, past every wall and trigger.
    let tool = stage.db.superuser_pool();
    for statement in [
        "alter table campaign_targets disable trigger all",
        "update campaign_targets set name = '入間　太郎' where addressee_number = (select min(addressee_number) from campaign_targets)",
    ] {
        sqlx::query(statement).execute(&tool).await.unwrap();
    }
    let after = stage.print(&clerk, &campaign).await;
    assert_eq!(after.state, State::Released);
    let (state, message) = stage.job_message(KITA, campaign.campaign_id).await;
    assert_eq!(state, "failed");
    assert!(message.contains("一致しない"), "{message}");
    assert_eq!(stage.value::<i64>("select count(*) from sheets").await, 0);
    // Put right again, everybody gets exactly one sheet, and the question has an answer.
    sqlx::query("update campaign_targets set name = '北野　花子'").execute(&tool).await.unwrap();
    assert_eq!(stage.print(&clerk, &campaign).await.state, State::Printed);
    for id in ids {
        let mut tx = kit::db::begin(&stage.app.kit.pool, KITA).await.unwrap();
        let history = health::sheets::sql::of_resident(&mut tx, KITA, id).await.unwrap();
        assert_eq!(history.len(), 1);
        assert_eq!((history[0].series, history[0].campaign_id), (Series::Mr1, campaign.campaign_id));
    }
}

/// 35 vaccinated people were reminded, one was given a second dose: a batch of records had not been loaded.
#[tokio::test]
async fn hikone_2022_no_reminder_while_a_month_is_missing() {
    let stage = stage().await;
    let ids = stage.children(KITA, 2).await;
    stage.vaccinate(KITA, ids[0], Vaccine::Mr, "2026-10-05").await;
    let clerk = stage.staff(KITA, Role::Clerk).await;
    let order = stage.order(Series::Mr1, NoticeKind::Reminder);
    let faults = case::order(&stage.app, &clerk, &order).await.unwrap().unwrap_err();
    assert_eq!(faults, [OrderFault::NothingArrived]);
    // A hole in the middle, and the last month of one of two sources.
    stage.arrived(KITA, "北区医師会", &["2026-08-01", "2026-10-01"]).await;
    stage.arrived(KITA, "国保連", &["2026-08-01", "2026-09-01"]).await;
    let faults = case::order(&stage.app, &clerk, &order).await.unwrap().unwrap_err();
    let sentence = faults[0].to_string();
    assert!(sentence.contains("「北区医師会」の2026年9月分"), "{sentence}");
    assert!(sentence.contains("「国保連」の2026年10月分"), "{sentence}");
    // With a reason it is made, and the approver sees both.
    let reason = "集計前の緊急の勧奨のため";
    let told = Order { incomplete_reason: reason.to_owned(), ..order.clone() };
    let campaign = stage.extract(&clerk, &told).await;
    assert_eq!(campaign.incomplete_reason, reason);
    assert_eq!(campaign.summary.missing.len(), 2);
    // Once everything has arrived nothing stands against it, and the vaccinated child is not reminded.
    stage.arrived(KITA, "北区医師会", &["2026-09-01"]).await;
    stage.arrived(KITA, "国保連", &["2026-10-01"]).await;
    let complete = Order { campaign_id: stage.app.kit.ids.next(), ..order };
    let campaign = stage.extract(&clerk, &complete).await;
    let listed: Vec<_> =
        stage.people(KITA, &campaign, Part::Included).await.iter().map(|row| row.resident_id).collect();
    assert_eq!(listed, ids[1..]);
}

/// 204 tickets for people under age: the extraction for movers-in had no lower age. Here every list asks one rule.
#[tokio::test]
async fn minato_2021_movers_in_are_listed_by_the_same_rule() {
    let stage = stage().await;
    let moved_in = |born: &str| Someone { resident_from: Some(day("2026-11-20")), ..Someone::born(born) };
    let ids = stage
        .add_all(KITA, ["2026-02-01", "2025-11-24", "2025-11-25", "2024-11-23"].map(moved_in).to_vec())
        .await;
    let clerk = stage.staff(KITA, Role::Clerk).await;
    // A typed range of birth dates narrows the rule; it never widens it.
    let order = Order {
        birth_from: Some(day("2020-01-01")),
        birth_until: Some(day("2026-11-23")),
        ..stage.order(Series::Mr1, NoticeKind::Questionnaire)
    };
    let campaign = stage.extract(&clerk, &order).await;
    let listed: Vec<_> =
        stage.people(KITA, &campaign, Part::Included).await.iter().map(|row| row.resident_id).collect();
    assert_eq!(listed, [ids[1]], "12か月に達した日（誕生日の前日）から");
}

/// 1,678 dead and 3,409 moved people were sent something. The register of the day is looked at, not of the year before.
#[tokio::test]
async fn koshigaya_2021_the_dead_and_the_moved_are_not_on_the_list() {
    let stage = stage().await;
    let gone = |class: i16| Someone {
        class,
        resident_until: Some(day("2026-11-22")),
        ..Someone::born("1961-05-01")
    };
    stage.add_all(KITA, vec![gone(2), gone(3), Someone::born("1961-05-01")]).await;
    let clerk = stage.staff(KITA, Role::Clerk).await;
    let campaign = stage.extract(&clerk, &stage.order(Series::Ppv, NoticeKind::Questionnaire)).await;
    assert_eq!(campaign.summary.included, 1);
    let reasons: Vec<_> =
        campaign.summary.excluded.iter().map(|count| (count.code.as_str(), count.count)).collect();
    assert_eq!(reasons, [("dead", 1), ("moved_out", 1)]);
}

/// Another municipality's list is answered like one that does not exist, by every deed.
#[tokio::test]
async fn another_municipalitys_list_is_unknown() {
    let stage = stage().await;
    stage.children(KITA, 1).await;
    let clerk = stage.staff(KITA, Role::Clerk).await;
    let campaign = stage.extract(&clerk, &stage.order(Series::Mr1, NoticeKind::Questionnaire)).await;
    let (stranger, approver) =
        (stage.staff(ITABASHI, Role::Clerk).await, stage.staff(ITABASHI, Role::Approver).await);
    for id in [campaign.campaign_id, stage.app.kit.ids.next()] {
        assert!(matches!(
            case::release(&stage.app, &approver, id, Some(1), true).await,
            Err(Failure::NotFound)
        ));
        assert!(matches!(case::cancel(&stage.app, &stranger, id, "x").await, Err(Failure::NotFound)));
        assert!(matches!(case::start_print(&stage.app, &stranger, id).await, Err(Failure::NotFound)));
    }
    assert_eq!(stage.campaign(KITA, campaign.campaign_id).await.state, State::Frozen);
}
