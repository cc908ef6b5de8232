//! `sesshu rebuild`: the engine's answers beside the records are a cache; this makes it anew.

use crate::{
    Outcome,
    world::{DataArgs, World},
};

/// 接種記録の判定を、今の規則で作り直す (規則の改正や設定の変更のあとに実行)
#[derive(clap::Args)]
pub struct Args {
    /// 自治体コード (6桁)。自治体が1つだけなら省略できる
    #[arg(long, value_name = "CODE")]
    municipality: Option<String>,
    #[command(flatten)]
    data: DataArgs,
}

pub fn run(args: &Args) -> anyhow::Result<Outcome> {
    crate::on_runtime(async {
        let world = World::open(args.data.folder("data")?, args.data.database.as_deref()).await?;
        let (municipality, name) = world.municipality(args.municipality.as_deref()).await?;
        let operator = world.operator(municipality).await?;
        let stale = health::records::rebuild_all(&world.app, &operator)
            .await
            .map_err(|failure| anyhow::anyhow!("{failure}"))?;
        world.close().await?;
        println!("{name}: 判定が変わった接種記録は {stale} 件です。");
        Ok(Outcome::Done)
    })
}
