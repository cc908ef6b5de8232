//! 年齢計算ニ関する法律 and 民法143条: the only place that adds days, months or years to a date.

use crate::Date;

/// The day an age of `months` is reached (生後n月に至った日): the eve of the corresponding day, or the last day of
/// the month where there is none. 年齢計算ニ関する法律; 民法143条2項.
pub fn reach_months(birth: Date, months: i32) -> Date {
    let index = i32::from(birth.year()) * 12 + i32::from(birth.month()) - 1 + months;
    let (year, month) = (index.div_euclid(12) as i16, (index.rem_euclid(12) + 1) as i8);
    let first = Date::constant(year, month, 1);
    if birth.day() > first.days_in_month() {
        first.last_of_month()
    } else {
        Date::constant(year, month, birth.day())
            .yesterday()
            .expect("dates of living people are far from the limits")
    }
}
