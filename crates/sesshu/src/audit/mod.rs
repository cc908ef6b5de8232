//! `sesshu audit …`: what makes the operation log something that others can check.

pub mod child;
mod export;
mod keeper;
mod prove;
mod verify;

use crate::Outcome;

/// 操作ログに署名し、書き出し、検証する
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    Keeper(keeper::Args),
    Export(export::Args),
    Verify(verify::Args),
    Prove(prove::Args),
}

pub fn run(args: &Args) -> anyhow::Result<Outcome> {
    match &args.command {
        Command::Keeper(args) => keeper::run(args),
        Command::Export(args) => export::run(args),
        Command::Verify(args) => verify::run(args),
        Command::Prove(args) => prove::run(args),
    }
}
