//! How many records a second can be keyed: over HTTP, judged, durable and audited, against bare inserts of one row.

use super::{import, table};
use crate::{Outcome, world::World};
use anyhow::{Context, ensure};
use domain::Date;
use health::imports::Kind;
use hub::accounts::case::NewAccount;
use kit::{Municipality, Role, Terminal, Zone, session};
use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// 接種記録の登録: 1件ごとに判定・記録・操作ログを確定させる速さを、1行だけのINSERTと比べる
#[derive(clap::Args)]
pub struct Args {
    /// 登録する件数 (1人に1件)
    #[arg(long, default_value_t = 10_000)]
    records: u32,
    /// 同時に登録する職員の数
    #[arg(long, default_value_t = 32)]
    staff: usize,
    /// 使い捨てのデータの置き場所 (終わると消す)
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

const WARD: Municipality = Municipality(131_172);
/// The day after the last of the ward of [`import::write_ward`]: everybody has been born, and nobody was vaccinated on it yet.
const VACCINATED_ON: Date = Date::constant(2026, 11, 22);

pub fn run(args: &Args) -> anyhow::Result<Outcome> {
    let measured = super::in_a_world(args.dir.as_deref(), async |world: &World| {
        world.put_municipality(WARD, "北区", "").await?;
        measure(world, args).await
    });
    println!("{}\n", table::heading());
    println!(
        "| work | rows | connections | seconds | rows/s | p50 ms | p99 ms | worst ms |\n|---|--:|--:|--:|--:|--:|--:|--:|"
    );
    for (work, took, mut waits) in measured? {
        waits.sort_unstable();
        let at = |part: f64| waits[((waits.len() - 1) as f64 * part) as usize].as_secs_f64() * 1000.0;
        println!(
            "| {work} | {} | {} | {:.2} | {:.0} | {:.1} | {:.1} | {:.1} |",
            waits.len(),
            args.staff,
            took.as_secs_f64(),
            waits.len() as f64 / took.as_secs_f64(),
            at(0.5),
            at(0.99),
            at(1.0)
        );
    }
    Ok(Outcome::Done)
}

type Line = (&'static str, Duration, Vec<Duration>);

async fn measure(world: &World, args: &Args) -> anyhow::Result<Vec<Line>> {
    // Some of the ward have moved or died: a tenth more than is asked for leaves enough who live here.
    let folder = import::write_ward(world, args.records + args.records / 5 + 500, 1).await?;
    let operator = world.operator(WARD).await?;
    import::take(world, &operator, Kind::Clinics, &folder.join("clinics.csv"), "clinics").await?;
    import::take(world, &operator, Kind::Residents, &folder.join("residents.csv"), "residents").await?;
    // A ward has its history: into an empty table the server would go on with the plans it made for no rows.
    import::take(world, &operator, Kind::Records, &folder.join("records.csv"), "records").await?;
    let bodies = forms(world, args.records).await?;
    let bare = insert_bare(world, bodies.len(), args.staff).await?;
    let keyed = key_in(world, bodies, args.staff).await?;
    Ok(vec![bare, keyed])
}

/// What the confirm page sends, for one person each: an influenza dose of one's own accord, which fits anybody.
async fn forms(world: &World, count: u32) -> anyhow::Result<Vec<String>> {
    let kit = &world.app.kit;
    let mut tx = kit::db::begin(&kit.pool, WARD).await?;
    let people = health::ledger::population(&mut tx, WARD, VACCINATED_ON).await?;
    let clinics = health::records::sql::clinics(&mut tx, WARD, VACCINATED_ON, 1).await?;
    tx.commit().await?;
    let (clinic, _) = clinics.first().context("the ward has no clinic")?;
    let is_born = |one: &&health::ledger::Counted| one.person.birth_date <= VACCINATED_ON;
    let bodies: Vec<String> = people
        .iter()
        .filter(is_born)
        .take(count as usize)
        .map(|one| {
            format!(
                "resident={}&judgement=given&on={VACCINATED_ON}&vaccine=FLU&lot=AB123&volume=0.5&clinic={clinic}\
                 &basis=2&explanation=bench%20entry&key={}",
                one.resident_id,
                kit.ids.next()
            )
        })
        .collect();
    ensure!(bodies.len() == count as usize, "the ward is too small");
    Ok(bodies)
}

/// The yardstick: one row a transaction, as `pgbench` does it, over as many connections as the pool has.
async fn insert_bare(world: &World, rows: usize, clients: usize) -> anyhow::Result<Line> {
    sqlx::query("create table bench_rows (id bigint primary key, filler text not null)")
        .execute(&world.owner)
        .await?;
    let start = Instant::now();
    let tasks: Vec<_> = (0..clients)
        .map(|client| {
            let pool = world.app.kit.pool.clone();
            tokio::spawn(async move {
                let mut waits = Vec::new();
                for id in (client..rows).step_by(clients) {
                    let begun = Instant::now();
                    sqlx::query("insert into bench_rows (id, filler) values ($1, $2)")
                        .bind(id as i64)
                        .bind("one row of about the size of a record, without anything that a record needs")
                        .execute(&pool)
                        .await?;
                    waits.push(begun.elapsed());
                }
                anyhow::Ok(waits)
            })
        })
        .collect();
    let waits = gather(tasks).await?;
    Ok(("bare insert of one row", start.elapsed(), waits))
}

async fn gather(
    tasks: Vec<tokio::task::JoinHandle<anyhow::Result<Vec<Duration>>>>,
) -> anyhow::Result<Vec<Duration>> {
    let mut waits = Vec::new();
    for task in tasks {
        waits.extend(task.await??);
    }
    Ok(waits)
}

/// Staff at their browsers: each sends one form after the other over a connection of their own.
async fn key_in(world: &World, bodies: Vec<String>, staff: usize) -> anyhow::Result<Line> {
    let kit = &world.app.kit;
    let sessions = sign_in(world, staff, bodies.len().div_ceil(RECORDS_PER_SESSION * staff)).await?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let (stop, stopped) = watch::channel(false);
    let server = tokio::spawn(kit::web::serve(listener, health::router(world.app.clone()), stopped));
    let requests: Arc<Vec<String>> = Arc::new(
        bodies
            .into_iter()
            .enumerate()
            .map(|(number, body)| {
                let (cookie, token) = &sessions[number % sessions.len()];
                let body = format!("csrf={token}&{body}");
                format!(
                    "POST /records HTTP/1.1\r\nhost: {address}\r\ncookie: {}={cookie}\r\n\
                     content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{body}",
                    session::cookie_name(kit),
                    body.len()
                )
            })
            .collect(),
    );
    let start = Instant::now();
    let tasks: Vec<_> = (0..staff)
        .map(|one| {
            let requests = requests.clone();
            tokio::spawn(async move {
                let mut stream = TcpStream::connect(address).await?;
                stream.set_nodelay(true)?;
                let mut waits = Vec::new();
                for request in requests.iter().skip(one).step_by(staff) {
                    let begun = Instant::now();
                    stream.write_all(request.as_bytes()).await?;
                    let head = answer(&mut stream).await?;
                    ensure!(head.starts_with("HTTP/1.1 303"), "not recorded: {head}");
                    waits.push(begun.elapsed());
                }
                Ok(waits)
            })
        })
        .collect();
    let waits = gather(tasks).await;
    let took = start.elapsed();
    stop.send(true).ok();
    server.await?;
    Ok(("record keyed: HTTP, judged, durable, audited", took, waits?))
}

/// The head of an answer that has no body.
async fn answer(stream: &mut TcpStream) -> anyhow::Result<String> {
    let mut head = Vec::with_capacity(1024);
    let mut part = [0_u8; 4096];
    loop {
        let read = stream.read(&mut part).await?;
        ensure!(read > 0, "the server closed the connection");
        head.extend_from_slice(&part[..read]);
        if head.windows(4).any(|four| four == b"\r\n\r\n") {
            return Ok(String::from_utf8_lossy(&head).into_owned());
        }
    }
}

/// A session that keys faster than any person is held back (request lanes): here each keys so many.
const RECORDS_PER_SESSION: usize = 100;

/// Sessions with their forms' tokens: `rounds` of each of so many clerks, clerk after clerk, each session with a sign-in of its
/// own, as at as many desks. No two connections then wait for one another's sign-in.
async fn sign_in(world: &World, clerks: usize, rounds: usize) -> anyhow::Result<Vec<(String, String)>> {
    let (hub, kit) = (&world.hub.kit, &world.app.kit);
    let terminal = Terminal { zone: Zone::Business, id: None };
    let mut tx = kit::db::begin(&hub.pool, WARD).await?;
    let mut sign_ins = Vec::with_capacity(clerks * rounds);
    let mut staff = Vec::with_capacity(clerks);
    for nth in 0..clerks {
        let login = format!("clerk{nth}");
        let clerk =
            NewAccount { login: &login, name: "窓口 はなこ", section: "", roles: &[Role::Clerk] };
        staff.push(hub::accounts::case::put(&mut tx, hub, WARD, clerk).await?);
    }
    for nth in 0..clerks * rounds {
        let (id, staff_id, at) = (hub.ids.next(), staff[nth % clerks], hub.clock.now());
        hub::sign_in::sql::begin(&mut tx, WARD, id, staff_id, (terminal, "passkey"), at).await?;
        sign_ins.push(id);
    }
    tx.commit().await?;
    let mut sessions = Vec::with_capacity(sign_ins.len());
    for sign_in in sign_ins {
        let standing = hub.desk.keeper.check(WARD, sign_in, true).await?.context("just signed in")?;
        let cookie = session::open(kit, WARD, &standing).await?;
        let acting = session::resume(kit, &cookie, kit.ids.next(), true).await?;
        sessions.push((cookie, acting.context("just signed in")?.csrf_token));
    }
    Ok(sessions)
}
