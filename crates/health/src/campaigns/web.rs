//! Pages under `/campaigns`: the list, the order, the campaign with its people, release, cancelling, printing.

mod order;
mod show;

use super::{
    case::{self, Release},
    sql::{self, Campaign, Part, State},
    summary,
};
use crate::{App, page};
use askama::Template;
use axum::{
    extract::{Path, Query, State as Extract},
    http::header,
    response::{Html, IntoResponse, Redirect, Response},
};
use kit::{Acting, Action, Case, Failure, Posted, Target, web::Routes};
use serde::Deserialize;
use serde_json::json;
use ui::{Banner, BannerKind, Chip, Crumb, FieldState, FormErrors, Pager, Shell, Tone, filters};
use uuid::Uuid;

pub const ROOM: &str = "/campaigns";
const LIST: &str = "対象者抽出・発送";
/// Rows on one page of a list.
pub const PER_PAGE: u64 = 50;

pub fn routes() -> Routes<App> {
    Routes::about("campaign")
        .get(ROOM, Action::ViewCampaigns, list)
        .get("/campaigns/new", Action::ExtractTargets, order::form)
        .post("/campaigns/new", Action::ExtractTargets, order::send)
        .get("/campaigns/{id}", Action::ViewCampaigns, show::overview)
        .get("/campaigns/{id}/progress", Action::ViewCampaigns, show::progress)
        .get("/campaigns/{id}/people", Action::ViewCampaigns, show::people)
        .get("/campaigns/{id}/release", Action::ReleaseCampaign, release_page)
        .post("/campaigns/{id}/release", Action::ReleaseCampaign, release)
        .get("/campaigns/{id}/cancel", Action::CancelCampaign, cancel_page)
        .post("/campaigns/{id}/cancel", Action::CancelCampaign, cancel)
        .post("/campaigns/{id}/print", Action::PrintCampaign, print)
}

#[derive(Deserialize, Default)]
pub struct Paging {
    #[serde(default)]
    pub page: Option<u64>,
}

impl Paging {
    pub fn number(&self) -> u64 {
        self.page.unwrap_or(1).clamp(1, 1_000_000)
    }
}

/// Where in a long list a page begins.
pub fn offset(page: u64) -> i64 {
    ((page - 1) * PER_PAGE) as i64
}

/// A count as people type it: full-width digits, commas and 人 are taken.
pub fn number(text: &str) -> Option<u64> {
    let plain = text.chars().filter(|c| !matches!(c, ',' | '，' | '人' | '回' | ' ' | '　'));
    let plain: String = plain
        .map(|c| {
            "０１２３４５６７８９"
                .chars()
                .position(|wide| wide == c)
                .map_or(c, |digit| char::from(b'0' + digit as u8))
        })
        .collect();
    plain.parse().ok()
}

/// A campaign belongs to a municipality: another's id is answered like one that does not exist.
pub async fn find(case: &mut Case, id: Uuid) -> Result<Campaign, Failure> {
    let municipality = case.municipality();
    sql::get(case.conn(), municipality, id).await?.ok_or(Failure::NotFound)
}

impl Campaign {
    fn chip(&self) -> Chip {
        let tone = match self.state {
            State::Extracting | State::Printing => Tone::Active,
            State::Frozen => Tone::Waiting,
            State::Released | State::Printed => Tone::Good,
            State::Cancelled => Tone::Off,
        };
        Chip::new(tone, self.state.ja())
    }

    /// What everybody who looks at the list must know.
    fn warnings(&self) -> Vec<Banner> {
        let mut banners = Vec::new();
        if !self.incomplete_reason.is_empty() {
            let months: Vec<String> = self
                .summary
                .missing
                .iter()
                .take(MONTHS_SHOWN)
                .map(|(source, month)| format!("{source} {month}"))
                .collect();
            banners.push(
                Banner::new(BannerKind::Warning, "接種記録が届いていない月があります")
                    .line(format!("未着：{}", months.join("、")))
                    .line(format!("勧奨する理由：{}", self.incomplete_reason)),
            );
        }
        if self.summary.previous.as_ref().is_some_and(summary::Difference::is_large) {
            banners.push(
                Banner::new(BannerKind::Warning, "前回から半分以上が入れ替わっています")
                    .line("基準日と条件に間違いがないか、前回との差を確かめてください。"),
            );
        }
        banners
    }
}

/// Missing months that fit into a banner.
const MONTHS_SHOWN: usize = 12;

pub fn crumbs(campaign: &Campaign, here: &str) -> Vec<Crumb> {
    vec![
        Crumb::link("/", "ホーム"),
        Crumb::link(ROOM, LIST),
        Crumb::link(format!("{ROOM}/{}", campaign.campaign_id), campaign.title.clone()),
        Crumb::here(here),
    ]
}

#[derive(Template)]
#[template(path = "campaigns/list.html")]
struct ListPage {
    shell: Shell,
    campaigns: Vec<Campaign>,
    pager: Pager,
    may_extract: bool,
}

async fn list(
    Extract(app): Extract<App>,
    acting: Acting,
    Query(paging): Query<Paging>,
) -> Result<Html<String>, Failure> {
    let mut case = Case::open(&app.kit, &acting, Action::ViewCampaigns, Target::NONE).await?;
    let municipality = case.municipality();
    let number = paging.number();
    let (campaigns, total) = sql::list(case.conn(), municipality, PER_PAGE as i64, offset(number)).await?;
    case.viewed(json!({ "page": number })).await?;
    page::show(&ListPage {
        shell: page::shell(&acting, LIST, ROOM, vec![Crumb::link("/", "ホーム"), Crumb::here(LIST)]),
        campaigns,
        pager: Pager {
            page: number,
            per_page: PER_PAGE,
            total: total as u64,
            href: format!("{ROOM}?page="),
            label: "抽出・発送の一覧".to_owned(),
        },
        may_extract: acting.may(Action::ExtractTargets),
    })
}

#[derive(Template)]
#[template(path = "campaigns/release.html")]
struct ReleasePage {
    shell: Shell,
    campaign: Campaign,
    banners: Vec<Banner>,
    edges: Vec<show::PersonRow>,
    reasons: Vec<show::ReasonCount>,
    gone: Vec<show::ReasonCount>,
    count: FieldState,
    difference_seen: FieldState,
    needs_difference: bool,
}

/// How many edge samples fit: five at each of four edges, included and excluded.
const EDGES_MAX: i64 = 60;

async fn make_release_page(
    app: &App,
    acting: &Acting,
    id: Uuid,
    posted: &Posted,
    errors: FormErrors,
) -> Result<ReleasePage, Failure> {
    let mut case = Case::open(&app.kit, acting, Action::ReleaseCampaign, Target::of("campaign", id)).await?;
    let municipality = case.municipality();
    let campaign = find(&mut case, id).await?;
    let (edges, _) = sql::targets(case.conn(), municipality, &campaign, &Part::Edges, EDGES_MAX, 0).await?;
    for row in &edges {
        case.also_viewed(&app.kit, Target::resident(row.resident_id), json!({ "campaign": id })).await?;
    }
    case.viewed(json!({ "edges": edges.len() })).await?;
    let mut shell = page::shell(acting, "発送の承認", ROOM, crumbs(&campaign, "承認"));
    shell.errors = errors.clone();
    let base = ui::dates::both(campaign.base_date);
    let said = Banner::new(BannerKind::Info, format!("基準日は{base}です")).line(format!(
        "{}さんが作成しました。承認すると、一覧は変更できなくなり、印刷できるようになります。",
        campaign.created_by_name
    ));
    let mut banners = vec![said];
    banners.extend(campaign.warnings());
    Ok(ReleasePage {
        banners,
        edges: edges.iter().map(|row| show::PersonRow::new(row, campaign.base_date)).collect(),
        reasons: show::reasons(&campaign),
        gone: show::gone(&campaign),
        count: errors.field("count", posted.text("count")),
        difference_seen: errors.field("difference_seen", posted.text("difference_seen")),
        needs_difference: campaign.summary.previous.as_ref().is_some_and(summary::Difference::is_large),
        shell,
        campaign,
    })
}

async fn release_page(
    Extract(app): Extract<App>,
    acting: Acting,
    Path(id): Path<Uuid>,
) -> Result<Response, Failure> {
    let made = make_release_page(&app, &acting, id, &Posted::default(), FormErrors::default()).await?;
    if made.campaign.created_by == acting.staff_id {
        return same_person(&acting, &made.campaign);
    }
    if made.campaign.state != State::Frozen {
        return Ok(Redirect::to(&format!("{ROOM}/{id}")).into_response());
    }
    Ok(page::show(&made)?.into_response())
}

async fn release(
    Extract(app): Extract<App>,
    acting: Acting,
    Path(id): Path<Uuid>,
    posted: Posted,
) -> Result<Response, Failure> {
    let count = number(posted.trimmed("count"));
    let outcome = case::release(&app, &acting, id, count, posted.is_checked("difference_seen")).await?;
    let mut errors = FormErrors::default();
    match outcome {
        Release::Released => return Ok(Redirect::to(&format!("{ROOM}/{id}")).into_response()),
        Release::SamePerson => {
            let mut case =
                Case::open(&app.kit, &acting, Action::ViewCampaigns, Target::of("campaign", id)).await?;
            let campaign = find(&mut case, id).await?;
            case.viewed(json!({})).await?;
            return same_person(&acting, &campaign);
        }
        Release::WrongCount => {
            errors.add("count", "人数が違います。上の対象者数を確かめて、同じ数を入力してください");
        }
        Release::DifferenceNotSeen => {
            errors.add("difference_seen", "前回との差を確かめて、チェックを入れてください");
        }
    }
    page::show_errors(&make_release_page(&app, &acting, id, &posted, errors).await?)
}

#[derive(Template)]
#[template(path = "campaigns/same_person.html")]
struct SamePersonPage {
    shell: Shell,
    campaign: Campaign,
}

/// Not an error of the form: a page that explains.
fn same_person(acting: &Acting, campaign: &Campaign) -> Result<Response, Failure> {
    let made = SamePersonPage {
        shell: page::shell(acting, "承認できません", ROOM, crumbs(campaign, "承認")),
        campaign: campaign.clone(),
    };
    Ok((axum::http::StatusCode::FORBIDDEN, page::show(&made)?).into_response())
}

#[derive(Template)]
#[template(path = "campaigns/cancel.html")]
struct CancelPage {
    shell: Shell,
    campaign: Campaign,
    reason: FieldState,
}

async fn make_cancel_page(
    app: &App,
    acting: &Acting,
    id: Uuid,
    posted: &Posted,
    errors: FormErrors,
) -> Result<CancelPage, Failure> {
    let mut case = Case::open(&app.kit, acting, Action::CancelCampaign, Target::of("campaign", id)).await?;
    let campaign = find(&mut case, id).await?;
    case.viewed(json!({})).await?;
    let mut shell = page::shell(acting, "抽出の取消し", ROOM, crumbs(&campaign, "取消し"));
    let reason = errors.field("reason", posted.text("reason"));
    shell.errors = errors;
    Ok(CancelPage { shell, campaign, reason })
}

async fn cancel_page(
    Extract(app): Extract<App>,
    acting: Acting,
    Path(id): Path<Uuid>,
) -> Result<Html<String>, Failure> {
    page::show(&make_cancel_page(&app, &acting, id, &Posted::default(), FormErrors::default()).await?)
}

/// A reason is a sentence or two.
const REASON_CHARS_MAX: usize = 500;

async fn cancel(
    Extract(app): Extract<App>,
    acting: Acting,
    Path(id): Path<Uuid>,
    posted: Posted,
) -> Result<Response, Failure> {
    let reason = posted.trimmed("reason");
    let mut errors = FormErrors::default();
    if reason.is_empty() {
        errors.add("reason", "取り消す理由を入力してください");
    } else if reason.chars().count() > REASON_CHARS_MAX {
        errors.add("reason", format!("理由は{REASON_CHARS_MAX}文字以内で入力してください"));
    }
    if !errors.is_empty() {
        return page::show_errors(&make_cancel_page(&app, &acting, id, &posted, errors).await?);
    }
    case::cancel(&app, &acting, id, reason).await?;
    Ok(Redirect::to(&format!("{ROOM}/{id}")).into_response())
}

async fn print(
    Extract(app): Extract<App>,
    acting: Acting,
    Path(id): Path<Uuid>,
    _token: Posted,
) -> Result<Redirect, Failure> {
    case::start_print(&app, &acting, id).await?;
    Ok(Redirect::to(&format!("{ROOM}/{id}")))
}

/// A file to be saved, never shown in the browser.
pub fn download(bytes: Vec<u8>, kind: &'static str, name: &str) -> Response {
    let disposition = format!("attachment; filename=\"{name}\"");
    ([(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, disposition)], bytes)
        .into_response()
}
