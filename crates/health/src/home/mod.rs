//! ホーム: what waits for me.

pub mod web;
