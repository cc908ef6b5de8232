//! The door under attack: what is used twice, at once, elsewhere or after its end.

use crate::support::{Answer, ITABASHI, KITA, PASSWORD, Stage, stage};
use axum::http::StatusCode;
use futures_util::future::join_all;
use jiff::SignedDuration;
use kit::{Role, session::CHECK_EVERY};

const WRONG: &str = "some other password";
const ALIKE: &str = "個人ID、パスワード、確認コードのどれかが違います";
const WAIT: &str = "続けて間違えた";

/// The first step; the browser's half of what waits for the code.
async fn first_step(stage: &Stage, municipality: &str, password: &str) -> String {
    let form = [("municipality", municipality), ("login", "clerk"), ("password", password)];
    stage.ask("", "/sign-in", Some(&form)).await.cookie()
}

async fn code(stage: &Stage, cookie: &str, code: &str) -> Answer {
    stage.ask(cookie, "/sign-in/code", Some(&[("code", code)])).await
}

async fn outcomes(stage: &Stage) -> String {
    let sql =
        "select coalesce(string_agg(outcome || ':' || (staff_id is not null), ' ' order by entry_id), '')
               from audit_entries where action = 'sign_in'";
    stage.value(sql).await
}

#[tokio::test]
async fn a_code_sent_by_two_browsers_at_once_lets_one_of_them_in() {
    let stage = stage().await;
    stage.account(KITA, Role::Clerk).await;
    let (one, other) =
        (first_step(&stage, "131172", PASSWORD).await, first_step(&stage, "131172", PASSWORD).await);
    let shown = stage.code();
    let answers = join_all([&one, &one, &other, &other].map(|cookie| code(&stage, cookie, &shown))).await;
    let let_in = answers.iter().filter(|answer| answer.status == StatusCode::SEE_OTHER).count();
    assert_eq!(let_in, 1);
    assert_eq!(stage.value::<i64>("select count(*) from sign_ins").await, 1);
}

#[tokio::test]
async fn guesses_sent_at_once_are_all_counted() {
    let stage = stage().await;
    stage.account(KITA, Role::Clerk).await;
    let mut browsers = Vec::new();
    for _ in 0..12 {
        browsers.push(first_step(&stage, "131172", WRONG).await);
    }
    let answers = join_all(browsers.iter().map(|cookie| code(&stage, cookie, "000000"))).await;
    let tried = answers.iter().filter(|answer| answer.text.contains(ALIKE)).count();
    let held = answers.iter().filter(|answer| answer.text.contains(WAIT)).count();
    assert_eq!((tried, held), (5, 7), "five are tried, the rest wait");
    assert_eq!(stage.value::<i32>("select failures from sign_in_attempts").await, 5);
}

/// One count for every door at which an id can be tried, and one for each municipality.
#[tokio::test]
async fn who_waits_at_one_door_waits_at_all_and_the_neighbours_namesake_does_not() {
    let stage = stage().await;
    stage.account(KITA, Role::Clerk).await;
    stage.account(ITABASHI, Role::Clerk).await;
    let clerk = stage.browser(KITA, Role::Clerk).await;
    let enrol = async || {
        let form = [("municipality", "131172"), ("login", "clerk"), ("code", "0000-0000-0000-0000")];
        stage.ask("", "/enrol", Some(&form)).await
    };
    for _ in 0..2 {
        assert!(enrol().await.text.contains("違うか、期限が切れ"));
        let step_up = stage.post(&clerk, "/step-up", "/step-up", &[("code", "000000"), ("back", "/")]).await;
        assert!(step_up.text.contains("確認コードが違います"));
    }
    let fields = [("old", WRONG), ("new", "a quiet morning"), ("again", "a quiet morning")];
    let changed = stage.post(&clerk, "/account", "/account/password", &fields).await;
    assert!(changed.text.contains("今のパスワードが違います"));
    assert!(stage.sign_in(KITA, "clerk", PASSWORD).await.text.contains(WAIT));
    assert!(enrol().await.text.contains(WAIT));
    let step_up = stage.post(&clerk, "/step-up", "/step-up", &[("code", &stage.code()), ("back", "/")]).await;
    assert!(step_up.text.contains(WAIT));
    let changed = stage.post(&clerk, "/account", "/account/password", &fields).await;
    assert!(changed.text.contains(WAIT));
    assert_eq!(stage.sign_in(ITABASHI, "clerk", PASSWORD).await.status, StatusCode::SEE_OTHER);
    // Whoever is signed in already goes on working.
    assert!(stage.is_in(&clerk).await);
}

#[tokio::test]
async fn a_code_used_at_one_door_opens_no_other_and_none_of_before_or_long_after() {
    let stage = stage().await;
    stage.account(KITA, Role::Clerk).await;
    let clerk = stage.browser(KITA, Role::Clerk).await;
    let clock = &stage.app.kit.clock;
    clock.advance(SignedDuration::from_secs(60));
    let earlier = stage.secret.code(clock.now() - SignedDuration::from_secs(30));
    let shown = stage.code();
    let proved = stage.post(&clerk, "/step-up", "/step-up", &[("code", &shown), ("back", "/")]).await;
    assert_eq!(proved.status, StatusCode::SEE_OTHER);
    let late = stage.secret.code(clock.now() - SignedDuration::from_secs(120));
    let early = stage.secret.code(clock.now() + SignedDuration::from_secs(120));
    for used in [&shown, &earlier, &late, &early] {
        let browser = first_step(&stage, "131172", PASSWORD).await;
        assert!(code(&stage, &browser, used).await.text.contains(ALIKE), "{used}");
    }
}

#[tokio::test]
async fn what_waits_for_a_code_is_no_session_and_none_in_another_municipality() {
    let stage = stage().await;
    stage.account(KITA, Role::Clerk).await;
    stage.account(ITABASHI, Role::Clerk).await;
    let waiting = first_step(&stage, "131172", PASSWORD).await;
    let as_session = format!("sesshu-hub={}", waiting.split_once('=').unwrap().1);
    assert!(!stage.is_in(&as_session).await && !stage.is_in(&waiting).await);
    let next_door = waiting.replace("131172", "131199");
    assert!(code(&stage, &next_door, &stage.code()).await.text.contains("時間が切れました"));
    // Nor is it the half of another ceremony.
    for path in ["/sign-in/passkey", "/enrol/password"] {
        let kind = if path == "/enrol/password" { "enrolment" } else { "passkey_sign_in" };
        let renamed = waiting.replace("-code=", &format!("-{kind}="));
        let form = [("credential", "{}"), ("password", PASSWORD), ("again", PASSWORD), ("code", "000000")];
        let answer = stage.ask(&renamed, path, Some(&form)).await;
        assert!(
            answer.status == StatusCode::UNPROCESSABLE_ENTITY
                || answer.header(axum::http::header::LOCATION) == "/enrol",
            "{path}"
        );
    }
    assert_eq!(code(&stage, &waiting, &stage.code()).await.status, StatusCode::SEE_OTHER, "it still waits");
}

/// A cookie after its end: at once here, and within five seconds wherever it was believed.
#[tokio::test]
async fn a_cookie_is_worth_nothing_after_leaving_and_no_more_than_its_roles_after_a_change() {
    let stage = stage().await;
    assert!(CHECK_EVERY < SignedDuration::from_secs(5));
    stage.account(KITA, Role::IdManager).await;
    let manager = stage.browser(KITA, Role::IdManager).await;
    assert_eq!(stage.post(&manager, "/", "/sign-out", &[]).await.status, StatusCode::SEE_OTHER);
    assert!(!stage.is_in(&manager).await, "the next request");
    let manager = stage.browser(KITA, Role::IdManager).await;
    assert_eq!(stage.get(&manager, "/sections").await.status, StatusCode::OK);
    let yesterday = "update holdings set until_on = from_on - 1";
    sqlx::query(yesterday).execute(&stage.db.superuser_pool()).await.unwrap();
    stage.app.kit.clock.advance(CHECK_EVERY);
    assert_eq!(stage.get(&manager, "/sections").await.status, StatusCode::FORBIDDEN, "without the role");
    assert!(stage.is_in(&manager).await, "the home page is everybody's");
    sqlx::query("update accounts set disabled_at = now()").execute(&stage.db.superuser_pool()).await.unwrap();
    stage.app.kit.clock.advance(CHECK_EVERY);
    assert!(!stage.is_in(&manager).await, "disabled");
}

/// Refused in the log, counted, and nothing begun: a proof is not enough where the account has ended or is shut.
#[tokio::test]
async fn whoever_proves_who_they_are_after_their_last_day_is_refused_and_leaves_no_sign_in() {
    let stage = stage().await;
    let clerk = stage.account(KITA, Role::Clerk).await;
    let last = async |day: &'static str| {
        let sql = "update accounts set until_on = $2::date where staff_id = $1";
        let done = sqlx::query(sql).bind(clerk).bind(day);
        done.execute(&stage.db.superuser_pool()).await.unwrap();
    };
    last("2026-11-22").await;
    let ended = stage.sign_in(KITA, "clerk", PASSWORD).await;
    assert!(ended.text.contains(ALIKE), "{}", ended.text);
    assert_eq!(outcomes(&stage).await, "refused:true");
    assert_eq!(stage.value::<i64>("select count(*) from sign_ins").await, 0);
    assert_eq!(stage.value::<i32>("select failures from sign_in_attempts").await, 1);
    last("2026-11-23").await;
    assert_eq!(stage.sign_in(KITA, "clerk", PASSWORD).await.status, StatusCode::SEE_OTHER, "on the day");
    assert_eq!(outcomes(&stage).await, "refused:true done:true");
    assert_eq!(stage.value::<i64>("select count(*) from sign_in_attempts").await, 0);
    let waiting = first_step(&stage, "131172", PASSWORD).await;
    // Shut between the two steps.
    sqlx::query("update accounts set disabled_at = now()").execute(&stage.db.superuser_pool()).await.unwrap();
    sqlx::query("update totps set last_step = 0").execute(&stage.db.superuser_pool()).await.unwrap();
    assert!(code(&stage, &waiting, &stage.code()).await.text.contains(ALIKE));
    assert_eq!(outcomes(&stage).await, "refused:true done:true refused:true");
    assert_eq!(stage.value::<i64>("select count(*) from sign_ins").await, 1);
}

/// Everybody sees where else they are signed in; who looks after the accounts sees it of everybody.
#[tokio::test]
async fn sign_ins_at_the_same_time_are_shown_to_their_person_and_to_the_id_manager() {
    let stage = stage().await;
    stage.account(KITA, Role::IdManager).await;
    let clerk_id = stage.account(KITA, Role::Clerk).await;
    let clerk = stage.browser(KITA, Role::Clerk).await;
    let shown = async || stage.get(&clerk, "/account").await.text.matches("/account/sign-in/").count();
    assert_eq!(shown().await, 0, "only this one");
    for nth in 1..=3 {
        stage.browser(KITA, Role::Clerk).await;
        assert_eq!(shown().await, nth);
    }
    let manager = stage.browser(KITA, Role::IdManager).await;
    let page = format!("/staff/{clerk_id}/means");
    assert_eq!(stage.get(&manager, &page).await.text.matches("パスワードと確認コード").count(), 4);
    stage.post(&manager, &page, &format!("{page}/end-sign-ins"), &[]).await;
    stage.app.kit.clock.advance(CHECK_EVERY);
    assert!(!stage.is_in(&clerk).await);
    let standing: i64 = stage
        .value(
            "select count(*) from sign_ins i join staff s using (municipality_code, staff_id)
                where s.login = 'clerk' and ended_at is null",
        )
        .await;
    assert_eq!(standing, 0);
}

#[tokio::test]
async fn who_has_only_found_an_open_screen_removes_no_passkey() {
    let stage = stage().await;
    stage.account(KITA, Role::Clerk).await;
    let clerk = stage.browser(KITA, Role::Clerk).await;
    let path = format!("/account/passkey/{}/remove", uuid::Uuid::from_u128(7));
    let removed = stage.post(&clerk, "/account", &path, &[]).await;
    assert_eq!(removed.header(axum::http::header::LOCATION), "/step-up?back=/account");
    stage.app.kit.clock.advance(SignedDuration::from_secs(30));
    stage.post(&clerk, "/step-up", "/step-up", &[("code", &stage.code()), ("back", "/")]).await;
    assert_eq!(stage.post(&clerk, "/account", &path, &[]).await.status, StatusCode::NOT_FOUND);
}
