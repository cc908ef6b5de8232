//! 接種記録: what was given, on which day, by whom; every version of it.
//!
//! A record is keyed from a returned 予診票 ([`entry`] reads the form, [`case`] weighs and writes), corrected by a new
//! version and withdrawn by another; nothing is overwritten. [`verdicts`] keeps the engine's answers beside the records.
//! It must never keep what cannot be true, nor what is irregular without an explanation.

pub mod case;
pub mod entry;
pub mod sql;
pub mod verdicts;
pub mod web;

pub use verdicts::{rebuild_all, rebuild_verdicts};
