//! Connections: how many there may be, how fast they must speak, and their end.
//!
//! Plain on the machine itself, with TLS everywhere else ([`crate::tls`]): the same limits for both.
//! HTTP/1.1 only: a connection carries one request at a time, so what a lane allows is what is in memory.

use crate::tls::{Caller, TlsDoor};
use axum::{
    Router,
    extract::Request,
    http::{HeaderValue, StatusCode, header::CONNECTION},
    response::IntoResponse,
};
use hyper::{body::Incoming, server::conn::http1};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use std::{
    collections::HashMap,
    convert::Infallible,
    io,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpListener,
    sync::{Semaphore, watch},
    time::{Instant, Sleep},
};
use tower::ServiceExt as _;

/// The address at the other end of the connection.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub SocketAddr);

/// Connections at once. A process may usually have 1,024 files open, and the database needs some.
const CONNECTIONS_MAX: usize = 800;
/// Of these from one address: an office behind one gateway, four connections for each of sixty browsers.
const CONNECTIONS_PER_ADDRESS_MAX: usize = 256;
/// Head lines and bytes at the most. A browser sends twenty lines and one kilobyte.
const HEAD_LINES_MAX: usize = 64;
const HEAD_BYTES_MAX: usize = 16 * 1024;
/// What a connection may hold in memory unread.
const BUFFER_BYTES_MAX: usize = 64 * 1024;
/// After a failed accept (no file handle left) there is nothing better than to wait for others to leave.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A certificate is looked at when a connection begins: an old connection ends, so that an expired one is noticed.
const CONNECTION_AGE_MAX: Duration = Duration::from_secs(600);

/// How long the other side may take.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For the whole head of a request; an idle connection is kept as long.
    pub head: Duration,
    /// For taking anything of an answer.
    pub reader: Duration,
}

impl Default for Patience {
    /// A head comes in one packet. Somebody who reads nothing for half a minute has gone.
    fn default() -> Self {
        Patience { head: Duration::from_secs(15), reader: Duration::from_secs(30) }
    }
}

/// Serves pages until `stop` turns true; what is being answered is finished.
pub async fn serve(listener: TcpListener, pages: Router, stop: watch::Receiver<bool>) {
    serve_with(listener, pages, stop, Patience::default()).await;
}

/// The same with another patience.
pub async fn serve_with(
    listener: TcpListener,
    pages: Router,
    stop: watch::Receiver<bool>,
    patience: Patience,
) {
    serve_at(listener, None, pages, stop, patience).await;
}

/// The same behind a door with TLS.
pub async fn serve_tls(listener: TcpListener, door: TlsDoor, pages: Router, stop: watch::Receiver<bool>) {
    serve_at(listener, Some(Arc::new(door)), pages, stop, Patience::default()).await;
}

async fn serve_at(
    listener: TcpListener,
    door: Option<Arc<TlsDoor>>,
    pages: Router,
    mut stop: watch::Receiver<bool>,
    patience: Patience,
) {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let by_address = Arc::new(Crowd::default());
    let connections = GracefulShutdown::new();
    loop {
        let place = places.clone().acquire_owned();
        let accepted = async { (place.await, listener.accept().await) };
        let (place, accepted) = tokio::select! {
            accepted = accepted => accepted,
            // An error means that the sender is gone: the same as being told to stop.
            _ = stop.wait_for(|stop| *stop) => break,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "could not accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        // Closed without a word: whoever holds so many has not earned an answer.
        let Some(seat) = by_address.enter(peer.ip()) else { continue };
        stream.set_nodelay(true).ok();
        let watcher = connections.watcher();
        let (pages, door) = (Pages::new(pages.clone(), peer), door.clone());
        tokio::spawn(async move {
            let _held = (place, seat);
            // A browser that leaves in the middle is no news.
            let Some(door) = door else {
                watcher.watch(connection(stream, pages, patience)).await.ok();
                return;
            };
            // Nobody else waits for this handshake; whoever it is holds a place meanwhile.
            if let Some((stream, caller)) = door.shake_hands(stream, peer).await {
                let pages = Pages { caller, until: Some(Instant::now() + CONNECTION_AGE_MAX), ..pages };
                watcher.watch(connection(stream, pages, patience)).await.ok();
            }
        });
    }
    drop(listener);
    connections.shutdown().await;
}

type Answering<S> = http1::Connection<TokioIo<Patient<S>>, Pages>;

/// One connection, plain or as TLS has made it.
fn connection<S>(stream: S, pages: Pages, patience: Patience) -> Answering<S>
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
{
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(patience.head)
        .max_headers(HEAD_LINES_MAX)
        .max_header_size(HEAD_BYTES_MAX)
        .max_buf_size(BUFFER_BYTES_MAX)
        .serve_connection(TokioIo::new(Patient::new(stream, patience.reader)), pages)
}

/// The router for one connection: each request learns whom it comes from.
struct Pages {
    pages: Router,
    peer: SocketAddr,
    caller: Caller,
    /// After this the connection ends with the answer.
    until: Option<Instant>,
}

impl Pages {
    fn new(pages: Router, peer: SocketAddr) -> Self {
        Pages { pages, peer, caller: Caller::default(), until: None }
    }
}

impl hyper::service::Service<hyper::Request<Incoming>> for Pages {
    type Response = axum::response::Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn call(&self, request: hyper::Request<Incoming>) -> Self::Future {
        let mut request: Request = request.map(axum::body::Body::new);
        if is_ambiguous(&request) {
            return Box::pin(async { Ok(refuse_ambiguous()) });
        }
        request.extensions_mut().insert(Peer(self.peer));
        request.extensions_mut().insert(self.caller.clone());
        let answer = self.pages.clone().oneshot(request);
        let is_last = self.until.is_some_and(|until| Instant::now() >= until);
        Box::pin(async move {
            let mut answer = answer.await?;
            if is_last {
                answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            Ok(answer)
        })
    }
}

/// Whether a proxy before us might read the end of this request elsewhere than we do (request smuggling, RFC 9112
/// section 6.3), or take it for another host's. Browsers send none of it. Where both lengths are given hyper reads the
/// chunks and closes the connection behind them.
fn is_ambiguous(request: &Request) -> bool {
    use axum::http::header::{CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
    let headers = request.headers();
    let many = |name| headers.get_all(name).iter().count() > 1;
    let is_odd = headers.get(TRANSFER_ENCODING).is_some_and(|coded| coded != "chunked");
    many(HOST) || many(CONTENT_LENGTH) || many(TRANSFER_ENCODING) || is_odd
}

fn refuse_ambiguous() -> axum::response::Response {
    // The connection is not used again: nobody knows where the next request begins.
    let close = [(CONNECTION, "close")];
    (StatusCode::BAD_REQUEST, close, "bad request").into_response()
}

/// How many connections each address holds.
#[derive(Default)]
struct Crowd(Mutex<HashMap<IpAddr, usize>>);

impl Crowd {
    fn enter(self: &Arc<Self>, address: IpAddr) -> Option<Seat> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = held.entry(address).or_default();
        if *count >= CONNECTIONS_PER_ADDRESS_MAX {
            return None;
        }
        *count += 1;
        Some(Seat { crowd: self.clone(), address })
    }
}

/// One connection's place among those of its address.
struct Seat {
    crowd: Arc<Crowd>,
    address: IpAddr,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut held = self.crowd.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = held.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                held.remove(&self.address);
            }
        }
    }
}

/// A stream that gives up when its reader takes nothing for too long.
struct Patient<S> {
    stream: S,
    patience: Duration,
    /// Runs while the other side takes nothing.
    stalled: Option<Pin<Box<Sleep>>>,
}

impl<S> Patient<S> {
    fn new(stream: S, patience: Duration) -> Self {
        Patient { stream, patience, stalled: None }
    }

    fn watched<T>(&mut self, cx: &mut Context<'_>, tried: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if tried.is_ready() {
            self.stalled = None;
            return tried;
        }
        let patience = self.patience;
        let until = || Box::pin(tokio::time::sleep(patience));
        match self.stalled.get_or_insert_with(until).as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let tried = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.watched(cx, tried)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let tried = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.watched(cx, tried)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let tried = Pin::new(&mut self.stream).poll_flush(cx);
        self.watched(cx, tried)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
