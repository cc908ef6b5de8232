//! 鍵の更新と個人番号の廃棄の申請: what the hub does under two persons' eyes.
//!
//! A key ceremony is asked for here by an ID manager, approved by a 所属長, and carried out at the machine itself with
//! `sesshu keys rotate --ceremony`. A disposal is asked for by a 個人番号取扱者 for one person, approved likewise, and
//! carried out by whoever asked.

pub mod case;
pub mod rules;
pub mod web;
