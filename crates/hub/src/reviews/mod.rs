//! 権限の点検: at the start of the fiscal year and when needed, each section's 所属長 confirms who holds which rights.
//!
//! A review is a frozen list. Nobody confirms their own rights, a removal goes the way of every removal, and what is
//! signed does not change. Start reading at [`rules`]; the tables are in `migrations/0051_reviews.sql`.

pub mod case;
pub mod part_web;
pub mod plan;
pub mod rules;
pub mod sql;
pub mod start;
pub mod start_sql;
pub mod web;
