//! `sesshu doctor`: looks at everything the work depends on and says in one line each what is right and what to do.

use crate::{
    Outcome,
    world::{DataArgs, World},
};
use clap::Args as ClapArgs;

/// 動作に必要なもの(データベース、設定、フォント、操作ログ)を点検する
#[derive(ClapArgs)]
pub struct Args {
    #[command(flatten)]
    data: DataArgs,
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
    for (municipality, name) in kit::db::municipalities(&world.app.kit.pool).await? {
        let fault = kit::audit::first_fault(&world.app.kit, municipality).await?;
        let found = match fault {
            None => Ok(format!("{name} は改変なし")),
            Some(place) => {
                Err(format!("{name} の{place}番目の記録が合いません。情報セキュリティ担当に連絡してください"))
            }
        };
        looks.push(("操作ログ", found));
    }
    world.close().await?;
    Ok(looks)
}

fn fonts() -> Result<String, String> {
    paper::FontSet::load_standard()
        .map(|_| "IPAex、IPAmj があります".to_owned())
        .map_err(|error| error.to_string())
}
