//! The boundaries: every route, every role, another municipality's ids, hostile input, the door before sign-in.

mod access;
mod examples;
mod golden;
mod hostile;
mod leaks;
mod live;
mod once;
mod tenants;
mod town;
