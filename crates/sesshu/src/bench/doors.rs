//! Whether the time of an answer tells which login ids there are, or which ids another municipality has.

use super::{import, table};
use crate::{Outcome, world::World};
use anyhow::{Context, ensure};
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, header},
};
use domain::{Date, ids::AddresseeNumber};
use health::imports::Kind;
use hub::{
    accounts::case::NewAccount,
    factors::{attempts, case::Exception, sql::Grant, totp::Secret},
};
use kit::{Kit, Municipality, Role, Terminal, Zone, session};
use std::{
    path::PathBuf,
    time::{Duration, Instant},
};
use tower::ServiceExt as _;
use uuid::Uuid;

/// 答えの時間: 個人IDの有無、他の自治体の識別番号の有無が、答えるまでの時間から分からないことを測る
#[derive(clap::Args)]
pub struct Args {
    /// それぞれを尋ねる回数
    #[arg(long, default_value_t = 500)]
    samples: usize,
    /// 使い捨てのデータの置き場所 (終わると消す)
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

const WARD: Municipality = Municipality(131_172);
const NEIGHBOUR: Municipality = Municipality(131_199);
const LOGIN: &str = "bench.known";
const NOBODY: &str = "bench.nobody";
const PASSWORD: &str = "only for a throw-away ward";
/// A day on which everybody of the ward had been born.
const BORN_BY: Date = Date::constant(2026, 11, 21);

pub fn run(args: &Args) -> anyhow::Result<Outcome> {
    let measured =
        super::in_a_world(args.dir.as_deref(), async |world: &World| measure(world, args.samples).await);
    println!("{}\n", table::heading());
    println!(
        "| asked | times each | median ms, there | median ms, not there | ratio | p (Mann-Whitney) |\n|---|--:|--:|--:|--:|--:|"
    );
    for Pair { what, mut there, mut not_there } in measured? {
        let p = mann_whitney(&there, &not_there);
        let (a, b) = (median(&mut there), median(&mut not_there));
        println!("| {what} | {} | {a:.3} | {b:.3} | {:.3} | {p:.2} |", there.len(), a / b);
    }
    Ok(Outcome::Done)
}

/// The times of one question, asked about what is there and about what is not.
struct Pair {
    what: &'static str,
    there: Vec<Duration>,
    not_there: Vec<Duration>,
}

fn median(times: &mut [Duration]) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64() * 1000.0
}

/// How likely chance alone separates the two so far (both sides, normal approximation: fit for hundreds of times).
fn mann_whitney(one: &[Duration], other: &[Duration]) -> f64 {
    let mut all: Vec<(Duration, bool)> =
        one.iter().map(|time| (*time, true)).chain(other.iter().map(|time| (*time, false))).collect();
    all.sort_unstable();
    let ranks: f64 =
        all.iter().enumerate().filter(|(_, (_, is_one))| *is_one).map(|(at, _)| at as f64 + 1.0).sum();
    let (n, m) = (one.len() as f64, other.len() as f64);
    let u = ranks - n * (n + 1.0) / 2.0;
    let z = (u - n * m / 2.0).abs() / (n * m * (n + m + 1.0) / 12.0).sqrt();
    // The complement of the error function (Abramowitz and Stegun 7.1.26), exact to six digits.
    let x = z / std::f64::consts::SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * x);
    let terms = [0.254_829_592, -0.284_496_736, 1.421_413_741, -1.453_152_027, 1.061_405_429];
    terms.iter().rev().fold(0.0, |sum, term| (sum + term) * t) * (-x * x).exp()
}

/// One answer, read to its end.
async fn ask(pages: &Router, request: Request<Body>) -> anyhow::Result<(Duration, u16, String)> {
    let begun = Instant::now();
    let answer = pages.clone().oneshot(request).await?;
    let (status, cookie) = (answer.status().as_u16(), answer.headers().get(header::SET_COOKIE).cloned());
    to_bytes(answer.into_body(), 1 << 20).await?;
    let took = begun.elapsed();
    let cookie = cookie.map(|line| String::from_utf8_lossy(line.as_bytes()).into_owned()).unwrap_or_default();
    Ok((took, status, cookie.split(';').next().unwrap_or_default().to_owned()))
}

fn form(path: &str, cookie: &str, body: String) -> anyhow::Result<Request<Body>> {
    let kind = (header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    let request = Request::post(path).header(header::COOKIE, cookie).header(kind.0, kind.1);
    Ok(request.body(Body::from(body))?)
}

async fn measure(world: &World, samples: usize) -> anyhow::Result<Vec<Pair>> {
    for (municipality, name) in [(WARD, "北区"), (NEIGHBOUR, "板橋区")] {
        world.put_municipality(municipality, name, "").await?;
    }
    let ours = put_staff(world, WARD).await?;
    let theirs = put_staff(world, NEIGHBOUR).await?;
    let mut pairs = doors(world, samples).await?;
    let (addressee, resident) = put_people(world).await?;
    let hub = hub::router(world.hub.clone());
    let health = health::router(world.app.clone());
    for (what, kit, pages, path, theirs) in [
        ("② 職員の認証手段", &world.hub.kit, &hub, "/staff/{id}/means", theirs),
        ("② 個人番号の登録状況", &world.hub.kit, &hub, "/numbers/{id}", addressee),
        ("② 権限の申請", &world.hub.kit, &hub, "/rights/new?staff={id}", theirs),
        ("① 住民", &world.app.kit, &health, "/residents/{id}", resident),
    ] {
        let sessions = sessions(world, kit, ours, (2 * samples).div_ceil(REQUESTS_PER_SESSION)).await?;
        pairs.push(page(what, pages, &sessions, (path, theirs, samples)).await?);
    }
    Ok(pairs)
}

/// The two steps of signing in, and the enrolment code: an id that somebody has, and one that nobody has.
async fn doors(world: &World, samples: usize) -> anyhow::Result<Vec<Pair>> {
    let pages = hub::router(world.hub.clone());
    let pair = |what| Pair { what, there: Vec::new(), not_there: Vec::new() };
    let (mut first, mut second, mut enrol) =
        (pair("ログイン、個人IDとパスワード"), pair("ログイン、確認コード"), pair("登録コード"));
    // One round to fill caches.
    for round in 0..=samples {
        for step in 0..2 {
            let is_there = (round + step) % 2 == 0;
            let login = if is_there { LOGIN } else { NOBODY };
            let body = format!("municipality={WARD}&login={login}&password=some%20other%20password");
            let (one, status, cookie) = ask(&pages, form("/sign-in", "", body)?).await?;
            ensure!(status == 303, "the first step answered {status}");
            let (two, status, _) =
                ask(&pages, form("/sign-in/code", &cookie, "code=000000".to_owned())?).await?;
            ensure!(status == 422, "the second step answered {status}");
            let body = format!("municipality={WARD}&login={login}&code=0000-0000-0000-0000");
            let (three, status, _) = ask(&pages, form("/enrol", "", body)?).await?;
            ensure!(status == 422, "the enrolment answered {status}");
            forget(world, login).await?;
            for (pair, took) in [(&mut first, one), (&mut second, two), (&mut enrol, three)] {
                let times = if is_there { &mut pair.there } else { &mut pair.not_there };
                if round > 0 {
                    times.push(took);
                }
            }
        }
    }
    Ok(vec![first, second, enrol])
}

/// The failures are forgotten, so that nobody has to wait.
async fn forget(world: &World, login: &str) -> anyhow::Result<()> {
    let mut tx = kit::db::begin(&world.hub.kit.pool, WARD).await?;
    attempts::forget(&mut tx, WARD, &attempts::digest(login)).await?;
    Ok(tx.commit().await?)
}

/// A page with the neighbour's id, and with one that nobody has.
async fn page(
    what: &'static str,
    pages: &Router,
    sessions: &[String],
    (path, theirs, samples): (&str, Uuid, usize),
) -> anyhow::Result<Pair> {
    let nobodys = Uuid::from_u128(theirs.as_u128() ^ 0xffff);
    let mut pair = Pair { what, there: Vec::new(), not_there: Vec::new() };
    let mut asked = 0;
    for round in 0..=samples {
        for step in 0..2 {
            let is_there = (round + step) % 2 == 0;
            let id = if is_there { theirs } else { nobodys };
            let cookie = &sessions[asked / REQUESTS_PER_SESSION % sessions.len()];
            asked += 1;
            let request = Request::get(path.replace("{id}", &id.to_string())).header(header::COOKIE, cookie);
            let (took, status, _) = ask(pages, request.body(Body::empty())?).await?;
            ensure!(status == 404, "{what} answered {status}");
            if round > 0 {
                if is_there { pair.there.push(took) } else { pair.not_there.push(took) }
            }
        }
    }
    Ok(pair)
}

/// Somebody with every right that these pages ask for, and a password.
async fn put_staff(world: &World, municipality: Municipality) -> anyhow::Result<Uuid> {
    let hub = &world.hub;
    let roles = [Role::Clerk, Role::IdManager, Role::NumberHandler, Role::Chief];
    let mut tx = kit::db::begin(&hub.kit.pool, municipality).await?;
    let account = NewAccount { login: LOGIN, name: "測定", section: "保健予防課", roles: &roles };
    let staff_id = hub::accounts::case::put(&mut tx, &hub.kit, municipality, account).await?;
    let grant = Grant { reason: "bench".to_owned(), valid_until: hub.kit.clock.today() };
    let exception = Exception { grant, password: PASSWORD, secret: &Secret::new() };
    hub::factors::case::put_exception(&mut tx, hub, municipality, staff_id, &exception).await?;
    tx.commit().await?;
    Ok(staff_id)
}

/// An addressee and a resident of the neighbour.
async fn put_people(world: &World) -> anyhow::Result<(Uuid, Uuid)> {
    let kit = &world.hub.kit;
    let mut tx = kit::db::begin(&kit.pool, NEIGHBOUR).await?;
    let number = AddresseeNumber::parse("100001")?;
    let addressee =
        hub::numbers::sql::open(&mut tx, NEIGHBOUR, number, kit.ids.next(), kit.clock.now()).await?;
    tx.commit().await?;
    let folder = import::write_ward(world, 500, 1).await?;
    let operator = world.operator(NEIGHBOUR).await?;
    // The generator knows one ward: here it moves to the neighbour.
    let (theirs, file) = (folder.join("theirs.csv"), folder.join("residents.csv"));
    let text = std::fs::read_to_string(file)?.replace(&WARD.to_string(), &NEIGHBOUR.to_string());
    std::fs::write(&theirs, text)?;
    import::take(world, &operator, Kind::Residents, &theirs, "residents").await?;
    let mut tx = kit::db::begin(&world.app.kit.pool, NEIGHBOUR).await?;
    let people = health::ledger::population(&mut tx, NEIGHBOUR, BORN_BY).await?;
    Ok((addressee, people.first().context("the ward is empty")?.resident_id))
}

/// A session that asks faster than any person is held back (request lanes): here each asks so many times.
const REQUESTS_PER_SESSION: usize = 100;

/// Cookies of as many sessions of one person in one system.
async fn sessions(world: &World, kit: &Kit, staff_id: Uuid, count: usize) -> anyhow::Result<Vec<String>> {
    let hub = &world.hub.kit;
    let (sign_in_id, now) = (hub.ids.next(), hub.clock.now());
    let mut tx = kit::db::begin(&hub.pool, WARD).await?;
    let terminal = Terminal { zone: Zone::Business, id: None };
    hub::sign_in::sql::begin(&mut tx, WARD, sign_in_id, staff_id, (terminal, "password"), now).await?;
    tx.commit().await?;
    let standing = hub.desk.keeper.check(WARD, sign_in_id, true).await?.context("just signed in")?;
    let mut sessions = Vec::with_capacity(count);
    for _ in 0..=count {
        let value = session::open(kit, WARD, &standing).await?;
        sessions.push(format!("{}={value}", session::cookie_name(kit)));
    }
    Ok(sessions)
}
