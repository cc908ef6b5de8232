//! Names stay text on every page, and stay out of the log of the program.

use super::Ground;
use crate::Role;
use axum::http::StatusCode;
use std::{
    fmt::{Debug, Write as _},
    sync::{Arc, Mutex, PoisonError},
};
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};

/// A name that would be a script wherever a page forgot to escape it.
pub const SCRIPT: &str = "\"'><img src=x onerror=1></script><script>alert(1)</script>";

/// What a browser would run.
pub fn is_live(page: &str) -> bool {
    ["<img src=x", "<script>alert", "</script><script>"].iter().any(|live| page.contains(live))
}

/// Every page in every role, with the script in every field in turn. Gives how many pages showed it, as text.
pub async fn scripts_stay_text(ground: &impl Ground) -> usize {
    let (_, ours) = ground.ours();
    let mut shown = 0;
    for route in ground.staff_routes() {
        for role in Role::ALL.iter().filter(|role| route.door.admits(**role)) {
            let session = ground.session(*role).await;
            let path = ground.path(&route, &ours);
            let mut fields = ground.sent(&route, &ours);
            for index in 0..=fields.len() {
                if index > 0 {
                    fields[index - 1].1 = SCRIPT.to_owned();
                }
                let answer = ground.ask(&route.method, Some(&session), &path, &fields).await;
                let text = answer.text();
                assert!(!answer.status.is_server_error(), "{} {path}: {text}", route.method);
                if answer.is_html() {
                    assert!(!is_live(&text), "{} {path}: {text}", route.method);
                    shown += usize::from(text.contains("onerror=1"));
                }
            }
        }
    }
    shown
}

/// Keeps everything the program says to its log, down to the smallest detail.
#[derive(Clone, Default)]
pub struct Heard(Arc<Mutex<String>>);

impl Heard {
    fn add(&self, arguments: std::fmt::Arguments<'_>) {
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        said.write_fmt(arguments).expect("a text takes everything");
    }

    /// Everything that was said.
    pub fn said(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Panics where one of the secrets was said.
    pub fn assert_silent_about<'a>(&self, secrets: impl IntoIterator<Item = &'a str>) {
        let said = self.said();
        for secret in secrets {
            let line = said.lines().find(|line| line.contains(secret));
            assert!(line.is_none(), "{secret} is in the log: {}", line.unwrap_or_default());
        }
    }
}

impl Visit for Heard {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.add(format_args!(" {}={value:?}", field.name()));
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
        self.add(format_args!("\n{}", event.metadata().target()));
        event.record(&mut self.clone());
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

/// Every route in every role with our ids, theirs and nobody's: something for the log to say.
pub async fn walk(ground: &impl Ground) {
    for things in [ground.ours().1, ground.theirs().1, ground.unknown()] {
        for route in ground.staff_routes() {
            for role in Role::ALL {
                let session = ground.session(*role).await;
                let (path, form) = (ground.path(&route, &things), ground.sent(&route, &things));
                ground.ask(&route.method, Some(&session), &path, &form).await;
            }
        }
    }
}

/// Without its entry in the log's table no page is shown, and nothing in `people` is said.
pub async fn nothing_without_its_entry(ground: &impl Ground, people: &[&str]) {
    sqlx::query("alter table audit_entries add constraint full_disk check (action = '') not valid")
        .execute(&ground.superuser())
        .await
        .expect("a superuser may");
    let (municipality, ours) = ground.ours();
    let before = ground.digest(municipality).await;
    for route in ground.staff_routes() {
        for role in Role::ALL {
            let session = ground.session(*role).await;
            let (path, form) = (ground.path(&route, &ours), ground.sent(&route, &ours));
            let answer = ground.ask(&route.method, Some(&session), &path, &form).await;
            assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR, "{} {path}", route.method);
            let text = answer.text();
            assert!(!people.iter().any(|name| text.contains(name)), "{path}: {text}");
        }
    }
    assert_eq!(before, ground.digest(municipality).await);
}
