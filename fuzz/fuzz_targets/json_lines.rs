//! Whatever bytes arrive at `sesshu forecast`: no panic, and one line of JSON out for each line in.
#![no_main]

// The executable is no library; its door is taken in as it stands.
#[path = "../../crates/sesshu/src/forecast/door.rs"]
mod door;
#[path = "../../crates/sesshu/src/forecast/jp.rs"]
mod jp;
#[path = "../../crates/sesshu/src/forecast/line.rs"]
mod line;

use domain::schedule::{Japan, Settings};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static JAPAN: LazyLock<Japan> = LazyLock::new(|| Japan::new(Settings::default()));

fuzz_target!(|input: &[u8]| {
    let mut out = Vec::new();
    let as_of = Some(domain::Date::constant(2026, 11, 23));
    let mut doors = [jp::JapanDoor::new(&JAPAN, as_of, true), jp::JapanDoor::new(&JAPAN, as_of, true)];
    // A small buffer, so that lines fall into several pieces.
    let mut pieces = std::io::BufReader::with_capacity(64, input);
    let counts = door::answer_all(&mut pieces, &mut out, &mut doors, &mut |_| {}).expect("memory can be read");

    let input = input.strip_prefix(b"\xef\xbb\xbf").unwrap_or(input);
    let lines = input.split(|byte| *byte == b'\n').count() - usize::from(input.is_empty() || input.ends_with(b"\n"));
    assert_eq!(counts.answered + counts.refused, lines as u64);
    let answers: Vec<&[u8]> = out.split_inclusive(|byte| *byte == b'\n').collect();
    assert_eq!(answers.len(), lines);
    for answer in answers {
        serde_json::from_slice::<serde_json::Value>(answer).expect("an answer is JSON");
    }
});
