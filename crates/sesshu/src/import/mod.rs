//! `sesshu import KIND FILE`: takes a file into the register, whole or not at all.

use crate::{
    Outcome,
    world::{DataArgs, World},
};
use anyhow::Context;
use health::imports::{self, FeedState, FeedSummary, Kind, Options, Progress};
use indicatif::{ProgressBar, ProgressStyle};
use std::{path::PathBuf, sync::Arc, time::Duration};

/// ファイルを取り込む(すべて取り込むか、1件も取り込まないか)
#[derive(clap::Args)]
pub struct Args {
    /// 取り込むファイルの種類
    #[arg(value_enum)]
    kind: KindArg,
    /// 取り込むCSVファイル(UTF-8またはShift_JIS、様式は docs/formats)
    file: PathBuf,
    /// 自治体コード(6桁)。自治体が一つだけなら省ける
    #[arg(long, value_name = "CODE")]
    municipality: Option<String>,
    /// すべて確かめて結果だけを示し、何も変更しない
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    data: DataArgs,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum KindArg {
    /// 宛名管理情報(住民)
    Residents,
    /// 予防接種記録
    Records,
    /// 医療機関
    Clinics,
}

impl From<KindArg> for Kind {
    fn from(kind: KindArg) -> Kind {
        match kind {
            KindArg::Residents => Kind::Residents,
            KindArg::Records => Kind::Records,
            KindArg::Clinics => Kind::Clinics,
        }
    }
}

/// Faults shown on a terminal; all that are kept stand on the feed's page.
const FAULTS_SHOWN_MAX: usize = 200;

pub fn run(args: &Args) -> anyhow::Result<Outcome> {
    // Said before a server is started for nothing.
    std::fs::File::open(&args.file).with_context(|| {
        format!("{} を開けません。ファイルの場所を確かめてください。", args.file.display())
    })?;
    crate::on_runtime(async {
        let folder = args.data.folder("data")?;
        let world = World::open(folder, args.data.database.as_deref()).await?;
        let summary = take(&world, args).await;
        world.close().await?;
        let summary = summary?;
        tell(&summary);
        Ok(if summary.state == FeedState::Refused { Outcome::Refused } else { Outcome::Done })
    })
}

async fn take(world: &World, args: &Args) -> anyhow::Result<FeedSummary> {
    let (municipality, _) = world.municipality(args.municipality.as_deref()).await?;
    let acting = world.operator(municipality).await?;
    let progress = Arc::new(Progress::default());
    let options = Options { dry_run: args.dry_run, progress: progress.clone(), ..Options::default() };
    let bar = tokio::spawn(show(progress));
    let taken = imports::case::take(&world.app, &acting, args.kind.into(), &args.file, options).await;
    bar.abort();
    taken.map_err(|failure| match failure {
        kit::Failure::Internal(error) => error,
        other => anyhow::anyhow!("{other}"),
    })
}

/// A bar on a terminal, nothing elsewhere.
async fn show(progress: Arc<Progress>) {
    let style =
        ProgressStyle::with_template("{bar:30} {pos}/{len}件 残り約{eta}").expect("the template is right");
    let bar = ProgressBar::new(0).with_style(style);
    loop {
        let (done, total) = progress.get();
        bar.set_length(total);
        bar.set_position(done);
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

fn tell(summary: &FeedSummary) {
    for fault in summary.faults.iter().take(FAULTS_SHOWN_MAX) {
        eprintln!("{}：{fault}", fault.weight.ja());
    }
    let total = summary.errors + summary.warnings;
    let shown = summary.faults.len().min(FAULTS_SHOWN_MAX) as u64;
    if total > shown {
        eprintln!("ほかに{}件あります。画面の「取込み」で確かめてください。", total - shown);
    }
    println!("{}", summary.sentence());
}
