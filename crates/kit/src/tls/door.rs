//! A door with TLS: who has come through, and who has not.

use super::{Fingerprint, IdentityError, PeerIdentity, Refusal, RefusalReason, Refusals};
use crate::Clock;
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

/// A handshake is two round trips and one signature; a slow line needs a second.
const HANDSHAKE_TIME_MAX: Duration = Duration::from_secs(5);

/// Whether callers must show a certificate of an authority we trust.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientCertificates {
    Demanded,
    /// A wrong one is refused, none is let through.
    Welcome,
    NotAsked,
}

/// The certificate that the caller has shown and proved to hold, in each request's extensions. Nothing where none was
/// asked for or the connection is plain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caller {
    pub fingerprint: Option<Fingerprint>,
    /// The DNS names in that certificate (see [`crate::link`]).
    pub(crate) names: Arc<[String]>,
}

/// Our side of every handshake at one door.
pub struct TlsDoor {
    acceptor: TlsAcceptor,
    refusals: Refusals,
}

impl TlsDoor {
    /// # Errors
    /// When the certificate cannot be used.
    pub fn new(
        identity: &PeerIdentity,
        clients: ClientCertificates,
        clock: &Clock,
        refusals: Refusals,
    ) -> Result<Self, IdentityError> {
        let config = identity.server_config(clock, clients)?;
        Ok(TlsDoor { acceptor: TlsAcceptor::from(Arc::new(config)), refusals })
    }

    /// The finished connection; `None` for a caller who was turned away, with the reason in the log.
    pub(crate) async fn shake_hands(
        &self,
        stream: TcpStream,
        from: SocketAddr,
    ) -> Option<(TlsStream<TcpStream>, Caller)> {
        let done = timeout(HANDSHAKE_TIME_MAX, self.acceptor.accept(stream)).await;
        let reason = match done {
            Ok(Ok(stream)) => {
                let caller = caller(&stream);
                return Some((stream, caller));
            }
            Ok(Err(error)) => RefusalReason::of(&error),
            Err(_) => RefusalReason::SlowHandshake,
        };
        self.refusals.note(Refusal { from: from.ip(), reason, fingerprint: None });
        None
    }
}

fn caller(stream: &TlsStream<TcpStream>) -> Caller {
    let shown = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
    let names = shown
        .and_then(|certificate| webpki::EndEntityCert::try_from(certificate).ok())
        .map(|certificate| certificate.valid_dns_names().map(str::to_owned).collect());
    Caller {
        fingerprint: shown.map(|certificate| Fingerprint::of(certificate)),
        names: names.unwrap_or_default(),
    }
}
