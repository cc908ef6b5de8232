//! The system against a real PostgreSQL.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod browser;
mod campaigns;
mod imports;
mod leaving;
mod oversight;
mod records;
mod residents;
mod sheets;
mod support;
mod walls;
mod ward;
