//! `sesshu serve`: the systems up, until Ctrl-C.

use crate::{
    Outcome,
    audit::child::KeeperChild,
    backup,
    doors::{self, DoorArgs, Opened, Plain},
    links,
    world::{AuditLogArgs, DataArgs, World},
};
use clap::Args as ClapArgs;
use kit::{
    Zone,
    intrusion::keep_watch,
    session::{Desk, Keeper},
    web,
};
use std::sync::Arc;
use tokio::{sync::watch, task::JoinHandle};

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
    #[command(flatten)]
    doors: DoorArgs,
}

/// New entries of the log get their places this often.
const PLACE_EVERY: std::time::Duration = std::time::Duration::from_secs(1);

/// Where browsers reach the systems from one zone.
#[derive(Clone)]
pub struct Urls {
    pub zone: Zone,
    pub health: String,
    pub hub: String,
}

/// Everything that runs beside the commands' own work. Stopped together.
pub struct Running {
    /// Of each door, in the order in which they were given.
    pub urls: Vec<Urls>,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
    kits: [kit::Kit; 2],
    keeper: KeeperChild,
}

impl Running {
    /// Starts the pages of all systems, the background worker, the giving of places in the logs, and the logs' keeper.
    pub async fn start(world: &World, doors: Vec<Opened>) -> anyhow::Result<Running> {
        let (stop, stopped) = watch::channel(false);
        let (keeper, hub_link) = links::to_hub(world, stopped.clone()).await?;
        let (mut urls, mut tasks) = (Vec::new(), vec![hub_link]);
        for door in doors {
            urls.push(door.urls()?);
            tasks.extend(open(world, door, &keeper, &stopped)?);
        }
        tasks.extend([
            tokio::spawn(health::worker(&world.app).run(stopped.clone())),
            tokio::spawn(hub::worker(&world.hub).run(stopped.clone())),
            tokio::spawn(keep_places(world.app.kit.clone(), stopped.clone())),
            tokio::spawn(keep_places(world.hub.kit.clone(), stopped.clone())),
            tokio::spawn(keep_watch(world.app.kit.clone(), health::DAILY, stopped.clone())),
            tokio::spawn(keep_watch(world.hub.kit.clone(), health::DAILY, stopped.clone())),
            tokio::spawn(backup::wal::keep_shipping(world.dir.clone(), world.hub.kit.watch.clone(), stopped)),
        ]);
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

/// Both systems behind one door: each with the pages of the door's zone.
fn open(
    world: &World,
    door: Opened,
    keeper: &Arc<dyn Keeper>,
    stop: &watch::Receiver<bool>,
) -> anyhow::Result<[JoinHandle<()>; 2]> {
    let (urls, over_tls) = (door.urls()?, door.tls.is_some());
    let health = health::router_in(health_at(world, &urls, over_tls, Arc::clone(keeper)), urls.zone);
    let hub = hub::router_in(hub_at(world, &urls, over_tls), urls.zone);
    Ok(match door.tls {
        None => [
            tokio::spawn(web::serve(door.health, health, stop.clone())),
            tokio::spawn(web::serve(door.hub, hub, stop.clone())),
        ],
        Some([health_door, hub_door]) => [
            tokio::spawn(web::serve_tls(door.health, health_door, health, stop.clone())),
            tokio::spawn(web::serve_tls(door.hub, hub_door, hub, stop.clone())),
        ],
    })
}

fn health_at(world: &World, urls: &Urls, over_tls: bool, keeper: Arc<dyn Keeper>) -> health::App {
    let kit = &world.app.kit;
    let desk = Desk::new("health", &urls.health, &urls.hub, &[], keeper);
    health::App { kit: kit::Kit { desk, over_tls, ..kit.clone() }, ..world.app.clone() }
}

fn hub_at(world: &World, urls: &Urls, over_tls: bool) -> hub::App {
    let kit = &world.hub.kit;
    let desk = Desk::new("hub", &urls.hub, &urls.hub, &[&urls.health], Arc::clone(&kit.desk.keeper));
    let health = hub::Site { system: "health", name: "健康管理システム", url: urls.health.clone() };
    hub::App {
        kit: kit::Kit { desk, over_tls, ..kit.clone() },
        sites: Arc::new([health]),
        ..world.hub.clone()
    }
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
        // Taken before anything else is done: a taken port is said at once, not after a minute of imports.
        let mut listening = Vec::new();
        if args.doors.has_plain()? {
            listening.push(Plain::open(args.port).await?);
        }
        let tls = args.doors.listen().await?;
        let dir = args.data.folder("data")?;
        args.audit_log.place(&dir)?;
        let world = World::open(dir, args.data.database.as_deref()).await?;
        anyhow::ensure!(
            !kit::db::municipalities(&world.app.kit.pool).await?.is_empty(),
            "自治体が登録されていません。先に sesshu init を実行してください。"
        );
        let mut open: Vec<_> = listening.into_iter().map(Opened::from).collect();
        open.extend(doors::open(tls, &args.doors.identity()?, &world)?);
        let running = Running::start(&world, open).await?;
        for Urls { zone, health, hub } in &running.urls {
            eprintln!("{}\n  ① 健康管理システム  {health}/\n  ② 共通基盤          {hub}/", zone.ja());
        }
        until_told(&world).await?;
        running.stop().await;
        let dir = world.dir.clone();
        world.close().await?;
        // The server closed its last segment while it stopped.
        backup::wal::ship_in(&dir).await?;
        Ok(Outcome::Done)
    })
}
