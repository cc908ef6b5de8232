//! The door of all systems: who gets in, who waits, when a sign-in ends, and what a ticket is good for.

use crate::support::{HEALTH, ITABASHI, KITA, PASSWORD, Stage, stage};
use axum::http::{StatusCode, header};
use jiff::SignedDuration;
use kit::{Role, session};

#[tokio::test]
async fn a_sign_in_ends_after_fifteen_idle_minutes() {
    let stage = stage().await;
    stage.account(KITA, Role::Clerk).await;
    let clerk = stage.browser(KITA, Role::Clerk).await;
    stage.app.kit.clock.advance(SignedDuration::from_secs(15 * 60 - 1));
    assert!(stage.is_in(&clerk).await, "a second before the quarter of an hour");
    stage.app.kit.clock.advance(SignedDuration::from_mins(15));
    assert!(!stage.is_in(&clerk).await, "15 minutes after the last use");
}

#[tokio::test]
async fn what_a_page_asks_by_itself_keeps_nobody_signed_in() {
    let stage = stage().await;
    stage.account(KITA, Role::Clerk).await;
    let cookie = stage.browser(KITA, Role::Clerk).await;
    let value = cookie.split_once('=').unwrap().1;
    for minutes in [5, 5, 4] {
        stage.app.kit.clock.advance(SignedDuration::from_mins(minutes));
        assert!(session::resume(&stage.app.kit, value, uuid::Uuid::nil(), false).await.unwrap().is_some());
    }
    stage.app.kit.clock.advance(SignedDuration::from_mins(1));
    assert!(session::resume(&stage.app.kit, value, uuid::Uuid::nil(), false).await.unwrap().is_none());
}

#[tokio::test]
async fn five_wrong_passwords_make_even_the_right_one_wait() {
    let stage = stage().await;
    stage.account(KITA, Role::Clerk).await;
    for _ in 0..5 {
        let wrong = stage.sign_in(KITA, "clerk", "wrong").await;
        assert!(wrong.text.contains("個人ID、パスワード、確認コードのどれかが違います"));
    }
    let early = stage.sign_in(KITA, "clerk", PASSWORD).await;
    assert!(early.text.contains("続けて間違えたため"), "{}", early.text);
    stage.app.kit.clock.advance(SignedDuration::from_secs(30));
    assert_eq!(stage.sign_in(KITA, "clerk", PASSWORD).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn unknown_ids_wrong_passwords_and_the_neighbours_staff_read_alike() {
    let stage = stage().await;
    stage.account(KITA, Role::Clerk).await;
    stage.account(ITABASHI, Role::Approver).await;
    kit::staff::operator(&stage.app.kit, KITA).await.unwrap();
    for (login, password) in
        [("nobody", PASSWORD), ("clerk", "some other password"), ("approver", PASSWORD), ("operator", "!")]
    {
        let answer = stage.sign_in(KITA, login, password).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(answer.text.contains("個人ID、パスワード、確認コードのどれかが違います"), "{login}");
        assert!(answer.headers.get(header::SET_COOKIE).is_none());
    }
    assert_eq!(stage.sign_in(ITABASHI, "approver", PASSWORD).await.status, StatusCode::SEE_OTHER);
    let logged =
        "select string_agg(outcome, ' ' order by entry_id) from audit_entries where action = 'sign_in'";
    assert_eq!(stage.value::<String>(logged).await, "refused refused refused refused done");
}

#[tokio::test]
async fn odd_input_is_simply_wrong_and_no_password_is_shown_again() {
    let stage = stage().await;
    stage.account(KITA, Role::Clerk).await;
    for password in ["x".repeat(10_240), "あ".repeat(4_000), format!("{PASSWORD} ")] {
        let answer = stage.sign_in(KITA, "clerk", &password).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(!answer.text.contains(password.trim()), "a password is shown again");
    }
    for (municipality, login) in
        [("999999", "clerk"), ("x", "clerk"), ("", ""), ("131172", &*"l".repeat(10_240))]
    {
        let form = [("municipality", municipality), ("login", login), ("password", PASSWORD)];
        let answer = stage.sign_in_with(&form).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{municipality}");
    }
    assert_eq!(stage.sign_in(KITA, "cl\0erk", "pass\0word").await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_cookie_planted_before_signing_in_is_worth_nothing_afterwards() {
    let stage = stage().await;
    stage.account(KITA, Role::Clerk).await;
    let planted = format!("sesshu-hub=131172.{}", "a".repeat(64));
    let form = [("municipality", "131172"), ("login", "clerk"), ("password", PASSWORD)];
    let step = stage.ask(&planted, "/sign-in", Some(&form)).await.cookie();
    let both = format!("{planted}; {step}");
    let fresh = stage.ask(&both, "/sign-in/code", Some(&[("code", &stage.code())])).await.cookie();
    assert_ne!(fresh, planted);
    assert!(stage.is_in(&fresh).await && !stage.is_in(&planted).await);
}

const STATE: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

/// Signs in on the way to 健康管理システム; the ticket that the browser brings there.
async fn ticket(stage: &Stage) -> String {
    let form = [
        ("municipality", "131172"),
        ("login", "clerk"),
        ("password", PASSWORD),
        ("to", "health"),
        ("state", STATE),
    ];
    let answer = stage.sign_in_with(&form).await;
    let there = answer.header(header::LOCATION).to_owned();
    there.strip_prefix(&format!("{HEALTH}/enter?ticket=")).expect("it leads to the system").to_owned()
}

#[tokio::test]
async fn a_ticket_works_once_for_a_minute_and_only_at_home() {
    let stage = stage().await;
    let clerk = stage.account(KITA, Role::Clerk).await;
    let keeper = &stage.app.kit.desk.keeper;
    let first = ticket(&stage).await;
    assert!(keeper.redeem(ITABASHI, "health", &first).await.unwrap().is_none());
    assert!(keeper.redeem(KITA, "vrs", &first).await.unwrap().is_none(), "another system");
    let arrival = keeper.redeem(KITA, "health", &first).await.unwrap().expect("a fresh ticket works");
    assert_eq!((arrival.standing.person.staff_id, arrival.state.as_str()), (clerk, STATE));
    assert!(keeper.redeem(KITA, "health", &first).await.unwrap().is_none(), "twice");
    let late = ticket(&stage).await;
    stage.app.kit.clock.advance(SignedDuration::from_secs(60));
    assert!(keeper.redeem(KITA, "health", &late).await.unwrap().is_none(), "after a minute");
    let lasting = ticket(&stage).await;
    stage.app.kit.clock.advance(SignedDuration::from_secs(59));
    assert!(keeper.redeem(KITA, "health", &lasting).await.unwrap().is_some(), "within the minute");
}

#[tokio::test]
async fn whoever_has_signed_in_goes_on_without_being_asked_again_and_never_to_a_stranger() {
    let stage = stage().await;
    stage.account(KITA, Role::Clerk).await;
    let clerk = stage.browser(KITA, Role::Clerk).await;
    let on = stage.get(&clerk, &format!("/sign-in?to=health&state={STATE}")).await;
    assert!(on.header(header::LOCATION).starts_with(&format!("{HEALTH}/enter?ticket=131172.")));
    for way in ["", "?to=health&state=short", "?to=evil.example&state=", "?to=https://evil.example&state=x"] {
        assert_eq!(stage.get(&clerk, &format!("/sign-in{way}")).await.header(header::LOCATION), "/", "{way}");
    }
}

#[tokio::test]
async fn signing_out_anywhere_is_signing_out_everywhere() {
    let stage = stage().await;
    stage.account(KITA, Role::Clerk).await;
    let keeper = &stage.app.kit.desk.keeper;
    let one = ticket(&stage).await;
    let standing = keeper.redeem(KITA, "health", &one).await.unwrap().unwrap().standing;
    assert!(keeper.check(KITA, standing.sign_in_id, true).await.unwrap().is_some());
    keeper.end(KITA, standing.sign_in_id).await.unwrap();
    assert!(keeper.check(KITA, standing.sign_in_id, true).await.unwrap().is_none());
    assert!(keeper.check(ITABASHI, standing.sign_in_id, true).await.unwrap().is_none());
}

#[tokio::test]
async fn a_flood_of_attempts_to_sign_in_leaves_the_others_at_work() {
    let stage = stage().await;
    stage.account(KITA, Role::Clerk).await;
    let clerk = stage.browser(KITA, Role::Clerk).await;
    let flood = (0..40).map(|_| stage.sign_in(KITA, "nobody", "some other password"));
    let flood = futures_util::future::join_all(flood);
    let at_work = async {
        for _ in 0..5 {
            assert_eq!(stage.get(&clerk, "/").await.status, StatusCode::OK);
        }
    };
    tokio::pin!(flood);
    // More attempts than the pool has connections: the clerk's pages come before the flood has passed.
    tokio::select! {
        biased;
        () = at_work => {}
        _ = &mut flood => panic!("the clerk had to wait for the flood"),
    }
    // Some are tried, the others are told to come back.
    let told = [StatusCode::UNPROCESSABLE_ENTITY, StatusCode::SERVICE_UNAVAILABLE];
    assert!(flood.await.iter().all(|answer| told.contains(&answer.status)));
}
