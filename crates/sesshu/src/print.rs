//! `sesshu print CAMPAIGN --out DIR`: prints a released campaign and puts the checked files and the manifest in a folder.

use crate::{
    Outcome,
    world::{DataArgs, World},
};
use anyhow::{Context, bail, ensure};
use health::{
    campaigns::{
        case,
        sql::{self as campaigns, State},
    },
    sheets::{files, sql},
};
use indicatif::{ProgressBar, ProgressStyle};
use kit::{Acting, Action, Case, Failure, Municipality, Target};
use std::{path::PathBuf, time::Duration};
use uuid::Uuid;

/// 承認済みの発送を印刷し、検査済みのPDFと発送明細をフォルダーに置く
#[derive(clap::Args)]
pub struct Args {
    /// 発送の番号(画面のアドレス /campaigns/ の後ろ)
    campaign: Uuid,
    /// 書き出すフォルダー
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// 自治体コード(6桁)。自治体が一つだけなら省ける
    #[arg(long, value_name = "CODE")]
    municipality: Option<String>,
    #[command(flatten)]
    data: DataArgs,
}

/// Between two looks at a job that another process may be carrying out.
const LOOK_EVERY: Duration = Duration::from_millis(300);

pub fn run(args: &Args) -> anyhow::Result<Outcome> {
    crate::on_runtime(async {
        let world = World::open(args.data.folder("data")?, args.data.database.as_deref()).await?;
        let printed = print(&world, args).await;
        world.close().await?;
        printed
    })
}

async fn print(world: &World, args: &Args) -> anyhow::Result<Outcome> {
    let (municipality, _) = world.municipality(args.municipality.as_deref()).await?;
    let acting = world.operator(municipality).await?;
    let state = state(world, municipality, args.campaign).await?;
    match state {
        State::Printed => {}
        State::Released | State::Printing => finish(world, &acting, args.campaign).await?,
        State::Extracting | State::Frozen | State::Cancelled => {
            bail!("この抽出は「{}」なので印刷できません。画面で承認してから実行してください。", state.ja())
        }
    }
    let (pages, kept_back) = hand_out(world, &acting, args).await?;
    println!("{}ページを {} に置きました。", pages, args.out.display());
    if kept_back > 0 {
        eprintln!("{kept_back}人分は印刷していません。画面の「印刷ファイル」で理由を確かめてください。");
    }
    Ok(Outcome::Done)
}

async fn state(world: &World, municipality: Municipality, id: Uuid) -> anyhow::Result<State> {
    let mut tx = kit::db::begin(&world.app.kit.pool, municipality).await?;
    let campaign = campaigns::get(&mut tx, municipality, id).await?;
    Ok(campaign.context("その番号の発送はありません。画面のアドレスを確かめてください。")?.state)
}

/// Has the printing done, here or by a server that runs on the same data.
async fn finish(world: &World, acting: &Acting, id: Uuid) -> anyhow::Result<()> {
    match case::start_print(&world.app, acting, id).await {
        // Somebody has ordered it already: then it is only waited for.
        Ok(()) | Err(Failure::Conflict(_)) => {}
        Err(failure) => bail!("{failure}"),
    }
    let app = world.app.clone();
    let work = tokio::spawn(async move { health::worker(&app).run_all().await });
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len}人 {msg}").expect("the template is right");
    let bar = ProgressBar::new(0).with_style(style);
    loop {
        let mut tx = kit::db::begin(&world.app.kit.pool, acting.municipality).await?;
        let jobs = kit::jobs::list(&mut tx, acting.municipality, Some(id), 1).await?;
        tx.commit().await?;
        let job = jobs.into_iter().next().context("the printing has its job")?;
        bar.set_length(job.progress_total.max(0).cast_unsigned());
        bar.set_position(job.progress_done.max(0).cast_unsigned());
        bar.set_message(job.message.clone());
        if !job.is_open() {
            bar.finish_and_clear();
            work.await??;
            ensure!(job.state == "done", "{}", job.message);
            eprintln!("{}", job.message);
            return Ok(());
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Copies what was checked, and logs the taking.
async fn hand_out(world: &World, acting: &Acting, args: &Args) -> anyhow::Result<(i64, i64)> {
    let (municipality, id) = (acting.municipality, args.campaign);
    let refused = |failure: Failure| anyhow::anyhow!("{failure}");
    let target = Target::of("campaign", id);
    let mut case =
        Case::open(&world.app.kit, acting, Action::DownloadPrint, target).await.map_err(refused)?;
    let mut all = sql::files(case.conn(), municipality, id).await?;
    // 取扱注意: handed to whoever asked for it, on their own screen.
    all.retain(|file| !file.is_protected);
    if let Some(gone) = all.iter().find_map(|file| file.erased) {
        case.refused(&world.app.kit, serde_json::json!({ "command": "print", "cause": "erased" }))
            .await
            .map_err(refused)?;
        bail!(
            "印刷ファイルは {} に消去されています(承認 第{}号)。",
            kit::clock::in_japan(gone.at).strftime("%Y-%m-%d %H:%M"),
            gone.approval_number
        );
    }
    let manifest = files::manifest_csv(&sql::manifest(case.conn(), municipality, id).await?)?;
    let (_, kept_back) = sql::withheld(case.conn(), municipality, id, 0, 0).await?;
    let pages: i64 = all.iter().map(|file| i64::from(file.pages)).sum();
    case.done(serde_json::json!({ "command": "print", "files": all.len(), "pages": pages }))
        .await
        .map_err(refused)?;
    let folder = files::folder(&world.app, municipality, id);
    std::fs::create_dir_all(&args.out)?;
    for file in &all {
        let path = args.out.join(&file.file_name);
        std::fs::write(&path, files::get(&folder, file)?)
            .with_context(|| format!("{} に書けません", path.display()))?;
    }
    std::fs::write(args.out.join("manifest.csv"), manifest)?;
    Ok((pages, kept_back))
}
