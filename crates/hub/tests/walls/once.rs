//! A form that is sent twice has one effect and gets the same answer, also when both arrive at the same moment.

use super::town::walls;
use kit::testing::walls::{MARKS, once};

#[tokio::test]
async fn whatever_is_sent_twice_or_at_once_is_done_once_and_answered_alike() {
    let did_something = once::each_form(|| walls(MARKS)).await;
    println!("{did_something:#?}");
    assert!(did_something.len() >= 20, "these did something: {did_something:?}");
}

#[tokio::test]
async fn every_form_of_every_page_carries_a_key_of_its_page() {
    let forms = once::every_page_gives_keys(&walls(MARKS).await).await;
    assert!(forms > 60, "{forms} forms");
}
