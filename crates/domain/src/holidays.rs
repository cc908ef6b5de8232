//! 休日: the days on which the office is closed.
//!
//! The law's present list, in force without exception since 2022 (2019 to 2021 had days of their own for the
//! enthronement and the Olympics). Equinoxes are computed; the almanac office announces them a year ahead
//! (国立天文台「暦要項」), and from 1980 to 2099 the formula gives the announced days.

use crate::Date;
use jiff::{ToSpan, civil::Weekday};

/// 国民の祝日: a day of 国民の祝日に関する法律2条, without its substitutes.
#[doc(alias = "国民の祝日")]
fn is_named(on: Date) -> bool {
    let monday = |nth: i8| on.weekday() == Weekday::Monday && (on.day() - 1) / 7 + 1 == nth;
    match (on.month(), on.day()) {
        // 元日、建国記念の日(政令)、天皇誕生日
        (1, 1) | (2, 11 | 23) => true,
        // 昭和の日、憲法記念日、みどりの日、こどもの日
        (4, 29) | (5, 3..=5) => true,
        // 山の日、文化の日、勤労感謝の日
        (8, 11) | (11, 3 | 23) => true,
        (3, day) => day == equinox(on.year(), 20_843_100),
        // 敬老の日、秋分の日
        (9, day) => monday(3) || day == equinox(on.year(), 23_248_800),
        // 成人の日、スポーツの日
        (1 | 10, _) => monday(2),
        // 海の日
        (7, _) => monday(3),
        _ => false,
    }
}

/// The day of the month in Japan's time; `base` is the moment of 1980 in millionths of a day.
fn equinox(year: i16, base: i64) -> i8 {
    let years = i64::from(year) - 1980;
    let day = (base + 242_194 * years - 1_000_000 * years.div_euclid(4)) / 1_000_000;
    i8::try_from(day).unwrap_or(0)
}

/// 祝日法による休日: a named day, its substitute after a Sunday, or a day between two named ones.
#[doc(alias = "振替休日")]
pub fn is_holiday(on: Date) -> bool {
    if is_named(on) {
        return true;
    }
    // 国民の祝日に関する法律 第3条2項: the next day that is not itself named, counted from a named Sunday.
    let mut before = on.saturating_sub(1.day());
    while is_named(before) {
        if before.weekday() == Weekday::Sunday {
            return true;
        }
        before = before.saturating_sub(1.day());
    }
    // 第3条3項
    is_named(on.saturating_sub(1.day())) && is_named(on.saturating_add(1.day()))
}

/// 開庁日: no weekend, no holiday, not the turn of the year (地方自治法4条の2第2項; 12月29日から1月3日まで, as with the
/// offices of the state, 行政機関の休日に関する法律1条).
#[doc(alias = "閉庁日")]
pub fn is_office_day(on: Date) -> bool {
    let is_turn = matches!((on.month(), on.day()), (12, 29..=31) | (1, 1..=3));
    !matches!(on.weekday(), Weekday::Saturday | Weekday::Sunday) && !is_turn && !is_holiday(on)
}
