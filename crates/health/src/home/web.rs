//! The first page after signing in.

use crate::{App, page};
use askama::Template;
use axum::{Router, extract::State, response::Html, routing::get};
use kit::{Acting, Action, Case, Failure, Target};
use ui::Shell;

pub fn routes() -> Router<App> {
    Router::new().route("/", get(home))
}

#[derive(Template)]
#[template(path = "home/home.html")]
struct HomePage {
    shell: Shell,
}

async fn home(State(app): State<App>, acting: Acting) -> Result<Html<String>, Failure> {
    let case = Case::open(&app.kit, &acting, Action::ViewHome, Target::NONE).await?;
    let page = HomePage { shell: page::shell(&acting, "ホーム", "/", Vec::new()) };
    case.viewed(serde_json::json!({})).await?;
    page::show(&page)
}
