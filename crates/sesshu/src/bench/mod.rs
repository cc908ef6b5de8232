//! `sesshu bench NAME`: measures, prints a table, and writes nothing.

mod audit;
mod doors;
mod entry;
mod extract;
mod forecast;
mod import;
mod log;
mod search;
mod table;

use crate::{Outcome, world::World};
use anyhow::{Context, ensure};
use std::path::Path;

/// 性能を測り、表にして出力する (ファイルは書かない)
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    name: Name,
}

#[derive(clap::Subcommand)]
enum Name {
    Forecast(forecast::Args),
    Import(import::Args),
    Search(search::Args),
    Extract(extract::Args),
    Entry(entry::Args),
    Audit(audit::Args),
    Log(log::Args),
    Doors(doors::Args),
}

pub fn run(args: &Args) -> anyhow::Result<Outcome> {
    match &args.name {
        Name::Forecast(args) => forecast::run(args),
        Name::Import(args) => import::run(args),
        Name::Search(args) => search::run(args),
        Name::Extract(args) => extract::run(args),
        Name::Entry(args) => entry::run(args),
        Name::Audit(args) => audit::run(args),
        Name::Log(args) => log::run(args),
        Name::Doors(args) => doors::run(args),
    }
}

/// Measures in a world of its own, which is thrown away afterwards, whatever came of it.
fn in_a_world<T>(
    dir: Option<&Path>,
    measure: impl AsyncFnOnce(&World) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let dir = dir.map_or_else(
        || std::env::temp_dir().join(format!("sesshu-bench-{}", std::process::id())),
        Path::to_owned,
    );
    ensure!(!dir.exists(), "{} はすでにあります。空いている場所を指定してください。", dir.display());
    let measured = crate::on_runtime(async {
        let world = World::open(dir.clone(), None).await?;
        let measured = measure(&world).await;
        world.close().await?;
        measured
    });
    std::fs::remove_dir_all(&dir).with_context(|| format!("{} を消せません", dir.display()))?;
    measured
}
