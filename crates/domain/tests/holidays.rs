//! Days on which the office is closed, against the years that were announced (国立天文台「暦要項」).

use domain::{
    Date,
    holidays::{is_holiday, is_office_day},
};
use jiff::ToSpan;

const ANNOUNCED: &[(i16, &str)] = &[
    (2022, "1/1 1/10 2/11 2/23 3/21 4/29 5/3 5/4 5/5 7/18 8/11 9/19 9/23 10/10 11/3 11/23"),
    (2023, "1/1 1/2 1/9 2/11 2/23 3/21 4/29 5/3 5/4 5/5 7/17 8/11 9/18 9/23 10/9 11/3 11/23"),
    (
        2024,
        "1/1 1/8 2/11 2/12 2/23 3/20 4/29 5/3 5/4 5/5 5/6 7/15 8/11 8/12 9/16 9/22 9/23 10/14 11/3 11/4 11/23",
    ),
    (2025, "1/1 1/13 2/11 2/23 2/24 3/20 4/29 5/3 5/4 5/5 5/6 7/21 8/11 9/15 9/23 10/13 11/3 11/23 11/24"),
    (2026, "1/1 1/12 2/11 2/23 3/20 4/29 5/3 5/4 5/5 5/6 7/20 8/11 9/21 9/22 9/23 10/12 11/3 11/23"),
    (2027, "1/1 1/11 2/11 2/23 3/21 3/22 4/29 5/3 5/4 5/5 7/19 8/11 9/20 9/23 10/11 11/3 11/23"),
];

#[test]
fn the_holidays_of_a_year_are_those_announced() {
    for (year, announced) in ANNOUNCED {
        let mut on = Date::constant(*year, 1, 1);
        let mut found = Vec::new();
        while on.year() == *year {
            if is_holiday(on) {
                found.push(format!("{}/{}", on.month(), on.day()));
            }
            on = on.checked_add(1.day()).unwrap();
        }
        assert_eq!(found.join(" "), *announced, "{year}");
    }
}

#[test]
fn the_equinoxes_wander_as_the_almanac_says() {
    for (year, spring, autumn) in [(2044, 20, 22), (2050, 20, 23), (2077, 20, 22), (2099, 20, 23)] {
        let is = |month, day| is_holiday(Date::new(year, month, day).unwrap());
        assert!(is(3, spring) && is(9, autumn), "{year}");
        assert!(!is(3, spring - 2) && !is(9, autumn + 2), "{year}");
    }
}

#[test]
fn the_office_is_closed_at_weekends_on_holidays_and_at_the_turn_of_the_year() {
    for (on, is_open) in [
        ("2026-12-28", true),
        ("2026-12-29", false),
        ("2027-01-03", false),
        ("2027-01-04", true),
        ("2026-11-20", true),
        ("2026-11-21", false),
        ("2026-11-22", false),
        ("2026-11-23", false),
        ("2026-11-24", true),
        // Between 敬老の日 and 秋分の日.
        ("2026-09-22", false),
        ("2026-09-24", true),
    ] {
        assert_eq!(is_office_day(on.parse().unwrap()), is_open, "{on}");
    }
}
