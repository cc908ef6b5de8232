//! Prints sample sheets and reads them back with other people's tools (poppler, zbar), then with our own checks.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail like tests")]
mod faults;
mod files;
mod samples;
mod sheets;
