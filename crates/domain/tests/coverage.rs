//! 接種率: who counts in a fiscal year, on the day before, the day and the day after.

use domain::{
    Date,
    coverage::{Coverage, Tally},
    schedule::{Facts, GivenDose, Japan, Person, Series, Settings, Sex, Vaccine},
};

fn mr1(birth: Date, doses: &[GivenDose], today: Date) -> Coverage {
    let engine = Japan::new(Settings::default());
    let person = Person { birth_date: birth, sex: Sex::Female, facts: Facts::default() };
    let mut tally = Tally::default();
    tally.add(&engine, &person, doses, today);
    tally.iter().find(|(series, _)| *series == Series::Mr1).map(|(_, coverage)| coverage).unwrap()
}

const fn day(year: i16, month: i8, day: i8) -> Date {
    Date::constant(year, month, day)
}

#[test]
fn a_child_counts_in_the_year_in_which_the_window_closes() {
    let today = day(2026, 11, 23);
    // 生後24月に至る日: 2024-04-01 births reach it on 2026-03-31, 2024-04-02 on 2026-04-01.
    for (birth, targets) in [
        (day(2024, 4, 1), 0),
        (day(2024, 4, 2), 1),
        (day(2024, 4, 3), 1),
        (day(2025, 3, 31), 1),
        (day(2025, 4, 1), 1),
        (day(2025, 4, 2), 0),
    ] {
        assert_eq!(mr1(birth, &[], today), Coverage { targets, complete: 0 }, "{birth}");
    }
}

#[test]
fn a_child_is_complete_with_the_dose() {
    let given = [GivenDose::new(day(2026, 5, 1), Vaccine::Mr)];
    let coverage = mr1(day(2025, 2, 1), &given, day(2026, 11, 23));
    assert_eq!(coverage, Coverage { targets: 1, complete: 1 });
    assert_eq!(coverage.percent(), Some(100.0));
    assert_eq!(Coverage::default().percent(), None);
}
