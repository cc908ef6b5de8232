//! 委託先の入力担当者: accounts that end with their contract.

pub mod case;
pub mod sql;
pub mod web;
