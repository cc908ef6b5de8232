//! One parser of `checks.rs`, named by SESSHU_FUZZ. One program for all: linking is the slow part.
#![no_main]

#[path = "../src/checks.rs"]
mod checks;

use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static CHECK: LazyLock<&checks::Check> = LazyLock::new(|| {
    let name = std::env::var("SESSHU_FUZZ").unwrap_or_default();
    let names = checks::CHECKS.iter().map(|check| check.name).collect::<Vec<_>>().join(" ");
    checks::CHECKS
        .iter()
        .find(|check| check.name == name)
        .unwrap_or_else(|| panic!("SESSHU_FUZZ names one of: {names}"))
});

fuzz_target!(|input: &[u8]| (CHECK.run)(input));
