//! Codes, waiting, exceptions, enrolment and step-up, with everybody's clock held still.

use crate::support::{Answer, ITABASHI, KITA, PASSWORD, Stage, stage};
use axum::http::{StatusCode, header};
use jiff::SignedDuration;
use kit::{Role, session};
use uuid::Uuid;

const ALIKE: &str = "個人ID、パスワード、確認コードのどれかが違います";

/// The first step, and what it leaves in the browser.
async fn password(stage: &Stage, login: &str, password: &str) -> Answer {
    let form = [("municipality", "131172"), ("login", login), ("password", password)];
    stage.ask("", "/sign-in", Some(&form)).await
}

async fn code(stage: &Stage, cookie: &str, code: &str) -> Answer {
    stage.ask(cookie, "/sign-in/code", Some(&[("code", code)])).await
}

#[tokio::test]
async fn a_code_is_asked_of_everybody_and_works_once() {
    let stage = stage().await;
    stage.account(KITA, Role::Clerk).await;
    let first = password(&stage, "clerk", PASSWORD).await;
    let shown = stage.code();
    assert_eq!(code(&stage, &first.cookie(), &shown).await.status, StatusCode::SEE_OTHER);
    assert!(
        code(&stage, &first.cookie(), &shown).await.text.contains("時間が切れました"),
        "the step is used up"
    );
    let second = password(&stage, "clerk", PASSWORD).await;
    assert!(code(&stage, &second.cookie(), &shown).await.text.contains(ALIKE), "the code is used up");
    stage.app.kit.clock.advance(SignedDuration::from_secs(30));
    assert_eq!(code(&stage, &second.cookie(), &stage.code()).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_password_waits_five_minutes_for_its_code_in_its_own_browser() {
    let stage = stage().await;
    stage.account(KITA, Role::Clerk).await;
    let first = password(&stage, "clerk", PASSWORD).await;
    let none = code(&stage, "", &stage.code()).await;
    assert_eq!(none.header(header::LOCATION), "/sign-in", "another browser begins anew");
    stage.app.kit.clock.advance(SignedDuration::from_secs(300));
    assert!(code(&stage, &first.cookie(), &stage.code()).await.text.contains("時間が切れました"));
    let second = password(&stage, "clerk", PASSWORD).await;
    stage.app.kit.clock.advance(SignedDuration::from_secs(299));
    assert_eq!(code(&stage, &second.cookie(), &stage.code()).await.status, StatusCode::SEE_OTHER);
}

/// What an answer tells: without the request's own number.
fn told(answer: &Answer) -> (StatusCode, Vec<String>, String) {
    let names = answer.headers.keys().map(|name| name.to_string()).collect();
    let text = answer.text.split("受付番号をお伝えください").next().unwrap().to_owned();
    (answer.status, names, text)
}

#[tokio::test]
async fn no_answer_tells_which_ids_there_are_nor_which_part_was_wrong() {
    let stage = stage().await;
    stage.account(KITA, Role::Clerk).await;
    let mut seen = Vec::new();
    for (login, word) in
        [("clerk", "some other password"), ("nobody", "some other password"), ("clerk", PASSWORD)]
    {
        let mut answers = Vec::new();
        for _ in 0..6 {
            let first = password(&stage, login, word).await;
            answers.push(told(&first).0.as_u16().to_string());
            let second = code(&stage, &first.cookie(), "000000").await;
            // The id that was typed stands in the form again.
            answers.push(format!("{:?} {:?}", told(&second), told(&first)).replace(login, "ID"));
        }
        seen.push(answers);
        stage.app.kit.clock.advance(SignedDuration::from_hours(2));
        sqlx::query("delete from sign_in_attempts").execute(&stage.db.superuser_pool()).await.unwrap();
    }
    assert_eq!(seen[0], seen[1], "known and unknown ids");
    assert_eq!(seen[0], seen[2], "right and wrong passwords");
    assert!(seen[0][11].contains("約1分後にやり直すか"), "after five in a row: {}", seen[0][11]);
}

#[tokio::test]
async fn known_and_unknown_ids_take_the_same_time() {
    let stage = stage().await;
    stage.account(KITA, Role::Clerk).await;
    let mut took = [Vec::new(), Vec::new()];
    for round in 0..16 {
        for (which, login) in ["clerk", "nobody"].into_iter().enumerate() {
            let begun = std::time::Instant::now();
            password(&stage, login, "some other password").await;
            // The first round warms up.
            if round > 0 {
                took[which].push(begun.elapsed());
            }
        }
    }
    let [known, unknown] = took.map(|mut all| {
        all.sort();
        all[all.len() / 2].as_secs_f64()
    });
    // A password is hashed for both: without that the ratio is far beyond ten.
    assert!((0.4..2.5).contains(&(known / unknown)), "known {known}, unknown {unknown}");
}

#[tokio::test]
async fn the_wait_doubles_to_an_hour_and_a_hundred_failures_end_it() {
    let stage = stage().await;
    stage.account(KITA, Role::IdManager).await;
    let clerk_id = stage.account(KITA, Role::Clerk).await;
    let clock = &stage.app.kit.clock;
    let wrong = async || {
        let first = password(&stage, "clerk", "some other password").await;
        code(&stage, &first.cookie(), "000000").await
    };
    for _ in 0..5 {
        wrong().await;
    }
    for seconds in [30, 60, 120, 240, 480, 960, 1920, 3600, 3600] {
        clock.advance(SignedDuration::from_secs(seconds - 1));
        assert!(stage.sign_in(KITA, "clerk", PASSWORD).await.text.contains("続けて間違えた"), "{seconds}");
        clock.advance(SignedDuration::from_secs(1));
        assert!(wrong().await.text.contains(ALIKE), "{seconds}");
    }
    sqlx::query("update sign_in_attempts set failures = 99")
        .execute(&stage.db.superuser_pool())
        .await
        .unwrap();
    clock.advance(SignedDuration::from_hours(1));
    assert!(wrong().await.text.contains(ALIKE), "the hundredth");
    clock.advance(SignedDuration::from_hours(24));
    assert!(stage.sign_in(KITA, "clerk", PASSWORD).await.text.contains("ID管理者に解除を依頼"));
    let manager = stage.browser(KITA, Role::IdManager).await;
    let page = format!("/staff/{clerk_id}/means");
    stage.post(&manager, &page, &format!("{page}/unlock"), &[]).await;
    assert_eq!(stage.sign_in(KITA, "clerk", PASSWORD).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn an_exception_has_a_reason_a_last_day_and_another_persons_word() {
    let stage = stage().await;
    let manager_id = stage.account(KITA, Role::IdManager).await;
    let clerk_id = stage.account(KITA, Role::Clerk).await;
    let manager = stage.browser(KITA, Role::IdManager).await;
    let page = format!("/staff/{clerk_id}/means");
    let send = async |reason, until| {
        let fields = [("reason", reason), ("until", until)];
        stage.post(&manager, &page, &format!("{page}/password"), &fields).await
    };
    let empty = send("", "2027-11-24").await;
    assert!(empty.text.contains("理由を200文字以内") && empty.text.contains("今日から1年以内"));
    assert!(send("指紋を読めないため", "2026-11-22").await.text.contains("今日から1年以内"), "yesterday");
    assert_eq!(send("指紋を読めないため", "2027-11-23").await.status, StatusCode::SEE_OTHER, "a year");
    let logged = "select detail->>'reason' || ' ' || (detail->>'valid_until') from audit_entries
                  where detail->>'password' = 'granted'";
    assert_eq!(stage.value::<String>(logged).await, "指紋を読めないため 2027-11-23");
    assert!(stage.get(&manager, "/staff").await.text.contains("2027-11-23まで：指紋を読めないため"));
    let own = format!("/staff/{manager_id}/means");
    let fields = [("reason", "自分"), ("until", "2027-03-31")];
    let refused = stage.post(&manager, &own, &format!("{own}/password"), &fields).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    // The stage's own exceptions end with November.
    assert_eq!(send("短い間", "2026-11-23").await.status, StatusCode::SEE_OTHER);
    assert_eq!(stage.sign_in(KITA, "clerk", PASSWORD).await.status, StatusCode::SEE_OTHER, "on the last day");
    stage.app.kit.clock.advance(SignedDuration::from_hours(12));
    assert!(stage.sign_in(KITA, "clerk", PASSWORD).await.text.contains(ALIKE), "on the day after");
}

/// Adds a person; their enrolment code.
async fn added(stage: &Stage, manager: &str) -> (Uuid, String) {
    stage.member(KITA, ("other", "保健予防課"), &[]).await;
    let section = stage.value::<Uuid>("select section_id from sections").await.to_string();
    let form = [("login", "newcomer"), ("name", "新人"), ("section", section.as_str())];
    let answer = stage.post(manager, "/staff", "/staff", &form).await;
    let code = answer.text.split("登録コード: ").nth(1).unwrap()[..19].to_owned();
    (stage.value("select staff_id from staff where login = 'newcomer'").await, code)
}

async fn enrol(stage: &Stage, login: &str, code: &str) -> Answer {
    let form = [("municipality", "131172"), ("login", login), ("code", code)];
    stage.ask("", "/enrol", Some(&form)).await
}

/// The secret that the page offers, as an app would compute with it: kept by the hub's own type.
async fn offered(stage: &Stage, cookie: &str) -> String {
    let page = stage.get(cookie, "/enrol/means").await.text;
    page.split("id=\"key\">").nth(1).unwrap().split('<').next().unwrap().replace(' ', "")
}

#[tokio::test]
async fn an_enrolment_code_works_once_for_a_day_and_offers_a_password_only_where_granted() {
    let stage = stage().await;
    stage.account(KITA, Role::IdManager).await;
    let manager = stage.browser(KITA, Role::IdManager).await;
    let (staff_id, given) = added(&stage, &manager).await;
    assert!(enrol(&stage, "newcomer", "0000-0000-0000-0000").await.text.contains("違うか、期限が切れ"));
    let step = enrol(&stage, "newcomer", &given).await;
    assert_eq!(step.header(header::LOCATION), "/enrol/means");
    assert!(!stage.get(&step.cookie(), "/enrol/means").await.text.contains("新しいパスワード"));
    let page = format!("/staff/{staff_id}/means");
    let fields = [("reason", "指紋を読めないため"), ("until", "R9.3.31")];
    stage.post(&manager, &page, &format!("{page}/password"), &fields).await;
    let key = offered(&stage, &step.cookie()).await;
    let choose = async |cookie: &str, word: &str, code: &str| {
        let form = [("password", word), ("again", word), ("code", code)];
        stage.ask(cookie, "/enrol/password", Some(&form)).await
    };
    let bad = choose(&step.cookie(), "newcomer-2026", "000000").await;
    assert!(bad.text.contains("個人ID、自治体名、システム名を含まない") && bad.text.contains("6桁の数字"));
    assert!(!bad.text.contains("newcomer-2026"), "a password is shown again");
    let now = stage.app.kit.clock.now();
    let shown = hub::factors::totp::Secret::of_key(&key).unwrap().code(now);
    assert_eq!(
        choose(&step.cookie(), "a quiet morning", &shown).await.header(header::LOCATION),
        "/enrol/done"
    );
    assert!(enrol(&stage, "newcomer", &given).await.text.contains("違うか、期限が切れ"), "twice");
    stage.app.kit.clock.advance(SignedDuration::from_secs(30));
    let shown = hub::factors::totp::Secret::of_key(&key).unwrap().code(stage.app.kit.clock.now());
    let first = password(&stage, "newcomer", "a quiet morning").await;
    assert_eq!(code(&stage, &first.cookie(), &shown).await.status, StatusCode::SEE_OTHER);
    let clear = "select count(*) from totps where position($1::bytea in sealed) > 0";
    let found: i64 =
        sqlx::query_scalar(clear).bind(key.as_bytes()).fetch_one(&stage.db.superuser_pool()).await.unwrap();
    assert_eq!(found, 0);
    let again = stage.post(&manager, &page, &format!("{page}/code"), &[]).await.text;
    let again = again.split("登録コード: ").nth(1).unwrap()[..19].to_owned();
    stage.app.kit.clock.advance(SignedDuration::from_hours(24));
    assert!(enrol(&stage, "newcomer", &again).await.text.contains("違うか、期限が切れ"), "after a day");
}

#[tokio::test]
async fn a_step_up_holds_for_ten_minutes_and_leads_nowhere_else() {
    let stage = stage().await;
    stage.account(KITA, Role::Clerk).await;
    let clerk = stage.browser(KITA, Role::Clerk).await;
    let offers =
        async || stage.get(&clerk, "/account").await.text.contains("data-begin=\"/account/passkey/begin\"");
    assert!(!offers().await, "signing in is not enough");
    stage.app.kit.clock.advance(SignedDuration::from_secs(30));
    let from = "/step-up?back=/account";
    let wrong = stage.post(&clerk, from, "/step-up", &[("code", "000000"), ("back", "/account")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let shown = stage.code();
    let done = stage.post(&clerk, from, "/step-up", &[("code", &shown), ("back", "/account")]).await;
    assert_eq!(done.header(header::LOCATION), "/account");
    let replay = stage.post(&clerk, from, "/step-up", &[("code", &shown), ("back", "/account")]).await;
    assert_eq!(replay.status, StatusCode::UNPROCESSABLE_ENTITY);
    stage.app.kit.clock.advance(SignedDuration::from_secs(599));
    assert!(offers().await, "9:59");
    stage.app.kit.clock.advance(SignedDuration::from_secs(1));
    assert!(!offers().await, "10:00");
    stage.app.kit.clock.advance(SignedDuration::from_secs(1));
    assert!(!offers().await, "10:01");
    for evil in ["https://evil.example/", "//evil.example", "/\\evil.example", "/\t/evil.example"] {
        stage.app.kit.clock.advance(SignedDuration::from_secs(60));
        let done = stage.post(&clerk, from, "/step-up", &[("code", &stage.code()), ("back", evil)]).await;
        assert_eq!(done.header(header::LOCATION), "/", "{evil}");
    }
    let logged = "select count(*) from audit_entries where action = 'step_up' and outcome = 'done'";
    assert_eq!(stage.value::<i64>(logged).await, 5);
}

#[tokio::test]
async fn a_person_sees_and_ends_their_own_sign_ins_only() {
    let stage = stage().await;
    stage.account(KITA, Role::Clerk).await;
    stage.account(KITA, Role::Approver).await;
    let (here, there) = (stage.browser(KITA, Role::Clerk).await, stage.browser(KITA, Role::Clerk).await);
    let approver = stage.browser(KITA, Role::Approver).await;
    let page = stage.get(&here, "/account").await.text;
    assert_eq!(page.matches("/account/sign-in/").count(), 1, "the other one can be ended");
    let others: Uuid = stage
        .value("select sign_in_id from sign_ins i join staff s using (municipality_code, staff_id) where login = 'approver'")
        .await;
    let theft = stage.post(&here, "/account", &format!("/account/sign-in/{others}/end"), &[]).await;
    assert_eq!(theft.status, StatusCode::NOT_FOUND);
    stage.post(&here, "/account", "/account/sign-ins/end-others", &[]).await;
    stage.app.kit.clock.advance(session::CHECK_EVERY);
    assert!(stage.is_in(&here).await && !stage.is_in(&there).await && stage.is_in(&approver).await);
}

#[tokio::test]
async fn a_password_is_changed_by_whoever_knows_the_old_one() {
    let stage = stage().await;
    stage.account(KITA, Role::Clerk).await;
    let clerk = stage.browser(KITA, Role::Clerk).await;
    let change = async |old, new| {
        let fields = [("old", old), ("new", new), ("again", new)];
        stage.post(&clerk, "/account", "/account/password", &fields).await
    };
    let bad = change("some other password", "12345678").await;
    assert!(bad.text.contains("今のパスワードが違います") && bad.text.contains("よく使われるパスワード"));
    assert_eq!(change(PASSWORD, "a quiet morning").await.status, StatusCode::SEE_OTHER);
    assert!(stage.sign_in(KITA, "clerk", PASSWORD).await.text.contains(ALIKE));
    assert_eq!(stage.sign_in(KITA, "clerk", "a quiet morning").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_passkey_that_is_none_opens_nothing_and_its_challenge_is_used_up() {
    let stage = stage().await;
    stage.account(KITA, Role::Clerk).await;
    stage.account(ITABASHI, Role::Clerk).await;
    let asked = stage.ask("", "/sign-in/passkey/begin", Some(&[("municipality", "131172")])).await;
    assert!(asked.text.contains("\"userVerification\":\"required\""), "{}", asked.text);
    assert!(!asked.text.contains("clerk"), "nobody is named");
    for _ in 0..2 {
        let form = [("municipality", "131172"), ("credential", "{}")];
        let answer = stage.ask(&asked.cookie(), "/sign-in/passkey", Some(&form)).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    assert_eq!(stage.value::<i64>("select count(*) from ceremonies where used_at is null").await, 0);
    // A challenge of one municipality is none in another.
    let moved = asked.cookie().replace("131172", "131199");
    let answer = stage.ask(&moved, "/sign-in/passkey", Some(&[("credential", "{}")])).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
}
