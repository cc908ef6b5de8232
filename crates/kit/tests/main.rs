//! Kit against a real PostgreSQL.

mod cluster;
mod migrations;
