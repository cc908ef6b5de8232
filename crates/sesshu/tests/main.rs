//! The executable from outside, and the shape of the house: which crate may know which.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod backup;
mod cdc_cases;
mod cdc_rules;
mod corpus;
mod extract_against_sql;
mod forecast_door;
mod glossary;
mod layering;
mod run;
