//! 対応表: the table of duties and rights on screen and on paper, and who has signed which version of it.

pub mod case;
pub mod sql;
pub mod web;
