//! Asking another system.

use super::{ANSWER_BYTES_MAX, path, tls_name};
use crate::{Clock, IdentityError, Ids, Municipality, PeerIdentity};
use axum::http::{Request, Response, StatusCode, Uri, header};
use domain::ids::MunicipalityCode;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper_rustls::{FixedServerNameResolver, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use std::time::Duration;
use tokio::time::{sleep, timeout};
use uuid::Uuid;
use wire::v1::{Envelope, Fault, FaultCode, Operation, System, link};

/// A connection within a building stands in milliseconds.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(1);
/// One try, connecting included: whoever waits for a page notices three seconds.
pub const ANSWER_TIME_MAX: Duration = Duration::from_secs(3);
/// Tries at the most, and only of what may be repeated.
pub const TRIES_MAX: u32 = 3;
/// Before the second try up to this long, before the third up to twice as long; never the same for two callers.
const PAUSE_MAX: Duration = Duration::from_millis(200);
/// Kept connections are dropped before the server drops them ([`crate::web::Patience`]).
const IDLE_TIME_MAX: Duration = Duration::from_secs(10);
/// Kept connections: as many as two cores keep busy, with room.
const IDLE_CONNECTIONS_MAX: usize = 32;

/// Why there is no answer. No variant carries what was asked.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    #[error("{} に接続できません", .0.ja())]
    Unreachable(System),
    #[error("{} が時間内に応答しません", .0.ja())]
    TooSlow(System),
    /// Not the server we meant, or not of an authority we trust.
    #[error("接続先が {server} であることを確かめられません({reason})", server = .0.ja(), reason = .1)]
    WrongServer(System, String),
    /// It does not take our certificate.
    #[error("{server} がこのシステムの証明書を受け付けません({reason})", server = .0.ja(), reason = .1)]
    NotAdmitted(System, String),
    #[error("{server}: {reason}", server = .0.ja(), reason = .1.ja())]
    Fault(System, FaultCode),
    /// Cut off, too large or not of this version.
    #[error("{} の応答を読み取れません", .0.ja())]
    Unreadable(System),
    /// No row of the table of links allows it: our own fault.
    #[error("{server} への操作 {operation} は連携の表にありません", server = .0.ja(), operation = .1)]
    NotLinked(System, &'static str),
    #[error("自治体コード {0} は使えません")]
    NoMunicipality(Municipality),
}

impl LinkError {
    /// Whether the same may be answered later.
    pub const fn is_passing(&self) -> bool {
        match self {
            LinkError::Unreachable(_) | LinkError::TooSlow(_) | LinkError::Unreadable(_) => true,
            LinkError::Fault(_, code) => code.is_passing(),
            LinkError::WrongServer(..)
            | LinkError::NotAdmitted(..)
            | LinkError::NotLinked(..)
            | LinkError::NoMunicipality(_) => false,
        }
    }
}

/// One system's way to another. Keeps its connections; cheap to clone.
#[derive(Clone)]
pub struct LinkClient {
    own: System,
    server: System,
    authority: String,
    http: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    clock: Clock,
    ids: Ids,
}

impl LinkClient {
    /// A way from `own` to `server`, which listens at `authority` (`host:port`).
    ///
    /// # Errors
    /// When the certificate or the address cannot be used.
    pub fn new(
        own: System,
        server: System,
        authority: &str,
        identity: &PeerIdentity,
        clock: &Clock,
        ids: &Ids,
    ) -> Result<Self, IdentityError> {
        let unusable = |error: String| IdentityError::Unusable(error);
        let is_authority = authority.parse::<axum::http::uri::Authority>().is_ok();
        if !is_authority {
            return Err(unusable(format!("接続先 {authority} は「名前:ポート」の形ではありません")));
        }
        let name = tls_name(server).try_into().map_err(|_| unusable("the name of a system".to_owned()))?;
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(CONNECT_TIME_MAX));
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(identity.client_config(clock)?)
            .https_only()
            .with_server_name_resolver(FixedServerNameResolver::new(name))
            .enable_http1()
            .wrap_connector(tcp);
        let http = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIME_MAX)
            .pool_max_idle_per_host(IDLE_CONNECTIONS_MAX)
            .build(connector);
        let (clock, ids) = (clock.clone(), ids.clone());
        Ok(LinkClient { own, server, authority: authority.to_owned(), http, clock, ids })
    }

    /// An envelope with a fresh key around a request. The basis is that of the link.
    ///
    /// # Errors
    /// When there is no such link, or the municipality's code is none.
    pub fn envelope<Op: Operation>(
        &self,
        municipality: Municipality,
        staff_id: Option<Uuid>,
        request_id: Uuid,
        request: Op::Request,
    ) -> Result<Envelope<Op::Request>, LinkError> {
        let link =
            link(self.own, self.server, Op::NAME).ok_or(LinkError::NotLinked(self.server, Op::NAME))?;
        let code = u32::try_from(municipality.0).ok().and_then(MunicipalityCode::new);
        Ok(Envelope {
            request_id,
            idempotency_key: self.ids.next(),
            from: self.own,
            to: self.server,
            sent_at: self.clock.now(),
            municipality: code.ok_or(LinkError::NoMunicipality(municipality))?,
            staff_id,
            basis: link.basis,
            request,
        })
    }

    /// Asks, and where it may be repeated and the trouble may pass, asks again with the same key.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn call<Op: Operation>(
        &self,
        envelope: &Envelope<Op::Request>,
    ) -> Result<Op::Answer, LinkError> {
        let body =
            serde_json::to_vec(envelope).map(Bytes::from).map_err(|_| LinkError::Unreadable(self.server))?;
        let mut tried = 1;
        loop {
            let answer = timeout(ANSWER_TIME_MAX, self.ask::<Op>(body.clone())).await;
            let error = match answer.unwrap_or(Err(LinkError::TooSlow(self.server))) {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let request_id = envelope.request_id;
            tracing::warn!(%request_id, operation = Op::NAME, tried, %error, "no answer from a system");
            if !Op::IS_REPEATABLE || !error.is_passing() || tried == TRIES_MAX {
                return Err(error);
            }
            sleep(self.pause(tried)).await;
            tried += 1;
        }
    }

    /// Chance spreads the callers that all lost the same server at the same moment.
    fn pause(&self, tried: u32) -> Duration {
        let [chance, ..] = self.ids.token().into_bytes().try_into().unwrap_or([b'8'; 64]);
        let share = f64::from((chance as char).to_digit(16).unwrap_or(8) + 1) / 16.0;
        (PAUSE_MAX * tried).mul_f64(share)
    }

    async fn ask<Op: Operation>(&self, body: Bytes) -> Result<Op::Answer, LinkError> {
        let uri =
            Uri::builder().scheme("https").authority(self.authority.as_str()).path_and_query(path(Op::NAME));
        let request = uri
            .build()
            .map(|uri| Request::post(uri).header(header::CONTENT_TYPE, "application/json"))
            .and_then(|builder| builder.body(Full::new(body)))
            .map_err(|_| LinkError::NotLinked(self.server, Op::NAME))?;
        let response = self.http.request(request).await.map_err(|error| self.explain(&error))?;
        self.read::<Op>(response).await
    }

    async fn read<Op: Operation>(&self, response: Response<Incoming>) -> Result<Op::Answer, LinkError> {
        let unreadable = || LinkError::Unreadable(self.server);
        let status = response.status();
        let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect().await;
        let body = body.map_err(|_| unreadable())?.to_bytes();
        if status == StatusCode::OK {
            return serde_json::from_slice(&body).map_err(|_| unreadable());
        }
        let fault: Fault = serde_json::from_slice(&body).map_err(|_| unreadable())?;
        Err(LinkError::Fault(self.server, fault.code))
    }

    /// What a failed request means: the cause lies somewhere down the chain of errors.
    fn explain(&self, error: &hyper_util::client::legacy::Error) -> LinkError {
        match tls_error(error) {
            Some(rustls::Error::AlertReceived(alert)) => {
                LinkError::NotAdmitted(self.server, format!("{alert:?}"))
            }
            Some(error) => LinkError::WrongServer(self.server, error.to_string()),
            None if error.is_connect() => LinkError::Unreachable(self.server),
            None => LinkError::Unreadable(self.server),
        }
    }
}

fn tls_error<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a rustls::Error> {
    if let Some(found) = error.downcast_ref::<rustls::Error>() {
        return Some(found);
    }
    // The `source` of an I/O error is that of the error inside it, not the error inside it.
    match error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
        Some(inner) => tls_error(inner),
        None => error.source().and_then(tls_error),
    }
}
