//! 権限の申請・承認・付与: three steps by three people, and the days on which somebody holds a role.
//!
//! Start reading at [`steps`], which decides; the tables are in `migrations/0030_rights.sql`.

pub mod case;
pub mod sql;
pub mod steps;
pub mod web;
