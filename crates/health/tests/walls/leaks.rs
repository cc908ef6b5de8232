//! Names stay text on every page, and stay out of the log of the program.

use super::{
    examples::{form, path, staff_routes},
    town::{MARKS, Things, Walls, walls},
};
use axum::http::{Method, StatusCode};
use kit::Role;
use std::{
    fmt::{Debug, Write as _},
    sync::{Arc, Mutex},
};
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};

/// A name that would be a script wherever a page forgot to escape it.
const SCRIPT: &str = "\"'><img src=x onerror=1></script><script>alert(1)</script>";

/// What a browser would run.
fn is_live(page: &str) -> bool {
    ["<img src=x", "<script>alert", "</script><script>"].iter().any(|live| page.contains(live))
}

#[tokio::test]
async fn a_name_that_is_a_script_is_shown_as_text_on_every_page() {
    let walls = walls([SCRIPT, MARKS[1]]).await;
    let mut shown = 0;
    for route in staff_routes() {
        for role in Role::ALL.iter().filter(|role| route.door.admits(**role)) {
            let session = walls.session(&walls.ours, *role).await;
            let path = path(&route, &walls.ours.things);
            let mut fields =
                if route.method == Method::GET { Vec::new() } else { form(&route, &walls.ours.things) };
            let asked = fields.len();
            for index in 0..=asked {
                if index > 0 {
                    fields[index - 1].1 = SCRIPT.to_owned();
                }
                let answer = walls.ask(&route.method, Some(&session), &path, &fields).await;
                assert!(!answer.status.is_server_error(), "{} {path}: {}", route.method, answer.text());
                let text = answer.text();
                if answer.is_html() {
                    assert!(!is_live(&text), "{} {path}: {text}", route.method);
                    shown += usize::from(text.contains("onerror=1"));
                }
            }
        }
    }
    let clerk = walls.session(&walls.ours, Role::Clerk).await;
    let query = "%22%3E%3Cimg%20src=x%20onerror=1%3E%3C/script%3E%3Cscript%3Ealert(1)%3C/script%3E";
    for path in ["/campaigns/new?kind=", "/campaigns/new?programme=", "/campaigns/new?follows=", "/none/"] {
        let answer = walls.get(Some(&clerk), &format!("{path}{query}")).await;
        assert!(!is_live(&answer.text()), "{path}");
    }
    let auditor = walls.session(&walls.ours, Role::Auditor).await;
    for name in ["from", "until", "staff", "action", "outcome", "page"] {
        let answer = walls.get(Some(&auditor), &format!("/audit?{name}={query}")).await;
        assert!(!is_live(&answer.text()), "{name}");
    }
    println!("{shown} pages showed the name");
    assert!(shown > 20, "the name was hardly shown: {shown}");
}

/// Keeps everything the program says to its log, down to the smallest detail.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<String>>);

impl Visit for Heard {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0.lock().unwrap(), " {}={value:?}", field.name()).unwrap();
    }
}

impl Subscriber for Heard {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, attributes: &span::Attributes<'_>) -> span::Id {
        attributes.record(&mut self.clone());
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, values: &span::Record<'_>) {
        values.record(&mut self.clone());
    }

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        write!(self.0.lock().unwrap(), "\n{}", event.metadata().target()).unwrap();
        event.record(&mut self.clone());
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

async fn walk(walls: &Walls) {
    for things in [walls.ours.things, walls.theirs.things, Things::unknown()] {
        for route in staff_routes() {
            for role in Role::ALL {
                let session = walls.session(&walls.ours, *role).await;
                let form = if route.method == Method::GET { Vec::new() } else { form(&route, &things) };
                walls.ask(&route.method, Some(&session), &path(&route, &things), &form).await;
            }
        }
    }
}

#[tokio::test]
async fn no_name_address_or_number_of_a_person_is_in_the_programs_log() {
    let walls = walls(MARKS).await;
    let heard = Heard::default();
    let _listening = tracing::subscriber::set_default(heard.clone());
    walk(&walls).await;
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
    let said = heard.0.lock().unwrap().clone();
    assert!(said.contains("request failed"), "nothing was heard");
    let seeded: Vec<String> = sqlx::query_scalar(
        "select distinct text from residents, unnest(array[name_kanji, name_kana, address, addressee_number, alias_name, memo]) text
         where length(text) > 1",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    let typed =
        ["北野", "キタノ", "王子", "咳", MARKS[0], MARKS[1], "wrong password", "correct horse", &clerk.csrf];
    for secret in seeded.iter().map(String::as_str).chain(typed) {
        let line = said.lines().find(|line| line.contains(secret));
        assert!(line.is_none(), "{secret} is in the log: {}", line.unwrap_or_default());
    }
}

#[tokio::test]
async fn without_its_entry_in_the_log_no_page_is_shown() {
    let walls = walls(MARKS).await;
    sqlx::query("alter table audit_entries add constraint full_disk check (action = '') not valid")
        .execute(&walls.stage.db.superuser_pool())
        .await
        .unwrap();
    let before = walls.digest(walls.ours.municipality).await;
    for route in staff_routes() {
        for role in Role::ALL {
            let session = walls.session(&walls.ours, *role).await;
            let path = path(&route, &walls.ours.things);
            let form =
                if route.method == Method::GET { Vec::new() } else { form(&route, &walls.ours.things) };
            let answer = walls.ask(&route.method, Some(&session), &path, &form).await;
            assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR, "{} {path}", route.method);
            let of_people = ["北野", "キタノ", "王子", "咳"];
            assert!(!of_people.iter().any(|name| answer.text().contains(name)), "{path}: {}", answer.text());
        }
    }
    assert_eq!(before, walls.digest(walls.ours.municipality).await);
}
