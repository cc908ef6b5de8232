//! Runs the built executable as a user would.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

/// What the executable answers to `input`.
pub fn sesshu(args: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_sesshu"))
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the executable starts");
    let mut stdin = child.stdin.take().expect("stdin is piped");
    let input = input.to_vec();
    let writer = std::thread::spawn(move || {
        // A command that refuses its arguments closes its input early.
        let _ = stdin.write_all(&input);
    });
    let output = child.wait_with_output().expect("the executable ends");
    writer.join().expect("the input is written");
    output
}

/// The public data beside the project; `None`, said loudly, where it is not there.
pub fn shared(path: &str) -> Option<PathBuf> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let path = std::env::var_os("SESSHU_SHARED").map_or_else(beside, PathBuf::from).join(path);
    if path.exists() {
        return Some(path);
    }
    eprintln!("SKIPPED: {} is not there (set SESSHU_SHARED)", path.display());
    None
}
