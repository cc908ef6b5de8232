//! 自分の設定: a person's own means of signing in, and where they are signed in now.

pub mod case;
pub mod web;
