//! `sesshu terminal`: the first terminal, registered at the machine itself. All others are registered from the page.

use crate::{
    Outcome,
    world::{DataArgs, World},
};
use anyhow::{Context, bail};
use clap::Args as ClapArgs;
use domain::{terminal::check_last_day, wareki};
use hub::terminals::{
    case::{NewCertificate, Place, TEXT_CHARS_MAX, register_by_command},
    certificate,
};
use kit::{Zone, zones};
use std::path::PathBuf;

/// 端末を登録する(最初の1台。2台目からは画面で登録する)
#[derive(ClapArgs)]
pub struct Args {
    #[command(flatten)]
    data: DataArgs,
    /// 自治体コード(自治体が1つなら省ける)
    #[arg(long, value_name = "CODE")]
    municipality: Option<String>,
    /// 端末の証明書(PEM)
    #[arg(long, value_name = "FILE")]
    certificate: PathBuf,
    /// 端末の名前
    #[arg(long)]
    name: String,
    /// 設置場所
    #[arg(long)]
    place: String,
    /// 区画: business(基幹系)、lgwan、venue(接種会場)
    #[arg(long, default_value = "business")]
    zone: String,
    /// 使用の最終日(和暦か西暦。省けば証明書の期限の日)
    #[arg(long, value_name = "DATE")]
    last_on: Option<String>,
}

pub fn run(args: &Args) -> anyhow::Result<Outcome> {
    let zone = Zone::from_code(&args.zone).filter(|zone| zones::has_desks(*zone));
    let zone = zone.context("--zone には business、lgwan、venue のどれかを指定してください")?;
    for (text, option) in [(&args.name, "--name"), (&args.place, "--place")] {
        let fits = !text.trim().is_empty() && text.chars().count() <= TEXT_CHARS_MAX;
        anyhow::ensure!(fits, "{option} は{TEXT_CHARS_MAX}文字以内で指定してください");
    }
    let pem = std::fs::read_to_string(&args.certificate)
        .with_context(|| format!("{} を読めません", args.certificate.display()))?;
    let typed = args.last_on.as_deref().map(wareki::parse).transpose();
    let typed = typed.map_err(|error| anyhow::anyhow!("--last-on: {error}"))?;
    crate::on_runtime(async {
        let world = World::open(args.data.folder("data")?, args.data.database.as_deref()).await?;
        let (municipality, name) = world.municipality(args.municipality.as_deref()).await?;
        let kit = &world.hub.kit;
        let certificate = certificate::read(&pem, "", kit.clock.now())?;
        let last_on = typed.or(certificate.until).context("使用の最終日を --last-on で指定してください")?;
        check_last_day(last_on, certificate.until, kit.clock.today())?;
        let operator = kit::staff::operator(kit, municipality).await?;
        let place = Place { name: args.name.trim().to_owned(), place: args.place.trim().to_owned() };
        let new = NewCertificate { certificate, last_on };
        if register_by_command(kit, &operator, &place, zone, &new).await?.is_none() {
            bail!("この証明書は登録済みです。");
        }
        println!("{name}の端末「{}」を{}に登録しました。{last_on}まで使えます。", place.name, zone.ja());
        world.close().await?;
        Ok(Outcome::Done)
    })
}
