//! 年齢計算ニ関する法律 and 民法143条: the only place that adds days, months or years to a date.
//!
//! An age is completed at the end of the eve of the birthday. Nobody vaccinates at midnight, so that whole day counts
//! both as "already reached" (以上・から) and as "not yet passed" (未満・至るまで): every window below is closed at both
//! ends (厚生労働省 結核感染症課事務連絡 平成26年3月11日).

use crate::Date;

/// A closed span of days, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Days {
    pub from: Date,
    pub until: Date,
}

impl Days {
    pub const fn new(from: Date, until: Date) -> Days {
        Days { from, until }
    }

    /// No end at either side.
    pub const ALWAYS: Days = Days { from: Date::MIN, until: Date::MAX };

    pub fn contains(self, on: Date) -> bool {
        self.from <= on && on <= self.until
    }

    pub fn is_empty(self) -> bool {
        self.until < self.from
    }

    /// The days in both.
    #[must_use]
    pub fn and(self, other: Days) -> Days {
        Days { from: self.from.max(other.from), until: self.until.min(other.until) }
    }
}

fn month_at(day: Date, months: i32) -> Date {
    let index = i32::from(day.year()) * 12 + i32::from(day.month()) - 1 + months;
    let year = i16::try_from(index.div_euclid(12)).expect("ages and intervals stay within the calendar");
    Date::constant(year, (index.rem_euclid(12) + 1) as i8, 1)
}

/// The day `days` later (negative: earlier); stops at the ends of the calendar.
#[must_use]
pub fn plus_days(day: Date, days: i32) -> Date {
    // Within the month, which is most often, nothing has to be looked up.
    let moved = i32::from(day.day()).saturating_add(days);
    if (1..=28).contains(&moved) {
        return Date::constant(day.year(), day.month(), moved as i8);
    }
    // Intervals of weeks end in the next month at the latest.
    let into_next = moved.saturating_sub(i32::from(day.days_in_month()));
    if (1..=28).contains(&into_next) && day.year() < 9999 {
        let (year, month) =
            if day.month() == 12 { (day.year() + 1, 1) } else { (day.year(), day.month() + 1) };
        return Date::constant(year, month, into_next as i8);
    }
    let Some((year, month, day_of_month)) = civil(number(day).saturating_add(days)) else {
        return if days < 0 { Date::MIN } else { Date::MAX };
    };
    Date::constant(year, month, day_of_month)
}

/// Days since 1 March of year 0 (proleptic Gregorian); March begins the year, so that the leap day ends it.
fn number(day: Date) -> i32 {
    let months = i32::from(day.year()) * 12 + i32::from(day.month()) - 3;
    let (year, month) = (months.div_euclid(12), months.rem_euclid(12));
    year * 365 + year.div_euclid(4) - year.div_euclid(100)
        + year.div_euclid(400)
        + (month * 153 + 2) / 5
        + i32::from(day.day())
        - 1
}

/// Year, month and day of a [`number`]; `None` outside the calendar (years -9999 to 9999).
fn civil(number: i32) -> Option<(i16, i8, i8)> {
    let (era, day_of_era) = (number.div_euclid(146_097), number.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let months = (era * 400 + year_of_era) * 12 + month_from_march + 2;
    let year = months.div_euclid(12);
    if !(-9999..=9999).contains(&year) {
        return None;
    }
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    Some((year as i16, (months.rem_euclid(12) + 1) as i8, day as i8))
}

/// 生後n月に至った日: the eve of the corresponding day, or the last day of the month where there is none — then
/// nothing more is subtracted. 年齢計算ニ関する法律; 民法143条2項.
#[doc(alias = "生後n月に至った日")]
#[must_use]
pub fn reach_months(birth: Date, months: i32) -> Date {
    let first = month_at(birth, months);
    if birth.day() > first.days_in_month() {
        first.last_of_month()
    } else if birth.day() == 1 {
        first.yesterday().expect("dates of living people are far from the limits")
    } else {
        Date::constant(first.year(), first.month(), birth.day() - 1)
    }
}

/// n歳に達した日.
#[doc(alias = "n歳に達した日")]
#[must_use]
pub fn reach_years(birth: Date, years: i32) -> Date {
    reach_months(birth, years * 12)
}

/// The n-th birthday as people keep it: 29 February is 1 March in a common year.
#[doc(alias = "誕生日")]
#[must_use]
pub fn birthday(birth: Date, years: i32) -> Date {
    gap_months(birth, years * 12)
}

/// Completed years on a day, counted by the law (on the eve of the birthday one is already older).
#[doc(alias = "満年齢")]
#[must_use]
pub fn age_years(birth: Date, on: Date) -> i32 {
    let years = i32::from(on.year()) - i32::from(birth.year());
    // The eve of a birthday on 1 January lies in the year before.
    if reach_years(birth, years + 1) <= on {
        years + 1
    } else if reach_years(birth, years) <= on {
        years
    } else {
        years - 1
    }
}

/// 年齢 as people say it on a day: whole years and months completed, counted on the corresponding day itself.
///
/// For showing only. Whether an age is *reached* on its eve is a question for [`reach_months`].
pub fn years_and_months(birth: Date, on: Date) -> (i32, i32) {
    let calendar = (i32::from(on.year()) - i32::from(birth.year())) * 12 + i32::from(on.month())
        - i32::from(birth.month());
    // The corresponding day is the day after the age is reached.
    let months = if reach_months(birth, calendar) < on { calendar } else { calendar - 1 };
    (months.max(0) / 12, months.max(0) % 12)
}

/// 出生w週d日後: the day of birth is 0w0d, so w weeks later is the same weekday.
#[doc(alias = "出生週数")]
#[must_use]
pub fn weeks_old(birth: Date, weeks: i32, days: i32) -> Date {
    plus_days(birth, weeks * 7 + days)
}

/// N日以上の間隔: the first day allowed has N whole days between (27日 → the same weekday four weeks later).
#[doc(alias = "n日以上の間隔")]
#[must_use]
pub fn gap_days(previous: Date, days: i32) -> Date {
    plus_days(previous, days + 1)
}

/// N月以上の間隔: the same day N months later; where the month has no such day, the first of the next.
/// 民法143条2項: the period ends on the eve (or the last day of the month), the day after it is free.
#[doc(alias = "n月以上の間隔")]
#[must_use]
pub fn gap_months(previous: Date, months: i32) -> Date {
    let first = month_at(previous, months);
    if previous.day() > first.days_in_month() {
        month_at(first, 1)
    } else {
        Date::constant(first.year(), first.month(), previous.day())
    }
}

/// N月半以上の間隔 (2価HPV): half of the month in which the whole months end, rounded up (31 days → 16).
/// 厚生労働省 HPVワクチン説明資料: 1 April and 2月半 → 16 June.
#[doc(alias = "n月半以上の間隔")]
#[must_use]
pub fn gap_months_and_half(previous: Date, months: i32) -> Date {
    let half = (month_at(previous, months).days_in_month() + 1) / 2;
    plus_days(gap_months(previous, months), i32::from(half))
}

/// 年度 in which a day lies, named by the year of its 1 April.
#[doc(alias = "年度")]
#[must_use]
pub fn fiscal_year(day: Date) -> i16 {
    if day.month() >= 4 { day.year() } else { day.year() - 1 }
}

/// 年度の初日 and 末日.
#[must_use]
pub fn fiscal_year_days(year: i16) -> Days {
    Days::new(Date::constant(year, 4, 1), Date::constant(year + 1, 3, 31))
}

/// n歳となる日の属する年度: births from 2 April to 1 April fall together, because the eve decides.
#[doc(alias = "n歳となる日の属する年度")]
#[must_use]
pub fn fiscal_year_of_age(birth: Date, years: i32) -> Days {
    // The eve keeps its place in the year whatever the age, so the year of birth decides once for all ages.
    let born_in = fiscal_year(birth) - i16::from(birth.month() == 4 && birth.day() == 1);
    fiscal_year_days(born_in + i16::try_from(years).expect("ages are small"))
}

/// 小学校就学の始期: the first 1 April on or after the day following the sixth birthday's eve. 学校教育法17条1項.
#[doc(alias = "小学校就学の始期")]
#[must_use]
pub fn school_start(birth: Date) -> Date {
    Date::constant(fiscal_year(reach_years(birth, 6)) + 1, 4, 1)
}

/// 5歳以上7歳未満で小学校就学の始期に達する日の1年前の日から当該始期に達する日の前日まで.
#[doc(alias = "就学前1年")]
#[must_use]
pub fn year_before_school(birth: Date) -> Days {
    let start = school_start(birth);
    fiscal_year_days(start.year() - 1)
}

/// 妊娠28週0日から36週6日まで, counted from the expected day of delivery (40週0日).
#[doc(alias = "妊娠週数")]
#[must_use]
pub fn gestation_28_to_36_weeks(due: Date) -> Days {
    Days::new(gestation_week(due, 28, 0), gestation_week(due, 36, 6))
}

/// 妊娠w週d日.
#[must_use]
pub fn gestation_week(due: Date, weeks: i32, days: i32) -> Date {
    plus_days(due, weeks * 7 + days - 280)
}

#[cfg(test)]
mod plus_days_tests {
    use super::*;

    #[test]
    fn adding_days_agrees_with_the_calendar_everywhere() {
        let mut day = Date::constant(1899, 12, 1);
        while day < Date::constant(2101, 3, 2) {
            for days in [-400, -31, -1, 0, 1, 4, 27, 28, 365, 1461] {
                assert_eq!(
                    plus_days(day, days),
                    day.saturating_add(jiff::Span::new().days(days)),
                    "{day} + {days}"
                );
            }
            day = day.tomorrow().unwrap();
        }
        for days in [1, 28, 400, i32::MAX] {
            assert_eq!(plus_days(Date::MAX, days), Date::MAX);
            assert_eq!(plus_days(Date::MIN, -days), Date::MIN);
        }
    }
}
