//! What staff do with campaigns: order an extraction, release it, cancel it, have it printed.

use super::{
    extract, sql,
    sql::{Campaign, NewCampaign, State},
    summary,
};
use crate::{App, sheets};
use domain::{
    Date,
    campaign::{self, MissingMonth, NoticeKind, fiscal_year_ja},
    schedule::Series,
};
use kit::{Acting, Action, Case, Failure, Municipality, Target, jobs};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

/// 抽出の指示: what the clerk asks for, parsed.
#[derive(Clone, Debug)]
pub struct Order {
    /// Made when the form was shown: a form sent twice makes one campaign.
    pub campaign_id: Uuid,
    pub programme: Series,
    pub kind: NoticeKind,
    pub base_date: Date,
    pub birth_from: Option<Date>,
    pub birth_until: Option<Date>,
    pub dose: Option<u8>,
    pub follows: Option<Uuid>,
    pub quiet_months: i16,
    pub incomplete_reason: String,
    pub valid_until: Option<Date>,
}

impl Order {
    /// `麻しん風しん第1期 予診票（令和8年度、基準日2026-11-23）`.
    pub fn title(&self) -> String {
        let dose = self.dose.map(|dose| format!(" {dose}回目")).unwrap_or_default();
        format!(
            "{}{dose} {}（{}年度、基準日{}）",
            self.programme.ja(),
            self.kind.ja(),
            fiscal_year_ja(self.base_date),
            self.base_date
        )
    }
}

/// Why an order is not taken as it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OrderFault {
    #[error(transparent)]
    BaseDate(#[from] campaign::BaseDateFault),
    #[error("生年月日の終わりは、始まり以後の日付を入力してください")]
    BirthRange,
    #[error("有効期限は基準日以後の日付を入力してください")]
    ValidUntil,
    #[error("もとになる発送は、同じ予防接種の印刷済みの予診票から選んでください")]
    Follows,
    /// 彦根市 2022.
    #[error("{}の接種記録が届いていません。取り込んでから作るか、届く前に勧奨する理由を入力してください", months_ja(.0))]
    Incomplete(Vec<MissingMonth>),
    #[error(
        "接種記録の取込みが一度もありません。取り込んでから作るか、取込み前に勧奨する理由を入力してください"
    )]
    NothingArrived,
}

impl OrderFault {
    /// The field of the form that it stands beside.
    pub const fn field(&self) -> &'static str {
        match self {
            OrderFault::BaseDate(_) => "base_date",
            OrderFault::BirthRange => "birth_until",
            OrderFault::ValidUntil => "valid_until",
            OrderFault::Follows => "follows",
            OrderFault::Incomplete(_) | OrderFault::NothingArrived => "incomplete_reason",
        }
    }
}

fn months_ja(missing: &[MissingMonth]) -> String {
    const NAMED_MAX: usize = 6;
    let mut named: Vec<String> = missing
        .iter()
        .take(NAMED_MAX)
        .map(|one| format!("「{}」の{}年{}月分", one.source, one.month.year(), one.month.month()))
        .collect();
    if missing.len() > NAMED_MAX {
        named.push(format!("ほか{}件", missing.len() - NAMED_MAX));
    }
    named.join("、")
}

/// Everything that stands against an order, at once.
pub async fn faults(
    conn: &mut PgConnection,
    municipality: Municipality,
    order: &Order,
    today: Date,
) -> Result<Vec<OrderFault>, Failure> {
    let mut faults = Vec::new();
    if let Err(fault) = campaign::check_base_date(order.base_date, today) {
        faults.push(fault.into());
    }
    if let (Some(from), Some(until)) = (order.birth_from, order.birth_until)
        && until < from
    {
        faults.push(OrderFault::BirthRange);
    }
    if order.valid_until.is_some_and(|until| until < order.base_date) {
        faults.push(OrderFault::ValidUntil);
    }
    if let Some(earlier) = order.follows {
        let fits = sql::get(conn, municipality, earlier).await?.is_some_and(|earlier| {
            earlier.programme == order.programme
                && earlier.kind == NoticeKind::Questionnaire
                && earlier.state == State::Printed
        });
        if !fits || order.kind != NoticeKind::Reminder {
            faults.push(OrderFault::Follows);
        }
    }
    if order.kind == NoticeKind::Reminder && order.incomplete_reason.is_empty() {
        let arrivals = sql::arrivals(conn, municipality).await?;
        let missing = campaign::missing_months(&arrivals, today);
        if arrivals.is_empty() {
            faults.push(OrderFault::NothingArrived);
        } else if !missing.is_empty() {
            faults.push(OrderFault::Incomplete(missing));
        }
    }
    Ok(faults)
}

/// Orders an extraction: the campaign and its job. The job does the rest.
///
/// # Errors
/// Rights and database. An order with faults is answered with them.
pub async fn order(
    app: &App,
    acting: &Acting,
    order: &Order,
) -> Result<Result<Uuid, Vec<OrderFault>>, Failure> {
    let target = Target::of("campaign", order.campaign_id);
    let mut case = Case::open(&app.kit, acting, Action::ExtractTargets, target).await?;
    let municipality = case.municipality();
    if sql::get(case.conn(), municipality, order.campaign_id).await?.is_some() {
        return Ok(Ok(order.campaign_id));
    }
    let faults = faults(case.conn(), municipality, order, app.kit.clock.today()).await?;
    if !faults.is_empty() {
        let fields: Vec<_> = faults.iter().map(OrderFault::field).collect();
        case.refused(&app.kit, json!({ "programme": order.programme.code(), "fields": fields })).await?;
        return Ok(Err(faults));
    }
    let title = order.title();
    let new = NewCampaign {
        campaign_id: order.campaign_id,
        programme: order.programme,
        kind: order.kind,
        title: title.clone(),
        base_date: order.base_date,
        birth_from: order.birth_from,
        birth_until: order.birth_until,
        dose: order.dose,
        follows: order.follows,
        quiet_months: order.quiet_months,
        incomplete_reason: order.incomplete_reason.clone(),
        valid_until: order.valid_until,
        created_by: acting.staff_id,
        created_at: case.at(),
    };
    sql::insert(case.conn(), municipality, &new).await?;
    let job = jobs::NewJob {
        kind: extract::JOB,
        title: &format!("抽出：{title}"),
        subject_id: Some(order.campaign_id),
        payload: json!({}),
    };
    jobs::enqueue(case.conn(), &app.kit, municipality, Some(acting.staff_id), job).await?;
    case.done(json!({
        "programme": order.programme.code(), "kind": order.kind.code(), "base_date": order.base_date.to_string(),
        "incomplete": !order.incomplete_reason.is_empty(),
    }))
    .await?;
    Ok(Ok(order.campaign_id))
}

/// What came of an attempt to release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Release {
    Released,
    /// The person who made the list may not release it.
    SamePerson,
    /// The typed count is not the count of the list.
    WrongCount,
    /// The list differs much from the last one and this was not acknowledged.
    DifferenceNotSeen,
}

/// 発送の承認 by a second person, who types how many people will be sent something.
///
/// # Errors
/// Rights, an unknown campaign, or one that does not wait for a release.
pub async fn release(
    app: &App,
    acting: &Acting,
    campaign_id: Uuid,
    typed_count: Option<u64>,
    difference_seen: bool,
) -> Result<Release, Failure> {
    let target = Target::of("campaign", campaign_id);
    let mut case = Case::open(&app.kit, acting, Action::ReleaseCampaign, target).await?;
    let municipality = case.municipality();
    let campaign = sql::lock(case.conn(), municipality, campaign_id).await?.ok_or(Failure::NotFound)?;
    if campaign.created_by == acting.staff_id {
        case.refused(&app.kit, json!({ "same_person": true })).await?;
        return Ok(Release::SamePerson);
    }
    must_be(&campaign, &[State::Frozen], "承認できるのは承認待ちの抽出だけです")?;
    if campaign.summary.included == 0 {
        return Err(Failure::Conflict(
            "対象者がいないので承認できません。抽出を取り消し、条件を見直してください。".to_owned(),
        ));
    }
    if typed_count != Some(campaign.summary.included) {
        return Ok(Release::WrongCount);
    }
    if campaign.summary.previous.as_ref().is_some_and(summary::Difference::is_large) && !difference_seen {
        return Ok(Release::DifferenceNotSeen);
    }
    let included = sql::all_included(case.conn(), municipality, campaign_id).await?;
    if campaign.digest.as_deref() != Some(&summary::digest(&included)[..]) {
        return Err(Failure::Internal(anyhow::anyhow!(
            "campaign {campaign_id} is not the list that was frozen"
        )));
    }
    let at = case.at();
    sql::release(case.conn(), municipality, campaign_id, acting.staff_id, at).await?;
    case.done(json!({ "included": campaign.summary.included, "digest": campaign.digest.as_deref().map(extract::hex) }))
        .await?;
    Ok(Release::Released)
}

/// 抽出の取消し, with the reason. What is being printed or has been sent cannot be called back.
///
/// # Errors
/// Rights, an unknown campaign, or one that is printed.
pub async fn cancel(app: &App, acting: &Acting, campaign_id: Uuid, reason: &str) -> Result<(), Failure> {
    let target = Target::of("campaign", campaign_id);
    let mut case = Case::open(&app.kit, acting, Action::CancelCampaign, target).await?;
    let municipality = case.municipality();
    let campaign = sql::lock(case.conn(), municipality, campaign_id).await?.ok_or(Failure::NotFound)?;
    must_be(
        &campaign,
        &[State::Extracting, State::Frozen, State::Released],
        "取り消せるのは印刷を始める前の抽出だけです",
    )?;
    let at = case.at();
    sql::cancel(case.conn(), municipality, campaign_id, acting.staff_id, at, reason).await?;
    case.done(json!({ "from": campaign.state.code() })).await
}

/// Has a released campaign printed, or takes up a printing that failed.
///
/// # Errors
/// Rights, an unknown campaign, one that is not released, or one that is being printed.
pub async fn start_print(app: &App, acting: &Acting, campaign_id: Uuid) -> Result<(), Failure> {
    let target = Target::of("campaign", campaign_id);
    let mut case = Case::open(&app.kit, acting, Action::PrintCampaign, target).await?;
    let municipality = case.municipality();
    let campaign = sql::lock(case.conn(), municipality, campaign_id).await?.ok_or(Failure::NotFound)?;
    must_be(&campaign, &[State::Released, State::Printing], "印刷できるのは承認済みの発送だけです")?;
    if open_job(case.conn(), municipality, campaign_id).await?.is_some() {
        return Err(Failure::Conflict(
            "印刷を進めています。発送の画面で進み具合を確かめてください。".to_owned(),
        ));
    }
    let job = jobs::NewJob {
        kind: sheets::print::JOB,
        title: &format!("印刷：{}", campaign.title),
        subject_id: Some(campaign_id),
        payload: json!({}),
    };
    jobs::enqueue(case.conn(), &app.kit, municipality, Some(acting.staff_id), job).await?;
    case.done(json!({ "ordered": true })).await
}

/// The job that is waiting or running for a campaign.
pub async fn open_job(
    conn: &mut PgConnection,
    municipality: Municipality,
    campaign_id: Uuid,
) -> sqlx::Result<Option<jobs::Job>> {
    let newest = jobs::list(conn, municipality, Some(campaign_id), 1).await?;
    Ok(newest.into_iter().find(jobs::Job::is_open))
}

fn must_be(campaign: &Campaign, states: &[State], otherwise: &str) -> Result<(), Failure> {
    if states.contains(&campaign.state) {
        return Ok(());
    }
    Err(Failure::Conflict(format!(
        "{otherwise}。この抽出は「{}」です。一覧で状態を確かめてください。",
        campaign.state.ja()
    )))
}
