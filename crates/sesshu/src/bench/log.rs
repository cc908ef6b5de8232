//! How long an auditor waits for an answer from a long operation log: who saw this person, what did this member of staff do.

use super::table;
use crate::{Outcome, world::World};
use anyhow::ensure;
use desk::audit::{case, sql::LogSearch};
use domain::Date;
use kit::{Acting, Kit, Municipality, Role};
use std::{
    path::PathBuf,
    time::{Duration, Instant},
};
use uuid::Uuid;

/// 操作ログの検索: 長い操作ログから、だれがこの人を見たか、この職員が何をしたかを探すのにかかる時間を測る
#[derive(clap::Args)]
pub struct Args {
    /// 操作ログの件数 (5年に広げる)
    #[arg(long, default_value_t = 1_000_000)]
    rows: i64,
    /// 問いの種類ごとの検索の回数
    #[arg(long, default_value_t = 200)]
    searches: u128,
    /// 使い捨てのデータの置き場所 (終わると消す)
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

const WARD: Municipality = Municipality(131_172);
/// Rows of one transaction.
const STEP: i64 = 500_000;
/// People of a ward, staff and terminals of its office: their ids end in their numbers.
const PEOPLE: u128 = 350_000;
const STAFF: u128 = 50;
const TERMINALS: u128 = 80;
const FROM: Date = Date::constant(2021, 11, 26);
const UNTIL: Date = Date::constant(2026, 11, 25);
const FIVE_YEARS_SECONDS: i64 = 1826 * 86_400;

/// The id of the nth of a kind, as [`fill`] writes it.
fn nth(kind: u128, n: u128) -> Uuid {
    Uuid::from_u128(0x019a_b1f2_7c00_7000_8000_0000_0000_0000 | kind << 80 | n)
}

pub fn run(args: &Args) -> anyhow::Result<Outcome> {
    let measured = super::in_a_world(args.dir.as_deref(), async |world: &World| {
        world.put_municipality(WARD, "北区", "").await?;
        measure(world, args).await
    });
    println!("{}, {} rows\n", table::heading(), args.rows);
    println!("| asked | times | p50 ms | p99 ms | worst ms |\n|---|--:|--:|--:|--:|");
    for (what, mut waits) in measured? {
        waits.sort_unstable();
        let at = |part: f64| waits[((waits.len() - 1) as f64 * part) as usize].as_secs_f64() * 1000.0;
        println!("| {what} | {} | {:.1} | {:.1} | {:.1} |", waits.len(), at(0.5), at(0.99), at(1.0));
    }
    Ok(Outcome::Done)
}

fn insert() -> String {
    // The ids of `nth`: 019ab1f2-7c0K-7000-8000-… with the kind K and the number.
    let id =
        |kind: u8, n: &str| format!("('019ab1f2-7c0{kind}-7000-8000-' || lpad(to_hex({n}), 12, '0'))::uuid");
    format!(
        "insert into audit_entries (municipality_code, entry_id, at, staff_id, request_id, action, outcome, target_kind,
             target_id, detail, entry_hash, format, terminal_id, zone)
         select $1, {entry}, '2021-11-26T00:00:00+09'::timestamptz + make_interval(secs => $4::double precision * n / $5),
             {staff}, {request},
             case n % 20 when 0 then 'search_residents' when 1 then 'register_record' else 'view_resident' end,
             case n % 200 when 7 then 'refused' else 'viewed' end, 'resident', {person}, '{{}}', sha256(''), 2,
             {terminal}, 'business'
         from generate_series($2::bigint, $3::bigint) as n",
        person = id(0, "n * 104729 % 350000"),
        staff = id(1, "n * 7919 % 50"),
        terminal = id(2, "n * 31 % 80"),
        entry = id(3, "n"),
        request = id(4, "n"),
    )
}

/// Invented looks of an office over five years, in the order of their time.
async fn fill(world: &World, rows: i64) -> anyhow::Result<()> {
    for first in (0..rows).step_by(STEP as usize) {
        let mut tx = kit::db::begin(&world.owner, WARD).await?;
        sqlx::query(sqlx::AssertSqlSafe(insert()))
            .bind(WARD.0)
            .bind(first)
            .bind((first + STEP).min(rows) - 1)
            .bind(FIVE_YEARS_SECONDS)
            .bind(rows)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
    }
    sqlx::query("analyze audit_entries").execute(&world.owner).await?;
    Ok(())
}

async fn measure(world: &World, args: &Args) -> anyhow::Result<Vec<(&'static str, Vec<Duration>)>> {
    fill(world, args.rows).await?;
    let operator = world.operator(WARD).await?;
    let auditor = Acting { roles: vec![Role::Auditor], ..operator };
    let all = || LogSearch {
        from: FROM,
        until: UNTIL,
        staff_id: None,
        target_id: None,
        terminal_id: None,
        purpose: String::new(),
        action: String::new(),
        outcome: String::new(),
    };
    let month =
        || LogSearch { from: Date::constant(2026, 10, 1), until: Date::constant(2026, 10, 31), ..all() };
    let questions: [(&str, &dyn Fn(u128) -> LogSearch); 5] = [
        ("だれがこの人を見たか、5年", &|n| LogSearch {
            target_id: Some(nth(0, n * 997 % PEOPLE)),
            ..all()
        }),
        ("この職員が何をしたか、1か月", &|n| LogSearch {
            staff_id: Some(nth(1, n % STAFF)),
            ..month()
        }),
        ("この職員が何をしたか、5年", &|n| LogSearch {
            staff_id: Some(nth(1, n % STAFF)),
            ..all()
        }),
        ("この端末で何がされたか、1か月", &|n| LogSearch {
            terminal_id: Some(nth(2, n % TERMINALS)),
            ..month()
        }),
        ("拒否された操作、1か月", &|_| LogSearch { outcome: "refused".to_owned(), ..month() }),
    ];
    let mut waits = Vec::new();
    for (what, search) in questions {
        let mut each = Vec::new();
        for n in 0..args.searches {
            each.push(ask(&world.app.kit, &auditor, &search(n)).await?);
        }
        waits.push((what, each));
    }
    Ok(waits)
}

/// One question with its own entry in the log, as the page asks it.
async fn ask(kit: &Kit, acting: &Acting, search: &LogSearch) -> anyhow::Result<Duration> {
    let began = Instant::now();
    let found = case::log(kit, acting, search, 1).await.map_err(|failure| anyhow::anyhow!("{failure}"))?;
    let took = began.elapsed();
    ensure!(!found.rows.is_empty(), "nothing was found");
    Ok(took)
}
