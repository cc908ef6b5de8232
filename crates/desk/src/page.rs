//! The frame of every page, static files, and failures as pages.

use crate::System;
use askama::Template;
use axum::{
    extract::Path,
    http::{HeaderMap, StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use kit::{
    Acting, Failure,
    web::{Door, FailureNote, RequestId, Routes},
};
use ui::{Crumb, NavItem, Progress, Shell};

/// The frame for a signed-in person. `room` is the address of the room the page is in.
pub fn shell<S: System>(acting: &Acting, title: &str, room: &str, crumbs: Vec<Crumb>) -> Shell {
    // A room that a person may not enter is not offered. Refusing is the case's work, not the navigation's.
    let offered = S::FRAME.rooms.iter().filter(|room| room.needs.is_none_or(|action| acting.may(action)));
    let rooms: Vec<_> = offered.map(|room| (room.href, room.label)).collect();
    Shell {
        title: title.to_owned(),
        system_name: S::FRAME.name.to_owned(),
        municipality_name: acting.municipality_name.clone(),
        staff: Some(ui::StaffBadge {
            name: acting.staff_name.clone(),
            role_ja: acting.roles_ja(),
            id: acting.staff_id.to_string(),
        }),
        nav: NavItem::list(&rooms, room),
        breadcrumbs: crumbs,
        csrf: acting.csrf_token.clone(),
        request_id: acting.request_id.to_string(),
        ..Shell::default()
    }
}

/// The frame before anybody has signed in.
pub fn outside<S: System>(title: &str, request_id: RequestId) -> Shell {
    Shell {
        title: title.to_owned(),
        system_name: S::FRAME.name.to_owned(),
        request_id: request_id.0.to_string(),
        ..Shell::default()
    }
}

/// A moment in Japan's time, as lists show it.
pub fn time(at: jiff::Timestamp) -> String {
    kit::clock::in_japan(at).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// The progress bar of a job; asks again at this address while the job is open.
pub fn progress(job: &kit::jobs::Job, again: &str) -> Progress {
    Progress {
        id: format!("job-{}", job.job_id),
        label: job.title.clone(),
        done: job.progress_done.max(0) as u64,
        total: (job.progress_total > 0).then_some(job.progress_total as u64),
        unit: "件".to_owned(),
        note: if job.message.is_empty() { job.state_ja().to_owned() } else { job.message.clone() },
        poll: job.is_open().then(|| again.to_owned()),
    }
}

/// Renders a template; a template that cannot be rendered is our failure.
pub fn show(page: &impl Template) -> Result<Html<String>, Failure> {
    page.render().map(Html).map_err(|error| Failure::Internal(error.into()))
}

/// The same with another status (a form with errors is 422).
pub fn show_errors(page: &impl Template) -> Result<Response, Failure> {
    Ok((StatusCode::UNPROCESSABLE_ENTITY, show(page)?).into_response())
}

#[derive(Template)]
#[template(path = "failure.html")]
struct FailurePage {
    shell: Shell,
    title: &'static str,
    sentence: String,
}

/// The page of a failure, for people who are signed in and those who are not.
pub fn failure<S: System>(note: &FailureNote, acting: Option<&Acting>, request_id: RequestId) -> String {
    let mut shell = match acting {
        Some(acting) => shell::<S>(acting, note.title, "", Vec::new()),
        None => outside::<S>(note.title, request_id),
    };
    shell.request_id = request_id.0.to_string();
    let page = FailurePage { shell, title: note.title, sentence: note.sentence.clone() };
    page.render().unwrap_or_else(|_| note.sentence.clone())
}

/// Static files.
pub fn routes<S: System>() -> Routes<S> {
    Routes::default().get("/static/{*path}", Door::Open, static_file)
}

async fn static_file(Path(path): Path<String>, headers: HeaderMap) -> Response {
    let Some(asset) = ui::asset(&path) else { return Failure::NotFound.into_response() };
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    if known == Some(asset.etag) {
        return StatusCode::NOT_MODIFIED.into_response();
    }
    (
        [
            (header::CONTENT_TYPE, asset.content_type.to_owned()),
            (header::ETAG, asset.etag.to_string()),
            (header::CACHE_CONTROL, asset.cache_control.to_owned()),
        ],
        asset.bytes,
    )
        .into_response()
}
