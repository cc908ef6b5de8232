//! Where browsers come in: the plain door of the machine itself, and doors with TLS, one for each zone of the network.
//!
//! A zone is a network of its own, so each has its own address and port; the host name is one for all, because passkeys
//! belong to a name. Behind each door stand both systems, 共通基盤 at the next port.

use crate::{serve::Urls, world::World};
use anyhow::{Context, ensure};
use clap::{Args, ValueEnum};
use kit::{
    Kit, PeerIdentity, Zone,
    tls::{ClientCertificates, TlsDoor},
    zones,
};
use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
    str::FromStr,
};
use tokio::net::TcpListener;

/// 端末の入口(TLS)
#[derive(Args)]
pub struct DoorArgs {
    /// 区画ごとの入口。区画は business(基幹系)、lgwan、venue(接種会場)。② 共通基盤は次の番号を使う。
    /// 登録した端末の証明書を必ず求める
    #[arg(long = "door", value_name = "区画=アドレス:ポート", requires_all = ["host", "certificate", "key", "terminal_roots"])]
    doors: Vec<Place>,
    /// 端末がこのサーバーを開くときの名前(どの区画でも同じ名前にする)
    #[arg(long, value_name = "NAME", requires = "doors")]
    host: Option<String>,
    /// サーバー証明書(PEM。中間証明書も続けて入れる)
    #[arg(long, value_name = "FILE", requires = "doors")]
    certificate: Option<PathBuf>,
    /// サーバー証明書の秘密鍵(PEM。所有者だけが読めること)
    #[arg(long, value_name = "FILE", requires = "doors")]
    key: Option<PathBuf>,
    /// 端末証明書を発行した認証局の証明書(PEM)
    #[arg(long, value_name = "FILE", requires = "doors")]
    terminal_roots: Option<PathBuf>,
    /// 暗号化しない入口(同じ機械の中からだけ)を開くか。省くと、--door があるときは off、ないときは on
    #[arg(long, value_enum)]
    plain: Option<Switch>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Switch {
    On,
    Off,
}

/// Which zone comes in where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub zone: Zone,
    pub address: SocketAddr,
}

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = "business=10.0.0.1:8443 のように、区画とアドレスとポートを指定してください";
        let (zone, address) = text.split_once('=').ok_or(wrong)?;
        let zone = Zone::from_code(zone).filter(|zone| zones::has_desks(*zone));
        let zone = zone.ok_or("区画は business、lgwan、venue のどれかを指定してください")?;
        Ok(Place { zone, address: address.parse().map_err(|_| wrong)? })
    }
}

impl DoorArgs {
    /// Whether the plain door is opened.
    pub fn has_plain(&self) -> anyhow::Result<bool> {
        let is_on = self.plain.map_or(self.doors.is_empty(), |plain| plain == Switch::On);
        ensure!(
            is_on || !self.doors.is_empty(),
            "入口がありません。--plain on にするか、--door を指定してください。"
        );
        Ok(is_on)
    }

    /// Takes the ports.
    pub async fn listen(&self) -> anyhow::Result<Vec<Listening>> {
        let host = self.host.as_deref().unwrap_or_default();
        let mut taken = Vec::new();
        for place in &self.doors {
            taken.push(Listening::open(*place, host).await?);
        }
        Ok(taken)
    }

    /// Who we are to terminals, and whose certificates we believe. Nothing where no door has TLS.
    pub fn identity(&self) -> anyhow::Result<Option<PeerIdentity>> {
        let files = (&self.certificate, &self.key, &self.terminal_roots);
        let (Some(certificate), Some(key), Some(roots)) = files else { return Ok(None) };
        Ok(Some(PeerIdentity::from_files(certificate, key, roots)?))
    }
}

/// Two ports that are ours, and under which name they are reached.
pub struct Listening {
    zone: Zone,
    host: String,
    health: TcpListener,
    hub: TcpListener,
}

impl Listening {
    pub async fn open(place: Place, host: &str) -> anyhow::Result<Listening> {
        let (health, hub) = take_two(place.address.ip(), place.address.port()).await?;
        Ok(Listening { zone: place.zone, host: host.to_owned(), health, hub })
    }
}

/// The plain door: on the loopback address and nowhere else.
pub struct Plain {
    health: TcpListener,
    hub: TcpListener,
}

impl Plain {
    /// 健康管理システム at `port`, 共通基盤 at the next; at free ports for 0.
    pub async fn open(port: u16) -> anyhow::Result<Plain> {
        let (health, hub) = take_two(Ipv4Addr::LOCALHOST.into(), port).await?;
        Ok(Plain { health, hub })
    }
}

async fn take_two(ip: IpAddr, port: u16) -> anyhow::Result<(TcpListener, TcpListener)> {
    let next =
        if port == 0 { 0 } else { port.checked_add(1).context("ポートの番号が大きすぎます")? };
    Ok((listen(ip, port).await?, listen(ip, next).await?))
}

pub async fn listen(ip: IpAddr, port: u16) -> anyhow::Result<TcpListener> {
    TcpListener::bind((ip, port))
        .await
        .with_context(|| format!("ポート {port} を使えません。別の番号を指定してください"))
}

/// A door that is ready to be served at.
pub struct Opened {
    zone: Zone,
    host: String,
    pub health: TcpListener,
    pub hub: TcpListener,
    /// Of each of the two; `None` for the plain door.
    pub tls: Option<[TlsDoor; 2]>,
}

impl Opened {
    pub fn urls(&self) -> anyhow::Result<Urls> {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        let url = |at: &TcpListener| {
            anyhow::Ok(match (self.tls.is_some(), at.local_addr()?.port()) {
                (true, 443) => format!("{scheme}://{}", self.host),
                (_, port) => format!("{scheme}://{}:{port}", self.host),
            })
        };
        Ok(Urls { zone: self.zone, health: url(&self.health)?, hub: url(&self.hub)? })
    }
}

impl From<Plain> for Opened {
    /// Whoever sits at the machine itself is in the office. By name, not by number: passkeys belong to a host's name.
    fn from(plain: Plain) -> Opened {
        let Plain { health, hub } = plain;
        Opened { zone: Zone::Business, host: "localhost".to_owned(), health, hub, tls: None }
    }
}

/// Puts TLS before the ports that were taken. Every caller has to show a certificate; who is turned away is told to
/// the watch of the system.
pub fn open(
    taken: Vec<Listening>,
    identity: &Option<PeerIdentity>,
    world: &World,
) -> anyhow::Result<Vec<Opened>> {
    let Some(identity) = identity else { return Ok(Vec::new()) };
    let door = |name, kit: &Kit| {
        let refusals = kit::intrusion::refusals(kit, name);
        TlsDoor::new(identity, ClientCertificates::Demanded, &kit.clock, refusals)
    };
    taken
        .into_iter()
        .map(|Listening { zone, host, health, hub }| {
            let tls = Some([door("health", &world.app.kit)?, door("hub", &world.hub.kit)?]);
            Ok(Opened { zone, host, health, hub, tls })
        })
        .collect()
}
