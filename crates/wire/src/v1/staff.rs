//! 職員認証: what a system asks the hub about the people at its desk.

use super::Operation;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// 入場券の引換え: somebody comes from the hub with a ticket, which works once.
pub struct RedeemTicket;

impl Operation for RedeemTicket {
    const NAME: &'static str = "redeem_ticket";
    // A ticket that was used up by an answer that got lost is used up: the person signs in again.
    const IS_REPEATABLE: bool = false;
    type Request = Ticket;
    type Answer = TicketAnswer;
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ticket {
    pub ticket: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TicketAnswer {
    /// `null` for a ticket that was used, is too old, or never was one.
    pub arrival: Option<TicketArrival>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TicketArrival {
    pub standing: Standing,
    /// What the system gave the browser on its way to the hub.
    pub state: String,
}

/// ログインの照会: whether a sign-in still stands, asked again every few seconds.
pub struct CheckSignIn;

impl Operation for CheckSignIn {
    const NAME: &'static str = "check_sign_in";
    const IS_REPEATABLE: bool = true;
    type Request = SignInCheck;
    type Answer = SignInState;
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignInCheck {
    pub sign_in_id: Uuid,
    /// False for what a page asks by itself: it keeps nobody signed in.
    pub in_use: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignInState {
    /// `null` where the sign-in has ended.
    pub standing: Option<Standing>,
}

/// ログアウト: ends a sign-in for all systems.
pub struct EndSignIn;

impl Operation for EndSignIn {
    const NAME: &'static str = "end_sign_in";
    const IS_REPEATABLE: bool = true;
    type Request = SignInEnd;
    type Answer = SignInEnded;
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignInEnd {
    pub sign_in_id: Uuid,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignInEnded {}

/// ログイン中の職員: who somebody is and from where they work. Roles and zone are codes that both sides know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Standing {
    pub sign_in_id: Uuid,
    pub staff_id: Uuid,
    pub login: String,
    pub name: String,
    pub section: String,
    pub roles: Vec<String>,
    pub zone: String,
    /// `null` on the machine that the systems run on.
    pub terminal: Option<Terminal>,
    /// When a second factor was last proved.
    pub stepped_up_at: Option<jiff::Timestamp>,
}

/// 端末 as the hub has registered it. Whoever uses the sign-in must show this certificate, to every system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terminal {
    pub terminal_id: Uuid,
    /// For the operation logs of the systems.
    pub name: String,
    /// SHA-256 of the certificate, 64 hexadecimal digits.
    pub fingerprint: String,
}
