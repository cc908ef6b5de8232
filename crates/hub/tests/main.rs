//! The hub against a real PostgreSQL, asked as browsers and systems ask it.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod ceremonies;
mod door;
mod factors;
mod moves;
mod numbers;
mod oversight;
mod reviews;
mod rights;
mod sign_in;
mod staff;
mod support;
mod table;
mod terminals;
mod unused;
mod walls;
