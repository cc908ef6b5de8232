//! A moment of fuzzing in every test run: honest input, known traps, and thousands of damaged copies of both, the same
//! ones each time. The endless search is in `fuzz/` (docs/FUZZING.md).

#[path = "../../../fuzz/src/checks.rs"]
mod checks;

use checks::{CHECKS, Check};
use std::time::Duration;

/// Damaged copies for each parser: some seconds for all together. SESSHU_CORPUS=100000 looks longer, with other dice.
const COPIES: usize = 4_000;
const INPUT_BYTES_MAX: usize = 8_192;
/// What one input may cost.
const INPUT_TIME_MAX: Duration = Duration::from_secs(1);
const MEMORY_GROWTH_MAX: u64 = 64 << 20;

/// Pieces that parsers trip over.
const TRAPS: &[&[u8]] = &[
    b"",
    b"\0",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\xe3\x80\x80",
    b"\r",
    b"\n",
    b"\r\n",
    b"\"",
    b"\"\"",
    b",",
    b"\t",
    b"=1+1",
    b"+",
    b"-",
    b"@",
    b"%00",
    b"%",
    b"&",
    b";",
    b"..",
    b"/",
    b"\\",
    b"'",
    b"--edge",
    b"--edge--",
    b"99999999999999999999",
    b"-1",
    b"1e999",
    b"0x",
    b"{",
    b"[",
    b"null",
    b"\\u0000",
    b"\\ud800",
    b"\xe4\xbb\xa4\xe5\x92\x8c",
    b"\xe5\x85\x83",
    b"\xf3\xa0\x84\x80",
    b"\xe2\x80\xae",
    b"\xed\xa0\x80",
    b"\x81\x40",
    b"\x81",
    b"\x1b$B",
    b"PK\x03\x04",
    b"9999-12-31",
    b"0000-00-00",
    b"R99.99.99",
];

/// xorshift64*: the same copies on every machine.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % limit.max(1)
    }

    fn place(&mut self, bytes: &[u8]) -> usize {
        self.below(bytes.len() + 1)
    }

    /// One to six damages of a seed.
    fn damage(&mut self, seeds: &[&[u8]]) -> Vec<u8> {
        let mut bytes = seeds[self.below(seeds.len())].to_vec();
        for _ in 0..=self.below(6) {
            let (at, other) = (self.place(&bytes), self.place(&bytes));
            let (from, until) = (at.min(other), at.max(other));
            match self.below(8) {
                0 if at < bytes.len() => bytes[at] ^= 1 << self.below(8),
                1 if at < bytes.len() => bytes[at] = self.below(256) as u8,
                2 => bytes.truncate(at),
                3 => drop(bytes.drain(from..until)),
                4 => {
                    let again = bytes[from..until].to_vec();
                    bytes.splice(until..until, again);
                }
                5 => {
                    let stranger = seeds[self.below(seeds.len())];
                    let tail = stranger[self.place(stranger)..].to_vec();
                    bytes.splice(at.., tail);
                }
                _ => drop(bytes.splice(at..at, TRAPS[self.below(TRAPS.len())].to_vec())),
            }
            bytes.truncate(INPUT_BYTES_MAX);
        }
        bytes
    }
}

/// The most memory this process has held, in bytes.
fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}

/// Time that this thread has computed: what others do on the machine does not count.
fn cpu_time() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(text.split_whitespace().next().unwrap().parse().unwrap())
}

fn try_one(check: &Check, input: &[u8]) {
    let began = cpu_time();
    let outcome = std::panic::catch_unwind(|| (check.run)(input));
    let shown: String =
        input.iter().take(2_000).flat_map(|byte| byte.escape_ascii()).map(char::from).collect();
    assert!(outcome.is_ok(), "{} fails on b\"{shown}\"", check.name);
    let took = cpu_time() - began;
    assert!(took < INPUT_TIME_MAX, "{} takes {took:?} for b\"{shown}\"", check.name);
}

#[test]
fn every_parser_stands_honest_input_traps_and_damaged_copies() {
    for check in CHECKS {
        let before = peak_memory();
        let seeds: Vec<&[u8]> = check.seeds.iter().chain(TRAPS).copied().collect();
        for seed in &seeds {
            try_one(check, seed);
        }
        let asked = std::env::var("SESSHU_CORPUS").ok().and_then(|copies| copies.parse().ok());
        let copies = asked.unwrap_or(COPIES);
        let mut dice = Dice(0x5e55_0000 + copies as u64);
        for _ in 0..copies {
            let input = dice.damage(&seeds);
            try_one(check, &input);
        }
        let growth = peak_memory().saturating_sub(before);
        assert!(growth < MEMORY_GROWTH_MAX, "{} grew by {growth} bytes", check.name);
    }
}
