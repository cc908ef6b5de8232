//! `sesshu audit export`: the log as a file that others can verify.

use crate::{
    Outcome,
    world::{DataArgs, World},
};
use anyhow::{Context, ensure};
use domain::Date;
use kit::audit::export::{Days, export, file::Writer};
use kit::{Action, Case, Kit, Municipality, Role, Target};
use serde_json::json;
use std::fs::OpenOptions;
use std::io::BufWriter;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

/// Rows are written one by one.
const BUFFER_BYTES: usize = 1024 * 1024;

/// 操作ログを、第三者が検証できるファイルに書き出す
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    data: DataArgs,
    /// 書き出す自治体(6桁のコード。指定しなければすべて)
    #[arg(long, value_name = "CODE")]
    municipality: Option<String>,
    /// 書き出すシステム(health または hub。指定しなければすべて)
    #[arg(long, value_parser = ["health", "hub"])]
    system: Option<String>,
    /// この日の記録から(YYYY-MM-DD)
    #[arg(long, value_name = "DATE")]
    from: Option<Date>,
    /// この日の記録まで(YYYY-MM-DD。次に署名された記録までが含まれる)
    #[arg(long, value_name = "DATE")]
    until: Option<Date>,
    /// 書き出すファイル(上書きはしない)
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

pub fn run(args: &Args) -> anyhow::Result<Outcome> {
    crate::on_runtime(async {
        let world = World::open(args.data.folder("data")?, args.data.database.as_deref()).await?;
        let only = match args.municipality.as_deref() {
            Some(code) => Some(world.municipality(Some(code)).await?.0),
            None => None,
        };
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&args.out);
        let file = file.with_context(|| format!("{} を作れません", args.out.display()))?;
        let mut out = Writer::new(BufWriter::with_capacity(BUFFER_BYTES, file))?;
        let mut rows = 0;
        for (system, kit) in [("health", &world.app.kit), ("hub", &world.hub.kit)] {
            if args.system.as_deref().is_some_and(|asked| asked != system) {
                continue;
            }
            for (municipality, name) in kit::db::municipalities(&kit.pool).await? {
                if only.is_none_or(|only| only == municipality) {
                    rows += one(kit, system, municipality, &name, args, &mut out).await?;
                }
            }
        }
        let file = out.finish()?.into_inner().map_err(|error| error.into_error())?;
        file.sync_all()?;
        world.close().await?;
        ensure!(
            rows > 0,
            "署名された記録がありません。sesshu audit keeper --once を実行してから、やり直してください。"
        );
        println!("{rows}件を {} に書き出しました。", args.out.display());
        Ok(Outcome::Done)
    })
}

/// One municipality's log in one system. That it was taken out is itself logged, before anything is written.
async fn one(
    kit: &Kit,
    system: &str,
    municipality: Municipality,
    name: &str,
    args: &Args,
    out: &mut Writer<BufWriter<std::fs::File>>,
) -> anyhow::Result<u64> {
    // Who works at the machine itself reads the log as its auditor does.
    let operator = kit::staff::operator(kit, municipality).await?;
    let acting = kit::Acting { roles: vec![Role::Auditor], ..operator };
    let case = Case::open(kit, &acting, Action::ViewAudit, Target::NONE).await;
    let case = case.map_err(|failure| anyhow::anyhow!("{failure}"))?;
    let day = |day: Option<Date>| day.map(|day| day.to_string());
    case.viewed(json!({"command": "audit export", "from": day(args.from), "until": day(args.until)}))
        .await
        .map_err(|failure| anyhow::anyhow!("{failure}"))?;
    let days = Days { from: args.from, until: args.until };
    match export(kit, system, municipality, days, out).await? {
        None => {
            eprintln!("{name}({system}): 署名された記録がありません");
            Ok(0)
        }
        Some(done) => {
            let rest = match done.unsigned {
                0 => String::new(),
                unsigned if args.until.is_none() => format!("(まだ署名されていない{unsigned}件は含みません)"),
                _ => String::new(),
            };
            eprintln!("{name}({system}): {}番目から{}番目まで{rest}", done.first, done.last);
            Ok(done.last - done.first + 1)
        }
    }
}
