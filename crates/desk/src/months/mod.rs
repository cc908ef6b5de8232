//! 月次点検: the log of a month in figures, looked at and signed by an auditor.

pub mod case;
mod figures;
pub mod sql;
pub mod web;

pub use case::{COMPARE, carry_out};
pub use figures::Figures;
