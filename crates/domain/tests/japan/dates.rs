//! The date functions against a slow twin that only knows how to count days, for every birth date 2000–2030.

use super::cases::date;
use domain::Date;
use domain::age::*;

/// Leap years by the calendar's own definition.
fn is_leap(year: i32) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn length(year: i32, month: i32) -> i32 {
    match month {
        2 => 28 + i32::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// A day as year, month, day, moved one day at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Slow(i32, i32, i32);

impl Slow {
    fn of(day: Date) -> Slow {
        Slow(day.year().into(), day.month().into(), day.day().into())
    }

    fn next(self) -> Slow {
        let Slow(year, month, day) = self;
        if day < length(year, month) {
            Slow(year, month, day + 1)
        } else if month < 12 {
            Slow(year, month + 1, 1)
        } else {
            Slow(year + 1, 1, 1)
        }
    }

    fn previous(self) -> Slow {
        let Slow(year, month, day) = self;
        if day > 1 {
            Slow(year, month, day - 1)
        } else if month > 1 {
            Slow(year, month - 1, length(year, month - 1))
        } else {
            Slow(year - 1, 12, 31)
        }
    }

    /// 民法143条: from the day itself (an age) n months end on the eve of the corresponding day of the last month, or
    /// with that month where there is no such day.
    fn months_end(self, months: i32) -> Slow {
        let Slow(mut year, mut month, day) = self;
        for _ in 0..months {
            month += 1;
            if month > 12 {
                month = 1;
                year += 1;
            }
        }
        if day <= length(year, month) {
            Slow(year, month, day).previous()
        } else {
            Slow(year, month, length(year, month))
        }
    }

    fn plus(self, days: i32) -> Slow {
        (0..days).fold(self, |day, _| day.next())
    }

    /// The 1 April on or before.
    fn fiscal_start(self) -> Slow {
        let mut day = self;
        while (day.1, day.2) != (4, 1) {
            day = day.previous();
        }
        day
    }
}

fn births() -> impl Iterator<Item = Date> {
    let mut day = date("2000-01-01");
    std::iter::from_fn(move || {
        let this = day;
        day = day.tomorrow().unwrap();
        (this <= date("2030-12-31")).then_some(this)
    })
}

#[test]
fn every_age_agrees_with_the_slow_twin() {
    for birth in births() {
        let slow = Slow::of(birth);
        for months in (1..=24).chain([36, 48, 60, 78, 84, 90, 108, 132, 156, 240]) {
            let reached = reach_months(birth, months);
            assert_eq!(Slow::of(reached), slow.months_end(months), "{birth} + {months} months");
            assert_eq!(gap_months(birth, months), reached.tomorrow().unwrap(), "{birth} + {months}");
            if months % 12 == 0 {
                assert_eq!(reached, reach_years(birth, months / 12));
                assert_eq!(birthday(birth, months / 12), reached.tomorrow().unwrap());
                assert_eq!(age_years(birth, reached), months / 12);
                assert_eq!(age_years(birth, reached.yesterday().unwrap()), months / 12 - 1);
            }
        }
    }
}

#[test]
fn an_older_child_reaches_no_age_later() {
    let mut before: Option<Date> = None;
    for birth in births() {
        if let Some(older) = before {
            for months in [1, 2, 3, 6, 7, 12, 24, 36, 60, 90, 108, 132, 192, 780] {
                assert!(reach_months(older, months) <= reach_months(birth, months), "{birth} {months}");
            }
        }
        before = Some(birth);
    }
}

#[test]
fn days_and_weeks_agree_with_the_slow_twin() {
    for birth in births().step_by(3) {
        for days in [0, 1, 6, 18, 20, 27, 55, 60, 139] {
            assert_eq!(Slow::of(gap_days(birth, days)), Slow::of(birth).plus(days + 1), "{birth} + {days}");
            assert_eq!(plus_days(plus_days(birth, days), -days), birth);
        }
        for (weeks, days) in [(6, 0), (14, 6), (24, 0), (32, 0)] {
            let day = weeks_old(birth, weeks, days);
            assert_eq!(Slow::of(day), Slow::of(birth).plus(weeks * 7 + days));
        }
        assert_eq!(weeks_old(birth, 24, 0).weekday(), birth.weekday());
        let window = gestation_28_to_36_weeks(birth);
        assert_eq!(Slow::of(window.from).plus(84), Slow::of(birth));
        assert_eq!(Slow::of(window.until).plus(22), Slow::of(birth));
    }
}

#[test]
fn fiscal_years_and_school_agree_with_the_slow_twin() {
    for birth in births() {
        for years in [12, 13, 16, 65, 100] {
            let days = fiscal_year_of_age(birth, years);
            let start = Slow::of(birth).months_end(years * 12).fiscal_start();
            assert_eq!(Slow::of(days.from), start, "{birth} {years}");
            assert_eq!(Slow::of(days.until), Slow(start.0 + 1, 3, 31));
        }
        // 学校教育法17条: from the first 1 April after the day on which six is reached.
        let mut day = Slow::of(birth).months_end(72).next();
        while (day.1, day.2) != (4, 1) {
            day = day.next();
        }
        assert_eq!(Slow::of(school_start(birth)), day, "{birth}");
    }
}

#[test]
fn births_of_1_and_2_april_are_a_year_apart() {
    for year in 2000..=2030_i16 {
        let (early, late) = (Date::constant(year, 4, 1), Date::constant(year, 4, 2));
        assert_eq!(school_start(early).year() + 1, school_start(late).year());
        assert_eq!(year_before_school(early).until.tomorrow().unwrap(), year_before_school(late).from);
        for years in [12, 16, 65, 70] {
            let (one, two) = (fiscal_year_of_age(early, years), fiscal_year_of_age(late, years));
            assert_eq!(one.until.tomorrow().unwrap(), two.from, "{year} {years}");
        }
    }
}

#[test]
fn half_months_are_those_of_the_month_in_which_they_end() {
    for (from, first) in [
        ("2023-04-01", "2023-06-16"), // June has 30 days: 15
        ("2023-05-01", "2023-07-17"), // July has 31: 16
        ("2022-12-01", "2023-02-15"), // February has 28: 14
        ("2023-12-01", "2024-02-16"), // February has 29: 15
    ] {
        assert_eq!(gap_months_and_half(date(from), 2), date(first), "{from}");
    }
}

#[test]
fn the_calendar_repeats_after_28_and_400_years() {
    for birth in births() {
        for years in [28, 400] {
            let moved = Date::constant(birth.year() + years, birth.month(), birth.day());
            for months in [1, 2, 6, 12, 24, 90, 108, 192] {
                let (one, other) = (reach_months(birth, months), reach_months(moved, months));
                assert_eq!(
                    (one.year() + years, one.month(), one.day()),
                    (other.year(), other.month(), other.day())
                );
            }
        }
    }
}

#[test]
fn the_edges_of_february() {
    assert_eq!(reach_months(date("2025-12-31"), 2), date("2026-02-28"));
    assert_eq!(gap_months(date("2025-11-30"), 3), date("2026-03-01"));
    assert_eq!(reach_years(date("2024-02-29"), 1), date("2025-02-28"));
    assert_eq!(reach_years(date("2024-02-29"), 4), date("2028-02-28"));
    assert_eq!(reach_years(date("2024-03-01"), 4), date("2028-02-29"));
    assert_eq!(birthday(date("2024-02-29"), 1), date("2025-03-01"));
    assert_eq!(age_years(date("2000-01-01"), date("2019-12-31")), 20);
    assert_eq!(age_years(date("2000-01-01"), date("2019-12-30")), 19);
}
