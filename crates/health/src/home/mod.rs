//! ホーム: what waits for me.

pub mod sql;
pub mod web;
