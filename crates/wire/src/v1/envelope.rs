//! What goes around every request, and what comes back instead of an answer.

use super::{Basis, System};
use crate::code;
use domain::{coded, ids::MunicipalityCode};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

/// One request with what every request must say.
///
/// The two names are repeated inside so that a message carried to another door, or through another system, is
/// refused; the time bounds how long it may be under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Envelope<T> {
    /// The id under which both sides log this; that of the page request it serves, where there is one.
    pub request_id: Uuid,
    /// The same key asks for the same thing: whoever repeats a request gets the first answer.
    pub idempotency_key: Uuid,
    pub from: System,
    pub to: System,
    pub sent_at: jiff::Timestamp,
    #[serde(with = "code::municipality")]
    pub municipality: MunicipalityCode,
    /// The member of staff for whom it is asked; `null` where nobody acts (jobs, or nobody is known yet).
    pub staff_id: Option<Uuid>,
    pub basis: Basis,
    pub request: T,
}

impl<T> Envelope<T> {
    /// A message may be under way for this long; also what two clocks may differ.
    pub const AGE_SECONDS_MAX: i64 = 60;
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// `null` where the request could not be read.
    pub request_id: Option<Uuid>,
    pub code: FaultCode,
}

coded! {
    /// 応答できない理由: why a system does not answer another.
    FaultCode {
        NotLinked = "not_linked", "許可された連携の表にない相手または操作";
        Unreadable = "unreadable", "読み取れない要求";
        Misaddressed = "misaddressed", "宛先または送り元が異なる要求";
        Stale = "stale", "送信時刻が許容範囲にない要求";
        WrongBasis = "wrong_basis", "根拠が連携の表と異なる要求";
        UnknownMunicipality = "unknown_municipality", "扱っていない自治体の要求";
        KeyReused = "key_reused", "別の内容に使われた冪等キー";
        Refused = "refused", "要求先の判断による拒否";
        Busy = "busy", "混雑";
        Failed = "failed", "要求先の障害";
    }
}

impl FaultCode {
    /// Whether the same request may be answered later.
    pub const fn is_passing(self) -> bool {
        match self {
            FaultCode::Busy | FaultCode::Failed => true,
            FaultCode::NotLinked
            | FaultCode::Unreadable
            | FaultCode::Misaddressed
            | FaultCode::Stale
            | FaultCode::WrongBasis
            | FaultCode::UnknownMunicipality
            | FaultCode::KeyReused
            | FaultCode::Refused => false,
        }
    }
}

impl Serialize for FaultCode {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.code().serialize(to)
    }
}

impl<'de> Deserialize<'de> for FaultCode {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        code::read(from, "fault", FaultCode::from_code)
    }
}
