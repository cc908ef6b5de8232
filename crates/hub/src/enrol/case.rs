//! Use cases of whoever holds an enrolment code. Nobody is signed in by it: the means that is registered does that.

use crate::{
    App,
    factors::{
        attempts::{self, Held},
        ceremony::{self, Ceremony, Kind, Token},
        passkey::{self, NotAdded},
        password,
        sql::{self, Holder},
        totp::Secret,
    },
    sign_in::case::Caller,
};
use jiff::SignedDuration;
use kit::{
    Action, Failure, Kit, Municipality,
    audit::{self, Entry, Outcome},
    clock, db,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use ui::FormErrors;
use uuid::Uuid;

/// A code is used on the day it is handed over.
const VALID: SignedDuration = SignedDuration::from_hours(24);

fn digest(code: &str) -> Vec<u8> {
    Sha256::new().chain_update(b"sesshu enrolment\0").chain_update(code).finalize().to_vec()
}

/// Issues a code to somebody. It is shown once; codes issued before are worth nothing from now on.
pub async fn issue(
    conn: &mut PgConnection,
    kit: &Kit,
    municipality: Municipality,
    staff_id: Uuid,
) -> sqlx::Result<String> {
    let code = password::fresh(kit);
    sql::put_code(conn, municipality, staff_id, &digest(&code), kit.clock.now()).await?;
    Ok(code)
}

/// What is remembered of somebody who has shown a code.
#[derive(Deserialize, Serialize)]
struct Remembered {
    code_hash: Vec<u8>,
    /// The secret that is offered to the app, sealed.
    sealed: Vec<u8>,
}

/// What came of a code.
pub enum Shown {
    Accepted(Token),
    Wrong,
    Held(Held),
}

/// Takes a login id and a code. Counted and answered like an attempt to sign in.
pub async fn show(
    app: &App,
    municipality: Municipality,
    (login, code): (&str, &str),
    caller: Caller,
) -> anyhow::Result<Shown> {
    let kit = &app.kit;
    let now = kit.clock.now();
    let login_hash = attempts::digest(login);
    let mut tx = db::begin(&kit.pool, municipality).await?;
    let mut entry = caller.entry(kit, municipality, Action::ManageOwnAccount);
    let holder = sql::holder_by_login(&mut tx, municipality, login).await?;
    entry.staff_id = holder.map(|holder| holder.staff_id);
    if let Some(held) = attempts::held(&mut tx, municipality, &login_hash, now).await? {
        entry.detail = json!({"cause": "locked"});
        audit::commit(kit, tx, &[entry]).await?;
        return Ok(Shown::Held(held));
    }
    let whose = entry.staff_id.unwrap_or_default();
    let stored = sql::code(&mut tx, municipality, whose, now - VALID).await?;
    let (Some(staff_id), true) = (entry.staff_id, stored == Some(digest(code))) else {
        attempts::count(&mut tx, municipality, &login_hash, now).await?;
        audit::commit(kit, tx, &[entry]).await?;
        return Ok(Shown::Wrong);
    };
    attempts::forget(&mut tx, municipality, &login_hash).await?;
    let sealed = Secret::new().seal(app, municipality, staff_id)?;
    let state = serde_json::to_value(Remembered { code_hash: digest(code), sealed })?;
    let ceremony = Ceremony { staff_id: Some(staff_id), state };
    let token = ceremony::begin(&mut tx, kit, municipality, Kind::Enrolment, &ceremony).await?;
    entry.outcome = Outcome::Viewed;
    entry.detail = json!({"enrolment": "begun"});
    audit::commit(kit, tx, &[entry]).await?;
    Ok(Shown::Accepted(token))
}

/// Somebody in the middle of enrolling.
pub struct Enrolling {
    pub holder: Holder,
    /// The password that may be chosen, and until when it serves.
    pub grant: Option<sql::Grant>,
    pub secret: Secret,
    code_hash: Vec<u8>,
}

/// Who enrols with this token; `None` where it has ended, or the code is no longer worth anything.
async fn enrolling(app: &App, conn: &mut PgConnection, token: &Token) -> anyhow::Result<Option<Enrolling>> {
    let municipality = token.municipality;
    let Some(found) = ceremony::look(conn, &app.kit, token).await? else { return Ok(None) };
    let Some(staff_id) = found.staff_id else { return Ok(None) };
    let Some(holder) = sql::holder(conn, municipality, staff_id).await? else { return Ok(None) };
    let Remembered { code_hash, sealed } = serde_json::from_value(found.state)?;
    let now = app.kit.clock.now();
    if sql::code(conn, municipality, staff_id, now - VALID).await?.as_ref() != Some(&code_hash) {
        return Ok(None);
    }
    let today = clock::in_japan(now).date();
    let grant = sql::grant(conn, municipality, staff_id).await?.filter(|grant| grant.valid_until >= today);
    let secret = Secret::open(app, municipality, staff_id, &sealed)?;
    Ok(Some(Enrolling { holder, grant, secret, code_hash }))
}

/// The page's facts.
pub async fn look(app: &App, token: &Token) -> anyhow::Result<Option<Enrolling>> {
    let mut tx = db::begin(&app.kit.pool, token.municipality).await?;
    let found = enrolling(app, &mut tx, token).await?;
    tx.commit().await?;
    Ok(found)
}

/// A challenge for the device that is to be registered.
pub async fn ask_passkey(app: &App, token: &Token) -> anyhow::Result<Option<(Value, Token)>> {
    let mut tx = db::begin(&app.kit.pool, token.municipality).await?;
    let Some(found) = enrolling(app, &mut tx, token).await? else { return Ok(None) };
    let kind = Kind::PasskeyEnrolment;
    let asked = passkey::begin_registration(app, &mut tx, token.municipality, &found.holder, kind).await?;
    tx.commit().await?;
    Ok(Some(asked))
}

/// Ends the enrolment in the transaction that registers the means.
async fn finish(
    app: &App,
    mut tx: sqlx::Transaction<'static, sqlx::Postgres>,
    token: &Token,
    found: &Enrolling,
    (caller, detail): (Caller, Value),
) -> Result<(), Failure> {
    let (kit, municipality, staff_id) = (&app.kit, token.municipality, found.holder.staff_id);
    ceremony::take(&mut tx, kit, token).await?;
    sql::use_code(&mut tx, municipality, staff_id, &found.code_hash, kit.clock.now()).await?;
    let entry = caller.entry(kit, municipality, Action::ManageOwnAccount);
    let entry = Entry { staff_id: Some(staff_id), outcome: Outcome::Done, detail, ..entry };
    Ok(audit::commit(kit, tx, &[entry]).await?)
}

/// Registers the first passkey.
pub async fn take_passkey(
    app: &App,
    (token, challenge): (&Token, &Token),
    name: &str,
    credential: &str,
    caller: Caller,
) -> Result<Result<(), NotAdded>, Failure> {
    let mut tx = db::begin(&app.kit.pool, token.municipality).await?;
    let Some(found) = enrolling(app, &mut tx, token).await? else { return Ok(Err(NotAdded::TooLate)) };
    let staff_id = found.holder.staff_id;
    let added = passkey::finish_registration(app, &mut tx, challenge, staff_id, name, credential).await?;
    match added {
        Ok(passkey_id) => {
            finish(app, tx, token, &found, (caller, json!({"passkey": passkey_id}))).await?;
            Ok(Ok(()))
        }
        Err(why) => {
            // The challenge is used up all the same.
            tx.commit().await?;
            Ok(Err(why))
        }
    }
}

/// What somebody chooses who may have a password.
pub struct Choice<'a> {
    pub password: &'a str,
    pub again: &'a str,
    pub code: &'a str,
}

/// Sets the password and the app together: neither ever stands alone.
pub async fn take_password(
    app: &App,
    token: &Token,
    choice: &Choice<'_>,
    caller: Caller,
) -> Result<Result<(), FormErrors>, Failure> {
    let _lane = password::lane().await?;
    let (kit, municipality) = (&app.kit, token.municipality);
    let now = kit.clock.now();
    let mut tx = db::begin(&kit.pool, municipality).await?;
    let mut errors = FormErrors::default();
    let found = enrolling(app, &mut tx, token).await?.filter(|found| found.grant.is_some());
    let Some(found) = found else {
        errors.add("password", "時間が切れました。登録コードの入力からやり直してください");
        return Ok(Err(errors));
    };
    let served = kit::db::municipalities(&kit.pool).await?;
    let name = served.iter().find(|(code, _)| *code == municipality).map_or("", |(_, name)| name);
    if let Some(objection) = password::objection(choice.password, &found.holder.login, name) {
        errors.add("password", objection);
    }
    if choice.again != choice.password {
        errors.add("again", "確認のため、同じパスワードをもう一度入力してください");
    }
    let step = found.secret.matching_step(choice.code, now, 0);
    if step.is_none() {
        errors.add("code", "認証アプリに表示された6桁の数字を入力してください");
    }
    let (Some(step), true) = (step, errors.is_empty()) else { return Ok(Err(errors)) };
    let staff_id = found.holder.staff_id;
    let hash = password::hash(choice.password).await?;
    sql::put_password(&mut tx, municipality, staff_id, &hash, now).await?;
    let sealed = found.secret.seal(app, municipality, staff_id)?;
    sql::put_totp(&mut tx, municipality, staff_id, &sealed, step, now).await?;
    finish(app, tx, token, &found, (caller, json!({"password": "set", "totp": "set"}))).await?;
    Ok(Ok(()))
}
