//! The audit log's second place: every request is in both, and nothing is shown or done while it cannot be written.

use super::town::{MARKS, walls};
use kit::testing::walls::sink;

#[tokio::test]
async fn each_request_of_each_route_is_in_the_table_and_in_the_files() {
    sink::both_places(&walls(MARKS).await).await;
}

#[tokio::test]
async fn no_route_answers_with_data_or_changes_anything_while_the_log_cannot_be_written() {
    sink::broken(&walls(MARKS).await).await;
}
