//! `sesshu serve`: the systems up, until Ctrl-C.

use crate::{
    Outcome,
    world::{DataArgs, World},
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
    /// 待ち受けるポート(0なら空いている番号)
    #[arg(long, default_value_t = 8080)]
    port: u16,
}

/// The chain of the audit log is brought up to date this often.
const CHAIN_EVERY: std::time::Duration = std::time::Duration::from_secs(1);

/// Everything that runs beside the commands' own work. Stopped together.
pub struct Running {
    pub address: SocketAddr,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Running {
    /// Starts the pages, the background worker and the audit chain.
    pub async fn start(world: &World, port: u16) -> anyhow::Result<Running> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            .await
            .with_context(|| format!("ポート {port} を使えません。--port で別の番号を指定してください"))?;
        let address = listener.local_addr()?;
        let (stop, stopped) = watch::channel(false);
        let router = health::router(world.app.clone());
        let pages = tokio::spawn(kit::web::serve(listener, router, stopped.clone()));
        let worker = tokio::spawn(health::worker(&world.app).run(stopped.clone()));
        let chain = tokio::spawn(keep_chain(world.app.kit.clone(), stopped));
        Ok(Running { address, stop, tasks: vec![pages, worker, chain] })
    }

    pub async fn stop(self) {
        self.stop.send(true).ok();
        for task in self.tasks {
            // A browser may hold its connection open; five seconds are enough for what is being written.
            tokio::time::timeout(std::time::Duration::from_secs(5), task).await.ok();
        }
    }
}

async fn keep_chain(kit: kit::Kit, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        if let Err(error) = kit::audit::chain_all(&kit).await {
            tracing::error!(%error, "could not bring the audit chain up to date");
        }
        tokio::select! { _ = tokio::time::sleep(CHAIN_EVERY) => {}, _ = stop.changed() => {} }
    }
}

/// Waits for Ctrl-C or the service manager's TERM.
pub async fn until_told() -> anyhow::Result<()> {
    let mut term = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        pressed = tokio::signal::ctrl_c() => pressed?,
        _ = term.recv() => {}
    }
    Ok(())
}

pub fn run(args: &Args) -> anyhow::Result<Outcome> {
    crate::on_runtime(async {
        let world = World::open(args.data.folder("data")?, args.data.database.as_deref()).await?;
        world.municipality(None).await?;
        let running = Running::start(&world, args.port).await?;
        eprintln!("① 健康管理システム  http://{}/", running.address);
        until_told().await?;
        running.stop().await;
        world.close().await?;
        Ok(Outcome::Done)
    })
}
