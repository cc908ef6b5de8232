//! Pages of 侵入・異常の通知.

use super::case;
use crate::{System, page};
use askama::Template;
use axum::{
    extract::{Path, Query, State},
    response::{Html, IntoResponse, Redirect, Response},
};
use domain::intrusion::Intrusion;
use kit::{
    Acting, Action, Failure, Posted,
    intrusion::{Noted, Which},
    web::Routes,
};
use std::collections::HashMap;
use ui::{Chip, Crumb, FieldState, FormErrors, Shell, Tone, filters};
use uuid::Uuid;

pub fn routes<S: System>() -> Routes<S> {
    Routes::about("intrusion")
        .get("/audit/intrusions", Action::ViewIntrusions, list::<S>)
        .get("/audit/intrusions/{id}", Action::ViewIntrusions, show::<S>)
        .post("/audit/intrusions/{id}/acknowledge", Action::AcknowledgeIntrusion, acknowledge::<S>)
}

pub const NAV: &str = "/audit/intrusions";

/// A notice as all pages show it.
pub(crate) struct Line {
    pub id: Uuid,
    pub what: &'static str,
    pub advice: &'static str,
    pub signs: i64,
    pub first: String,
    pub last: String,
    pub state: Chip,
    pub is_open: bool,
    pub by: String,
    pub at: String,
    pub note: String,
    /// Where the log shows what it is about, for those who may look there.
    pub href: Option<String>,
}

fn href(noted: &Noted) -> Option<String> {
    let day = |at| kit::clock::in_japan(at).date();
    let days = format!("from={}&until={}", day(noted.first_at), day(noted.last_at));
    match noted.kind? {
        Intrusion::SignInBurst | Intrusion::AccountLocked | Intrusion::CopiedSession => {
            Some(format!("/audit?{days}&action=sign_in&outcome=refused"))
        }
        Intrusion::RefusalBurst => Some(format!("/audit?{days}&staff={}&outcome=refused", noted.staff_id?)),
        Intrusion::LogAlarm => Some(format!("/audit?{days}")),
        Intrusion::CopyDiffers => Some("/audit/months".to_owned()),
        Intrusion::TurnedAway
        | Intrusion::UnknownCertificate
        | Intrusion::CopyBroken
        | Intrusion::BackupFailed => None,
    }
}

pub(crate) fn line(acting: &Acting, noted: &Noted) -> Line {
    Line {
        id: noted.intrusion_id,
        what: noted.kind.map_or("この版では名称のない通知です", Intrusion::ja),
        advice: noted.kind.map_or("", Intrusion::advice_ja),
        signs: noted.signs,
        first: page::time(noted.first_at),
        last: page::time(noted.last_at),
        state: if noted.is_open {
            Chip::new(Tone::Stop, "未確認")
        } else {
            Chip::new(Tone::Good, "確認済み")
        },
        is_open: noted.is_open,
        by: noted.acknowledged_by.clone().unwrap_or_default(),
        at: noted.acknowledged_at.map(page::time).unwrap_or_default(),
        note: noted.note.clone(),
        href: href(noted).filter(|_| acting.may(Action::ViewAudit)),
    }
}

/// Each kind with from how many signs on somebody is told, and what to do.
fn rules() -> Vec<(&'static str, String, &'static str)> {
    let threshold = |kind: &Intrusion| {
        let threshold = kind.threshold();
        if threshold.signs == 1 {
            "1回".to_owned()
        } else {
            format!("同じ相手から{}分間に{}回", threshold.minutes, threshold.signs)
        }
    };
    Intrusion::ALL.iter().map(|kind| (kind.ja(), threshold(kind), kind.advice_ja())).collect()
}

#[derive(Template)]
#[template(path = "intrusions/list.html")]
struct ListPage {
    shell: Shell,
    is_all: bool,
    rows: Vec<Line>,
    rules: Vec<(&'static str, String, &'static str)>,
}

async fn list<S: System>(
    State(app): State<S>,
    acting: Acting,
    Query(asked): Query<HashMap<String, String>>,
) -> Result<Html<String>, Failure> {
    let is_all = asked.get("which").is_some_and(|which| which == "all");
    let which = if is_all { Which::Told } else { Which::Open };
    let noted = case::list(app.kit(), &acting, which).await?;
    page::show(&ListPage {
        is_all,
        rows: noted.iter().map(|one| line(&acting, one)).collect(),
        rules: rules(),
        shell: page::shell::<S>(&acting, "侵入・異常の通知", NAV, vec![Crumb::here("侵入・異常の通知")]),
    })
}

#[derive(Template)]
#[template(path = "intrusions/one.html")]
struct OnePage {
    shell: Shell,
    row: Line,
    note: FieldState,
}

fn one_page<S: System>(acting: &Acting, noted: &Noted, typed: &str, errors: FormErrors) -> OnePage {
    let crumbs = vec![Crumb::link(NAV, "侵入・異常の通知"), Crumb::here("内容")];
    OnePage {
        row: line(acting, noted),
        note: errors.field("note", typed),
        shell: Shell { errors, ..page::shell::<S>(acting, "侵入・異常の通知の内容", NAV, crumbs) },
    }
}

async fn show<S: System>(
    State(app): State<S>,
    acting: Acting,
    Path(id): Path<Uuid>,
) -> Result<Html<String>, Failure> {
    let noted = case::show(app.kit(), &acting, id).await?;
    page::show(&one_page::<S>(&acting, &noted, "", FormErrors::default()))
}

async fn acknowledge<S: System>(
    State(app): State<S>,
    acting: Acting,
    Path(id): Path<Uuid>,
    posted: Posted,
) -> Result<Response, Failure> {
    match case::acknowledge(app.kit(), &acting, id, posted.trimmed("note")).await? {
        Ok(()) => Ok(Redirect::to(NAV).into_response()),
        Err(errors) => {
            let noted = case::show(app.kit(), &acting, id).await?;
            page::show_errors(&one_page::<S>(&acting, &noted, posted.text("note"), errors))
        }
    }
}
