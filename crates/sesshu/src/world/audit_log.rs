//! Where the audit log's second copy lies: `audit-log` in the data folder, or a folder of another disk that it links to.
//!
//! The link is the one place that says where: commands beside the server write to the same files without being told.

use anyhow::{Context, bail, ensure};
use kit::{Clock, Sink};
use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
};

/// 操作ログの控えを置くフォルダー.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct AuditLogArgs {
    /// 操作ログの控えを置くフォルダー(別のディスクを勧めます。一度指定すれば以後も使う)
    #[arg(long, value_name = "DIR")]
    audit_log: Option<PathBuf>,
}

impl AuditLogArgs {
    /// Notes the folder that was asked for. To be called before the installation is opened.
    pub fn place(&self, dir: &Path) -> anyhow::Result<()> {
        let Some(asked) = &self.audit_log else { return Ok(()) };
        let asked = std::path::absolute(asked).context("--audit-log を読み取れません")?;
        ensure!(
            asked.is_dir(),
            "--audit-log のフォルダー {} がありません。ディスクが接続されているか確かめ、フォルダーを作ってください。",
            asked.display()
        );
        let link = dir.join("audit-log");
        match std::fs::read_link(&link) {
            Ok(there) if there == asked => return Ok(()),
            Ok(there) => bail!(
                "操作ログの控えは {} にあります。移すときは、停止して中身を移し、{} を消してからやり直してください。",
                there.display(),
                link.display()
            ),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            // A folder: it may give way while it is empty.
            Err(_) => std::fs::remove_dir(&link).with_context(|| {
                format!(
                    "操作ログの控えが {0} にあります。移すときは、停止して中身を移し、{0} を消してからやり直してください",
                    link.display()
                )
            })?,
        }
        std::fs::create_dir_all(dir).with_context(|| format!("{} を作れません", dir.display()))?;
        std::os::unix::fs::symlink(&asked, &link).with_context(|| format!("{} を作れません", link.display()))
    }
}

/// Where a system's files lie.
pub fn folder(dir: &Path, system: &str) -> PathBuf {
    dir.join("audit-log").join(system)
}

/// Opens the files of one system.
pub fn open(dir: &Path, system: &str, clock: Clock) -> anyhow::Result<Sink> {
    let root = dir.join("audit-log");
    match std::fs::create_dir(&root) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            return Err(error).with_context(|| format!("{} を作れません", root.display()));
        }
        Ok(()) | Err(_) => {}
    }
    let folder = folder(dir, system);
    Sink::open(&folder, clock).with_context(|| {
        format!(
            "操作ログの控えを {} に書けません。ディスクの接続、空き、権限を確かめてから起動し直してください",
            folder.display()
        )
    })
}
