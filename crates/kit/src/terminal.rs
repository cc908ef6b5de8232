//! 端末: where people sit, as every system knows it. They are registered at the hub; here is what their certificate is
//! compared with, and their names for the log.

use crate::{Fingerprint, Kit, Municipality, Terminal, Zone, tls::Caller};
use axum::http::Extensions;
use sqlx::PgConnection;

/// A registered terminal's certificate and name (端末証明書).
#[derive(Clone, Debug, PartialEq, Eq)]
#[doc(alias = "端末証明書")]
pub struct Device {
    pub name: String,
    pub fingerprint: Fingerprint,
}

/// Where a request comes in: the door's zone, and the certificate that was shown there. Nothing was shown at a plain
/// door, which is open to its own machine alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Here {
    pub zone: Zone,
    pub fingerprint: Option<Fingerprint>,
}

impl Here {
    pub fn of(kit: &Kit, request: &Extensions) -> Here {
        let fingerprint = request.get::<Caller>().and_then(|caller| caller.fingerprint);
        Here { zone: kit.desk.zone, fingerprint }
    }
}

/// Keeps the name that the hub told, for the log.
pub async fn remember(
    conn: &mut PgConnection,
    municipality: Municipality,
    terminal: Terminal,
    device: Option<&Device>,
) -> sqlx::Result<()> {
    let Some((terminal_id, device)) = terminal.id.zip(device) else { return Ok(()) };
    sqlx::query(
        "insert into terminal_names (municipality_code, terminal_id, name) values ($1, $2, $3)
         on conflict (municipality_code, terminal_id) do update set name = excluded.name
         where terminal_names.name <> excluded.name",
    )
    .bind(municipality.0)
    .bind(terminal_id)
    .bind(&device.name)
    .execute(conn)
    .await?;
    Ok(())
}
