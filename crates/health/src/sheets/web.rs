//! Finished print files of a campaign: the list with what was kept back, the files, the manifest.

use super::{files, sql};
use crate::{
    App,
    campaigns::{
        sql::Campaign,
        web::{PER_PAGE, Paging, ROOM, crumbs, download, find, offset},
    },
    page, protected,
};
use askama::Template;
use axum::{
    extract::{Path, Query, State},
    response::{Html, Response},
};
use desk::approvals::web::moment;
use domain::campaign::Exclusion;
use kit::{Acting, Action, Case, Failure, Target, web::Routes};
use serde_json::json;
use ui::{Pager, Shell, filters};
use uuid::Uuid;

pub fn routes() -> Routes<App> {
    Routes::about("campaign").get("/campaigns/{id}/files", Action::ViewCampaigns, list).get(
        "/campaigns/{id}/files/{number}",
        Action::DownloadPrint,
        file,
    )
}

#[derive(Template)]
#[template(path = "sheets/files.html")]
struct FilesPage {
    shell: Shell,
    campaign: Campaign,
    files: Vec<sql::PrintFile>,
    withheld: Vec<sql::WithheldRow>,
    pager: Pager,
    may_download: bool,
    may_erase: bool,
}

impl sql::PrintFile {
    /// What has become of it: the word and the moment, where it is erased.
    fn erased_ja(&self) -> String {
        let Some(erased) = self.erased else { return String::new() };
        let word = if erased.is_removed { "消去済み" } else { "消去しています" };
        format!("{word}（{}）", moment(erased.at))
    }
}

impl sql::WithheldRow {
    fn why_ja(&self) -> &'static str {
        self.why.map_or("", Exclusion::ja)
    }
}

async fn list(
    State(app): State<App>,
    acting: Acting,
    Path(id): Path<Uuid>,
    Query(paging): Query<Paging>,
) -> Result<Html<String>, Failure> {
    let mut case = Case::open(&app.kit, &acting, Action::ViewCampaigns, Target::of("campaign", id)).await?;
    let municipality = case.municipality();
    let campaign = find(&mut case, id).await?;
    let number = paging.number();
    let files = sql::files(case.conn(), municipality, id).await?;
    let (withheld, total) =
        sql::withheld(case.conn(), municipality, id, PER_PAGE as i64, offset(number)).await?;
    for row in &withheld {
        case.also_viewed(&app.kit, Target::resident(row.resident_id), json!({ "campaign": id })).await?;
    }
    case.viewed(json!({ "files": files.len(), "withheld": withheld.len() })).await?;
    page::show(&FilesPage {
        shell: page::shell(&acting, "印刷ファイル", ROOM, crumbs(&campaign, "印刷ファイル")),
        files,
        withheld,
        pager: Pager {
            page: number,
            per_page: PER_PAGE,
            total: total as u64,
            href: format!("{ROOM}/{id}/files?page="),
            label: "印刷しなかった方".to_owned(),
        },
        may_download: acting.may(Action::DownloadPrint),
        may_erase: acting.may(Action::ApplyErasure),
        campaign,
    })
}

async fn file(
    State(app): State<App>,
    acting: Acting,
    Path((id, number)): Path<(Uuid, i32)>,
) -> Result<Response, Failure> {
    let mut case = Case::open(&app.kit, &acting, Action::DownloadPrint, Target::of("campaign", id)).await?;
    let municipality = case.municipality();
    let all = sql::files(case.conn(), municipality, id).await?;
    let file = all.into_iter().find(|file| file.file_number == number).ok_or(Failure::NotFound)?;
    if let Some(erased) = file.erased {
        case.refused(&app.kit, json!({ "file": number, "cause": "erased" })).await?;
        return Err(Failure::Conflict(format!(
            "このファイルは {} に消去されました（承認 第{}号）。発送の記録は住民ごとの発送履歴で確かめてください。",
            moment(erased.at),
            erased.approval_number
        )));
    }
    if file.is_protected {
        let asked_by = protected::sql::asked_by(case.conn(), municipality, id, number).await?;
        if asked_by != Some(acting.staff_id) {
            case.refused(&app.kit, json!({ "file": number, "cause": "others_protected_file" })).await?;
            return Err(Failure::Conflict("このファイルは、印刷を申請した人だけが取得できます。".to_owned()));
        }
    }
    let folder = files::folder(&app, municipality, id);
    let name = file.file_name.clone();
    let pages = file.pages;
    let bytes = tokio::task::spawn_blocking(move || files::get(&folder, &file))
        .await
        .map_err(|error| Failure::Internal(error.into()))??;
    case.done(json!({ "file": number, "pages": pages })).await?;
    Ok(download(bytes, "application/pdf", &name))
}
