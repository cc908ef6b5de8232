//! 持出し: a list of people as a file, asked for by one person, approved by another, sealed for its recipient, and written
//! into the 持出し台帳 until somebody says that it is gone.
//!
//! Print files are not asked for here: their campaign was released by a second person already. It must never hand a list
//! to anybody but whoever asked for it, nor one that is not the list the other person approved.

pub mod case;
pub mod seal;
pub mod sql;
pub mod web;
