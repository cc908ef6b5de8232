//! Registering, changing, and finding by number.

use super::{DUTY, ONE, OTHER, day, number, person, room};
use domain::Date;
use kit::vault::{Holder, Reason, RegisterFault, VaultError};

fn fault(answer: Result<(), VaultError>) -> Option<RegisterFault> {
    match answer {
        Ok(()) => None,
        Err(VaultError::Fault(fault)) => Some(fault),
        Err(other) => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_changed_number_leaves_the_old_one_as_history() {
    let room = room("change").await;
    room.put(person(1), ONE).await;
    let from = Date::constant(2026, 9, 1);
    room.register_as(&room.handler, person(1), OTHER, from, Reason::Request).await.unwrap();
    assert_eq!(room.reveal(person(1)).await.unwrap(), "9832 0567 3214");

    let history = room.vault.history(&room.handler, person(1)).await.unwrap();
    let told: Vec<_> = history.iter().map(|v| (v.version, v.valid_from, v.reason, v.registered_by)).collect();
    let who = room.handler.staff_id;
    assert_eq!(told, [(2, from, Reason::Request, who), (1, day(), Reason::First, who)]);

    let find = async |text| room.vault.find_by_number(&room.handler, DUTY, &number(text)).await.unwrap();
    assert_eq!(find(OTHER).await, Holder { person: person(1), is_current: true });
    assert_eq!(
        find(ONE).await,
        Holder { person: person(1), is_current: false },
        "an old form finds the person"
    );
}

#[tokio::test]
async fn a_number_that_cannot_be_this_persons_is_refused_with_the_reason() {
    let room = room("faults").await;
    room.put(person(1), ONE).await;
    let (handler, today) = (&room.handler, Date::constant(2026, 11, 23));
    let tomorrow = Date::constant(2026, 11, 24);
    let eve = Date::constant(2026, 3, 31);
    let third = "765895492872";
    for (who, text, from, reason, want) in [
        (1, OTHER, today, Reason::First, Some(RegisterFault::AlreadyRegistered)),
        (2, OTHER, today, Reason::Request, Some(RegisterFault::NotRegistered)),
        (2, ONE, today, Reason::First, Some(RegisterFault::HeldByAnother)),
        (1, ONE, today, Reason::Request, Some(RegisterFault::Unchanged)),
        (2, OTHER, tomorrow, Reason::First, Some(RegisterFault::InFuture)),
        (1, OTHER, eve, Reason::ExOfficio, Some(RegisterFault::BeforePresent)),
        (1, OTHER, day(), Reason::ExOfficio, None),
        // A number once given up is nobody else's, and one's own again only by correction.
        (2, ONE, today, Reason::First, Some(RegisterFault::HeldByAnother)),
        (1, ONE, today, Reason::Request, Some(RegisterFault::Unchanged)),
        (1, ONE, today, Reason::Correction, None),
        (2, third, today, Reason::First, None),
    ] {
        let answer = room.register_as(handler, person(who), text, from, reason).await;
        assert_eq!(fault(answer), want, "{who} {reason:?} {from}");
    }
    let refused = room.entries().await.into_iter().filter(|e| e.contains(" refused ")).count();
    assert_eq!(refused, 8);
    assert_eq!(room.reveal(person(1)).await.unwrap(), "1234 5678 9018");
}

#[tokio::test]
async fn of_two_windows_that_register_the_same_number_one_is_told() {
    let room = room("race").await;
    let both = futures_util::future::join_all(
        (1..=4).map(|n| room.register_as(&room.handler, person(n), ONE, day(), Reason::First)),
    )
    .await;
    let faults: Vec<_> = both.into_iter().filter_map(fault).collect();
    assert_eq!(faults, [RegisterFault::HeldByAnother; 3]);
}
