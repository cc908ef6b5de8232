//! 和暦 and 西暦: reading and writing dates as people in the office do.

use crate::Date;

/// Reads `2024-04-01`. (Era forms follow.)
pub fn parse(text: &str) -> Option<Date> {
    text.parse().ok()
}
