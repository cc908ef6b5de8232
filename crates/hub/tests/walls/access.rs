//! Every route for every role: who is let in, what the log says of it, and that nothing happens without the log.

use super::town::walls;
use desk::audit::words::{field_ja, kind_ja};
use kit::{
    Role,
    testing::walls::{MARKS, access, forms, headers, sink, words},
};

#[tokio::test]
async fn each_role_comes_in_where_the_signed_matrix_says_and_every_request_is_in_the_log() {
    let cells = access::each_role(&walls(MARKS).await).await;
    println!("{cells} cells of route × role");
    assert!(cells >= 300);
}

#[tokio::test]
async fn whoever_is_not_signed_in_is_led_to_the_door_and_learns_nothing() {
    access::strangers(&walls(MARKS).await).await;
}

#[tokio::test]
async fn a_form_that_is_not_from_our_own_page_changes_nothing() {
    println!("{} forms", forms::foreign(&walls(MARKS).await).await);
}

#[tokio::test]
async fn every_answer_carries_its_headers_and_every_failure_is_a_page() {
    headers::everywhere(&walls(MARKS).await, "/rights", Role::IdManager).await;
}

#[tokio::test]
async fn each_request_of_each_route_is_in_the_table_and_in_the_files() {
    sink::both_places(&walls(MARKS).await).await;
}

#[tokio::test]
async fn no_route_answers_with_data_or_changes_anything_while_the_log_cannot_be_written() {
    sink::broken(&walls(MARKS).await).await;
}

#[tokio::test]
async fn the_auditor_reads_names_of_all_that_entries_say() {
    let unnamed = words::unnamed(&walls(MARKS).await, field_ja, kind_ja).await;
    assert!(unnamed.is_empty(), "say in desk::audit::words what these are called: {unnamed:?}");
}
