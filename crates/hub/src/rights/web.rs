//! Pages of 権限の申請: the list, the form, one application with its steps, and the removal.

use super::{
    case::{self, Applied, Form, Shown},
    sql::{Holding, Listed, Person},
    steps::{Application, Ask, Kind, State, Step},
};
use crate::App;
use askama::Template;
use axum::{
    extract::{Path, Query, State as From},
    response::{Html, IntoResponse, Redirect, Response},
};
use desk::page;
use domain::{Date, wareki};
use kit::{Acting, Action, Duty, Failure, Posted, Role, rights, web::Routes};
use serde::Deserialize;
use ui::{Banner, BannerKind, Chip, Choice, Crumb, FieldState, FormErrors, Shell, Steps, Tone, dates};
use uuid::Uuid;

pub fn routes() -> Routes<App> {
    let forms = Routes::about("staff")
        .get("/rights/new", Action::ApplyRights, form)
        .post("/rights/new", Action::ApplyRights, apply)
        .get("/rights/removal/{id}", Action::RemoveRights, removal)
        .post("/rights/removal/{id}", Action::RemoveRights, remove);
    Routes::about("rights_application")
        .get("/rights", Action::ViewRights, list)
        .get("/rights/{id}", Action::ViewRights, show)
        .post("/rights/{id}/approve", Action::ApproveRights, approve)
        .post("/rights/{id}/grant", Action::GrantRights, grant)
        .post("/rights/{id}/withdraw", Action::ApplyRights, withdraw)
        .merge(forms)
}

pub(crate) const NAV: &str = "/rights";
const REASON_CHARS_MAX: usize = 300;

pub(crate) fn roles_ja(roles: &[Role]) -> String {
    roles.iter().map(|role| role.ja()).collect::<Vec<_>>().join("・")
}

pub(crate) fn moment(at: jiff::Timestamp) -> String {
    kit::clock::in_japan(at).strftime("%Y-%m-%d %H:%M").to_string()
}

fn chip(application: &Application) -> Chip {
    match (&application.state, application.kind) {
        (State::Applied, Kind::Grant) => Chip::new(Tone::Waiting, "承認待ち"),
        (State::Applied, Kind::Removal) => Chip::new(Tone::Waiting, "削除の確認待ち"),
        (State::Approved { .. }, _) => Chip::new(Tone::Active, "付与待ち"),
        (State::Granted { .. }, Kind::Grant) => Chip::new(Tone::Good, "付与済み"),
        (State::Granted { .. }, Kind::Removal) => Chip::new(Tone::Good, "削除を確認済み"),
        (State::Rejected { .. }, _) => Chip::new(Tone::Stop, "却下"),
        (State::Withdrawn { .. }, _) => Chip::new(Tone::Off, "取下げ"),
    }
}

fn days(from: Date, until: Option<Date>) -> String {
    let until = until.map_or_else(|| "終了日なし".to_owned(), dates::seireki);
    format!("{} から {until}", dates::seireki(from))
}

fn period(application: &Application) -> String {
    match application.kind {
        Kind::Grant => days(application.from_on, application.until_on),
        Kind::Removal => format!("{} まで", dates::seireki(application.from_on)),
    }
}

#[derive(Template)]
#[template(path = "rights/list.html")]
struct ListPage {
    shell: Shell,
    rows: Vec<Row>,
    people: Vec<(Uuid, String, String)>,
}

struct Row {
    id: Uuid,
    at: String,
    kind: &'static str,
    name: String,
    section: String,
    roles: String,
    period: String,
    chip: Chip,
    is_yours: bool,
}

fn row(listed: &Listed, hand: &super::steps::Hand) -> Row {
    let application = &listed.application;
    let takes = |step| super::steps::may_take(step, application, hand).is_ok();
    Row {
        id: application.application_id,
        at: moment(listed.applied_at),
        kind: application.kind.ja(),
        name: listed.name.clone(),
        section: listed.section.clone(),
        roles: roles_ja(&application.roles),
        period: period(application),
        chip: chip(application),
        is_yours: takes(Step::Approve) || takes(Step::Grant),
    }
}

async fn list(From(app): From<App>, acting: Acting) -> Result<Html<String>, Failure> {
    let overview = case::overview(&app, &acting).await?;
    let mut rows: Vec<Row> = overview.listed.iter().map(|listed| row(listed, &overview.hand)).collect();
    rows.sort_by_key(|row| !row.is_yours);
    page::show(&ListPage {
        shell: page::shell::<App>(&acting, "権限の申請", NAV, vec![Crumb::here("権限の申請")]),
        rows,
        people: overview.people,
    })
}

/// For whom the form is opened; nobody named: for oneself.
#[derive(Deserialize)]
struct Whose {
    staff: Option<Uuid>,
}

#[derive(Template)]
#[template(path = "rights/form.html")]
struct FormPage {
    shell: Shell,
    person: Person,
    held: String,
    is_self: bool,
    key: String,
    duty: FieldState,
    duties: Vec<Choice>,
    roles_error: FieldState,
    roles: Vec<(Choice, bool)>,
    reason: FieldState,
    from_on: FieldState,
    until_on: FieldState,
}

fn duties() -> Vec<Choice> {
    let asked = Duty::ALL.iter().filter(|duty| **duty != Duty::Common);
    asked.map(|duty| Choice::new(duty.code(), duty.ja())).collect()
}

fn form_page(acting: &Acting, person: Person, posted: &Posted, errors: FormErrors) -> FormPage {
    let field = |name: &str| errors.field(name, posted.text(name));
    let crumbs = vec![Crumb::link(NAV, "権限の申請"), Crumb::here("申請する")];
    let choice = |role: &Role| {
        let of: Vec<_> =
            Duty::ALL.iter().filter(|duty| rights::serves(*role, **duty)).map(|duty| duty.ja()).collect();
        let chosen = posted.text(&format!("role-{}", role.code())) == "on";
        (Choice::new(role.code(), role.ja()).hint(of.join("、")), chosen)
    };
    FormPage {
        held: roles_ja(&person.subject.roles),
        is_self: person.subject.staff_id == acting.staff_id,
        key: posted.text("key").to_owned(),
        duty: field("duty"),
        duties: duties(),
        roles_error: field("roles"),
        roles: Role::ALL.iter().map(choice).collect(),
        reason: field("reason"),
        from_on: field("from_on"),
        until_on: field("until_on"),
        person,
        shell: Shell { errors, ..page::shell::<App>(acting, "権限を申請する", NAV, crumbs) },
    }
}

async fn form(
    From(app): From<App>,
    acting: Acting,
    Query(whose): Query<Whose>,
) -> Result<Html<String>, Failure> {
    let staff_id = whose.staff.unwrap_or(acting.staff_id);
    let person = case::begin(&app, &acting, Action::ApplyRights, staff_id).await?;
    let mut page = form_page(&acting, person, &Posted::default(), FormErrors::default());
    page.key = app.kit.ids.next().to_string();
    page.from_on.value = app.kit.clock.today().to_string();
    page::show(&page)
}

/// The reason, which every form asks for.
pub(crate) fn read_reason(posted: &Posted, field: &str, errors: &mut FormErrors) -> String {
    let reason = posted.trimmed(field).to_owned();
    if reason.is_empty() || reason.chars().count() > REASON_CHARS_MAX {
        errors.add(field, format!("理由を{REASON_CHARS_MAX}文字以内で入力してください"));
    }
    reason
}

pub(crate) fn read_day(
    posted: &Posted,
    (name, label): (&str, &str),
    is_required: bool,
    errors: &mut FormErrors,
) -> Option<Date> {
    let typed = posted.trimmed(name);
    if typed.is_empty() && !is_required {
        return None;
    }
    let day = wareki::parse(typed);
    if day.is_err() {
        errors.add(name, format!("{label}を、令和8年4月1日 や 2026-04-01 のように入力してください"));
    }
    day.ok()
}

fn key(posted: &Posted) -> Result<Uuid, Failure> {
    posted
        .text("key")
        .parse()
        .map_err(|_| Failure::BadRequest("画面を開き直して、もう一度入力してください。".to_owned()))
}

/// Reads the form; all errors at once.
fn read(
    posted: &Posted,
    errors: &mut FormErrors,
) -> (Option<Duty>, Vec<Role>, String, Option<Date>, Option<Date>) {
    let duty = Duty::from_code(posted.text("duty")).filter(|duty| *duty != Duty::Common);
    if duty.is_none() {
        errors.add("duty", "権限が必要な事務を選択してください");
    }
    let chosen = |role: &&Role| posted.text(&format!("role-{}", role.code())) == "on";
    let roles: Vec<Role> = Role::ALL.iter().filter(chosen).copied().collect();
    if roles.is_empty() {
        errors.add("roles", "必要な役割を1つ以上選択してください");
    }
    let reason = read_reason(posted, "reason", errors);
    let from = read_day(posted, ("from_on", "開始日"), true, errors);
    let until = read_day(posted, ("until_on", "終了日"), false, errors);
    (duty, roles, reason, from, until)
}

async fn apply(From(app): From<App>, acting: Acting, posted: Posted) -> Result<Response, Failure> {
    let staff_id: Uuid = posted.text("staff").parse().map_err(|_| Failure::NotFound)?;
    let mut errors = FormErrors::default();
    let (duty, roles, reason, from, until) = read(&posted, &mut errors);
    if let (Some(duty), Some(from_on), true) = (duty, from, errors.is_empty()) {
        let ask = Ask { duty, roles, from_on, until_on: until };
        let form = Form { application_id: key(&posted)?, staff_id, ask, reason };
        match case::apply(&app, &acting, &form).await? {
            Applied::Kept => {
                return Ok(Redirect::to(&format!("/rights/{}", form.application_id)).into_response());
            }
            Applied::Faults(faults, person) => {
                faults.into_iter().for_each(|(field, text)| errors.add(field, text));
                return page::show_errors(&form_page(&acting, *person, &posted, errors));
            }
        }
    }
    let person = case::begin(&app, &acting, Action::ApplyRights, staff_id).await?;
    page::show_errors(&form_page(&acting, person, &posted, errors))
}

#[derive(Template)]
#[template(path = "rights/show.html")]
struct ShowPage {
    shell: Shell,
    id: Uuid,
    state: &'static str,
    steps: Steps,
    chip: Chip,
    kind: &'static str,
    rows: Vec<(&'static str, String)>,
    banners: Vec<Banner>,
    duty: &'static str,
    role_names: Vec<&'static str>,
    table: Vec<(&'static str, Vec<bool>)>,
    holdings: Vec<(String, String, &'static str)>,
    history: Vec<(String, &'static str, String, String)>,
    approves: bool,
    grants: bool,
    rejects: bool,
    confirms: bool,
    withdraws: bool,
    reason: FieldState,
}

fn state_ja(code: &str, kind: Kind) -> &'static str {
    match (code, kind) {
        ("applied", _) => "申請",
        ("approved", _) => "承認",
        ("granted", Kind::Grant) => "付与",
        ("granted", Kind::Removal) => "削除の確認",
        ("rejected", _) => "却下",
        _ => "取下げ",
    }
}

fn holding(holding: &Holding) -> (String, String, &'static str) {
    let origin = if holding.by_command { "導入時の登録" } else { "申請による付与" };
    (holding.role.ja().to_owned(), days(holding.from_on, holding.until_on), origin)
}

fn facts(shown: &Shown) -> Vec<(&'static str, String)> {
    let application = &shown.application;
    let (name, section, seen) = match &shown.person {
        Some(person) => {
            let seen = person.last_seen_at.map_or_else(|| "利用なし".to_owned(), moment);
            (format!("{}（{}）", person.name, person.login), person.section.clone(), seen)
        }
        None => ("停止中の職員".to_owned(), String::new(), String::new()),
    };
    let mut rows = vec![("対象の職員", name), ("所属", section), ("最後の利用", seen)];
    if application.kind == Kind::Grant {
        rows.push(("事務", application.duty.ja().to_owned()));
    }
    rows.push(("役割", roles_ja(&application.roles)));
    rows.push(("期間", period(application)));
    rows.push(("理由", application.reason.clone()));
    rows
}

fn show_page(acting: &Acting, shown: &Shown, errors: FormErrors, reason: &str) -> ShowPage {
    let application = &shown.application;
    let is_grant = application.kind == Kind::Grant;
    let rows = rights::TABLE.iter().filter(|row| row.duty == application.duty && is_grant);
    let banners = shown.conflicts.iter().map(|(is_barred, sentence)| {
        let (kind, title) = if *is_barred {
            (BannerKind::Error, "兼ねられない役割です")
        } else {
            (BannerKind::Warning, "兼務に注意してください")
        };
        Banner::new(kind, title).line(*sentence)
    });
    let names = if is_grant {
        vec!["申請", "所属長の承認", "ID管理者の付与"]
    } else {
        vec!["所属長の申請", "ID管理者の確認"]
    };
    let current = match application.state {
        State::Applied => 1,
        State::Approved { .. } => 2,
        State::Granted { .. } | State::Rejected { .. } | State::Withdrawn { .. } => names.len(),
    };
    let crumbs = vec![Crumb::link(NAV, "権限の申請"), Crumb::here("申請の内容")];
    ShowPage {
        id: application.application_id,
        state: application.state.code(),
        steps: Steps { names, current },
        chip: chip(application),
        kind: application.kind.ja(),
        rows: facts(shown),
        banners: banners.collect(),
        duty: application.duty.ja(),
        role_names: application.roles.iter().map(|role| role.ja()).collect(),
        table: rows
            .map(|row| {
                let cells = application.roles.iter().map(|role| rights::carries(*role, row.action));
                (row.action.ja(), cells.collect())
            })
            .collect(),
        holdings: shown.holdings.iter().map(holding).collect(),
        history: shown
            .steps
            .iter()
            .map(|step| {
                let what = state_ja(&step.state, application.kind);
                (moment(step.at), what, step.name.clone(), step.reason.clone())
            })
            .collect(),
        approves: shown.offers(Step::Approve),
        grants: shown.offers(Step::Grant) && is_grant,
        confirms: shown.offers(Step::Grant) && !is_grant,
        rejects: shown.offers(Step::Reject),
        withdraws: shown.offers(Step::Withdraw),
        reason: errors.field("reason", reason),
        shell: Shell { errors, ..page::shell::<App>(acting, "権限の申請の内容", NAV, crumbs) },
    }
}

async fn show(From(app): From<App>, acting: Acting, Path(id): Path<Uuid>) -> Result<Html<String>, Failure> {
    let shown = case::show(&app, &acting, id).await?;
    page::show(&show_page(&acting, &shown, FormErrors::default(), ""))
}

/// The answer to an application: the step that a button stands for. Rejecting and withdrawing say why.
async fn answer(
    app: &App,
    acting: &Acting,
    id: Uuid,
    (step, seen): (Step, &str),
    posted: &Posted,
) -> Result<Response, Failure> {
    let mut errors = FormErrors::default();
    let reason = match step {
        Step::Reject | Step::Withdraw => read_reason(posted, "reason", &mut errors),
        Step::Approve | Step::Grant => String::new(),
    };
    if !errors.is_empty() {
        let shown = case::show(app, acting, id).await?;
        return page::show_errors(&show_page(acting, &shown, errors, posted.text("reason")));
    }
    case::take(app, acting, id, (step, seen), &reason).await?;
    Ok(Redirect::to(&format!("/rights/{id}")).into_response())
}

fn step_of(posted: &Posted, yes: Step) -> Step {
    if posted.text("answer") == "reject" { Step::Reject } else { yes }
}

async fn approve(
    From(app): From<App>,
    acting: Acting,
    Path(id): Path<Uuid>,
    posted: Posted,
) -> Result<Response, Failure> {
    answer(&app, &acting, id, (step_of(&posted, Step::Approve), "applied"), &posted).await
}

async fn grant(
    From(app): From<App>,
    acting: Acting,
    Path(id): Path<Uuid>,
    posted: Posted,
) -> Result<Response, Failure> {
    let step = step_of(&posted, Step::Grant);
    // Before the approval only a removal is the ID manager's.
    let seen = if step == Step::Grant && posted.text("state") == "applied" { "applied" } else { "approved" };
    answer(&app, &acting, id, (step, seen), &posted).await
}

async fn withdraw(
    From(app): From<App>,
    acting: Acting,
    Path(id): Path<Uuid>,
    posted: Posted,
) -> Result<Response, Failure> {
    let seen = if posted.text("state") == "applied" { "applied" } else { "approved" };
    answer(&app, &acting, id, (Step::Withdraw, seen), &posted).await
}

#[derive(Template)]
#[template(path = "rights/removal.html")]
struct RemovalPage {
    shell: Shell,
    person: Person,
    held: String,
    key: String,
    last_on: FieldState,
    reason: FieldState,
}

fn removal_page(acting: &Acting, person: Person, posted: &Posted, errors: FormErrors) -> RemovalPage {
    let crumbs = vec![Crumb::link(NAV, "権限の申請"), Crumb::here("権限の削除")];
    RemovalPage {
        held: roles_ja(&person.subject.roles),
        person,
        key: posted.text("key").to_owned(),
        last_on: errors.field("last_on", posted.text("last_on")),
        reason: errors.field("reason", posted.text("reason")),
        shell: Shell { errors, ..page::shell::<App>(acting, "権限の削除を申請する", NAV, crumbs) },
    }
}

async fn removal(
    From(app): From<App>,
    acting: Acting,
    Path(id): Path<Uuid>,
) -> Result<Html<String>, Failure> {
    let person = case::begin(&app, &acting, Action::RemoveRights, id).await?;
    let mut page = removal_page(&acting, person, &Posted::default(), FormErrors::default());
    page.key = app.kit.ids.next().to_string();
    page.last_on.value = app.kit.clock.today().to_string();
    page::show(&page)
}

async fn remove(
    From(app): From<App>,
    acting: Acting,
    Path(id): Path<Uuid>,
    posted: Posted,
) -> Result<Response, Failure> {
    let mut errors = FormErrors::default();
    let reason = read_reason(&posted, "reason", &mut errors);
    let last_on = read_day(&posted, ("last_on", "最後の日"), true, &mut errors);
    // Yesterday at the earliest: what has been held until now was held.
    let yesterday = app.kit.clock.today().yesterday().map_err(anyhow::Error::from)?;
    if last_on.is_some_and(|last| last < yesterday) {
        errors.add("last_on", "最後の日は昨日以後の日付を入力してください");
    }
    let person = match (last_on, errors.is_empty()) {
        (Some(last_on), true) => {
            // All roles that the person holds.
            let ask =
                Ask { duty: Duty::Access, roles: Vec::new(), from_on: last_on, until_on: Some(last_on) };
            let form = Form { application_id: key(&posted)?, staff_id: id, ask, reason };
            match case::remove(&app, &acting, &form, last_on).await? {
                Applied::Kept => {
                    return Ok(Redirect::to(&format!("/rights/{}", form.application_id)).into_response());
                }
                Applied::Faults(faults, person) => {
                    faults.into_iter().for_each(|(field, text)| errors.add(field, text));
                    *person
                }
            }
        }
        _ => case::begin(&app, &acting, Action::RemoveRights, id).await?,
    };
    page::show_errors(&removal_page(&acting, person, &posted, errors))
}
