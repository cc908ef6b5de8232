//! How long staff wait for a search over a whole ward: the use case with its audit entry, from the ordinary pool.

use super::import;
use crate::{Outcome, world::World};
use anyhow::{Context, ensure};
use domain::{address, kana, wareki};
use health::{
    imports::Kind,
    residents::{case, sql::Search},
};
use kit::{Acting, Municipality};
use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

/// 住民検索: 区全体の住民を、カナ・生年月日・住所・番号で探すのにかかる時間を測る
#[derive(clap::Args)]
pub struct Args {
    /// 架空の住民の数
    #[arg(long, default_value_t = 350_000)]
    residents: u32,
    /// 住民を作る種
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// 条件の種類ごとの検索の回数
    #[arg(long, default_value_t = 2_000)]
    searches: usize,
    /// 同時に探す職員の数
    #[arg(long, default_value_t = 4)]
    staff: usize,
    /// 使い捨てのデータの置き場所 (終わると消す)
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

const WARD: Municipality = Municipality(131_172);

pub fn run(args: &Args) -> anyhow::Result<Outcome> {
    let measured = super::in_a_world(args.dir.as_deref(), async |world: &World| {
        world.put_municipality(WARD, "北区", "").await?;
        measure(world, args).await
    });
    println!("{}\n", super::table::heading());
    println!("| search by | searches | p50 ms | p99 ms | worst ms |\n|---|--:|--:|--:|--:|");
    for (name, mut waits) in measured? {
        waits.sort_unstable();
        let at = |part: f64| waits[((waits.len() - 1) as f64 * part) as usize].as_secs_f64() * 1000.0;
        println!("| {name} | {} | {:.1} | {:.1} | {:.1} |", waits.len(), at(0.5), at(0.99), at(1.0));
    }
    Ok(Outcome::Done)
}

type Waits = Vec<(&'static str, Vec<Duration>)>;

async fn measure(world: &World, args: &Args) -> anyhow::Result<Waits> {
    let folder = import::write_ward(world, args.residents, args.seed).await?;
    let operator = world.operator(WARD).await?;
    import::take(world, &operator, Kind::Residents, &folder.join("residents.csv"), "residents").await?;
    let asked = asked(&folder.join("residents.csv"), args.searches)?;
    let mut waits = Vec::new();
    for (name, searches) in asked {
        waits.push((name, ask(world, &operator, searches, args.staff).await?));
    }
    Ok(waits)
}

type Asked = Vec<(&'static str, Vec<Search>)>;

/// What staff type, taken from people spread over the whole register.
fn asked(file: &std::path::Path, count: usize) -> anyhow::Result<Asked> {
    let text = std::fs::read_to_string(file)?;
    let body = text.split_once('\n').context("a control line comes first")?.1;
    let mut reader = csv::Reader::from_reader(body.as_bytes());
    let headers = reader.headers()?.clone();
    let column = |name: &str| headers.iter().position(|header| header == name).context("a column is missing");
    let (number, name, birth, home) =
        (column("宛名番号")?, column("カナ氏名")?, column("生年月日")?, column("住所")?);
    let rows: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>()?;
    let people: Vec<_> = rows.iter().step_by((rows.len() / count).max(1)).take(count).collect();
    let each =
        |make: &dyn Fn(&csv::StringRecord) -> Search| people.iter().map(|row| make(row)).collect::<Vec<_>>();
    let base = || Search { with_former: true, ..Search::default() };
    Ok(vec![
        ("宛名番号", each(&|row| Search { addressee_number: row[number].to_owned(), ..base() })),
        ("カナ氏名", each(&|row| Search { kana_key: kana::key(&row[name]), ..base() })),
        (
            "カナの姓だけ",
            each(&|row| {
                let surname = row[name].split(['　', ' ']).next().unwrap_or_default();
                Search { kana_key: kana::key(surname), ..base() }
            }),
        ),
        ("生年月日", each(&|row| Search { birth_date: wareki::parse(&row[birth]).ok(), ..base() })),
        ("住所", each(&|row| Search { address_key: address::key(&row[home]), ..base() })),
        (
            "カナの姓と生年月日",
            each(&|row| {
                let surname = row[name].split(['　', ' ']).next().unwrap_or_default();
                Search { kana_key: kana::key(surname), birth_date: wareki::parse(&row[birth]).ok(), ..base() }
            }),
        ),
    ])
}

/// Lets some staff search at once and notes how long each waited.
async fn ask(
    world: &World,
    acting: &Acting,
    searches: Vec<Search>,
    staff: usize,
) -> anyhow::Result<Vec<Duration>> {
    let searches = Arc::new(searches);
    let mut people = tokio::task::JoinSet::new();
    for first in 0..staff {
        let (app, acting, searches) = (world.app.clone(), acting.clone(), searches.clone());
        people.spawn(async move {
            let mut waits = Vec::new();
            for search in searches.iter().skip(first).step_by(staff) {
                let began = Instant::now();
                let found = case::search(&app, &acting, search, 0)
                    .await
                    .map_err(|failure| anyhow::anyhow!("{failure}"))?;
                ensure!(!found.people.is_empty(), "a person of the register was not found");
                waits.push(began.elapsed());
            }
            Ok(waits)
        });
    }
    let mut all = Vec::new();
    while let Some(waits) = people.join_next().await {
        all.extend(waits??);
    }
    Ok(all)
}
