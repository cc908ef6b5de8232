//! 個人番号: registering, showing and looking up My Numbers, at terminals of the business zone only.
//!
//! The numbers lie in [`kit::vault`]; here are its pages, and the 宛名番号 by which a window names a person. A number is
//! in the answer to a form that asked for it and nowhere else: in no address, in no page that can be reloaded, in no
//! form that comes back with errors.

pub mod case;
pub mod sql;
pub mod web;

/// The hub's own table about numbers: who the persons are.
pub const MIGRATIONS: kit::MigrationSet = kit::MigrationSet {
    name: "numbers",
    files: &[("0001_addressees.sql", include_str!("../../migrations/numbers/0001_addressees.sql"))],
};
