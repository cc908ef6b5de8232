//! The pages in a real browser, and the paper: nothing of what people typed comes alive.

use super::{
    examples::{path, staff_routes},
    town::{Ground as _, MARKS, walls},
};
use kit::{Role, testing::walls::live};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_that_is_a_script_stays_text_in_a_real_browser_on_every_page() {
    let (pages, with_mark) = live::in_a_browser(&walls([live::LIVE, MARKS[1]]).await).await;
    println!("{pages} pages, {with_mark} with the mark");
    assert!(pages > 50 && with_mark > 40, "{pages} pages, {with_mark} with the mark");
}

/// The paper: a PDF that leaves us can do nothing but be looked at.
#[tokio::test]
async fn a_printed_file_has_no_script_no_link_and_no_action() {
    let walls = walls([live::LIVE, MARKS[1]]).await;
    let mut files = 0;
    for route in staff_routes().into_iter().filter(|route| route.path.contains("/files/{number}")) {
        let role = *Role::ALL.iter().find(|role| route.door.admits(**role)).unwrap();
        let session = walls.session(&walls.ours, role).await;
        let answer = walls.get(Some(&session), &path(&route, &walls.ours.things)).await;
        assert!(answer.bytes.starts_with(b"%PDF-"), "{}", route.path);
        for word in [
            "/JavaScript",
            "/JS",
            "/OpenAction",
            "/AA",
            "/Launch",
            "/URI",
            "/SubmitForm",
            "/EmbeddedFile",
            "/RichMedia",
        ] {
            let is_there = answer.bytes.windows(word.len() + 1).any(|bytes| {
                bytes.starts_with(word.as_bytes()) && !bytes[word.len()].is_ascii_alphanumeric()
            });
            assert!(!is_there, "{word} in {}", route.path);
        }
        files += 1;
    }
    assert!(files > 0);
}
