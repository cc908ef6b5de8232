//! What must hold for any text that somebody types: dates, numbers, search keys.

use domain::{address, ids, individual_number::IndividualNumber, kana, record, wareki};
use std::fmt::Display;

/// A date that was understood is written and understood again, and is in the range that was promised.
pub fn date(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    match wareki::parse(&text) {
        Ok(day) => {
            assert!((1873..=2199).contains(&day.year()), "{text:?} is {day}");
            assert_eq!(wareki::parse(&wareki::long(day)), Ok(day), "{text:?}");
            assert_eq!(wareki::parse(&day.to_string()), Ok(day), "{text:?}");
        }
        Err(error) => assert!(error.to_string().ends_with(['い', '）']), "{error}"),
    }
}

/// What was taken as a number is written and taken again as the same.
pub fn numbers(bytes: &[u8]) {
    fn again<T: Display + PartialEq + std::fmt::Debug, E>(text: &str, parse: fn(&str) -> Result<T, E>) {
        if let Ok(number) = parse(text) {
            assert_eq!(parse(&number.to_string()).ok(), Some(number), "{text:?}");
        }
    }
    let text = String::from_utf8_lossy(bytes);
    again(&text, ids::MunicipalityCode::parse);
    again(&text, ids::AddresseeNumber::parse);
    again(&text, ids::HouseholdNumber::parse);
    again(&text, ids::ClinicCode::parse);
    again(&text, ids::PostalCode::parse);
    again(&text, ids::LotNumber::parse);
    again(&text, ids::SheetNumber::parse);
    if let Ok(number) = IndividualNumber::parse(&text) {
        let shown = format!("{number:?}");
        assert!(!shown.contains(|c: char| c.is_ascii_digit()), "{shown}");
    }
    record::parse_volume(&text).ok();
    domain::schedule::cdc::parse_span(&text).ok();
}

/// A key is not longer than its text allows, and the key of a key is itself.
pub fn keys(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let kana = kana::key(&text);
    assert!(kana.len() <= 3 * text.len(), "{text:?}");
    assert_eq!(kana::key(&kana), kana, "{text:?}");
    let address = address::key(&text);
    assert!(address.len() <= 16 * text.len() + 16, "{text:?}");
}
