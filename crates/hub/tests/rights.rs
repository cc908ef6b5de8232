//! Three steps by three people: apply, approve, grant; and the days on which a role is held.

use crate::support::{Answer, ITABASHI, KITA, PASSWORD, Stage, stage};
use axum::http::{StatusCode, header};
use domain::Date;
use hub::rights::steps::{
    Application, Ask, Bar, Hand, Kind, State, Step, Subject, faults, may_apply, may_take,
};
use jiff::SignedDuration;
use kit::{Duty, Role, session::CHECK_EVERY};
use uuid::Uuid;

const SECTION: Uuid = Uuid::from_u128(100);
const ELSEWHERE: Uuid = Uuid::from_u128(101);
const PERSON: Uuid = Uuid::from_u128(1);
const CHIEF: Uuid = Uuid::from_u128(2);
const MANAGER: Uuid = Uuid::from_u128(3);

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

fn application(kind: Kind, applied_by: Uuid, state: State) -> Application {
    Application {
        application_id: Uuid::from_u128(9),
        kind,
        staff_id: PERSON,
        section_id: SECTION,
        duty: Duty::Records,
        roles: vec![Role::Clerk],
        reason: "窓口の担当になるため".to_owned(),
        from_on: day("2026-12-01"),
        until_on: None,
        applied_by,
        state,
    }
}

fn hand(staff_id: Uuid, role: Role, leads: Uuid) -> Hand {
    Hand { staff_id, roles: vec![role], leads: vec![leads] }
}

/// Everybody at every step in every state: who may, and what the others hear.
#[test]
fn each_step_is_taken_by_its_person_in_its_state_and_never_two_by_one() {
    let other_chief = Uuid::from_u128(4);
    let other_manager = Uuid::from_u128(5);
    let hands = [
        ("the person", hand(PERSON, Role::Clerk, SECTION)),
        ("the person, a chief", hand(PERSON, Role::Chief, SECTION)),
        ("the person, an ID manager", hand(PERSON, Role::IdManager, SECTION)),
        ("the chief", hand(CHIEF, Role::Chief, SECTION)),
        ("another chief of the section", hand(other_chief, Role::Chief, SECTION)),
        ("a chief elsewhere", hand(other_chief, Role::Chief, ELSEWHERE)),
        ("an approver of the section", hand(other_chief, Role::Approver, SECTION)),
        ("the ID manager", hand(MANAGER, Role::IdManager, ELSEWHERE)),
        ("another ID manager", hand(other_manager, Role::IdManager, ELSEWHERE)),
        ("the chief, now an ID manager", hand(CHIEF, Role::IdManager, SECTION)),
        ("an auditor", hand(Uuid::from_u128(6), Role::Auditor, SECTION)),
    ];
    let states = [
        State::Applied,
        State::Approved { by: CHIEF },
        State::Granted { approved_by: Some(CHIEF), by: MANAGER },
        State::Rejected { approved_by: None, by: CHIEF, reason: "x".to_owned() },
        State::Withdrawn { reason: "x".to_owned() },
    ];
    let may = |kind, by, state: &State, step| {
        let of = application(kind, by, state.clone());
        let allowed = hands.iter().filter(|(_, hand)| may_take(step, &of, hand).is_ok());
        allowed.map(|(who, _)| *who).collect::<Vec<_>>()
    };
    let mut cells = 0;
    for kind in [Kind::Grant, Kind::Removal] {
        for by in [PERSON, CHIEF, MANAGER] {
            for state in &states {
                for step in [Step::Approve, Step::Grant, Step::Reject, Step::Withdraw] {
                    let mut want: Vec<&str> = match (kind, step, state.code()) {
                        (Kind::Grant, Step::Approve | Step::Reject, "applied") => {
                            vec!["the chief", "another chief of the section"]
                        }
                        (Kind::Grant, Step::Grant | Step::Reject, "approved") => {
                            vec!["the ID manager", "another ID manager"]
                        }
                        (Kind::Removal, Step::Grant, "applied") => {
                            vec!["the ID manager", "another ID manager", "the chief, now an ID manager"]
                        }
                        (Kind::Grant, Step::Withdraw, "applied" | "approved") => match by {
                            PERSON => {
                                vec!["the person", "the person, a chief", "the person, an ID manager"]
                            }
                            CHIEF => vec!["the chief", "the chief, now an ID manager"],
                            _ => vec!["the ID manager"],
                        },
                        _ => vec![],
                    };
                    if step != Step::Withdraw {
                        want.retain(|who| match by {
                            CHIEF => !who.starts_with("the chief"),
                            MANAGER => *who != "the ID manager",
                            _ => true,
                        });
                    }
                    assert_eq!(may(kind, by, state, step), want, "{kind:?} {by} {state:?} {step:?}");
                    cells += hands.len();
                }
            }
        }
    }
    assert_eq!(cells, 2 * 3 * 5 * 4 * 11);
    let own = application(Kind::Grant, PERSON, State::Applied);
    assert_eq!(may_take(Step::Approve, &own, &hands[1].1), Err(Bar::OwnApplication));
    let by_other = application(Kind::Grant, CHIEF, State::Applied);
    assert_eq!(may_take(Step::Approve, &by_other, &hands[1].1), Err(Bar::OwnRights));
    let approved = application(Kind::Grant, PERSON, State::Approved { by: CHIEF });
    assert_eq!(may_take(Step::Grant, &approved, &hands[9].1), Err(Bar::OwnApproval));
}

fn subject() -> Subject {
    Subject {
        staff_id: PERSON,
        section_id: Some(SECTION),
        coming: None,
        roles: vec![],
        is_contractor: false,
        until_on: None,
    }
}

#[test]
fn everybody_applies_for_themselves_and_a_chief_for_the_section() {
    assert!(may_apply(&hand(PERSON, Role::Auditor, ELSEWHERE), &subject()));
    assert!(may_apply(&hand(CHIEF, Role::Chief, SECTION), &subject()));
    assert!(!may_apply(&hand(CHIEF, Role::Chief, ELSEWHERE), &subject()));
    assert!(!may_apply(&hand(CHIEF, Role::IdManager, SECTION), &subject()));
    assert!(!may_apply(&hand(CHIEF, Role::Chief, SECTION), &Subject { section_id: None, ..subject() }));
    // 異動: also the chief of the section that somebody is about to come into.
    let coming = Subject { coming: Some((ELSEWHERE, day("2027-04-01"))), ..subject() };
    assert!(may_apply(&hand(CHIEF, Role::Chief, ELSEWHERE), &coming));
    for (on, section) in [("2027-03-31", SECTION), ("2027-04-01", ELSEWHERE), ("2027-04-02", ELSEWHERE)] {
        assert_eq!(coming.section_on(day(on)), Some(section), "{on}");
    }
}

#[test]
fn only_what_the_table_has_can_be_applied_for_and_only_for_days_to_come() {
    let today = day("2026-11-23");
    let ask = |duty, roles: &[Role], from: &str, until: Option<&str>| Ask {
        duty,
        roles: roles.to_vec(),
        from_on: day(from),
        until_on: until.map(day),
    };
    let clerk = [Role::Clerk];
    let contractor = Subject { is_contractor: true, until_on: Some(day("2027-03-31")), ..subject() };
    let holding = |roles: &[Role]| Subject { roles: roles.to_vec(), ..subject() };
    for (ask, subject, want) in [
        (ask(Duty::Records, &clerk, "2026-11-23", None), subject(), vec![]),
        (ask(Duty::Records, &clerk, "2026-11-22", None), subject(), vec!["from_on"]),
        (ask(Duty::Records, &clerk, "2026-11-24", Some("2026-11-24")), subject(), vec![]),
        (ask(Duty::Records, &clerk, "2026-11-24", Some("2026-11-23")), subject(), vec!["until_on"]),
        (ask(Duty::AuditLog, &clerk, "2026-11-23", None), subject(), vec!["roles"]),
        (ask(Duty::Records, &[], "2026-11-23", None), subject(), vec!["roles"]),
        (ask(Duty::Records, &clerk, "2026-11-23", None), holding(&clerk), vec!["roles"]),
        (ask(Duty::Access, &[Role::Chief], "2026-11-23", None), holding(&[Role::IdManager]), vec!["roles"]),
        (ask(Duty::Records, &clerk, "2026-11-23", None), holding(&[Role::Approver]), vec![]),
        (ask(Duty::Records, &[Role::Contractor], "2026-11-23", None), subject(), vec!["roles"]),
        (ask(Duty::Records, &[Role::Contractor], "2026-11-23", None), contractor.clone(), vec!["until_on"]),
        (
            ask(Duty::Records, &[Role::Contractor], "2026-11-23", Some("2027-03-31")),
            contractor.clone(),
            vec![],
        ),
        (
            ask(Duty::Records, &[Role::Contractor], "2026-11-23", Some("2027-04-01")),
            contractor.clone(),
            vec!["until_on"],
        ),
        (ask(Duty::Records, &clerk, "2026-11-23", Some("2027-03-31")), contractor, vec!["roles"]),
    ] {
        let found: Vec<_> = faults(&ask, &subject, today).into_iter().map(|(field, _)| field).collect();
        assert_eq!(found, want, "{ask:?} {subject:?}");
    }
}

/// The office of these stories: everybody in one section, the ID manager's own, and a chief elsewhere.
struct Office {
    stage: Stage,
    new: Uuid,
}

async fn office() -> Office {
    let stage = stage().await;
    stage.member(KITA, ("chief", "保健予防課"), &[Role::Chief]).await;
    stage.member(KITA, ("chief2", "健康推進課"), &[Role::Chief]).await;
    stage.member(KITA, ("id_manager", "情報政策課"), &[Role::IdManager]).await;
    let new = stage.member(KITA, ("new", "保健予防課"), &[]).await;
    Office { stage, new }
}

impl Office {
    async fn browser(&self, login: &str) -> String {
        let answer = self.stage.sign_in(KITA, login, PASSWORD).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{login}: {}", answer.text);
        answer.cookie()
    }

    /// Sends the form of an application; the address of the application.
    async fn apply(&self, cookie: &str, from: &str, until: &str) -> Answer {
        let open = format!("/rights/new?staff={}", self.new);
        let form = self.stage.get(cookie, &open).await;
        assert_eq!(form.status, StatusCode::OK, "{}", form.text);
        let (key, staff) = (form.field("key"), self.new.to_string());
        let fields = [
            ("key", key.as_str()),
            ("staff", &staff),
            ("duty", "records"),
            ("role-clerk", "on"),
            ("reason", "窓口の担当になるため"),
            ("from_on", from),
            ("until_on", until),
        ];
        self.stage.post(cookie, &open, "/rights/new", &fields).await
    }

    /// The roles that the systems hear of.
    async fn roles(&self, cookie: &str) -> Vec<Role> {
        let value = cookie.split_once('=').unwrap().1;
        let kit = &self.stage.app.kit;
        kit.clock.advance(CHECK_EVERY);
        let acting = kit::session::resume(kit, value, Uuid::nil(), true).await.unwrap();
        acting.map(|acting| acting.roles).unwrap_or_default()
    }

    async fn answer(&self, cookie: &str, application: &str, step: &str, answer: &str) -> Answer {
        let state = if step == "grant" { "approved" } else { "applied" };
        let fields = [("answer", answer), ("state", state), ("reason", "")];
        self.stage.post(cookie, "/rights", &format!("{application}/{step}"), &fields).await
    }
}

#[tokio::test]
async fn a_new_colleague_applies_the_chief_approves_and_the_id_manager_grants() {
    let office = office().await;
    let (new, chief, manager) =
        (office.browser("new").await, office.browser("chief").await, office.browser("id_manager").await);
    assert!(office.roles(&new).await.is_empty());
    let applied = office.apply(&new, "令和8年11月23日", "").await;
    assert_eq!(applied.status, StatusCode::SEE_OTHER, "{}", applied.text);
    let application = applied.header(header::LOCATION).to_owned();

    // Nobody grants what has not been approved.
    let early = office.answer(&manager, &application, "grant", "yes").await;
    assert_eq!(early.status, StatusCode::CONFLICT);
    let page = office.stage.get(&chief, &application).await.text;
    for shown in ["対応表との照合", "接種記録の登録", "窓口の担当になるため", "承認する"]
    {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    assert!(!page.contains("権限を付与する"));
    let approved = office.answer(&chief, &application, "approve", "yes").await;
    assert_eq!(approved.status, StatusCode::SEE_OTHER, "{}", approved.text);
    assert!(office.roles(&new).await.is_empty(), "approved is not granted");
    let granted = office.answer(&manager, &application, "grant", "yes").await;
    assert_eq!(granted.status, StatusCode::SEE_OTHER, "{}", granted.text);
    assert_eq!(office.roles(&new).await, [Role::Clerk]);
    let page = office.stage.get(&new, &application).await.text;
    assert!(page.contains("付与済み") && page.contains("申請による付与"), "{page}");
    let steps: String =
        office.stage.value("select string_agg(state, ' ' order by taken_at, state) from rights_steps").await;
    assert_eq!(steps, "applied approved granted");
}

#[tokio::test]
async fn rights_begin_on_their_first_day_and_vanish_at_midnight_after_the_last() {
    let office = office().await;
    let (new, chief, manager) =
        (office.browser("new").await, office.browser("chief").await, office.browser("id_manager").await);
    let applied = office.apply(&new, "2026-11-24", "2026-11-24").await;
    let application = applied.header(header::LOCATION).to_owned();
    office.answer(&chief, &application, "approve", "yes").await;
    office.answer(&manager, &application, "grant", "yes").await;
    let clock = &office.stage.app.kit.clock;
    // 23 November, noon, until a second before midnight in Japan.
    clock.advance(SignedDuration::from_secs(12 * 3600 - 4) - CHECK_EVERY * 20);
    let until_midnight = |clock: &kit::Clock| {
        let now = kit::clock::in_japan(clock.now());
        let midnight = now.date().tomorrow().unwrap().at(0, 0, 0, 0);
        midnight.duration_since(now)
    };
    let new = if office.roles(&new).await.is_empty() { office.browser("new").await } else { new };
    clock.advance(until_midnight(clock) - SignedDuration::from_secs(4));
    assert!(office.roles(&new).await.is_empty(), "the day before, {}", kit::clock::in_japan(clock.now()));
    clock.advance(until_midnight(clock));
    assert_eq!(office.roles(&new).await, [Role::Clerk], "the day");
    let before_last_midnight = until_midnight(clock) - SignedDuration::from_secs(4);
    clock.advance(before_last_midnight);
    let new = office.browser("new").await;
    assert_eq!(office.roles(&new).await, [Role::Clerk], "a second before midnight");
    clock.advance(until_midnight(clock));
    assert!(office.roles(&new).await.is_empty(), "the day after");
    assert!(CHECK_EVERY < SignedDuration::from_secs(5));
}

#[tokio::test]
async fn a_chief_elsewhere_and_the_neighbour_find_no_such_application() {
    let office = office().await;
    let stage = &office.stage;
    stage.member(ITABASHI, ("neighbour", "保健予防課"), &[Role::Chief]).await;
    let new = office.browser("new").await;
    let application = office.apply(&new, "2026-11-23", "").await.header(header::LOCATION).to_owned();
    let elsewhere = office.browser("chief2").await;
    let neighbour = stage.sign_in(ITABASHI, "neighbour", PASSWORD).await.cookie();
    for cookie in [&elsewhere, &neighbour] {
        assert_eq!(stage.get(cookie, &application).await.status, StatusCode::NOT_FOUND);
        let answer = office.answer(cookie, &application, "approve", "yes").await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
        let form = format!("/rights/new?staff={}", office.new);
        assert_eq!(stage.get(cookie, &form).await.status, StatusCode::NOT_FOUND);
    }
    assert_eq!(stage.value::<String>("select state from rights_applications").await, "applied");
}

#[tokio::test]
async fn two_tabs_make_one_application_and_one_approval() {
    let office = office().await;
    let stage = &office.stage;
    let (new, chief) = (office.browser("new").await, office.browser("chief").await);
    let open = format!("/rights/new?staff={}", office.new);
    let form = stage.get(&new, &open).await;
    let (key, staff) = (form.field("key"), office.new.to_string());
    let fields = [
        ("key", key.as_str()),
        ("staff", &staff),
        ("duty", "records"),
        ("role-clerk", "on"),
        ("reason", "x"),
        ("from_on", "2026-11-23"),
    ];
    for _ in 0..2 {
        assert_eq!(stage.post(&new, &open, "/rights/new", &fields).await.status, StatusCode::SEE_OTHER);
    }
    assert_eq!(stage.value::<i64>("select count(*) from rights_applications").await, 1);
    let application = format!("/rights/{key}");
    let both = futures_util::future::join(
        office.answer(&chief, &application, "approve", "yes"),
        office.answer(&chief, &application, "approve", "yes"),
    );
    let (one, two) = both.await;
    let mut answers = [one.status, two.status];
    answers.sort();
    assert_eq!(answers, [StatusCode::SEE_OTHER, StatusCode::CONFLICT]);
    assert_eq!(stage.value::<i64>("select count(*) from rights_steps where state = 'approved'").await, 1);
}

#[tokio::test]
async fn a_rejection_needs_its_reason_and_ends_the_application() {
    let office = office().await;
    let (new, chief) = (office.browser("new").await, office.browser("chief").await);
    let application = office.apply(&new, "2026-11-23", "").await.header(header::LOCATION).to_owned();
    let empty = office.answer(&chief, &application, "approve", "reject").await;
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(empty.text.contains("理由を300文字以内で入力してください"));
    let fields = [("answer", "reject"), ("reason", "担当ではないため")];
    let path = format!("{application}/approve");
    assert_eq!(office.stage.post(&chief, "/rights", &path, &fields).await.status, StatusCode::SEE_OTHER);
    let page = office.stage.get(&new, &application).await.text;
    assert!(page.contains("却下") && page.contains("担当ではないため"), "{page}");
    assert_eq!(office.answer(&chief, &application, "approve", "yes").await.status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn on_a_transfer_the_rights_end_with_the_day_though_nobody_acts() {
    let office = office().await;
    let stage = &office.stage;
    let leaving = stage.member(KITA, ("leaving", "保健予防課"), &[Role::Clerk, Role::Approver]).await;
    let (chief, theirs) = (office.browser("chief").await, office.browser("leaving").await);
    let open = format!("/rights/removal/{leaving}");
    let key = stage.get(&chief, &open).await.field("key");
    let fields = [("key", key.as_str()), ("last_on", "2026-11-22"), ("reason", "異動のため")];
    let sent = stage.post(&chief, &open, &open, &fields).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text);
    assert!(office.roles(&theirs).await.is_empty(), "yesterday was the last day");
    let elsewhere = office.browser("chief2").await;
    assert_eq!(stage.get(&elsewhere, &open).await.status, StatusCode::NOT_FOUND);
    let manager = office.browser("id_manager").await;
    let application = sent.header(header::LOCATION).to_owned();
    let fields = [("answer", "yes"), ("state", "applied")];
    let done = stage.post(&manager, "/rights", &format!("{application}/grant"), &fields).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
    assert!(stage.get(&manager, &application).await.text.contains("削除を確認済み"));
}

/// The last wall: the database itself refuses two steps of one person, whatever the program does.
#[tokio::test]
async fn the_database_refuses_two_steps_by_one_person() {
    let office = office().await;
    let new = office.browser("new").await;
    office.apply(&new, "2026-11-23", "").await;
    let pool = office.stage.db.superuser_pool();
    for (what, sql) in [
        ("approves the own application", "state = 'approved', approved_by = applied_by"),
        ("approves the own rights", "state = 'approved', approved_by = staff_id"),
        (
            "approves and grants",
            "state = 'granted', approved_by = (select staff_id from staff where login = 'chief'),
                 granted_by = (select staff_id from staff where login = 'chief')",
        ),
        (
            "grants what nobody approved",
            "state = 'granted', granted_by = (select staff_id from staff where login = 'id_manager')",
        ),
    ] {
        let sql = format!("update rights_applications set {sql}");
        let refused = sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&pool).await;
        assert!(refused.is_err(), "somebody {what}");
    }
}
