//! Pages of the ID manager.

use super::{
    case::{self, Added},
    sql::AccountRow,
};
use crate::{App, factors::web::code_notice, sections::sql::Section, unused::rules};
use askama::Template;
use axum::{
    extract::{Path, State},
    response::{Html, IntoResponse, Redirect, Response},
};
use desk::page;
use kit::{Acting, Action, Failure, Posted, web::Routes};
use ui::{Chip, Choice, Crumb, FieldState, FormErrors, Shell, Tone, dates};
use uuid::Uuid;

pub fn routes() -> Routes<App> {
    Routes::about("staff")
        .get("/staff", Action::ViewStaff, list)
        .post("/staff", Action::ManageStaff, add)
        .post("/staff/{id}/disable", Action::ManageStaff, disable)
}

const NAV: &str = "/staff";

#[derive(Template)]
#[template(path = "accounts/accounts.html")]
struct StaffPage {
    shell: Shell,
    rows: Vec<Row>,
    may_manage: bool,
    login: FieldState,
    name: FieldState,
    section: FieldState,
    sections: Vec<Choice>,
}

struct Row {
    id: Uuid,
    login: String,
    name: String,
    section: String,
    roles: String,
    chip: Chip,
    seen: String,
    means: String,
    sign_ins: i64,
    is_disabled: bool,
}

/// By what somebody may sign in, in words.
fn means(staff: &AccountRow) -> String {
    let passkeys = (staff.passkeys > 0).then(|| format!("パスキー{}", staff.passkeys));
    let password = staff.password.as_ref();
    let password =
        password.map(|(reason, until)| format!("パスワード（{}まで：{reason}）", dates::digits(*until)));
    let all: Vec<_> = passkeys.into_iter().chain(password).collect();
    if all.is_empty() { "未登録".to_owned() } else { all.join("、") }
}

fn row(staff: &AccountRow, now: jiff::Timestamp) -> Row {
    let day = |at: jiff::Timestamp| kit::clock::in_japan(at).date();
    let idle_days = rules::idle_days(day(staff.created_at), staff.last_seen_at.map(day), day(now));
    let chip = match idle_days {
        _ if staff.is_disabled => Chip::new(Tone::Off, "停止"),
        Some(days) => Chip::new(Tone::Warning, format!("{days}日利用なし")),
        None => Chip::new(Tone::Good, "有効"),
    };
    Row {
        id: staff.staff_id,
        login: staff.login.clone(),
        name: staff.name.clone(),
        section: staff.section.clone(),
        roles: staff.roles.iter().map(|role| role.ja()).collect::<Vec<_>>().join("・"),
        chip,
        seen: staff.last_seen_at.map_or_else(|| "―".to_owned(), time),
        means: means(staff),
        sign_ins: staff.sign_ins,
        is_disabled: staff.is_disabled,
    }
}

fn time(at: jiff::Timestamp) -> String {
    kit::clock::in_japan(at).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

fn staff_page(
    acting: &Acting,
    ((staff, sections), now): (&(Vec<AccountRow>, Vec<Section>), jiff::Timestamp),
    posted: &Posted,
    errors: FormErrors,
) -> StaffPage {
    let field = |name: &str| errors.field(name, posted.text(name));
    let crumbs = vec![Crumb::here("職員")];
    StaffPage {
        rows: staff.iter().map(|staff| row(staff, now)).collect(),
        may_manage: acting.may(Action::ManageStaff),
        login: field("login"),
        name: field("name"),
        section: field("section"),
        sections: sections
            .iter()
            .map(|section| Choice::new(section.section_id.to_string(), section.name.clone()))
            .collect(),
        shell: Shell { errors, ..page::shell::<App>(acting, "職員", NAV, crumbs) },
    }
}

async fn list(State(app): State<App>, acting: Acting) -> Result<Html<String>, Failure> {
    let staff = case::list(&app, &acting).await?;
    page::show(&staff_page(&acting, (&staff, app.kit.clock.now()), &Posted::default(), FormErrors::default()))
}

async fn add(State(app): State<App>, acting: Acting, posted: Posted) -> Result<Response, Failure> {
    let mut errors = match case::read(&posted) {
        Ok(new) => match case::add(&app, &acting, &new).await? {
            // Not redirected: the code is shown in this answer and nowhere else.
            Added::Code(code) => {
                let staff = case::list(&app, &acting).await?;
                let mut page = staff_page(
                    &acting,
                    (&staff, app.kit.clock.now()),
                    &Posted::default(),
                    FormErrors::default(),
                );
                page.shell.notice = Some(
                    code_notice(format!("{}さんを登録しました", new.name), &code)
                        .line("権限はまだありません。本人または所属長が「権限の申請」から申請します。"),
                );
                return Ok(page::show(&page)?.into_response());
            }
            Added::LoginTaken => FormErrors::default(),
        },
        Err(errors) => errors,
    };
    if errors.is_empty() {
        errors.add("login", "この個人IDは登録済みです。別のIDを入力してください");
    }
    let staff = case::list(&app, &acting).await?;
    page::show_errors(&staff_page(&acting, (&staff, app.kit.clock.now()), &posted, errors))
}

async fn disable(
    State(app): State<App>,
    acting: Acting,
    Path(id): Path<Uuid>,
    _token: Posted,
) -> Result<Redirect, Failure> {
    case::disable(&app, &acting, id).await?;
    Ok(Redirect::to("/staff"))
}
