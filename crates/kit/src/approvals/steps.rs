//! Who may take which step of an application, and under which terms. Pure: facts in, answer out.

use crate::{Acting, Action};
use domain::coded;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

coded! {
    /// 二人承認の種類.
    Kind {
        Export = "export", "一覧の持出し";
        Provision = "provision", "ネットワーク外の提供";
        ProtectedPrint = "protected_print", "支援措置対象者の印刷";
        PrintErasure = "print_erasure", "印刷ファイルの消去";
        KeyRotation = "key_rotation", "個人番号の暗号鍵の更新";
        NumberDisposal = "number_disposal", "個人番号の廃棄";
    }
}

/// Whose hand may use what was approved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UsedBy {
    /// Whoever asked, and nobody else.
    Applicant,
    /// A command at the machine itself, by the number of the application.
    Machine,
}

/// The terms of a kind.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    pub applies: Action,
    pub approves: Action,
    /// From the approval on.
    pub valid_for: SignedDuration,
    pub uses_max: i16,
    pub used_by: UsedBy,
}

const fn days(days: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * days)
}

/// What lies longer than two weeks is asked for anew: by then the plan is no longer what the office looks at.
pub const DECIDE_WITHIN: SignedDuration = days(14);

impl Kind {
    /// Where its decision is sent.
    pub const fn decide_path(self) -> &'static str {
        match self {
            Kind::Export => "/approvals/{id}/export",
            Kind::Provision => "/approvals/{id}/provision",
            Kind::ProtectedPrint => "/approvals/{id}/protected-print",
            Kind::PrintErasure => "/approvals/{id}/print-erasure",
            Kind::KeyRotation => "/approvals/{id}/key-rotation",
            Kind::NumberDisposal => "/approvals/{id}/number-disposal",
        }
    }

    /// Where its withdrawal is sent.
    pub const fn withdraw_path(self) -> &'static str {
        match self {
            Kind::Export => "/approvals/{id}/export/withdraw",
            Kind::Provision => "/approvals/{id}/provision/withdraw",
            Kind::ProtectedPrint => "/approvals/{id}/protected-print/withdraw",
            Kind::PrintErasure => "/approvals/{id}/print-erasure/withdraw",
            Kind::KeyRotation => "/approvals/{id}/key-rotation/withdraw",
            Kind::NumberDisposal => "/approvals/{id}/number-disposal/withdraw",
        }
    }

    pub fn terms(self) -> Terms {
        let terms = |applies, approves, valid_days, uses_max, used_by| Terms {
            applies,
            approves,
            valid_for: days(valid_days),
            uses_max,
            used_by,
        };
        match self {
            // A week is what a hand-over to a contractor takes. Three times: a download that broke off, and a carrier that
            // could not be read; the content is the same each time.
            Kind::Export => terms(Action::ApplyExport, Action::ApproveExport, 7, 3, UsedBy::Applicant),
            // Two weeks: someone may have to come and fetch it. Once: what was handed out is counted.
            Kind::Provision => {
                terms(Action::ApplyProvision, Action::ApproveProvision, 14, 1, UsedBy::Applicant)
            }
            // Three days: protection and whereabouts change, and the person was told to come.
            Kind::ProtectedPrint => {
                terms(Action::ApplyProtectedPrint, Action::ApproveProtectedPrint, 3, 1, UsedBy::Applicant)
            }
            // A week: the files have waited for longer.
            Kind::PrintErasure => {
                terms(Action::ApplyErasure, Action::ApproveErasure, 7, 1, UsedBy::Applicant)
            }
            // A day: whoever rotates has the key file at hand.
            Kind::KeyRotation => terms(Action::ApplyKeys, Action::ApproveKeys, 1, 1, UsedBy::Machine),
            Kind::NumberDisposal => {
                terms(Action::ApplyDisposal, Action::ApproveDisposal, 7, 1, UsedBy::Applicant)
            }
        }
    }

    /// Whether this person may know of others' applications of this kind.
    pub fn is_shown_to(self, acting: &Acting) -> bool {
        let terms = self.terms();
        [terms.applies, terms.approves, Action::ViewAudit].into_iter().any(|action| acting.may(action))
    }
}

/// 申請の状態, with what is true then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    Asked,
    Approved { by: Uuid, at: Timestamp, valid_until: Timestamp },
    Rejected { by: Uuid, at: Timestamp },
    Withdrawn { at: Timestamp },
}

impl State {
    pub const fn code(&self) -> &'static str {
        match self {
            State::Asked => "asked",
            State::Approved { .. } => "approved",
            State::Rejected { .. } => "rejected",
            State::Withdrawn { .. } => "withdrawn",
        }
    }
}

/// 二人承認の申請.
#[derive(Clone, Debug)]
pub struct Approval {
    pub approval_id: Uuid,
    pub number: i64,
    pub kind: Kind,
    pub target_kind: String,
    pub target_id: Uuid,
    pub reason: String,
    pub basis: String,
    /// Label and value, line by line, as the person who decides reads them.
    pub plan: Vec<(String, String)>,
    pub digest: Vec<u8>,
    pub uses: i16,
    pub uses_max: i16,
    pub state: State,
    pub asked_by: Uuid,
    pub asked_by_name: String,
    pub asked_at: Timestamp,
    pub decide_until: Timestamp,
    pub decided_by_name: String,
    pub decision_reason: String,
}

impl Approval {
    /// Whether something may still come of it: a decision, or the deed. While one is open, nobody asks for the same again.
    pub fn is_open(&self, now: Timestamp) -> bool {
        match self.state {
            State::Asked => now <= self.decide_until,
            State::Approved { valid_until, .. } => self.uses < self.uses_max && now <= valid_until,
            State::Rejected { .. } | State::Withdrawn { .. } => false,
        }
    }

    /// Whether this person may know of it.
    pub fn is_shown_to(&self, acting: &Acting) -> bool {
        self.asked_by == acting.staff_id || self.kind.is_shown_to(acting)
    }
}

/// Of the applications about one thing, the one of which something may still come: while there is one, nobody asks for the
/// same again. One that covers something else than what is there now (`digest`) is none, since nobody can carry it out.
pub fn open<'a>(asked: &'a [Approval], digest: &[u8], now: Timestamp) -> Option<&'a Approval> {
    asked.iter().find(|one| one.is_open(now) && one.digest == digest)
}

/// A step of an application that has been made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Approve,
    Reject,
    Withdraw,
}

/// Why somebody may not take a step, or make use of an approval. `Display` is the sentence for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Bar {
    #[error("この申請はすでに決まったか、取り下げられています。申請を開き直して確かめてください。")]
    Passed,
    #[error("承認の期限を過ぎました。必要な場合は、申請し直してください。")]
    DecidedTooLate,
    #[error("自分が申請したものは、承認も却下もできません。別の担当者に依頼してください。")]
    OwnApplication,
    #[error("この申請は、申請した人だけが取り下げられます。")]
    NotYours,
    #[error("まだ承認されていません。承認されてからやり直してください。")]
    NotApproved,
    #[error("承認された内容は、申請した人だけが実行できます。")]
    OthersApproval,
    #[error("承認の有効期限を過ぎました。必要な場合は、申請し直してください。")]
    Lapsed,
    #[error("承認された回数を使い終わりました。必要な場合は、申請し直してください。")]
    UsedUp,
}

impl Bar {
    /// As the log names it.
    pub const fn code(self) -> &'static str {
        match self {
            Bar::Passed => "passed",
            Bar::DecidedTooLate => "decided_too_late",
            Bar::OwnApplication => "own_application",
            Bar::NotYours => "not_yours",
            Bar::NotApproved => "not_approved",
            Bar::OthersApproval => "others_approval",
            Bar::Lapsed => "lapsed",
            Bar::UsedUp => "used_up",
        }
    }
}

/// Whether this person may take this step now. Whether the role carries the right is asked before, at the door.
pub fn may_take(step: Step, approval: &Approval, staff_id: Uuid, now: Timestamp) -> Result<(), Bar> {
    match approval.state {
        State::Asked => {}
        State::Approved { .. } | State::Rejected { .. } | State::Withdrawn { .. } => return Err(Bar::Passed),
    }
    let is_own = approval.asked_by == staff_id;
    match step {
        Step::Withdraw if is_own => Ok(()),
        Step::Withdraw => Err(Bar::NotYours),
        Step::Approve | Step::Reject if is_own => Err(Bar::OwnApplication),
        Step::Approve | Step::Reject if now > approval.decide_until => Err(Bar::DecidedTooLate),
        Step::Approve | Step::Reject => Ok(()),
    }
}

/// Whether this person may make use of it now.
pub fn may_use(approval: &Approval, staff_id: Uuid, now: Timestamp) -> Result<(), Bar> {
    let valid_until = match approval.state {
        State::Approved { valid_until, .. } => valid_until,
        State::Asked => return Err(Bar::NotApproved),
        State::Rejected { .. } | State::Withdrawn { .. } => return Err(Bar::Passed),
    };
    if approval.kind.terms().used_by == UsedBy::Applicant && approval.asked_by != staff_id {
        return Err(Bar::OthersApproval);
    }
    if now > valid_until {
        return Err(Bar::Lapsed);
    }
    if approval.uses >= approval.uses_max { Err(Bar::UsedUp) } else { Ok(()) }
}
