//! The operation log: what an entry says, its place, and what is found when somebody has been at it.

mod entries;
mod export;
mod keeper;
mod note;
mod tampering;
mod tree;

use crate::support::KITA;
