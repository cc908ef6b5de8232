//! `sesshu audit verify`: needs the file and the public key, nothing else.

use crate::Outcome;
use anyhow::{Context, ensure};
use kit::audit::export::verify::{is_export, verify};
use kit::audit::note::{Checkpoint, PublicKey};
use kit::audit::proof::Proof;
use std::fs::File;
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};

/// 書き出した操作ログを検証する(ファイルと公開鍵だけを使う)
#[derive(clap::Args)]
pub struct Args {
    /// sesshu audit export または prove で書き出したファイル
    file: PathBuf,
    /// 署名係の公開鍵(keeper.pub などのファイル、またはその文字列)
    #[arg(long, value_name = "PUBKEY")]
    key: String,
    /// 以前に受け取った証明(.checkpoint のファイル)。その時の内容が今も含まれることを確かめる
    #[arg(long, value_name = "CHECKPOINT")]
    since: Option<PathBuf>,
}

pub fn run(args: &Args) -> anyhow::Result<Outcome> {
    let key = read_key(&args.key)?;
    let since = args.since.as_deref().map(|path| read_checkpoint(path, &key)).transpose()?;
    let open = File::open(&args.file).with_context(|| format!("{} を開けません", args.file.display()));
    let mut file = open?;
    let mut beginning = [0; 64];
    let read = file.read(&mut beginning)?;
    file.rewind()?;
    if !is_export(&beginning[..read]) {
        return proof(args, &key);
    }
    match verify(file, &key, since.as_ref()) {
        Err(fault) => {
            eprintln!("× {fault}");
            Ok(Outcome::Refused)
        }
        Ok(verified) => {
            for log in &verified.logs {
                println!(
                    "○ {}: {}番目から{}番目まで、署名の後の書き換えはありません(署名 {}個)",
                    log.origin,
                    log.before + 1,
                    log.last,
                    log.checkpoints
                );
            }
            println!("検証した記録: {}件", verified.rows());
            Ok(Outcome::Done)
        }
    }
}

fn proof(args: &Args, key: &PublicKey) -> anyhow::Result<Outcome> {
    ensure!(args.since.is_none(), "--since は export で書き出したファイルに使います。");
    let text = std::fs::read_to_string(&args.file).unwrap_or_default();
    match Proof::open(&text, key) {
        Ok(proof) => {
            println!("{}", proof.line);
            println!(
                "○ {} の{}番目の記録です(全{}件の時点の署名)",
                proof.origin,
                proof.index + 1,
                proof.size
            );
            Ok(Outcome::Done)
        }
        Err(error) => {
            eprintln!("× {error}");
            Ok(Outcome::Refused)
        }
    }
}

fn read_key(given: &str) -> anyhow::Result<PublicKey> {
    let text = if Path::new(given).is_file() { std::fs::read_to_string(given)? } else { given.to_owned() };
    PublicKey::read(&text)
        .context("--key が公開鍵ではありません。keeper.pub のファイルか、その内容を指定してください。")
}

fn read_checkpoint(path: &Path, key: &PublicKey) -> anyhow::Result<Checkpoint> {
    let note = std::fs::read_to_string(path).with_context(|| format!("{} を読めません", path.display()))?;
    Checkpoint::open(&note, key).with_context(|| format!("{} はこの鍵の証明ではありません", path.display()))
}
