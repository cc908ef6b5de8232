//! `sesshu town`: the files of a synthetic ward, for trying imports and for measuring.

use crate::Outcome;
use clap::Args as ClapArgs;
use std::path::PathBuf;

/// 架空の区の住民・医療機関・接種記録のファイルを作る
#[derive(ClapArgs)]
pub struct Args {
    /// 住民の人数
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(100..=1_000_000))]
    residents: u32,
    /// 架空の区を決める種(同じ種なら同じ区)
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// いつ現在の区か(和暦か西暦。省けば今日)
    #[arg(long, value_name = "DATE")]
    as_of: Option<String>,
    /// 書き出すフォルダー
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// 文字コード(utf8 か sjis)
    #[arg(long, default_value = "utf8")]
    encoding: String,
    /// 週次の差分ファイルをいくつ作るか
    #[arg(long, default_value_t = 0)]
    weeks: u32,
}

pub fn run(args: &Args) -> anyhow::Result<Outcome> {
    let encoding = town::Encoding::from_name(&args.encoding)
        .ok_or_else(|| anyhow::anyhow!("--encoding には utf8 か sjis を指定してください"))?;
    let as_of = match &args.as_of {
        Some(text) => domain::wareki::parse(text).map_err(|error| anyhow::anyhow!("--as-of: {error}"))?,
        None => kit::Clock::real().today(),
    };
    let order = town::Order {
        residents: args.residents,
        seed: args.seed,
        as_of,
        folder: args.out.clone(),
        encoding,
        weeks: args.weeks,
    };
    order.write(|path| println!("{}", path.display()))?;
    Ok(Outcome::Done)
}
