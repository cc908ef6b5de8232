//! The schedule engine (接種スケジュール): one interpreter, two rule packs.
//!
//! [`forecast`](japan::Japan::forecast) judges every dose a person has had by the rules of its own day and says
//! for each series what may be given next, from when, until when, and why.

pub mod cdc;
pub mod interpreter;
pub mod japan;
pub mod reason;
pub mod types;

pub use japan::{Japan, RuleRow, Step};
pub use reason::{Reason, Severity};
pub use types::*;
