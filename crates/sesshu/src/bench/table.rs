//! What every measurement prints: where it ran, and a table.

use std::time::{Duration, Instant};

/// One line of the table.
pub struct Measured {
    pub work: String,
    /// How many were done, and in what time.
    pub done: u64,
    pub took: Duration,
    /// Processor time of all threads: what counts per core, also on a machine that others use meanwhile.
    pub processor: Duration,
    /// How much the process's peak memory grew meanwhile.
    pub grown_kib: u64,
}

/// Does `pass` again and again until at least `at_least` has gone by; `pass` says how many it did.
pub fn measure(work: &str, at_least: Duration, mut pass: impl FnMut() -> u64) -> Measured {
    // One pass to fill caches and rooms.
    pass();
    let memory = peak_kib();
    let (start, processor) = (Instant::now(), processor_time());
    let mut done = 0;
    while start.elapsed() < at_least {
        done += pass();
    }
    let (took, processor) = (start.elapsed(), processor_time().saturating_sub(processor));
    Measured { work: work.to_owned(), done, took, processor, grown_kib: peak_kib().saturating_sub(memory) }
}

/// Peak resident memory of this process; 0 where the system does not tell.
pub fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// Processor time of this process so far; zero where the system does not tell.
pub fn processor_time() -> Duration {
    // Linux counts in hundredths of a second here (USER_HZ), whatever the kernel's own tick is.
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks = after_name.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok());
    Duration::from_millis(ticks.sum::<u64>() * 10)
}

/// Prints machine, version and the table (Markdown, so that it can go into docs/BENCHMARKS.md as it is).
pub fn print(lines: &[Measured], unit: &str) {
    println!("{}", heading());
    println!();
    println!("| work | {unit} | seconds | {unit}/s | {unit}/s/core (processor time) | peak memory grew by |");
    println!("|---|--:|--:|--:|--:|--:|");
    for line in lines {
        let per_second = line.done as f64 / line.took.as_secs_f64();
        let per_core = line.done as f64 / line.processor.as_secs_f64().max(0.01);
        println!(
            "| {} | {} | {:.2} | {} | {} | {} KiB |",
            line.work,
            thousands(line.done),
            line.took.as_secs_f64(),
            thousands(per_second as u64),
            thousands(per_core as u64),
            line.grown_kib,
        );
    }
    println!();
    println!("peak memory of the process: {} MiB", peak_kib() / 1024);
}

/// What ran, and where.
pub fn heading() -> String {
    format!("sesshu {} on {}", env!("CARGO_PKG_VERSION"), machine())
}

fn machine() -> String {
    let cpus = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpus
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .map(|line| line.trim_start_matches(['\t', ' ', ':']));
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let build = if cfg!(debug_assertions) { ", not a release build" } else { "" };
    format!("{}, {cores} cores{build}", model.unwrap_or("unknown processor"))
}

fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().map(|group| std::str::from_utf8(group).expect("digits")).collect();
    groups.join(",")
}
