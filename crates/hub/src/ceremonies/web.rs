//! Pages: the key ceremony, and the disposal of one person's number (in the business zone alone).

use super::{
    case::{self, Disposals},
    rules,
};
use crate::{App, numbers};
use askama::Template;
use axum::{
    extract::{Path, State},
    response::{Html, IntoResponse, Redirect, Response},
};
use desk::{
    approvals::web::{chip, moment},
    page,
};
use kit::{
    Acting, Action, Failure, Posted,
    approvals::{
        Approval,
        steps::{self, may_use},
    },
    vault::disposal_digest,
    web::Routes,
};
use ui::{Chip, Crumb, FieldState, FormErrors, Shell};
use uuid::Uuid;

const REASON_CHARS_MAX: usize = 300;

/// The ceremony is asked for from any zone; the keys are at the machine.
pub fn routes() -> Routes<App> {
    Routes::default().get("/keys", Action::ApplyKeys, keys).post("/keys", Action::ApplyKeys, ask_for_keys)
}

/// Pages about 個人番号 exist in the business zone and nowhere else.
pub fn number_routes() -> Routes<App> {
    Routes::about("addressee")
        .get("/numbers/{id}/disposal", Action::ApplyDisposal, disposal)
        .post("/numbers/{id}/disposal", Action::ApplyDisposal, ask_for_disposal)
        .post("/numbers/{id}/dispose", Action::DisposeNumber, dispose)
}

fn read_reason(posted: &Posted, errors: &mut FormErrors) -> String {
    let reason = posted.trimmed("reason");
    if reason.is_empty() {
        errors.add("reason", "申請の理由を入力してください");
    } else if reason.chars().count() > REASON_CHARS_MAX {
        errors.add("reason", format!("理由は{REASON_CHARS_MAX}文字以内で入力してください"));
    }
    reason.to_owned()
}

#[derive(Template)]
#[template(path = "ceremonies/keys.html")]
struct KeysPage {
    shell: Shell,
    reason: FieldState,
    with_file: FieldState,
    rows: Vec<(Uuid, String, String, Chip)>,
}

fn keys_page(
    acting: &Acting,
    listed: &[Approval],
    now: jiff::Timestamp,
    (posted, errors): (&Posted, FormErrors),
) -> KeysPage {
    let number = |one: &Approval| format!("{}-{}", acting.municipality, one.number);
    KeysPage {
        reason: errors.field("reason", posted.text("reason")),
        with_file: errors.field("with_file", posted.text("with_file")),
        rows: listed
            .iter()
            .map(|one| (one.approval_id, number(one), moment(one.asked_at), chip(one, now)))
            .collect(),
        shell: Shell {
            errors,
            ..page::shell::<App>(acting, "暗号鍵の更新の申請", "/approvals", crumbs("暗号鍵の更新"))
        },
    }
}

fn crumbs(here: &str) -> Vec<Crumb> {
    vec![Crumb::link("/approvals", "二人承認"), Crumb::here(here)]
}

async fn keys(State(app): State<App>, acting: Acting) -> Result<Html<String>, Failure> {
    let listed = case::begin_keys(&app, &acting).await?;
    let blank = (&Posted::default(), FormErrors::default());
    page::show(&keys_page(&acting, &listed, app.kit.clock.now(), blank))
}

async fn ask_for_keys(State(app): State<App>, acting: Acting, posted: Posted) -> Result<Response, Failure> {
    let mut errors = FormErrors::default();
    let reason = read_reason(&posted, &mut errors);
    if !errors.is_empty() {
        let listed = case::begin_keys(&app, &acting).await?;
        return page::show_errors(&keys_page(&acting, &listed, app.kit.clock.now(), (&posted, errors)));
    }
    let id = case::ask_for_keys(&app, &acting, (posted.is_checked("with_file"), &reason)).await?;
    Ok(Redirect::to(&format!("/approvals/{id}")).into_response())
}

#[derive(Template)]
#[template(path = "ceremonies/disposal.html")]
struct DisposalPage {
    shell: Shell,
    id: Uuid,
    addressee: String,
    versions: usize,
    asked: Vec<(Uuid, String, Chip)>,
    done: Vec<(String, i32)>,
    disposes: bool,
    /// Why nobody can ask for it now.
    waits: Option<String>,
    reason: FieldState,
}

fn disposal_page(
    acting: &Acting,
    (id, found): (Uuid, &Disposals),
    (posted, errors): (&Posted, FormErrors),
) -> DisposalPage {
    let digest = disposal_digest(id, found.addressee.versions.len());
    let to_use = rules::to_use(&found.asked, acting.staff_id, found.now);
    let is_usable =
        to_use.is_some_and(|one| one.digest == digest && may_use(one, acting.staff_id, found.now).is_ok());
    let crumbs = vec![
        Crumb::link(numbers::web::ROOM, "個人番号"),
        Crumb::link(format!("/numbers/{id}"), "個人番号の登録状況"),
        Crumb::here("廃棄"),
    ];
    DisposalPage {
        id,
        addressee: found.addressee.number.to_string(),
        versions: found.addressee.versions.len(),
        asked: found
            .asked
            .iter()
            .map(|one| (one.approval_id, format!("第{}号", one.number), chip(one, found.now)))
            .collect(),
        done: found.done.iter().map(|one| (moment(one.disposed_at), one.versions)).collect(),
        disposes: is_usable && acting.may(Action::DisposeNumber),
        waits: steps::open(&found.asked, &digest, found.now).map(rules::already_asked),
        reason: errors.field("reason", posted.text("reason")),
        shell: Shell {
            errors, ..page::shell::<App>(acting, "個人番号の廃棄", numbers::web::ROOM, crumbs)
        },
    }
}

async fn disposal(
    State(app): State<App>,
    acting: Acting,
    Path(id): Path<Uuid>,
) -> Result<Html<String>, Failure> {
    let found = case::begin_disposal(&app, &acting, id).await?;
    page::show(&disposal_page(&acting, (id, &found), (&Posted::default(), FormErrors::default())))
}

async fn ask_for_disposal(
    State(app): State<App>,
    acting: Acting,
    Path(id): Path<Uuid>,
    posted: Posted,
) -> Result<Response, Failure> {
    let mut errors = FormErrors::default();
    let reason = read_reason(&posted, &mut errors);
    if !errors.is_empty() {
        let found = case::begin_disposal(&app, &acting, id).await?;
        return page::show_errors(&disposal_page(&acting, (id, &found), (&posted, errors)));
    }
    let approval = case::ask_for_disposal(&app, &acting, id, &reason).await?;
    Ok(Redirect::to(&format!("/approvals/{approval}")).into_response())
}

async fn dispose(
    State(app): State<App>,
    acting: Acting,
    Path(id): Path<Uuid>,
    _token: Posted,
) -> Result<Redirect, Failure> {
    case::dispose(&app, &acting, id).await?;
    Ok(Redirect::to(&format!("/numbers/{id}/disposal")))
}
