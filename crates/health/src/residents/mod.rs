//! 住民検索・住民の画面: find a person, see where they stand, and who has looked.

pub mod case;
pub mod sql;
pub mod web;
