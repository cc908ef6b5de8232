//! Lists `static/` for embedding, and joins our own style sheets into one. No Node, no preprocessor.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

fn main() {
    let root = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let out = PathBuf::from(std::env::var("OUT_DIR").expect("cargo sets it"));
    println!("cargo::rerun-if-changed=static");

    let mut files = Vec::new();
    list(&root.join("static"), &mut files);
    files.sort();
    let (styles, others): (Vec<_>, Vec<_>) = files
        .into_iter()
        .partition(|path| path.parent().is_some_and(|folder| folder.ends_with("static/css")));

    // The file names begin with a number: the cascade needs an order.
    let mut sheet = String::new();
    for style in styles {
        sheet += &fs::read_to_string(style).expect("style sheets are UTF-8");
    }
    fs::write(out.join("sesshu.css"), &sheet).expect("OUT_DIR is writable");

    let mut all = digest(0, sheet.as_bytes());
    let mut table = String::from("static FILES: &[File] = &[\n");
    row(&mut table, "css/sesshu.css", &out.join("sesshu.css"), all);
    for path in others {
        let content = fs::read(&path).expect("static files are readable");
        let name =
            path.strip_prefix(root.join("static")).expect("listed below it").to_string_lossy().into_owned();
        all = digest(digest(all, name.as_bytes()), &content);
        row(&mut table, &name, &path, digest(0, &content));
    }
    table += "];\n";
    let _ =
        writeln!(table, "/// Changes with any byte of any file, so that browsers may keep them for a year.");
    let _ = writeln!(table, "pub const VERSION: &str = \"{all:016x}\";");
    fs::write(out.join("assets.rs"), table).expect("OUT_DIR is writable");
}

fn row(table: &mut String, name: &str, path: &Path, hash: u64) {
    let _ = writeln!(
        table,
        "    File {{ name: {name:?}, bytes: include_bytes!({path:?}), etag: \"\\\"{hash:016x}\\\"\" }},"
    );
}

fn list(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("static exists") {
        let path = entry.expect("readable").path();
        if path.is_dir() { list(&path, into) } else { into.push(path) }
    }
}

/// FNV-1a: no secret depends on it, it only has to change when a file does, and to be the same on every machine.
fn digest(seed: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(seed ^ 0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
