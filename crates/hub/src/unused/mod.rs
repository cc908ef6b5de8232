//! 確認が必要な個人ID: accounts that nobody uses, that hold nothing, or that nobody answers for any more.

pub mod case;
pub mod rules;
pub mod sql;
pub mod web;
