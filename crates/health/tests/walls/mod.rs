//! The boundaries: every route, every role, another municipality's ids, hostile input.

mod golden;
