//! The page of 職員の住民登録.

use super::{case, sql::Noted};
use crate::{App, page};
use askama::Template;
use axum::{
    extract::{Path, State},
    response::{Html, IntoResponse, Redirect, Response},
};
use kit::{Acting, Action, Failure, Posted, web::Routes};
use ui::{Choice, Crumb, FieldState, FormErrors, Shell};
use uuid::Uuid;

pub fn routes() -> Routes<App> {
    Routes::about("staff")
        .get(NAV, Action::ViewStaffResidents, list)
        .post(NAV, Action::NoteStaffResident, note)
        .post("/audit/staff-residents/{id}/withdraw", Action::NoteStaffResident, withdraw)
}

pub const NAV: &str = "/audit/staff-residents";

struct Line {
    id: Uuid,
    name: String,
    section: String,
    number: Option<String>,
    by: String,
    at: String,
}

#[derive(Template)]
#[template(path = "staff_residents/list.html")]
struct ListPage {
    shell: Shell,
    staff: FieldState,
    people: Vec<Choice>,
    number: FieldState,
    rows: Vec<Line>,
}

fn list_page(acting: &Acting, noted: Vec<Noted>, posted: &Posted, errors: FormErrors) -> ListPage {
    ListPage {
        staff: errors.field("staff", posted.text("staff")),
        people: noted.iter().map(|one| Choice::new(one.staff_id.to_string(), one.name.clone())).collect(),
        number: errors.field("number", posted.text("number")),
        rows: noted
            .into_iter()
            .map(|one| Line {
                id: one.staff_id,
                name: one.name,
                section: one.section,
                number: one.addressee_number,
                by: one.noted_by,
                at: one.noted_at.map(desk::page::time).unwrap_or_default(),
            })
            .collect(),
        shell: Shell {
            errors,
            ..page::shell(acting, "職員の住民登録", NAV, vec![Crumb::here("職員の住民登録")])
        },
    }
}

async fn list(State(app): State<App>, acting: Acting) -> Result<Html<String>, Failure> {
    let noted = case::list(&app, &acting).await?;
    page::show(&list_page(&acting, noted, &Posted::default(), FormErrors::default()))
}

async fn note(State(app): State<App>, acting: Acting, posted: Posted) -> Result<Response, Failure> {
    let noted = match case::read(&posted) {
        Ok(form) => case::note(&app, &acting, &form).await?,
        Err(errors) => Err(errors),
    };
    match noted {
        Ok(()) => Ok(Redirect::to(NAV).into_response()),
        Err(errors) => {
            let noted = case::list(&app, &acting).await?;
            page::show_errors(&list_page(&acting, noted, &posted, errors))
        }
    }
}

async fn withdraw(
    State(app): State<App>,
    acting: Acting,
    Path(id): Path<Uuid>,
    _token: Posted,
) -> Result<Redirect, Failure> {
    case::withdraw(&app, &acting, id).await?;
    Ok(Redirect::to(NAV))
}
