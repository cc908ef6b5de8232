//! One campaign: what was asked, what was found, who is on the list and who is not.

use super::{PER_PAGE, ROOM, crumbs, find, offset};
use crate::{
    App,
    campaigns::{
        case,
        sql::{self, Campaign, Part, State, TargetRow},
        summary::{AgeBar, Count, EDGES, NO_LONGER_LISTED, age_ja},
        table,
    },
    page,
    sheets::print,
};
use askama::Template;
use axum::{
    extract::{Path, Query, State as Extract},
    response::Html,
};
use domain::{
    Date,
    campaign::{Exclusion, NoticeKind, fiscal_year_ja},
};
use kit::{Acting, Action, Case, Failure, Target, clock, jobs};
use serde::Deserialize;
use serde_json::json;
use ui::{
    Banner, BannerKind, Chart, ChartKind, ChartSeries, Chip, Choice, Pager, Progress, Shell, Steps, filters,
};
use uuid::Uuid;

/// How many people are excluded (or gone) for a reason.
pub struct ReasonCount {
    pub code: String,
    pub ja: &'static str,
    pub sentence: &'static str,
    pub source: &'static str,
    pub count: u64,
}

fn reason(count: &Count) -> ReasonCount {
    let why = Exclusion::from_code(&count.code);
    ReasonCount {
        code: count.code.clone(),
        ja: why.map_or("対象外", Exclusion::ja),
        sentence: why.map_or(NO_LONGER_LISTED, Exclusion::sentence),
        source: why.map_or("", Exclusion::source),
        count: count.count,
    }
}

pub fn reasons(campaign: &Campaign) -> Vec<ReasonCount> {
    campaign.summary.excluded.iter().map(reason).collect()
}

pub fn gone(campaign: &Campaign) -> Vec<ReasonCount> {
    campaign.summary.previous.iter().flat_map(|difference| &difference.gone).map(reason).collect()
}

/// A person of the list as a table shows them.
pub struct PersonRow {
    pub target: TargetRow,
    pub age: String,
    pub sex: &'static str,
    pub edge: &'static str,
    pub why: &'static str,
}

impl PersonRow {
    pub fn new(row: &TargetRow, base: Date) -> Self {
        PersonRow {
            age: age_ja(row.birth_date, base),
            sex: table::sex_ja(row.sex),
            edge: EDGES.iter().find(|(code, _)| *code == row.edge).map_or("", |(_, ja)| ja),
            why: row.exclusion.map_or(if row.included { "対象" } else { "対象外" }, Exclusion::ja),
            target: row.clone(),
        }
    }
}

#[derive(Template)]
#[template(path = "campaigns/overview.html")]
struct OverviewPage {
    shell: Shell,
    campaign: Campaign,
    steps: Steps,
    chip: Chip,
    fiscal_year: String,
    created_at: String,
    released_at: String,
    banners: Vec<Banner>,
    progress: Option<Progress>,
    finished: Option<String>,
    reasons: Vec<ReasonCount>,
    gone: Vec<ReasonCount>,
    chart: Option<Chart>,
    digest: String,
    may: May,
    is_reminder: bool,
}

/// What the person at the screen may do next.
struct May {
    release: bool,
    made_it: bool,
    cancel: bool,
    print: bool,
    remind: bool,
}

impl May {
    fn new(acting: &Acting, campaign: &Campaign, busy: bool) -> Self {
        let state = campaign.state;
        let made_it = campaign.created_by == acting.staff_id;
        May {
            release: state == State::Frozen && acting.may(Action::ReleaseCampaign) && !made_it,
            made_it: state == State::Frozen && made_it,
            cancel: matches!(state, State::Extracting | State::Frozen | State::Released)
                && acting.may(Action::CancelCampaign)
                && !busy,
            print: matches!(state, State::Released | State::Printing)
                && acting.may(Action::PrintCampaign)
                && !busy,
            remind: state == State::Printed
                && campaign.kind == NoticeKind::Questionnaire
                && acting.may(Action::ExtractTargets),
        }
    }
}

/// Where a campaign stands on its way.
fn steps(state: State) -> Steps {
    let current = match state {
        State::Extracting | State::Cancelled => 0,
        State::Frozen => 1,
        State::Released | State::Printing => 2,
        State::Printed => 4,
    };
    Steps { names: vec!["抽出", "承認", "印刷", "発送"], current }
}

fn moment(at: Option<jiff::Timestamp>) -> String {
    at.map(|at| clock::in_japan(at).strftime("%Y-%m-%d %H:%M").to_string()).unwrap_or_default()
}

pub async fn overview(
    Extract(app): Extract<App>,
    acting: Acting,
    Path(id): Path<Uuid>,
) -> Result<Html<String>, Failure> {
    let mut case = Case::open(&app.kit, &acting, Action::ViewCampaigns, Target::of("campaign", id)).await?;
    let municipality = case.municipality();
    let campaign = find(&mut case, id).await?;
    let job = jobs::list(case.conn(), municipality, Some(id), 1).await?.into_iter().next();
    case.viewed(json!({})).await?;
    let busy = job.as_ref().is_some_and(jobs::Job::is_open);
    let failed = job.as_ref().filter(|job| job.state == "failed" && campaign.state != State::Cancelled);
    let finished = job.as_ref().filter(|job| job.state == "done" && campaign.state != State::Cancelled);
    let mut banners = campaign.warnings();
    if let Some(job) = failed {
        banners.push(Banner::new(BannerKind::Error, "処理を終えられませんでした").line(job.message.clone()));
    }
    if campaign.state == State::Cancelled {
        let who = format!(
            "{} {}：{}",
            moment(campaign.cancelled_at),
            campaign.cancelled_by_name,
            campaign.cancel_reason
        );
        banners.push(Banner::new(BannerKind::Info, "この抽出は取り消されました").line(who));
    }
    let mut shell = page::shell(&acting, &campaign.title, ROOM, crumbs(&campaign, "概要"));
    shell.breadcrumbs.pop();
    if let Some(last) = shell.breadcrumbs.last_mut() {
        last.href = None;
    }
    shell.data_until = Some(campaign.summary.data_until.clone()).filter(|until| !until.is_empty());
    page::show(&OverviewPage {
        steps: steps(campaign.state),
        chip: campaign.chip(),
        fiscal_year: fiscal_year_ja(campaign.base_date),
        created_at: moment(Some(campaign.created_at)),
        released_at: moment(campaign.released_at),
        progress: job.as_ref().filter(|job| job.is_open()).map(|job| bar(id, job)),
        banners,
        finished: finished.map(|job| job.message.clone()),
        reasons: reasons(&campaign),
        gone: gone(&campaign),
        chart: chart(&campaign),
        digest: campaign.digest.as_deref().map(crate::campaigns::extract::hex).unwrap_or_default(),
        may: May::new(&acting, &campaign, busy),
        is_reminder: campaign.kind == NoticeKind::Reminder,
        shell,
        campaign,
    })
}

fn chart(campaign: &Campaign) -> Option<Chart> {
    let ages = &campaign.summary.ages;
    let (first, last) = (ages.first()?, ages.last()?);
    let values = |pick: fn(&AgeBar) -> u64| ages.iter().map(|bar| Some(pick(bar) as f64)).collect();
    Some(Chart {
        id: "ages".to_owned(),
        title: "基準日の年齢ごとの人数".to_owned(),
        summary: format!(
            "{}から{}まで、対象は{}人です。",
            first.label,
            last.label,
            ui::dates::thousands(campaign.summary.included as i64)
        ),
        kind: ChartKind::Stack,
        axis: "年齢".to_owned(),
        categories: ages.iter().map(|bar| bar.label.clone()).collect(),
        series: vec![
            ChartSeries { name: "対象".to_owned(), values: values(|bar| bar.included) },
            ChartSeries { name: "除外".to_owned(), values: values(|bar| bar.excluded) },
        ],
        unit: "人".to_owned(),
        max: None,
    })
}

fn bar(id: Uuid, job: &jobs::Job) -> Progress {
    let is_print = job.kind == print::JOB;
    Progress {
        id: "job".to_owned(),
        label: if is_print { "印刷" } else { "抽出" }.to_owned(),
        done: job.progress_done.max(0) as u64,
        total: Some(job.progress_total.max(0) as u64).filter(|total| *total > 0),
        unit: if is_print { "人" } else { "段階" }.to_owned(),
        note: if job.message.is_empty() {
            format!("{}です。", job.state_ja())
        } else {
            format!("{}。", job.message)
        },
        poll: job.is_open().then(|| format!("{ROOM}/{id}/progress")),
    }
}

#[derive(Template)]
#[template(path = "campaigns/progress.html")]
struct ProgressPart {
    progress: Option<Progress>,
    href: String,
    message: String,
}

/// The bar alone, asked for every two seconds where script runs. When the job has ended it leads to the page.
pub async fn progress(
    Extract(app): Extract<App>,
    acting: Acting,
    Path(id): Path<Uuid>,
) -> Result<Html<String>, Failure> {
    let mut case = Case::open(&app.kit, &acting, Action::ViewCampaigns, Target::of("campaign", id)).await?;
    let municipality = case.municipality();
    find(&mut case, id).await?;
    let open = case::open_job(case.conn(), municipality, id).await?;
    let newest = jobs::list(case.conn(), municipality, Some(id), 1).await?;
    case.viewed(json!({ "progress": true })).await?;
    page::show(&ProgressPart {
        progress: open.map(|job| bar(id, &job)),
        href: format!("{ROOM}/{id}"),
        message: newest.first().map(|job| job.message.clone()).unwrap_or_default(),
    })
}

#[derive(Deserialize, Default)]
pub struct PeopleQuery {
    #[serde(default)]
    part: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    page: Option<u64>,
}

/// The parts of a list, in the order of their tabs.
const PARTS: [(&str, &str); 5] = [
    ("included", "対象者"),
    ("excluded", "除外者"),
    ("edges", "境の確認"),
    ("added", "前回になし"),
    ("gone", "前回のみ"),
];

#[derive(Template)]
#[template(path = "campaigns/people.html")]
struct PeoplePage {
    shell: Shell,
    campaign: Campaign,
    parts: Vec<(&'static str, &'static str, bool)>,
    part: &'static str,
    heading: &'static str,
    reason: ui::FieldState,
    reasons: Vec<Choice>,
    rows: Vec<PersonRow>,
    pager: Pager,
    may_download: bool,
}

pub async fn people(
    Extract(app): Extract<App>,
    acting: Acting,
    Path(id): Path<Uuid>,
    Query(query): Query<PeopleQuery>,
) -> Result<Html<String>, Failure> {
    let (code, heading) = PARTS.into_iter().find(|(code, _)| *code == query.part).unwrap_or(PARTS[0]);
    let why = Exclusion::from_code(&query.reason);
    let part = match code {
        "excluded" => Part::Excluded(why),
        "edges" => Part::Edges,
        "added" => Part::Added,
        "gone" => Part::Gone,
        _ => Part::Included,
    };
    let number = query.page.unwrap_or(1).clamp(1, 1_000_000);
    let mut case = Case::open(&app.kit, &acting, Action::ViewCampaigns, Target::of("campaign", id)).await?;
    let municipality = case.municipality();
    let campaign = find(&mut case, id).await?;
    let (rows, total) =
        sql::targets(case.conn(), municipality, &campaign, &part, PER_PAGE as i64, offset(number)).await?;
    for row in &rows {
        case.also_viewed(&app.kit, Target::resident(row.resident_id), json!({ "campaign": id })).await?;
    }
    case.viewed(json!({ "part": code, "page": number, "people": rows.len() })).await?;
    let reason_code = why.map_or("", Exclusion::code);
    page::show(&PeoplePage {
        shell: page::shell(
            &acting,
            &format!("{heading}：{}", campaign.title),
            ROOM,
            crumbs(&campaign, heading),
        ),
        parts: PARTS
            .into_iter()
            .filter(|(code, _)| campaign.previous_id.is_some() || !matches!(*code, "added" | "gone"))
            .map(|(one, ja)| (one, ja, one == code))
            .collect(),
        part: code,
        heading,
        reason: ui::FieldState::of(reason_code),
        reasons: reasons(&campaign)
            .iter()
            .map(|reason| Choice::new(reason.code.clone(), format!("{}（{}人）", reason.ja, reason.count)))
            .collect(),
        rows: rows.iter().map(|row| PersonRow::new(row, campaign.base_date)).collect(),
        pager: Pager {
            page: number,
            per_page: PER_PAGE,
            total: total as u64,
            href: format!("{ROOM}/{id}/people?part={code}&reason={reason_code}&page="),
            label: heading.to_owned(),
        },
        may_download: acting.may(Action::ApplyExport),
        campaign,
    })
}

/// Tabs count what the summary knows.
impl PeoplePage {
    fn count(&self, part: &str) -> u64 {
        let summary = &self.campaign.summary;
        match part {
            "included" => summary.included,
            "excluded" => summary.excluded_total(),
            "added" => summary.previous.as_ref().map_or(0, |difference| difference.added),
            "gone" => summary.previous.as_ref().map_or(0, crate::campaigns::summary::Difference::gone_total),
            _ => 0,
        }
    }
}
