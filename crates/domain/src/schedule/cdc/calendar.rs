//! CDSi's date arithmetic (rules CALCDT-1 to -6): another strategy than Japanese law, kept apart from `domain::age`.

use crate::Date;
use std::str::FromStr;

/// A civil day as a number (days since 1970-01-01), so that comparing and adding days cost nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub i32);

impl Day {
    /// "Since ever": CDSi's assumed 1900-01-01.
    pub const FIRST: Day = Day(i32::MIN / 2);
    /// "For ever": CDSi's assumed 2999-12-31.
    pub const LAST: Day = Day(i32::MAX / 2);

    #[must_use]
    pub const fn plus_days(self, days: i32) -> Day {
        Day(self.0 + days)
    }

    /// The civil date; only for days that came from a date.
    pub fn date(self) -> Date {
        let (month, day) = split(self.0);
        Date::new(month.div_euclid(12) as i16, (month.rem_euclid(12) + 1) as i8, day as i8)
            .expect("a day within the years a date can hold")
    }
}

impl From<Date> for Day {
    fn from(date: Date) -> Day {
        Anchor::from(date).day
    }
}

/// A day together with its month and day of month, for adding months many times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Anchor {
    pub day: Day,
    /// Months since year 0.
    month: i32,
    day_of_month: i32,
}

impl From<Date> for Anchor {
    fn from(date: Date) -> Anchor {
        let month = i32::from(date.year()) * 12 + i32::from(date.month()) - 1;
        let day_of_month = i32::from(date.day());
        Anchor { day: Day(first_of_month(month) + day_of_month - 1), month, day_of_month }
    }
}

impl From<Day> for Anchor {
    fn from(day: Day) -> Anchor {
        let (month, day_of_month) = split(day.0);
        Anchor { day, month, day_of_month }
    }
}

impl Anchor {
    /// Months first, then days (CALCDT-6); a date that does not exist becomes the first of the next month (CALCDT-5).
    pub fn plus(self, period: Period) -> Day {
        if period.months == 0 {
            return self.day.plus_days(period.days);
        }
        let month = self.month + period.months;
        let first = first_of_month(month);
        let day = Day(first + self.day_of_month - 1);
        if self.day_of_month <= 28 {
            return day.plus_days(period.days);
        }
        day.min(Day(first_of_month(month + 1))).plus_days(period.days)
    }
}

/// A length of time as the supporting data writes it: months (years count twelve) and days (weeks count seven).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Period {
    pub months: i32,
    pub days: i32,
}

/// The text is not a period.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a period: {0:?}")]
pub struct NotAPeriod(pub String);

impl FromStr for Period {
    type Err = NotAPeriod;

    /// Reads `12 months - 4 days`, `5 months + 4 weeks`, `0 days`.
    fn from_str(text: &str) -> Result<Period, NotAPeriod> {
        let fail = || NotAPeriod(text.to_owned());
        let mut words = text.split_whitespace();
        let mut period = Period::default();
        let mut sign = 1;
        loop {
            let number = words.next().and_then(|word| word.parse::<u16>().ok()).ok_or_else(fail)?;
            let number = sign * i32::from(number);
            match words.next().ok_or_else(fail)?.trim_end_matches('s') {
                "year" => period.months += 12 * number,
                "month" => period.months += number,
                "week" => period.days += 7 * number,
                "day" => period.days += number,
                _ => return Err(fail()),
            }
            sign = match words.next() {
                None => return Ok(period),
                Some("+") => 1,
                Some("-") => -1,
                Some(_) => return Err(fail()),
            };
        }
    }
}

/// Day number of the first of a month (months since year 0), proleptic Gregorian.
const fn first_of_month(month: i32) -> i32 {
    // March begins the year, so that the leap day is its last day.
    let shifted = month - 2;
    let year = shifted.div_euclid(12);
    let month_from_march = shifted.rem_euclid(12);
    let leaps = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    year * 365 + leaps + (month_from_march * 153 + 2) / 5 - 719_468
}

/// Month (since year 0) and day of month of a day number.
fn split(number: i32) -> (i32, i32) {
    let shifted = i64::from(number) + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let month = (era * 400 + year_of_era) * 12 + 2 + month_from_march;
    (month as i32, (day_of_year - (153 * month_from_march + 2) / 5 + 1) as i32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn added(from: Date, period: &str) -> Date {
        Anchor::from(from).plus(period.parse().unwrap()).date()
    }

    #[test]
    fn the_specification_s_own_examples_hold() {
        assert_eq!(added(date(2000, 1, 1), "3 years"), date(2003, 1, 1));
        assert_eq!(added(date(2000, 11, 1), "6 months"), date(2001, 5, 1));
        assert_eq!(added(date(2000, 2, 1), "5 weeks"), date(2000, 3, 7));
        assert_eq!(added(date(2001, 2, 1), "5 weeks"), date(2001, 3, 8));
        assert_eq!(added(date(2000, 3, 31), "6 months"), date(2000, 10, 1));
        assert_eq!(added(date(2000, 8, 31), "6 months"), date(2001, 3, 1));
        assert_eq!(added(date(2000, 1, 31), "6 months - 4 days"), date(2000, 7, 27));
    }

    #[test]
    fn every_day_agrees_with_the_calendar() {
        let mut day = date(1899, 12, 1);
        while day < date(2101, 3, 2) {
            let anchor = Anchor::from(day);
            assert_eq!(anchor.day.date(), day);
            assert_eq!(Anchor::from(anchor.day), anchor);
            assert_eq!(i64::from(anchor.day.0), day.duration_since(date(1970, 1, 1)).as_hours() / 24);
            for months in [1, 2, 11, 12, 48] {
                let month = Date::constant(day.year(), day.month(), 1) + jiff::Span::new().months(months);
                let want = if day.day() > month.days_in_month() {
                    month.last_of_month().tomorrow().unwrap()
                } else {
                    date(month.year(), month.month(), day.day())
                };
                assert_eq!(anchor.plus(Period { months, days: 0 }).date(), want, "{day} + {months}");
            }
            day = day.tomorrow().unwrap();
        }
    }

    #[test]
    fn what_is_not_a_period_is_refused() {
        for text in ["", "4", "days", "4 moons", "4 days 3", "4 days -", "99999 days", "-4 days"] {
            assert!(text.parse::<Period>().is_err(), "{text:?}");
        }
    }
}
