//! Tables of cases for the rules.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod address;
mod campaign;
mod cdc;
mod coverage;
mod ids;
mod individual_number;
#[cfg(test)]
mod japan;
mod kana;
mod leaving;
mod oversight;
mod record;
mod wareki;
