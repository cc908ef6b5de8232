//! The pages in a real browser: nothing of what people typed comes alive.

use super::town::walls;
use kit::testing::walls::{MARKS, live};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_that_is_a_script_stays_text_in_a_real_browser_on_every_page() {
    let (pages, with_mark) = live::in_a_browser(&walls([live::LIVE, MARKS[1]]).await).await;
    println!("{pages} pages, {with_mark} with the mark");
    assert!(pages > 50 && with_mark > 40, "{pages} pages, {with_mark} with the mark");
}
