//! The matrix of rights as the office signs it.

use kit::{
    Action, Duty, Role,
    rights::{carries, may, row_of, serves},
};
use std::path::Path;

/// `bin/goldens` sets this: then the file is written instead of compared.
const WRITE: &str = "SESSHU_GOLDENS";

#[test]
fn the_signed_matrix_is_the_one_that_is_enforced() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/roles.txt");
    let enforced = kit::rights::matrix_ja();
    if std::env::var_os(WRITE).is_some() {
        std::fs::write(&path, &enforced).expect("docs/reference can be written");
    }
    let signed = std::fs::read_to_string(&path).expect("docs/reference/roles.txt is checked in");
    assert!(
        signed == enforced,
        "docs/reference/roles.txt is not what kit::rights says: run bin/goldens and have the difference signed"
    );
}

/// Who else, in the office's words: cells that must never change by accident.
#[test]
fn a_contractor_records_from_a_sheet_and_does_nothing_else() {
    let rights: Vec<_> = Action::ALL
        .iter()
        .filter(|action| carries(Role::Contractor, **action) && row_of(**action).duty != Duty::Common)
        .collect();
    assert_eq!(rights, [&Action::OpenEntry, &Action::FindSheet, &Action::RegisterRecord]);
    assert!(serves(Role::Contractor, Duty::Records));
    assert!(!serves(Role::Contractor, Duty::Residents) && !serves(Role::Contractor, Duty::Common));
}

#[test]
fn only_what_is_common_is_open_without_any_role() {
    for action in Action::ALL {
        assert_eq!(may(&[], *action), row_of(*action).duty == Duty::Common, "{}", action.ja());
    }
}

#[test]
fn every_role_serves_a_duty_and_every_duty_has_a_role() {
    for role in Role::ALL {
        assert!(Duty::ALL.iter().any(|duty| serves(*role, *duty)), "{}", role.ja());
    }
    for duty in Duty::ALL.iter().filter(|duty| **duty != Duty::Common) {
        assert!(Role::ALL.iter().any(|role| serves(*role, *duty)), "{}", duty.ja());
    }
}

/// The three steps of an application are three people's, whatever roles somebody has.
#[test]
fn nobody_may_both_approve_and_grant_rights_or_inspect_their_own_deeds() {
    let is_barred = |roles: &[Role]| kit::rights::conflicts(roles).iter().any(|(barred, _)| *barred);
    for (one, other, want) in [
        (Role::Chief, Role::IdManager, true),
        (Role::IdManager, Role::Auditor, true),
        (Role::NumberHandler, Role::Auditor, true),
        (Role::Contractor, Role::Clerk, true),
        (Role::Clerk, Role::Approver, false),
        (Role::Clerk, Role::Chief, false),
    ] {
        assert_eq!(is_barred(&[one, other]), want, "{} {}", one.ja(), other.ja());
        assert_eq!(is_barred(&[other, one]), want, "{} {}", other.ja(), one.ja());
    }
    for role in Role::ALL {
        assert!(kit::rights::conflicts(&[*role]).is_empty(), "{}", role.ja());
    }
}

/// 月次点検: whoever signs the log of a month has not made it as ID manager or number handler, in any set of roles.
#[test]
fn nobody_who_is_id_manager_or_number_handler_can_sign_a_month_or_decide_on_looks() {
    for (count, chosen) in (0_u32..1 << Role::ALL.len()).enumerate() {
        let has = |at: &usize| chosen & (1 << at) != 0;
        let roles: Vec<Role> = (0..Role::ALL.len()).filter(has).map(|at| Role::ALL[at]).collect();
        let is_barred = kit::rights::conflicts(&roles).iter().any(|(barred, _)| *barred);
        let makes_it = roles.iter().any(|role| matches!(role, Role::IdManager | Role::NumberHandler));
        for action in [Action::SignMonth, Action::DecideFinding] {
            assert!(!may(&roles, action) || !makes_it || is_barred, "{count}: {roles:?}");
        }
    }
}
