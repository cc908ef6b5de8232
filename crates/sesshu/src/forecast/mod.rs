//! `sesshu forecast`: persons in, forecasts out, as JSON Lines (design §5).
//!
//! `door` moves lines, `line` reads what all packs share, `cdc` and `jp` know one pack each, and `cdc_data` reads CDC's
//! XML. No rule lives here.

mod cdc;
mod cdc_data;
mod door;
mod jp;
mod line;
mod rules;
#[cfg(test)]
mod tests;

pub use cdc::CdcDoor;
pub use cdc_data::read as read_cdc;
pub use door::{Answers, BATCH_BYTES, Counts, answer_all, buffered};
pub use jp::JapanDoor;

use crate::Outcome;
use anyhow::Context;
use domain::Date;
use domain::schedule::{Japan, Settings};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::{IsTerminal, Write};
use std::path::PathBuf;

/// 接種歴を判定し、次にいつ何を接種できるかを答える (JSON Lines を標準入力から読み、標準出力に書く)
#[derive(clap::Args)]
pub struct Args {
    /// 規則: jp は予防接種法、cdc は米国 CDC の公開データ (--data が必要)
    #[arg(long, value_enum, default_value_t = Pack::Jp)]
    pub pack: Pack,
    /// CDC の supporting data (XML) のあるフォルダー
    #[arg(long, value_name = "DIR", required_if_eq("pack", "cdc"))]
    pub data: Option<PathBuf>,
    /// 判定する日 (行に as_of がないとき。書かなければ今日)。例: 2026-11-23
    #[arg(long, value_name = "DATE", value_parser = line::read_day)]
    pub as_of: Option<Date>,
    /// 判定の過程も出力する
    #[arg(long)]
    pub explain: bool,
    /// その日に有効な規則の表を出力する (入力は読まない)
    #[arg(long)]
    pub rules: bool,
}

/// Whose rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Pack {
    Jp,
    Cdc,
}

pub fn run(args: &Args) -> anyhow::Result<Outcome> {
    // Lines that name no day are asked about today.
    let as_of = args.as_of.unwrap_or_else(|| kit::clock::Clock::real().today());
    let mut output = std::io::stdout().lock();
    match args.pack {
        Pack::Jp => {
            let japan = Japan::new(Settings::default());
            if args.rules {
                rules::print_japan(&japan, as_of, &mut output)?;
                return Ok(Outcome::Done);
            }
            answer_stdin(&mut output, || JapanDoor::new(&japan, Some(as_of), args.explain))
        }
        Pack::Cdc => {
            let folder = args.data.as_deref().context("--data でフォルダーを指定してください")?;
            let cdc = read_cdc(folder)?;
            if args.rules {
                rules::print_cdc(&cdc, as_of, &mut output)?;
                return Ok(Outcome::Done);
            }
            answer_stdin(&mut output, || CdcDoor::new(&cdc, Some(as_of), args.explain))
        }
    }
}

/// Answers standard input on all cores.
fn answer_stdin<A: Answers + Send>(output: &mut dyn Write, door: impl Fn() -> A) -> anyhow::Result<Outcome> {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let mut workers: Vec<A> = (0..cores).map(|_| door()).collect();
    let bar = progress();
    let mut tell = |counts: Counts| bar.set_position(counts.answered + counts.refused);
    let counts = answer_all(&mut buffered(std::io::stdin()), output, &mut workers, &mut tell);
    bar.finish_and_clear();
    let counts = counts.context("入力を最後まで処理できませんでした")?;
    output.flush()?;
    if counts.refused == 0 {
        return Ok(Outcome::Done);
    }
    eprintln!(
        "{} 行のうち {} 行を判定できませんでした。出力の error を見て直してください",
        counts.answered + counts.refused,
        counts.refused
    );
    Ok(Outcome::Refused)
}

/// Counts on stderr for who waits at a terminal; not where the answers themselves go there.
fn progress() -> ProgressBar {
    if std::io::stdout().is_terminal() || std::io::stdin().is_terminal() {
        return ProgressBar::hidden();
    }
    let style =
        ProgressStyle::with_template("{spinner} {human_pos} 行 ({per_sec})").expect("a known template");
    ProgressBar::new_spinner().with_style(style)
}
