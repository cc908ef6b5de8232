//! The contracts between systems, as files.

mod links;
mod messages;

use std::path::{Path, PathBuf};

/// Set by `bin/goldens` to write the files instead of comparing.
const WRITE: &str = "SESSHU_GOLDENS";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Compares a text with its golden file, or writes the file.
fn check_golden(path: &Path, text: &str) {
    if std::env::var_os(WRITE).is_some() {
        std::fs::create_dir_all(path.parent().expect("a file stands in a folder")).expect("it can be made");
        return std::fs::write(path, text).expect("the golden file can be written");
    }
    let golden = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        golden == text,
        "{} is a contract and has changed: say so in CHANGELOG.md, then bin/goldens. Now:\n{text}",
        path.display()
    );
}
