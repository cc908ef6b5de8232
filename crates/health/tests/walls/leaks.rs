//! Names stay text on every page, and stay out of the log of the program.

use super::town::{Ground as _, MARKS, walls};
use axum::http::StatusCode;
use kit::{Role, testing::walls::leaks};

#[tokio::test]
async fn a_name_that_is_a_script_is_shown_as_text_on_every_page() {
    let walls = walls([leaks::SCRIPT, MARKS[1]]).await;
    let shown = leaks::scripts_stay_text(&walls).await;
    let clerk = walls.session(&walls.ours, Role::Clerk).await;
    let query = "%22%3E%3Cimg%20src=x%20onerror=1%3E%3C/script%3E%3Cscript%3Ealert(1)%3C/script%3E";
    for path in ["/campaigns/new?kind=", "/campaigns/new?programme=", "/campaigns/new?follows=", "/none/"] {
        let answer = walls.get(Some(&clerk), &format!("{path}{query}")).await;
        assert!(!leaks::is_live(&answer.text()), "{path}");
    }
    let auditor = walls.session(&walls.ours, Role::Auditor).await;
    for name in ["from", "until", "staff", "action", "outcome", "page"] {
        let answer = walls.get(Some(&auditor), &format!("/audit?{name}={query}")).await;
        assert!(!leaks::is_live(&answer.text()), "{name}");
    }
    println!("{shown} pages showed the name");
    assert!(shown > 20, "the name was hardly shown: {shown}");
}

#[tokio::test]
async fn no_name_address_or_number_of_a_person_is_in_the_programs_log() {
    let walls = walls(MARKS).await;
    let heard = leaks::Heard::default();
    let _listening = tracing::subscriber::set_default(heard.clone());
    leaks::walk(&walls).await;
    // Failures of ours say most: the database refuses in the middle of things.
    let clerk = walls.session(&walls.ours, Role::Clerk).await;
    let pool = walls.stage.db.superuser_pool();
    for broken in [
        "alter table resident_facts add constraint nothing check (kind = '') not valid",
        "alter table vaccination_records rename to elsewhere",
    ] {
        sqlx::query(broken).execute(&pool).await.unwrap();
    }
    let resident = format!("/residents/{}", walls.ours.things.resident);
    let answer = walls.get(Some(&clerk), &resident).await;
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(answer.text().contains("受付番号") && !answer.text().contains("elsewhere"), "{}", answer.text());
    let memo = vec![("kind".to_owned(), "memo".to_owned()), ("memo_value".to_owned(), "咳が続く".to_owned())];
    let refused = walls.post(Some(&clerk), &format!("{resident}/facts"), &memo).await;
    assert_eq!(refused.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(heard.said().contains("request failed"), "nothing was heard");
    let seeded: Vec<String> = sqlx::query_scalar(
        "select distinct text from residents, unnest(array[name_kanji, name_kana, address, addressee_number, alias_name, memo]) text
         where length(text) > 1",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    let typed =
        ["北野", "キタノ", "王子", "咳", MARKS[0], MARKS[1], "wrong password", "correct horse", &clerk.csrf];
    heard.assert_silent_about(seeded.iter().map(String::as_str).chain(typed));
}

#[tokio::test]
async fn without_its_entry_in_the_log_no_page_is_shown() {
    leaks::nothing_without_its_entry(&walls(MARKS).await, &["北野", "キタノ", "王子", "咳"]).await;
}
