//! `sesshu forecast`: persons in, forecasts out, as JSON Lines (design §5).

use crate::Outcome;
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
    /// 判定する日 (行に as_of がないとき)。例: 2026-11-23
    #[arg(long, value_name = "DATE")]
    pub as_of: Option<jiff::civil::Date>,
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
    anyhow::ensure!(args.data.is_some() || args.pack == Pack::Jp, "--data でフォルダーを指定してください");
    let _ = (&args.as_of, args.explain, args.rules);
    Ok(Outcome::Done)
}
