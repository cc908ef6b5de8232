//! Tables of cases for the rules.
mod address;
mod campaign;
mod cdc;
mod coverage;
mod ids;
#[cfg(test)]
mod japan;
mod kana;
mod record;
mod wareki;
