//! `sesshu extract PROGRAMME`: who is due on a day, with reasons, as CSV. Makes no campaign and sends nothing.

use crate::{
    Outcome,
    world::{DataArgs, World},
};
use anyhow::Context;
use domain::{
    campaign::{NoticeKind, Request},
    schedule::Series,
};
use health::campaigns::{
    extract::{self, Narrowing},
    table,
};
use kit::{Action, Case, Target};
use std::{io::Write as _, path::PathBuf};

/// 対象者を理由とともにCSVで出力する(抽出の登録や発送はしない)
#[derive(clap::Args)]
pub struct Args {
    /// 予防接種(HEPB ROTA DPT HIB PCV BCG MR1 MR2 VAR JE1 JE2 DT2 HPV RSV FLU COVID PPV ZOSTER RUBELLA5)
    programme: String,
    /// 基準日(和暦か西暦)。例: 2026-11-23、R8.11.23
    #[arg(long, value_name = "DATE")]
    as_of: String,
    /// 書き出すファイル(省けば標準出力)
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// 接種回を限る
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=9))]
    dose: Option<u8>,
    /// 勧奨はがきの対象を出力する(同じはがきを1年以内に送った人を除く)
    #[arg(long)]
    reminder: bool,
    /// 自治体コード(6桁)。自治体が一つだけなら省ける
    #[arg(long, value_name = "CODE")]
    municipality: Option<String>,
    #[command(flatten)]
    data: DataArgs,
}

/// 勧奨 of the same dose again after a year at the earliest, as on the screen.
const QUIET_MONTHS: i16 = 12;

pub fn run(args: &Args) -> anyhow::Result<Outcome> {
    let codes = || Series::ALL.iter().map(|series| series.code()).collect::<Vec<_>>().join(" ");
    let series = Series::from_code(&args.programme.to_uppercase())
        .with_context(|| format!("予防接種は次のどれかで指定してください: {}", codes()))?;
    let base_date =
        domain::wareki::parse(&args.as_of).map_err(|error| anyhow::anyhow!("--as-of: {error}"))?;
    let kind = if args.reminder { NoticeKind::Reminder } else { NoticeKind::Questionnaire };
    let request = Request { series, kind, base_date, dose: args.dose, valid_until: None };
    crate::on_runtime(async {
        let world = World::open(args.data.folder("data")?, args.data.database.as_deref()).await?;
        let written = write(&world, args, request).await;
        world.close().await?;
        written
    })
}

async fn write(world: &World, args: &Args, request: Request) -> anyhow::Result<Outcome> {
    let (municipality, _) = world.municipality(args.municipality.as_deref()).await?;
    let acting = world.operator(municipality).await?;
    let refused = |failure: kit::Failure| anyhow::anyhow!("{failure}");
    let mut case =
        Case::open(&world.app.kit, &acting, Action::ExtractTargets, Target::NONE).await.map_err(refused)?;
    health::campaigns::sql::one_snapshot(case.conn()).await?;
    let engine = world.app.engine.clone();
    let found =
        extract::run(case.conn(), engine, municipality, request, QUIET_MONTHS, Narrowing::default()).await?;
    let csv = table::targets_csv(request.series, request.base_date, &found.rows, table::Field::ALL)?;
    let included = found.rows.iter().filter(|row| row.included).count();
    // Logged before anything is shown.
    case.done(serde_json::json!({
        "command": "extract", "programme": request.series.code(), "base_date": request.base_date.to_string(),
        "included": included, "excluded": found.rows.len() - included,
    }))
    .await
    .map_err(refused)?;
    match &args.out {
        Some(path) => {
            std::fs::write(path, csv).with_context(|| format!("{} に書けません", path.display()))?
        }
        None => std::io::stdout().write_all(&csv)?,
    }
    eprintln!(
        "{}人を判定し、対象は{included}人、理由を付けた除外は{}人です。",
        found.looked_at,
        found.rows.len() - included
    );
    Ok(Outcome::Done)
}
