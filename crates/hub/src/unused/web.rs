//! The page of 確認が必要な個人ID.

use super::{
    case::{self, Odd},
    rules,
};
use crate::{
    App,
    rights::web::{moment, roles_ja},
};
use askama::Template;
use axum::{extract::State, response::Html};
use desk::page;
use kit::{Acting, Action, Failure, web::Routes};
use ui::{Banner, BannerKind, Crumb, Shell};
use uuid::Uuid;

pub fn routes() -> Routes<App> {
    Routes::about("staff").get("/staff/unused", Action::ViewStaff, list)
}

/// What the home page says to whoever manages accounts.
pub(crate) fn banner(count: usize) -> Option<Banner> {
    (count > 0).then(|| {
        Banner::new(BannerKind::Warning, format!("確認が必要な個人IDが{count}件あります"))
            .line("使われていない、役割がない、期限が近いなどの個人IDです。停止するか、続けて使うかを確かめてください。")
            .link("/staff/unused", "一覧を開く")
    })
}

#[derive(Template)]
#[template(path = "unused/unused.html")]
struct UnusedPage {
    shell: Shell,
    rows: Vec<Row>,
    may_manage: bool,
    limits: Vec<(&'static str, String)>,
}

struct Row {
    id: Uuid,
    login: String,
    name: String,
    section: String,
    roles: String,
    seen: String,
    findings: Vec<String>,
    may_disable: bool,
    may_move: bool,
    may_remove: bool,
}

fn row(odd: &Odd, acting: &Acting) -> Row {
    let (listed, id) = (&odd.listed, odd.listed.account.staff_id);
    let is_other = id != acting.staff_id;
    Row {
        id,
        login: listed.login.clone(),
        name: listed.name.clone(),
        section: listed.section.clone(),
        roles: roles_ja(&listed.roles),
        seen: listed.last_seen_at.map_or_else(|| "利用なし".to_owned(), moment),
        findings: odd.findings.iter().map(|finding| finding.ja()).collect(),
        may_disable: is_other && acting.may(Action::ManageStaff),
        may_move: is_other
            && acting.may(Action::MoveStaff)
            && (odd.is_yours || acting.may(Action::ManageStaff)),
        may_remove: odd.is_yours && listed.account.has_role && acting.may(Action::RemoveRights),
    }
}

/// What is looked for, in words.
fn limits() -> Vec<(&'static str, String)> {
    vec![
        ("ログインがない", format!("最後の利用から{}日以上", rules::UNUSED_DAYS)),
        ("一度もログインがない", format!("登録から{}日以上", rules::NEVER_USED_DAYS)),
        ("登録コードが使われていない", "発行の翌々日から".to_owned()),
        ("役割がない", format!("登録から{}日以上", rules::NO_ROLE_DAYS)),
        ("委託契約が終わる", format!("{}日以内", rules::CONTRACT_ENDING_DAYS)),
        ("監督する職員がいない", "監督する職員の個人IDが停止または終了".to_owned()),
        ("パスワードの例外が終わる", format!("{}日以内", rules::PASSWORD_ENDING_DAYS)),
    ]
}

async fn list(State(app): State<App>, acting: Acting) -> Result<Html<String>, Failure> {
    let odd = case::list(&app, &acting).await?;
    let crumbs = vec![Crumb::link("/staff", "職員"), Crumb::here("確認が必要な個人ID")];
    page::show(&UnusedPage {
        rows: odd.iter().map(|one| row(one, &acting)).collect(),
        may_manage: acting.may(Action::ManageStaff),
        limits: limits(),
        shell: page::shell::<App>(&acting, "確認が必要な個人ID", "/staff", crumbs),
    })
}
