//! 気になる閲覧: looks that call for a question, found once a day in the log, for the auditor to decide on.
//!
//! What calls for one is `domain::oversight`'s. Each system says which of its deeds are looks, and what it knows of the
//! people looked at; no name of theirs comes here.

pub mod case;
mod job;
pub mod sql;
pub mod web;

pub use job::{DAILY, Facts, Looks, gather, keep};
