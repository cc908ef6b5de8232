//! What exists in which zone, and doors with TLS over real sockets: a session belongs to its terminal.

use crate::support::{KITA, Stage, stage};
use axum::response::Html;
use domain::Date;
use futures_util::{FutureExt, future::BoxFuture};
use kit::{
    Acting, Action, Failure, Fingerprint, Kit, Municipality, PeerIdentity, Refusal, RefusalReason, Refusals,
    Role, Terminal, Zone,
    session::{self, Arrival, Desk, Keeper, Standing},
    staff::Person,
    terminal::Device,
    testing::browser::{Browser, Page},
    tls::{ClientCertificates, TlsDoor},
    web::{self, Routes},
    zones,
};
use std::{
    collections::BTreeSet,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};
use tokio::{net::TcpListener, sync::watch};
use town::ca::{Authority, Issued, Validity, write_roots};
use uuid::Uuid;

const WRITE: &str = "SESSHU_GOLDENS";

#[test]
fn golden_of_the_zones_is_what_is_enforced() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/zones.txt");
    let enforced = zones::matrix_ja();
    if std::env::var_os(WRITE).is_some() {
        std::fs::write(&path, &enforced).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == enforced,
        "docs/reference/zones.txt is not what kit::zones says: run bin/goldens and have the difference signed"
    );
}

/// Cells that must never change by accident.
#[test]
fn a_number_is_for_the_business_zone_and_a_venue_searches_for_nobody() {
    for action in Action::ALL {
        let is_number = action.ja().contains("個人番号");
        assert_eq!(zones::admits(Zone::Lgwan, *action), !is_number, "{}", action.ja());
        assert!(zones::admits(Zone::Business, *action), "{}", action.ja());
        assert!(!zones::admits(Zone::Internet, *action), "{}", action.ja());
        assert!(!is_number || !zones::admits(Zone::Venue, *action), "{}", action.ja());
    }
    let at_venue: BTreeSet<_> =
        Action::ALL.iter().filter(|action| zones::admits(Zone::Venue, **action)).collect();
    let never = [
        Action::SearchResidents,
        Action::ViewResident,
        Action::ViewRecord,
        Action::ViewImports,
        Action::ViewCampaigns,
        Action::ViewAudit,
        Action::ViewStaff,
        Action::ViewTerminals,
        Action::ViewRights,
        Action::ViewStatistics,
    ];
    assert!(never.iter().all(|action| !at_venue.contains(action)));
    assert!(at_venue.contains(&Action::RegisterRecord) && at_venue.contains(&Action::FindSheet));
}

#[tokio::test]
async fn at_a_terminal_of_another_zone_a_right_is_not_carried() {
    let stage = stage().await;
    let clerk = stage.staff(KITA, Role::Clerk).await;
    let at = |zone| Acting { terminal: Terminal { zone, id: None }, ..clerk.clone() };
    assert!(at(Zone::Business).may(Action::SearchResidents) && at(Zone::Lgwan).may(Action::SearchResidents));
    assert!(!at(Zone::Venue).may(Action::SearchResidents) && at(Zone::Venue).may(Action::RegisterRecord));
    assert!(!at(Zone::Internet).may(Action::SignOut));
    // A job acts for whoever ordered it, at the machine itself.
    assert!(at(Zone::Server).may(Action::SearchResidents));
}

/// Vouches for one sign-in at one terminal, until it is ended.
struct OneTerminal(Mutex<Option<Standing>>);

impl Keeper for OneTerminal {
    fn redeem<'a>(
        &'a self,
        _: Municipality,
        _: &'a str,
        _: &'a str,
    ) -> BoxFuture<'a, anyhow::Result<Option<Arrival>>> {
        async { Ok(None) }.boxed()
    }

    fn check(&self, _: Municipality, _: Uuid, _: bool) -> BoxFuture<'_, anyhow::Result<Option<Standing>>> {
        async { Ok(self.0.lock().unwrap().clone()) }.boxed()
    }

    fn end(&self, _: Municipality, _: Uuid) -> BoxFuture<'_, anyhow::Result<()>> {
        async {
            self.0.lock().unwrap().take();
            Ok(())
        }
        .boxed()
    }
}

const VALID: Validity = Validity { from: Date::constant(2026, 1, 1), until: Date::constant(2027, 1, 1) };

/// A system with a door, and terminals of its authority.
struct Town {
    stage: Stage,
    authority: Authority,
    folder: PathBuf,
    address: SocketAddr,
    keeper: Arc<OneTerminal>,
    refusals: Arc<Mutex<Vec<Refusal>>>,
    kit: Kit,
    _stop: watch::Sender<bool>,
}

impl Drop for Town {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.folder).ok();
    }
}

async fn page(acting: Acting) -> Result<Html<String>, Failure> {
    Ok(Html(format!("hello {}", acting.staff_name)))
}

async fn town(zone: Zone) -> Town {
    let stage = stage().await;
    let authority = Authority::new("試験認証局", VALID).unwrap();
    let folder = std::env::temp_dir().join(format!("sesshu-zones-{}", stage.kit.ids.next()));
    let roots = write_roots(&folder, "roots", &[&authority]).unwrap();
    let (certificate, key) = authority.door().unwrap().write(&folder, "door").unwrap();
    let identity = PeerIdentity::from_files(&certificate, &key, &roots).unwrap();
    let refusals: Arc<Mutex<Vec<Refusal>>> = Arc::default();
    let noted = refusals.clone();
    let also = Refusals::also("test", move |refusal| noted.lock().unwrap().push(refusal));
    let door = TlsDoor::new(&identity, ClientCertificates::Demanded, &stage.kit.clock, also).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let keeper = Arc::new(OneTerminal(Mutex::default()));
    let url = "https://sesshu.example:8443";
    let desk = Desk::new("health", url, "https://sesshu.example:8444", &[], keeper.clone()).in_zone(zone);
    let kit = Kit { desk, over_tls: true, ..stage.kit.clone() };
    let routes = Routes::<()>::default().get("/", Action::ViewHome, page).get(
        "/residents",
        Action::SearchResidents,
        page,
    );
    let pages = routes.in_zone(zone).into_router(&kit, (), |note, _, _| note.sentence.clone());
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(web::serve_tls(listener, door, pages, stopped));
    Town { stage, authority, folder, address, keeper, refusals, kit, _stop: stop }
}

impl Town {
    async fn browser(&self, terminal: Option<&Issued>) -> anyhow::Result<Browser> {
        let pem = terminal.map(|issued| (issued.certificate.as_str(), issued.key.as_str()));
        Browser::open(self.address, &self.authority.certificate(), pem, &self.kit.clock).await
    }

    async fn ask(&self, terminal: Option<&Issued>, path: &str, cookie: &str) -> anyhow::Result<Page> {
        self.browser(terminal).await?.get(path, cookie).await
    }

    /// Somebody signs in at this terminal; the cookie.
    async fn sign_in(&self, zone: Zone, terminal: Option<&Issued>) -> String {
        let clerk = self.stage.staff(KITA, Role::Clerk).await;
        let device = terminal.map(|issued| Device {
            name: "窓口1番".to_owned(),
            fingerprint: Fingerprint::of_pem(&issued.certificate).unwrap(),
        });
        let standing = Standing {
            sign_in_id: Uuid::from_u128(9),
            person: Person {
                staff_id: clerk.staff_id,
                login: "clerk".to_owned(),
                name: "窓口 はなこ".to_owned(),
                section: String::new(),
                roles: vec![Role::Clerk],
            },
            terminal: Terminal { zone, id: device.as_ref().map(|_| Uuid::from_u128(5)) },
            device,
            stepped_up_at: None,
        };
        *self.keeper.0.lock().unwrap() = Some(standing.clone());
        let value = session::open(&self.kit, KITA, &standing).await.unwrap();
        format!("{}={value}", session::cookie_name(&self.kit))
    }

    async fn reasons_soon(&self) -> Vec<RefusalReason> {
        loop {
            let found: Vec<_> = self.refusals.lock().unwrap().iter().map(|one| one.reason).collect();
            if !found.is_empty() {
                return found;
            }
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn without_a_good_certificate_nobody_gets_through_the_handshake_and_the_log_says_why() {
    let past = Validity { from: Date::constant(2026, 1, 1), until: Date::constant(2026, 11, 23) };
    let other = Authority::new("別の認証局", VALID).unwrap();
    for (what, make, reason) in [
        ("none", None, RefusalReason::NoCertificate),
        ("another authority", Some(0), RefusalReason::UnknownAuthority),
        ("expired", Some(1), RefusalReason::Expired),
    ] {
        let town = town(Zone::Business).await;
        let shown = make.map(|which| match which {
            0 => other.terminal("t").unwrap(),
            _ => town.authority.terminal_valid("t", past).unwrap(),
        });
        let answer = town.ask(shown.as_ref(), "/", "").await;
        assert!(answer.is_err(), "{what}: {answer:?}");
        assert_eq!(town.reasons_soon().await, [reason], "{what}");
    }
}

#[tokio::test]
async fn a_session_is_worth_something_at_its_own_terminal_only() {
    let town = town(Zone::Lgwan).await;
    let (own, other) = (town.authority.terminal("a").unwrap(), town.authority.terminal("b").unwrap());
    let cookie = town.sign_in(Zone::Lgwan, Some(&own)).await;
    assert!(cookie.starts_with("__Host-sesshu-health-lgwan="), "{cookie}");
    let home = town.ask(Some(&own), "/", &cookie).await.unwrap();
    assert_eq!((home.status, home.text.as_str()), (200, "hello 窓口 はなこ"));
    assert!(home.headers["strict-transport-security"].to_str().unwrap().starts_with("max-age=63072000"));

    let stolen = town.ask(Some(&other), "/", &cookie).await.unwrap();
    assert_eq!(stolen.status, 403, "{}", stolen.text);
    assert!(stolen.text.contains("別の端末"), "{}", stolen.text);
    assert!(stolen.cookies[0].contains("Max-Age=0") && stolen.cookies[0].contains("; Secure"));
    // The copy is known to be out: the sign-in has ended, also for its owner.
    let owner = town.ask(Some(&own), "/", &cookie).await.unwrap();
    assert_eq!((owner.status, owner.location.as_str()), (303, "/sign-in"));
    let pool = town.stage.db.superuser_pool();
    let (zone, outcome, detail): (String, String, serde_json::Value) = sqlx::query_as(
        "select zone, outcome, detail from audit_entries where action = 'sign_in' and terminal_id is null",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    let shown = Fingerprint::of_pem(&other.certificate).unwrap().to_string();
    assert_eq!((zone.as_str(), outcome.as_str()), ("lgwan", "refused"));
    assert_eq!((&detail["cause"], &detail["fingerprint"]), (&"elsewhere".into(), &shown.into()));
}

#[tokio::test]
async fn a_cookie_of_another_zone_or_of_the_plain_door_opens_nothing() {
    for (zone, with_terminal) in [(Zone::Business, true), (Zone::Lgwan, false)] {
        let town = town(Zone::Lgwan).await;
        let own = town.authority.terminal("a").unwrap();
        // Under the name that this door listens to: a thief renames.
        let cookie = town.sign_in(zone, with_terminal.then_some(&own)).await;
        let answer = town.ask(Some(&own), "/", &cookie).await.unwrap();
        assert_eq!(answer.status, 403, "{}: {}", zone.ja(), answer.text);
    }
}

#[tokio::test]
async fn a_page_of_another_zone_is_as_unknown_as_any() {
    let town = town(Zone::Venue).await;
    let own = town.authority.terminal("a").unwrap();
    let cookie = town.sign_in(Zone::Venue, Some(&own)).await;
    let mut browser = town.browser(Some(&own)).await.unwrap();
    assert_eq!(browser.get("/", &cookie).await.unwrap().status, 200);
    let absent = browser.get("/residents", &cookie).await.unwrap();
    let unknown = browser.get("/nothing", &cookie).await.unwrap();
    assert_eq!((absent.status, &absent.text), (404, &unknown.text));
    assert_eq!(browser.get("/residents", "").await.unwrap().status, 404, "also for strangers");
}
