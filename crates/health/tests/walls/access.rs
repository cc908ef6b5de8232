//! Every route for every role: who is let in, and what the log says of it.

use super::town::{Ground as _, MARKS, Session, walls};
use kit::{
    Role,
    testing::walls::access::{each_role, logged, strangers},
};
use uuid::Uuid;

#[tokio::test]
async fn each_role_comes_in_where_the_signed_matrix_says_and_every_request_is_in_the_log() {
    let cells = each_role(&walls(MARKS).await).await;
    println!("{cells} cells of route × role");
    assert!(cells >= 120);
}

#[tokio::test]
async fn whoever_is_not_signed_in_is_led_to_the_door_and_learns_nothing() {
    strangers(&walls(MARKS).await).await;
}

/// Requests that no use case ever saw: they are in the log all the same.
#[tokio::test]
async fn also_what_cannot_be_read_or_found_leaves_its_decision_in_the_log() {
    let walls = walls(MARKS).await;
    let clerk = walls.session(&walls.ours, Role::Clerk).await;
    let unknown = Uuid::from_u128(7);
    logged(&walls).await;
    let facts = format!("/residents/{unknown}/facts");
    let no_token = Session { csrf: "x".to_owned(), ..walls.session(&walls.ours, Role::Clerk).await };
    let asked = [
        (walls.get(Some(&clerk), &format!("/residents/{unknown}")).await, "view_resident", Some(unknown)),
        (walls.get(Some(&clerk), "/residents/none").await, "view_resident", None),
        (walls.post(Some(&clerk), &facts, &Vec::new()).await, "", Some(unknown)),
        (walls.post(Some(&no_token), &facts, &Vec::new()).await, "note_fact", Some(unknown)),
    ];
    let entries = logged(&walls).await;
    assert_eq!(entries.len(), asked.len());
    for ((answer, action, target), entry) in asked.iter().zip(&entries) {
        assert!(answer.status.is_client_error());
        assert!(action.is_empty() || *action == entry.action, "{action} {}", entry.action);
        assert_eq!((entry.outcome.as_str(), entry.target.1), ("refused", *target));
    }
}
