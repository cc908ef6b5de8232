//! The door for other systems.

use super::{REQUEST_BYTES_MAX, path, system_of};
use crate::{
    Clock, IdentityError, PeerIdentity, Refusal, RefusalReason, Refusals,
    tls::{Caller, ClientCertificates, Fingerprint, TlsDoor},
    web::{Lane, Peer, Places, serve_tls},
};
use axum::{
    Json, Router,
    body::Bytes,
    extract::{Extension, Request, State},
    http::StatusCode,
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::post,
};
use std::{collections::HashSet, net::IpAddr, sync::Arc, time::Duration};
use tokio::{net::TcpListener, sync::watch, time::timeout};
use uuid::Uuid;
use wire::v1::{Envelope, Fault, FaultCode, Link, Operation, System, link};

/// Waiting for a place, at the most: the client has three seconds for all of it.
const PLACE_WAIT_MAX: Duration = Duration::from_secs(1);
/// Nobody waits for an answer that comes later; also the end of a body that trickles.
const ANSWER_TIME_MAX: Duration = super::ANSWER_TIME_MAX;

/// Which certificates are taken, beyond being in date and from an authority we trust. Looked at in each request.
#[derive(Clone, Debug, Default)]
pub struct PeerList {
    /// Where given, only these are taken.
    pub registered: Option<HashSet<Fingerprint>>,
    pub withdrawn: HashSet<Fingerprint>,
}

impl PeerList {
    fn check(&self, fingerprint: &Fingerprint) -> Result<(), RefusalReason> {
        if self.withdrawn.contains(fingerprint) {
            return Err(RefusalReason::Withdrawn);
        }
        match &self.registered {
            Some(registered) if !registered.contains(fingerprint) => Err(RefusalReason::NotRegistered),
            Some(_) | None => Ok(()),
        }
    }
}

/// A request that has passed the door.
pub struct Asked<Op: Operation> {
    pub by: System,
    pub fingerprint: Fingerprint,
    pub envelope: Envelope<Op::Request>,
}

/// Why a handler does not answer.
#[derive(Debug)]
pub enum Unanswered {
    /// The caller asks what it may not, or cannot be served now.
    Fault(FaultCode),
    /// We failed. Logged once, with the whole chain.
    Failed(anyhow::Error),
}

impl From<anyhow::Error> for Unanswered {
    fn from(error: anyhow::Error) -> Self {
        Unanswered::Failed(error)
    }
}

impl From<sqlx::Error> for Unanswered {
    fn from(error: sqlx::Error) -> Self {
        Unanswered::Failed(error.into())
    }
}

/// What a system answers.
#[derive(Default)]
pub struct Operations {
    router: Router<Arc<Door>>,
}

impl Operations {
    pub fn new() -> Self {
        Self::default()
    }

    /// Answers `Op` with this function.
    #[must_use]
    pub fn on<Op, F>(self, answer: impl Fn(Asked<Op>) -> F + Clone + Send + Sync + 'static) -> Self
    where
        Op: Operation,
        F: Future<Output = Result<Op::Answer, Unanswered>> + Send + 'static,
    {
        let handler =
            async move |State(door): State<Arc<Door>>,
                        Extension(known): Extension<Known>,
                        body: Result<Bytes, axum::extract::rejection::BytesRejection>| {
                let envelope = match door.open::<Op>(known, body.ok()) {
                    Ok(envelope) => envelope,
                    Err(response) => return *response,
                };
                let request_id = envelope.request_id;
                let asked = Asked { by: known.link.client, fingerprint: known.fingerprint, envelope };
                match answer(asked).await {
                    Ok(answer) => Json(answer).into_response(),
                    Err(Unanswered::Fault(code)) => fault(Some(request_id), code),
                    Err(Unanswered::Failed(error)) => {
                        let error = format!("{error:#}");
                        tracing::error!(%request_id, operation = Op::NAME, error, "could not answer a system");
                        fault(Some(request_id), FaultCode::Failed)
                    }
                }
            };
        Operations { router: self.router.route(&path(Op::NAME), post(handler)) }
    }
}

/// A system's door for others.
pub struct LinkServer<'a> {
    /// Whose door this is.
    pub system: System,
    pub identity: &'a PeerIdentity,
    pub peers: watch::Receiver<PeerList>,
    pub clock: Clock,
    pub refusals: Refusals,
}

impl LinkServer<'_> {
    /// Answers until `stop` turns true. The certificate is looked at before the first caller.
    ///
    /// # Errors
    /// When the certificate cannot be used.
    pub fn serve(
        self,
        listener: TcpListener,
        operations: Operations,
        stop: watch::Receiver<bool>,
    ) -> Result<impl Future<Output = ()> + Send + use<>, IdentityError> {
        let LinkServer { system, identity, peers, clock, refusals } = self;
        let tls = TlsDoor::new(identity, ClientCertificates::Demanded, &clock, refusals.clone())?;
        let places = Places::of(Lane::Machine);
        let door = Arc::new(Door { system, peers, clock, refusals, places });
        let router = operations
            .router
            .fallback(async || fault(None, FaultCode::NotLinked))
            .layer(axum::extract::DefaultBodyLimit::max(REQUEST_BYTES_MAX))
            .layer(middleware::from_fn_with_state(door.clone(), stand_at_door))
            .with_state(door);
        Ok(serve_tls(listener, tls, router, stop))
    }
}

/// What the door knows.
struct Door {
    system: System,
    peers: watch::Receiver<PeerList>,
    clock: Clock,
    refusals: Refusals,
    places: Places,
}

/// Who asks, and by which link.
#[derive(Clone, Copy)]
struct Known {
    from: IpAddr,
    link: &'static Link,
    fingerprint: Fingerprint,
}

impl Door {
    /// Whether this certificate may ask this at all.
    fn admit(&self, from: IpAddr, caller: &Caller, path: &str) -> Result<Known, RefusalReason> {
        let fingerprint = caller.fingerprint.ok_or(RefusalReason::NoCertificate)?;
        self.peers.borrow().check(&fingerprint)?;
        let client = system_of(&caller.names).ok_or(RefusalReason::NotASystem)?;
        let operation = path.strip_prefix("/v1/").ok_or(RefusalReason::NotLinked)?;
        let link = link(client, self.system, operation).ok_or(RefusalReason::NotLinked)?;
        Ok(Known { from, link, fingerprint })
    }

    /// Reads the envelope and checks what stands on it.
    fn open<Op: Operation>(
        &self,
        known: Known,
        body: Option<Bytes>,
    ) -> Result<Envelope<Op::Request>, Box<Response>> {
        let read: Option<Envelope<Op::Request>> = body.and_then(|body| serde_json::from_slice(&body).ok());
        let Known { from, fingerprint, .. } = known;
        let note = |reason| self.refusals.note(Refusal { from, reason, fingerprint: Some(fingerprint) });
        let Some(envelope) = read else {
            note(RefusalReason::Unreadable);
            return Err(Box::new(fault(None, FaultCode::Unreadable)));
        };
        let age = self.clock.now().duration_since(envelope.sent_at).as_secs();
        let wrong = if envelope.from != known.link.client || envelope.to != self.system {
            Some((RefusalReason::Misaddressed, FaultCode::Misaddressed))
        } else if envelope.basis != known.link.basis {
            Some((RefusalReason::WrongBasis, FaultCode::WrongBasis))
        } else if age.abs() > Envelope::<()>::AGE_SECONDS_MAX {
            Some((RefusalReason::Stale, FaultCode::Stale))
        } else {
            None
        };
        let Some((reason, code)) = wrong else { return Ok(envelope) };
        note(reason);
        Err(Box::new(fault(Some(envelope.request_id), code)))
    }
}

/// Looks at the certificate and the table before anything of the request's body is read.
async fn stand_at_door(State(door): State<Arc<Door>>, mut request: Request, next: Next) -> Response {
    let (Some(peer), Some(caller)) =
        (request.extensions().get::<Peer>().copied(), request.extensions().get::<Caller>().cloned())
    else {
        return fault(None, FaultCode::Failed);
    };
    let from = peer.0.ip();
    let known = match door.admit(from, &caller, request.uri().path()) {
        Ok(known) => known,
        Err(reason) => {
            door.refusals.note(Refusal { from, reason, fingerprint: caller.fingerprint });
            return fault(None, FaultCode::NotLinked);
        }
    };
    request.extensions_mut().insert(known);
    let Some(_place) = door.places.take(PLACE_WAIT_MAX).await else { return fault(None, FaultCode::Busy) };
    timeout(ANSWER_TIME_MAX, next.run(request)).await.unwrap_or_else(|_| fault(None, FaultCode::Busy))
}

fn fault(request_id: Option<Uuid>, code: FaultCode) -> Response {
    let status = match code {
        FaultCode::NotLinked => StatusCode::FORBIDDEN,
        FaultCode::Unreadable
        | FaultCode::Misaddressed
        | FaultCode::Stale
        | FaultCode::WrongBasis
        | FaultCode::UnknownMunicipality => StatusCode::BAD_REQUEST,
        FaultCode::KeyReused | FaultCode::Refused => StatusCode::CONFLICT,
        FaultCode::Busy => StatusCode::SERVICE_UNAVAILABLE,
        FaultCode::Failed => StatusCode::INTERNAL_SERVER_ERROR,
    };
    (status, Json(Fault { request_id, code })).into_response()
}
