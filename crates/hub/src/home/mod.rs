//! ホーム: where somebody can go on to.

pub mod web;
