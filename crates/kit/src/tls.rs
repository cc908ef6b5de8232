//! TLS at our doors, the same for systems and for terminals: TLS 1.3 only, one implementation (rustls with aws-lc-rs),
//! certificates known by their fingerprint, and a reason for every caller who is turned away.
//!
//! No session is resumed: whoever connects shows a certificate, each time.

mod door;
mod identity;
mod refusal;

pub use door::{Caller, ClientCertificates, TlsDoor};
pub use identity::{Fingerprint, IdentityError, PeerIdentity};
pub use refusal::{Refusal, RefusalReason, Refusals};

use crate::Clock;
use rustls::{crypto::CryptoProvider, pki_types::UnixTime, time_provider::TimeProvider};
use std::{sync::Arc, time::Duration};

/// The one cryptographic provider of the program.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

/// Certificates are judged by the system's clock, so that a test can let them expire.
pub(crate) struct ByClock(pub(crate) Clock);

impl std::fmt::Debug for ByClock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ByClock")
    }
}

impl TimeProvider for ByClock {
    fn current_time(&self) -> Option<UnixTime> {
        let seconds = u64::try_from(self.0.now().as_second()).ok()?;
        Some(UnixTime::since_unix_epoch(Duration::from_secs(seconds)))
    }
}
