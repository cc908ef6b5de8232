//! `sesshu init`: an empty installation for one municipality, with its first ID manager and its first 所属長:
//! nobody else gets a role without an application.

use crate::{
    Outcome,
    world::{DataArgs, World},
};
use anyhow::ensure;
use clap::Args as ClapArgs;
use domain::ids::{MunicipalityCode, PostalCode};
use health::sheets::sql::Letterhead;
use hub::accounts::case::NewAccount;
use kit::{Municipality, Role};

/// 自治体と最初のID管理者を登録する(データベースがなければ作る)
#[derive(ClapArgs)]
pub struct Args {
    #[command(flatten)]
    data: DataArgs,
    /// 自治体コード(検査数字を含む6桁)
    #[arg(long, value_name = "CODE")]
    municipality: String,
    /// 自治体の名称
    #[arg(long)]
    name: String,
    /// 予診票などに印刷する問い合わせ先
    #[arg(long, default_value = "")]
    contact: String,
    /// 予診票に印刷する担当課
    #[arg(long, default_value = "")]
    section: String,
    /// 予診票に印刷する郵便番号
    #[arg(long, default_value = "")]
    postal_code: String,
    /// 予診票に印刷する所在地
    #[arg(long, default_value = "")]
    address: String,
    /// 予診票に印刷する電話番号
    #[arg(long, default_value = "")]
    telephone: String,
    /// 予診票に印刷する受付時間
    #[arg(long, default_value = "平日 午前8時30分から午後5時まで")]
    hours: String,
    /// 最初のID管理者の個人ID
    #[arg(long, value_name = "ID")]
    id_manager: String,
    /// 最初の所属長の個人ID(ほかの権限はすべて画面で申請し、所属長が承認し、ID管理者が付与する)
    #[arg(long, value_name = "ID", requires = "chief_section")]
    chief: Option<String>,
    /// 最初の所属長の所属
    #[arg(long, value_name = "NAME", requires = "chief")]
    chief_section: Option<String>,
}

pub fn run(args: &Args) -> anyhow::Result<Outcome> {
    let code = MunicipalityCode::parse(&args.municipality).map_err(|error| anyhow::anyhow!("{error}"))?;
    crate::on_runtime(async {
        let world = World::open(args.data.folder("data")?, args.data.database.as_deref()).await?;
        let municipality = Municipality(code.as_u32() as i32);
        world.put_municipality(municipality, &args.name, &args.contact).await?;
        let mut first = vec![(args.id_manager.as_str(), "", Role::IdManager)];
        if let (Some(chief), Some(section)) = (&args.chief, &args.chief_section) {
            first.push((chief, section, Role::Chief));
        }
        let mut codes = Vec::new();
        let kit = &world.hub.kit;
        let mut tx = kit::db::begin(&kit.pool, municipality).await?;
        for (login, section, role) in first {
            let account = NewAccount { login, name: role.ja(), section, roles: &[role] };
            let staff_id = hub::accounts::case::put(&mut tx, kit, municipality, account).await?;
            codes.push((role, login, hub::enrol::case::issue(&mut tx, kit, municipality, staff_id).await?));
        }
        tx.commit().await?;
        let mut tx = kit::db::begin(&world.app.kit.pool, municipality).await?;
        if let Some(head) = letterhead(args)? {
            health::sheets::sql::set_letterhead(&mut tx, municipality, &head).await?;
        }
        tx.commit().await?;
        println!("{code} {} を登録しました。データ: {}", args.name, world.dir.display());
        for (role, login, code) in codes {
            println!("{} {login} の登録コード(この一度だけ表示します。24時間有効): {code}", role.ja());
        }
        println!("sesshu serve で起動し、共通基盤の /enrol でコードを入力して、パスキーを登録してください。");
        world.close().await?;
        Ok(Outcome::Done)
    })
}

/// 発行者 of everything printed: all of it, or none yet.
fn letterhead(args: &Args) -> anyhow::Result<Option<Letterhead>> {
    let given = [&args.section, &args.postal_code, &args.address, &args.telephone];
    if given.iter().all(|text| text.is_empty()) {
        eprintln!(
            "印刷には --section、--postal-code、--address、--telephone が必要です。後でもう一度実行して登録できます。"
        );
        return Ok(None);
    }
    ensure!(
        given.iter().all(|text| !text.is_empty()),
        "--section、--postal-code、--address、--telephone をすべて指定してください。"
    );
    let kind = args.name.chars().last().filter(|last| ['区', '市', '町', '村'].contains(last));
    let Some(kind) = kind else {
        anyhow::bail!("--name は区・市・町・村のどれかで終わる名称で指定してください。")
    };
    PostalCode::parse(&args.postal_code).map_err(|error| anyhow::anyhow!("--postal-code: {error}"))?;
    Ok(Some(Letterhead {
        municipality: args.name.clone(),
        kind: kind.to_string(),
        section: args.section.clone(),
        postal_code: args.postal_code.clone(),
        address: args.address.clone(),
        telephone: args.telephone.clone(),
        hours: args.hours.clone(),
    }))
}
