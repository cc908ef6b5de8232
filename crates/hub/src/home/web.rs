//! The first page after signing in at the hub.

use crate::{
    App, Site,
    account::{
        case::news,
        web::{Line, line, time},
    },
    step_up::web::sign_in_of,
    table,
};
use askama::Template;
use axum::{extract::State, http::HeaderMap, response::Html};
use desk::page;
use kit::{Acting, Action, Case, Failure, Target, web::Routes};
use serde_json::json;
use ui::{Banner, BannerKind, Shell};

pub fn routes() -> Routes<App> {
    Routes::default().get("/", Action::ViewHome, home)
}

#[derive(Template)]
#[template(path = "home/home.html")]
struct HomePage {
    shell: Shell,
    sites: Vec<Site>,
    before: Option<Line>,
    /// Applications of others that wait for this person.
    to_approve: i64,
}

async fn home(State(app): State<App>, acting: Acting, headers: HeaderMap) -> Result<Html<String>, Failure> {
    let mut case = Case::open(&app.kit, &acting, Action::ViewHome, Target::NONE).await?;
    let municipality = case.municipality();
    let duty = table::case::duty(case.conn(), municipality, &acting).await?;
    let at = case.at();
    let to_approve = desk::approvals::case::waiting::<App>(case.conn(), municipality, &acting, at).await?;
    case.viewed(json!({})).await?;
    let (before, new) = news(&app, &acting, sign_in_of(&app, &headers).await?).await?;
    // A device that may be somebody else's comes before a duty.
    let news = new.last().map(|key| {
        Banner::new(BannerKind::Info, "パスキーが登録されました")
            .line(format!("「{}」（{}）", key.name, time(key.created_at)))
            .line("覚えがないときは、すぐにID管理者に連絡してください。")
    });
    let notice =
        news.or_else(|| table::web::banner(duty).map(|banner| banner.link("/rights/table", "対応表を開く")));
    page::show(&HomePage {
        shell: Shell { notice, ..page::shell::<App>(&acting, "ホーム", "/", Vec::new()) },
        before: before.as_ref().map(|row| line(row, None)),
        sites: app.sites.to_vec(),
        to_approve,
    })
}
