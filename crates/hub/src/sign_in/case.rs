//! Signing in: with a passkey, or with a password and then a code.
//!
//! After the password everybody is asked for a code, also where the id or the password was wrong: which of the three
//! was wrong is never told, and an id that nobody has is counted and made to wait like any other. Every outcome is
//! logged.

use super::sql;
use crate::{
    App,
    factors::{
        attempts::{self, Held},
        ceremony::{self, Ceremony, Kind, Token},
        passkey, password, sql as factors,
        totp::Secret,
    },
    keeper::limits,
};
use domain::intrusion::Intrusion;
use kit::{
    Action, Kit, Municipality, Terminal,
    audit::{self, Entry, Outcome},
    clock, db,
    session::Standing,
    web::Peer,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

/// Where somebody acts from, and in which request.
#[derive(Clone, Copy, Debug)]
pub struct Caller {
    pub terminal: Terminal,
    pub request_id: Uuid,
}

impl Caller {
    /// The log's entry of an attempt, refused until it succeeds.
    pub fn entry(self, kit: &Kit, municipality: Municipality, action: Action) -> Entry {
        Entry {
            municipality,
            entry_id: kit.ids.next(),
            at: kit.clock.now(),
            staff_id: None,
            request_id: self.request_id,
            action,
            outcome: Outcome::Refused,
            target_kind: "",
            target_id: None,
            terminal: self.terminal,
            purpose: None,
            detail: json!({}),
            before: None,
            after: None,
        }
    }
}

/// Where somebody wants to go on to after signing in.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Way {
    #[serde(default)]
    pub to: String,
    #[serde(default)]
    pub state: String,
}

impl Way {
    /// The digest that a system gave the browser: 64 hexadecimal digits.
    pub fn has_state(&self) -> bool {
        self.state.len() == 64 && self.state.bytes().all(|byte| byte.is_ascii_hexdigit())
    }
}

/// Somebody could not sign in from here: many of them from one place are told, whichever ids they tried.
pub fn failed_from(app: &App, municipality: Municipality, terminal: Terminal, peer: Option<Peer>) {
    let place = match (terminal.id, peer) {
        (Some(id), _) => id.to_string(),
        (None, Some(peer)) => peer.0.ip().to_string(),
        (None, None) => return,
    };
    app.kit.watch.see(municipality, Intrusion::SignInBurst, place.as_bytes());
}

/// What is remembered between the password and the code.
#[derive(Deserialize, Serialize)]
struct Remembered {
    login_hash: Vec<u8>,
    is_right: bool,
    way: Way,
}

/// Takes an id and a password, and asks for the code: the answer says nothing about either.
pub async fn take_password(
    app: &App,
    municipality: Municipality,
    (login, password): (&str, &str),
    way: Way,
    caller: Caller,
) -> anyhow::Result<Result<Token, Held>> {
    let _lane = password::lane().await?;
    let kit = &app.kit;
    let now = kit.clock.now();
    let mut tx = db::begin(&kit.pool, municipality).await?;
    let login_hash = attempts::digest(login);
    let holder = factors::holder_by_login(&mut tx, municipality, login).await?;
    let staff_id = holder.map(|holder| holder.staff_id);
    if let Some(held) = attempts::held(&mut tx, municipality, &login_hash, now).await? {
        let entry = caller.entry(kit, municipality, Action::SignIn);
        audit::commit(kit, tx, &[Entry { staff_id, detail: json!({"cause": "locked"}), ..entry }]).await?;
        kit.watch.see(municipality, Intrusion::SignInBurst, &login_hash);
        return Ok(Err(held));
    }
    let today = clock::in_japan(now).date();
    let stored = factors::password(&mut tx, municipality, staff_id.unwrap_or_default(), today).await?;
    let is_right = password::is_right(password, stored.map(|stored| stored.hash)).await?;
    let state = serde_json::to_value(Remembered { login_hash, is_right, way })?;
    let token =
        ceremony::begin(&mut tx, kit, municipality, Kind::Code, &Ceremony { staff_id, state }).await?;
    tx.commit().await?;
    Ok(Ok(token))
}

/// What came of a code.
#[derive(Debug)]
pub enum Second {
    SignedIn(Box<Standing>, Way),
    /// Id, password or code is wrong: the same for all.
    Wrong,
    Held(Held),
    /// The password was given too long ago, or in another browser.
    Late,
}

/// Takes the code that goes with a password.
pub async fn take_code(app: &App, token: &Token, code: &str, caller: Caller) -> anyhow::Result<Second> {
    let (kit, municipality) = (&app.kit, token.municipality);
    let now = kit.clock.now();
    let mut tx = db::begin(&kit.pool, municipality).await?;
    let Some(found) = ceremony::look(&mut tx, kit, token).await? else { return Ok(Second::Late) };
    let remembered: Remembered = serde_json::from_value(found.state)?;
    let mut entry = caller.entry(kit, municipality, Action::SignIn);
    entry.staff_id = found.staff_id;
    if let Some(held) = attempts::held(&mut tx, municipality, &remembered.login_hash, now).await? {
        entry.detail = json!({"cause": "locked"});
        audit::commit(kit, tx, &[entry]).await?;
        kit.watch.see(municipality, Intrusion::SignInBurst, &remembered.login_hash);
        return Ok(Second::Held(held));
    }
    let is_code = use_code(app, &mut tx, municipality, found.staff_id, code).await?;
    let standing = match found.staff_id.filter(|_| remembered.is_right && is_code) {
        Some(staff_id) => stand(app, &mut tx, municipality, staff_id, (caller.terminal, "password")).await?,
        None => None,
    };
    let Some(standing) = standing else {
        let is_locked = attempts::count(&mut tx, municipality, &remembered.login_hash, now).await?;
        audit::commit(kit, tx, &[entry]).await?;
        kit.watch.see(municipality, Intrusion::SignInBurst, &remembered.login_hash);
        if is_locked {
            kit.watch.see(municipality, Intrusion::AccountLocked, &remembered.login_hash);
        }
        return Ok(Second::Wrong);
    };
    ceremony::take(&mut tx, kit, token).await?;
    attempts::forget(&mut tx, municipality, &remembered.login_hash).await?;
    entry.outcome = Outcome::Done;
    entry.detail = json!({"means": "password"});
    audit::commit(kit, tx, &[entry]).await?;
    Ok(Second::SignedIn(Box::new(standing), remembered.way))
}

/// Whether this is the code of somebody's app now; then it is used up. Does the same work for nobody.
pub async fn use_code(
    app: &App,
    conn: &mut PgConnection,
    municipality: Municipality,
    staff_id: Option<Uuid>,
    code: &str,
) -> anyhow::Result<bool> {
    let now = app.kit.clock.now();
    let today = clock::in_japan(now).date();
    let nobody = Uuid::nil();
    let stored = factors::password(conn, municipality, staff_id.unwrap_or(nobody), today).await?;
    let (whose, sealed, last_step) = match (&stored, staff_id) {
        (Some(stored), Some(staff_id)) => (staff_id, stored.sealed.clone(), stored.last_step),
        (Some(_) | None, _) => (nobody, Secret::new().seal(app, municipality, nobody)?, i64::MAX),
    };
    let secret = Secret::open(app, municipality, whose, &sealed)?;
    let Some(step) = secret.matching_step(code, now, last_step) else { return Ok(false) };
    factors::use_step(conn, municipality, whose, step).await?;
    Ok(stored.is_some())
}

/// Begins a sign-in for somebody who has proved to be there. `None`, and nothing begun, where their account is shut or
/// has ended.
async fn stand(
    app: &App,
    conn: &mut PgConnection,
    municipality: Municipality,
    staff_id: Uuid,
    by: (Terminal, &str),
) -> anyhow::Result<Option<Standing>> {
    if factors::holder(conn, municipality, staff_id).await?.is_none() {
        return Ok(None);
    }
    let (now, sign_in_id) = (app.kit.clock.now(), app.kit.ids.next());
    let mut beginning = conn.begin().await?;
    sql::begin(&mut beginning, municipality, sign_in_id, staff_id, by, now).await?;
    let standing = sql::standing(&mut beginning, municipality, sign_in_id, limits(now)).await?;
    match standing {
        Some(_) => beginning.commit().await?,
        None => beginning.rollback().await?,
    }
    Ok(standing)
}

/// A challenge for whatever device there is.
pub async fn ask_passkey(app: &App, municipality: Municipality) -> anyhow::Result<(Value, Token)> {
    let mut tx = db::begin(&app.kit.pool, municipality).await?;
    let asked = passkey::begin_sign_in(app, &mut tx, municipality).await?;
    tx.commit().await?;
    Ok(asked)
}

/// Takes the device's answer. `None` where it proves nothing; the challenge is used up all the same.
pub async fn take_passkey(
    app: &App,
    token: &Token,
    credential: &str,
    caller: Caller,
) -> anyhow::Result<Option<Standing>> {
    let (kit, municipality) = (&app.kit, token.municipality);
    let mut tx = db::begin(&kit.pool, municipality).await?;
    let staff_id = passkey::finish_sign_in(app, &mut tx, token, credential).await?;
    let standing = match staff_id {
        Some(staff_id) => stand(app, &mut tx, municipality, staff_id, (caller.terminal, "passkey")).await?,
        None => None,
    };
    let outcome = if standing.is_some() { Outcome::Done } else { Outcome::Refused };
    let entry = caller.entry(kit, municipality, Action::SignIn);
    let entry = Entry { staff_id, outcome, detail: json!({"means": "passkey"}), ..entry };
    audit::commit(kit, tx, &[entry]).await?;
    Ok(standing)
}

/// A ticket that takes a signed-in person on to another system.
pub async fn issue_ticket(
    kit: &Kit,
    municipality: Municipality,
    sign_in_id: Uuid,
    system: &str,
    state: &str,
) -> anyhow::Result<String> {
    let ticket = format!("{}.{}", municipality.0, kit.ids.token());
    let mut tx = db::begin(&kit.pool, municipality).await?;
    sql::issue_ticket(&mut tx, municipality, &ticket, sign_in_id, system, state, kit.clock.now()).await?;
    tx.commit().await?;
    Ok(ticket)
}
