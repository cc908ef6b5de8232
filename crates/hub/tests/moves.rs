//! 異動・退職: who may record it, from which day it holds, and what becomes of the rights.

use crate::support::{Answer, ITABASHI, KITA, PASSWORD, Stage, stage};
use axum::http::StatusCode;
use domain::Date;
use hub::{
    moves::rules::{Move, faults, may_record, removal_section},
    rights::steps::{Hand, Subject},
};
use jiff::SignedDuration;
use kit::{Role, session::CHECK_EVERY};
use uuid::Uuid;

const HERE: Uuid = Uuid::from_u128(100);
const THERE: Uuid = Uuid::from_u128(101);
const PERSON: Uuid = Uuid::from_u128(1);

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

fn subject() -> Subject {
    Subject {
        staff_id: PERSON,
        section_id: Some(HERE),
        coming: None,
        roles: vec![Role::Clerk],
        is_contractor: false,
        until_on: None,
    }
}

#[test]
fn the_chief_and_the_id_manager_record_moves_of_others() {
    let hand =
        |id: u128, role, leads| Hand { staff_id: Uuid::from_u128(id), roles: vec![role], leads: vec![leads] };
    for (who, hand, want) in [
        ("the chief", hand(2, Role::Chief, HERE), true),
        ("a chief elsewhere", hand(2, Role::Chief, THERE), false),
        ("the ID manager", hand(3, Role::IdManager, THERE), true),
        ("the person, a chief", hand(1, Role::Chief, HERE), false),
        ("the person, an ID manager", hand(1, Role::IdManager, HERE), false),
        ("an auditor", hand(4, Role::Auditor, HERE), false),
        ("a clerk", hand(4, Role::Clerk, HERE), false),
    ] {
        assert_eq!(may_record(&hand, &subject()), want, "{who}");
    }
}

#[test]
fn whoever_has_no_section_loses_the_rights_under_the_new_section_or_the_recorders() {
    let [transfer, leaving] = [
        Move::Transfer { section_id: THERE, from_on: day("2026-11-24") },
        Move::Leaving { last_on: day("2026-11-23") },
    ];
    let (placed, nowhere) = (subject(), Subject { section_id: None, ..subject() });
    let recorders = Some(Uuid::from_u128(102));
    for (what, subject, recorders, want) in [
        (transfer, &placed, recorders, Some(HERE)),
        (leaving, &placed, recorders, Some(HERE)),
        (transfer, &nowhere, recorders, Some(THERE)),
        (transfer, &nowhere, None, Some(THERE)),
        (leaving, &nowhere, recorders, recorders),
        (leaving, &nowhere, None, None),
    ] {
        assert_eq!(removal_section(what, subject, recorders), want, "{what:?} {:?}", subject.section_id);
    }
}

#[test]
fn days_are_taken_from_today_on_and_within_the_account() {
    let today = day("2026-11-23");
    let hand = |role, leads| Hand { staff_id: Uuid::from_u128(2), roles: vec![role], leads };
    let (chief, manager) = (hand(Role::Chief, vec![HERE]), hand(Role::IdManager, vec![]));
    let transfer = |to, on| Move::Transfer { section_id: to, from_on: day(on) };
    let leaving = |on| Move::Leaving { last_on: day(on) };
    let until = |on| Subject { until_on: Some(day(on)), ..subject() };
    let contractor = |on| Subject { is_contractor: true, ..until(on) };
    for (what, subject, want) in [
        (transfer(THERE, "2026-11-22"), subject(), vec!["from_on"]),
        (transfer(THERE, "2026-11-23"), subject(), vec![]),
        (transfer(THERE, "2026-11-24"), subject(), vec![]),
        (transfer(THERE, "2027-11-24"), subject(), vec![]),
        (transfer(THERE, "2027-11-25"), subject(), vec!["from_on"]),
        (transfer(HERE, "2026-11-24"), subject(), vec!["section"]),
        (transfer(THERE, "2027-04-01"), until("2027-04-01"), vec![]),
        (transfer(THERE, "2027-04-01"), until("2027-03-31"), vec!["from_on"]),
        (leaving("2026-11-21"), subject(), vec!["last_on"]),
        (leaving("2026-11-22"), subject(), vec![]),
        (leaving("2026-11-23"), subject(), vec![]),
        (leaving("2027-03-31"), contractor("2027-03-31"), vec![]),
        (leaving("2027-04-01"), contractor("2027-03-31"), vec!["last_on"]),
    ] {
        for hand in [&chief, &manager] {
            let found = faults(what, &subject, hand, Some(HERE), today);
            let found: Vec<_> = found.into_iter().map(|(field, _)| field).collect();
            assert_eq!(found, want, "{what:?} by {:?}", hand.roles);
        }
    }
    // A last day that is recorded is put off by the ID manager alone, whether it is over or still to come.
    for (on, recorded, by_chief) in [
        ("2027-03-30", "2027-03-31", vec![]),
        ("2027-03-31", "2027-03-31", vec![]),
        ("2027-04-01", "2027-03-31", vec!["last_on"]),
        ("2026-11-22", "2026-11-22", vec![]),
        ("2026-11-23", "2026-11-22", vec!["last_on"]),
    ] {
        for (hand, want) in [(&chief, by_chief), (&manager, vec![])] {
            let found = faults(leaving(on), &until(recorded), hand, None, today);
            let found: Vec<_> = found.into_iter().map(|(field, _)| field).collect();
            assert_eq!(found, want, "{on} after {recorded} by {:?}", hand.roles);
        }
    }
}

struct Office {
    stage: Stage,
    person: Uuid,
    there: Uuid,
}

async fn office() -> Office {
    let stage = stage().await;
    stage.member(KITA, ("chief", "保健予防課"), &[Role::Chief]).await;
    stage.member(KITA, ("chief2", "健康推進課"), &[Role::Chief]).await;
    stage.member(KITA, ("manager", "情報政策課"), &[Role::IdManager]).await;
    let person = stage.member(KITA, ("person", "保健予防課"), &[Role::Clerk]).await;
    let there = stage.value("select section_id from sections where name = '健康推進課'").await;
    Office { stage, person, there }
}

impl Office {
    async fn browser(&self, login: &str) -> String {
        let answer = self.stage.sign_in(KITA, login, PASSWORD).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{login}: {}", answer.text);
        answer.cookie()
    }

    async fn transfer(&self, cookie: &str, on: &str) -> Answer {
        let page = format!("/staff/{}/moves", self.person);
        let there = self.there.to_string();
        let fields = [("section", there.as_str()), ("from_on", on), ("reason", "人事異動")];
        self.stage.post(cookie, &page, &format!("{page}/transfer"), &fields).await
    }

    async fn leave(&self, cookie: &str, who: Uuid, on: &str) -> Answer {
        let page = format!("/staff/{who}/moves");
        let fields = [("last_on", on), ("leaving_reason", "退職のため")];
        self.stage.post(cookie, &page, &format!("{page}/leave"), &fields).await
    }

    async fn roles(&self, cookie: &str) -> Vec<Role> {
        let value = cookie.split_once('=').unwrap().1;
        let kit = &self.stage.app.kit;
        kit.clock.advance(CHECK_EVERY);
        let acting = kit::session::resume(kit, value, Uuid::nil(), true).await.unwrap();
        acting.map(|acting| acting.roles).unwrap_or_default()
    }

    /// To a moment before midnight in Japan.
    fn until_midnight(&self) {
        let clock = &self.stage.app.kit.clock;
        let now = kit::clock::in_japan(clock.now());
        let midnight = now.date().tomorrow().unwrap().at(0, 0, 0, 0);
        clock.advance(midnight.duration_since(now) - CHECK_EVERY - SignedDuration::from_secs(1));
    }
}

#[tokio::test]
async fn on_a_transfer_the_rights_end_the_day_before_and_the_new_chief_takes_over() {
    let office = office().await;
    let stage = &office.stage;
    let (chief, chief2) = (office.browser("chief").await, office.browser("chief2").await);
    let removal = format!("/rights/removal/{}", office.person);
    assert_eq!(stage.get(&chief2, &removal).await.status, StatusCode::NOT_FOUND);
    let sent = office.transfer(&chief, "2026-11-24").await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text);
    let page = stage.get(&chief, &format!("/staff/{}/moves?done=transfer", office.person)).await.text;
    for shown in ["異動を登録しました", "予定の異動", "人事異動", "申請を開く"] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    let ends = "select string_agg(role || ' ' || until_on::text, ',') from holdings
        where until_on is not null";
    assert_eq!(stage.value::<String>(ends).await, "clerk 2026-11-23");
    // The chief who will have the person may already apply; the application is the new section's.
    let open = format!("/rights/new?staff={}", office.person);
    let form = stage.get(&chief2, &open).await;
    assert_eq!(form.status, StatusCode::OK, "{}", form.text);
    let (key, staff) = (form.field("key"), office.person.to_string());
    let fields = [
        ("key", key.as_str()),
        ("staff", &staff),
        ("duty", "mailing"),
        ("role-approver", "on"),
        ("reason", "新しい担当のため"),
        ("from_on", "2026-11-24"),
    ];
    let applied = stage.post(&chief2, &open, "/rights/new", &fields).await;
    assert_eq!(applied.status, StatusCode::SEE_OTHER, "{}", applied.text);
    let of = "select c.name from rights_applications r join sections c using (municipality_code, section_id)
        where r.kind = 'grant'";
    assert_eq!(stage.value::<String>(of).await, "健康推進課");

    // The last day there, and the first day here.
    office.until_midnight();
    let theirs = office.browser("person").await;
    assert_eq!(office.roles(&theirs).await, [Role::Clerk], "the last day");
    let chief2 = office.browser("chief2").await;
    assert_eq!(stage.get(&chief2, &removal).await.status, StatusCode::NOT_FOUND, "not yet");
    stage.app.kit.clock.advance(SignedDuration::from_secs(2));
    assert!(office.roles(&theirs).await.is_empty(), "the day");
    assert_eq!(stage.get(&chief2, &removal).await.status, StatusCode::OK, "the day");
    let chief = office.browser("chief").await;
    assert_eq!(stage.get(&chief, &removal).await.status, StatusCode::NOT_FOUND, "no longer theirs");
}

#[tokio::test]
async fn whoever_leaves_is_out_at_midnight_though_nobody_acts() {
    let office = office().await;
    let stage = &office.stage;
    let (chief, manager) = (office.browser("chief").await, office.browser("manager").await);
    let page = format!("/staff/{}/moves", office.person);
    let fields = [("last_on", "令和8年11月23日"), ("leaving_reason", "退職のため")];
    let left = stage.post(&chief, &page, &format!("{page}/leave"), &fields).await;
    assert_eq!(left.status, StatusCode::SEE_OTHER, "{}", left.text);
    let shown = stage.get(&manager, &page).await.text;
    assert!(shown.contains("退職・契約終了") && shown.contains("chief"), "{shown}");
    office.until_midnight();
    let theirs = office.browser("person").await;
    assert_eq!(office.roles(&theirs).await, [Role::Clerk], "the last day");
    assert!(stage.is_in(&theirs).await);
    stage.app.kit.clock.advance(SignedDuration::from_secs(2) + CHECK_EVERY);
    assert!(!stage.is_in(&theirs).await, "the day after");
    let again = stage.sign_in(KITA, "person", PASSWORD).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
}

/// `sesshu init` makes the first ID manager without a section.
#[tokio::test]
async fn whoever_has_no_section_loses_the_rights_all_the_same() {
    let office = office().await;
    let stage = &office.stage;
    let mut first = Vec::new();
    for login in ["first1", "first2", "first3"] {
        first.push(stage.member(KITA, (login, ""), &[Role::IdManager]).await);
    }
    let (manager, theirs) = (office.browser("manager").await, office.browser("first1").await);
    let of = "select string_agg(s.login || ' ' || h.until_on, ',' order by s.login) from holdings h
        join staff s using (municipality_code, staff_id) where h.until_on is not null";
    let applications =
        "select string_agg(s.login || ' ' || c.name, ',' order by s.login) from rights_applications r
        join staff s using (municipality_code, staff_id) join sections c using (municipality_code, section_id)
        where r.kind = 'removal'";

    // At a transfer, under the section they come into; on leaving, under the recorder's.
    let page = format!("/staff/{}/moves", first[0]);
    let there = office.there.to_string();
    let fields = [("section", there.as_str()), ("from_on", "2026-11-24"), ("reason", "人事異動")];
    let moved = stage.post(&manager, &page, &format!("{page}/transfer"), &fields).await;
    assert_eq!(moved.status, StatusCode::SEE_OTHER, "{}", moved.text);
    assert!(stage.get(&manager, &page).await.text.contains("申請を開く"));
    let left = office.leave(&manager, first[1], "2026-11-22").await;
    assert_eq!(left.status, StatusCode::SEE_OTHER, "{}", left.text);
    assert_eq!(stage.value::<String>(of).await, "first1 2026-11-23,first2 2026-11-22");
    assert_eq!(stage.value::<String>(applications).await, "first1 健康推進課,first2 情報政策課");

    // By a recorder without a section there is nothing to put an application under: the rights end all the same.
    let left = office.leave(&theirs, first[2], "2026-11-23").await;
    assert_eq!(left.status, StatusCode::SEE_OTHER, "{}", left.text);
    assert_eq!(stage.value::<String>(of).await, "first1 2026-11-23,first2 2026-11-22,first3 2026-11-23");
    let said = "select string_agg(detail ->> 'roles', ' ') from audit_entries where action = 'move_staff'";
    assert_eq!(stage.value::<String>(said).await, "[\"id_manager\"] [\"id_manager\"] [\"id_manager\"]");

    office.until_midnight();
    let theirs = office.browser("first1").await;
    assert_eq!(office.roles(&theirs).await, [Role::IdManager], "the last day");
    stage.app.kit.clock.advance(SignedDuration::from_secs(2));
    assert!(office.roles(&theirs).await.is_empty(), "the day");
}

#[tokio::test]
async fn a_chief_alone_lets_nobody_in_again_whose_last_day_is_over() {
    let office = office().await;
    let stage = &office.stage;
    let (chief, manager) = (office.browser("chief").await, office.browser("manager").await);
    let left = office.leave(&chief, office.person, "2026-11-22").await;
    assert_eq!(left.status, StatusCode::SEE_OTHER, "{}", left.text);
    let sign_in = async || stage.sign_in(KITA, "person", PASSWORD).await.status;
    assert_eq!(sign_in().await, StatusCode::UNPROCESSABLE_ENTITY);
    let until = "select until_on::text from accounts a join staff s using (municipality_code, staff_id)
        where s.login = 'person'";
    for on in ["2026-11-23", "2027-03-31"] {
        let later = office.leave(&chief, office.person, on).await;
        assert_eq!(later.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", later.text);
        for shown in ["登録済みの「個人IDの最後の日」までにしてください", "ID管理者に依頼してください", on]
        {
            assert!(later.text.contains(shown), "{shown}: {}", later.text);
        }
        assert_eq!(stage.value::<String>(until).await, "2026-11-22");
        assert_eq!(sign_in().await, StatusCode::UNPROCESSABLE_ENTITY);
    }
    // The ID manager corrects what was mistyped; the rights stay ended.
    let corrected = office.leave(&manager, office.person, "2027-03-31").await;
    assert_eq!(corrected.status, StatusCode::SEE_OTHER, "{}", corrected.text);
    assert_eq!(stage.value::<String>(until).await, "2027-03-31");
    assert_eq!(sign_in().await, StatusCode::SEE_OTHER);
    let held = "select count(*) from holdings h join staff s using (municipality_code, staff_id)
        where s.login = 'person' and (h.until_on is null or h.until_on > '2026-11-22')";
    assert_eq!(stage.value::<i64>(held).await, 0);
}

#[tokio::test]
async fn others_find_nobody_to_move_and_nobody_moves_themselves() {
    let office = office().await;
    let stage = &office.stage;
    stage.member(ITABASHI, ("neighbour", "保健予防課"), &[Role::Chief, Role::Approver]).await;
    let neighbour = stage.sign_in(ITABASHI, "neighbour", PASSWORD).await.cookie();
    let page = format!("/staff/{}/moves", office.person);
    assert_eq!(stage.get(&neighbour, &page).await.status, StatusCode::NOT_FOUND);
    let there = office.there.to_string();
    let fields = [("section", there.as_str()), ("from_on", "2026-11-24"), ("reason", "x")];
    let path = format!("{page}/transfer");
    let chief2 = office.browser("chief2").await;
    for cookie in [&neighbour, &chief2] {
        let sent = stage.post(cookie, "/rights", &path, &fields).await;
        assert_eq!(sent.status, StatusCode::NOT_FOUND, "{}", sent.text);
    }
    // The neighbour's section is nowhere to go to.
    let chief = office.browser("chief").await;
    let foreign = "select section_id::text from sections where municipality_code = 131199";
    let foreign = stage.value::<String>(foreign).await;
    let fields = [("section", foreign.as_str()), ("from_on", "2026-11-24"), ("reason", "x")];
    assert_eq!(stage.post(&chief, "/rights", &path, &fields).await.status, StatusCode::NOT_FOUND);
    let own: Uuid = stage.value("select staff_id from staff where login = 'manager'").await;
    let manager = office.browser("manager").await;
    let fields = [("section", there.as_str()), ("from_on", "2026-11-24"), ("reason", "x")];
    let sent = stage.post(&manager, "/rights", &format!("/staff/{own}/moves/transfer"), &fields).await;
    assert_eq!(sent.status, StatusCode::NOT_FOUND);
    let person = office.browser("person").await;
    assert_eq!(stage.post(&person, "/rights", &path, &fields).await.status, StatusCode::FORBIDDEN);
    assert_eq!(stage.value::<i64>("select count(*) from moves where kind <> 'placed'").await, 0);
    assert_eq!(stage.value::<i64>("select count(*) from rights_applications").await, 0);
    // All errors at once, and what was typed stays.
    let fields = [("section", ""), ("from_on", "いつか"), ("reason", "")];
    let wrong = stage.post(&chief, &page, &path, &fields).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    for shown in ["異動先の所属を選択してください", "異動日を、", "理由を300文字以内", "いつか"]
    {
        assert!(wrong.text.contains(shown), "{shown}: {}", wrong.text);
    }
}

#[tokio::test]
async fn an_application_of_the_old_section_is_not_granted_after_the_transfer() {
    let office = office().await;
    let stage = &office.stage;
    let (chief, manager) = (office.browser("chief").await, office.browser("manager").await);
    let person = office.browser("person").await;
    let (key, staff) = (stage.get(&person, "/rights/new").await.field("key"), office.person.to_string());
    let fields = [
        ("key", key.as_str()),
        ("staff", &staff),
        ("duty", "mailing"),
        ("role-approver", "on"),
        ("reason", "代行のため"),
        ("from_on", "2026-11-23"),
    ];
    assert_eq!(
        stage.post(&person, "/rights/new", "/rights/new", &fields).await.status,
        StatusCode::SEE_OTHER
    );
    let application = format!("/rights/{key}");
    let yes = [("answer", "yes"), ("state", "approved")];
    stage.post(&chief, "/rights", &format!("{application}/approve"), &yes).await;
    assert_eq!(office.transfer(&manager, "2026-11-23").await.status, StatusCode::SEE_OTHER);
    let granted = stage.post(&manager, "/rights", &format!("{application}/grant"), &yes).await;
    assert_eq!(granted.status, StatusCode::CONFLICT);
    assert!(granted.text.contains("異動しています"), "{}", granted.text);
}
