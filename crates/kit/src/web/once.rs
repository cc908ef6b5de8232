//! 二重送信の防止: a form that is sent twice has one effect and gets the same answer, also when both arrive at once.
//!
//! Each page gives its forms a key, beside the session's token. What identifies a sending is that key together with who
//! sends, to where, and every field: so a changed form is another one. The first case of the request puts the sending into
//! `idempotency_keys` within its own transaction; a twin waits there for the first, and then gets the first one's answer.
//! The answer is known only when the page is made, so the transaction of a finished case is held until then: deed, entry,
//! key and answer are committed together, or none of them.

use super::{Failure, check_token};
use crate::{
    Acting, Kit, Municipality,
    audit::{self, Entry},
    db::Instant,
};
use axum::{
    http::header,
    response::{IntoResponse, Redirect, Response},
};
use sha2::{Digest, Sha256};
use sqlx::{PgConnection, Postgres, Transaction};
use std::cell::{Cell, RefCell};
use uuid::Uuid;

/// Stands between the session's token and the page's key.
const SEAM: char = '.';

/// The request that this task answers.
#[derive(Default)]
pub(super) struct Sending {
    key: Cell<Option<Uuid>>,
    /// A case has found that this was sent before.
    is_repeated: Cell<bool>,
    held: RefCell<Option<Held>>,
}

/// A finished case that waits for its answer.
struct Held {
    kit: Kit,
    municipality: Municipality,
    tx: Transaction<'static, Postgres>,
    entries: Vec<Entry>,
}

tokio::task_local! {
    pub(super) static SENDING: Sending;
}

/// What a page puts into its forms: the session's token and a key of the page's own.
pub(super) fn with_page_key(token: &str, kit: &Kit) -> String {
    format!("{token}{SEAM}{}", kit.ids.next().simple())
}

/// The session's token without a page's key.
pub(super) fn token_of(field: &str) -> &str {
    field.split_once(SEAM).map_or(field, |(token, _)| token)
}

/// Checks a form's token and notes by what the sending is known. A form without a page's key is sent each time anew.
pub(super) fn check(acting: &Acting, path: &str, field: &str, digest_of_rest: &[u8]) -> Result<(), Failure> {
    check_token(&acting.csrf_token, field)?;
    let Some(page_key) = field.split_once(SEAM).and_then(|(_, key)| Uuid::try_parse(key).ok()) else {
        return Ok(());
    };
    let mut sha = Sha256::new();
    for part in [acting.staff_id.as_bytes().as_slice(), page_key.as_bytes(), path.as_bytes(), digest_of_rest]
    {
        sha.update((part.len() as u64).to_be_bytes());
        sha.update(part);
    }
    let known_by = Uuid::from_slice(&sha.finalize()[..16]).expect("sixteen bytes are an id");
    SENDING.try_with(|sending| sending.key.set(Some(known_by))).ok();
    Ok(())
}

/// A digest over a form's fields, but for its token.
pub(super) fn digest_of_fields(pairs: &[(String, String)]) -> [u8; 32] {
    let mut sha = Sha256::new();
    for (name, value) in pairs.iter().filter(|(name, _)| name != "csrf") {
        for part in [name, value] {
            sha.update((part.len() as u64).to_be_bytes());
            sha.update(part);
        }
    }
    sha.finalize().into()
}

fn key() -> Option<Uuid> {
    SENDING.try_with(|sending| sending.key.get()).ok().flatten()
}

/// At the beginning of a case: takes the sending for this transaction. Waits for a twin that is on its way.
///
/// # Errors
/// A failure whose page nobody sees: the door answers as it did the first time.
pub(crate) async fn claim(
    conn: &mut PgConnection,
    kit: &Kit,
    municipality: Municipality,
    action: crate::Action,
) -> Result<Option<Uuid>, Failure> {
    // A second case in one request: the first is done, whatever its answer will be, and has the sending.
    if settle(None).await? {
        SENDING.try_with(|sending| sending.key.set(None)).ok();
    }
    let Some(key) = key() else { return Ok(None) };
    let done = sqlx::query(
        "insert into idempotency_keys (municipality_code, key, action, answer, created_at) values ($1, $2, $3, '', $4)
         on conflict (municipality_code, key) do nothing",
    )
    .bind(municipality.0)
    .bind(key)
    .bind(action.code())
    .bind(Instant(kit.clock.now()))
    .execute(conn)
    .await?;
    if done.rows_affected() == 1 {
        return Ok(Some(key));
    }
    SENDING.try_with(|sending| sending.is_repeated.set(true)).ok();
    Err(taken())
}

/// A case that has only looked gives the sending back.
pub(crate) async fn give_back(
    conn: &mut PgConnection,
    municipality: Municipality,
    key: Uuid,
) -> sqlx::Result<()> {
    sqlx::query("delete from idempotency_keys where municipality_code = $1 and key = $2")
        .bind(municipality.0)
        .bind(key)
        .execute(conn)
        .await?;
    Ok(())
}

/// Holds a finished case until its answer is known.
pub(crate) fn hold(
    kit: Kit,
    municipality: Municipality,
    tx: Transaction<'static, Postgres>,
    entries: Vec<Entry>,
) {
    SENDING.with(|sending| sending.held.replace(Some(Held { kit, municipality, tx, entries })));
}

/// A sending that was taken for a deed with a transaction and an entry of its own (the vault's). Dropped, it is free
/// again.
pub struct Sent {
    kit: Kit,
    municipality: Municipality,
    tx: Transaction<'static, Postgres>,
    is_keyed: bool,
}

impl Sent {
    /// Takes the sending; waits for a twin that is on its way.
    ///
    /// # Errors
    /// Where it was sent before: the door answers as it did the first time. Database errors.
    pub async fn take(kit: &Kit, acting: &Acting, action: crate::Action) -> Result<Sent, Failure> {
        let municipality = acting.municipality;
        let mut tx = crate::db::begin(&kit.pool, municipality).await?;
        let is_keyed = claim(&mut tx, kit, municipality, action).await?.is_some();
        Ok(Sent { kit: kit.clone(), municipality, tx, is_keyed })
    }

    /// The deed is done: whoever sends it again gets this request's answer.
    pub fn keep(self) {
        if self.is_keyed {
            hold(self.kit, self.municipality, self.tx, Vec::new());
        }
    }
}

/// Commits what is held, with the address the answer leads to.
async fn settle(answer: Option<(Uuid, &str)>) -> Result<bool, Failure> {
    let Some(mut held) = SENDING.try_with(Sending::take).ok().flatten() else { return Ok(false) };
    if let Some((key, location)) = answer {
        sqlx::query("update idempotency_keys set answer = $3 where municipality_code = $1 and key = $2")
            .bind(held.municipality.0)
            .bind(key)
            .bind(location)
            .execute(&mut *held.tx)
            .await?;
    }
    audit::commit(&held.kit, held.tx, &held.entries).await?;
    Ok(true)
}

impl Sending {
    fn take(&self) -> Option<Held> {
        self.held.take()
    }

    /// Whether this was sent before.
    pub(super) fn is_repeated(&self) -> bool {
        self.is_repeated.get()
    }
}

/// What came of a request whose handler has answered.
pub(super) enum Ended {
    /// The answer, and whether what it says stands in the log.
    Answered(Response, bool),
    /// It was sent before.
    Repeated,
}

/// Within the request: commits the held case with the handler's answer, or undoes it where we failed.
pub(super) async fn end(answer: Response, is_decided: bool) -> Ended {
    if SENDING.try_with(Sending::is_repeated).unwrap_or(false) {
        return Ended::Repeated;
    }
    let is_good = answer.status().is_success() || answer.status().is_redirection();
    if !is_good {
        let undone = SENDING.try_with(Sending::take).ok().flatten();
        return Ended::Answered(answer, is_decided && undone.is_none());
    }
    let location = answer.headers().get(header::LOCATION).and_then(|value| value.to_str().ok()).unwrap_or("");
    let settled = settle(key().map(|key| (key, location))).await;
    match settled {
        Ok(_) => Ended::Answered(answer, is_decided),
        Err(failure) => Ended::Answered(failure.into_response(), true),
    }
}

/// What the first sending was answered.
pub(super) async fn answer_again(kit: &Kit, acting: &Acting) -> Response {
    let Some(key) = key() else { return taken().into_response() };
    let read = async {
        let mut tx = crate::db::begin(&kit.pool, acting.municipality).await?;
        sqlx::query_scalar::<_, String>(
            "select answer from idempotency_keys where municipality_code = $1 and key = $2",
        )
        .bind(acting.municipality.0)
        .bind(key)
        .fetch_optional(&mut *tx)
        .await
    };
    match read.await {
        Ok(Some(location)) if !location.is_empty() => Redirect::to(&location).into_response(),
        Ok(_) => taken().into_response(),
        Err(error) => Failure::from(error).into_response(),
    }
}

/// Where the first answer was no address but a page that is shown once.
fn taken() -> Failure {
    Failure::Conflict(
        "この内容は受け付け済みです。一覧を開いて、登録されていることを確かめてください。".to_owned(),
    )
}
