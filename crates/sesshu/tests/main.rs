//! The executable from outside, and the shape of the house: which crate may know which.

mod cdc_cases;
mod cdc_rules;
mod forecast_door;
mod glossary;
mod layering;
mod run;
