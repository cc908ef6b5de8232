//! Two persons: who may take which step and when, and what the tables refuse by themselves.

use crate::support::{ITABASHI, KITA, Stage, stage};
use jiff::{SignedDuration, Timestamp};
use kit::{
    Acting, Case, Failure, Role, Target,
    approvals::{self, Approval, Asked, Bar, Kind, State, Step, UsedBy, sql, steps},
    rights,
};
use serde_json::json;
use uuid::Uuid;

const ASKER: Uuid = Uuid::from_u128(1);
const OTHER: Uuid = Uuid::from_u128(2);

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Asked at noon; may be decided for two weeks; valid from then on as the kind says.
fn approval(kind: Kind, state: State, uses: i16) -> Approval {
    let asked_at = at("2026-11-23T03:00:00Z");
    Approval {
        approval_id: Uuid::from_u128(9),
        number: 1,
        kind,
        target_kind: "export".to_owned(),
        target_id: Uuid::from_u128(8),
        reason: "委託先への引渡し".to_owned(),
        basis: String::new(),
        plan: Vec::new(),
        digest: vec![0; 32],
        uses,
        uses_max: kind.terms().uses_max,
        state,
        asked_by: ASKER,
        asked_by_name: "事務".to_owned(),
        asked_at,
        decide_until: asked_at + steps::DECIDE_WITHIN,
        decided_by_name: String::new(),
        decision_reason: String::new(),
    }
}

fn approved(kind: Kind) -> State {
    let at = at("2026-11-23T04:00:00Z");
    State::Approved { by: OTHER, at, valid_until: at + kind.terms().valid_for }
}

/// Every kind, every state, every step, both hands, before the last moment, at it, and after.
#[test]
fn each_step_is_taken_by_its_person_in_its_state_and_in_time() {
    const SECOND: SignedDuration = SignedDuration::from_secs(1);
    let mut cells = 0;
    for kind in Kind::ALL.iter().copied() {
        let last = approval(kind, State::Asked, 0).decide_until;
        let ended = at("2026-11-23T04:00:00Z");
        let states = [
            State::Asked,
            approved(kind),
            State::Rejected { by: OTHER, at: ended },
            State::Withdrawn { at: ended },
        ];
        for state in states {
            for (now, is_late) in [(last - SECOND, false), (last, false), (last + SECOND, true)] {
                for (hand, is_own) in [(ASKER, true), (OTHER, false)] {
                    for step in [Step::Approve, Step::Reject, Step::Withdraw] {
                        let want = match (&state, step, is_own) {
                            (State::Asked, Step::Withdraw, true) => Ok(()),
                            (State::Asked, Step::Withdraw, false) => Err(Bar::NotYours),
                            (State::Asked, _, true) => Err(Bar::OwnApplication),
                            (State::Asked, _, false) if is_late => Err(Bar::DecidedTooLate),
                            (State::Asked, _, false) => Ok(()),
                            _ => Err(Bar::Passed),
                        };
                        let of = approval(kind, state.clone(), 0);
                        assert_eq!(
                            steps::may_take(step, &of, hand, now),
                            want,
                            "{kind:?} {state:?} {step:?}"
                        );
                        cells += 1;
                    }
                }
            }
        }
    }
    assert_eq!(cells, Kind::ALL.len() * 4 * 3 * 2 * 3);
}

#[test]
fn an_approval_is_used_by_its_hand_in_its_days_and_as_often_as_the_kind_says() {
    const SECOND: SignedDuration = SignedDuration::from_secs(1);
    for kind in Kind::ALL.iter().copied() {
        let State::Approved { valid_until, .. } = approved(kind) else { panic!("made above") };
        let most = kind.terms().uses_max;
        let may = |state: State, uses, hand, now| steps::may_use(&approval(kind, state, uses), hand, now);
        let others = match kind.terms().used_by {
            UsedBy::Applicant => Err(Bar::OthersApproval),
            UsedBy::Machine => Ok(()),
        };
        let table = [
            (approved(kind), 0, ASKER, valid_until - SECOND, Ok(())),
            (approved(kind), 0, ASKER, valid_until, Ok(())),
            (approved(kind), 0, ASKER, valid_until + SECOND, Err(Bar::Lapsed)),
            (approved(kind), most - 1, ASKER, valid_until, Ok(())),
            (approved(kind), most, ASKER, valid_until, Err(Bar::UsedUp)),
            (approved(kind), 0, OTHER, valid_until, others),
            (State::Asked, 0, ASKER, valid_until, Err(Bar::NotApproved)),
            (State::Rejected { by: OTHER, at: valid_until }, 0, ASKER, valid_until, Err(Bar::Passed)),
            (State::Withdrawn { at: valid_until }, 0, ASKER, valid_until, Err(Bar::Passed)),
        ];
        for (nth, (state, uses, hand, now, want)) in table.into_iter().enumerate() {
            assert_eq!(may(state, uses, hand, now), want, "{kind:?}, row {nth}");
        }
    }
}

/// Whoever may only apply can never approve by the table alone, and a contractor does neither.
#[test]
fn an_application_is_in_the_way_until_its_last_moment_and_only_for_what_is_there_now() {
    const SECOND: SignedDuration = SignedDuration::from_secs(1);
    let of = |state, uses| approval(Kind::NumberDisposal, state, uses);
    let approved = || approved(Kind::NumberDisposal);
    let decided = of(State::Asked, 0).decide_until;
    let State::Approved { valid_until: valid, .. } = approved() else { panic!("approved") };
    for (what, asked, now, want) in [
        ("a second before the decision is due", of(State::Asked, 0), decided - SECOND, true),
        ("when the decision is due", of(State::Asked, 0), decided, true),
        ("a second after it", of(State::Asked, 0), decided + SECOND, false),
        ("a second before the approval ends", of(approved(), 0), valid - SECOND, true),
        ("when the approval ends", of(approved(), 0), valid, true),
        ("a second after it", of(approved(), 0), valid + SECOND, false),
        ("used", of(approved(), 1), valid, false),
        ("rejected", of(State::Rejected { by: OTHER, at: valid }, 0), valid, false),
        ("withdrawn", of(State::Withdrawn { at: valid }, 0), valid, false),
    ] {
        let asked = [asked];
        assert_eq!(steps::open(&asked, &[0; 32], now).is_some(), want, "{what}");
        // What it covers is no longer what is there: nobody can carry it out, so it is in nobody's way.
        assert!(steps::open(&asked, &[1; 32], now).is_none(), "{what}");
    }
}

#[test]
fn no_role_has_both_ends_of_a_kind_and_a_contractor_has_none() {
    for kind in Kind::ALL {
        let terms = kind.terms();
        for role in Role::ALL.iter().copied() {
            let [applies, approves] =
                [terms.applies, terms.approves].map(|action| rights::carries(role, action));
            assert!(!(applies && approves), "{kind:?} {role:?}");
            assert!(role != Role::Contractor || !(applies || approves), "{kind:?}");
        }
        assert!(!kind.decide_path().is_empty() && kind.withdraw_path().starts_with(kind.decide_path()));
    }
}

async fn asked(stage: &Stage, acting: &Acting, kind: Kind) -> Uuid {
    let approval_id = stage.kit.ids.next();
    let mut case = Case::open(&stage.kit, acting, kind.terms().applies, Target::of("approval", approval_id))
        .await
        .unwrap();
    let asked = Asked {
        approval_id,
        kind,
        target: ("export", Uuid::from_u128(8)),
        reason: "委託先への引渡し",
        basis: "",
        plan: vec![("件数", "3件".to_owned())],
        digest: [7; 32],
    };
    approvals::ask(&mut case, acting, &asked).await.unwrap();
    case.done(json!({"approval": approval_id})).await.unwrap();
    approval_id
}

/// As the application, behind the wall of a municipality.
async fn attempt(stage: &Stage, statement: &str) -> sqlx::Result<()> {
    let mut tx = kit::db::begin(&stage.kit.pool, KITA).await?;
    sqlx::query(sqlx::AssertSqlSafe(statement.to_owned())).execute(&mut *tx).await?;
    tx.commit().await
}

#[tokio::test]
async fn the_tables_themselves_know_the_rules() {
    let stage = stage().await;
    let (clerk, approver) = (stage.staff(KITA, Role::Clerk).await, stage.staff(KITA, Role::Approver).await);
    let (id, second) = (asked(&stage, &clerk, Kind::Export).await, asked(&stage, &clerk, Kind::Export).await);
    let decided = |by: Uuid, state: &str| {
        format!(
            "update approvals set state = '{state}', decided_by = '{by}', decided_at = asked_at, decision_reason = 'x',
                 valid_until = case when '{state}' = 'approved' then decide_until end where approval_id = '{id}'"
        )
    };
    let uses = |number: i16, at: &str| {
        format!(
            "insert into approval_uses select municipality_code, approval_id, {number}, asked_by, {at} from approvals
             where approval_id = '{id}'"
        )
    };
    let refused = async |statement: String, by: &str| {
        let error = attempt(&stage, &statement).await.unwrap_err().to_string();
        assert!(error.contains(by), "{statement}: {error}");
    };
    refused(decided(clerk.staff_id, "approved"), "approvals_two_persons").await;
    refused(decided(clerk.staff_id, "rejected"), "approvals_two_persons").await;
    refused(uses(1, "asked_at"), "approval_uses_are_approved").await;
    for set in [
        "reason = 'y'",
        "plan = '[]'",
        "digest = '\\x00'",
        "uses_max = 30",
        "decide_until = decide_until + interval '1 day'",
    ] {
        refused(format!("update approvals set {set}"), "approvals_").await;
    }
    attempt(&stage, &decided(approver.staff_id, "approved")).await.unwrap();
    refused(decided(approver.staff_id, "rejected"), "approvals_go_one_way").await;
    refused(
        format!(
            "update approvals set valid_until = valid_until + interval '1 day' where approval_id = '{id}'"
        ),
        "approvals_go_one_way",
    )
    .await;
    refused("delete from approvals".to_owned(), "permission denied").await;
    refused(uses(1, "valid_until + interval '1 second'"), "approval_uses_are_approved").await;
    refused(uses(2, "asked_at"), "approval_uses_are_approved").await;
    for number in 1..=Kind::Export.terms().uses_max {
        attempt(&stage, &uses(number, "asked_at")).await.unwrap();
    }
    refused(uses(Kind::Export.terms().uses_max + 1, "asked_at"), "approval_uses_are_approved").await;
    refused("update approval_uses set use_number = 9".to_owned(), "permission denied").await;
    let mut tx = kit::db::begin(&stage.kit.pool, KITA).await.unwrap();
    let [first, next] = [id, second].map(|id| id);
    assert_eq!(sql::get(&mut tx, KITA, first, false).await.unwrap().unwrap().number, 1);
    assert_eq!(sql::get(&mut tx, KITA, next, false).await.unwrap().unwrap().number, 2);
    assert!(sql::get(&mut tx, ITABASHI, first, false).await.unwrap().is_none());
}

#[tokio::test]
async fn a_use_is_committed_with_its_deed_or_not_at_all_and_a_bar_is_in_the_log() {
    let stage = stage().await;
    let (clerk, approver) = (stage.staff(KITA, Role::Clerk).await, stage.staff(KITA, Role::Approver).await);
    let id = asked(&stage, &clerk, Kind::Provision).await;
    let open = async || {
        Case::open(&stage.kit, &clerk, kit::Action::HandProvision, Target::of("approval", id)).await.unwrap()
    };
    let early = approvals::use_in(open().await, &clerk, &stage.kit, (Kind::Provision, id)).await;
    assert!(matches!(early.err(), Some(Failure::Conflict(_))));
    // Of another kind it is not there.
    let other = approvals::use_in(open().await, &clerk, &stage.kit, (Kind::Export, id)).await;
    assert!(matches!(other.err(), Some(Failure::NotFound)));
    let mut tx = kit::db::begin(&stage.kit.pool, KITA).await.unwrap();
    let now = stage.kit.clock.now();
    let state = State::Approved {
        by: approver.staff_id,
        at: now,
        valid_until: now + Kind::Provision.terms().valid_for,
    };
    sql::settle(&mut tx, KITA, id, &state, "確かめた").await.unwrap();
    tx.commit().await.unwrap();
    // Dropped before its end, the deed has used nothing up.
    drop(approvals::use_in(open().await, &clerk, &stage.kit, (Kind::Provision, id)).await.unwrap());
    let (case, _) = approvals::use_in(open().await, &clerk, &stage.kit, (Kind::Provision, id)).await.unwrap();
    case.done(json!({})).await.unwrap();
    let again = approvals::use_in(open().await, &clerk, &stage.kit, (Kind::Provision, id)).await;
    assert!(matches!(again.err(), Some(Failure::Conflict(_))));
    let causes: Vec<String> = sqlx::query_scalar(
        "select detail ->> 'cause' from audit_entries where outcome = 'refused' order by entry_id",
    )
    .fetch_all(&stage.db.superuser_pool())
    .await
    .unwrap();
    assert_eq!(causes, ["not_approved", "used_up"]);
}
