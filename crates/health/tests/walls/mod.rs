//! The boundaries: every route, every role, another municipality's ids, hostile input.

mod access;
mod drafts;
mod examples;
mod files;
mod floods;
mod forms;
mod golden;
mod headers;
mod hostile;
mod leaks;
mod live;
mod log;
mod once;
mod schema;
mod sessions;
mod sink;
mod tenants;
pub mod town;
mod zones;
