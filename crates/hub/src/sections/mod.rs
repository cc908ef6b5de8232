//! 所属: the sections of the office, whose 所属長 approves what its people apply for.

pub mod case;
pub mod sql;
pub mod web;
