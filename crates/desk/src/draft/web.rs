//! Pages for what was typed and could not be sent, and the answer to a page that is locked.

use crate::{System, page};
use askama::Template;
use axum::{
    Json,
    extract::{Path, State},
    response::{Html, IntoResponse, Redirect, Response},
};
use kit::{
    Acting, Action, Case, Failure, Posted, Target,
    web::{Routes, drafts},
};
use serde_json::json;
use ui::{Crumb, Shell};
use uuid::Uuid;

pub fn routes<S: System>() -> Routes<S> {
    Routes::about("draft")
        .get("/drafts/{id}", Action::ResumeDraft, show::<S>)
        .post("/drafts/{id}/discard", Action::ResumeDraft, discard::<S>)
        .get("/lock/state", Action::Unlock, state::<S>)
}

#[derive(Template)]
#[template(path = "draft/draft.html")]
struct DraftPage {
    shell: Shell,
    id: Uuid,
    path: String,
    fields: Vec<(String, String)>,
}

async fn show<S: System>(
    State(app): State<S>,
    acting: Acting,
    Path(id): Path<Uuid>,
) -> Result<Html<String>, Failure> {
    let mut case = Case::open(app.kit(), &acting, Action::ResumeDraft, Target::of("draft", id)).await?;
    let (municipality, at) = (case.municipality(), case.at());
    let draft = drafts::find(case.conn(), municipality, acting.staff_id, id, at).await?;
    let draft = draft.ok_or(Failure::NotFound)?;
    case.viewed(json!({})).await?;
    let crumbs = vec![Crumb::here("送信されなかった入力")];
    page::show(&DraftPage {
        shell: page::shell::<S>(&acting, "送信されなかった入力", "", crumbs),
        id,
        path: draft.path,
        fields: draft.fields,
    })
}

async fn discard<S: System>(
    State(app): State<S>,
    acting: Acting,
    Path(id): Path<Uuid>,
    _token: Posted,
) -> Result<Redirect, Failure> {
    let mut case = Case::open(app.kit(), &acting, Action::ResumeDraft, Target::of("draft", id)).await?;
    let municipality = case.municipality();
    if !drafts::discard(case.conn(), municipality, acting.staff_id, id).await? {
        return Err(Failure::NotFound);
    }
    case.done(json!({"discarded": id})).await?;
    Ok(Redirect::to("/"))
}

/// Who is signed in now, for a page that was locked: it shows itself again to the same person only, with the token of
/// the new session.
async fn state<S: System>(State(app): State<S>, acting: Acting) -> Result<Response, Failure> {
    Case::open(app.kit(), &acting, Action::Unlock, Target::NONE).await?.viewed(json!({})).await?;
    Ok(Json(json!({"staff": acting.staff_id, "csrf": acting.csrf_token})).into_response())
}
