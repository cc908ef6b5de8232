//! `sesshu keys`: the key files of the vault (個人番号), made, shown and rotated.
//!
//! A rotation goes on beside the running systems; whatever stops it, the next call goes on with it, and so does a
//! running `sesshu serve`.

use crate::{
    Outcome,
    world::{DataArgs, World},
};
use anyhow::Context;
use kit::{
    Municipality, db, jobs,
    vault::{self, ROTATE_JOB, VaultError},
};
use std::path::PathBuf;
use std::time::Duration;

/// 個人番号の暗号鍵を作る、確かめる、更新する
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// 鍵ファイルを新しく作る。保管用の写しは、別の機械か金庫に置く
    New {
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// 鍵ファイルと、使われているかどうかを示す
    Status {
        #[command(flatten)]
        data: DataArgs,
    },
    /// 承認された申請の自治体の個人番号を、動作中のまま新しい鍵で暗号化し直す
    Rotate {
        /// 共通基盤の「二人承認」で承認された申請の番号(例: 131172-3)。自治体が複数あるときは繰り返して指定する
        #[arg(long, value_name = "NUMBER", value_parser = ceremony)]
        ceremony: Vec<(Municipality, i64)>,
        /// 鍵ファイルの取替えも承認されたときの、新しい鍵ファイル(sesshu keys new で作ったもの)
        #[arg(long, value_name = "NEW.key")]
        kek: Option<PathBuf>,
        #[command(flatten)]
        data: DataArgs,
    },
}

/// Another process may hold a job; it is looked at again after this time.
const LOOK_EVERY: Duration = Duration::from_millis(500);

pub fn run(args: &Args) -> anyhow::Result<Outcome> {
    match &args.what {
        What::New { file } => {
            vault::create_key_file(file)?;
            eprintln!(
                "鍵ファイル {} を作りました。写しを二つ以上の安全な場所に保管してください。失うと個人番号を読めなくなります。",
                file.display()
            );
            Ok(Outcome::Done)
        }
        What::Status { data } => crate::on_runtime(async {
            let world = World::open(data.folder("data")?, data.database.as_deref()).await?;
            show(&world).await?;
            world.close().await?;
            Ok(Outcome::Done)
        }),
        What::Rotate { ceremony, kek, data } => crate::on_runtime(async {
            let world = World::open(data.folder("data")?, data.database.as_deref()).await?;
            // Before a key file is put in its place, and without taking anybody's word for it.
            anyhow::ensure!(
                !ceremony.is_empty() || (kek.is_none() && is_going_on(&world).await?),
                "{}",
                VaultError::NoCeremony
            );
            for (municipality, number) in ceremony {
                check(&world, *municipality, *number, kek.is_some()).await?;
            }
            if let Some(kek) = kek {
                let placed = world.hub.vault()?.ring().install(kek)?;
                eprintln!("新しい鍵ファイルを {} に置きました。", placed.display());
            }
            let outcome = rotate(&world, ceremony).await?;
            show(&world).await?;
            world.close().await?;
            Ok(outcome)
        }),
    }
}

/// The number of a ceremony: the municipality's code and the number of its application.
fn ceremony(text: &str) -> Result<(Municipality, i64), String> {
    let read = |(code, number): (&str, &str)| Some((Municipality(code.parse().ok()?), number.parse().ok()?));
    text.split_once('-')
        .and_then(read)
        .ok_or_else(|| "申請の画面に表示された番号を、131172-3 のように指定してください".to_owned())
}

/// Says who has decided a ceremony, or refuses one that may not be used now in this way.
async fn check(
    world: &World,
    municipality: Municipality,
    number: i64,
    with_file: bool,
) -> anyhow::Result<()> {
    let ready = hub::ceremonies::case::ready(&world.hub, municipality, number, with_file).await;
    let approval = ready.with_context(|| format!("{municipality}-{number}"))?;
    eprintln!(
        "{municipality}-{number}: {} さんの申請を {} さんが承認しました。",
        approval.asked_by_name, approval.decided_by_name
    );
    Ok(())
}

/// Whether a rotation was broken off: it goes on under the ceremony with which it began.
async fn is_going_on(world: &World) -> anyhow::Result<bool> {
    for (municipality, _) in db::municipalities(&world.hub.kit.pool).await? {
        if newest_job(world, municipality).await?.is_some_and(|job| job.is_open()) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Begins the rotation of each ceremony's municipality, goes on with those that were broken off, and stays until their
/// jobs have ended.
async fn rotate(world: &World, ceremonies: &[(Municipality, i64)]) -> anyhow::Result<Outcome> {
    let hub = &world.hub;
    let mut begun = Vec::new();
    for (municipality, name) in db::municipalities(&hub.kit.pool).await? {
        let operator = kit::staff::operator(&hub.kit, municipality).await?;
        let number = ceremonies.iter().find(|(code, _)| *code == municipality).map(|(_, number)| *number);
        let is_open = newest_job(world, municipality).await?.is_some_and(|job| job.is_open());
        if number.is_none() && !is_open {
            continue;
        }
        if hub.vault()?.begin_rotation(&operator, number).await.with_context(|| name.clone())?.is_some() {
            begun.push((municipality, name));
        }
    }
    let worker = hub::worker(hub);
    let mut outcome = Outcome::Done;
    for (municipality, name) in begun {
        let job = loop {
            worker.run_all().await?;
            let job = newest_job(world, municipality).await?.context("更新の処理が登録されていません。")?;
            if !job.is_open() {
                break job;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        };
        println!("{name}: {}", job.message);
        if job.state != "done" {
            outcome = Outcome::Refused;
        }
    }
    Ok(outcome)
}

async fn newest_job(world: &World, municipality: Municipality) -> sqlx::Result<Option<jobs::Job>> {
    let mut tx = db::begin(&world.hub.kit.pool, municipality).await?;
    // The hub has no other jobs worth mentioning; the newest is among the first.
    let newest = jobs::list(&mut tx, municipality, None, 50).await?;
    Ok(newest.into_iter().find(|job| job.kind == ROTATE_JOB))
}

async fn show(world: &World) -> anyhow::Result<()> {
    let in_use = world.hub.vault()?.keks_in_use().await?;
    let files = world.hub.vault()?.ring().files()?;
    let newest = files.len().saturating_sub(1);
    for (nth, (path, id)) in files.iter().enumerate() {
        let state = match (nth == newest, in_use.contains(id)) {
            (true, _) => "使用中。保管用の写しがあることを確かめてください",
            (false, true) => "使用中。sesshu keys rotate が終わるまで必要です",
            (false, false) => {
                "不要。この鍵の頃のバックアップを開くときに要るので、保管場所に移してから消してください"
            }
        };
        println!("{}  {id}  {state}", path.display());
    }
    for id in in_use.iter().filter(|id| !files.iter().any(|(_, held)| held == *id)) {
        println!("×  {id}  鍵ファイルがありません。保管してある鍵ファイルを戻してください");
    }
    Ok(())
}
