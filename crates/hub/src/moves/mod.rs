//! 異動・退職: in which section somebody is from which day on, and with which day an account ends.
//!
//! A transfer never carries rights along: what was held ends with the last day in the old section, and what is needed in
//! the new one is applied for there.

pub mod case;
pub mod rules;
pub mod sql;
pub mod web;
