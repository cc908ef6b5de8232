//! Input that nobody types: answered with a sentence, never with a failure of ours. Also before anybody has signed in.

use super::{examples::QUERY_NAMES, town::walls};
use kit::{
    Role,
    testing::walls::{MARKS, hostile},
};

#[tokio::test]
async fn every_field_of_every_form_takes_every_text_without_failing() {
    println!("{} forms", hostile::fields(&walls(MARKS).await).await);
}

#[tokio::test]
async fn every_query_takes_every_text_without_failing() {
    hostile::queries(&walls(MARKS).await, QUERY_NAMES).await;
}

#[tokio::test]
async fn bodies_that_no_screen_sends_are_refused_with_a_page() {
    let walls = walls(MARKS).await;
    hostile::bodies(&walls, &walls.session(&walls.ours, Role::IdManager).await, "/staff").await;
}
