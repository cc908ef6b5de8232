//! The page of 委託先の入力担当者.

use super::{
    case::{self, Form, Shown},
    sql::Contractor,
};
use crate::{
    App,
    accounts::case::{self as accounts, Added},
    factors::web::code_notice,
    rights::web::read_day,
    unused::rules::CONTRACT_ENDING_DAYS,
};
use askama::Template;
use axum::{
    extract::State,
    response::{Html, IntoResponse, Response},
};
use desk::page;
use domain::Date;
use kit::{Acting, Action, Failure, Posted, web::Routes};
use ui::{Chip, Choice, Crumb, FieldState, FormErrors, Shell, Tone, dates};

pub fn routes() -> Routes<App> {
    Routes::default().get("/contractors", Action::ViewStaff, list).post(
        "/contractors",
        Action::ManageStaff,
        add,
    )
}

const NAV: &str = "/contractors";
const TEXT_CHARS_MAX: usize = 60;

#[derive(Template)]
#[template(path = "contractors/contractors.html")]
struct ContractorsPage {
    shell: Shell,
    rows: Vec<Row>,
    ending: usize,
    may_manage: bool,
    login: FieldState,
    name: FieldState,
    section: FieldState,
    sections: Vec<Choice>,
    company: FieldState,
    until_on: FieldState,
    supervisor: FieldState,
    supervisors: Vec<Choice>,
    consent: FieldState,
}

struct Row {
    login: String,
    name: String,
    company: String,
    until: String,
    supervisor: String,
    consent: String,
    chip: Chip,
}

/// Days left, the last day included; below 1 the contract has ended.
fn days_left(until: Date, today: Date) -> i32 {
    today.until(until).map_or(0, |span| span.get_days()) + 1
}

fn row(contractor: &Contractor, today: Date) -> Row {
    let left = days_left(contractor.until_on, today);
    let chip = match left {
        _ if contractor.is_disabled => Chip::new(Tone::Off, "停止"),
        i32::MIN..=0 => Chip::new(Tone::Off, "終了"),
        1..=CONTRACT_ENDING_DAYS => Chip::new(Tone::Warning, format!("あと{left}日")),
        _ => Chip::new(Tone::Good, "有効"),
    };
    Row {
        login: contractor.login.clone(),
        name: contractor.name.clone(),
        company: contractor.company.clone(),
        until: dates::seireki(contractor.until_on),
        supervisor: contractor.supervisor.clone(),
        consent: contractor.consent_number.clone(),
        chip,
    }
}

fn contractors_page(
    acting: &Acting,
    (shown, today): (&Shown, Date),
    posted: &Posted,
    errors: FormErrors,
) -> ContractorsPage {
    let field = |name: &str| errors.field(name, posted.text(name));
    let is_ending = |one: &&Contractor| (1..=CONTRACT_ENDING_DAYS).contains(&days_left(one.until_on, today));
    let sections = shown.sections.iter();
    let supervisors = shown.supervisors.iter();
    ContractorsPage {
        rows: shown.contractors.iter().map(|one| row(one, today)).collect(),
        ending: shown.contractors.iter().filter(|one| !one.is_disabled).filter(is_ending).count(),
        may_manage: acting.may(Action::ManageStaff),
        login: field("login"),
        name: field("name"),
        section: field("section"),
        sections: sections.map(|one| Choice::new(one.section_id.to_string(), one.name.clone())).collect(),
        company: field("company"),
        until_on: field("until_on"),
        supervisor: field("supervisor"),
        supervisors: supervisors.map(|(id, name)| Choice::new(id.to_string(), name.clone())).collect(),
        consent: field("consent"),
        shell: Shell {
            errors, ..page::shell::<App>(acting, "委託先", NAV, vec![Crumb::here("委託先")])
        },
    }
}

async fn list(State(app): State<App>, acting: Acting) -> Result<Html<String>, Failure> {
    let shown = case::list(&app, &acting).await?;
    let today = app.kit.clock.today();
    page::show(&contractors_page(&acting, (&shown, today), &Posted::default(), FormErrors::default()))
}

/// Reads the form; all errors at once.
fn read(posted: &Posted, today: Date) -> Result<Form, FormErrors> {
    let (account, mut errors) = match accounts::read(posted) {
        Ok(account) => (Some(account), FormErrors::default()),
        Err(errors) => (None, errors),
    };
    let company = posted.trimmed("company").to_owned();
    if company.is_empty() || company.chars().count() > TEXT_CHARS_MAX {
        errors.add("company", format!("委託先の名称を{TEXT_CHARS_MAX}文字以内で入力してください"));
    }
    let until = read_day(posted, ("until_on", "契約の終了日"), true, &mut errors);
    if until.is_some_and(|until| until < today) {
        errors.add("until_on", "契約の終了日は今日以後の日付を入力してください");
    }
    let supervisor = posted.text("supervisor").parse().ok();
    if supervisor.is_none() {
        errors.add("supervisor", "監督する職員を選択してください");
    }
    let consent = posted.trimmed("consent").to_owned();
    if consent.chars().count() > TEXT_CHARS_MAX {
        errors.add("consent", format!("再委託の許諾番号は{TEXT_CHARS_MAX}文字以内で入力してください"));
    }
    match (account, until, supervisor) {
        (Some(account), Some(until_on), Some(supervisor_id)) if errors.is_empty() => {
            Ok(Form { account, company, until_on, supervisor_id, consent_number: consent })
        }
        _ => Err(errors),
    }
}

async fn add(State(app): State<App>, acting: Acting, posted: Posted) -> Result<Response, Failure> {
    let today = app.kit.clock.today();
    let mut errors = FormErrors::default();
    match read(&posted, today) {
        Ok(form) => match case::add(&app, &acting, &form).await? {
            // Not redirected: the code is shown in this answer and nowhere else.
            Added::Code(code) => {
                let shown = case::list(&app, &acting).await?;
                let empty = (Posted::default(), FormErrors::default());
                let mut page = contractors_page(&acting, (&shown, today), &empty.0, empty.1);
                let added = format!("{}さんを登録しました", form.account.name);
                page.shell.notice = Some(code_notice(added, &code));
                return Ok(page::show(&page)?.into_response());
            }
            Added::LoginTaken => {
                errors.add("login", "この個人IDは登録済みです。別のIDを入力してください");
            }
        },
        Err(found) => errors = found,
    }
    let shown = case::list(&app, &acting).await?;
    page::show_errors(&contractors_page(&acting, (&shown, today), &posted, errors))
}
