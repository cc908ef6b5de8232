//! The hub's door with an authority that everybody believes, and ways to knock at it.

use jiff::civil::{Date, date};
use kit::{
    Clock, Ids, Municipality, PeerIdentity, Refusal, RefusalReason, Refusals,
    link::{Asked, LinkClient, LinkError, LinkServer, Operations, PeerList, Unanswered, tls_name},
};
use rustls::{
    ClientConfig, RootCertStore, SupportedProtocolVersion,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use std::{
    fs, io,
    net::SocketAddr,
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
};
use tokio_rustls::TlsConnector;
use town::ca::{Authority, Issued, Validity, write_roots};
use uuid::Uuid;
use wire::v1::{CheckLink, Envelope, LinkCheck, LinkState, Operation, System};

pub const TODAY: Date = date(2026, 4, 1);
pub const VALID: Validity = Validity { from: date(2026, 1, 1), until: date(2027, 1, 1) };
pub const KITA: Municipality = Municipality(131_172);

/// The hub as others see it.
pub struct Hub {
    folder: PathBuf,
    pub authority: Authority,
    pub clock: Clock,
    pub address: SocketAddr,
    refusals: Arc<Mutex<Vec<Refusal>>>,
    answered: Arc<AtomicUsize>,
    pub peers: watch::Sender<PeerList>,
    /// The door closes with it.
    _stop: watch::Sender<bool>,
}

impl Drop for Hub {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.folder).ok();
    }
}

/// Makes names of folders and files differ.
static NTH: AtomicUsize = AtomicUsize::new(0);

impl Hub {
    /// A hub that answers whether it is there.
    pub async fn open() -> Hub {
        Self::open_for::<CheckLink>(|_| Ok(here())).await
    }

    /// A hub with a certificate of its own that answers one operation with this function.
    pub async fn open_for<Op: Operation>(
        answer: impl Fn(Asked<Op>) -> Result<Op::Answer, Unanswered> + Clone + Send + Sync + 'static,
    ) -> Hub {
        let authority = Authority::new("試験認証局", VALID).unwrap();
        let own = authority.system(&tls_name(System::Hub)).unwrap();
        Self::open_as(authority, own, answer).await
    }

    /// Likewise, with any certificate.
    pub async fn open_as<Op: Operation>(
        authority: Authority,
        own: Issued,
        answer: impl Fn(Asked<Op>) -> Result<Op::Answer, Unanswered> + Clone + Send + Sync + 'static,
    ) -> Hub {
        let nth = NTH.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("sesshu-link-{}-{nth}", std::process::id()));
        write_roots(&folder, "roots", &[&authority]).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (stop, stopped) = watch::channel(false);
        let (peers, list) = watch::channel(PeerList::default());
        let hub = Hub {
            address: listener.local_addr().unwrap(),
            folder,
            authority,
            clock: Clock::frozen(TODAY),
            refusals: Arc::default(),
            answered: Arc::default(),
            peers,
            _stop: stop,
        };
        let identity = hub.identity(&own);
        let refusals = hub.refusals.clone();
        let server = LinkServer {
            system: System::Hub,
            identity: &identity,
            peers: list,
            clock: hub.clock.clone(),
            refusals: Refusals::also("test", move |refusal| refusals.lock().unwrap().push(refusal)),
        };
        let answered = hub.answered.clone();
        let operations = Operations::new().on::<Op, _>(move |asked| {
            answered.fetch_add(1, Ordering::SeqCst);
            std::future::ready(answer(asked))
        });
        tokio::spawn(server.serve(listener, operations, stopped).unwrap());
        hub
    }

    /// Writes a certificate as an office would, and reads it as a system does.
    pub fn identity(&self, issued: &Issued) -> PeerIdentity {
        let nth = NTH.fetch_add(1, Ordering::Relaxed);
        let (certificate, key) = issued.write(&self.folder, &format!("own-{nth}")).unwrap();
        PeerIdentity::from_files(&certificate, &key, &self.folder.join("roots.pem")).unwrap()
    }

    /// Someone who says that it is this system and shows this certificate.
    pub fn client(&self, own: System, issued: &Issued) -> LinkClient {
        let identity = self.identity(issued);
        let address = self.address.to_string();
        LinkClient::new(own, System::Hub, &address, &identity, &self.clock, &Ids::default()).unwrap()
    }

    /// The certificate of the health system.
    pub fn health_certificate(&self) -> Issued {
        self.authority.system(&tls_name(System::Health)).unwrap()
    }

    pub fn health(&self) -> LinkClient {
        self.client(System::Health, &self.health_certificate())
    }

    /// Whom the door has turned away so far.
    pub fn refusals(&self) -> Vec<Refusal> {
        self.refusals.lock().unwrap().clone()
    }

    pub fn reasons(&self) -> Vec<RefusalReason> {
        self.refusals().iter().map(|refusal| refusal.reason).collect()
    }

    /// The same, once there is something: a handshake that fails is noted after the caller has gone.
    pub async fn reasons_soon(&self) -> Vec<RefusalReason> {
        while self.refusals().is_empty() {
            tokio::task::yield_now().await;
        }
        self.reasons()
    }

    /// How many questions have reached the function behind the door.
    pub fn answered(&self) -> usize {
        self.answered.load(Ordering::SeqCst)
    }

    /// Knocks without any of our own code: these versions of TLS, this certificate, these bytes.
    pub async fn knock(
        &self,
        versions: &[&'static SupportedProtocolVersion],
        shown: Option<&Issued>,
        bytes: &[u8],
    ) -> io::Result<String> {
        let config = stranger(&self.authority, versions, shown);
        let name = tls_name(System::Hub).try_into().unwrap();
        let tcp = TcpStream::connect(self.address).await?;
        let mut tls = TlsConnector::from(Arc::new(config)).connect(name, tcp).await?;
        tls.write_all(bytes).await?;
        let mut answer = String::new();
        tls.read_to_string(&mut answer).await?;
        Ok(answer)
    }
}

fn stranger(
    authority: &Authority,
    versions: &[&'static SupportedProtocolVersion],
    shown: Option<&Issued>,
) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.certificate().as_bytes()).unwrap()).unwrap();
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    let builder = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots);
    match shown {
        None => builder.with_no_client_auth(),
        Some(Issued { certificate, key }) => {
            let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()];
            let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
            builder.with_client_auth_cert(chain, key).unwrap()
        }
    }
}

/// The hub's answer.
pub fn here() -> LinkState {
    LinkState { system: System::Hub, program_version: "1".to_owned() }
}

pub fn question(client: &LinkClient) -> Envelope<LinkCheck> {
    client.envelope::<CheckLink>(KITA, None, Uuid::nil(), LinkCheck {}).unwrap()
}

pub async fn ask(client: &LinkClient) -> Result<LinkState, LinkError> {
    client.call::<CheckLink>(&question(client)).await
}
