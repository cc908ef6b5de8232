//! How long it takes to find who is due, with reasons, against the SQL that a user would write.

use super::table::{Measured, peak_kib, print};
use crate::{Outcome, world::World};
use anyhow::{Context, ensure};
use domain::{
    Date,
    age::Days,
    campaign::{NoticeKind, Request},
    schedule::Series,
};
use health::{
    campaigns::{
        extract::{Narrowing, Snapshot},
        sql::one_snapshot,
    },
    imports::{FeedState, Kind, Options, case},
};
use kit::Municipality;
use sqlx::PgConnection;
use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

/// 抽出: 対象者を理由とともに求める時間を、利用者が書くSQLと比べる
#[derive(clap::Args)]
pub struct Args {
    /// 架空の住民の数
    #[arg(long, default_value_t = 350_000)]
    residents: u32,
    /// 住民を作る種 (同じ数なら同じ住民)
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// データの置き場所。住民がいればそれを使う (省けば使い捨て)
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

const WARD: Municipality = Municipality(131_172);
/// A fixed day, so that runs can be compared: in the season of influenza.
const AS_OF: Date = Date::constant(2026, 11, 23);

/// The question as plain SQL, for the programmes whose rule fits into a page of it.
const BY_SQL: [(Series, &str); 4] = [
    (Series::Mr1, include_str!("extract_sql/mr1.sql")),
    (Series::Mr2, include_str!("extract_sql/mr2.sql")),
    (Series::Ppv, include_str!("extract_sql/ppv.sql")),
    (Series::Flu, include_str!("extract_sql/flu.sql")),
];

pub fn run(args: &Args) -> anyhow::Result<Outcome> {
    let thrown_away = args.dir.is_none();
    let dir = args
        .dir
        .clone()
        .unwrap_or_else(|| std::env::temp_dir().join(format!("sesshu-bench-{}", std::process::id())));
    let measured = crate::on_runtime(async {
        let world = World::open(dir.clone(), None).await?;
        let lines = async {
            fill(&world, args).await?;
            measure(&world).await
        };
        let lines = lines.await;
        world.close().await?;
        lines
    });
    if thrown_away {
        std::fs::remove_dir_all(&dir).with_context(|| format!("{} を消せません", dir.display()))?;
    }
    print(&measured?, "people");
    Ok(Outcome::Done)
}

async fn fill(world: &World, args: &Args) -> anyhow::Result<()> {
    world.put_municipality(WARD, "北区", "").await?;
    if health::home::sql::counts(&world.app.kit, WARD).await?.residents > 0 {
        return Ok(());
    }
    let folder = world.dir.join("town");
    let order = town::Order {
        residents: args.residents,
        seed: args.seed,
        as_of: AS_OF,
        folder: folder.clone(),
        encoding: town::Encoding::Utf8,
        weeks: 0,
    };
    tokio::task::spawn_blocking(move || order.write(|_| ())).await??;
    let operator = world.operator(WARD).await?;
    for (kind, file) in
        [(Kind::Clinics, "clinics.csv"), (Kind::Residents, "residents.csv"), (Kind::Records, "records.csv")]
    {
        let taken = case::take(&world.app, &operator, kind, &folder.join(file), Options::default()).await;
        let summary = taken.map_err(|failure| anyhow::anyhow!("{failure}"))?;
        eprintln!("{}", summary.sentence());
        ensure!(summary.state == FeedState::Applied, "{}", summary.sentence());
    }
    sqlx::query("analyze").execute(&world.owner).await?;
    Ok(())
}

async fn measure(world: &World) -> anyhow::Result<Vec<Measured>> {
    let mut lines = Vec::new();
    for (series, sql) in BY_SQL {
        let ours = one(world, series, None, &mut lines).await?;
        let theirs = by_sql(world, series, sql, &mut lines).await?;
        eprintln!("{}: 規則による対象 {ours}人、SQLによる該当 {theirs}人", series.ja());
    }
    for series in [Series::HepB, Series::Dpt, Series::Je1, Series::Hpv] {
        one(world, series, None, &mut lines).await?;
    }
    // Nobody is left out by age: what an extraction would cost whose rule could reach everybody.
    let everybody = Days::new(Date::constant(1873, 1, 1), AS_OF);
    one(world, Series::Mr1, Some(everybody), &mut lines).await?;
    Ok(lines)
}

/// One programme, twice: from the tables, and the judging alone. Returns how many are due whatever the register says.
async fn one(
    world: &World,
    series: Series,
    born: Option<Days>,
    lines: &mut Vec<Measured>,
) -> anyhow::Result<usize> {
    let request =
        Request { series, kind: NoticeKind::Questionnaire, base_date: AS_OF, dose: None, valid_until: None };
    let born = born.unwrap_or_else(|| domain::campaign::reach(series, AS_OF));
    let whole = if born.from.year() < 1880 { "the whole ward, " } else { "" };
    let mut tx = kit::db::begin(&world.app.kit.pool, WARD).await?;
    one_snapshot(&mut tx).await?;
    let (start, memory) = (Instant::now(), peak_kib());
    let snapshot = Snapshot::read_born(&mut tx, WARD, &request, 12, born).await?;
    let read = start.elapsed();
    let judging = Instant::now();
    let judged = snapshot.judge(&world.app.engine, &request, &Narrowing::default());
    let judged_in = judging.elapsed();
    let rows = snapshot.rows(&judged, AS_OF);
    let all = start.elapsed();
    let people = snapshot.people() as u64;
    eprintln!(
        "{whole}{}: {people}人、接種{}件、読取り{read:?}、判定{judged_in:?}、全体{all:?}",
        series.code(),
        snapshot.doses()
    );
    lines.push(line(
        &format!("{whole}{}: from the database, with reasons", series.code()),
        people,
        all,
        memory,
    ));
    lines.push(line(
        &format!("{whole}{}: from a snapshot in memory", series.code()),
        people,
        judged_in,
        memory,
    ));
    Ok(rows.iter().filter(|row| row.included).count())
}

async fn by_sql(
    world: &World,
    series: Series,
    sql: &'static str,
    lines: &mut Vec<Measured>,
) -> anyhow::Result<usize> {
    let mut tx = kit::db::begin(&world.app.kit.pool, WARD).await?;
    let (start, memory) = (Instant::now(), peak_kib());
    let found = ids(&mut tx, sql).await?;
    let work = format!("{}: plain SQL, without reasons", series.code());
    lines.push(line(&work, found.len() as u64, start.elapsed(), memory));
    Ok(found.len())
}

async fn ids(conn: &mut PgConnection, sql: &'static str) -> sqlx::Result<Vec<uuid::Uuid>> {
    sqlx::query_scalar(sql).bind(WARD.0).bind(kit::Day(AS_OF)).fetch_all(conn).await
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
