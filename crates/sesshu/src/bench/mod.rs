//! `sesshu bench NAME`: measures, prints a table, and writes nothing.

mod audit;
mod doors;
mod entry;
mod extract;
mod forecast;
mod import;
mod search;
mod table;

use crate::Outcome;

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
        Name::Doors(args) => doors::run(args),
    }
}
