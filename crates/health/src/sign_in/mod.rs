//! ログイン・ログアウト.

pub mod web;
