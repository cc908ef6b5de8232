//! The rules of municipal immunization, and nothing else.
//!
//! This crate knows no clock, database, network, async, serialization or log. Today is always an argument.
//! It must never answer a question about a date by any other way than [`age`], and never answer a question of
//! eligibility without the reason and its legal source.
//!
//! Start reading at [`schedule`]: who may be given which dose on which day, and why.

pub mod address;
pub mod age;
pub mod campaign;
pub mod coded;
pub mod coverage;
pub mod holidays;
pub mod ids;
pub mod individual_number;
pub mod intrusion;
pub mod kana;
pub mod leaving;
pub mod monthly;
pub mod oversight;
pub mod record;
pub mod schedule;
pub mod surname;
pub mod terminal;
pub mod wareki;

/// A civil day in Japan (暦日). Never an instant: a vaccination has a date, not a time.
pub use jiff::civil::Date;
