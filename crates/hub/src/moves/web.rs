//! The page of one person's 異動・退職: the record, and the two forms.

use super::{
    case::{self, Done, Form, Shown},
    rules::{Kind, Move},
    sql::Recorded,
};
use crate::{
    App,
    rights::web::{moment, read_day, read_reason, roles_ja},
};
use askama::Template;
use axum::{
    extract::{Path, Query, State},
    response::{Html, IntoResponse, Redirect, Response},
};
use desk::page;
use kit::{Acting, Action, Failure, Posted, web::Routes};
use serde::Deserialize;
use ui::{Banner, BannerKind, Choice, Crumb, FieldState, FormErrors, Shell, dates};
use uuid::Uuid;

pub fn routes() -> Routes<App> {
    Routes::about("staff")
        .get("/staff/{id}/moves", Action::ViewStaff, show)
        .post("/staff/{id}/moves/transfer", Action::MoveStaff, transfer)
        .post("/staff/{id}/moves/leave", Action::MoveStaff, leave)
}

#[derive(Template)]
#[template(path = "moves/moves.html")]
struct MovesPage {
    shell: Shell,
    id: Uuid,
    facts: Vec<(&'static str, String)>,
    held: String,
    history: Vec<Row>,
    may_record: bool,
    may_apply: bool,
    section: FieldState,
    sections: Vec<Choice>,
    from_on: FieldState,
    reason: FieldState,
    last_on: FieldState,
    leaving_reason: FieldState,
}

struct Row {
    at: String,
    kind: &'static str,
    what: String,
    reason: String,
    by: String,
    application: Option<Uuid>,
}

fn row(one: &Recorded) -> Row {
    let day = dates::seireki(one.on_day);
    Row {
        at: moment(one.at),
        kind: one.kind.ja(),
        what: match one.kind {
            Kind::Placed | Kind::Transfer => format!("{day}から {}", one.section),
            Kind::Leaving => format!("{day}まで"),
        },
        reason: one.reason.clone(),
        by: if one.by.is_empty() { "職員の登録".to_owned() } else { one.by.clone() },
        application: one.application_id,
    }
}

fn facts(shown: &Shown) -> Vec<(&'static str, String)> {
    let person = &shown.person;
    let or_none = |text: &str| if text.is_empty() { "なし".to_owned() } else { text.to_owned() };
    let mut facts = vec![
        ("職員", format!("{}（{}）", person.name, person.login)),
        ("所属", or_none(&person.section)),
        ("今の役割", or_none(&roles_ja(&person.subject.roles))),
    ];
    if let Some((section, from_on)) = &shown.coming {
        facts.push(("予定の異動", format!("{}から {section}", dates::both(*from_on))));
    }
    facts.push(("個人IDの最後の日", person.subject.until_on.map_or_else(|| "なし".to_owned(), dates::both)));
    facts.push(("最後の利用", person.last_seen_at.map_or_else(|| "利用なし".to_owned(), moment)));
    facts
}

fn moves_page(acting: &Acting, shown: &Shown, posted: &Posted, errors: FormErrors) -> MovesPage {
    let field = |name: &str| errors.field(name, posted.text(name));
    let crumbs = vec![Crumb::link("/staff", "職員"), Crumb::here("異動・退職")];
    let sections = shown.sections.iter();
    MovesPage {
        id: shown.person.subject.staff_id,
        facts: facts(shown),
        held: roles_ja(&shown.person.subject.roles),
        history: shown.moves.iter().map(row).collect(),
        may_record: shown.may_record,
        may_apply: shown.may_apply,
        section: field("section"),
        sections: sections.map(|one| Choice::new(one.section_id.to_string(), one.name.clone())).collect(),
        from_on: field("from_on"),
        reason: field("reason"),
        last_on: field("last_on"),
        leaving_reason: field("leaving_reason"),
        shell: Shell { errors, ..page::shell::<App>(acting, "異動・退職", "/staff", crumbs) },
    }
}

/// What has just been recorded, after the redirect.
#[derive(Deserialize)]
struct After {
    done: Option<String>,
}

fn notice(kind: Kind, shown: &Shown) -> Banner {
    let banner = Banner::new(BannerKind::Success, format!("{}を登録しました", kind.ja()));
    match kind {
        Kind::Leaving => banner.line("最後の日の終わりに、権限がなくなり、ログインも切れます。"),
        Kind::Placed | Kind::Transfer if shown.may_apply => {
            banner.line("これまでの権限は、異動日の前日の終わりになくなります。").link(
                format!("/rights/new?staff={}", shown.person.subject.staff_id),
                "新しい所属での権限を申請する",
            )
        }
        Kind::Placed | Kind::Transfer => banner
            .line("これまでの権限は、異動日の前日の終わりになくなります。")
            .line("新しい所属での権限は、本人か新しい所属の所属長が「権限の申請」から申請します。"),
    }
}

async fn show(
    State(app): State<App>,
    acting: Acting,
    Path(id): Path<Uuid>,
    Query(after): Query<After>,
) -> Result<Html<String>, Failure> {
    let shown = case::show(&app, &acting, id).await?;
    let mut page = moves_page(&acting, &shown, &Posted::default(), FormErrors::default());
    page.shell.notice = after.done.and_then(|code| Kind::from_code(&code)).map(|kind| notice(kind, &shown));
    page::show(&page)
}

/// What was sent, and the form's own names for the fields of the rules.
async fn record(
    app: &App,
    acting: &Acting,
    id: Uuid,
    posted: &Posted,
    (what, reason, mut errors): (Option<Move>, String, FormErrors),
) -> Result<Response, Failure> {
    if let (Some(what), true) = (what, errors.is_empty()) {
        let form = Form { staff_id: id, what, reason };
        match case::record(app, acting, &form).await? {
            Done::Kept => {
                let done = format!("/staff/{id}/moves?done={}", what.kind().code());
                return Ok(Redirect::to(&done).into_response());
            }
            Done::Faults(faults) => faults.into_iter().for_each(|(field, text)| errors.add(field, text)),
        }
    }
    let shown = case::show(app, acting, id).await?;
    page::show_errors(&moves_page(acting, &shown, posted, errors))
}

async fn transfer(
    State(app): State<App>,
    acting: Acting,
    Path(id): Path<Uuid>,
    posted: Posted,
) -> Result<Response, Failure> {
    let mut errors = FormErrors::default();
    let section = posted.text("section").parse().ok();
    if section.is_none() {
        errors.add("section", "異動先の所属を選択してください");
    }
    let from_on = read_day(&posted, ("from_on", "異動日"), true, &mut errors);
    let reason = read_reason(&posted, "reason", &mut errors);
    let what = section.zip(from_on).map(|(section_id, from_on)| Move::Transfer { section_id, from_on });
    record(&app, &acting, id, &posted, (what, reason, errors)).await
}

async fn leave(
    State(app): State<App>,
    acting: Acting,
    Path(id): Path<Uuid>,
    posted: Posted,
) -> Result<Response, Failure> {
    let mut errors = FormErrors::default();
    let last_on = read_day(&posted, ("last_on", "最後の日"), true, &mut errors);
    let reason = read_reason(&posted, "leaving_reason", &mut errors);
    let what = last_on.map(|last_on| Move::Leaving { last_on });
    record(&app, &acting, id, &posted, (what, reason, errors)).await
}
