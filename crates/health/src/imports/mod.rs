//! 取込み: files from outside become residents, records and clinics, whole or not at all.
//!
//! An import is a conversation: read → check everything → compare → apply in one transaction with its log entry, and
//! answer every row. Nothing is dropped silently: rows read = added + changed + unchanged + to review + refused.
//! Only what cannot be true refuses a file; what is odd is taken in and shown.
//!
//! Start reading at [`case`]; the formats are described in `docs/formats`.

pub mod case;
mod cell;
mod clinics;
mod clinics_sql;
mod copy;
pub mod desk;
mod envelope;
mod fault;
mod file;
mod judge;
mod records;
pub mod records_case;
mod records_sql;
mod residents;
mod residents_sql;
pub mod review;
mod review_sql;
pub mod review_web;
pub mod sql;
mod stage;
mod through;
pub mod web;

pub use envelope::{Extent, Kind};
pub use fault::{FAULTS_KEPT_MAX, Fault, Weight};
pub use through::{Through, read_through};

use domain::Date;
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use uuid::Uuid;

/// How a file is to be taken in.
#[derive(Clone, Default)]
pub struct Options {
    /// Check and count everything, change nothing.
    pub dry_run: bool,
    /// Where someone watches.
    pub progress: Arc<Progress>,
    /// The name to keep where the path is not the name the sender gave.
    pub file_name: Option<String>,
    /// The id where the feed has been announced before (an upload that waits for its job).
    pub feed_id: Option<Uuid>,
}

/// How far an import is: rows of all, for a bar or a job.
#[derive(Debug, Default)]
pub struct Progress {
    done: AtomicU64,
    total: AtomicU64,
}

impl Progress {
    pub fn set(&self, done: u64, total: u64) {
        self.total.store(total, Ordering::Relaxed);
        self.done.store(done, Ordering::Relaxed);
    }

    /// Rows done and rows in all; 0 in all while that is not known.
    pub fn get(&self) -> (u64, u64) {
        (self.done.load(Ordering::Relaxed), self.total.load(Ordering::Relaxed))
    }
}

/// What became of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeedState {
    /// Waiting for its job, or at work.
    Checking,
    Applied,
    Refused,
    DryRun,
}

impl FeedState {
    pub const fn code(self) -> &'static str {
        match self {
            FeedState::Checking => "checking",
            FeedState::Applied => "applied",
            FeedState::Refused => "refused",
            FeedState::DryRun => "dry_run",
        }
    }

    pub const fn ja(self) -> &'static str {
        match self {
            FeedState::Checking => "確認中",
            FeedState::Applied => "取込み済み",
            FeedState::Refused => "取り込まず",
            FeedState::DryRun => "試し取込み",
        }
    }

    pub fn from_code(code: &str) -> Option<FeedState> {
        [FeedState::Checking, FeedState::Applied, FeedState::Refused, FeedState::DryRun]
            .into_iter()
            .find(|state| state.code() == code)
    }
}

/// The reconciled counts of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub announced: u64,
    pub read: u64,
    pub added: u64,
    pub changed: u64,
    /// Already known, word for word.
    pub unchanged: u64,
    pub to_review: u64,
    pub refused: u64,
    /// In the register, but not in a file that says it is complete.
    pub absent: u64,
}

impl Counts {
    /// Whether every row that was read has found its place.
    pub fn add_up(&self) -> bool {
        self.read == self.added + self.changed + self.unchanged + self.to_review + self.refused
    }
}

/// 取込みの結果.
#[derive(Clone, Debug)]
#[doc(alias = "取込み結果")]
pub struct FeedSummary {
    pub feed_id: Uuid,
    pub kind: Kind,
    pub file_name: String,
    pub digest: [u8; 32],
    /// `None` where the control line could not be read.
    pub extent: Option<Extent>,
    pub as_of: Option<Date>,
    pub state: FeedState,
    pub counts: Counts,
    /// All that is wrong or odd; `faults` holds at most [`FAULTS_KEPT_MAX`] of each.
    pub errors: u64,
    pub warnings: u64,
    pub faults: Vec<Fault>,
}

impl FeedSummary {
    /// A feed of which only the file is known.
    pub fn begun(feed_id: Uuid, kind: Kind, file_name: String, digest: [u8; 32]) -> Self {
        FeedSummary {
            feed_id,
            kind,
            file_name,
            digest,
            extent: None,
            as_of: None,
            state: FeedState::Checking,
            counts: Counts::default(),
            errors: 0,
            warnings: 0,
            faults: Vec::new(),
        }
    }

    /// What became of it, in one sentence for the clerk.
    pub fn sentence(&self) -> String {
        let counts = &self.counts;
        match self.state {
            FeedState::Checking => "確認しています。".to_owned(),
            FeedState::Refused if counts.read == 0 => match self.faults.first() {
                Some(fault) => format!("取り込みませんでした。{fault}"),
                None => "取り込みませんでした。".to_owned(),
            },
            FeedState::Refused => format!(
                "エラーが{}件あるため、1件も取り込みませんでした（{}件を確認）。誤りを送付元に伝え、直したファイルを取り込んでください。",
                self.errors, counts.read
            ),
            FeedState::Applied | FeedState::DryRun => {
                let mut text = format!("{}件を確認し、{}。", counts.read, self.parts().join("、"));
                if self.state == FeedState::DryRun {
                    text.push_str("試し取込みのため、何も変更していません。");
                }
                if self.warnings > 0 {
                    text.push_str(&format!("注意が{}件あります。", self.warnings));
                }
                text
            }
        }
    }

    fn parts(&self) -> Vec<String> {
        let counts = &self.counts;
        let words: &[(u64, &str)] = match self.kind {
            Kind::Residents | Kind::Clinics => {
                &[(counts.added, "追加"), (counts.changed, "変更"), (counts.unchanged, "変更なし")]
            }
            Kind::Records => &[
                (counts.added, "登録"),
                (counts.unchanged, "登録済み"),
                (counts.to_review, "確認待ち"),
                (counts.refused, "取消し"),
            ],
        };
        let mut parts: Vec<String> = words.iter().map(|(count, word)| format!("{word}{count}件")).collect();
        if counts.absent > 0 {
            parts.push(format!("全件ファイルにない人{}件", counts.absent));
        }
        parts
    }
}
