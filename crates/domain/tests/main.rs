//! Tables of cases for the rules.
mod address;
mod ids;
mod kana;
mod wareki;
