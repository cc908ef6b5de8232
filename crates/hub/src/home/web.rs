//! The first page after signing in at the hub.

use crate::{App, Site, table};
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
    let mut case = Case::open(&app.kit, &acting, Action::ViewHome, Target::NONE).await?;
    let municipality = case.municipality();
    let duty = table::case::duty(case.conn(), municipality, &acting).await?;
    case.viewed(json!({})).await?;
    let notice = table::web::banner(duty).map(|banner| banner.link("/rights/table", "対応表を開く"));
    page::show(&HomePage {
        shell: Shell { notice, ..page::shell::<App>(&acting, "ホーム", "/", Vec::new()) },
        sites: app.sites.to_vec(),
    })
}
