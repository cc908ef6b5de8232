//! 操作ログ: what was done in a system, for the auditor.

pub mod case;
pub mod sql;
pub mod web;
pub mod words;
