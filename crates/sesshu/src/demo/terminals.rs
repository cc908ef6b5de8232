//! The demo's doors with TLS: one for each zone, with a terminal that is registered for it, to try out.
//!
//! The certificates are of an authority that lives for a moment; its key is never written. What is in the folder opens
//! this demo on this machine and nothing else.

use super::WARD;
use crate::{
    doors::{self, Listening, Opened, Place as At},
    serve::Urls,
    world::World,
};
use anyhow::Context;
use domain::Date;
use hub::terminals::{
    case::{NewCertificate, Place, register_by_command},
    certificate, sql,
};
use jiff::ToSpan;
use kit::{PeerIdentity, Zone};
use serde_json::{Value, json};
use std::{
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};
use town::ca::{Authority, Validity, write_roots};

/// Zone, name and place of each terminal.
const TERMINALS: [(Zone, &str, &str); 3] = [
    (Zone::Business, "窓口1番", "保健予防課"),
    (Zone::Lgwan, "LGWAN端末01", "保健予防課"),
    (Zone::Venue, "会場タブレット01", "赤羽会館(架空)"),
];
/// How long the certificates are valid. They are made anew at the first start after half of it.
const MONTHS_VALID: i32 = 12;
const HOST: &str = "localhost";

/// Takes two ports for each zone, from `port` on; free ones for 0.
pub async fn listen(port: u16) -> anyhow::Result<Vec<Listening>> {
    let mut taken = Vec::new();
    for (nth, (zone, ..)) in (0_u16..).zip(TERMINALS) {
        let port = if port == 0 { 0 } else { port.saturating_add(2 * nth) };
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        taken.push(Listening::open(At { zone, address }, HOST).await?);
    }
    Ok(taken)
}

fn folder(world: &World) -> PathBuf {
    world.dir.join("terminals")
}

/// Makes the certificates where there are none, registers the terminals, and puts TLS before the ports.
pub async fn open(world: &World, taken: Vec<Listening>) -> anyhow::Result<Vec<Opened>> {
    let (folder, kit) = (folder(world), &world.hub.kit);
    ensure_certificates(&folder, kit.clock.today())?;
    let operator = kit::staff::operator(kit, WARD).await?;
    for (zone, name, place) in TERMINALS {
        let path = folder.join(format!("{}.pem", zone.code()));
        let pem = fs::read_to_string(&path).with_context(|| format!("{} を読めません", path.display()))?;
        let certificate = certificate::read(&pem, "", kit.clock.now())?;
        if sql::home(&kit.pool, certificate.fingerprint).await?.is_none() {
            let last_on = certificate.until.context("the certificate was read whole")?;
            let place = Place { name: name.to_owned(), place: place.to_owned() };
            let new = NewCertificate { certificate, last_on };
            register_by_command(kit, &operator, &place, zone, &new).await?;
        }
    }
    let file = |name: &str| folder.join(name);
    let identity =
        PeerIdentity::from_files(&file("door.pem"), &file("door.key.pem"), &file("authority.pem"))?;
    doors::open(taken, &Some(identity), world)
}

fn ensure_certificates(folder: &Path, today: Date) -> anyhow::Result<()> {
    let made_on = fs::read_to_string(folder.join("made-on")).ok();
    let made_on = made_on.and_then(|text| text.trim().parse::<Date>().ok());
    let renew = |made_on: Date| made_on.checked_add((MONTHS_VALID / 2).months());
    if made_on.is_some_and(|made_on| made_on <= today && renew(made_on).is_ok_and(|day| today < day)) {
        return Ok(());
    }
    let validity =
        Validity { from: today.checked_sub(1.day())?, until: today.checked_add(MONTHS_VALID.months())? };
    let authority = Authority::new("sesshu demo terminals", validity)?;
    authority.door()?.write(folder, "door")?;
    for (zone, ..) in TERMINALS {
        authority.terminal(&format!("sesshu demo {}", zone.code()))?.write(folder, zone.code())?;
    }
    write_roots(folder, "authority", &[&authority])?;
    fs::write(folder.join("made-on"), format!("{today}\n"))
        .with_context(|| format!("{} に書けません", folder.display()))
}

/// The doors for scripts: where each zone comes in, with which certificate.
pub fn describe(world: &World, urls: &[Urls]) -> Vec<Value> {
    let folder = folder(world);
    let file = |name: String| folder.join(name).display().to_string();
    let of_zone = |zone: Zone| TERMINALS.iter().find(|(one, ..)| *one == zone);
    let doors = urls.iter().filter(|door| door.hub.starts_with("https:"));
    doors
        .filter_map(|door| {
            let (zone, name, place) = of_zone(door.zone)?;
            Some(json!({
                "zone": zone.code(),
                "urls": { "health": format!("{}/", door.health), "hub": format!("{}/", door.hub) },
                "authority": file("authority.pem".to_owned()),
                "terminal": {
                    "name": name,
                    "place": place,
                    "certificate": file(format!("{}.pem", zone.code())),
                    "key": file(format!("{}.key.pem", zone.code())),
                },
            }))
        })
        .collect()
}
