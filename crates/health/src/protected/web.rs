//! Pages of 支援措置対象者の印刷, under the campaign.

use super::{
    case::{self, Overview},
    sql::KeptBack,
};
use crate::{
    App,
    campaigns::{
        sql::Campaign,
        web::{ROOM, crumbs},
    },
    exports::web::line,
    page,
};
use askama::Template;
use axum::{
    extract::{Path, State},
    response::{Html, IntoResponse, Redirect, Response},
};
use desk::approvals::web::chip;
use domain::leaving::HandOver;
use kit::{
    Acting, Action, Failure, Posted,
    approvals::{Approval, steps::may_use},
    web::Routes,
};
use ui::{Banner, BannerKind, Chip, Choice, FieldState, FormErrors, Shell};
use uuid::Uuid;

pub fn routes() -> Routes<App> {
    Routes::about("campaign")
        .get("/campaigns/{id}/protected", Action::ViewCampaigns, list)
        .get("/campaigns/{id}/protected/{resident}", Action::ApplyProtectedPrint, form)
        .post("/campaigns/{id}/protected/{resident}", Action::ApplyProtectedPrint, send)
        .post("/campaigns/{id}/protected/{resident}/print", Action::PrintCampaign, print)
}

const HERE: &str = "支援措置対象者の印刷";

#[derive(Template)]
#[template(path = "protected/list.html")]
struct ListPage {
    shell: Shell,
    campaign: Campaign,
    rows: Vec<Row>,
}

struct Row {
    id: Uuid,
    number: String,
    name: String,
    mailing: &'static str,
    hand_over: &'static str,
    approval: Option<(Uuid, String, Chip)>,
    file: Option<i32>,
    is_erased: bool,
    asks: bool,
    prints: bool,
}

fn row(acting: &Acting, (one, approval): &(KeptBack, Option<Approval>), now: jiff::Timestamp) -> Row {
    let is_usable = approval.as_ref().is_some_and(|approval| may_use(approval, acting.staff_id, now).is_ok());
    Row {
        id: one.target.resident_id,
        number: one.target.addressee_number.clone(),
        name: one.target.name.clone(),
        mailing: if one.has_mailing_address { "あり" } else { "なし" },
        hand_over: one.asked.map_or("", |(_, hand_over)| hand_over.ja()),
        approval: approval
            .as_ref()
            .map(|one| (one.approval_id, format!("第{}号", one.number), chip(one, now))),
        file: one.file_number,
        is_erased: one.is_erased,
        asks: one.file_number.is_none()
            && acting.may(Action::ApplyProtectedPrint)
            && !approval.as_ref().is_some_and(|approval| approval.is_open(now)),
        prints: one.file_number.is_none() && is_usable && acting.may(Action::PrintCampaign),
    }
}

async fn list(State(app): State<App>, acting: Acting, Path(id): Path<Uuid>) -> Result<Html<String>, Failure> {
    let Overview { campaign, people, now } = case::overview(&app, &acting, id).await?;
    page::show(&ListPage {
        shell: page::shell(&acting, HERE, ROOM, crumbs(&campaign, HERE)),
        rows: people.iter().map(|one| row(&acting, one, now)).collect(),
        campaign,
    })
}

#[derive(Template)]
#[template(path = "protected/form.html")]
struct FormPage {
    shell: Shell,
    banner: Banner,
    campaign_id: Uuid,
    resident_id: Uuid,
    title: String,
    number: String,
    name: String,
    dose: u8,
    hand_over: FieldState,
    hand_overs: Vec<Choice>,
    reason: FieldState,
}

fn form_page(
    acting: &Acting,
    (campaign, one): &(Campaign, KeptBack),
    posted: &Posted,
    errors: FormErrors,
) -> FormPage {
    FormPage {
        banner: Banner::new(BannerKind::AddressProtection, "支援措置の対象者です")
            .line("本人の居所が知られない渡し方を、本人と確かめてから申請してください。"),
        campaign_id: campaign.campaign_id,
        resident_id: one.target.resident_id,
        title: campaign.title.clone(),
        number: one.target.addressee_number.clone(),
        name: one.target.name.clone(),
        dose: one.target.dose,
        hand_over: errors.field("hand_over", posted.text("hand_over")),
        hand_overs: HandOver::ALL.iter().map(|one| Choice::new(one.code(), one.ja())).collect(),
        reason: errors.field("reason", posted.text("reason")),
        shell: Shell { errors, ..page::shell(acting, HERE, ROOM, crumbs(campaign, HERE)) },
    }
}

async fn form(
    State(app): State<App>,
    acting: Acting,
    Path((id, resident)): Path<(Uuid, Uuid)>,
) -> Result<Html<String>, Failure> {
    let begun = case::begin(&app, &acting, (id, resident)).await?;
    page::show(&form_page(&acting, &begun, &Posted::default(), FormErrors::default()))
}

async fn send(
    State(app): State<App>,
    acting: Acting,
    Path((id, resident)): Path<(Uuid, Uuid)>,
    posted: Posted,
) -> Result<Response, Failure> {
    let mut errors = FormErrors::default();
    let hand_over = HandOver::from_code(posted.text("hand_over"));
    if hand_over.is_none() {
        errors.add("hand_over", "渡し方を選択してください");
    }
    let reason = line(&posted, ("reason", "申請の理由"), &mut errors);
    if let (Some(hand_over), true) = (hand_over, errors.is_empty()) {
        match case::apply(&app, &acting, (id, resident), (hand_over, &reason)).await? {
            Ok(approval_id) => {
                return Ok(Redirect::to(&format!("/approvals/{approval_id}")).into_response());
            }
            Err(fault) => errors.add("hand_over", fault),
        }
    }
    let begun = case::begin(&app, &acting, (id, resident)).await?;
    page::show_errors(&form_page(&acting, &begun, &posted, errors))
}

async fn print(
    State(app): State<App>,
    acting: Acting,
    Path((id, resident)): Path<(Uuid, Uuid)>,
    _token: Posted,
) -> Result<Redirect, Failure> {
    case::print(&app, &acting, (id, resident)).await?;
    Ok(Redirect::to(&format!("{ROOM}/{id}/protected")))
}
