//! バックアップと復元: `sesshu backup`, `sesshu restore`, and the log of changes that `sesshu serve` keeps for going back
//! to a moment.
//!
//! A backup is a `tar.gz` sealed in the age format for a key that is not on this machine: whoever takes the machine
//! cannot read its backups. It carries what must be true of it after it was put back (row counts and digests of every
//! table, the last place of each operation log), and a restore shows that before it gives the data their name.
//!
//! Nothing here ever deletes a backup. Start reading at [`take`], then [`restore`].

mod files;
mod keys;
mod manifest;
mod moment;
mod restore;
mod sealed;
mod take;
pub mod wal;

use crate::{Outcome, world::DataArgs};
use clap::Args as ClapArgs;
use std::path::PathBuf;

/// 動作中のまま、暗号化したバックアップを取る
#[derive(ClapArgs)]
pub struct Args {
    #[command(flatten)]
    data: DataArgs,
    /// 置き場所。フォルダーなら日時の名前で置き、以後の変更も1分ごとに送る。ファイル名なら1回だけ取る
    #[arg(long, value_name = "FOLDER|FILE", required_unless_present = "new_key")]
    out: Option<PathBuf>,
    /// 暗号化の相手の公開鍵(age1…)。何人分でも指定できる
    #[arg(long, value_name = "AGE1…", required_unless_present = "new_key")]
    recipient: Vec<String>,
    /// 鍵の組を作り、秘密鍵をこのファイルに書く。バックアップを取る機械とは別の機械で行う
    #[arg(long, value_name = "FILE", conflicts_with_all = ["out", "recipient"])]
    new_key: Option<PathBuf>,
}

pub fn run(args: &Args) -> anyhow::Result<Outcome> {
    if let Some(file) = &args.new_key {
        let public = keys::write_new(file)?;
        println!("{public}");
        eprintln!(
            "秘密鍵を {} に書きました。バックアップを取る機械には置かず、二つ以上の媒体に保管してください。\n上の公開鍵を sesshu backup の --recipient に指定します。",
            file.display()
        );
        return Ok(Outcome::Done);
    }
    anyhow::ensure!(
        args.data.database.is_none(),
        "--database のサーバーのバックアップは、そのサーバーの運用者が取ります。この命令が取るのは、sesshu が自分で動かすデータベースだけです。データの置き場所の files フォルダーも、あわせて保存してください。"
    );
    let Some(out) = &args.out else { anyhow::bail!("--out で置き場所を指定してください。") };
    let recipients = keys::recipients(&args.recipient)?;
    crate::on_runtime(async {
        let taken = take::run(&args.data.folder("data")?, out, recipients).await;
        let said = taken.map_err(|error| explain_full(error, out))?;
        println!("{said}");
        Ok(Outcome::Done)
    })
}

/// A full disk is said in words.
fn explain_full(error: anyhow::Error, out: &std::path::Path) -> anyhow::Error {
    let is_full = |cause: &std::io::Error| cause.kind() == std::io::ErrorKind::StorageFull;
    if !error.chain().any(|cause| cause.downcast_ref().is_some_and(is_full)) {
        return error;
    }
    let place = out.display();
    error.context(format!(
        "{place} の空き容量が足りません。空きを作ってから、もう一度バックアップを取ってください"
    ))
}

/// バックアップを確かめながら新しいフォルダーに戻す
#[derive(ClapArgs)]
pub struct RestoreArgs {
    /// sesshu backup が作ったファイル
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// 戻す先の新しいフォルダー
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// 秘密鍵のファイル(sesshu backup --new-key か age-keygen が作ったもの)
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// この時刻までの登録を戻す(2026-11-23T21:30:00+09:00、または日本時間で 2026-11-23T21:30:00)。省くと、あるだけ全部
    #[arg(long, value_name = "INSTANT")]
    until: Option<String>,
    /// 送られた変更の記録のフォルダー。省くと FILE の隣
    #[arg(long, value_name = "FOLDER")]
    wal: Option<PathBuf>,
}

pub fn run_restore(args: &RestoreArgs) -> anyhow::Result<Outcome> {
    let until = args.until.as_deref().map(restore::instant).transpose()?;
    let identity = keys::identities(&args.key)?;
    crate::on_runtime(async {
        let order = restore::Order {
            file: args.file.clone(),
            dir: std::path::absolute(&args.dir)?,
            wal: args.wal.clone(),
            until,
        };
        let said = restore::run(order, identity).await?;
        println!("{said}");
        Ok(Outcome::Done)
    })
}
