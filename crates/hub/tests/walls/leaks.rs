//! Names stay text on every page; names, login ids, passwords and numbers stay out of the log of the program.

use super::town::{LOGINS, SECRETS, walls};
use axum::http::StatusCode;
use kit::{
    Role,
    testing::walls::{Ground as _, MARKS, leaks},
};
use town::planted_number;

#[tokio::test]
async fn a_name_that_is_a_script_is_shown_as_text_on_every_page() {
    let walls = walls([leaks::SCRIPT, MARKS[1]]).await;
    let shown = leaks::scripts_stay_text(&walls).await;
    println!("{shown} pages showed the name");
    assert!(shown > 200, "the name was hardly shown: {shown}");
    let query = "%22%3E%3Cimg%20src=x%20onerror=1%3E%3C/script%3E%3Cscript%3Ealert(1)%3C/script%3E";
    for path in ["/sign-in?to=", "/sign-in?state=", "/sign-in?unsent=", "/none/"] {
        assert!(!leaks::is_live(&walls.get(None, &format!("{path}{query}")).await.text()), "{path}");
    }
    let auditor = walls.session(&walls.ours, Role::Auditor).await;
    for path in ["/audit?from=", "/audit?target=", "/audit?staff=", "/audit?purpose=", "/step-up?back="] {
        let answer = walls.get(Some(&auditor), &format!("{path}{query}")).await;
        assert!(!leaks::is_live(&answer.text()), "{path}");
    }
}

#[tokio::test]
async fn no_name_login_id_password_or_number_is_in_the_programs_log() {
    let walls = walls(MARKS).await;
    let heard = leaks::Heard::default();
    let _listening = tracing::subscriber::set_default(heard.clone());
    leaks::walk(&walls).await;
    let login = format!("{}.clerk", LOGINS[0]);
    for password in [crate::support::PASSWORD, SECRETS[1]] {
        walls.stage.sign_in(walls.ours.municipality, &login, password).await;
    }
    let code = [("municipality", "131172"), ("login", login.as_str()), ("code", "0000-0000-0000-0000")];
    walls.stage.ask("", "/enrol", Some(&code)).await;
    // Failures of ours say most: the database refuses in the middle of things.
    let manager = walls.session(&walls.ours, Role::IdManager).await;
    for broken in [
        "alter table sections add constraint nothing check (name = '') not valid",
        "alter table password_grants rename to elsewhere",
    ] {
        sqlx::query(broken).execute(&walls.superuser()).await.unwrap();
    }
    let listed = walls.get(Some(&manager), "/staff").await;
    let form = [("name", MARKS[0]), ("above", "")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    let added = walls.post(Some(&manager), "/sections", &form.to_vec()).await;
    // Not one of those whom the walk has made wait.
    let other = format!("{}.other1", LOGINS[0]);
    let signed_in = walls.stage.sign_in(walls.ours.municipality, &other, SECRETS[1]).await;
    for (status, text) in
        [(listed.status, listed.text()), (added.status, added.text()), (signed_in.status, signed_in.text)]
    {
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR, "{text}");
        assert!(text.contains("受付番号") && !text.contains("elsewhere"), "{text}");
    }
    assert!(heard.said().contains("request failed"), "nothing was heard");
    let numbers = [1, 2, 3, 90].map(planted_number);
    let seeded = MARKS.iter().chain(&LOGINS).chain(SECRETS).copied().chain(["指紋", manager.csrf.as_str()]);
    heard.assert_silent_about(seeded.chain(numbers.iter().map(String::as_str)));
}

#[tokio::test]
async fn without_its_entry_in_the_log_no_page_is_shown() {
    let walls = walls(MARKS).await;
    // The person's own name stands above every page, and is not of the page.
    leaks::nothing_without_its_entry(&walls, &["保健予防課", &planted_number(1)]).await;
}
