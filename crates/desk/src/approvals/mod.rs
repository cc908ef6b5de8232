//! 二人承認: what waits for me, what I have asked for, what was decided; and the decision itself.
//!
//! What is asked for, and what then happens, is the business of each system; see `kit::approvals`.

pub mod case;
pub mod web;
