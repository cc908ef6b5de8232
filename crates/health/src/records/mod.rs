//! 接種記録: what was given, on which day, by whom; every version of it.

pub mod sql;
