//! 連携: one system asks another over mutual TLS, and only what the table of links allows.
//!
//! A system is known by a name in its certificate (`hub.sesshu.internal`), on both sides: the client refuses a server
//! that is not the one it meant, whatever its address; the server takes the client's name from the certificate and
//! nowhere else. Every request travels in a [`wire::v1::Envelope`].
//!
//! ```text
//! let client = LinkClient::new(System::Health, System::Hub, "127.0.0.1:8443", &identity, &clock, &ids)?;
//! let answer = client.call(&client.envelope::<RedeemTicket>(municipality, None, request)?).await?;
//!
//! let operations = Operations::new().on::<RedeemTicket, _>(move |call| redeem(app.clone(), call));
//! LinkServer { .. }.serve(listener, operations, stop).await
//! ```

mod client;
mod server;

pub use client::{ANSWER_TIME_MAX, LinkClient, LinkError, TRIES_MAX};
pub use server::{Asked, LinkServer, Operations, PeerList, Unanswered};

use wire::v1::System;

/// A request's size at the most: a page of a feed has a thousand rows of some hundred bytes.
const REQUEST_BYTES_MAX: usize = 1024 * 1024;
/// An answer's size at the most: the same page with some room.
const ANSWER_BYTES_MAX: usize = 4 * 1024 * 1024;

/// What a system is called in its certificate. `.internal` is reserved for private use (ICANN, 2024-07-29), so that
/// no public authority ever certifies such a name.
pub fn tls_name(system: System) -> String {
    format!("{}.sesshu.internal", system.code())
}

fn system_of(names: &[String]) -> Option<System> {
    System::ALL.iter().copied().find(|system| names.contains(&tls_name(*system)))
}

fn path(operation: &str) -> String {
    format!("/v1/{operation}")
}
