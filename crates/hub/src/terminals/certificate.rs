//! 端末証明書 as the ID manager brings it: PEM text, or its fingerprint alone.

use domain::Date;
use jiff::Timestamp;
use kit::{Fingerprint, clock};
use x509_parser::{parse_x509_certificate, pem::parse_x509_pem};

/// What is taken from a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Certificate {
    pub fingerprint: Fingerprint,
    /// The day in Japan on which it ends; `None` where only the fingerprint was given.
    pub until: Option<Date>,
}

/// Why it cannot be registered. The sentence stands beside the field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateFault {
    #[error("証明書の内容（PEM）か指紋の、どちらか一方を入力してください")]
    NotOne,
    #[error("秘密鍵が含まれています。秘密鍵は端末の外に出さず、証明書だけを貼り付けてください")]
    HasKey,
    #[error(
        "証明書として読み取れません。「-----BEGIN CERTIFICATE-----」から「-----END CERTIFICATE-----」までを貼り付けてください"
    )]
    Unreadable,
    #[error("証明書が2つ以上あります。この端末の証明書だけを貼り付けてください")]
    Many,
    #[error("認証局の証明書です。端末に発行された証明書を貼り付けてください")]
    Authority,
    #[error("期限の切れた証明書です。新しい証明書を用意してください")]
    Expired,
    #[error("指紋は、SHA-256の64桁（0～9、a～f）を入力してください")]
    NoFingerprint,
}

impl CertificateFault {
    /// The field beside which it stands.
    pub const fn field(self) -> &'static str {
        match self {
            CertificateFault::NoFingerprint => "fingerprint",
            CertificateFault::NotOne
            | CertificateFault::HasKey
            | CertificateFault::Unreadable
            | CertificateFault::Many
            | CertificateFault::Authority
            | CertificateFault::Expired => "certificate",
        }
    }
}

/// Reads the two fields of the form, of which one is filled.
pub fn read(pem: &str, fingerprint: &str, now: Timestamp) -> Result<Certificate, CertificateFault> {
    match (pem.trim(), fingerprint.trim()) {
        ("", "") => Err(CertificateFault::NotOne),
        ("", typed) => {
            let fingerprint = Fingerprint::parse(typed).ok_or(CertificateFault::NoFingerprint)?;
            Ok(Certificate { fingerprint, until: None })
        }
        (pem, "") => read_pem(pem, now),
        _ => Err(CertificateFault::NotOne),
    }
}

fn read_pem(text: &str, now: Timestamp) -> Result<Certificate, CertificateFault> {
    if text.contains("PRIVATE KEY") {
        return Err(CertificateFault::HasKey);
    }
    let (rest, pem) = parse_x509_pem(text.as_bytes()).map_err(|_| CertificateFault::Unreadable)?;
    if rest.windows(10).any(|part| part == b"-----BEGIN") {
        return Err(CertificateFault::Many);
    }
    let (after, certificate) =
        parse_x509_certificate(&pem.contents).map_err(|_| CertificateFault::Unreadable)?;
    if !after.is_empty() {
        return Err(CertificateFault::Unreadable);
    }
    if certificate.is_ca() {
        return Err(CertificateFault::Authority);
    }
    let until = Timestamp::from_second(certificate.validity().not_after.timestamp());
    let until = until.map_err(|_| CertificateFault::Unreadable)?;
    if until <= now {
        return Err(CertificateFault::Expired);
    }
    Ok(Certificate {
        fingerprint: Fingerprint::of(&pem.contents),
        until: Some(clock::in_japan(until).date()),
    })
}
