//! 個人番号 at the window: who sees it, where, for how long, and where it must never be.

use crate::support::{Answer, ITABASHI, KITA, Stage, stage};
use axum::http::{StatusCode, header};
use jiff::SignedDuration;
use kit::{Role, Zone, session};
use std::path::Path;
use town::{Catch, Hunt, planted_number};
use uuid::Uuid;

const DUTY: (&str, &str) = ("purpose", "vaccination");
const MASK: &str = "●●●● ●●●● ●●●●";

fn grouped(number: &str) -> String {
    format!("{} {} {}", &number[..4], &number[4..8], &number[8..])
}

impl Stage {
    /// As the second factor does it, and as the session learns of it.
    pub async fn step_up(&self) {
        let at = kit::Instant(self.app.kit.clock.now());
        sqlx::query("update sign_ins set stepped_up_at = $1")
            .bind(at)
            .execute(&self.db.superuser_pool())
            .await
            .unwrap();
        self.app.kit.clock.advance(session::CHECK_EVERY);
    }

    /// A 個人番号取扱者 who has just proved a second factor.
    async fn handler(&self, municipality: kit::Municipality) -> String {
        self.account(municipality, Role::NumberHandler).await;
        let browser = self.browser(municipality, Role::NumberHandler).await;
        self.step_up().await;
        browser
    }

    /// Opens the person with this 宛名番号; gives the page's address.
    async fn open(&self, browser: &str, addressee: &str) -> String {
        let opened = self.post(browser, "/numbers", "/numbers/open", &[("addressee", addressee)]).await;
        assert_eq!(opened.status, StatusCode::SEE_OTHER, "{}", opened.text);
        opened.header(header::LOCATION).to_owned()
    }

    async fn register(&self, browser: &str, page: &str, number: &str, more: &[(&str, &str)]) -> Answer {
        let path = format!("{page}/register");
        let mut form = vec![("number", number), ("number_again", number), ("valid_from", "R8.11.1"), DUTY];
        form.extend_from_slice(more);
        self.post(browser, &path, &path, &form).await
    }

    async fn reveal(&self, browser: &str, page: &str) -> Answer {
        self.post(browser, page, &format!("{page}/reveal"), &[DUTY]).await
    }
}

#[tokio::test]
async fn a_number_is_registered_shown_for_a_minute_and_changed() {
    let stage = stage().await;
    let window = stage.handler(KITA).await;
    let page = stage.open(&window, "100001").await;
    assert!(stage.get(&window, &page).await.text.contains("登録されていません"));

    let (first, second) = (planted_number(1), planted_number(2));
    let done = stage.register(&window, &page, &first, &[]).await;
    assert_eq!(
        (done.status, done.header(header::LOCATION)),
        (StatusCode::SEE_OTHER, page.as_str()),
        "{}",
        done.text
    );
    let masked = stage.get(&window, &page).await;
    assert!(masked.text.contains(MASK) && masked.text.contains("新規の登録"));
    assert!(
        !masked.text.contains(&first[..4]) && masked.text.contains("番号法9条1項"),
        "the ground is offered"
    );

    let shown = stage.reveal(&window, &page).await;
    assert_eq!(shown.status, StatusCode::OK);
    assert!(shown.text.contains(&grouped(&first)) && shown.text.contains(&format!("data-mask=\"{MASK}\"")));
    assert_eq!(shown.header(header::CACHE_CONTROL), "no-store");
    assert_eq!(shown.header(header::REFRESH), format!("60; url={page}"), "without script, too");
    assert!(!stage.get(&window, &page).await.text.contains(&grouped(&first)), "an address shows no number");

    let changed = stage.register(&window, &page, &second, &[("reason", "request")]).await;
    assert_eq!(changed.status, StatusCode::SEE_OTHER, "{}", changed.text);
    assert!(stage.reveal(&window, &page).await.text.contains(&grouped(&second)));
    let history = stage.get(&window, &page).await.text;
    assert!(history.contains("本人の請求による変更") && history.contains("以前の番号"), "{history}");

    for (number, sentence) in [(&second, "次のとおりです"), (&first, "以前使っていた番号")] {
        let form = [("number", number.as_str()), DUTY];
        let found = stage.post(&window, "/numbers", "/numbers/find", &form).await;
        assert!(found.text.contains("000000000100001") && found.text.contains(sentence), "{}", found.text);
    }
    let nobody = planted_number(3);
    let found = stage.post(&window, "/numbers", "/numbers/find", &[("number", nobody.as_str()), DUTY]).await;
    assert!(found.status == StatusCode::OK && found.text.contains("見つかりません"));
    let said: i64 = stage.value("select count(*) from audit_entries where purpose = 'vaccination'").await;
    assert_eq!(said, 7, "two registrations, two shown, three searches, each with its ground");
}

#[tokio::test]
async fn without_a_fresh_second_factor_a_page_stands_in_between() {
    let stage = stage().await;
    let window = stage.handler(KITA).await;
    let page = stage.open(&window, "100001").await;
    let (number, other) = (planted_number(1), planted_number(2));
    stage.register(&window, &page, &number, &[]).await;
    // The session is kept in use; the factor grows old all the same.
    stage.app.kit.clock.advance(SignedDuration::from_mins(9));
    assert!(stage.reveal(&window, &page).await.text.contains(&grouped(&number)), "nine minutes");
    stage.app.kit.clock.advance(SignedDuration::from_mins(1));
    let find = [("number", number.as_str()), DUTY];
    for answer in [
        stage.reveal(&window, &page).await,
        stage.register(&window, &page, &other, &[("reason", "request")]).await,
        stage.post(&window, "/numbers", "/numbers/find", &find).await,
    ] {
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        assert!(answer.text.contains("二要素目の認証が必要です"), "{}", answer.text);
        assert!(!answer.text.contains(&number) && !answer.text.contains(&grouped(&number)));
    }
    let kept: i64 = stage.value("select count(*) from vault.numbers").await;
    assert_eq!(kept, 1);
    stage.step_up().await;
    assert!(stage.reveal(&window, &page).await.text.contains(&grouped(&number)), "proved again");
}

#[tokio::test]
async fn every_other_role_is_turned_away_at_every_page() {
    let stage = stage().await;
    let window = stage.handler(KITA).await;
    let page = stage.open(&window, "100001").await;
    let number = planted_number(1);
    stage.register(&window, &page, &number, &[]).await;
    for role in Role::ALL.iter().filter(|role| **role != Role::NumberHandler) {
        stage.account(KITA, *role).await;
        let browser = stage.browser(KITA, *role).await;
        stage.step_up().await;
        let sees = if *role == Role::Auditor { StatusCode::OK } else { StatusCode::FORBIDDEN };
        for path in ["/numbers", page.as_str()] {
            assert_eq!(stage.get(&browser, path).await.status, sees, "{} {path}", role.ja());
        }
        let form = stage.get(&browser, &format!("{page}/register")).await;
        assert_eq!(form.status, StatusCode::FORBIDDEN, "{}", role.ja());
        for (path, form) in [
            (format!("{page}/reveal"), vec![DUTY]),
            (format!("{page}/register"), vec![("number", number.as_str()), DUTY]),
            ("/numbers/find".to_owned(), vec![("number", number.as_str()), DUTY]),
        ] {
            let answer = stage.post(&browser, "/", &path, &form).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{} {path}", role.ja());
            assert!(!answer.text.contains(&number[..4]), "{} {path}", role.ja());
        }
    }
}

#[tokio::test]
async fn the_pages_exist_in_the_business_zone_only() {
    let mut stage = stage().await;
    let window = stage.handler(KITA).await;
    let page = stage.open(&window, "100001").await;
    stage.register(&window, &page, &planted_number(1), &[]).await;
    let token = stage.get(&window, &page).await.field("csrf");
    for zone in Zone::ALL {
        stage.router = hub::router_in(stage.app.clone(), *zone);
        let want = if *zone == Zone::Business { StatusCode::OK } else { StatusCode::NOT_FOUND };
        assert_eq!(stage.get(&window, "/numbers").await.status, want, "{}", zone.ja());
        assert_eq!(stage.get(&window, &page).await.status, want, "{}", zone.ja());
        let form = [("csrf", token.as_str()), DUTY];
        let reveal = stage.ask(&window, &format!("{page}/reveal"), Some(&form)).await;
        assert_eq!(reveal.status, want, "{}", zone.ja());
    }
}

#[tokio::test]
async fn a_terminal_of_another_zone_sees_nothing_even_where_the_pages_are() {
    let stage = stage().await;
    let window = stage.handler(KITA).await;
    let page = stage.open(&window, "100001").await;
    let number = planted_number(1);
    stage.register(&window, &page, &number, &[]).await;
    for zone in ["lgwan", "venue", "internet", "server"] {
        let window = stage.browser(KITA, Role::NumberHandler).await;
        stage.step_up().await;
        let token = stage.get(&window, &page).await.field("csrf");
        sqlx::query("update sign_ins set zone = $1")
            .bind(zone)
            .execute(&stage.db.superuser_pool())
            .await
            .unwrap();
        stage.app.kit.clock.advance(session::CHECK_EVERY);
        let form = [("csrf", token.as_str()), DUTY];
        let answer = stage.ask(&window, &format!("{page}/reveal"), Some(&form)).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{zone}");
        assert!(!answer.text.contains(&grouped(&number)), "{zone}");
        assert!(!stage.is_in(&window).await, "{zone}: a sign-in that has moved is over");
    }
}

#[tokio::test]
async fn anothers_person_and_nobody_look_alike() {
    let stage = stage().await;
    let window = stage.handler(KITA).await;
    let page = stage.open(&window, "100001").await;
    stage.register(&window, &page, &planted_number(1), &[]).await;
    let neighbour = stage.handler(ITABASHI).await;
    let nobody = format!("/numbers/{}", Uuid::from_u128(7));
    let plain = |answer: Answer| {
        // The request's own number differs.
        let (before, after) = answer.text.split_once("受付番号をお伝えください").unwrap();
        (answer.status, before.to_owned(), after.len())
    };
    assert_eq!(plain(stage.get(&neighbour, &page).await), plain(stage.get(&neighbour, &nobody).await));
    let token = stage.get(&neighbour, "/numbers").await.field("csrf");
    let form = [("csrf", token.as_str()), DUTY];
    let (theirs, none) = (
        stage.ask(&neighbour, &format!("{page}/reveal"), Some(&form)).await,
        stage.ask(&neighbour, &format!("{nobody}/reveal"), Some(&form)).await,
    );
    assert_eq!(theirs.status, StatusCode::NOT_FOUND);
    assert_eq!(plain(theirs), plain(none));
}

#[tokio::test]
async fn all_errors_come_at_once_and_no_typed_number_comes_back() {
    let stage = stage().await;
    let window = stage.handler(KITA).await;
    let (one, two) = (stage.open(&window, "100001").await, stage.open(&window, "100002").await);
    let number = planted_number(1);
    stage.register(&window, &one, &number, &[]).await;
    let path = format!("{two}/register");

    let empty = stage.post(&window, &path, &path, &[("valid_from", "きのう")]).await;
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
    for sentence in ["個人番号を入力してください", "有効となる日：", "利用目的を選択してください"]
    {
        assert!(empty.text.contains(sentence), "{sentence}");
    }
    let slip = planted_number(2);
    let form = [("number", slip.as_str()), ("number_again", &number), ("valid_from", "R8.11.1"), DUTY];
    let unequal = stage.post(&window, &path, &path, &form).await;
    assert!(
        unequal.text.contains("同じ個人番号をもう一度") && unequal.text.contains("R8.11.1"),
        "the date is kept"
    );
    let held = stage.register(&window, &two, &number, &[]).await;
    assert!(held.text.contains("別の方に登録されています"));
    for answer in [unequal, held] {
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(
            !answer.text.contains(&number) && !answer.text.contains(&slip),
            "typed numbers are not sent back"
        );
    }
    let wrong = stage.post(&window, "/numbers", "/numbers/find", &[("number", "123456789012")]).await;
    assert!(wrong.text.contains("検査数字が合いません") && !wrong.text.contains("123456789012"));
}

#[tokio::test]
async fn of_all_answers_only_the_one_that_shows_it_holds_a_number() {
    let stage = stage().await;
    let window = stage.handler(KITA).await;
    let numbers: Vec<String> = (0..40).map(planted_number).collect();
    let hunt = Hunt::for_numbers(numbers.iter().map(String::as_str));
    let (mut quiet, mut showing) = (Catch::default(), Catch::default());
    for (nth, number) in numbers.iter().take(20).enumerate() {
        // A window is not that quick; the door would ask for patience.
        stage.app.kit.clock.advance(SignedDuration::from_secs(10));
        let page = stage.open(&window, &(100_001 + nth).to_string()).await;
        let other = &numbers[nth + 20];
        let find = [("number", number.as_str()), DUTY];
        let mut answers = vec![
            stage.register(&window, &page, number, &[]).await,
            stage.register(&window, &page, number, &[("reason", "request")]).await,
            stage.register(&window, &page, other, &[("reason", "nonsense")]).await,
            stage.post(&window, "/numbers", "/numbers/find", &find).await,
            stage.get(&window, &page).await,
            stage.get(&window, &format!("{page}/register")).await,
            // What a mistaken page would do: the number in an address, a form without its token.
            stage.get(&window, &format!("/numbers/{number}")).await,
            stage.ask(&window, &format!("{page}/register"), Some(&find)).await,
        ];
        if nth < 10 {
            let shown = stage.reveal(&window, &page).await;
            hunt.bytes(Path::new("shown"), shown.text.as_bytes(), &mut showing);
        }
        answers.push(stage.get(&window, "/").await);
        for answer in answers {
            let headers = format!("{:?}", answer.headers);
            hunt.bytes(Path::new("answer"), answer.text.as_bytes(), &mut quiet);
            hunt.bytes(Path::new("headers"), headers.as_bytes(), &mut quiet);
        }
    }
    let log: Vec<String> = sqlx::query_scalar("select e::text from audit_entries e")
        .fetch_all(&stage.db.superuser_pool())
        .await
        .unwrap();
    hunt.bytes(Path::new("log"), log.join("\n").as_bytes(), &mut quiet);
    hunt.path(stage.app.kit.sink.folder(), &mut quiet).unwrap();
    assert_eq!(quiet.leaks, []);
    assert!(quiet.files > 300 && log.len() > 100, "{} {}", quiet.files, log.len());
    assert_eq!(showing.leaks.len(), 10, "the control: the hunter finds what is shown");
}
