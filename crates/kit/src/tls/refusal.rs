//! Who was turned away at a door, and why.

use super::Fingerprint;
use domain::coded;
use rustls::{CertificateError, InvalidMessage};
use std::{net::IpAddr, sync::Arc};

coded! {
    /// 接続の拒否理由: why a caller was turned away.
    RefusalReason {
        NotTls = "not_tls", "暗号化されていない通信";
        OldTls = "old_tls", "TLS 1.3 でない通信";
        SlowHandshake = "slow_handshake", "時間内に終わらない接続手順";
        NoCertificate = "no_certificate", "証明書の提示がない";
        Expired = "expired", "期限の切れた証明書";
        NotYetValid = "not_yet_valid", "有効期間前の証明書";
        UnknownAuthority = "unknown_authority", "信頼していない認証局の証明書";
        BadCertificate = "bad_certificate", "用途または署名の合わない証明書";
        Withdrawn = "withdrawn", "失効させた証明書";
        NotRegistered = "not_registered", "登録のない証明書";
        PastLastDay = "past_last_day", "端末の使用期限の後";
        WrongZone = "wrong_zone", "別の区画に登録した端末";
        NotASystem = "not_a_system", "システムの名前がない証明書";
        NotLinked = "not_linked", "許可された連携の表にない相手または操作";
        Unreadable = "unreadable", "読み取れない要求";
        Misaddressed = "misaddressed", "宛先または送り元が異なる要求";
        Stale = "stale", "送信時刻が許容範囲にない要求";
        WrongBasis = "wrong_basis", "根拠が連携の表と異なる要求";
        NotBelieved = "not_believed", "こちらの証明書を信頼しない相手";
        Interrupted = "interrupted", "途中で切れた接続手順";
        Other = "other", "その他の接続手順の誤り";
    }
}

impl RefusalReason {
    /// What rustls says of a handshake that failed.
    pub(super) fn of(error: &std::io::Error) -> Self {
        let Some(error) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) else {
            return RefusalReason::Interrupted;
        };
        match error {
            rustls::Error::NoCertificatesPresented => RefusalReason::NoCertificate,
            rustls::Error::AlertReceived(_) => RefusalReason::NotBelieved,
            rustls::Error::PeerIncompatible(_) => RefusalReason::OldTls,
            rustls::Error::InvalidMessage(
                InvalidMessage::InvalidContentType | InvalidMessage::MessageTooLarge,
            ) => RefusalReason::NotTls,
            rustls::Error::InvalidMessage(InvalidMessage::UnknownProtocolVersion) => RefusalReason::OldTls,
            rustls::Error::InvalidCertificate(reason) => match reason {
                CertificateError::Expired | CertificateError::ExpiredContext { .. } => RefusalReason::Expired,
                CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                    RefusalReason::NotYetValid
                }
                CertificateError::UnknownIssuer => RefusalReason::UnknownAuthority,
                CertificateError::Revoked => RefusalReason::Withdrawn,
                _ => RefusalReason::BadCertificate,
            },
            _ => RefusalReason::Other,
        }
    }
}

/// One caller turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub from: IpAddr,
    pub reason: RefusalReason,
    /// Of the certificate shown, where it got that far.
    pub fingerprint: Option<Fingerprint>,
}

/// Where refusals go: the program's log, and whoever else wants to know (the audit log, a test).
#[derive(Clone)]
pub struct Refusals {
    door: &'static str,
    also: Option<Arc<dyn Fn(Refusal) + Send + Sync>>,
}

impl Refusals {
    /// Of the door with this name, to the program's log.
    pub fn logged(door: &'static str) -> Self {
        Refusals { door, also: None }
    }

    /// Likewise, and each is handed on. The function must not block: it stands in the way of the next caller.
    pub fn also(door: &'static str, hand_on: impl Fn(Refusal) + Send + Sync + 'static) -> Self {
        Refusals { door, also: Some(Arc::new(hand_on)) }
    }

    pub fn note(&self, refusal: Refusal) {
        let Refusal { from, reason, fingerprint } = refusal;
        let fingerprint = fingerprint.map(|fingerprint| fingerprint.to_string()).unwrap_or_default();
        tracing::warn!(door = self.door, %from, reason = reason.code(), fingerprint, "turned away");
        if let Some(hand_on) = &self.also {
            hand_on(refusal);
        }
    }
}
