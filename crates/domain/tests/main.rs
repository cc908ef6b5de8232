//! Tables of cases for the rules.
#![expect(clippy::unwrap_used, reason = "tests")]

mod ids;
mod kana;
mod wareki;
