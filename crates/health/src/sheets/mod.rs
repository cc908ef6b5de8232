//! 予診票・はがき: every sheet of paper that has left the building, and the printing of it.
//!
//! [`print`] turns a released campaign into checked files; [`sql`] answers who got what; [`web`] hands files out.
//! It must never print anybody twice for a campaign, nor anybody who has died, moved, been protected or vaccinated
//! since the list was frozen, nor hand out a file that was not checked page by page.

pub mod files;
pub mod print;
pub mod sql;
pub mod web;
