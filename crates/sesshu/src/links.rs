//! The links between the systems of one installation: mutual TLS over loopback, also where all run in one process.
//!
//! Without certificates of the office's own authority, the installation makes itself one for its own links: in the
//! data folder's `tls`, keys readable by the server's user alone. Nobody outside this machine is believed by it.

use crate::world::World;
use anyhow::Context;
use jiff::ToSpan;
use kit::{
    Ids,
    link::{LinkClient, LinkServer, PeerList, tls_name},
    session::{self, Keeper, LinkKeeper},
    tls::PeerIdentity,
};
use std::{net::Ipv4Addr, path::Path, sync::Arc};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};
use town::ca::{Authority, Validity, write_roots};
use wire::v1::System;

/// The systems that run here.
const SYSTEMS: [System; 2] = [System::Health, System::Hub];
/// How long the installation's own certificates are valid. They are made anew at the first start after half of it.
const YEARS_VALID: i32 = 2;

/// Opens the hub's door for the other systems; what 健康管理システム asks it through.
pub async fn to_hub(
    world: &World,
    stop: watch::Receiver<bool>,
) -> anyhow::Result<(Arc<dyn Keeper>, JoinHandle<()>)> {
    let clock = &world.hub.kit.clock;
    let folder = world.dir.join("tls");
    ensure_certificates(&folder, clock.today())?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let authority = listener.local_addr()?.to_string();
    let (peers, registered) = watch::channel(PeerList {
        registered: Some([identity(&folder, System::Health)?.fingerprint()].into()),
        ..PeerList::default()
    });
    let server = LinkServer {
        system: System::Hub,
        identity: &identity(&folder, System::Hub)?,
        peers: registered,
        clock: clock.clone(),
        refusals: kit::intrusion::refusals(&world.hub.kit, "hub"),
    };
    let operations = session::operations(Arc::clone(&world.hub.kit.desk.keeper), env!("CARGO_PKG_VERSION"));
    let answering = server.serve(listener, operations, stop)?;
    let door = tokio::spawn(async move {
        answering.await;
        drop(peers);
    });
    let ids = Ids::default();
    let own = identity(&folder, System::Health)?;
    let client = LinkClient::new(System::Health, System::Hub, &authority, &own, clock, &ids)?;
    Ok((Arc::new(LinkKeeper { client, ids }), door))
}

fn identity(folder: &Path, system: System) -> anyhow::Result<PeerIdentity> {
    let file = |name: &str| folder.join(name);
    let (certificate, key) =
        (file(&format!("{}.pem", system.code())), file(&format!("{}.key.pem", system.code())));
    Ok(PeerIdentity::from_files(&certificate, &key, &file("roots.pem"))?)
}

/// Makes authority and certificates where there are none, or where half their time is over. The authority's own key
/// is never written: whoever finds the folder can pretend to be these systems on this machine, and nothing more.
fn ensure_certificates(folder: &Path, today: domain::Date) -> anyhow::Result<()> {
    let made_on = std::fs::read_to_string(folder.join("made-on")).ok();
    let made_on = made_on.and_then(|text| text.trim().parse::<domain::Date>().ok());
    let renew = |made_on: domain::Date| made_on.checked_add((YEARS_VALID * 6).months());
    if made_on.is_some_and(|made_on| made_on <= today && renew(made_on).is_ok_and(|day| today < day)) {
        return Ok(());
    }
    let validity =
        Validity { from: today.checked_sub(1.day())?, until: today.checked_add(YEARS_VALID.years())? };
    let authority = Authority::new("sesshu links of this installation", validity)?;
    for system in SYSTEMS {
        authority.system(&tls_name(system))?.write(folder, system.code())?;
    }
    write_roots(folder, "roots", &[&authority])?;
    std::fs::write(folder.join("made-on"), format!("{today}\n"))
        .with_context(|| format!("{} に書けません", folder.display()))
}
