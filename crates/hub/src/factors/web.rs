//! The ID manager's page about somebody's means of signing in.

use super::case::{self, Person};
use crate::{
    App,
    account::web::{Line, line, time},
};
use askama::Template;
use axum::{
    extract::{Path, State},
    response::{Html, IntoResponse, Redirect, Response},
};
use desk::page;
use kit::{Acting, Action, Failure, Posted, web::Routes};
use ui::{Banner, BannerKind, Crumb, FieldState, FormErrors, Shell, dates};
use uuid::Uuid;

pub fn routes() -> Routes<App> {
    Routes::about("staff")
        .get("/staff/{id}/means", Action::ViewStaff, means)
        .post("/staff/{id}/means/code", Action::ManageStaff, issue_code)
        .post("/staff/{id}/means/password", Action::ManageStaff, put_grant)
        .post("/staff/{id}/means/password/end", Action::ManageStaff, remove_grant)
        .post("/staff/{id}/means/unlock", Action::ManageStaff, unlock)
        .post("/staff/{id}/means/end-sign-ins", Action::ManageStaff, end_sign_ins)
}

#[derive(Template)]
#[template(path = "factors/means.html")]
struct MeansPage {
    shell: Shell,
    id: Uuid,
    name: String,
    login: String,
    may_manage: bool,
    passkeys: Vec<(String, String)>,
    grant: Option<(String, String)>,
    has_password: bool,
    reason: FieldState,
    until: FieldState,
    sign_ins: Vec<Line>,
}

fn make(acting: &Acting, id: Uuid, person: &Person, posted: &Posted, errors: FormErrors) -> MeansPage {
    let crumbs = vec![Crumb::link("/staff", "職員"), Crumb::here(format!("{}さんの認証手段", person.name))];
    MeansPage {
        id,
        name: person.name.clone(),
        login: person.login.clone(),
        may_manage: acting.may(Action::ManageStaff),
        passkeys: person.passkeys.iter().map(|key| (key.name.clone(), time(key.created_at))).collect(),
        grant: person.grant.as_ref().map(|grant| (grant.reason.clone(), dates::both(grant.valid_until))),
        has_password: person.has_password,
        reason: errors.field("reason", posted.text("reason")),
        until: errors.field("until", posted.text("until")),
        sign_ins: person.sign_ins.iter().map(|row| line(row, None)).collect(),
        shell: Shell { errors, ..page::shell::<App>(acting, "職員の認証手段", "/staff", crumbs) },
    }
}

async fn means(
    State(app): State<App>,
    acting: Acting,
    Path(id): Path<Uuid>,
) -> Result<Html<String>, Failure> {
    let person = case::look(&app, &acting, id).await?;
    page::show(&make(&acting, id, &person, &Posted::default(), FormErrors::default()))
}

async fn issue_code(
    State(app): State<App>,
    acting: Acting,
    Path(id): Path<Uuid>,
    _token: Posted,
) -> Result<Html<String>, Failure> {
    // Not redirected: the code is shown in this answer and nowhere else.
    let code = case::issue_code(&app, &acting, id).await?;
    let person = case::look(&app, &acting, id).await?;
    let mut made = make(&acting, id, &person, &Posted::default(), FormErrors::default());
    made.shell.notice = Some(code_notice("登録コードを発行しました", &code));
    page::show(&made)
}

/// How a code is handed over.
pub(crate) fn code_notice(title: impl Into<String>, code: &str) -> Banner {
    Banner::new(BannerKind::Success, title.into())
        .line(format!("登録コード: {code}"))
        .line("この画面を閉じると二度と表示できません。24時間以内に、本人に直接伝えてください。")
}

fn back(id: Uuid) -> Redirect {
    Redirect::to(&format!("/staff/{id}/means"))
}

async fn put_grant(
    State(app): State<App>,
    acting: Acting,
    Path(id): Path<Uuid>,
    posted: Posted,
) -> Result<Response, Failure> {
    match case::read(&posted, app.kit.clock.today()) {
        Ok(grant) => {
            case::put_grant(&app, &acting, id, &grant).await?;
            Ok(back(id).into_response())
        }
        Err(errors) => {
            let person = case::look(&app, &acting, id).await?;
            page::show_errors(&make(&acting, id, &person, &posted, errors))
        }
    }
}

async fn remove_grant(
    State(app): State<App>,
    acting: Acting,
    Path(id): Path<Uuid>,
    _token: Posted,
) -> Result<Redirect, Failure> {
    case::remove_grant(&app, &acting, id).await?;
    Ok(back(id))
}

async fn unlock(
    State(app): State<App>,
    acting: Acting,
    Path(id): Path<Uuid>,
    _token: Posted,
) -> Result<Redirect, Failure> {
    case::unlock(&app, &acting, id).await?;
    Ok(back(id))
}

async fn end_sign_ins(
    State(app): State<App>,
    acting: Acting,
    Path(id): Path<Uuid>,
    _token: Posted,
) -> Result<Redirect, Failure> {
    case::end_sign_ins(&app, &acting, id).await?;
    Ok(back(id))
}
