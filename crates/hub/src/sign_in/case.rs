//! Signing in. Wrong id and wrong password take the same time and read alike; every outcome is logged.

use super::{password, sql};
use crate::keeper::limits;
use jiff::SignedDuration;
use kit::{
    Action, Kit, Municipality, Terminal,
    audit::{self, Entry, Outcome},
    db,
    session::Standing,
};
use serde_json::json;
use uuid::Uuid;

/// Wrong attempts before the first wait; then the wait doubles up to an hour.
const ATTEMPTS_FREE: i32 = 5;

/// What came of an attempt to sign in.
#[derive(Debug)]
pub enum Attempt {
    SignedIn(Box<Standing>),
    /// Wrong id or password: the same for both.
    Wrong,
    /// Too many wrong attempts: wait this long.
    Wait(SignedDuration),
}

/// Tries an id and a password.
pub async fn sign_in(
    kit: &Kit,
    municipality: Municipality,
    login: &str,
    password: &str,
    terminal: Terminal,
    request_id: Uuid,
) -> anyhow::Result<Attempt> {
    let _lane = password::lane().await?;
    let now = kit.clock.now();
    let mut tx = db::begin(&kit.pool, municipality).await?;
    let account = sql::account(&mut tx, municipality, login).await?;
    let mut entry = Entry {
        municipality,
        entry_id: kit.ids.next(),
        at: now,
        staff_id: account.as_ref().map(|account| account.staff_id),
        request_id,
        action: Action::SignIn,
        outcome: Outcome::Refused,
        target_kind: "",
        target_id: None,
        terminal,
        purpose: None,
        detail: json!({}),
        before: None,
        after: None,
    };
    if let Some(retry_at) = account.as_ref().and_then(|account| account.retry_at).filter(|at| *at > now) {
        entry.detail = json!({"cause": "locked"});
        audit::commit(kit, tx, &[entry]).await?;
        return Ok(Attempt::Wait(retry_at.duration_since(now)));
    }
    let stored = account.as_ref().and_then(|account| account.password_hash.clone());
    let is_right = password::is_right(password, stored).await?;
    let (Some(account), true) = (account, is_right) else {
        if let Some(staff_id) = entry.staff_id {
            let failures = sql::count_failure(&mut tx, municipality, staff_id).await?;
            if failures >= ATTEMPTS_FREE {
                let wait = SignedDuration::from_secs(30 << (failures - ATTEMPTS_FREE).min(7))
                    .min(SignedDuration::from_hours(1));
                sql::set_retry(&mut tx, municipality, staff_id, Some(now + wait)).await?;
            }
        }
        audit::commit(kit, tx, &[entry]).await?;
        return Ok(Attempt::Wrong);
    };
    sql::set_retry(&mut tx, municipality, account.staff_id, None).await?;
    let sign_in_id = kit.ids.next();
    sql::begin(&mut tx, municipality, sign_in_id, account.staff_id, terminal, now).await?;
    let standing = sql::standing(&mut tx, municipality, sign_in_id, limits(now)).await?;
    entry.outcome = Outcome::Done;
    audit::commit(kit, tx, &[entry]).await?;
    Ok(standing.map_or(Attempt::Wrong, |standing| Attempt::SignedIn(Box::new(standing))))
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
