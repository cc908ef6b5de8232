//! The figures of a month, in the form in which they are frozen at the signature.

use serde::{Deserialize, Serialize};

/// One line: a code and how often.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    pub code: String,
    pub count: i64,
}

/// What was done of one kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ByAction {
    pub action: String,
    pub done: i64,
    pub viewed: i64,
    pub refused: i64,
}

/// What the auditor sees of a month. Codes and counts only: it is kept for good.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    /// `2026-10`.
    pub month: String,
    pub entries: i64,
    pub by_action: Vec<ByAction>,
    pub by_zone: Vec<Count>,
    pub sign_ins_refused: i64,
    /// Deeds of staff outside the office's hours or on a day on which it is closed.
    pub off_hours: i64,
    /// What left the system: prints, downloads, exports.
    pub taken_out: Vec<Count>,
    /// Uses of 個人番号 by purpose.
    pub number_looks: Vec<Count>,
    /// Findings by state.
    pub findings: Vec<Count>,
    /// Notices by state.
    pub intrusions: Vec<Count>,
    /// What the keeper signed in this month, and up to which size of the log.
    pub checkpoints: i64,
    pub checkpoint_size: i64,
    pub alarms: i64,
    /// Days held against the second copy, those on which something differed, and those not held against it.
    pub days_compared: i64,
    pub days_differing: i64,
    pub days_missing: i64,
}

impl Figures {
    pub fn open_findings(&self) -> i64 {
        self.findings.iter().find(|one| one.code == "open").map_or(0, |one| one.count)
    }

    /// The form that is signed. Its fields have one order.
    pub fn text(&self) -> String {
        serde_json::to_string(self).expect("codes and counts")
    }
}
