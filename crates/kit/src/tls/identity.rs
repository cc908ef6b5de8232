//! A system's own certificate and key, and the authorities it trusts, read from PEM files.

use super::{ByClock, ClientCertificates, provider};
use crate::Clock;
use rustls::{
    ClientConfig, RootCertStore, ServerConfig,
    client::Resumption,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::{NoServerSessionStorage, WebPkiClientVerifier},
    version::TLS13,
};
use sha2::{Digest, Sha256};
use std::{
    fmt, fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::Arc,
};

/// 証明書の指紋: SHA-256 of the certificate as it travels.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[doc(alias = "指紋")]
pub struct Fingerprint(pub [u8; 32]);

impl Fingerprint {
    pub fn of(certificate: &[u8]) -> Self {
        Fingerprint(Sha256::digest(certificate).into())
    }

    /// Of the first certificate of a PEM text.
    pub fn of_pem(pem: &str) -> Option<Self> {
        CertificateDer::from_pem_slice(pem.as_bytes()).ok().map(|certificate| Self::of(&certificate))
    }

    /// Reads 64 hexadecimal digits; colons, spaces and capitals as other tools write them are taken.
    pub fn parse(text: &str) -> Option<Self> {
        let digits: Vec<u8> = text
            .chars()
            .filter(|c| !matches!(c, ':' | ' '))
            .map(|c| c.to_digit(16).map(|digit| digit as u8))
            .collect::<Option<_>>()?;
        let pairs: Vec<u8> =
            digits.chunks_exact(2).map(|pair| pair.iter().fold(0, |byte, d| byte << 4 | d)).collect();
        if digits.len() == 64 { Some(Fingerprint(pairs.try_into().ok()?)) } else { None }
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Why certificates cannot be used. The sentence is for whoever set the files up.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    #[error("{path} を読めません({reason})")]
    Unreadable { path: PathBuf, reason: String },
    #[error("鍵ファイル {path} を本人以外も読めます。chmod 600 で所有者だけが読めるようにしてください")]
    KeyIsOpen { path: PathBuf },
    #[error("{path} に証明書がありません")]
    NoCertificate { path: PathBuf },
    #[error("証明書と鍵を使えません({0})")]
    Unusable(String),
}

fn unusable(error: impl fmt::Display) -> IdentityError {
    IdentityError::Unusable(error.to_string())
}

/// Who we are to others (certificate chain and key) and whom we believe (roots).
pub struct PeerIdentity {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    roots: Arc<RootCertStore>,
}

impl PeerIdentity {
    /// Reads the three PEM files. The key's file must be readable by its owner alone.
    ///
    /// # Errors
    /// When a file is missing, broken or open to others.
    pub fn from_files(certificate: &Path, key: &Path, roots: &Path) -> Result<Self, IdentityError> {
        let unreadable =
            |path: &Path, reason: String| IdentityError::Unreadable { path: path.into(), reason };
        let mode = fs::metadata(key).map_err(|error| unreadable(key, error.to_string()))?.mode();
        if mode & 0o077 != 0 {
            return Err(IdentityError::KeyIsOpen { path: key.into() });
        }
        let key = PrivateKeyDer::from_pem_file(key).map_err(|error| unreadable(key, error.to_string()))?;
        let mut trusted = RootCertStore::empty();
        for root in certificates(roots)? {
            trusted.add(root).map_err(unusable)?;
        }
        Ok(PeerIdentity { chain: certificates(certificate)?, key, roots: Arc::new(trusted) })
    }

    /// Our own certificate's fingerprint.
    pub fn fingerprint(&self) -> Fingerprint {
        self.chain.first().map_or(Fingerprint([0; 32]), |own| Fingerprint::of(own))
    }

    /// How we open a door.
    ///
    /// # Errors
    /// When key and certificate do not belong together, or there is nobody to trust.
    pub(crate) fn server_config(
        &self,
        clock: &Clock,
        clients: ClientCertificates,
    ) -> Result<ServerConfig, IdentityError> {
        let builder = ServerConfig::builder_with_details(provider(), Arc::new(ByClock(clock.clone())))
            .with_protocol_versions(&[&TLS13])
            .map_err(unusable)?;
        let verifier =
            |verifier: rustls::server::ClientCertVerifierBuilder| verifier.build().map_err(unusable);
        let known = || WebPkiClientVerifier::builder_with_provider(self.roots.clone(), provider());
        let builder = match clients {
            ClientCertificates::Demanded => builder.with_client_cert_verifier(verifier(known())?),
            ClientCertificates::Welcome => {
                builder.with_client_cert_verifier(verifier(known().allow_unauthenticated())?)
            }
            ClientCertificates::NotAsked => builder.with_no_client_auth(),
        };
        let mut config =
            builder.with_single_cert(self.chain.clone(), self.key.clone_key()).map_err(unusable)?;
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(config)
    }

    /// How we knock at another's door.
    pub(crate) fn client_config(&self, clock: &Clock) -> Result<ClientConfig, IdentityError> {
        let mut config = ClientConfig::builder_with_details(provider(), Arc::new(ByClock(clock.clone())))
            .with_protocol_versions(&[&TLS13])
            .map_err(unusable)?
            .with_root_certificates(self.roots.clone())
            .with_client_auth_cert(self.chain.clone(), self.key.clone_key())
            .map_err(unusable)?;
        config.resumption = Resumption::disabled();
        Ok(config)
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, IdentityError> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_file_iter(path).and_then(Iterator::collect);
    let found =
        found.map_err(|error| IdentityError::Unreadable { path: path.into(), reason: error.to_string() })?;
    if found.is_empty() { Err(IdentityError::NoCertificate { path: path.into() }) } else { Ok(found) }
}
