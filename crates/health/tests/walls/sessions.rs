//! Who is in, who is out, and how soon.

use super::town::{Answer, FORM, MARKS, Session, Walls, encode, walls};
use crate::support::{ITABASHI, KITA};
use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use jiff::SignedDuration;
use kit::Role;

const PASSWORD: &str = "correct horse battery";

async fn sign_in(walls: &Walls, municipality: &str, login: &str, password: &str, cookie: &str) -> Answer {
    let form = [("municipality", municipality), ("login", login), ("password", password)]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let request = Request::post("/sign-in").header(header::CONTENT_TYPE, FORM).header(header::COOKIE, cookie);
    walls.send(request.body(Body::from(encode(&form.to_vec()))).unwrap()).await
}

fn cookie(answer: &Answer) -> String {
    answer.header(header::SET_COOKIE).split(';').next().unwrap().to_owned()
}

async fn is_in(walls: &Walls, cookie: &str) -> bool {
    let session = Session { cookie: cookie.to_owned(), csrf: String::new(), staff_id: uuid::Uuid::nil() };
    walls.get(Some(&session), "/").await.status == StatusCode::OK
}

#[tokio::test]
async fn whoever_is_disabled_or_signs_out_is_out_with_the_next_request() {
    let walls = walls(MARKS).await;
    let clerk = walls.session(&walls.ours, Role::Clerk).await;
    let approver = walls.session(&walls.ours, Role::Approver).await;
    let manager = walls.session(&walls.ours, Role::IdManager).await;
    assert!(is_in(&walls, &clerk.cookie).await && is_in(&walls, &approver.cookie).await);
    let out = walls.post(Some(&clerk), "/sign-out", &Vec::new()).await;
    assert_eq!((out.status, cookie(&out).as_str()), (StatusCode::SEE_OTHER, "sesshu="));
    assert!(!is_in(&walls, &clerk.cookie).await, "the old cookie still opens the door");
    let disable = format!("/staff/{}/disable", approver.staff_id);
    assert_eq!(walls.post(Some(&manager), &disable, &Vec::new()).await.status, StatusCode::SEE_OTHER);
    assert!(!is_in(&walls, &approver.cookie).await);
    let again = sign_in(&walls, "131172", "approver", PASSWORD, "").await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    // Losing a role counts at once, too.
    let clerk = walls.session(&walls.ours, Role::Clerk).await;
    sqlx::query("update staff set roles = '{auditor}' where login = 'clerk'")
        .execute(&walls.stage.db.superuser_pool())
        .await
        .unwrap();
    assert_eq!(walls.get(Some(&clerk), "/residents").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_session_ends_after_a_quarter_of_an_hour_unused_and_after_half_a_day_in_any_case() {
    let walls = walls(MARKS).await;
    let clock = &walls.stage.app.kit.clock;
    let session = walls.session(&walls.ours, Role::Clerk).await;
    clock.advance(SignedDuration::from_secs(15 * 60 - 1));
    assert!(is_in(&walls, &session.cookie).await);
    clock.advance(SignedDuration::from_secs(15 * 60));
    assert!(!is_in(&walls, &session.cookie).await);
    let busy = walls.session(&walls.ours, Role::Clerk).await;
    for _ in 0..72 {
        assert!(is_in(&walls, &busy.cookie).await);
        clock.advance(SignedDuration::from_mins(10));
    }
    assert!(!is_in(&walls, &busy.cookie).await, "twelve hours are over");
}

#[tokio::test]
async fn a_cookie_planted_before_signing_in_is_worth_nothing_afterwards() {
    let walls = walls(MARKS).await;
    let planted = format!("sesshu=131172.{}", "a".repeat(64));
    let answer = sign_in(&walls, "131172", "clerk", PASSWORD, &planted).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let fresh = cookie(&answer);
    assert_ne!(fresh, planted);
    assert!(is_in(&walls, &fresh).await && !is_in(&walls, &planted).await);
    let second = cookie(&sign_in(&walls, "131172", "clerk", PASSWORD, "").await);
    assert_ne!(second, fresh);
}

#[tokio::test]
async fn staff_of_another_municipality_come_in_only_at_home() {
    let walls = walls(MARKS).await;
    // An id that exists next door alone.
    sqlx::query("update staff set login = 'neighbour' where municipality_code = $1 and login = 'clerk'")
        .bind(ITABASHI.0)
        .execute(&walls.stage.db.superuser_pool())
        .await
        .unwrap();
    let there = sign_in(&walls, "131172", "neighbour", PASSWORD, "").await;
    let nobody = sign_in(&walls, "131172", "nobody", PASSWORD, "").await;
    let wrong = sign_in(&walls, "131172", "clerk", "some other password", "").await;
    for answer in [&there, &nobody, &wrong] {
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(answer.text().contains("個人IDまたはパスワードが違います"));
        assert!(answer.headers.get(header::SET_COOKIE).is_none());
    }
    assert_eq!(sign_in(&walls, "131199", "neighbour", PASSWORD, "").await.status, StatusCode::SEE_OTHER);
    // A cookie belongs to its municipality: the other's number before the same token opens nothing.
    let ours = walls.session(&walls.ours, Role::Clerk).await;
    assert!(!is_in(&walls, &ours.cookie.replace(&KITA.0.to_string(), &ITABASHI.0.to_string())).await);
    for broken in
        ["sesshu=", "sesshu=131172", "sesshu=131172.", "sesshu=x.y", "sesshu=-1.a", "sesshu=99999999999.a"]
    {
        assert!(!is_in(&walls, broken).await, "{broken}");
    }
}

#[tokio::test]
async fn odd_passwords_are_simply_wrong() {
    let walls = walls(MARKS).await;
    for password in
        ["x".repeat(10_240), "あ".repeat(4_000), " ".to_owned(), "correct horse battery ".to_owned()]
    {
        let answer = sign_in(&walls, "131172", "clerk", &password, "").await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(
            !answer.text().contains(password.trim()) || password.trim().is_empty(),
            "a password is shown again"
        );
    }
    for (municipality, login) in
        [("999999", "clerk"), ("x", "clerk"), ("", ""), ("131172", &*"l".repeat(10_240))]
    {
        let answer = sign_in(&walls, municipality, login, PASSWORD, "").await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{municipality}");
    }
    let nul = sign_in(&walls, "131172", "cl\0erk", "pass\0word", "").await;
    assert_eq!(nul.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn adding_a_login_that_exists_replaces_nobodys_password() {
    let walls = walls(MARKS).await;
    let manager = walls.session(&walls.ours, Role::IdManager).await;
    let form = |login: &str| -> super::town::Form {
        [("login", login), ("name", "別人"), ("section", ""), ("role", "auditor")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec()
    };
    let taken = walls.post(Some(&manager), "/staff", &form("clerk")).await;
    assert_eq!(taken.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(taken.text().contains("この個人IDは登録済みです"));
    assert_eq!(sign_in(&walls, "131172", "clerk", PASSWORD, "").await.status, StatusCode::SEE_OTHER);
    // The neighbour's ids are not in the way.
    sqlx::query("update staff set login = 'only.there' where municipality_code = $1 and login = 'clerk'")
        .bind(ITABASHI.0)
        .execute(&walls.stage.db.superuser_pool())
        .await
        .unwrap();
    let added = walls.post(Some(&manager), "/staff", &form("only.there")).await;
    assert!(added.text().contains("最初のパスワード"));
}

#[tokio::test]
async fn a_flood_of_attempts_to_sign_in_leaves_the_others_at_work() {
    let walls = walls(MARKS).await;
    let clerk = walls.session(&walls.ours, Role::Clerk).await;
    let flood = (0..40).map(|_| sign_in(&walls, "131172", "nobody", "some other password", ""));
    let flood = futures_util::future::join_all(flood);
    let at_work = async {
        for _ in 0..5 {
            assert_eq!(walls.get(Some(&clerk), "/residents").await.status, StatusCode::OK);
        }
    };
    tokio::pin!(flood);
    // More attempts than the pool has connections: the clerk's pages come before the flood has passed.
    tokio::select! {
        biased;
        () = at_work => {}
        _ = &mut flood => panic!("the clerk had to wait for the flood"),
    }
    assert!(flood.await.iter().all(|answer| answer.status == StatusCode::UNPROCESSABLE_ENTITY));
}
