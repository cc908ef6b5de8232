//! What is keyed of a dose: amounts as people type them, and the usual amount by vaccine and age.

use domain::{
    Date,
    record::{VolumeError, parse_volume, usual_volume, vaccines_in_force, volume_text},
    schedule::{Facts, Person, Series, Sex, Vaccine},
};

#[test]
fn amounts_are_read_as_people_write_them() {
    for (typed, centi) in [
        ("0.5", 50),
        (".5", 50),
        ("0.50", 50),
        ("0.500", 50),
        ("0.25", 25),
        ("０．２５", 25),
        ("1", 100),
        ("1.5 mL", 150),
        ("9.99", 999),
        ("0.01", 1),
    ] {
        assert_eq!(parse_volume(typed), Ok(centi), "{typed}");
    }
    for (typed, error) in [
        ("", VolumeError::NotANumber),
        (".", VolumeError::NotANumber),
        ("0.255", VolumeError::NotANumber),
        ("0,5", VolumeError::NotANumber),
        ("-0.5", VolumeError::NotANumber),
        ("半分", VolumeError::NotANumber),
        ("0", VolumeError::OutOfRange),
        ("10", VolumeError::OutOfRange),
        ("99999999999999999999", VolumeError::OutOfRange),
    ] {
        assert_eq!(parse_volume(typed), Err(error), "{typed}");
    }
    for (centi, text) in [(50, "0.5"), (25, "0.25"), (100, "1.0"), (150, "1.5"), (999, "9.99")] {
        assert_eq!(volume_text(centi), text);
        assert_eq!(parse_volume(text), Ok(centi));
    }
}

fn born(birth_date: Date) -> Person {
    Person { birth_date, sex: Sex::Female, facts: Facts::default() }
}

/// 日本脳炎: 0.25 mL under three years, 0.5 mL from three (実施規則14条). On the eve of the birthday both are right.
#[test]
fn the_usual_amount_follows_the_age_on_the_day() {
    let child = born(Date::constant(2023, 5, 10));
    let usual = |on: Date| usual_volume(&child, Vaccine::Je, on);
    assert_eq!(usual(Date::constant(2026, 5, 8)), Some(25));
    assert_eq!(usual(Date::constant(2026, 5, 9)), None, "the eve of the third birthday");
    assert_eq!(usual(Date::constant(2026, 5, 10)), Some(50));
    assert_eq!(usual_volume(&child, Vaccine::Bcg, Date::constant(2023, 10, 10)), None, "管針");
    assert_eq!(usual_volume(&child, Vaccine::Mumps, Date::constant(2026, 5, 10)), None, "not of the law");
}

#[test]
fn a_sheet_offers_the_products_of_its_day() {
    let offered = |on| vaccines_in_force(Series::Pcv, on);
    assert!(offered(Date::constant(2024, 9, 30)).contains(&Vaccine::Pcv13));
    assert!(!offered(Date::constant(2024, 10, 1)).contains(&Vaccine::Pcv13));
    assert!(offered(Date::constant(2024, 10, 1)).contains(&Vaccine::Pcv20));
}
