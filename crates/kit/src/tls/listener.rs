//! A door with TLS: handshakes beside each other, bounded in number and time, and then HTTP with limits of its own.

use super::{Fingerprint, IdentityError, PeerIdentity, Refusal, RefusalReason, Refusals};
use crate::Clock;
use axum::{Router, extract::Request, serve::Listener};
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use std::{io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, mpsc, watch},
    task::JoinHandle,
    time::timeout,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use tower::ServiceExt;

/// A handshake is two round trips and one signature; a slow line needs a second.
const HANDSHAKE_TIME_MAX: Duration = Duration::from_secs(5);
/// Handshakes at one time: two cores do some hundreds a second, so nobody waits long behind this many.
const HANDSHAKES_MAX: usize = 256;
/// A request's head fits one packet; also the longest that a kept connection may be silent.
const HEAD_TIME_MAX: Duration = Duration::from_secs(30);
/// Heads of ours are below one kilobyte, a cookie and a long path included.
const HEAD_BYTES_MAX: usize = 16 * 1024;
/// A connection lives this long at most, so that a certificate is looked at again soon after it has expired.
const CONNECTION_AGE_MAX: Duration = Duration::from_secs(600);
/// After a failed `accept` (no file descriptors left) others get this long to finish.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Whether callers must show a certificate of an authority we trust.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientCertificates {
    Demanded,
    /// A wrong one is refused, none is let through.
    Welcome,
    NotAsked,
}

/// Who has come through the door. In each request's extensions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    pub address: SocketAddr,
    /// Of the certificate shown and verified.
    pub fingerprint: Option<Fingerprint>,
    /// The DNS names in that certificate (see [`crate::link`]).
    pub(crate) names: Arc<[String]>,
}

/// An [`axum::serve`] listener whose streams have finished their handshake.
pub struct TlsListener {
    address: SocketAddr,
    ready: mpsc::Receiver<(TlsStream<TcpStream>, Caller)>,
    accepting: JoinHandle<()>,
}

impl TlsListener {
    /// Begins to accept.
    ///
    /// # Errors
    /// When the certificate cannot be used.
    pub fn start(
        listener: TcpListener,
        identity: &PeerIdentity,
        clients: ClientCertificates,
        clock: &Clock,
        refusals: Refusals,
    ) -> Result<Self, IdentityError> {
        let address = listener.local_addr().map_err(|error| IdentityError::Unusable(error.to_string()))?;
        let acceptor = TlsAcceptor::from(Arc::new(identity.server_config(clock, clients)?));
        let (sender, ready) = mpsc::channel(HANDSHAKES_MAX);
        let accepting = tokio::spawn(accept_all(listener, acceptor, sender, refusals));
        Ok(TlsListener { address, ready, accepting })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for TlsListener {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = Caller;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.ready.recv().await {
            Some(ready) => ready,
            // The accepting task ends only with this listener.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        Ok(Caller { address: self.address, fingerprint: None, names: Arc::new([]) })
    }
}

async fn accept_all(
    listener: TcpListener,
    acceptor: TlsAcceptor,
    ready: mpsc::Sender<(TlsStream<TcpStream>, Caller)>,
    refusals: Refusals,
) {
    let places = Arc::new(Semaphore::new(HANDSHAKES_MAX));
    loop {
        let place = places.clone().acquire_owned().await.expect("the semaphore is never closed");
        let (stream, address) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "could not accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let (acceptor, ready, refusals) = (acceptor.clone(), ready.clone(), refusals.clone());
        tokio::spawn(async move {
            match shake_hands(&acceptor, stream, address).await {
                Ok(done) => drop(ready.send(done).await),
                Err(reason) => refusals.note(Refusal { from: address.ip(), reason, fingerprint: None }),
            }
            drop(place);
        });
    }
}

async fn shake_hands(
    acceptor: &TlsAcceptor,
    stream: TcpStream,
    address: SocketAddr,
) -> Result<(TlsStream<TcpStream>, Caller), RefusalReason> {
    // Small answers must not wait for more to send.
    stream.set_nodelay(true).ok();
    let stream = timeout(HANDSHAKE_TIME_MAX, acceptor.accept(stream))
        .await
        .map_err(|_| RefusalReason::SlowHandshake)?
        .map_err(|error| RefusalReason::of(&error))?;
    let shown = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
    let names = shown
        .and_then(|certificate| webpki::EndEntityCert::try_from(certificate).ok())
        .map(|certificate| certificate.valid_dns_names().map(str::to_owned).collect())
        .unwrap_or_default();
    let caller =
        Caller { address, fingerprint: shown.map(|certificate| Fingerprint::of(certificate)), names };
    Ok((stream, caller))
}

/// Serves a router behind a door until `stop` turns true; what is being answered is finished.
pub async fn serve(mut listener: TlsListener, router: Router, mut stop: watch::Receiver<bool>) {
    loop {
        let (stream, caller) = tokio::select! {
            accepted = listener.accept() => accepted,
            // An error means that the sender is gone: the same as being told to stop.
            _ = stop.wait_for(|stop| *stop) => return,
        };
        tokio::spawn(answer(stream, caller, router.clone(), stop.clone()));
    }
}

async fn answer(
    stream: TlsStream<TcpStream>,
    caller: Caller,
    router: Router,
    mut stop: watch::Receiver<bool>,
) {
    let service = router.map_request(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(caller.clone());
        request.map(axum::body::Body::new)
    });
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_TIME_MAX).max_buf_size(HEAD_BYTES_MAX);
    let mut connection =
        pin!(http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service)).with_upgrades());
    tokio::select! {
        ended = connection.as_mut() => return log_end(ended),
        () = tokio::time::sleep(CONNECTION_AGE_MAX) => {}
        _ = stop.wait_for(|stop| *stop) => {}
    }
    connection.as_mut().graceful_shutdown();
    log_end(connection.await);
}

fn log_end(ended: hyper::Result<()>) {
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}
