//! How long a ward's files take to come in, with all checks, against the bare COPY of the same rows.

use super::table::{Measured, peak_kib, print};
use crate::{Outcome, world::World};
use anyhow::ensure;
use domain::Date;
use futures_util::TryStreamExt;
use health::imports::{FeedState, FeedSummary, Kind, Options, case};
use kit::{Acting, Municipality};
use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// 取込み: 架空の区のファイルを取り込む時間を、同じ行をCOPYで入れる時間と比べる
#[derive(clap::Args)]
pub struct Args {
    /// 架空の住民の数
    #[arg(long, default_value_t = 350_000)]
    residents: u32,
    /// 住民を作る種 (同じ数なら同じ住民)
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// 接種記録も取り込む
    #[arg(long)]
    records: bool,
    /// 使い捨てのデータの置き場所 (終わると消す)
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

const WARD: Municipality = Municipality(131_172);
/// A fixed day, so that runs can be compared.
const AS_OF: Date = Date::constant(2026, 11, 21);

pub fn run(args: &Args) -> anyhow::Result<Outcome> {
    let measured = super::in_a_world(args.dir.as_deref(), async |world: &World| {
        world.put_municipality(WARD, "北区", "").await?;
        measure(world, args).await
    });
    print(&measured?, "rows");
    Ok(Outcome::Done)
}

/// Writes the files of a ward of this size into the world's folder.
pub(super) async fn write_ward(world: &World, residents: u32, seed: u64) -> anyhow::Result<PathBuf> {
    let folder = world.dir.join("town");
    let order = town::Order {
        residents,
        seed,
        as_of: AS_OF,
        folder: folder.clone(),
        encoding: town::Encoding::Utf8,
        weeks: 0,
    };
    tokio::task::spawn_blocking(move || order.write(|_| ())).await??;
    Ok(folder)
}

async fn measure(world: &World, args: &Args) -> anyhow::Result<Vec<Measured>> {
    let folder = write_ward(world, args.residents, args.seed).await?;
    let operator = world.operator(WARD).await?;
    take(world, &operator, Kind::Clinics, &folder.join("clinics.csv"), "clinics").await?;
    let residents = folder.join("residents.csv");
    let mut lines =
        vec![take(world, &operator, Kind::Residents, &residents, "residents, all checks, first time").await?];
    lines.extend(copy(world).await?);
    // The next week's complete file: everybody compared, nobody changed.
    let next = folder.join("next.csv");
    let text = std::fs::read_to_string(&residents)?;
    std::fs::write(&next, text.replacen("2026-11-21", "2026-11-22", 1))?;
    lines.push(
        take(world, &operator, Kind::Residents, &next, "residents, all checks, nothing changed").await?,
    );
    if args.records {
        let records = folder.join("records.csv");
        lines.push(
            take(world, &operator, Kind::Records, &records, "records, matched and judged by the law").await?,
        );
    }
    Ok(lines)
}

pub(super) async fn take(
    world: &World,
    operator: &Acting,
    kind: Kind,
    path: &Path,
    work: &str,
) -> anyhow::Result<Measured> {
    let (start, memory) = (Instant::now(), peak_kib());
    let taken: Result<FeedSummary, _> =
        case::take(&world.app, operator, kind, path, Options::default()).await;
    let took = start.elapsed();
    let summary = taken.map_err(|failure| anyhow::anyhow!("{failure}"))?;
    eprintln!("{work}: {}", summary.sentence());
    ensure!(summary.state == FeedState::Applied, "{}", summary.sentence());
    Ok(line(work, summary.counts.read, took, memory))
}

fn line(work: &str, done: u64, took: Duration, memory: u64) -> Measured {
    // The database's processor time is another process's: only the clock compares the two.
    Measured {
        work: work.to_owned(),
        done,
        took,
        processor: took,
        grown_kib: peak_kib().saturating_sub(memory),
    }
}

/// The same rows by COPY into a table of the same columns, checks and indexes, and into one without indexes.
async fn copy(world: &World) -> anyhow::Result<Vec<Measured>> {
    let mut tx = kit::db::begin(&world.owner, WARD).await?;
    let dump = world.dir.join("residents.copy");
    let mut file = std::fs::File::create(&dump)?;
    let mut out = tx.copy_out_raw("copy (select * from residents) to stdout").await?;
    while let Some(piece) = out.try_next().await? {
        std::io::Write::write_all(&mut file, &piece)?;
    }
    drop(out);
    tx.commit().await?;
    let mut lines = Vec::new();
    for (name, like, work) in [
        ("peer_with_indexes", "including all", "the same rows by bare COPY, with the table's indexes"),
        ("peer_bare", "including constraints", "the same rows by bare COPY, no index"),
    ] {
        let create = format!("create table {name} (like residents {like})");
        sqlx::query(sqlx::AssertSqlSafe(create)).execute(&world.owner).await?;
        let (start, memory) = (Instant::now(), peak_kib());
        let mut conn = world.owner.acquire().await?;
        let mut into = conn.copy_in_raw(&format!("copy {name} from stdin")).await?;
        into.read_from(tokio::fs::File::open(&dump).await?).await?;
        let rows = into.finish().await?;
        lines.push(line(work, rows, start.elapsed(), memory));
    }
    Ok(lines)
}
