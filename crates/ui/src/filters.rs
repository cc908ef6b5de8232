//! Filters for templates: `use ui::filters;` beside the template, then `{{ birth_date|both }}`.

use crate::dates;
use askama::{Result, Values};
use domain::Date;
use std::fmt::Display;

/// A date, behind as many references as a template's loops and bindings put before it.
pub trait AsDay {
    fn day(&self) -> Date;
}

impl AsDay for Date {
    fn day(&self) -> Date {
        *self
    }
}

impl<T: AsDay + ?Sized> AsDay for &T {
    fn day(&self) -> Date {
        T::day(self)
    }
}

/// 和暦 only.
#[askama::filter_fn]
pub fn wareki<D: AsDay>(date: D, _: &dyn Values) -> Result<String> {
    Ok(dates::wareki(date.day()))
}

/// 西暦 only.
#[askama::filter_fn]
pub fn seireki<D: AsDay>(date: D, _: &dyn Values) -> Result<String> {
    Ok(dates::seireki(date.day()))
}

/// 西暦 and 和暦.
#[askama::filter_fn]
pub fn both<D: AsDay>(date: D, _: &dyn Values) -> Result<String> {
    Ok(dates::both(date.day()))
}

/// `350,000`. Takes any integer, also behind a reference.
#[askama::filter_fn]
pub fn thousands<N: Display>(number: N, _: &dyn Values) -> Result<String> {
    let text = number.to_string();
    Ok(text.parse().map_or(text, dates::thousands))
}
