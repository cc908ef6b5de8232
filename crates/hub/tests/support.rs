//! A hub of two municipalities on a frozen clock, with one account in each role, and browsers in front of it.

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Request, StatusCode, header},
};
use domain::Date;
use hub::{
    App, Site,
    accounts::case::NewAccount,
    factors::{case::Exception, sql::Grant, totp::Secret},
    keeper::Keeper,
};
use kit::{Clock, Ids, Kit, Municipality, Role, Vault, session::Desk, testing::TestDb, vault::KeyRing};
use std::{path::PathBuf, sync::Arc};
use tower::ServiceExt as _;
use uuid::Uuid;

pub const KITA: Municipality = Municipality(131_172);
pub const ITABASHI: Municipality = Municipality(131_199);
pub const PASSWORD: &str = "correct horse battery";
pub const HEALTH: &str = "http://localhost:8";
const FORM: &str = "application/x-www-form-urlencoded";

pub struct Stage {
    pub db: TestDb,
    pub app: App,
    pub router: Router,
    /// What all accounts of the stage share with their apps.
    pub secret: Secret,
    _keys: Folder,
}

/// Key files of one test, removed at its end.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

pub async fn stage() -> Stage {
    let db = TestDb::new(&[&[kit::MIGRATIONS], hub::TABLES].concat()).await;
    let clock = Clock::frozen(Date::constant(2026, 11, 23));
    let keeper = Arc::new(Keeper { pool: db.app_pool(), clock: clock.clone() });
    let desk = Desk::new("hub", "http://localhost:9", "http://localhost:9", &[HEALTH], keeper);
    let (pool, sink) = (db.app_pool(), db.sink(&clock));
    let kit = Kit {
        pool,
        sink,
        clock,
        ids: Ids::default(),
        waiting: Default::default(),
        watch: Default::default(),
        over_tls: false,
        desk,
    };
    for (municipality, name) in [(KITA, "北区"), (ITABASHI, "板橋区")] {
        kit::db::put_municipality(&db.owner_pool(), municipality, name, "").await.unwrap();
    }
    let site = Site { system: "health", name: "健康管理システム", url: HEALTH.to_owned() };
    let folder = Folder(std::env::temp_dir().join(format!("sesshu-hub-keys-{}", kit.ids.next())));
    let keys = KeyRing::open_or_create(&folder.0).unwrap();
    let vault = Some(Vault::new(kit.clone(), db.vault_pool(), keys.clone()));
    let app = App { kit, vault, sites: Arc::new([site]), keys };
    let router = hub::router(app.clone());
    Stage { db, app, router, secret: Secret::new(), _keys: folder }
}

impl Stage {
    /// An account in one role, whose login is the role's code.
    pub async fn account(&self, municipality: Municipality, role: Role) -> Uuid {
        let new = NewAccount { login: role.code(), name: role.ja(), section: "", roles: &[role] };
        self.open_account(municipality, new).await
    }

    /// With a password and an app, by exception.
    async fn open_account(&self, municipality: Municipality, new: NewAccount<'_>) -> Uuid {
        let mut tx = kit::db::begin(&self.app.kit.pool, municipality).await.unwrap();
        let staff_id = hub::accounts::case::put(&mut tx, &self.app.kit, municipality, new).await.unwrap();
        tx.commit().await.unwrap();
        self.give_password(municipality, staff_id).await;
        staff_id
    }

    /// Lets somebody sign in with [`PASSWORD`] and an app.
    pub async fn give_password(&self, municipality: Municipality, staff_id: Uuid) {
        let mut tx = kit::db::begin(&self.app.kit.pool, municipality).await.unwrap();
        let grant = Grant { reason: "試験のため".to_owned(), valid_until: Date::constant(2027, 11, 23) };
        let exception = Exception { grant, password: PASSWORD, secret: &self.secret };
        hub::factors::case::put_exception(&mut tx, &self.app, municipality, staff_id, &exception)
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }

    /// A person of a section; the login is also the name.
    pub async fn member(
        &self,
        municipality: Municipality,
        (login, section): (&str, &str),
        roles: &[Role],
    ) -> Uuid {
        self.open_account(municipality, NewAccount { login, name: login, section, roles }).await
    }

    pub async fn ask(&self, cookie: &str, path: &str, form: Option<&[(&str, &str)]>) -> Answer {
        let request = match form {
            None => Request::get(path),
            Some(_) => Request::post(path).header(header::CONTENT_TYPE, FORM),
        };
        let escape = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
        let body = form.unwrap_or_default().iter().map(|(name, value)| format!("{name}={}", escape(value)));
        let body = body.collect::<Vec<_>>().join("&");
        let request = request.header(header::COOKIE, cookie).body(Body::from(body)).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = to_bytes(response.into_body(), 64 << 20).await.unwrap();
        Answer { status, headers, text: String::from_utf8_lossy(&bytes).into_owned() }
    }

    pub async fn get(&self, cookie: &str, path: &str) -> Answer {
        self.ask(cookie, path, None).await
    }

    /// Sends a form as the page at `from` would, with its token.
    pub async fn post(&self, cookie: &str, from: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
        let token = self.get(cookie, from).await.field("csrf");
        let mut form = vec![("csrf", token.as_str())];
        form.extend_from_slice(fields);
        self.ask(cookie, path, Some(&form)).await
    }

    /// The code that everybody's app shows now.
    pub fn code(&self) -> String {
        self.secret.code(self.app.kit.clock.now())
    }

    /// Fills in the sign-in page, and the page for the code.
    pub async fn sign_in(&self, municipality: Municipality, login: &str, password: &str) -> Answer {
        let code = municipality.to_string();
        self.sign_in_with(&[("municipality", code.as_str()), ("login", login), ("password", password)]).await
    }

    /// The same with these fields on the first page.
    pub async fn sign_in_with(&self, form: &[(&str, &str)]) -> Answer {
        let first = self.ask("", "/sign-in", Some(form)).await;
        if first.header(header::LOCATION) != "/sign-in/code" {
            return first;
        }
        // The clock stands still, and a code works once.
        let again = "update totps set last_step = 0";
        sqlx::query(again).execute(&self.db.superuser_pool()).await.unwrap();
        self.ask(&first.cookie(), "/sign-in/code", Some(&[("code", &self.code())])).await
    }

    /// A browser of somebody in this role.
    pub async fn browser(&self, municipality: Municipality, role: Role) -> String {
        let answer = self.sign_in(municipality, role.code(), PASSWORD).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
        answer.cookie()
    }

    pub async fn is_in(&self, cookie: &str) -> bool {
        self.get(cookie, "/").await.status == StatusCode::OK
    }

    /// One value, past the municipality's wall.
    pub async fn value<T>(&self, sql: &'static str) -> T
    where
        T: for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres> + Send + Unpin,
    {
        sqlx::query_scalar(sql).fetch_one(&self.db.superuser_pool()).await.unwrap()
    }
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn header(&self, name: header::HeaderName) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The cookie as the browser sends it back: the one that is set, not one that is taken away.
    pub fn cookie(&self) -> String {
        let mut lines = self.headers.get_all(header::SET_COOKIE).iter().map(|line| line.to_str().unwrap());
        let set = lines.rfind(|line| !line.contains("Max-Age=0"));
        set.unwrap_or_default().split(';').next().unwrap().to_owned()
    }

    /// The value of a hidden field.
    pub fn field(&self, name: &str) -> String {
        let begin = format!("name=\"{name}\" value=\"");
        let rest =
            self.text.split_once(&begin).unwrap_or_else(|| panic!("no field {name} in {}", self.text)).1;
        rest.split('"').next().unwrap().to_owned()
    }
}
