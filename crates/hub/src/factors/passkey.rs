//! パスキー: WebAuthn with user verification, for this hub's own address and nobody else's.

use super::{
    ceremony::{self, Ceremony, Kind, Token},
    sql::{self, Holder, PasskeyRow},
};
use crate::App;
use anyhow::Context;
use kit::{Kit, Municipality};
use serde::de::DeserializeOwned;
use serde_json::Value;
use sqlx::PgConnection;
use url::Url;
use uuid::Uuid;
use webauthn_rs::prelude::*;
use webauthn_rs_proto::ResidentKeyRequirement;

/// A device's name as the person gives it.
pub const NAME_CHARS_MAX: usize = 40;

/// This hub, as devices know it: by the host of its address.
fn party(kit: &Kit) -> anyhow::Result<Webauthn> {
    let origin = Url::parse(&kit.desk.url).context("the hub's address")?;
    let host = origin.domain().context("the hub's address has no host name: passkeys need one")?;
    Ok(WebauthnBuilder::new(host, &origin)?.rp_name("Sesshu 接種").build()?)
}

/// Begins the registration of a device. What the browser is to be told, and its token.
pub async fn begin_registration(
    app: &App,
    conn: &mut PgConnection,
    municipality: Municipality,
    holder: &Holder,
    kind: Kind,
) -> anyhow::Result<(Value, Token)> {
    let known = stored(conn, municipality, holder.staff_id).await?;
    let known = known.into_iter().map(|(_, key)| key.cred_id().clone()).collect();
    let (mut told, state) = party(&app.kit)?.start_passkey_registration(
        holder.staff_id,
        &holder.login,
        &holder.name,
        Some(known),
    )?;
    // Whoever signs in types no id, so that nothing can be learnt from typing one.
    if let Some(selection) = told.public_key.authenticator_selection.as_mut() {
        selection.resident_key = Some(ResidentKeyRequirement::Required);
        selection.require_resident_key = true;
    }
    let ceremony = Ceremony { staff_id: Some(holder.staff_id), state: serde_json::to_value(&state)? };
    let token = ceremony::begin(conn, &app.kit, municipality, kind, &ceremony).await?;
    Ok((serde_json::to_value(&told)?, token))
}

/// Why a device is not registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotAdded {
    /// The challenge was used, is late or belongs to another browser.
    TooLate,
    /// The device's answer is not what was asked for: no verification of the person, another address.
    NotProved,
    /// The device is registered already.
    Known,
}

impl NotAdded {
    pub const fn sentence(self) -> &'static str {
        match self {
            NotAdded::TooLate => "時間が切れました。もう一度「パスキーを登録する」を押してください",
            NotAdded::NotProved => {
                "端末で本人の確認ができませんでした。指紋・顔・PINのどれかで確認してから登録してください"
            }
            NotAdded::Known => "この端末のパスキーは登録済みです。別の端末を使ってください",
        }
    }
}

/// Finishes it: the device is kept under this name.
pub async fn finish_registration(
    app: &App,
    conn: &mut PgConnection,
    token: &Token,
    staff_id: Uuid,
    name: &str,
    credential: &str,
) -> anyhow::Result<Result<Uuid, NotAdded>> {
    let Some(state) = challenge(conn, &app.kit, token, Some(staff_id)).await? else {
        return Ok(Err(NotAdded::TooLate));
    };
    let Ok(answer) = serde_json::from_str::<RegisterPublicKeyCredential>(credential) else {
        return Ok(Err(NotAdded::NotProved));
    };
    // The library refuses what does not carry the flag of a verified person.
    let Ok(passkey) = party(&app.kit)?.finish_passkey_registration(&answer, &state) else {
        return Ok(Err(NotAdded::NotProved));
    };
    let row = PasskeyRow {
        passkey_id: app.kit.ids.next(),
        name: name.to_owned(),
        credential: serde_json::to_value(&passkey)?,
        created_at: app.kit.clock.now(),
        last_used_at: None,
    };
    let is_new = sql::add_passkey(conn, token.municipality, staff_id, &row, passkey.cred_id()).await?;
    Ok(if is_new { Ok(row.passkey_id) } else { Err(NotAdded::Known) })
}

async fn challenge<T: DeserializeOwned>(
    conn: &mut PgConnection,
    kit: &Kit,
    token: &Token,
    staff_id: Option<Uuid>,
) -> anyhow::Result<Option<T>> {
    let found = ceremony::take(conn, kit, token).await?.filter(|found| found.staff_id == staff_id);
    Ok(found.map(|found| serde_json::from_value(found.state)).transpose()?)
}

async fn stored(
    conn: &mut PgConnection,
    municipality: Municipality,
    staff_id: Uuid,
) -> anyhow::Result<Vec<(PasskeyRow, Passkey)>> {
    let rows = sql::passkeys(conn, municipality, staff_id).await?;
    let read = |row: PasskeyRow| anyhow::Ok((serde_json::from_value(row.credential.clone())?, row));
    rows.into_iter().map(|row| read(row).map(|(key, row)| (row, key))).collect()
}

/// Asks whatever device there is to sign somebody in.
pub async fn begin_sign_in(
    app: &App,
    conn: &mut PgConnection,
    municipality: Municipality,
) -> anyhow::Result<(Value, Token)> {
    let (mut told, state) = party(&app.kit)?.start_discoverable_authentication()?;
    told.mediation = None;
    let ceremony = Ceremony { staff_id: None, state: serde_json::to_value(&state)? };
    let token = ceremony::begin(conn, &app.kit, municipality, Kind::PasskeySignIn, &ceremony).await?;
    Ok((serde_json::to_value(&told)?, token))
}

/// Who has proved to be there: `None` where the answer proves nothing.
pub async fn finish_sign_in(
    app: &App,
    conn: &mut PgConnection,
    token: &Token,
    credential: &str,
) -> anyhow::Result<Option<Uuid>> {
    let Some(state) = challenge::<DiscoverableAuthentication>(conn, &app.kit, token, None).await? else {
        return Ok(None);
    };
    let Ok(answer) = serde_json::from_str::<PublicKeyCredential>(credential) else { return Ok(None) };
    let party = party(&app.kit)?;
    let Ok((staff_id, credential_id)) = party.identify_discoverable_authentication(&answer) else {
        return Ok(None);
    };
    let theirs = stored(conn, token.municipality, staff_id).await?;
    let Some((row, mut key)) = theirs.into_iter().find(|(_, key)| key.cred_id().as_slice() == credential_id)
    else {
        return Ok(None);
    };
    let proved = party.finish_discoverable_authentication_v2(&answer, state, DiscoverableKey::from(&key));
    let Some(proved) = proved.ok().filter(AuthenticationResult::user_verified) else { return Ok(None) };
    note_use(app, conn, token.municipality, &row, &mut key, &proved).await?;
    Ok(Some(staff_id))
}

/// Asks the devices of one person to prove that it is them again.
pub async fn begin_step_up(
    app: &App,
    conn: &mut PgConnection,
    municipality: Municipality,
    staff_id: Uuid,
) -> anyhow::Result<Option<(Value, Token)>> {
    let keys: Vec<Passkey> =
        stored(conn, municipality, staff_id).await?.into_iter().map(|(_, key)| key).collect();
    if keys.is_empty() {
        return Ok(None);
    }
    let (told, state) = party(&app.kit)?.start_passkey_authentication(&keys)?;
    let ceremony = Ceremony { staff_id: Some(staff_id), state: serde_json::to_value(&state)? };
    let token = ceremony::begin(conn, &app.kit, municipality, Kind::PasskeyStepUp, &ceremony).await?;
    Ok(Some((serde_json::to_value(&told)?, token)))
}

/// Whether the person has proved to be there.
pub async fn finish_step_up(
    app: &App,
    conn: &mut PgConnection,
    token: &Token,
    staff_id: Uuid,
    credential: &str,
) -> anyhow::Result<bool> {
    let state = challenge::<PasskeyAuthentication>(conn, &app.kit, token, Some(staff_id)).await?;
    let Some(state) = state else { return Ok(false) };
    let Ok(answer) = serde_json::from_str::<PublicKeyCredential>(credential) else { return Ok(false) };
    let proved = party(&app.kit)?.finish_passkey_authentication(&answer, &state);
    let Some(proved) = proved.ok().filter(AuthenticationResult::user_verified) else { return Ok(false) };
    // Removed in between: then it proves nothing any more.
    let theirs = stored(conn, token.municipality, staff_id).await?;
    let Some((row, mut key)) = theirs.into_iter().find(|(_, key)| key.cred_id() == proved.cred_id()) else {
        return Ok(false);
    };
    note_use(app, conn, token.municipality, &row, &mut key, &proved).await?;
    Ok(true)
}

async fn note_use(
    app: &App,
    conn: &mut PgConnection,
    municipality: Municipality,
    row: &PasskeyRow,
    key: &mut Passkey,
    proved: &AuthenticationResult,
) -> anyhow::Result<()> {
    key.update_credential(proved);
    let credential = serde_json::to_value(&*key)?;
    sql::passkey_used(conn, municipality, row.passkey_id, &credential, app.kit.clock.now()).await?;
    Ok(())
}
