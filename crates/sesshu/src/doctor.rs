//! `sesshu doctor`: looks at everything the work depends on and says in one line each what is right and what to do.

use crate::{
    Outcome,
    world::{DataArgs, World, audit_log_folder},
};
use clap::Args as ClapArgs;
use kit::audit::{Standing, keeper::AlarmKind};
use kit::sink::Difference;
use std::path::Path;

/// 動作に必要なもの(データベース、設定、フォント、操作ログ)を点検する
#[derive(ClapArgs)]
pub struct Args {
    #[command(flatten)]
    data: DataArgs,
    /// 操作ログと控えを比べる日数(今日から前に)
    #[arg(long, value_name = "DAYS", default_value_t = 7)]
    audit_days: u16,
}

/// One look: what was looked at and what was found. `Err` says what to do.
type Look = (&'static str, Result<String, String>);

pub fn run(args: &Args) -> anyhow::Result<Outcome> {
    let looks = crate::on_runtime(look(args))?;
    let mut is_well = true;
    for (what, found) in looks {
        match found {
            Ok(fact) => println!("○ {what}: {fact}"),
            Err(advice) => {
                is_well = false;
                println!("× {what}: {advice}");
            }
        }
    }
    Ok(if is_well { Outcome::Done } else { Outcome::Refused })
}

async fn look(args: &Args) -> anyhow::Result<Vec<Look>> {
    let mut looks: Vec<Look> = vec![("印刷用フォント", fonts())];
    let dir = args.data.folder("data")?;
    let world = match World::open(dir, args.data.database.as_deref()).await {
        Ok(world) => world,
        Err(error) => {
            looks.push(("データベース", Err(format!("{error:#}"))));
            return Ok(looks);
        }
    };
    let version: String = sqlx::query_scalar("show server_version").fetch_one(&world.owner).await?;
    looks.push(("データベース", Ok(format!("PostgreSQL {version}、停電に耐える設定です"))));
    let faults = kit::cluster::schema_rules(&world.owner).await?;
    looks.push((
        "自治体の壁",
        if faults.is_empty() {
            Ok("すべての表にあります".to_owned())
        } else {
            Err(faults.join("、"))
        },
    ));
    for (system, kit) in [("健康管理", &world.app.kit), ("共通基盤", &world.hub.kit)] {
        for (municipality, name) in kit::db::municipalities(&kit.pool).await? {
            let name = format!("{name}({system})");
            let found = match kit::audit::first_fault(kit, municipality).await? {
                None => Ok(format!("{name} は改変なし")),
                Some(place) => Err(format!(
                    "{name} の{place}番目の記録が合いません。情報セキュリティ担当に連絡してください"
                )),
            };
            looks.push(("操作ログ", found));
            let standing = kit::audit::standing(kit, municipality).await?;
            looks.push(("操作ログの署名", signatures(&name, &standing, kit.clock.now())));
        }
    }
    for (system, name, kit) in [("health", "健康管理", &world.app.kit), ("hub", "共通基盤", &world.hub.kit)]
    {
        let folder = audit_log_folder(&world.dir, system);
        looks.push(("操作ログの控え", audit_copy(kit, (name, &folder), args.audit_days).await?));
    }
    world.close().await?;
    Ok(looks)
}

/// How many differences are named one by one.
const DIFFERENCES_SHOWN_MAX: usize = 20;

/// Table and files of the audit log, held against each other.
async fn audit_copy(
    kit: &kit::Kit,
    (system, folder): (&str, &Path),
    days: u16,
) -> anyhow::Result<Result<String, String>> {
    let until = kit.clock.today();
    let from = until.checked_sub(jiff::Span::new().days(days))?;
    let compared = kit::sink::compare(kit, folder, from, until).await?;
    if compared.differences.is_empty() {
        let noted = match compared.unfinished {
            0 => String::new(),
            count => format!("(ほかに完了しなかった操作 {count}件)"),
        };
        return Ok(Ok(format!("{system}の{days}日前からの{}件が操作ログと一致します{noted}", compared.same)));
    }
    let mut sentence = format!(
        "{system}の{}件が一致しません。情報セキュリティ担当に連絡してください",
        compared.differences.len()
    );
    for difference in compared.differences.iter().take(DIFFERENCES_SHOWN_MAX) {
        let (what, municipality, entry) = match difference {
            Difference::OnlyInTable(code, id) => ("控えにない", code, id),
            Difference::OnlyInFiles(code, id) => ("操作ログから消えている", code, id),
            Difference::Altered(code, id) => ("内容が違う", code, id),
        };
        sentence.push_str(&format!("\n    {what}: {municipality} {entry}"));
    }
    Ok(Err(sentence))
}

fn fonts() -> Result<String, String> {
    paper::FontSet::load_standard()
        .map(|_| "IPAex、IPAmj があります".to_owned())
        .map_err(|error| error.to_string())
}

/// The keeper signs every minute; after this long somebody should look why it does not.
const UNSIGNED_MAX: jiff::SignedDuration = jiff::SignedDuration::from_mins(10);

fn signatures(name: &str, standing: &Standing, now: jiff::Timestamp) -> Result<String, String> {
    if let Some((at, kind, first, last)) = standing.alarms.first() {
        let kind = AlarmKind::from_code(kind).map_or("", |kind| kind.ja());
        return Err(format!(
            "{name} の{first}番目から{last}番目について警報があります({} {kind})。情報セキュリティ担当に連絡してください",
            kit::clock::in_japan(*at).strftime("%Y-%m-%d %H:%M")
        ));
    }
    if standing.unsigned_since.is_some_and(|since| now.duration_since(since) > UNSIGNED_MAX) {
        return Err(format!(
            "{name} に署名されていない記録があります。sesshu audit keeper --once を実行し、表示に従ってください"
        ));
    }
    Ok(match &standing.signed {
        None => format!("{name} はまだ署名する記録がありません"),
        Some((size, ..)) => format!("{name} は{size}番目まで署名済み"),
    })
}
