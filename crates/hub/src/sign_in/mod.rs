//! ログイン: who comes in, and where they go on to.

pub mod case;
pub mod sql;
pub mod web;
