//! `sesshu serve`: the systems up, until Ctrl-C.

use crate::{
    Outcome,
    audit::child::KeeperChild,
    backup, links,
    world::{AuditLogArgs, DataArgs, World},
};
use anyhow::Context;
use clap::Args as ClapArgs;
use kit::{
    intrusion::keep_watch,
    session::{Desk, Keeper},
};
use std::{net::Ipv4Addr, sync::Arc};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

/// システムを起動する(Ctrl-Cで終了)
#[derive(ClapArgs)]
pub struct Args {
    #[command(flatten)]
    data: DataArgs,
    #[command(flatten)]
    audit_log: AuditLogArgs,
    /// ① 健康管理システムが待ち受けるポート(0なら空いている番号)。② 共通基盤は次の番号を使う
    #[arg(long, default_value_t = 8080)]
    port: u16,
}

/// New entries of the log get their places this often.
const PLACE_EVERY: std::time::Duration = std::time::Duration::from_secs(1);

/// The doors of the systems, taken before anything else is done: a taken port is said at once, not after a minute of
/// imports.
pub struct Doors {
    health: TcpListener,
    hub: TcpListener,
}

impl Doors {
    /// 健康管理システム at `port`, 共通基盤 at the next; at free ports for 0.
    pub async fn open(port: u16) -> anyhow::Result<Doors> {
        let next = if port == 0 { 0 } else { port.checked_add(1).context("--port が大きすぎます")? };
        Ok(Doors { health: listen(port).await?, hub: listen(next).await? })
    }
}

/// Where browsers reach the systems.
#[derive(Clone)]
pub struct Urls {
    pub health: String,
    pub hub: String,
}

/// Everything that runs beside the commands' own work. Stopped together.
pub struct Running {
    pub urls: Urls,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
    kits: [kit::Kit; 2],
    keeper: KeeperChild,
}

impl Running {
    /// Starts the pages of all systems, the background worker, the giving of places in the logs, and the logs' keeper.
    pub async fn start(world: &World, doors: Doors) -> anyhow::Result<Running> {
        // By name, not by number: passkeys belong to a host's name.
        let url = |door: &TcpListener| anyhow::Ok(format!("http://localhost:{}", door.local_addr()?.port()));
        let urls = Urls { health: url(&doors.health)?, hub: url(&doors.hub)? };
        let (stop, stopped) = watch::channel(false);
        let (keeper, hub_link) = links::to_hub(world, stopped.clone()).await?;
        let (health, hub) = (health_at(world, &urls, keeper), hub_at(world, &urls));
        let tasks = vec![
            hub_link,
            tokio::spawn(kit::web::serve(doors.health, health::router(health), stopped.clone())),
            tokio::spawn(kit::web::serve(doors.hub, hub::router(hub), stopped.clone())),
            tokio::spawn(health::worker(&world.app).run(stopped.clone())),
            tokio::spawn(hub::worker(&world.hub).run(stopped.clone())),
            tokio::spawn(keep_places(world.app.kit.clone(), stopped.clone())),
            tokio::spawn(keep_places(world.hub.kit.clone(), stopped.clone())),
            tokio::spawn(keep_watch(world.app.kit.clone(), health::DAILY, stopped.clone())),
            tokio::spawn(keep_watch(world.hub.kit.clone(), health::DAILY, stopped.clone())),
            tokio::spawn(backup::wal::keep_shipping(world.dir.clone(), world.hub.kit.watch.clone(), stopped)),
        ];
        let keeper = KeeperChild::start(&world.dir, &world.keeper_doors)?;
        let kits = [world.app.kit.clone(), world.hub.kit.clone()];
        Ok(Running { urls, stop, tasks, kits, keeper })
    }

    pub async fn stop(self) {
        self.stop.send(true).ok();
        for task in self.tasks {
            // A browser may hold its connection open; five seconds are enough for what is being written.
            tokio::time::timeout(std::time::Duration::from_secs(5), task).await.ok();
        }
        // The last entries, too, are signed before we go.
        for kit in &self.kits {
            if let Err(error) = kit::audit::place_all(kit).await {
                tracing::error!(%error, "could not give the log's last entries their places");
            }
        }
        self.keeper.stop().await;
    }
}

fn health_at(world: &World, urls: &Urls, keeper: Arc<dyn Keeper>) -> health::App {
    let kit = &world.app.kit;
    let desk = Desk::new("health", &urls.health, &urls.hub, &[], keeper);
    health::App { kit: kit::Kit { desk, ..kit.clone() }, ..world.app.clone() }
}

fn hub_at(world: &World, urls: &Urls) -> hub::App {
    let kit = &world.hub.kit;
    let desk = Desk::new("hub", &urls.hub, &urls.hub, &[&urls.health], Arc::clone(&kit.desk.keeper));
    let health = hub::Site { system: "health", name: "健康管理システム", url: urls.health.clone() };
    hub::App { kit: kit::Kit { desk, ..kit.clone() }, sites: Arc::new([health]), ..world.hub.clone() }
}

async fn keep_places(kit: kit::Kit, mut stop: watch::Receiver<bool>) {
    let mut rounds = kit::waiting::Rounds::default();
    while !*stop.borrow() {
        if let Err(error) = kit::audit::place_waiting(&kit, &mut rounds).await {
            tracing::error!(%error, "could not give the log's entries their places");
        }
        tokio::select! { _ = tokio::time::sleep(PLACE_EVERY) => {}, _ = stop.changed() => {} }
    }
}

pub async fn listen(port: u16) -> anyhow::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .with_context(|| format!("ポート {port} を使えません。--port で別の番号を指定してください"))
}

/// How often it is looked whether the private PostgreSQL still runs.
const LOOK_EVERY: std::time::Duration = std::time::Duration::from_secs(1);

/// Waits for Ctrl-C or the service manager's TERM.
///
/// # Errors
/// When the private PostgreSQL has ended by itself: there is nothing left to serve from.
pub async fn until_told(world: &World) -> anyhow::Result<()> {
    let mut term = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    loop {
        tokio::select! {
            pressed = tokio::signal::ctrl_c() => return Ok(pressed?),
            _ = term.recv() => return Ok(()),
            () = tokio::time::sleep(LOOK_EVERY) => {
                anyhow::ensure!(
                    world.database_is_there(),
                    "データベースが停止したため終了します。ディスクの空きと {} を確かめて、起動し直してください。",
                    world.dir.display()
                );
            }
        }
    }
}

pub fn run(args: &Args) -> anyhow::Result<Outcome> {
    crate::on_runtime(async {
        let doors = Doors::open(args.port).await?;
        let dir = args.data.folder("data")?;
        args.audit_log.place(&dir)?;
        let world = World::open(dir, args.data.database.as_deref()).await?;
        anyhow::ensure!(
            !kit::db::municipalities(&world.app.kit.pool).await?.is_empty(),
            "自治体が登録されていません。先に sesshu init を実行してください。"
        );
        let running = Running::start(&world, doors).await?;
        eprintln!("① 健康管理システム  {}/\n② 共通基盤          {}/", running.urls.health, running.urls.hub);
        until_told(&world).await?;
        running.stop().await;
        let dir = world.dir.clone();
        world.close().await?;
        // The server closed its last segment while it stopped.
        backup::wal::ship_in(&dir).await?;
        Ok(Outcome::Done)
    })
}
