//! `sesshu audit keeper`: the process that signs the log, with a key that no other process opens.

use super::child;
use crate::{
    Outcome,
    world::{DataArgs, World},
};
use anyhow::{Context, ensure};
use kit::audit::keeper::{Alarm, Depth, Folder, Keeper, load_or_make_key};
use kit::cluster::{KeeperUser, keeper_user};
use kit::{Clock, Ids, Municipality};
use nix::unistd::{Gid, Uid, setgid, setgroups, setuid};
use sqlx::{ConnectOptions, PgConnection, postgres::PgConnectOptions};
use std::io::Read;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, lchown};
use std::path::Path;
use std::time::Duration;
use tokio::sync::oneshot;

/// A round over all logs.
const ROUND_EVERY: Duration = Duration::from_secs(60);
/// Between rounds it is looked this often whether a log has grown much.
const HURRY_EVERY: Duration = Duration::from_secs(5);

/// 操作ログに署名する(serve と demo が子プロセスとして起動する)
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    data: DataArgs,
    /// すべての記録を一度だけ点検し、署名して終わる
    #[arg(long)]
    once: bool,
    /// データベースの接続先を標準入力から読み、標準入力が閉じるまで続ける
    #[arg(long, hide = true)]
    doors_on_stdin: bool,
}

pub fn run(args: &Args) -> anyhow::Result<Outcome> {
    if args.doors_on_stdin { crate::on_runtime(keep(args)) } else { crate::on_runtime(start(args)) }
}

/// By hand: opens the installation and lets the keeper work beside it.
async fn start(args: &Args) -> anyhow::Result<Outcome> {
    let world = World::open(args.data.folder("data")?, args.data.database.as_deref()).await?;
    for kit in [&world.app.kit, &world.hub.kit] {
        kit::audit::place_all(kit).await?;
    }
    let outcome = if args.once {
        let ended = child::run_once(&world.dir, &world.keeper_doors).await?;
        if ended.success() { Outcome::Done } else { Outcome::Refused }
    } else {
        let keeper = child::KeeperChild::start(&world.dir, &world.keeper_doors)?;
        crate::serve::until_told(&world).await?;
        keeper.stop().await;
        Outcome::Done
    };
    world.close().await?;
    Ok(outcome)
}

/// The keeper itself.
async fn keep(args: &Args) -> anyhow::Result<Outcome> {
    let dir = args.data.folder("data")?;
    let (mut doors, stopped) = doors()?;
    let mut conns = Vec::new();
    for (system, options) in doors.drain(..) {
        // The socket's folder is closed to whom we step down to, so we connect before.
        conns.push((system, options.connect().await.context("データベースに接続できません")?));
    }
    let home = dir.join("keeper");
    step_down(&home, keeper_user(&dir))?;
    let folder = Folder::open(&home)?;
    let key = load_or_make_key(&folder)?;
    let mut keeper = Keeper::new(key, folder, Clock::real(), Ids::default());
    if args.once {
        return round(&mut keeper, &mut conns, Depth::Whole, &mut Vec::new()).await;
    }
    keep_on(&mut keeper, &mut conns, stopped).await
}

type Conns = Vec<(String, PgConnection)>;

/// Rounds until the input ends, and a last one then.
async fn keep_on(
    keeper: &mut Keeper,
    conns: &mut Conns,
    mut stopped: oneshot::Receiver<()>,
) -> anyhow::Result<Outcome> {
    let mut told = Vec::new();
    let mut rounds = tokio::time::interval(ROUND_EVERY);
    let mut hurries = tokio::time::interval(HURRY_EVERY);
    loop {
        tokio::select! {
            _ = &mut stopped => return round(keeper, conns, Depth::New, &mut told).await,
            _ = rounds.tick() => { round(keeper, conns, Depth::New, &mut told).await?; }
            _ = hurries.tick() => {
                for (system, conn) in conns.iter_mut() {
                    tell(system, keeper.hurry(conn, system).await?, &mut told);
                }
            }
        }
    }
}

async fn round(
    keeper: &mut Keeper,
    conns: &mut Conns,
    depth: Depth,
    told: &mut Vec<String>,
) -> anyhow::Result<Outcome> {
    let mut is_well = true;
    for (system, conn) in conns.iter_mut() {
        let alarms = keeper.round(conn, system, depth).await?;
        is_well &= alarms.is_empty();
        tell(system, alarms, told);
    }
    Ok(if is_well { Outcome::Done } else { Outcome::Refused })
}

/// Says each alarm once in a life.
fn tell(system: &str, alarms: Vec<(Municipality, Alarm)>, told: &mut Vec<String>) {
    for (municipality, alarm) in alarms {
        let sentence = format!(
            "警報: 自治体 {municipality} の操作ログ({system}) {alarm}。署名を止めました。情報セキュリティ担当に連絡してください。"
        );
        if !told.contains(&sentence) {
            eprintln!("{sentence}");
            told.push(sentence);
        }
    }
}

type Doors = Vec<(String, PgConnectOptions)>;

/// Reads the doors, and listens for the end of the input from then on.
fn doors() -> anyhow::Result<(Doors, oneshot::Receiver<()>)> {
    let mut doors = Vec::new();
    for line in std::io::stdin().lines() {
        let line = line?;
        if line.is_empty() {
            break;
        }
        let (system, url) = line.split_once(' ').context("a line names a system and its door")?;
        doors.push((system.to_owned(), url.parse()?));
    }
    ensure!(!doors.is_empty(), "no doors on the input");
    let (tell, told) = oneshot::channel();
    // A thread that nobody waits for: it may sit in its read when we end.
    std::thread::Builder::new().name("input".into()).spawn(move || {
        std::io::stdin().lock().read_to_end(&mut Vec::new()).ok();
        tell.send(()).ok();
    })?;
    Ok((doors, told))
}

/// Root hands folder and process to another account, so that neither the application's account nor the database's
/// can read the key. There is no way back.
fn step_down(home: &Path, user: Option<KeeperUser>) -> anyhow::Result<()> {
    let Some(user) = user else { return Ok(()) };
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o755).create(home);
    made.with_context(|| format!("{} を作れません", home.display()))?;
    if std::fs::metadata(home)?.uid() == 0 {
        for file in std::fs::read_dir(home)? {
            lchown(file?.path(), Some(user.uid), Some(user.gid))?;
        }
        lchown(home, Some(user.uid), Some(user.gid))?;
    }
    setgroups(&[])
        .and_then(|()| setgid(Gid::from_raw(user.gid)))
        .and_then(|()| setuid(Uid::from_raw(user.uid)))?;
    ensure!(setuid(Uid::from_raw(0)).is_err(), "could step back up to root");
    Ok(())
}
