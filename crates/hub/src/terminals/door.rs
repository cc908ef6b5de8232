//! In front of every page of a listener with TLS: which registered terminal knocks, and the page for those that are
//! none.
//!
//! The register is asked at each request, so that a terminal that is withdrawn is out with its next one. Systems other
//! than the hub ask nothing here: their sessions belong to a certificate, and end with it.

use super::sql::{self, TerminalRow};
use crate::{App, sign_in::case::Caller};
use axum::{
    extract::{FromRequestParts, Request, State},
    http::{StatusCode, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use domain::terminal::{Knock, Refused, admit};
use kit::{
    Action, Failure, Fingerprint, Municipality, Refusal, RefusalReason, Refusals, Terminal, Zone,
    audit::{self, Entry},
    db,
    terminal::Here,
    web::{FailureNote, Peer, RequestId},
};
use serde_json::json;
use std::{
    collections::HashMap,
    convert::Infallible,
    net::{IpAddr, Ipv4Addr},
    sync::{Arc, Mutex, PoisonError},
};
use uuid::Uuid;

/// Where somebody who has not signed in yet sits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seat {
    pub terminal: Terminal,
    /// In whose register the terminal is: nobody of another municipality signs in at it. `None` on the machine itself.
    pub municipality: Option<Municipality>,
    pub request_id: RequestId,
}

impl Seat {
    pub fn caller(self) -> Caller {
        Caller { terminal: self.terminal, request_id: self.request_id.0 }
    }
}

/// What the gate has found out; absent at the plain door, which is open to the machine itself alone.
#[derive(Clone, Copy, Debug)]
struct Known(Municipality, Terminal);

impl FromRequestParts<App> for Seat {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        let request_id = parts.extensions.get::<RequestId>().copied().unwrap_or(RequestId(Uuid::nil()));
        Ok(match parts.extensions.get::<Known>() {
            Some(Known(municipality, terminal)) => {
                Seat { terminal: *terminal, municipality: Some(*municipality), request_id }
            }
            None => {
                let terminal = Terminal { zone: app.kit.desk.zone, id: None };
                Seat { terminal, municipality: None, request_id }
            }
        })
    }
}

/// Somebody who goes on knocking is written down once in so many seconds.
const NOTED_EVERY_S: i64 = 60;
/// So many certificates are remembered for that; then all are forgotten.
const NOTED_MAX: usize = 1_000;

/// The gate of one listener.
#[derive(Clone)]
pub(crate) struct Gate {
    app: App,
    refusals: Refusals,
    noted: Arc<Mutex<HashMap<(Fingerprint, RefusalReason), i64>>>,
}

impl Gate {
    pub fn new(app: App) -> Self {
        let refusals = kit::intrusion::refusals(&app.kit, "hub");
        Gate { app, refusals, noted: Arc::default() }
    }

    fn is_news(&self, fingerprint: Fingerprint, reason: RefusalReason) -> bool {
        let now = self.app.kit.clock.now().as_second();
        let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        let last = noted.get(&(fingerprint, reason)).copied();
        if last.is_some_and(|last| now - last < NOTED_EVERY_S) {
            return false;
        }
        if noted.len() >= NOTED_MAX {
            noted.clear();
        }
        noted.insert((fingerprint, reason), now);
        true
    }
}

/// Who knocks with this certificate, or why they are not let in.
async fn knock(
    app: &App,
    fingerprint: Fingerprint,
) -> Result<Result<Known, (RefusalReason, Option<(Municipality, Uuid)>)>, Failure> {
    let Some(municipality) = sql::home(&app.kit.pool, fingerprint).await? else {
        return Ok(Err((RefusalReason::NotRegistered, None)));
    };
    let mut tx = db::begin(&app.kit.pool, municipality).await?;
    let Some(row) = sql::by_fingerprint(&mut tx, municipality, fingerprint).await? else {
        return Ok(Err((RefusalReason::NotRegistered, None)));
    };
    let zone = app.kit.desk.zone;
    let known = Known(municipality, Terminal { zone, id: Some(row.terminal_id) });
    Ok(match admit(facts(&row, zone), app.kit.clock.today()) {
        Ok(()) => Ok(known),
        Err(refused) => Err((reason(refused), Some((municipality, row.terminal_id)))),
    })
}

fn facts(row: &TerminalRow, zone: Zone) -> Knock {
    Knock { is_withdrawn: row.withdrawn.is_some(), last_on: row.last_on, is_in_zone: row.zone == zone }
}

const fn reason(refused: Refused) -> RefusalReason {
    match refused {
        Refused::Withdrawn => RefusalReason::Withdrawn,
        Refused::PastLastDay => RefusalReason::PastLastDay,
        Refused::OtherZone => RefusalReason::WrongZone,
    }
}

/// The layer before the session is looked up.
pub(crate) async fn stand(State(gate): State<Gate>, mut request: Request, next: Next) -> Response {
    // The page of a refusal, too, needs its style sheets; they are the same for everybody.
    if request.uri().path().starts_with("/static/") {
        return next.run(request).await;
    }
    let here = Here::of(&gate.app.kit, request.extensions());
    let found = match here.fingerprint {
        Some(fingerprint) => knock(&gate.app, fingerprint).await,
        // The handshake demands one; whoever is here without is not let in either.
        None => Ok(Err((RefusalReason::NoCertificate, None))),
    };
    match found {
        Ok(Ok(known)) => {
            request.extensions_mut().insert(known);
            next.run(request).await
        }
        Ok(Err((reason, whose))) => {
            let from = request.extensions().get::<Peer>().map(|peer| peer.0.ip());
            let from = from.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
            let request_id = request.extensions().get::<RequestId>().map_or(Uuid::nil(), |id| id.0);
            match note(&gate, Refusal { from, reason, fingerprint: here.fingerprint }, whose, request_id)
                .await
            {
                Ok(()) => page(reason),
                Err(failure) => failure.into_response(),
            }
        }
        Err(failure) => failure.into_response(),
    }
}

/// Writes a refusal down: in the program's log, and in that of the municipality whose terminal it is.
async fn note(
    gate: &Gate,
    refusal: Refusal,
    whose: Option<(Municipality, Uuid)>,
    request_id: Uuid,
) -> Result<(), Failure> {
    let fingerprint = refusal.fingerprint.unwrap_or(Fingerprint([0; 32]));
    if !gate.is_news(fingerprint, refusal.reason) {
        return Ok(());
    }
    gate.refusals.note(refusal);
    let Some((municipality, terminal_id)) = whose else { return Ok(()) };
    let kit = &gate.app.kit;
    let caller = Caller { terminal: Terminal { zone: kit.desk.zone, id: Some(terminal_id) }, request_id };
    let entry = Entry {
        target_kind: "terminal",
        target_id: Some(terminal_id),
        detail: json!({"cause": refusal.reason.code(), "fingerprint": fingerprint.to_string()}),
        ..caller.entry(kit, municipality, Action::SignIn)
    };
    let tx = db::begin(&kit.pool, municipality).await?;
    Ok(audit::commit(kit, tx, &[entry]).await?)
}

fn page(reason: RefusalReason) -> Response {
    let sentence = match reason {
        RefusalReason::Withdrawn => {
            "この端末は使用を終えた端末として登録されています。見つかった端末や、もう一度使う端末は、ID管理者に連絡してください。"
        }
        RefusalReason::PastLastDay => {
            "この端末の使用期限が過ぎています。ID管理者に、新しい証明書での登録を依頼してください。"
        }
        RefusalReason::WrongZone => {
            "この端末は別の区画に登録されています。登録した区画のアドレスを開いてください。分からないときは、ID管理者に確かめてください。"
        }
        _ => {
            "この端末は登録されていません。ID管理者に、端末の登録を依頼してください。端末の名前と設置場所、証明書の指紋を伝えると早く済みます。"
        }
    };
    let note = FailureNote {
        status: StatusCode::FORBIDDEN,
        title: "この端末は使えません",
        sentence: sentence.to_owned(),
    };
    let mut answer = (note.status, sentence).into_response();
    answer.extensions_mut().insert(note);
    answer
}
