//! `sesshu audit prove`: shows one entry, to whom it concerns, with the proof that it stands in the log.

use crate::{
    Outcome,
    world::{DataArgs, World},
};
use anyhow::Context;
use kit::audit::proof::prove;
use kit::{Action, Case, Role, Target};
use serde_json::json;
use std::path::PathBuf;
use uuid::Uuid;

/// 操作ログの1件を、含まれている証明とともに書き出す(開示請求への回答など)
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    data: DataArgs,
    /// 記録の番号(操作ログの entry)
    entry: Uuid,
    /// 書き出すファイル(上書きはしない。名前は .tlog-proof で終えるのが慣習)
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

pub fn run(args: &Args) -> anyhow::Result<Outcome> {
    crate::on_runtime(async {
        let world = World::open(args.data.folder("data")?, args.data.database.as_deref()).await?;
        let mut found = None;
        for (system, kit) in [("health", &world.app.kit), ("hub", &world.hub.kit)] {
            for (municipality, _) in kit::db::municipalities(&kit.pool).await? {
                if found.is_none()
                    && let Some(proof) = prove(kit, system, municipality, args.entry).await?
                {
                    let operator = kit::staff::operator(kit, municipality).await?;
                    let acting = kit::Acting { roles: vec![Role::Auditor], ..operator };
                    let target = Target::of("entry", args.entry);
                    let case = Case::open(kit, &acting, Action::ViewAudit, target).await;
                    let case = case.map_err(|failure| anyhow::anyhow!("{failure}"))?;
                    let logged = case.viewed(json!({"command": "audit prove"})).await;
                    logged.map_err(|failure| anyhow::anyhow!("{failure}"))?;
                    found = Some(proof);
                }
            }
        }
        world.close().await?;
        let proof = found.with_context(|| {
            format!(
                "記録 {} がないか、まだ署名されていません。1分ほど待ってからやり直してください。",
                args.entry
            )
        })?;
        let mut file = std::fs::File::create_new(&args.out)
            .with_context(|| format!("{} を作れません", args.out.display()))?;
        std::io::Write::write_all(&mut file, proof.text().as_bytes())?;
        println!("{}番目の記録を {} に書き出しました。", proof.index + 1, args.out.display());
        Ok(Outcome::Done)
    })
}
