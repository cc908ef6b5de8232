//! ホーム: what waits for me, what is running, how far the programmes have come.

pub mod case;
pub mod sql;
pub mod web;
