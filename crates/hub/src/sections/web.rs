//! The page of 所属.

use super::{case, sql::Section};
use crate::App;
use askama::Template;
use axum::{
    extract::State,
    response::{Html, IntoResponse, Redirect, Response},
};
use desk::page;
use kit::{Acting, Action, Failure, Posted, web::Routes};
use ui::{Choice, Crumb, FieldState, FormErrors, Shell};

pub fn routes() -> Routes<App> {
    Routes::default().get("/sections", Action::ManageSections, list).post(
        "/sections",
        Action::ManageSections,
        add,
    )
}

const NAV: &str = "/sections";
const NAME_CHARS_MAX: usize = 60;

#[derive(Template)]
#[template(path = "sections/sections.html")]
struct SectionsPage {
    shell: Shell,
    rows: Vec<Section>,
    name: FieldState,
    above: FieldState,
    choices: Vec<Choice>,
}

fn sections_page(acting: &Acting, rows: Vec<Section>, posted: &Posted, errors: FormErrors) -> SectionsPage {
    SectionsPage {
        name: errors.field("name", posted.text("name")),
        above: errors.field("above", posted.text("above")),
        choices: rows.iter().map(|row| Choice::new(row.section_id.to_string(), row.name.clone())).collect(),
        rows,
        shell: Shell { errors, ..page::shell::<App>(acting, "所属", NAV, vec![Crumb::here("所属")]) },
    }
}

async fn list(State(app): State<App>, acting: Acting) -> Result<Html<String>, Failure> {
    let rows = case::list(&app, &acting).await?;
    page::show(&sections_page(&acting, rows, &Posted::default(), FormErrors::default()))
}

async fn add(State(app): State<App>, acting: Acting, posted: Posted) -> Result<Response, Failure> {
    let mut errors = FormErrors::default();
    let name = posted.trimmed("name");
    if name.is_empty() || name.chars().count() > NAME_CHARS_MAX {
        errors.add("name", format!("所属の名称を{NAME_CHARS_MAX}文字以内で入力してください"));
    } else {
        let above = match posted.text("above") {
            "" => None,
            id => Some(id.parse().map_err(|_| Failure::NotFound)?),
        };
        if case::add(&app, &acting, name, above).await? {
            return Ok(Redirect::to(NAV).into_response());
        }
        errors.add("name", "この名称は登録済みです。別の名称を入力してください");
    }
    let rows = case::list(&app, &acting).await?;
    page::show_errors(&sections_page(&acting, rows, &posted, errors))
}
