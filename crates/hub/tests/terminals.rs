//! 端末: the register, and doors with TLS over real sockets that ask it at each request.

use crate::support::{ITABASHI, KITA, PASSWORD, Stage, stage};
use axum::http::{StatusCode, header};
use domain::Date;
use jiff::SignedDuration;
use kit::{
    Fingerprint, Kit, PeerIdentity, Refusals, Role, Zone,
    session::{self, Desk},
    testing::browser::{Browser, Page},
    tls::{ClientCertificates, TlsDoor},
    web,
};
use std::{net::SocketAddr, path::PathBuf, sync::Arc};
use tokio::{net::TcpListener, sync::watch};
use town::ca::{Authority, Issued, Validity, write_roots};
use uuid::Uuid;

const VALID: Validity = Validity { from: Date::constant(2026, 1, 1), until: Date::constant(2027, 10, 1) };
const STATE: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

/// A hub with a door of one zone beside the plain one.
struct Town {
    stage: Stage,
    authority: Authority,
    folder: PathBuf,
    door: SocketAddr,
    /// Of the ID manager, at the plain door.
    manager: String,
    _stop: watch::Sender<bool>,
}

impl Drop for Town {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.folder).ok();
    }
}

async fn town(zone: Zone) -> Town {
    let stage = stage().await;
    stage.account(KITA, Role::IdManager).await;
    stage.account(KITA, Role::Clerk).await;
    let manager = stage.browser(KITA, Role::IdManager).await;
    let authority = Authority::new("試験認証局", VALID).unwrap();
    let kit = &stage.app.kit;
    let folder = std::env::temp_dir().join(format!("sesshu-hub-door-{}", kit.ids.next()));
    let roots = write_roots(&folder, "roots", &[&authority]).unwrap();
    let (certificate, key) = authority.door().unwrap().write(&folder, "door").unwrap();
    let identity = PeerIdentity::from_files(&certificate, &key, &roots).unwrap();
    let refusals = Refusals::logged("hub");
    let tls = TlsDoor::new(&identity, ClientCertificates::Demanded, &kit.clock, refusals).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let door = listener.local_addr().unwrap();
    let url = format!("https://localhost:{}", door.port());
    let desk = Desk::new("hub", &url, &url, &[], Arc::clone(&kit.desk.keeper));
    let app = hub::App { kit: Kit { desk, over_tls: true, ..kit.clone() }, ..stage.app.clone() };
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(web::serve_tls(listener, tls, hub::router_in(app, zone), stopped));
    Town { stage, authority, folder, door, manager, _stop: stop }
}

impl Town {
    async fn browser(&self, terminal: &Issued) -> Browser {
        let pem = (terminal.certificate.as_str(), terminal.key.as_str());
        Browser::open(self.door, &self.authority.certificate(), Some(pem), &self.stage.app.kit.clock)
            .await
            .unwrap()
    }

    async fn ask(&self, terminal: &Issued, path: &str) -> Page {
        self.browser(terminal).await.get(path, "").await.unwrap()
    }

    /// The ID manager registers it; the page's address.
    async fn register(&self, terminal: &Issued, zone: Zone, more: &[(&str, &str)]) -> String {
        let mut form = vec![
            ("name", "窓口1番"),
            ("place", "保健予防課"),
            ("zone", zone.code()),
            ("certificate", terminal.certificate.as_str()),
        ];
        form.extend_from_slice(more);
        let done = self.stage.post(&self.manager, "/terminals", "/terminals", &form).await;
        assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
        done.header(header::LOCATION).split('?').next().unwrap().to_owned()
    }

    /// Fills in the pages of a sign-in at a terminal; the session's cookie and where it leads.
    async fn sign_in(&self, browser: &mut Browser, way: &str) -> (String, String) {
        let form = [("login", "clerk"), ("password", PASSWORD), ("to", way), ("state", STATE)];
        let first = browser.post("/sign-in", "", &form).await.unwrap();
        assert_eq!(first.location, "/sign-in/code", "{}", first.text);
        let again = "update totps set last_step = 0";
        sqlx::query(again).execute(&self.stage.db.superuser_pool()).await.unwrap();
        let code = self.stage.code();
        let done = browser.post("/sign-in/code", &first.shown(), &[("code", &code)]).await.unwrap();
        assert_eq!(done.status, 303, "{}", done.text);
        (done.shown(), done.location)
    }
}

fn id_of(page: &str) -> Uuid {
    page.rsplit('/').next().unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_terminal_that_nobody_registered_sees_what_to_do_and_no_door_to_sign_in() {
    let town = town(Zone::Business).await;
    let stranger = town.authority.terminal("stranger").unwrap();
    for path in ["/", "/sign-in", "/enrol", "/terminals", "/nothing"] {
        let answer = town.ask(&stranger, path).await;
        assert_eq!(answer.status, 403, "{path}");
        assert!(answer.text.contains("この端末は登録されていません"), "{path}: {}", answer.text);
        assert!(!answer.text.contains("name=\"login\""), "{path}");
    }
    let form = [("login", "clerk"), ("password", PASSWORD)];
    let tried = town.browser(&stranger).await.post("/sign-in", "", &form).await.unwrap();
    assert_eq!((tried.status, tried.cookies.len()), (403, 0));
    let asset = town.ask(&stranger, "/static/0/icon.svg").await;
    assert_eq!(asset.status, 200, "the page of a refusal has its looks");
}

#[tokio::test]
async fn a_registered_terminal_signs_in_and_the_log_knows_it_by_name() {
    let town = town(Zone::Lgwan).await;
    let own = town.authority.terminal("own").unwrap();
    let page = town.register(&own, Zone::Lgwan, &[]).await;
    let mut browser = town.browser(&own).await;
    let (cookie, _) = town.sign_in(&mut browser, "").await;
    assert!(cookie.contains("__Host-sesshu-hub-lgwan="), "{cookie}");
    let home = browser.get("/", &cookie).await.unwrap();
    assert_eq!(home.status, 200, "{}", home.text);
    let account = browser.get("/account", &cookie).await.unwrap();
    assert!(account.text.contains("LGWAN接続系（窓口1番）"), "{}", account.text);
    let where_from = "select zone || ' ' || terminal_id from audit_entries
        where action = 'sign_in' and outcome = 'done' order by entry_id desc limit 1";
    assert_eq!(town.stage.value::<String>(where_from).await, format!("lgwan {}", id_of(&page)));
    town.stage.account(KITA, Role::Auditor).await;
    let auditor = town.stage.browser(KITA, Role::Auditor).await;
    assert!(town.stage.get(&auditor, "/audit").await.text.contains("窓口1番"));
    let shown = town.stage.get(&town.manager, "/terminals").await.text;
    assert!(shown.contains("使用中") && shown.contains("2026-11-23 12:00"), "{shown}");
}

#[tokio::test]
async fn a_lost_terminal_is_out_in_the_middle_of_a_connection_and_everywhere_within_five_seconds() {
    let town = town(Zone::Business).await;
    let lost = town.authority.terminal("lost").unwrap();
    let page = town.register(&lost, Zone::Business, &[]).await;
    let mut browser = town.browser(&lost).await;
    let (cookie, ticket) = town.sign_in(&mut browser, "health").await;
    let keeper = Arc::clone(&town.stage.app.kit.desk.keeper);
    let ticket = ticket.split_once("ticket=").unwrap().1.to_owned();
    let standing = keeper.redeem(KITA, "health", &ticket).await.unwrap().unwrap().standing;
    let device = standing.device.clone().unwrap();
    assert_eq!(device.fingerprint, Fingerprint::of_pem(&lost.certificate).unwrap());
    assert_eq!((standing.terminal.id, device.name.as_str()), (Some(id_of(&page)), "窓口1番"));
    assert_eq!(browser.get("/", &cookie).await.unwrap().status, 200);

    let form = [("reason", "lost")];
    let path = format!("{page}/withdraw");
    let done = town.stage.post(&town.manager, &page, &path, &form).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);

    // Nobody's clock has moved: at the hub at once, at the others with their next question.
    let out = browser.get("/", &cookie).await.unwrap();
    assert!(out.status == 403 && out.text.contains("使用を終えた端末"), "{}", out.text);
    assert!(keeper.check(KITA, standing.sign_in_id, true).await.unwrap().is_none());
    assert!(session::CHECK_EVERY < SignedDuration::from_secs(5));
    let ended = "select ended_by from sign_ins where terminal_id is not null";
    assert_eq!(town.stage.value::<String>(ended).await, "terminal");

    // Who goes on knocking is written down once a minute.
    for _ in 0..3 {
        assert_eq!(browser.get("/sign-in", "").await.unwrap().status, 403);
    }
    let noted =
        "select count(*) from audit_entries where detail ->> 'cause' = 'withdrawn' and outcome = 'refused'";
    assert_eq!(town.stage.value::<i64>(noted).await, 1);
    town.stage.app.kit.clock.advance(SignedDuration::from_secs(60));
    assert_eq!(browser.get("/sign-in", "").await.unwrap().status, 403);
    assert_eq!(town.stage.value::<i64>(noted).await, 2);

    let again = town.stage.post(&town.manager, "/terminals", &path, &form).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    let shown = town.stage.get(&town.manager, &page).await.text;
    assert!(shown.contains("使用終了（紛失・盗難）") && shown.contains("ID管理者"), "{shown}");
}

#[tokio::test]
async fn a_terminal_of_another_zone_and_one_past_its_last_day_are_told_so() {
    let town = town(Zone::Business).await;
    let tablet = town.authority.terminal("tablet").unwrap();
    town.register(&tablet, Zone::Venue, &[]).await;
    let answer = town.ask(&tablet, "/sign-in").await;
    assert!(answer.status == 403 && answer.text.contains("別の区画に登録"), "{}", answer.text);

    let ending = town.authority.terminal("ending").unwrap();
    town.register(&ending, Zone::Business, &[("last_on", "R8.11.24")]).await;
    assert_eq!(town.ask(&ending, "/sign-in").await.status, 200, "the day before");
    town.stage.app.kit.clock.advance(SignedDuration::from_hours(24));
    let mut browser = town.browser(&ending).await;
    let (cookie, _) = town.sign_in(&mut browser, "").await;
    assert_eq!(browser.get("/", &cookie).await.unwrap().status, 200, "on the last day");
    // Midnight in Japan, within the same connection.
    town.stage.app.kit.clock.advance(SignedDuration::from_hours(12));
    let answer = browser.get("/", &cookie).await.unwrap();
    assert!(answer.status == 403 && answer.text.contains("使用期限が過ぎています"), "{}", answer.text);
}

#[tokio::test]
async fn a_cookie_that_turns_up_at_another_terminal_ends_the_sign_in() {
    let town = town(Zone::Business).await;
    let (own, other) = (town.authority.terminal("a").unwrap(), town.authority.terminal("b").unwrap());
    town.register(&own, Zone::Business, &[]).await;
    town.register(&other, Zone::Business, &[("name", "窓口2番")]).await;
    let mut browser = town.browser(&own).await;
    let (cookie, _) = town.sign_in(&mut browser, "").await;
    assert_eq!(browser.get("/", &cookie).await.unwrap().status, 200);
    let stolen = town.browser(&other).await.get("/", &cookie).await.unwrap();
    assert!(stolen.status == 403 && stolen.text.contains("別の端末"), "{}", stolen.text);
    // At the plain door, under the name that it has there.
    let at_plain = cookie.replace("__Host-", "");
    assert_eq!(town.stage.get(&at_plain, "/").await.header(header::LOCATION), "/sign-in");
    assert_eq!(browser.get("/", &cookie).await.unwrap().location, "/sign-in", "its owner signs in again");
    let logged = "select count(*) from audit_entries where detail ->> 'cause' = 'elsewhere'";
    assert_eq!(town.stage.value::<i64>(logged).await, 1);
}

#[tokio::test]
async fn a_session_of_a_terminal_opens_nothing_at_the_plain_door_and_the_other_way_round() {
    let town = town(Zone::Business).await;
    let own = town.authority.terminal("a").unwrap();
    town.register(&own, Zone::Business, &[]).await;
    let (cookie, _) = town.sign_in(&mut town.browser(&own).await, "").await;
    let plain = town.stage.get(&cookie.replace("__Host-", ""), "/").await;
    assert_eq!(plain.status, StatusCode::FORBIDDEN, "{}", plain.text);
    let renamed = town.manager.replace("sesshu-hub=", "__Host-sesshu-hub=");
    let over_tls = town.browser(&own).await.get("/", &renamed).await.unwrap();
    assert_eq!(over_tls.status, 403, "{}", over_tls.text);
}

#[tokio::test]
async fn nobody_of_another_municipality_signs_in_at_a_terminal() {
    let town = town(Zone::Business).await;
    town.stage.account(ITABASHI, Role::Approver).await;
    let own = town.authority.terminal("a").unwrap();
    town.register(&own, Zone::Business, &[]).await;
    let mut browser = town.browser(&own).await;
    let page = browser.get("/sign-in", "").await.unwrap().text;
    assert!(!page.contains("板橋区"), "the choice is not offered");
    let code = ITABASHI.to_string();
    let form = [("municipality", code.as_str()), ("login", "approver"), ("password", PASSWORD)];
    let first = browser.post("/sign-in", "", &form).await.unwrap();
    let code = town.stage.code();
    let second = browser.post("/sign-in/code", &first.shown(), &[("code", &code)]).await.unwrap();
    assert_eq!(second.status, 422, "{}", second.text);
}

#[tokio::test]
async fn what_is_wrong_with_a_registration_stands_beside_its_field() {
    let town = town(Zone::Business).await;
    let own = town.authority.terminal("own").unwrap();
    let past = Validity { from: VALID.from, until: Date::constant(2026, 11, 1) };
    let expired = town.authority.terminal_valid("old", past).unwrap().certificate;
    let with_key = format!("{}{}", own.certificate, own.key);
    let two = format!("{}{}", own.certificate, town.authority.terminal("b").unwrap().certificate);
    let root = town.authority.certificate();
    let print = "0f".repeat(32);
    town.register(&own, Zone::Business, &[]).await;
    let form = |certificate, fingerprint, last_on| {
        [
            ("name", "窓口2番"),
            ("place", "保健予防課"),
            ("zone", "business"),
            ("certificate", certificate),
            ("fingerprint", fingerprint),
            ("last_on", last_on),
        ]
    };
    let fresh = town.authority.terminal("fresh").unwrap().certificate;
    for (certificate, fingerprint, last_on, sentence) in [
        ("", "", "", "どちらか一方を入力"),
        (fresh.as_str(), print.as_str(), "", "どちらか一方を入力"),
        (&*with_key, "", "", "秘密鍵が含まれています"),
        (
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
            "",
            "",
            "証明書として読み取れません",
        ),
        (&*two, "", "", "証明書が2つ以上あります"),
        (&*root, "", "", "認証局の証明書です"),
        (&*expired, "", "", "期限の切れた証明書です"),
        ("", "12:34", "R9.3.31", "64桁"),
        ("", &*print, "", "使用の最終日（証明書の期限）を入力"),
        ("", &*print, "そのうち", "令和8年4月1日 や"),
        (&*fresh, "", "R8.11.22", "今日以後の日付"),
        (&*fresh, "", "R9.10.2", "証明書の期限の日まで"),
        ("", &*print, "R20.1.1", "3年以内"),
        (&*own.certificate, "", "", "この証明書は登録済みです"),
    ] {
        let form = form(certificate, fingerprint, last_on);
        let answer = town.stage.post(&town.manager, "/terminals", "/terminals", &form).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{sentence}");
        assert!(answer.text.contains(sentence), "{sentence}: {}", answer.text);
        assert!(answer.text.contains("窓口2番"), "what was typed is kept");
        assert!(!answer.text.contains("PRIVATE KEY"), "a key is never sent back");
    }
    let empty = town.stage.post(&town.manager, "/terminals", "/terminals", &[]).await.text;
    for sentence in ["端末の名前を", "設置場所を", "区画を選択", "どちらか一方"] {
        assert!(empty.contains(sentence), "all at once: {sentence}");
    }
    let outside = form("", &print, "R9.3.31")
        .map(|(name, value)| (name, if name == "zone" { "internet" } else { value }));
    let answer = town.stage.post(&town.manager, "/terminals", "/terminals", &outside).await;
    assert!(answer.text.contains("区画を選択"), "the internet has no terminals");
    // The neighbour hears nothing else of a certificate that is ours.
    town.stage.account(ITABASHI, Role::IdManager).await;
    let neighbour = town.stage.browser(ITABASHI, Role::IdManager).await;
    let answer =
        town.stage.post(&neighbour, "/terminals", "/terminals", &form(&own.certificate, "", "")).await;
    assert!(answer.text.contains("この証明書は登録済みです"));
    let ok = town.stage.post(&town.manager, "/terminals", "/terminals", &form("", &print, "R9.3.31")).await;
    assert_eq!(ok.status, StatusCode::SEE_OTHER, "{}", ok.text);
}

#[tokio::test]
async fn a_renewed_certificate_takes_the_place_of_the_old_one() {
    let town = town(Zone::Business).await;
    let (old, new) = (town.authority.terminal("old").unwrap(), town.authority.terminal("new").unwrap());
    let page = town.register(&old, Zone::Business, &[]).await;
    let renew = format!("{page}/renew");
    let same = [("certificate", old.certificate.as_str())];
    let again = town.stage.post(&town.manager, &page, &renew, &same).await;
    assert!(again.text.contains("この証明書は登録済みです"), "{}", again.text);
    assert_eq!(town.ask(&old, "/sign-in").await.status, 200, "a renewal that fails takes nothing away");
    let form = [("certificate", new.certificate.as_str())];
    let done = town.stage.post(&town.manager, &page, &renew, &form).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
    let next = done.header(header::LOCATION).split('?').next().unwrap().to_owned();
    assert_ne!(next, page);
    assert_eq!(
        (town.ask(&old, "/sign-in").await.status, town.ask(&new, "/sign-in").await.status),
        (403, 200)
    );
    let moved = [("name", "窓口3番"), ("place", "健康推進課")];
    let changed = town.stage.post(&town.manager, &next, &format!("{next}/change"), &moved).await;
    assert_eq!(changed.status, StatusCode::SEE_OTHER, "{}", changed.text);
    let shown = town.stage.get(&town.manager, &next).await.text;
    assert!(
        shown.contains("登録（窓口1番、保健予防課）") && shown.contains("変更（窓口3番、健康推進課）"),
        "{shown}"
    );
    assert!(town.stage.get(&town.manager, "/terminals").await.text.contains("証明書の更新"));
}

#[tokio::test]
async fn the_register_is_the_id_managers_and_the_neighbours_terminals_are_unknown() {
    let town = town(Zone::Business).await;
    let own = town.authority.terminal("own").unwrap();
    let page = town.register(&own, Zone::Business, &[]).await;
    for role in Role::ALL {
        if !matches!(role, Role::IdManager | Role::Clerk) {
            town.stage.account(KITA, *role).await;
        }
        let browser = town.stage.browser(KITA, *role).await;
        let sees = matches!(role, Role::IdManager | Role::Chief | Role::Auditor);
        let want = if sees { StatusCode::OK } else { StatusCode::FORBIDDEN };
        assert_eq!(town.stage.get(&browser, "/terminals").await.status, want, "{}", role.ja());
        let shown = town.stage.get(&browser, &page).await;
        assert_eq!(shown.status, want, "{}", role.ja());
        assert_eq!(shown.text.contains("使用を終える"), *role == Role::IdManager, "{}", role.ja());
    }
    town.stage.account(ITABASHI, Role::IdManager).await;
    let neighbour = town.stage.browser(ITABASHI, Role::IdManager).await;
    assert_eq!(town.stage.get(&neighbour, &page).await.status, StatusCode::NOT_FOUND);
    let form = [("reason", "lost")];
    let path = format!("{page}/withdraw");
    assert_eq!(town.stage.post(&neighbour, "/terminals", &path, &form).await.status, StatusCode::NOT_FOUND);
    assert_eq!(town.ask(&own, "/sign-in").await.status, 200);
}

#[tokio::test]
async fn in_no_other_zone_is_there_a_page_or_a_vault_for_individual_numbers_whatever_the_role() {
    let stage = stage().await;
    let every: Vec<_> = hub::routes().list().cloned().collect();
    let numbers: Vec<_> = every.iter().filter(|route| route.path.starts_with("/numbers")).collect();
    assert!(numbers.len() >= 7);
    for zone in Zone::ALL.iter().filter(|zone| **zone != Zone::Business) {
        assert!(
            hub::routes_in(*zone).list().all(|route| !route.path.starts_with("/numbers")),
            "{}",
            zone.ja()
        );
        assert!(hub::app_in(stage.app.clone(), *zone).vault.is_none(), "{}", zone.ja());
    }
    assert!(hub::app_in(stage.app.clone(), Zone::Business).vault.is_some());
    for zone in [Zone::Lgwan, Zone::Venue] {
        let mut stage = crate::support::stage().await;
        stage.router = hub::router_in(stage.app.clone(), zone);
        for role in Role::ALL {
            stage.account(KITA, *role).await;
            let browser = stage.browser(KITA, *role).await;
            assert!(stage.is_in(&browser).await, "{} {}", zone.ja(), role.ja());
            for route in &numbers {
                let path = route.path.replace("{id}", &Uuid::from_u128(7).to_string());
                let answer = match route.method {
                    axum::http::Method::GET => stage.get(&browser, &path).await,
                    _ => stage.ask(&browser, &path, Some(&[])).await,
                };
                assert_eq!(answer.status, StatusCode::NOT_FOUND, "{} {} {path}", zone.ja(), role.ja());
            }
        }
    }
}

#[tokio::test]
async fn the_role_behind_the_doors_has_no_grant_on_the_vault() {
    let stage = stage().await;
    // As the application sees itself: that is all that a door of another zone holds.
    let mut own = stage.app.kit.pool.acquire().await.unwrap();
    let (role, is_member): (String, bool) =
        sqlx::query_as("select current_user::text, pg_has_role(current_user, 'sesshu_test_vault', 'member')")
            .fetch_one(&mut *own)
            .await
            .unwrap();
    assert_eq!((role.as_str(), is_member), ("sesshu_test_app", false));
    let granted = "select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = 'vault' and c.relkind in ('r', 'p', 'v', 'S')
            and (has_table_privilege('sesshu_test_app', c.oid, 'select, insert, update, delete, truncate, references, trigger')
                or has_any_column_privilege('sesshu_test_app', c.oid, 'select, insert, update, references'))";
    assert_eq!(stage.value::<i64>(granted).await, 0);
    let tables = "select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = 'vault' and c.relkind = 'r'";
    assert!(stage.value::<i64>(tables).await >= 2, "the question was asked of something");
    let schema = "select has_schema_privilege('sesshu_test_app', 'vault', 'usage, create')";
    assert!(!stage.value::<bool>(schema).await);
    let functions = "select count(*) from pg_proc p join pg_namespace n on n.oid = p.pronamespace
        where n.nspname = 'vault' and has_function_privilege('sesshu_test_app', p.oid, 'execute')
            and has_schema_privilege('sesshu_test_app', n.oid, 'usage')";
    assert_eq!(stage.value::<i64>(functions).await, 0);
    let asked = sqlx::query("select 1 from vault.numbers").execute(&mut *own).await.unwrap_err();
    assert!(asked.to_string().contains("permission denied"), "{asked}");
}
