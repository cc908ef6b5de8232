//! What systems say to each other, and who may say it: messages and the table of links.
//!
//! Two systems share this crate and nothing else. Messages are strict (an unknown field is refused) and versioned:
//! within a version nothing is renamed and nothing removed. Each message has a golden file in `tests/golden`; to change
//! one is to change a contract. Never here: a network, a clock, a rule, a type of a system's own model.
//!
//! Start reading at [`v1`]. The transport is `kit::link`.

pub mod code;
pub mod v1;
