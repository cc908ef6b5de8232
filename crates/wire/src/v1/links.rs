//! Who may ask whom for what, and by which law.

use super::{CheckLink, CheckSignIn, EndSignIn, Operation, RedeemTicket};
use crate::code;
use domain::coded;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

coded! {
    /// システム: the five that talk to each other. Each has its own database and its own certificate.
    System {
        Health = "health", "①健康管理システム";
        Hub = "hub", "②共通基盤";
        Gateway = "gateway", "③中間サーバー";
        Vrs = "vrs", "④接種記録システム";
        Portal = "portal", "⑤サービス検索・電子申請";
    }
}

coded! {
    /// 連携の根拠: the law that lets one system ask another.
    Basis {
        // 地方公共団体の機関 are 行政機関の長等 in the sense of that article since 2023-04-01.
        SafetyControl = "safety_control", "個人情報の保護に関する法律66条1項(安全管理措置)";
    }
}

impl Serialize for System {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.code().serialize(to)
    }
}

impl<'de> Deserialize<'de> for System {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        code::read(from, "system", System::from_code)
    }
}

impl Serialize for Basis {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.code().serialize(to)
    }
}

impl<'de> Deserialize<'de> for Basis {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        code::read(from, "basis", Basis::from_code)
    }
}

/// One permitted link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    pub client: System,
    pub server: System,
    /// [`Operation::NAME`].
    pub operation: &'static str,
    pub basis: Basis,
}

/// 連携の表: every link there is. What is not here is refused at the server's door.
///
/// Nobody calls `health`, and no chain of links leads back to where it began: a test says so.
pub const LINKS: &[Link] = &[
    staff_desk(CheckLink::NAME),
    staff_desk(RedeemTicket::NAME),
    staff_desk(CheckSignIn::NAME),
    staff_desk(EndSignIn::NAME),
];

/// 健康管理システム asks 共通基盤 who is at its desk.
const fn staff_desk(operation: &'static str) -> Link {
    Link { client: System::Health, server: System::Hub, operation, basis: Basis::SafetyControl }
}

/// The link by which `client` may ask `server` for this, if there is one.
pub fn link(client: System, server: System, operation: &str) -> Option<&'static Link> {
    LINKS.iter().find(|link| link.client == client && link.server == server && link.operation == operation)
}

/// The table as the office reads it.
pub fn links_ja() -> String {
    let mut text = String::from("システム間の連携の表\n\n要求元\t要求先\t操作\t根拠\n");
    for link in LINKS {
        let Link { client, server, operation, basis } = link;
        text.push_str(&format!("{}\t{}\t{operation}\t{}\n", client.ja(), server.ja(), basis.ja()));
    }
    text
}
