//! The first page after signing in.

use super::{
    case::{self, Home},
    sql::Counted,
};
use crate::{App, page};
use askama::Template;
use axum::{
    extract::{Path, State},
    response::{Html, Redirect},
};
use desk::duties::Duties;
use kit::{Acting, Action, Failure, Posted, jobs::Job, web::Routes};
use ui::{Chart, ChartKind, ChartSeries, Chip, Progress, Shell, Tone, dates, filters};
use uuid::Uuid;

pub fn routes() -> Routes<App> {
    Routes::about("job")
        .get("/", Action::ViewHome, home)
        .post("/coverage", Action::ViewStatistics, count)
        .get("/jobs/{id}", Action::ViewJobs, job)
}

#[derive(Template)]
#[template(path = "home/home.html")]
struct HomePage {
    shell: Shell,
    cards: Vec<Card>,
    running: Vec<Progress>,
    ended: Vec<EndedJob>,
    chart: Option<Chart>,
    may_count: bool,
    duties: Duties,
}

struct Card {
    href: &'static str,
    title: &'static str,
    count: i64,
    note: &'static str,
}

struct EndedJob {
    title: String,
    chip: Chip,
    message: String,
    at: String,
}

/// The cards of someone with these rights; what does not wait is not shown.
fn cards(acting: &Acting, home: &Home) -> Vec<Card> {
    let waiting = home.waiting;
    let all = [
        (
            Action::ReleaseCampaign,
            "/campaigns",
            "発送の承認",
            waiting.to_release,
            "抽出結果を確かめて承認してください",
        ),
        // Only kinds that this person may decide are counted.
        (
            Action::ViewApprovals,
            "/approvals",
            "二人承認",
            home.to_approve,
            "申請の内容を確かめて、承認または却下してください",
        ),
        (
            Action::ViewExports,
            "/exports",
            "消去の報告の期限切れ",
            home.overdue,
            "持ち出したファイルの消去を確かめ、報告してください",
        ),
        (
            Action::PrintCampaign,
            "/campaigns",
            "印刷待ち",
            waiting.to_print,
            "承認済みです。印刷を始めてください",
        ),
        (
            Action::DecideReview,
            "/imports/review",
            "取込みの確認待ち",
            waiting.to_review,
            "登録するか判断してください",
        ),
        (
            Action::PrintCampaign,
            "/campaigns",
            "印刷を見合わせた予診票",
            waiting.withheld,
            "理由を確かめてください",
        ),
        (Action::ViewJobs, "/", "失敗した処理", waiting.failed, "下の一覧で理由を確かめてください"),
    ];
    all.into_iter()
        .filter(|(action, _, _, count, _)| *count > 0 && acting.may(*action))
        .map(|(_, href, title, count, note)| Card { href, title, count, note })
        .collect()
}

/// The progress bar of a job; asks again while the job is open.
pub fn progress(job: &Job) -> Progress {
    Progress {
        id: format!("job-{}", job.job_id),
        label: job.title.clone(),
        done: job.progress_done.max(0) as u64,
        total: (job.progress_total > 0).then_some(job.progress_total as u64),
        unit: "件".to_owned(),
        note: if job.message.is_empty() { job.state_ja().to_owned() } else { job.message.clone() },
        poll: job.is_open().then(|| format!("/jobs/{}", job.job_id)),
    }
}

fn ended(job: &Job) -> EndedJob {
    let tone = match job.state.as_str() {
        "done" => Tone::Good,
        "failed" => Tone::Stop,
        _ => Tone::Off,
    };
    let at = job.finished_at.unwrap_or(job.created_at);
    EndedJob {
        title: job.title.clone(),
        chip: Chip::new(tone, job.state_ja()),
        message: job.message.clone(),
        at: kit::clock::in_japan(at).strftime("%m月%d日 %H:%M").to_string(),
    }
}

fn chart(counted: &Counted) -> Option<Chart> {
    let shown: Vec<_> = counted
        .rows
        .iter()
        .filter_map(|(series, coverage)| Some((series, coverage, coverage.percent()?)))
        .collect();
    let (least, _, percent) = shown.iter().min_by(|a, b| a.2.total_cmp(&b.2))?;
    let year = domain::age::fiscal_year(counted.on);
    Some(Chart {
        id: "coverage".to_owned(),
        title: format!("今年度({year}年度)に期限を迎える方の接種完了率"),
        summary: format!(
            "{}現在。対象は住民登録から数えています。最も低いのは{}の{percent:.1}%です。",
            dates::both(counted.on),
            least.ja()
        ),
        kind: ChartKind::Bar,
        axis: "予防接種".to_owned(),
        categories: shown
            .iter()
            .map(|(series, coverage, _)| {
                format!("{}({}人)", series.ja(), dates::thousands(i64::from(coverage.targets)))
            })
            .collect(),
        series: vec![ChartSeries {
            name: "接種完了率".to_owned(),
            values: shown.iter().map(|(_, _, percent)| Some((percent * 10.0).round() / 10.0)).collect(),
        }],
        unit: "%".to_owned(),
        max: Some(100.0),
    })
}

async fn home(State(app): State<App>, acting: Acting) -> Result<Html<String>, Failure> {
    let home = case::home(&app, &acting).await?;
    let sees_work = acting.may(Action::ViewJobs);
    let (open, closed): (Vec<&Job>, Vec<&Job>) = home.jobs.iter().partition(|job| job.is_open());
    let mut shell = page::shell(&acting, "ホーム", "/", Vec::new());
    shell.data_until = home.data_until.clone();
    page::show(&HomePage {
        shell,
        cards: cards(&acting, &home),
        running: if sees_work { open.into_iter().map(progress).collect() } else { Vec::new() },
        ended: if sees_work { closed.into_iter().take(8).map(ended).collect() } else { Vec::new() },
        chart: home.coverage.as_ref().filter(|_| sees_work).and_then(chart),
        may_count: acting.may(Action::ViewStatistics),
        duties: home.duties,
    })
}

/// The part that a progress bar asks for.
async fn job(State(app): State<App>, acting: Acting, Path(id): Path<Uuid>) -> Result<Html<String>, Failure> {
    page::show(&progress(&case::job(&app, &acting, id).await?))
}

async fn count(State(app): State<App>, acting: Acting, _token: Posted) -> Result<Redirect, Failure> {
    case::ask_for_coverage(&app, &acting).await?;
    Ok(Redirect::to("/"))
}
