//! `sesshu demo`: a synthetic ward up and running, with sign-ins for each role and an address to click.
//!
//! Everything comes in by the ordinary door: `town` writes files, the imports take them.

mod authenticator;
mod terminals;

use crate::{
    Outcome,
    doors::{self, Opened, Plain},
    serve::{self, Running, Urls},
    world::{AuditLogArgs, DataArgs, World},
};
use anyhow::Context;
use clap::Args as ClapArgs;
use health::imports::{FeedState, Kind, Options, case};
use health::sheets::sql::Letterhead;
use hub::{
    accounts::case::NewAccount,
    contractors::sql::Contract,
    factors::{case::Exception, password, sql::Grant, totp::Secret},
    reviews::{self, start},
    rights::{self, steps::Ask},
};
use kit::{Acting, Duty, Failure, Municipality, Role};
use serde_json::json;
use std::{net::Ipv4Addr, path::Path};
use ui::dates;

/// 架空の区を用意して、すぐに使える状態で起動する(Ctrl-Cで終了)
#[derive(ClapArgs)]
pub struct Args {
    /// 架空の住民の人数
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(100..=1_000_000))]
    residents: u32,
    /// 架空の区を決める種(同じ種なら同じ区)
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// ① 健康管理システムが待ち受けるポート(0なら空いている番号)。② 共通基盤は次の番号を使う
    #[arg(long, default_value_t = 8080)]
    port: u16,
    #[command(flatten)]
    data: DataArgs,
    #[command(flatten)]
    audit_log: AuditLogArgs,
}

/// 東京都北区.
const WARD: Municipality = Municipality(131_172);
const WARD_NAME: &str = "北区(架空)";
const WARD_CONTACT: &str = "健康部 保健予防課 予防接種係 03-0000-0000";

/// Who can sign in to the demo: login, name, section, role.
const STAFF: [(&str, &str, &str, Role); 7] = [
    ("clerk", "窓口 はなこ", "保健予防課", Role::Clerk),
    ("approver", "承認 たろう", "保健予防課", Role::Approver),
    ("chief", "課長 みどり", "保健予防課", Role::Chief),
    ("idmanager", "管理 じろう", "情報政策課", Role::IdManager),
    ("contractor", "入力 いちろう", "保健予防課", Role::Contractor),
    ("auditor", "監査 さくら", "監査事務局", Role::Auditor),
    ("number", "番号 しろう", "戸籍住民課", Role::NumberHandler),
];

/// What scripts and people need to use the demo; also written to `demo.json`.
struct SignIn {
    role: Role,
    login: &'static str,
    password: String,
    /// What the emulated authenticator app and the hub share.
    secret: Secret,
}

/// Why the demo's accounts have passwords, as the staff list shows it.
const REASON: &str = "架空の区のため";
/// How long they serve: a demo may stay up for a month.
const DAYS_VALID: i64 = 30;

pub fn run(args: &Args) -> anyhow::Result<Outcome> {
    crate::on_runtime(async {
        let plain = Plain::open(args.port).await?;
        let beside = |more: u16| if args.port == 0 { 0 } else { args.port.saturating_add(more) };
        let phone = doors::listen(Ipv4Addr::LOCALHOST.into(), beside(2)).await?;
        let tls = terminals::listen(beside(3)).await?;
        let dir = args.data.folder("demo")?;
        args.audit_log.place(&dir)?;
        let world = World::open(dir, args.data.database.as_deref()).await?;
        world.put_municipality(WARD, WARD_NAME, WARD_CONTACT).await?;
        put_letterhead(&world).await?;
        let sign_ins = put_staff(&world).await?;
        put_application(&world).await?;
        put_review(&world).await?;
        fill(&world, args).await?;
        let counts = health::home::sql::counts(&world.app.kit, WARD).await?;
        let mut open = vec![Opened::from(plain)];
        open.extend(terminals::open(&world, tls).await?);
        let running = Running::start(&world, open).await?;
        let urls = running.urls.first().context("the plain door is open")?;
        let authenticator = format!("http://localhost:{}/", phone.local_addr()?.port());
        let phone =
            tokio::spawn(authenticator::serve(phone, authenticator::page(&world.hub.kit.clock, &sign_ins)));
        let facts = world.dir.join("demo.json");
        let mut told = describe(urls, &authenticator, &sign_ins, &counts);
        told["doors"] = terminals::describe(&world, &running.urls).into();
        // Under its name only when it is whole: scripts wait for the file and read it at once.
        let draft = facts.with_extension("json.part");
        std::fs::write(&draft, serde_json::to_vec_pretty(&told)?)
            .and_then(|()| std::fs::rename(&draft, &facts))
            .with_context(|| format!("{} を書けません", facts.display()))?;
        greet(urls, &authenticator, &sign_ins, &counts, &facts);
        serve::until_told(&world).await?;
        eprintln!("終了しています…");
        std::fs::remove_file(&facts).ok();
        phone.abort();
        running.stop().await;
        world.close().await?;
        Ok(Outcome::Done)
    })
}

/// How the ward signs its letters. The telephone number is nobody's.
async fn put_letterhead(world: &World) -> anyhow::Result<()> {
    let head = Letterhead {
        municipality: "東京都北区".to_owned(),
        kind: "区".to_owned(),
        section: "健康部 保健予防課 予防接種係".to_owned(),
        postal_code: "114-8508".to_owned(),
        address: "北区王子本町一丁目15番22号".to_owned(),
        telephone: "03-0000-0000".to_owned(),
        hours: "平日 午前8時30分から午後5時まで".to_owned(),
    };
    let mut tx = kit::db::begin(&world.app.kit.pool, WARD).await?;
    health::sheets::sql::set_letterhead(&mut tx, WARD, &head).await?;
    tx.commit().await?;
    Ok(())
}

async fn put_staff(world: &World) -> anyhow::Result<Vec<SignIn>> {
    let hub = &world.hub;
    let kit = &hub.kit;
    let valid_until = kit.clock.today().saturating_add(jiff::Span::new().days(DAYS_VALID));
    let mut sign_ins = Vec::new();
    let mut tx = kit::db::begin(&kit.pool, WARD).await?;
    for (login, name, section, role) in STAFF {
        let account = NewAccount { login, name, section, roles: &[role] };
        let staff_id = hub::accounts::case::put(&mut tx, kit, WARD, account).await?;
        if role == Role::Contractor
            && let Some(supervisor_id) = hub::accounts::sql::find(&mut tx, WARD, "chief").await?
        {
            let contract = Contract {
                staff_id,
                company: "株式会社架空入力サービス",
                until_on: kit.clock.today() + jiff::Span::new().days(20),
                supervisor_id,
                consent_number: "",
            };
            hub::contractors::sql::put(&mut tx, WARD, &contract, kit.clock.now()).await?;
        }
        let (password, secret) = (password::fresh(kit), Secret::new());
        let grant = Grant { reason: REASON.to_owned(), valid_until };
        let exception = Exception { grant, password: &password, secret: &secret };
        hub::factors::case::put_exception(&mut tx, hub, WARD, staff_id, &exception).await?;
        sign_ins.push(SignIn { role, login, password, secret });
    }
    tx.commit().await?;
    Ok(sign_ins)
}

/// One application that waits for the chief: the clerk is to stand in for the approver.
async fn put_application(world: &World) -> anyhow::Result<()> {
    let kit = &world.hub.kit;
    let mut tx = kit::db::begin(&kit.pool, WARD).await?;
    let Some(clerk) = hub::accounts::sql::find(&mut tx, WARD, "clerk").await? else { return Ok(()) };
    tx.commit().await?;
    let operator = world.operator(WARD).await?;
    let acting = Acting { staff_id: clerk, request_id: kit.ids.next(), ..operator };
    let open = rights::case::overview(&world.hub, &acting).await.map_err(Failure::into_error)?;
    if !open.listed.is_empty() {
        return Ok(());
    }
    let form = rights::case::Form {
        application_id: kit.ids.next(),
        staff_id: clerk,
        ask: Ask {
            duty: Duty::Mailing,
            roles: vec![Role::Approver],
            from_on: kit.clock.today(),
            until_on: Some(kit.clock.today() + jiff::Span::new().days(30)),
        },
        reason: "承認 たろうさんの休暇の間、発送の承認を代行するため".to_owned(),
    };
    rights::case::apply(&world.hub, &acting, &form).await.map_err(Failure::into_error)?;
    Ok(())
}

/// A review of the rights that waits for the chief, as the ID manager starts one each year.
async fn put_review(world: &World) -> anyhow::Result<()> {
    let kit = &world.hub.kit;
    let mut tx = kit::db::begin(&kit.pool, WARD).await?;
    let manager = hub::accounts::sql::find(&mut tx, WARD, "idmanager").await?;
    tx.commit().await?;
    let Some(manager) = manager else { return Ok(()) };
    let operator = world.operator(WARD).await?;
    let acting =
        Acting { staff_id: manager, roles: vec![Role::IdManager], request_id: kit.ids.next(), ..operator };
    let (plan, known) = start::propose(&world.hub, &acting).await.map_err(Failure::into_error)?;
    if known.is_one_open || plan.kind != reviews::rules::Kind::Yearly {
        return Ok(());
    }
    start::start(&world.hub, &acting, &plan).await.map_err(Failure::into_error)?;
    Ok(())
}

/// Generates the ward's files once and takes them in by the ordinary door, as the weekly feeds come. An import is all
/// or nothing: after a start that was cut off, what is there is whole, and the rest follows.
async fn fill(world: &World, args: &Args) -> anyhow::Result<()> {
    let there = health::home::sql::counts(&world.app.kit, WARD).await?;
    if there.records > 0 {
        return Ok(());
    }
    let order = town::Order {
        residents: args.residents,
        seed: args.seed,
        as_of: world.app.kit.clock.today(),
        folder: world.dir.join("town"),
        encoding: town::Encoding::Utf8,
        weeks: 0,
    };
    eprintln!("架空の区(住民 {} 人)を作っています…", dates::thousands(i64::from(args.residents)));
    let folder = order.folder.clone();
    tokio::task::spawn_blocking(move || order.write(|_| ())).await??;
    let operator = world.operator(WARD).await?;
    let app = &world.app;
    for (kind, file, there) in [
        (Kind::Clinics, "clinics.csv", there.clinics),
        (Kind::Residents, "residents.csv", there.residents),
        (Kind::Records, "records.csv", there.records),
    ] {
        if there > 0 {
            continue;
        }
        let taken = case::take(app, &operator, kind, &folder.join(file), Options::default()).await;
        let summary = taken.map_err(|failure| anyhow::anyhow!("{failure}"))?;
        eprintln!("  {}: {}", kind.ja(), summary.sentence());
        anyhow::ensure!(summary.state == FeedState::Applied, "架空の区のファイルを取り込めませんでした");
    }
    health::home::case::ask_for_coverage(&world.app, &operator)
        .await
        .map_err(|failure| anyhow::anyhow!("{failure}"))?;
    Ok(())
}

fn describe(
    urls: &Urls,
    authenticator: &str,
    sign_ins: &[SignIn],
    counts: &health::home::sql::Counts,
) -> serde_json::Value {
    json!({
        "urls": { "health": format!("{}/", urls.health), "hub": format!("{}/", urls.hub) },
        "authenticator": authenticator,
        "municipality": WARD.to_string(),
        "sign_ins": sign_ins.iter().map(|sign_in| json!({
            "role": sign_in.role.code(), "login": sign_in.login, "password": sign_in.password,
            "totp": sign_in.secret.key(),
        })).collect::<Vec<_>>(),
        "counts": { "residents": counts.residents, "records": counts.records, "clinics": counts.clinics },
    })
}

fn greet(
    urls: &Urls,
    authenticator: &str,
    sign_ins: &[SignIn],
    counts: &health::home::sql::Counts,
    facts: &Path,
) {
    println!(
        "\n  Sesshu 接種 — {WARD_NAME}  住民 {} 人、接種記録 {} 件",
        dates::thousands(counts.residents),
        dates::thousands(counts.records)
    );
    println!("\n  ① 健康管理システム   {}/\n  ② 共通基盤           {}/\n", urls.health, urls.hub);
    for sign_in in sign_ins {
        println!("  {:<10} {:<10} {}", sign_in.login, sign_in.password, sign_in.role.ja());
    }
    println!("\n  登録した端末の証明書で開く入口(TLS)は、この内容のファイルの doors にあります。");
    println!("\n  確認コードは、認証アプリの模擬画面で見られます: {authenticator}");
    println!("\n  この内容は {} にもあります。Ctrl-C で終了します。\n", facts.display());
}
