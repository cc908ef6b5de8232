//! 対象者抽出・発送: a frozen list of people for one programme, released by a second person, then printed.
//!
//! [`extract`] asks the engine and `domain::campaign` about everybody; [`case`] creates, releases and cancels;
//! [`summary`] counts what the approver must see; [`web`] shows it. Paper itself is [`crate::sheets`]' work.
//! It must never list anybody by another rule than the engine's, nor change a list after it is frozen.

pub mod case;
pub mod extract;
pub mod sql;
pub mod summary;
pub mod table;
pub mod web;
