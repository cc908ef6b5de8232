//! A form that is sent twice has one effect and gets the same answer, also when both arrive at the same moment.

use super::town::{Ground as _, MARKS, Session, walls};
use kit::{Role, testing::walls::once};
use uuid::Uuid;

#[tokio::test]
async fn whatever_is_sent_twice_or_at_once_is_done_once_and_answered_alike() {
    let did_something = once::each_form(|| walls(MARKS)).await;
    println!("{did_something:#?}");
    assert!(did_something.len() >= 8, "these did something: {did_something:?}");
}

#[tokio::test]
async fn a_changed_form_or_a_page_opened_anew_is_another_sending() {
    let walls = walls(MARKS).await;
    let session = walls.session(&walls.ours, Role::Clerk).await;
    let place = format!("/residents/{}/facts", walls.ours.things.resident);
    let memo = |text: &str| {
        [("kind", "memo"), ("memo_value", text), ("from_on", ""), ("until_on", "")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec()
    };
    let keyed = |key: u128| Session {
        csrf: format!("{}.{}", session.csrf, Uuid::from_u128(key).simple()),
        cookie: session.cookie.clone(),
        staff_id: session.staff_id,
    };
    for (key, text) in [(1, "一つめ"), (1, "二つめ"), (2, "二つめ"), (2, "二つめ")] {
        let answer = walls.post(Some(&keyed(key)), &place, &memo(text)).await;
        assert!(answer.status.is_redirection(), "{}", answer.status);
    }
    let noted: Vec<String> =
        sqlx::query_scalar("select value from resident_facts where value like '%つめ' order by noted_at")
            .fetch_all(&walls.stage.db.superuser_pool())
            .await
            .unwrap();
    assert_eq!(noted, ["一つめ", "二つめ", "二つめ"]);
}

#[tokio::test]
async fn every_form_of_every_page_carries_a_key_of_its_page() {
    let forms = once::every_page_gives_keys(&walls(MARKS).await).await;
    assert!(forms > 20, "{forms} forms");
}
