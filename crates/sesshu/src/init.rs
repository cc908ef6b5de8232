//! `sesshu init`: an empty installation for one municipality, with its first ID manager.

use crate::{
    Outcome,
    world::{DataArgs, World},
};
use clap::Args as ClapArgs;
use domain::ids::MunicipalityCode;
use kit::{Municipality, Role, signin::NewStaff};

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
    /// 最初のID管理者の個人ID
    #[arg(long, value_name = "ID")]
    id_manager: String,
}

pub fn run(args: &Args) -> anyhow::Result<Outcome> {
    let code = MunicipalityCode::parse(&args.municipality).map_err(|error| anyhow::anyhow!("{error}"))?;
    crate::on_runtime(async {
        let world = World::open(args.data.folder("data")?, args.data.database.as_deref()).await?;
        let municipality = Municipality(code.as_u32() as i32);
        world.put_municipality(municipality, &args.name, &args.contact).await?;
        let password = kit::signin::new_password(&world.app.kit);
        let staff = NewStaff {
            login: &args.id_manager,
            name: "ID管理者",
            section: "",
            roles: &[Role::IdManager],
            password: &password,
        };
        let mut tx = kit::db::begin(&world.app.kit.pool, municipality).await?;
        kit::signin::put_staff(&mut tx, &world.app.kit, municipality, staff).await?;
        tx.commit().await?;
        println!("{code} {} を登録しました。データ: {}", args.name, world.dir.display());
        println!("ID管理者 {} のパスワード(この一度だけ表示します): {password}", args.id_manager);
        world.close().await?;
        Ok(Outcome::Done)
    })
}
