//! 職員・ログ: who may sign in, what they may do, and what was done.

pub mod case;
pub mod sql;
pub mod web;
