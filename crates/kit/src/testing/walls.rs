//! The walls of a system, walked: every route, every role, another municipality's ids, hostile input.
//!
//! A system's tests bring the [`Ground`]: two municipalities with the same work in progress, what stands in the places
//! of each path and what each form sends. A route without its example fails every walk, with the name of the file to
//! edit. The walks panic where a wall has a hole, and say how much they have tried.

pub mod access;
pub mod forms;
pub mod headers;
pub mod hostile;
pub mod leaks;
pub mod live;
pub mod once;
pub mod openapi;
pub mod sink;
pub mod tenants;
pub mod words;

use crate::{
    Kit, Municipality, Role,
    web::{Door, Route},
};
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Method, Request, StatusCode, header},
};
use sqlx::PgPool;
use std::collections::BTreeMap;
use tower::ServiceExt as _;
use uuid::Uuid;

/// The marks of an ordinary walk: of ours and of the neighbour. Every text of a town carries its own.
pub const MARKS: [&str; 2] = ["北印", "板印"];

/// Somebody's open session.
#[derive(Clone)]
pub struct Session {
    pub cookie: String,
    pub csrf: String,
    pub staff_id: Uuid,
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    pub fn header(&self, name: impl header::AsHeaderName) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("headers are visible ASCII"))
    }

    pub fn is_html(&self) -> bool {
        self.header(header::CONTENT_TYPE).starts_with("text/html")
    }
}

pub type Form = Vec<(String, String)>;

pub const FORM: &str = "application/x-www-form-urlencoded";

/// A form's body, every byte escaped.
pub fn encode(form: &Form) -> String {
    let escape = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let pairs = form.iter().map(|(name, value)| format!("{}={}", escape(name), escape(value)));
    pairs.collect::<Vec<_>>().join("&")
}

/// A system of two municipalities.
#[expect(async_fn_in_trait, reason = "a walk is one test's, in one thread")]
pub trait Ground {
    /// Ids of one of each thing.
    type Things: Copy;

    fn kit(&self) -> &Kit;
    fn pages(&self) -> &Router;
    /// Past the walls, to look at everything.
    fn superuser(&self) -> PgPool;
    /// Every route of the system.
    fn routes(&self) -> Vec<Route>;
    fn ours(&self) -> (Municipality, Self::Things);
    fn theirs(&self) -> (Municipality, Self::Things);
    /// Ids that nobody has.
    fn unknown(&self) -> Self::Things;
    /// The path with ids in its places.
    fn path(&self, route: &Route, things: &Self::Things) -> String;
    /// What the form of a page sends, without its token.
    fn form(&self, route: &Route, things: &Self::Things) -> Form;
    /// A new session in our municipality.
    async fn session(&self, role: Role) -> Session;

    /// The entry of the log that stays there when the rest is taken away: its page has something to show.
    fn kept_entry(&self) -> Uuid;

    /// Whether the page of ours is not this role's to see though the door opens: it reads as if it were not there.
    fn is_hidden(&self, route: &Route, _: Role) -> bool {
        // A draft is its person's alone; here it is nobody's.
        route.path.starts_with("/drafts/")
    }

    /// In which role the example of a form does something.
    fn doer(&self, route: &Route) -> Role {
        *Role::ALL.iter().find(|role| route.door.admits(**role)).expect("every right is some role's")
    }

    /// How the form at a path travels: its content type and body.
    fn body(&self, _: &str, form: &Form) -> (&'static str, String) {
        (FORM, encode(form))
    }

    /// The routes for staff, those that only show first: what is sent changes what the others show.
    fn staff_routes(&self) -> Vec<Route> {
        let mut routes = self.routes();
        routes.retain(|route| route.door != Door::Open);
        routes.sort_by_key(|route| route.method != Method::GET);
        routes
    }

    /// What a request of this route sends; nothing where it only looks.
    fn sent(&self, route: &Route, things: &Self::Things) -> Form {
        if route.method == Method::GET { Vec::new() } else { self.form(route, things) }
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.pages().clone().oneshot(request).await.expect("the pages always answer");
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = to_bytes(response.into_body(), 64 << 20).await.expect("an answer can be read").to_vec();
        Answer { status, headers, bytes }
    }

    async fn get(&self, session: Option<&Session>, path: &str) -> Answer {
        let mut request = Request::get(path);
        if let Some(session) = session {
            request = request.header(header::COOKIE, &session.cookie);
        }
        self.send(request.body(Body::empty()).expect("a path is a path")).await
    }

    /// Sends a form as our own page would, with its token.
    async fn post(&self, session: Option<&Session>, path: &str, form: &Form) -> Answer {
        let mut form = form.clone();
        let mut request = Request::post(path);
        if let Some(session) = session {
            request = request.header(header::COOKIE, &session.cookie);
            form.insert(0, ("csrf".to_owned(), session.csrf.clone()));
        }
        let (kind, body) = self.body(path, &form);
        let request = request.header(header::CONTENT_TYPE, kind);
        self.send(request.body(Body::from(body)).expect("a path is a path")).await
    }

    async fn ask(&self, method: &Method, session: Option<&Session>, path: &str, form: &Form) -> Answer {
        if *method == Method::GET {
            return self.get(session, path).await;
        }
        self.post(session, path, form).await
    }

    /// What lies in each table of a municipality, as a digest. Left out is what grows by itself: the log, sessions and
    /// what they stand on, and challenges that nobody has answered yet.
    async fn digest(&self, municipality: Municipality) -> BTreeMap<String, String> {
        let pool = self.superuser();
        let tables: Vec<String> = sqlx::query_scalar(
            "select n.nspname || '.' || c.relname from pg_class c
             join pg_namespace n on n.oid = c.relnamespace and n.nspname in ('public', 'vault')
             join pg_attribute a on a.attrelid = c.oid and a.attname = 'municipality_code'
             where c.relkind = 'r'
                 and c.relname not in ('audit_entries', 'audit_places', 'sessions', 'sign_ins', 'tickets', 'ceremonies')",
        )
        .fetch_all(&pool)
        .await
        .expect("the catalogue can be read");
        assert!(tables.len() > 15, "{tables:?}");
        let mut digests = BTreeMap::new();
        for table in tables {
            let sql = format!(
                "select coalesce(md5(string_agg(t::text, '|' order by t::text)), '') from {table} t where municipality_code = {}",
                municipality.0
            );
            let digest = sqlx::query_scalar::<_, String>(sqlx::AssertSqlSafe(sql)).fetch_one(&pool).await;
            digests.insert(table, digest.expect("every table can be read"));
        }
        digests
    }
}

/// What a walk says where a path has places that nobody fills.
pub fn assert_filled(path: &str, examples: &str) {
    assert!(!path.contains('{'), "say in {examples} what stands in the places of {path}");
}
