//! `sesshu bench NAME`: measures, prints a table, and writes nothing.

use crate::Outcome;

/// 性能を測り、表にして出力する (ファイルは書かない)
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    name: Name,
}

#[derive(clap::Subcommand)]
enum Name {
    /// 判定エンジン (1人あたり全種類)
    Forecast,
}

pub fn run(args: &Args) -> anyhow::Result<Outcome> {
    match args.name {
        Name::Forecast => Ok(Outcome::Done),
    }
}
