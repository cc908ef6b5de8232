//! A browser in front of a door with TLS: with a terminal's certificate, or without any.

use crate::{
    Clock,
    tls::{ByClock, provider},
};
use anyhow::Context;
use axum::{body::Body, http::Request};
use http_body_util::BodyExt;
use hyper::{
    client::conn::http1::{SendRequest, handshake},
    header::{CONTENT_TYPE, COOKIE, HOST, LOCATION, SET_COOKIE},
};
use hyper_util::rt::TokioIo;
use rustls::{
    ClientConfig, RootCertStore,
    client::Resumption,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
};
use std::{net::SocketAddr, sync::Arc};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// One connection, kept open. Remembers no cookies: a test says what it shows.
pub struct Browser {
    to: SendRequest<Body>,
    host: String,
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Page {
    pub status: u16,
    pub location: String,
    /// The whole lines.
    pub cookies: Vec<String>,
    pub headers: axum::http::HeaderMap,
    pub text: String,
}

impl Page {
    /// The cookies that were set, as a browser sends them back.
    pub fn shown(&self) -> String {
        let set = self.cookies.iter().filter(|line| !line.contains("Max-Age=0"));
        set.filter_map(|line| line.split(';').next()).collect::<Vec<_>>().join("; ")
    }
}

impl Browser {
    /// Connects; `terminal`: certificate and key in PEM. A door that refuses the certificate says so at the first
    /// request, as TLS 1.3 has it.
    pub async fn open(
        door: SocketAddr,
        roots: &str,
        terminal: Option<(&str, &str)>,
        clock: &Clock,
    ) -> anyhow::Result<Browser> {
        let mut trusted = RootCertStore::empty();
        for root in CertificateDer::pem_slice_iter(roots.as_bytes()) {
            trusted.add(root?)?;
        }
        let builder = ClientConfig::builder_with_details(provider(), Arc::new(ByClock(clock.clone())))
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_root_certificates(trusted);
        let mut config = match terminal {
            None => builder.with_no_client_auth(),
            Some((certificate, key)) => builder.with_client_auth_cert(
                vec![CertificateDer::from_pem_slice(certificate.as_bytes())?],
                PrivateKeyDer::from_pem_slice(key.as_bytes())?,
            )?,
        };
        config.resumption = Resumption::disabled();
        let stream = TcpStream::connect(door).await?;
        let name = ServerName::try_from("localhost").context("a name")?;
        let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
        let (to, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Browser { to, host: format!("localhost:{}", door.port()) })
    }

    /// Asks for a page with these cookies.
    pub async fn get(&mut self, path: &str, cookies: &str) -> anyhow::Result<Page> {
        self.send(Request::get(path), cookies, String::new()).await
    }

    /// Sends a form.
    pub async fn post(&mut self, path: &str, cookies: &str, fields: &[(&str, &str)]) -> anyhow::Result<Page> {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = Request::post(path).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request, cookies, body).await
    }

    async fn send(
        &mut self,
        request: axum::http::request::Builder,
        cookies: &str,
        body: String,
    ) -> anyhow::Result<Page> {
        let request = request.header(HOST, &self.host).header(COOKIE, cookies).body(Body::from(body))?;
        self.to.ready().await?;
        let (parts, body) = self.to.send_request(request).await?.into_parts();
        let text = |value: &axum::http::HeaderValue| value.to_str().unwrap_or_default().to_owned();
        Ok(Page {
            status: parts.status.as_u16(),
            location: parts.headers.get(LOCATION).map(text).unwrap_or_default(),
            cookies: parts.headers.get_all(SET_COOKIE).iter().map(text).collect(),
            headers: parts.headers,
            text: String::from_utf8_lossy(&body.collect().await?.to_bytes()).into_owned(),
        })
    }
}
