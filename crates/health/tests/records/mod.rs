//! 接種記録: keyed from a sheet, corrected, withdrawn; what may never be kept.

mod entry;
mod paper;
mod rules;
mod versions;
