//! 支援措置対象者の印刷: the sheet of a person whom every list and print leaves out, asked for one by one.
//!
//! Somebody says how the sheet reaches the person, another person approves this very person, and one page is printed into
//! a file of its own, marked 取扱注意. It must never print the registered address: either no address stands on the sheet, or
//! the 送付先 that the person has had registered, and only where that was approved.

pub mod case;
pub mod sql;
pub mod web;
