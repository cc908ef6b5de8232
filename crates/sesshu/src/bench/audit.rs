//! `sesshu bench audit`: verifying an exported operation log.

use super::table::{self, Measured};
use crate::Outcome;
use kit::audit::export::{file::Writer, verify::verify};
use kit::audit::note::{Checkpoint, Key};
use kit::audit::tree::{self, Frontier};
use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Seek, Write};
use std::path::PathBuf;
use std::time::Instant;

/// 書き出した操作ログの検証
#[derive(clap::Args)]
pub struct Args {
    /// 記録の件数
    #[arg(long, default_value_t = 1_000_000)]
    rows: u64,
    /// 署名と署名の間の件数
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1..))]
    checkpoint_every: u64,
    /// 一時的なファイルを置くフォルダー
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

pub fn run(args: &Args) -> anyhow::Result<Outcome> {
    let dir = args.dir.clone().unwrap_or_else(std::env::temp_dir);
    let path = dir.join(format!("sesshu-bench-audit-{}", std::process::id()));
    let file = File::options().read(true).write(true).create_new(true).open(&path)?;
    // Unlinked at once: it goes with the process, however that ends.
    std::fs::remove_file(&path)?;
    let key = Key::generate()?;
    let (file, written) = write(args, &key, file)?;
    let bytes = file.metadata()?.len();
    let (memory, processor, start) = (table::peak_kib(), table::processor_time(), Instant::now());
    let verified = verify(&file, &key.public(), None)?;
    let measured = Measured {
        work: format!("verify, {} MiB, {} signatures", bytes / 1_048_576, verified.logs[0].checkpoints),
        done: verified.rows(),
        took: start.elapsed(),
        processor: table::processor_time().saturating_sub(processor),
        grown_kib: table::peak_kib().saturating_sub(memory),
    };
    table::print(&[written, measured], "rows");
    Ok(Outcome::Done)
}

/// Writes a log of invented entries, of the length that real ones have.
fn write(args: &Args, key: &Key, file: File) -> anyhow::Result<(File, Measured)> {
    let (memory, processor, start) = (table::peak_kib(), table::processor_time(), Instant::now());
    let origin = "sesshu/131172/health";
    let mut out = Writer::new(BufWriter::with_capacity(1024 * 1024, file))?;
    out.log(origin, 0, args.rows, &[])?;
    let (mut tree, mut line) = (Frontier::default(), String::new());
    for n in 1..=args.rows {
        line.clear();
        write!(
            line,
            r#"{{"v":2,"municipality":"131172","entry":"019ab1f2-7c00-7000-8000-{n:012x}","at":"2026-11-23T03:00:00.{:06}Z","staff":"019ab1f2-7c00-7000-8000-00000000{:04x}","request":"019ab1f2-7c01-7000-8000-{n:012x}","terminal":"019ab1f2-7c02-7000-8000-00000000{:04x}","zone":"business","action":"view_resident","outcome":"viewed","target":"resident","id":"019ab1f2-7c03-7000-8000-{:012x}","detail":{{"shown":true}}}}"#,
            n % 1_000_000,
            n % 50,
            n % 80,
            n % 350_000,
        )?;
        let leaf = tree::leaf(line.as_bytes());
        tree.push(leaf);
        out.row(&leaf, &line)?;
        if n % args.checkpoint_every == 0 || n == args.rows {
            let checkpoint = Checkpoint { origin: origin.to_owned(), size: n, root: tree.root() };
            out.checkpoint(&checkpoint.sign(key))?;
        }
    }
    out.end_log()?;
    let mut file = out.finish()?.into_inner().map_err(|error| error.into_error())?;
    file.flush()?;
    file.rewind()?;
    let measured = Measured {
        work: "write".to_owned(),
        done: args.rows,
        took: start.elapsed(),
        processor: table::processor_time().saturating_sub(processor),
        grown_kib: table::peak_kib().saturating_sub(memory),
    };
    Ok((file, measured))
}
