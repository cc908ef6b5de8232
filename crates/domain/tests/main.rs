//! Tables of cases for the rules.
mod ids;
mod kana;
mod wareki;
