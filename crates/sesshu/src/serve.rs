//! `sesshu serve`: the systems up, until Ctrl-C.

use crate::{
    Outcome,
    world::{AuditLogArgs, DataArgs, World},
};
use anyhow::Context;
use clap::Args as ClapArgs;
use std::net::{Ipv4Addr, SocketAddr};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

/// システムを起動する(Ctrl-Cで終了)
#[derive(ClapArgs)]
pub struct Args {
    #[command(flatten)]
    data: DataArgs,
    #[command(flatten)]
    audit_log: AuditLogArgs,
    /// 待ち受けるポート(0なら空いている番号)
    #[arg(long, default_value_t = 8080)]
    port: u16,
}

/// New entries of the log get their places this often.
const PLACE_EVERY: std::time::Duration = std::time::Duration::from_secs(1);

/// Everything that runs beside the commands' own work. Stopped together.
pub struct Running {
    pub address: SocketAddr,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Running {
    /// Starts the pages, the background worker and the keeping of the log's places.
    pub fn start(world: &World, listener: TcpListener) -> anyhow::Result<Running> {
        let address = listener.local_addr()?;
        let (stop, stopped) = watch::channel(false);
        let router = health::router(world.app.clone());
        let pages = tokio::spawn(kit::web::serve(listener, router, stopped.clone()));
        let worker = tokio::spawn(health::worker(&world.app).run(stopped.clone()));
        let places = tokio::spawn(keep_places(world.app.kit.clone(), stopped));
        Ok(Running { address, stop, tasks: vec![pages, worker, places] })
    }

    pub async fn stop(self) {
        self.stop.send(true).ok();
        for task in self.tasks {
            // A browser may hold its connection open; five seconds are enough for what is being written.
            tokio::time::timeout(std::time::Duration::from_secs(5), task).await.ok();
        }
    }
}

async fn keep_places(kit: kit::Kit, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        if let Err(error) = kit::audit::place_all(&kit).await {
            tracing::error!(%error, "could not give the log's entries their places");
        }
        tokio::select! { _ = tokio::time::sleep(PLACE_EVERY) => {}, _ = stop.changed() => {} }
    }
}

/// Takes the port before anything else is done: a taken one is said at once, not after a minute of imports.
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
        let listener = listen(args.port).await?;
        let dir = args.data.folder("data")?;
        args.audit_log.place(&dir)?;
        let world = World::open(dir, args.data.database.as_deref()).await?;
        anyhow::ensure!(
            !kit::db::municipalities(&world.app.kit.pool).await?.is_empty(),
            "自治体が登録されていません。先に sesshu init を実行してください。"
        );
        let running = Running::start(&world, listener)?;
        eprintln!("① 健康管理システム  http://{}/", running.address);
        until_told(&world).await?;
        running.stop().await;
        world.close().await?;
        Ok(Outcome::Done)
    })
}
