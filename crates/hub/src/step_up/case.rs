//! Use cases of proving once more who one is.

use crate::{
    App,
    factors::{
        attempts::{self, Held},
        ceremony::Token,
        passkey, sql,
    },
    sign_in::{case::use_code, sql as sign_ins},
};
use kit::{Acting, Action, Case, Failure, Target, clock, db, session};
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

/// With what somebody can prove it.
pub struct Means {
    pub passkey: bool,
    pub code: bool,
}

pub async fn means(app: &App, acting: &Acting) -> Result<Means, Failure> {
    let mut tx = db::begin(&app.kit.pool, acting.municipality).await?;
    let today = clock::in_japan(app.kit.clock.now()).date();
    let passkey = !sql::passkeys(&mut tx, acting.municipality, acting.staff_id).await?.is_empty();
    let code = sql::password(&mut tx, acting.municipality, acting.staff_id, today).await?.is_some();
    tx.commit().await?;
    Ok(Means { passkey, code })
}

/// A challenge for the person's own devices; `None` where there are none.
pub async fn ask_passkey(app: &App, acting: &Acting) -> Result<Option<(Value, Token)>, Failure> {
    let mut tx = db::begin(&app.kit.pool, acting.municipality).await?;
    let asked = passkey::begin_step_up(app, &mut tx, acting.municipality, acting.staff_id).await?;
    tx.commit().await?;
    Ok(asked)
}

async fn note(
    conn: &mut PgConnection,
    case_at: jiff::Timestamp,
    acting: &Acting,
    sign_in_id: Uuid,
) -> sqlx::Result<()> {
    sign_ins::step_up(conn, acting.municipality, sign_in_id, case_at).await?;
    // The hub's own pages know it with the next request, the other systems with their next check.
    session::stepped_up(conn, acting.municipality, sign_in_id, case_at).await
}

/// Takes a device's answer. False where it proves nothing.
pub async fn take_passkey(
    app: &App,
    acting: &Acting,
    sign_in_id: Uuid,
    (token, credential): (&Token, &str),
) -> Result<bool, Failure> {
    let mut case = Case::open(&app.kit, acting, Action::StepUp, Target::of("sign_in", sign_in_id)).await?;
    let at = case.at();
    let is_own = token.municipality == acting.municipality;
    if !is_own || !passkey::finish_step_up(app, case.conn(), token, acting.staff_id, credential).await? {
        case.refused_keeping(json!({"means": "passkey"})).await?;
        return Ok(false);
    }
    note(case.conn(), at, acting, sign_in_id).await?;
    case.done(json!({"means": "passkey"})).await?;
    Ok(true)
}

/// What came of a code.
pub enum Taken {
    Proved,
    Wrong,
    Held(Held),
}

/// Takes a code of the person's app. Counted like an attempt to sign in.
pub async fn take_code(app: &App, acting: &Acting, sign_in_id: Uuid, code: &str) -> Result<Taken, Failure> {
    let mut case = Case::open(&app.kit, acting, Action::StepUp, Target::of("sign_in", sign_in_id)).await?;
    let (municipality, at) = (case.municipality(), case.at());
    let holder =
        sql::holder(case.conn(), municipality, acting.staff_id).await?.ok_or(Failure::NotSignedIn)?;
    let login_hash = attempts::digest(&holder.login);
    if let Some(held) = attempts::held(case.conn(), municipality, &login_hash, at).await? {
        case.refused_keeping(json!({"means": "code"})).await?;
        return Ok(Taken::Held(held));
    }
    if !use_code(app, case.conn(), municipality, Some(acting.staff_id), code).await? {
        attempts::count(case.conn(), municipality, &login_hash, at).await?;
        case.refused_keeping(json!({"means": "code"})).await?;
        return Ok(Taken::Wrong);
    }
    attempts::forget(case.conn(), municipality, &login_hash).await?;
    note(case.conn(), at, acting, sign_in_id).await?;
    case.done(json!({"means": "code"})).await?;
    Ok(Taken::Proved)
}
