//! Lengths of time as the supporting data writes them.

use crate::schedule::interpreter::Span;

/// The text is not a length of time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a length of time: {0:?}")]
pub struct NotASpan(pub String);

/// Reads `12 months - 4 days`, `5 months + 4 weeks`, `0 days`.
pub fn parse_span(text: &str) -> Result<Span, NotASpan> {
    let fail = || NotASpan(text.to_owned());
    let mut words = text.split_whitespace();
    let mut span = Span::ZERO;
    let mut sign = 1;
    loop {
        let number = words.next().filter(|word| word.len() <= 4);
        let number = number.and_then(|word| word.parse::<u16>().ok()).ok_or_else(fail)? as i16 * sign;
        match words.next().ok_or_else(fail)?.trim_end_matches('s') {
            "year" => span.years += number,
            "month" => span.months += number,
            "week" => span.weeks += number,
            "day" => span.days += number,
            _ => return Err(fail()),
        }
        sign = match words.next() {
            None => return Ok(span),
            Some("+") => 1,
            Some("-") => -1,
            Some(_) => return Err(fail()),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Date;
    use crate::schedule::interpreter::{Calendar, CdsiCalendar};
    use jiff::civil::date;

    fn added(from: Date, span: &str) -> Date {
        CdsiCalendar.interval_from(from, parse_span(span).unwrap())
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
    fn what_is_not_a_length_is_refused() {
        for text in ["", "4", "days", "4 moons", "4 days 3", "4 days -", "99999 days", "-4 days"] {
            assert!(parse_span(text).is_err(), "{text:?}");
        }
    }
}
