//! Kit against a real PostgreSQL.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod approvals;
mod audit;
mod case;
mod cluster;
mod intrusion;
mod jobs;
mod lanes;
mod link;
mod migrations;
mod rights;
mod serve;
mod session;
mod sink;
mod support;
mod vault;
mod waiting;
mod zones;
