//! Kit against a real PostgreSQL.

mod case;
mod cluster;
mod jobs;
mod migrations;
mod signin;
mod support;
