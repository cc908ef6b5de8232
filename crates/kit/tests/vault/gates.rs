//! Zone, right, second factor, how often: one after the other, each refusal in the log.

use super::{DUTY, ONE, Room, number, person, room, stepped_up};
use crate::support::{ITABASHI, KITA};
use domain::individual_number::Purpose;
use jiff::SignedDuration;
use kit::{Acting, Role, Terminal, Zone, vault::VaultError};

/// What the answer looks like from outside.
fn seen<T>(answer: &Result<T, VaultError>) -> String {
    match answer {
        Ok(_) => "shown".to_owned(),
        Err(error) => error.to_string(),
    }
}

async fn tries(room: &Room, acting: &Acting) -> String {
    seen(&room.vault.reveal(acting, DUTY, person(1)).await)
}

const NOT_SHOWN: &str = "個人番号は表示できません。";

#[tokio::test]
async fn a_number_is_shown_to_the_handler_for_a_purpose_and_the_log_says_so() {
    let room = room("shown").await;
    room.put(person(1), ONE).await;
    let shown = room.vault.reveal(&room.handler, Purpose::ReliefClaim, person(1)).await.unwrap();
    assert_eq!(shown.digits().as_str(), "1234 5678 9018");
    assert_eq!((shown.purpose, format!("{shown:?}").contains("1234")), (Purpose::ReliefClaim, false));
    assert_eq!(
        room.entries().await,
        ["register_number done vaccination - 1", "reveal_number viewed relief_claim - 1"]
    );
}

#[tokio::test]
async fn only_the_business_zone_opens_the_vault() {
    let room = room("zones").await;
    room.put(person(1), ONE).await;
    for zone in Zone::ALL {
        let acting = Acting { terminal: Terminal { zone: *zone, id: None }, ..room.handler.clone() };
        let want = if *zone == Zone::Business { "shown" } else { NOT_SHOWN };
        assert_eq!(tries(&room, &acting).await, want, "{}", zone.ja());
    }
    let refused = room.entries().await.iter().filter(|e| e.ends_with("refused vaccination zone 1")).count();
    assert_eq!(refused, Zone::ALL.len() - 1);
}

#[tokio::test]
async fn only_the_handlers_role_opens_the_vault_for_every_deed() {
    let room = room("roles").await;
    room.put(person(1), ONE).await;
    for role in Role::ALL {
        if *role == Role::NumberHandler {
            continue;
        }
        let acting = stepped_up(&room.stage, room.stage.staff(KITA, *role).await);
        assert_eq!(tries(&room, &acting).await, NOT_SHOWN, "{}", role.ja());
        let found = room.vault.find_by_number(&acting, DUTY, &number(ONE)).await;
        assert_eq!(seen(&found), NOT_SHOWN, "{}", role.ja());
        let put = room.register_as(&acting, person(2), super::OTHER, super::day(), kit::vault::Reason::First);
        assert_eq!(seen(&put.await), NOT_SHOWN, "{}", role.ja());
        let history = room.vault.history(&acting, person(1)).await;
        let want = if *role == Role::Auditor { "shown" } else { NOT_SHOWN };
        assert_eq!(seen(&history), want, "{}", role.ja());
    }
    assert_eq!(room.vault.history(&room.handler, person(2)).await.unwrap(), []);
}

#[tokio::test]
async fn the_second_factor_lasts_ten_minutes_and_not_a_second_longer() {
    let room = room("factor").await;
    room.put(person(1), ONE).await;
    let needs = "個人番号を扱うには、二要素目の認証が必要です。認証してからやり直してください。";
    let never = Acting { stepped_up_at: None, ..room.handler.clone() };
    assert_eq!(tries(&room, &never).await, needs);
    let ahead = room.stage.kit.clock.now() + SignedDuration::from_secs(1);
    let later = Acting { stepped_up_at: Some(ahead), ..room.handler.clone() };
    assert_eq!(tries(&room, &later).await, needs, "a factor of the future is none");

    room.stage.kit.clock.advance(SignedDuration::from_mins(10));
    assert_eq!(tries(&room, &room.handler).await, "shown", "ten minutes");
    room.stage.kit.clock.advance(SignedDuration::from_micros(1));
    assert_eq!(tries(&room, &room.handler).await, needs, "a moment more");
    let put =
        room.register_as(&room.handler, person(2), super::OTHER, super::day(), kit::vault::Reason::First);
    assert_eq!(seen(&put.await), needs);
    assert_eq!(seen(&room.vault.find_by_number(&room.handler, DUTY, &number(ONE)).await), needs);
    assert!(room.vault.history(&room.handler, person(1)).await.is_ok(), "the history shows no number");
}

#[tokio::test]
async fn not_allowed_not_there_and_not_ours_look_alike() {
    let room = room("alike").await;
    room.put(person(1), ONE).await;
    let neighbour = stepped_up(&room.stage, room.stage.staff(ITABASHI, Role::NumberHandler).await);
    let clerk = stepped_up(&room.stage, room.stage.staff(KITA, Role::Clerk).await);
    for (acting, who) in [(&neighbour, person(1)), (&room.handler, person(9)), (&clerk, person(1))] {
        assert_eq!(seen(&room.vault.reveal(acting, DUTY, who).await), NOT_SHOWN);
    }
    assert_eq!(seen(&room.vault.find_by_number(&neighbour, DUTY, &number(ONE)).await), NOT_SHOWN);
    let why: Vec<String> = room.entries().await.into_iter().skip(1).collect();
    assert_eq!(
        why,
        [
            "reveal_number refused vaccination unknown 1",
            "reveal_number refused vaccination unknown 9",
            "reveal_number refused vaccination right 1",
            "find_by_number refused vaccination unknown -",
        ]
    );
}

#[tokio::test]
async fn looks_are_counted_by_person_of_staff_and_hour() {
    let mut room = room("hour").await;
    room.vault = room.vault.with_looks_per_hour_max(5);
    room.put(person(1), ONE).await;
    // Ten at once: the counting does not let two slip through on the same count.
    let all = futures_util::future::join_all((0..10).map(|_| tries(&room, &room.handler))).await;
    let shown = all.iter().filter(|answer| *answer == "shown").count();
    assert_eq!(shown, 5, "{all:?}");
    let too_many = "1時間に扱える件数を超えました。時間をおいてやり直してください。";
    assert_eq!(seen(&room.vault.find_by_number(&room.handler, DUTY, &number(ONE)).await), too_many);
    assert_eq!(
        seen(&room.vault.reveal(&room.handler, DUTY, person(9)).await),
        too_many,
        "also for the unknown"
    );

    let mut colleague = room.handler.clone();
    colleague.staff_id = person(77);
    assert_eq!(tries(&room, &colleague).await, "shown", "each person has their own count");
    room.stage.kit.clock.advance(SignedDuration::from_hours(1));
    let again = stepped_up(&room.stage, room.handler.clone());
    assert_eq!(tries(&room, &again).await, "shown", "an hour later");
}

#[tokio::test]
async fn guessing_is_counted_like_finding() {
    let mut room = room("guess").await;
    room.vault = room.vault.with_looks_per_hour_max(3);
    for _ in 0..3 {
        assert_eq!(seen(&room.vault.find_by_number(&room.handler, DUTY, &number(ONE)).await), NOT_SHOWN);
    }
    let fourth = room.vault.find_by_number(&room.handler, DUTY, &number(ONE)).await;
    assert!(matches!(fourth, Err(VaultError::TooMany)));
}

#[tokio::test]
async fn without_its_entry_there_is_no_answer_and_no_change() {
    let room = room("entry").await;
    room.put(person(1), ONE).await;
    let superuser = room.stage.db.superuser_pool();
    sqlx::query("revoke insert on audit_entries from sesshu_test_vault").execute(&superuser).await.unwrap();
    for answer in [
        seen(&room.vault.reveal(&room.handler, DUTY, person(1)).await),
        seen(&room.vault.reveal(&room.handler, DUTY, person(9)).await),
        seen(&room.vault.find_by_number(&room.handler, DUTY, &number(ONE)).await),
        seen(&room.vault.history(&room.handler, person(1)).await),
        seen(
            &room
                .register_as(&room.handler, person(2), super::OTHER, super::day(), kit::vault::Reason::First)
                .await,
        ),
    ] {
        assert_eq!(answer, "障害が起きました");
    }
    let kept: i64 =
        sqlx::query_scalar("select count(*) from vault.numbers").fetch_one(&superuser).await.unwrap();
    assert_eq!(kept, 1, "the number that was not logged is not there");
}
