//! What people type and files hold: dates, numbers, search keys. The first byte chooses.
#![no_main]

#[path = "../src/texts.rs"]
mod texts;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some((choice, text)) = input.split_first() else { return };
    match choice % 3 {
        0 => texts::date(text),
        1 => texts::numbers(text),
        _ => texts::keys(text),
    }
});
