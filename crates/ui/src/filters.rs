//! Filters for templates: `use ui::filters;` beside the template, then `{{ birth_date|both }}`.

use crate::dates;
use askama::{Result, Values};
use domain::Date;
use std::borrow::Borrow;
use std::fmt::Display;

/// 和暦 only.
#[askama::filter_fn]
pub fn wareki<D: Borrow<Date>>(date: D, _: &dyn Values) -> Result<String> {
    Ok(dates::wareki(*date.borrow()))
}

/// 西暦 only.
#[askama::filter_fn]
pub fn seireki<D: Borrow<Date>>(date: D, _: &dyn Values) -> Result<String> {
    Ok(dates::seireki(*date.borrow()))
}

/// 西暦 and 和暦.
#[askama::filter_fn]
pub fn both<D: Borrow<Date>>(date: D, _: &dyn Values) -> Result<String> {
    Ok(dates::both(*date.borrow()))
}

/// `350,000`. Takes any integer, also behind a reference.
#[askama::filter_fn]
pub fn thousands<N: Display>(number: N, _: &dyn Values) -> Result<String> {
    let text = number.to_string();
    Ok(text.parse().map_or(text, dates::thousands))
}
