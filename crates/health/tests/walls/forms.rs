//! What another site makes a browser send changes nothing.

use super::town::{MARKS, walls};

#[tokio::test]
async fn a_form_that_is_not_from_our_own_page_changes_nothing() {
    let walls = walls(MARKS).await;
    let count = kit::testing::walls::forms::foreign(&walls).await;
    println!("{count} forms");
    // Not even a file is kept.
    assert!(!walls.stage.app.files.join("imports").exists());
}
