//! Systems ask each other over real mutual TLS; who may not is turned away with a reason and changes nothing.

use jiff::civil::date;
use kit::{
    Clock, Fingerprint, Ids, Municipality, PeerIdentity, Refusal, RefusalReason, Refusals,
    link::{Asked, LinkClient, LinkError, LinkServer, Operations, PeerList, Unanswered, tls_name},
};
use std::{
    fs,
    net::SocketAddr,
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};
use tokio::{net::TcpListener, sync::watch};
use town::ca::{Authority, Issued, Validity, write_roots};
use uuid::Uuid;
use wire::v1::{CheckLink, Envelope, FaultCode, LinkCheck, LinkState, System};

const TODAY: jiff::civil::Date = date(2026, 4, 1);
const VALID: Validity = Validity { from: date(2026, 1, 1), until: date(2027, 1, 1) };
const KITA: Municipality = Municipality(131_172);

/// The hub's door, and an authority that everybody believes.
struct Town {
    folder: PathBuf,
    authority: Authority,
    clock: Clock,
    address: SocketAddr,
    refusals: Arc<Mutex<Vec<Refusal>>>,
    answered: Arc<AtomicUsize>,
    peers: watch::Sender<PeerList>,
    _stop: watch::Sender<bool>,
}

impl Drop for Town {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.folder).ok();
    }
}

static FOLDERS: AtomicU64 = AtomicU64::new(0);

impl Town {
    async fn open() -> Town {
        let nth = FOLDERS.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("sesshu-link-{}-{nth}", std::process::id()));
        let authority = Authority::new("試験認証局", VALID).unwrap();
        write_roots(&folder, "roots", &[&authority]).unwrap();
        let clock = Clock::frozen(TODAY);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (stop, stopped) = watch::channel(false);
        let (peers, list) = watch::channel(PeerList::default());
        let refusals = Arc::new(Mutex::new(Vec::new()));
        let answered = Arc::new(AtomicUsize::new(0));
        let town = Town {
            address: listener.local_addr().unwrap(),
            folder,
            authority,
            clock,
            refusals: refusals.clone(),
            answered: answered.clone(),
            peers,
            _stop: stop,
        };
        let identity = town.identity(town.authority.system(&tls_name(System::Hub)).unwrap());
        let server = LinkServer {
            system: System::Hub,
            identity: &identity,
            peers: list,
            clock: town.clock.clone(),
            refusals: Refusals::also("test", move |refusal| refusals.lock().unwrap().push(refusal)),
        };
        let operations = Operations::new().on::<CheckLink, _>(move |asked| check(asked, answered.clone()));
        tokio::spawn(server.serve(listener, operations, stopped).unwrap());
        town
    }

    fn identity(&self, issued: Issued) -> PeerIdentity {
        let nth = FOLDERS.fetch_add(1, Ordering::Relaxed);
        let (certificate, key) = issued.write(&self.folder, &format!("own-{nth}")).unwrap();
        PeerIdentity::from_files(&certificate, &key, &self.folder.join("roots.pem")).unwrap()
    }

    fn client_with(&self, own: System, server: System, issued: Issued) -> LinkClient {
        let address = self.address.to_string();
        LinkClient::new(own, server, &address, &self.identity(issued), &self.clock, &Ids::default()).unwrap()
    }

    fn health(&self) -> LinkClient {
        let issued = self.authority.system(&tls_name(System::Health)).unwrap();
        self.client_with(System::Health, System::Hub, issued)
    }

    fn refused(&self) -> Vec<RefusalReason> {
        self.refusals.lock().unwrap().iter().map(|refusal| refusal.reason).collect()
    }

    fn answered(&self) -> usize {
        self.answered.load(Ordering::SeqCst)
    }
}

async fn check(asked: Asked<CheckLink>, answered: Arc<AtomicUsize>) -> Result<LinkState, Unanswered> {
    assert_eq!(asked.by, asked.envelope.from, "the door has compared them");
    answered.fetch_add(1, Ordering::SeqCst);
    Ok(LinkState { system: System::Hub, program_version: "1".to_owned() })
}

fn question(client: &LinkClient) -> Envelope<LinkCheck> {
    client.envelope::<CheckLink>(KITA, None, Uuid::nil(), LinkCheck {}).unwrap()
}

async fn ask(client: &LinkClient) -> Result<LinkState, LinkError> {
    client.call::<CheckLink>(&question(client)).await
}

#[tokio::test]
async fn a_system_of_the_table_is_answered() {
    let town = Town::open().await;
    let health = town.health();
    for _ in 0..3 {
        assert_eq!(ask(&health).await.unwrap().system, System::Hub);
    }
    assert_eq!(town.answered(), 3);
    assert_eq!(town.refused(), []);
}

#[tokio::test]
async fn an_expired_certificate_and_one_of_another_authority_are_refused() {
    let town = Town::open().await;
    let name = tls_name(System::Health);
    let expired = Validity { from: date(2026, 1, 1), until: date(2026, 3, 31) };
    let early = Validity { from: date(2026, 4, 2), until: date(2027, 1, 1) };
    let other = Authority::new("別の認証局", VALID).unwrap();
    for (issued, reason) in [
        (town.authority.system_valid(&name, expired).unwrap(), RefusalReason::Expired),
        (town.authority.system_valid(&name, early).unwrap(), RefusalReason::NotYetValid),
        (other.system(&name).unwrap(), RefusalReason::UnknownAuthority),
    ] {
        let health = town.client_with(System::Health, System::Hub, issued);
        let error = ask(&health).await.unwrap_err();
        assert!(matches!(error, LinkError::NotAdmitted(System::Hub, _)), "{reason:?}: {error:?}");
        assert_eq!(town.refused().last(), Some(&reason));
    }
    assert_eq!(town.answered(), 0);
}

#[tokio::test]
async fn the_right_authority_with_another_systems_name_is_refused() {
    let town = Town::open().await;
    let issued = town.authority.system(&tls_name(System::Portal)).unwrap();
    // The portal says that it is health: its certificate says otherwise.
    let portal = town.client_with(System::Health, System::Hub, issued);
    let error = ask(&portal).await.unwrap_err();
    assert!(matches!(error, LinkError::Fault(System::Hub, FaultCode::NotLinked)), "{error:?}");
    assert_eq!(town.refused(), [RefusalReason::NotLinked]);
    assert_eq!(town.answered(), 0);
}

#[tokio::test]
async fn a_withdrawn_certificate_is_refused_in_the_middle_of_a_connection() {
    let town = Town::open().await;
    let issued = town.authority.system(&tls_name(System::Health)).unwrap();
    let fingerprint = Fingerprint::of_pem(&issued.certificate).unwrap();
    let health = town.client_with(System::Health, System::Hub, issued);
    ask(&health).await.unwrap();
    town.peers.send_modify(|list| list.withdrawn.extend([fingerprint]));
    let error = ask(&health).await.unwrap_err();
    assert!(matches!(error, LinkError::Fault(System::Hub, FaultCode::NotLinked)), "{error:?}");
    assert_eq!(town.refused(), [RefusalReason::Withdrawn]);
    assert_eq!(town.refusals.lock().unwrap()[0].fingerprint, Some(fingerprint));
    assert_eq!(town.answered(), 1);
}
