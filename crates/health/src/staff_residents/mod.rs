//! 職員の住民登録: which resident a member of staff is, noted by an auditor so that looks at one's own are found.

pub mod case;
pub mod sql;
pub mod web;
