//! The one executable: every command of the municipality's immunization work (予防接種事務).
//!
//! A command lives in its own folder and offers `Args` and `run`. It writes machine output to stdout only, says what
//! is wrong in one sentence on stderr, and must never guess: what it cannot read, it refuses.
//!
//! Start reading at [`Command`].

mod audit;
mod backup;
mod bench;
mod demo;
mod doctor;
mod doors;
mod extract;
mod forecast;
mod import;
mod init;
mod keys;
mod links;
mod print;
mod rebuild;
mod serve;
mod terminals;
mod town_files;
mod world;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// 予防接種事務を行うコマンド
#[derive(Parser)]
#[command(name = "sesshu", version, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Demo(demo::Args),
    Init(init::Args),
    Serve(serve::Args),
    Terminal(terminals::Args),
    Doctor(doctor::Args),
    Audit(audit::Args),
    Import(import::Args),
    Extract(extract::Args),
    Print(print::Args),
    Rebuild(rebuild::Args),
    Keys(keys::Args),
    Backup(backup::Args),
    Restore(backup::RestoreArgs),
    Town(town_files::Args),
    Forecast(forecast::Args),
    Bench(bench::Args),
}

/// How a command ended when nothing broke: `Refused` is exit 1 (a line or a job was refused, and this was said).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Done,
    Refused,
}

fn main() -> ExitCode {
    // clap answers wrong usage itself, with exit code 2.
    let outcome = match Cli::parse().command {
        Command::Demo(args) => demo::run(&args),
        Command::Init(args) => init::run(&args),
        Command::Serve(args) => serve::run(&args),
        Command::Terminal(args) => terminals::run(&args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Audit(args) => audit::run(&args),
        Command::Import(args) => import::run(&args),
        Command::Extract(args) => extract::run(&args),
        Command::Print(args) => print::run(&args),
        Command::Rebuild(args) => rebuild::run(&args),
        Command::Keys(args) => keys::run(&args),
        Command::Backup(args) => backup::run(&args),
        Command::Restore(args) => backup::run_restore(&args),
        Command::Town(args) => town_files::run(&args),
        Command::Forecast(args) => forecast::run(&args),
        Command::Bench(args) => bench::run(&args),
    };
    match outcome {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Refused) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs a command that waits for the database or for people.
fn on_runtime<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tracing_subscriber::fmt()
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_env("SESSHU_LOG")
                .unwrap_or_else(|_| "warn,sqlx::query=error".into()),
        )
        .with_writer(std::io::stderr)
        .init();
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(work)
}
