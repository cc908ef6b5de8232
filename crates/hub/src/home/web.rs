//! The first page after signing in at the hub.

use crate::{
    App, Site,
    account::{
        case::news,
        web::{Line, line, time},
    },
    reviews,
    step_up::web::sign_in_of,
    table, unused,
};
use askama::Template;
use axum::{extract::State, http::HeaderMap, response::Html};
use desk::{duties::Duties, page};
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
    /// What waits for this person.
    tasks: Vec<Banner>,
    duties: Duties,
}

async fn home(State(app): State<App>, acting: Acting, headers: HeaderMap) -> Result<Html<String>, Failure> {
    let mut case = Case::open(&app.kit, &acting, Action::ViewHome, Target::NONE).await?;
    let municipality = case.municipality();
    let duty = table::case::duty(case.conn(), municipality, &acting).await?;
    let today = app.kit.clock.today();
    let due = reviews::case::tasks(case.conn(), municipality, &acting, today).await?;
    let odd = match acting.may(Action::ManageStaff) {
        true => unused::case::count(case.conn(), municipality, today).await?,
        false => 0,
    };
    let duties = Duties::of(case.conn(), municipality, &acting, today).await?;
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
    let approve = (to_approve > 0).then(|| {
        Banner::new(BannerKind::Warning, "承認を待つ申請があります")
            .line(format!("あなたの判断を待つ二人承認の申請が{to_approve}件あります。"))
            .link("/approvals", "二人承認を開く")
    });
    let tasks = reviews::web::banners(&due, today)
        .into_iter()
        .chain(approve)
        .chain(unused::web::banner(odd))
        .collect();
    page::show(&HomePage {
        shell: Shell { notice, ..page::shell::<App>(&acting, "ホーム", "/", Vec::new()) },
        before: before.as_ref().map(|row| line(row, None)),
        sites: app.sites.to_vec(),
        tasks,
        duties,
    })
}
