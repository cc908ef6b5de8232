//! 和暦 and 西暦: reading and writing dates as people in the office do.
//!
//! Reading is generous about form (`R6.4.1`, `令和６年４月１日`, `20240401`) and strict about truth: a day that does not
//! exist, or not in that era, is refused with a sentence that says what to type instead.

use crate::Date;

/// 元号.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Era {
    Meiji,
    Taisho,
    Showa,
    Heisei,
    Reiwa,
}

impl Era {
    /// Newest first: most dates are found at once.
    pub const ALL: [Era; 5] = [Era::Reiwa, Era::Heisei, Era::Showa, Era::Taisho, Era::Meiji];

    pub const fn ja(self) -> &'static str {
        match self {
            Era::Meiji => "明治",
            Era::Taisho => "大正",
            Era::Showa => "昭和",
            Era::Heisei => "平成",
            Era::Reiwa => "令和",
        }
    }

    pub const fn letter(self) -> char {
        match self {
            Era::Meiji => 'M',
            Era::Taisho => 'T',
            Era::Showa => 'S',
            Era::Heisei => 'H',
            Era::Reiwa => 'R',
        }
    }

    /// The day the era begins. 明治 counts from 1868, but Japan's calendar is ours only from 明治6年1月1日 (明治5年太政官布告
    /// 第337号), and no earlier day can be the birth date of anyone in a register.
    pub const fn first_day(self) -> Date {
        match self {
            Era::Meiji => Date::constant(1873, 1, 1),
            Era::Taisho => Date::constant(1912, 7, 30),
            Era::Showa => Date::constant(1926, 12, 25),
            Era::Heisei => Date::constant(1989, 1, 8),
            Era::Reiwa => Date::constant(2019, 5, 1),
        }
    }

    /// The western year of the era's year zero.
    const fn year_zero(self) -> i16 {
        match self {
            Era::Meiji => 1867,
            Era::Taisho => 1911,
            Era::Showa => 1925,
            Era::Heisei => 1988,
            Era::Reiwa => 2018,
        }
    }
}

/// The era of a day and the year in it; `None` before 明治6年.
pub fn era_year(date: Date) -> Option<(Era, i16)> {
    let era = Era::ALL.into_iter().find(|era| date >= era.first_day())?;
    Some((era, date.year() - era.year_zero()))
}

/// No birth, dose or deadline lies beyond; a typed year outside is a slip of the finger.
const YEAR_MAX: i32 = 2199;
const YEAR_MIN: i32 = 1873;

/// Why a typed date was not taken. `Display` is the sentence for the person who typed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DateError {
    #[error("日付を入力してください（例：令和6年4月1日、R6.4.1、2024-04-01）")]
    Empty,
    #[error("日付は「令和6年4月1日」「R6.4.1」「2024-04-01」「20240401」のいずれかの形で入力してください")]
    Unreadable,
    #[error("年号（令和、平成、昭和など）か西暦4桁を付けて、「令和6年4月1日」のように入力してください")]
    EraMissing,
    #[error("{month}月という月はありません。月は1から12までで入力してください")]
    NoSuchMonth { month: u32 },
    #[error("{year}年{month}月に{day}日はありません。日は1から{last}までで入力してください")]
    NoSuchDay { year: i16, month: i8, day: u32, last: i8 },
    #[error("{}{}年{}月{}日という日はありません。「{}」と入力してください", typed.ja(), year, right.month(), right.day(), long(*right))]
    OutsideEra { typed: Era, year: u32, right: Date },
    #[error("年は西暦1873年（明治6年）から2199年までの範囲で入力してください")]
    YearOutOfRange,
}

/// Reads a date in any of the forms the office writes.
pub fn parse(text: &str) -> Result<Date, DateError> {
    if let Some(date) = parse_iso(text.as_bytes()) {
        return Ok(date);
    }
    let folded: String = text.chars().filter(|c| !c.is_whitespace()).map(fold).collect();
    if folded.is_empty() {
        return Err(DateError::Empty);
    }
    match strip_era(&folded) {
        Some((era, rest)) => {
            let (year, month, day) = numbers(rest, 6)?;
            in_era(era, year, month, day)
        }
        None => {
            let (year, month, day) = numbers(&folded, 8)?;
            if year < 1000 {
                return Err(DateError::EraMissing);
            }
            day_of(year as i32, month, day)
        }
    }
}

/// The form of files, read without folding because an import reads millions of them.
fn parse_iso(bytes: &[u8]) -> Option<Date> {
    let [a, b, c, d, b'-', m, n, b'-', x, y] = *bytes else { return None };
    let digit = |byte: u8| byte.is_ascii_digit().then(|| i16::from(byte - b'0'));
    let year = digit(a)? * 1000 + digit(b)? * 100 + digit(c)? * 10 + digit(d)?;
    let (month, day) = (digit(m)? * 10 + digit(n)?, digit(x)? * 10 + digit(y)?);
    if i32::from(year) < YEAR_MIN || i32::from(year) > YEAR_MAX {
        return None;
    }
    Date::new(year, month as i8, day as i8).ok()
}

/// Full-width forms and the many separators become one.
fn fold(c: char) -> char {
    let c = match c {
        '\u{FF01}'..='\u{FF5E}' => {
            char::from_u32(c as u32 - 0xFEE0).expect("full-width ASCII has an ASCII twin")
        }
        other => other,
    };
    match c {
        '年' | '月' | '.' | '/' | '-' | '・' | '−' | '‐' | '―' | '–' | '。' | '、' | ',' => '-',
        other => other.to_ascii_uppercase(),
    }
}

fn strip_era(folded: &str) -> Option<(Era, &str)> {
    Era::ALL.into_iter().find_map(|era| {
        let name = era.ja();
        let short = name.chars().next().expect("every era has a name");
        folded
            .strip_prefix(name)
            .or_else(|| folded.strip_prefix(short))
            .or_else(|| folded.strip_prefix(era.letter()))
            .map(|rest| (era, rest.strip_prefix('-').unwrap_or(rest)))
    })
}

/// Year, month and day, separated or as `compact` digits in a row.
fn numbers(folded: &str, compact: usize) -> Result<(u32, u32, u32), DateError> {
    let text = folded.strip_suffix('日').unwrap_or(folded);
    if text.len() == compact && text.bytes().all(|b| b.is_ascii_digit()) {
        let number = |part: &str| part.parse().map_err(|_| DateError::Unreadable);
        let (year, rest) = text.split_at(compact - 4);
        return Ok((number(year)?, number(&rest[..2])?, number(&rest[2..])?));
    }
    let mut parts = text.split('-');
    let mut next = |first: bool| match parts.next() {
        Some("元") if first => Ok(1),
        Some(part) if (1..=4).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit()) => {
            part.parse().map_err(|_| DateError::Unreadable)
        }
        Some(_) | None => Err(DateError::Unreadable),
    };
    let found = (next(true)?, next(false)?, next(false)?);
    if parts.next().is_some() { Err(DateError::Unreadable) } else { Ok(found) }
}

fn day_of(year: i32, month: u32, day: u32) -> Result<Date, DateError> {
    if !(YEAR_MIN..=YEAR_MAX).contains(&year) {
        return Err(DateError::YearOutOfRange);
    }
    if !(1..=12).contains(&month) {
        return Err(DateError::NoSuchMonth { month });
    }
    let first = Date::constant(year as i16, month as i8, 1);
    if day == 0 || day > first.days_in_month() as u32 {
        let last = first.days_in_month();
        return Err(DateError::NoSuchDay { year: first.year(), month: first.month(), day, last });
    }
    Ok(Date::constant(year as i16, month as i8, day as i8))
}

/// The eras changed in the middle of a year, so 平成31年5月1日 is a slip that would be stored as another day's twin:
/// the writer is asked to write the era that was.
fn in_era(era: Era, year: u32, month: u32, day: u32) -> Result<Date, DateError> {
    if year == 0 {
        return Err(DateError::YearOutOfRange);
    }
    let date = day_of(i32::from(era.year_zero()) + year as i32, month, day)?;
    match era_year(date) {
        Some((right, _)) if right == era => Ok(date),
        Some(_) | None => Err(DateError::OutsideEra { typed: era, year, right: date }),
    }
}

/// `令和6年4月1日`; the first year of an era is 元年.
pub fn long(date: Date) -> String {
    match era_year(date) {
        Some((era, 1)) => format!("{}元年{}月{}日", era.ja(), date.month(), date.day()),
        Some((era, year)) => format!("{}{}年{}月{}日", era.ja(), year, date.month(), date.day()),
        None => format!("{}年{}月{}日", date.year(), date.month(), date.day()),
    }
}

/// `R6.4.1`, for dense tables.
pub fn short(date: Date) -> String {
    match era_year(date) {
        Some((era, year)) => format!("{}{}.{}.{}", era.letter(), year, date.month(), date.day()),
        None => date.to_string(),
    }
}

/// `令和6年4月1日（2024-04-01）`: what a typed date is echoed as.
pub fn both(date: Date) -> String {
    format!("{}（{}）", long(date), date)
}
