//! A cookie that turns up at another terminal, in another zone or without its certificate has been copied: the sign-in
//! behind it ends everywhere, and the log says so.

use super::{Failure, FailureNote};
use crate::{
    Acting, Action, Kit, Terminal,
    audit::{self, Entry, Outcome},
    db, session,
    terminal::Here,
};
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::intrusion::Intrusion;
use serde_json::json;

const SENTENCE: &str = "このログインは別の端末で始められたものです。安全のため、ログインを終了しました。画面を開き直してログインしてください。覚えがないときは、すぐにID管理者に連絡してください。";

/// Ends the sign-in and answers with a page that says so.
pub(super) async fn refuse(kit: &Kit, cookie: &str, acting: &Acting, here: Here) -> Response {
    if let Err(failure) = end(kit, cookie, acting, here).await {
        return failure.into_response();
    }
    let note = FailureNote {
        status: StatusCode::FORBIDDEN,
        title: "別の端末のログインです",
        sentence: SENTENCE.to_owned(),
    };
    let mut answer = (note.status, SENTENCE).into_response();
    answer.extensions_mut().insert(note);
    if let Ok(gone) = HeaderValue::from_str(&session::clear_cookie(kit)) {
        answer.headers_mut().append(header::SET_COOKIE, gone);
    }
    answer
}

async fn end(kit: &Kit, cookie: &str, acting: &Acting, here: Here) -> Result<(), Failure> {
    let fingerprint = here.fingerprint.map(|shown| shown.to_string());
    let entry = Entry {
        municipality: acting.municipality,
        entry_id: kit.ids.next(),
        at: kit.clock.now(),
        staff_id: Some(acting.staff_id),
        request_id: acting.request_id,
        action: Action::SignIn,
        outcome: Outcome::Refused,
        target_kind: "",
        target_id: None,
        // Where it was shown, not where the person signed in.
        terminal: Terminal { zone: here.zone, id: None },
        purpose: None,
        detail: json!({"cause": "elsewhere", "fingerprint": fingerprint, "terminal": acting.terminal.id}),
        before: None,
        after: None,
    };
    let tx = db::begin(&kit.pool, acting.municipality).await?;
    audit::commit(kit, tx, &[entry]).await?;
    session::end(kit, cookie).await?;
    kit.watch.see(acting.municipality, Intrusion::CopiedSession, acting.staff_id.as_bytes());
    tracing::warn!(zone = here.zone.code(), fingerprint, "turned away: a session of another terminal");
    Ok(())
}
