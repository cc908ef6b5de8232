//! The first page after signing in at the hub.

use crate::{App, Site};
use askama::Template;
use axum::{extract::State, response::Html};
use desk::page;
use kit::{Acting, Action, Case, Failure, Target, web::Routes};
use serde_json::json;
use ui::Shell;

pub fn routes() -> Routes<App> {
    Routes::default().get("/", Action::ViewHome, home)
}

#[derive(Template)]
#[template(path = "home/home.html")]
struct HomePage {
    shell: Shell,
    sites: Vec<Site>,
}

async fn home(State(app): State<App>, acting: Acting) -> Result<Html<String>, Failure> {
    Case::open(&app.kit, &acting, Action::ViewHome, Target::NONE).await?.viewed(json!({})).await?;
    page::show(&HomePage {
        shell: page::shell::<App>(&acting, "ホーム", "/", Vec::new()),
        sites: app.sites.to_vec(),
    })
}
