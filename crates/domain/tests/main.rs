//! Tables of cases for the rules.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod address;
mod campaign;
mod cdc;
mod coverage;
mod holidays;
mod ids;
mod individual_number;
mod intrusion;
#[cfg(test)]
mod japan;
mod kana;
mod leaving;
mod monthly;
mod oversight;
mod record;
mod surname;
mod terminal;
mod wareki;
