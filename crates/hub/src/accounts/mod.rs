//! 職員ID: who may sign in, and what they may do.

pub mod case;
pub mod sql;
pub mod web;
