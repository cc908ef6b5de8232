//! ネットワーク外の提供: records of certain people for somebody with a legal ground, checked by a second person, handed out
//! once, and kept as 提供記録 for whoever asks to whom their records went.
//!
//! It must never hold a 個人番号 (this system has none), nor the address of somebody under 支援措置.

pub mod case;
pub mod document;
pub mod sql;
pub mod web;
