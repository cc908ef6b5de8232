//! Pages of 月次点検.

use super::{
    case::{self, Listed, Month},
    figures::{Count, Figures},
};
use crate::{System, audit::web::action_ja, page};
use askama::Template;
use axum::{
    extract::{Path, State},
    response::{Html, IntoResponse, Redirect, Response},
};
use domain::{
    Date,
    individual_number::Purpose,
    monthly::{self, Answer, Check},
    oversight::Decision,
};
use jiff::ToSpan;
use kit::{Acting, Action, Failure, Posted, Zone, web::Routes};
use ui::{Chip, Choice, Crumb, FieldState, FormErrors, Progress, Shell, Tone, dates, filters};

pub fn routes<S: System>() -> Routes<S> {
    Routes::default()
        .get("/audit/months", Action::ViewMonths, list::<S>)
        .get("/audit/months/{month}/progress", Action::ViewMonths, progress::<S>)
        .get("/audit/months/{month}", Action::ViewMonths, show::<S>)
        .post("/audit/months/{month}/compare", Action::CompareLog, compare::<S>)
        .post("/audit/months/{month}/sign", Action::SignMonth, sign::<S>)
}

pub const NAV: &str = "/audit/months";

/// A month as its page names it; what is no month is no page.
fn read_month(text: &str) -> Result<Date, Failure> {
    let is_plain = text.len() == 7 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    let month = is_plain.then(|| format!("{text}-01").parse::<Date>().ok()).flatten();
    month.ok_or(Failure::NotFound)
}

/// `2026年10月（令和8年10月）`.
pub(crate) fn name(month: Date) -> String {
    let wareki = dates::wareki(month);
    let wareki = wareki.strip_suffix("1日").unwrap_or(&wareki);
    format!("{}年{}月（{wareki}）", month.year(), month.month())
}

struct Line {
    month: String,
    name: String,
    state: Chip,
    due: String,
    by: String,
    at: String,
}

fn line(listed: &Listed, today: Date) -> Line {
    let state = match &listed.signed {
        Some(_) => Chip::new(Tone::Good, "署名済み"),
        None if listed.due_on < today => Chip::new(Tone::Stop, "期限を過ぎています"),
        None => Chip::new(Tone::Waiting, "署名待ち"),
    };
    let signed = listed.signed.as_ref();
    Line {
        month: listed.month.strftime("%Y-%m").to_string(),
        name: name(listed.month),
        state,
        due: dates::digits(listed.due_on),
        by: signed.map(|one| one.by.clone()).unwrap_or_default(),
        at: signed.map(|one| page::time(one.at)).unwrap_or_default(),
    }
}

#[derive(Template)]
#[template(path = "months/list.html")]
struct ListPage {
    shell: Shell,
    rows: Vec<Line>,
}

async fn list<S: System>(State(app): State<S>, acting: Acting) -> Result<Html<String>, Failure> {
    let today = app.kit().clock.today();
    let months = case::list(app.kit(), &acting).await?;
    page::show(&ListPage {
        rows: months.iter().map(|one| line(one, today)).collect(),
        shell: page::shell::<S>(&acting, "月次点検", NAV, vec![Crumb::here("月次点検")]),
    })
}

struct Counts {
    id: &'static str,
    title: &'static str,
    what: &'static str,
    rows: Vec<(String, i64)>,
}

fn tables(figures: &Figures) -> Vec<Counts> {
    let rows = |counts: &[Count], ja: fn(&str) -> String| {
        counts.iter().map(|one| (ja(&one.code), one.count)).collect::<Vec<_>>()
    };
    let zone =
        |code: &str| Zone::from_code(code).map_or_else(|| code.to_owned(), |zone| zone.ja().to_owned());
    let purpose =
        |code: &str| Purpose::from_code(code).map_or_else(|| code.to_owned(), |one| one.ja().to_owned());
    let taken = |code: &str| match code {
        "audit_export" => "操作ログの書出し（サーバー）".to_owned(),
        code => action_ja(code),
    };
    let finding = |code: &str| match (Decision::from_code(code), code) {
        (Some(decision), _) => decision.ja().to_owned(),
        (None, "open") => "判断待ち".to_owned(),
        (None, "settled") => "後の事務で解消".to_owned(),
        (None, other) => other.to_owned(),
    };
    let intrusion = |code: &str| match code {
        "open" => "未確認".to_owned(),
        "acknowledged" => "確認済み".to_owned(),
        other => other.to_owned(),
    };
    vec![
        Counts {
            id: "zones", title: "区画ごとの件数", what: "区画", rows: rows(&figures.by_zone, zone)
        },
        Counts {
            id: "taken-out",
            title: "印刷、取得、書出し",
            what: "操作",
            rows: rows(&figures.taken_out, taken),
        },
        Counts {
            id: "numbers",
            title: "利用目的ごとの個人番号の利用",
            what: "利用目的",
            rows: rows(&figures.number_looks, purpose),
        },
        Counts {
            id: "findings",
            title: "気になる閲覧",
            what: "状態",
            rows: rows(&figures.findings, finding),
        },
        Counts {
            id: "intrusions",
            title: "侵入・異常の通知",
            what: "状態",
            rows: rows(&figures.intrusions, intrusion),
        },
    ]
}

/// What a signature looks like on the page.
struct SignedLine {
    by: String,
    at: String,
    digest: String,
    size: String,
    root: String,
    contained: Chip,
    answers: Vec<(&'static str, &'static str)>,
    remark: String,
    open_reason: String,
}

fn signed_line(month: &Month) -> Option<SignedLine> {
    let signed = month.signed.as_ref()?;
    let answer = |check: &Check| {
        let code = signed.answers.get(check.code()).and_then(|code| code.as_str()).unwrap_or_default();
        (check.ja(), Answer::from_code(code).map_or("", Answer::ja))
    };
    Some(SignedLine {
        by: signed.by.clone(),
        at: page::time(signed.at),
        digest: case::hex(&signed.digest),
        size: dates::thousands(signed.tree_size),
        root: case::hex(&signed.tree_root),
        contained: if month.is_contained {
            Chip::new(Tone::Good, "署名したときの内容を、そのまま含んでいます")
        } else {
            Chip::new(Tone::Stop, "署名したときの内容と合いません。情報セキュリティ担当に連絡してください")
        },
        answers: Check::ALL.iter().map(answer).collect(),
        remark: signed.remark.clone(),
        open_reason: signed.open_reason.clone(),
    })
}

#[derive(Template)]
#[template(path = "months/month.html")]
struct MonthPage {
    shell: Shell,
    month: String,
    name: String,
    signed: Option<SignedLine>,
    is_unsigned: bool,
    is_over: bool,
    summary: Vec<(&'static str, String, String)>,
    tables: Vec<Counts>,
    actions: Vec<(String, i64, i64, i64)>,
    log: Vec<(&'static str, String)>,
    progress: Option<Progress>,
    seen: String,
    checks: Vec<(&'static str, &'static str, FieldState)>,
    answers: Vec<Choice>,
    has_open: bool,
    open_reason: FieldState,
    remark: FieldState,
}

fn summary(month: Date, figures: &Figures) -> Vec<(&'static str, String, String)> {
    let count = |number: i64| format!("{}件", dates::thousands(number));
    let days = format!("from={month}&until={}", monthly::next(month).saturating_sub(1.day()));
    vec![
        ("操作ログの記録", count(figures.entries), format!("/audit?{days}")),
        (
            "拒否されたログイン",
            count(figures.sign_ins_refused),
            format!("/audit?{days}&action=sign_in&outcome=refused"),
        ),
        ("執務時間外・閉庁日の操作", count(figures.off_hours), String::new()),
    ]
}

fn log(figures: &Figures) -> Vec<(&'static str, String)> {
    let thousands = dates::thousands;
    vec![
        (
            "署名係の署名",
            match figures.checkpoints {
                0 => "この月の署名はありません".to_owned(),
                count => {
                    format!("{}個、{}番目の記録まで", thousands(count), thousands(figures.checkpoint_size))
                }
            },
        ),
        ("署名係の警報", format!("{}件", thousands(figures.alarms))),
        (
            "控えとの照合",
            format!(
                "照合した日 {}日、一致しない日 {}日、照合していない日 {}日",
                figures.days_compared, figures.days_differing, figures.days_missing
            ),
        ),
    ]
}

fn progress_path(month: &str) -> String {
    format!("{NAV}/{month}/progress")
}

fn month_page<S: System>(
    acting: &Acting,
    found: &Month,
    today: Date,
    (posted, errors): (&Posted, FormErrors),
) -> MonthPage {
    let figures = &found.figures;
    let crumbs = vec![Crumb::link(NAV, "月次点検"), Crumb::here(name(found.month))];
    let action = |one: &super::figures::ByAction| (action_ja(&one.action), one.done, one.viewed, one.refused);
    MonthPage {
        month: figures.month.clone(),
        name: name(found.month),
        signed: signed_line(found),
        is_unsigned: found.signed.is_none(),
        is_over: monthly::next(found.month) <= today,
        summary: summary(found.month, figures),
        tables: tables(figures),
        actions: figures.by_action.iter().map(action).collect(),
        log: log(figures),
        progress: found
            .job
            .as_ref()
            .filter(|job| job.is_open())
            .map(|job| page::progress(job, &progress_path(&figures.month))),
        seen: case::digest(figures),
        checks: Check::ALL
            .iter()
            .map(|check| (check.code(), check.ja(), errors.field(check.code(), posted.text(check.code()))))
            .collect(),
        answers: Answer::ALL.iter().map(|answer| Choice::new(answer.code(), answer.ja())).collect(),
        has_open: figures.open_findings() > 0,
        open_reason: errors.field("open_reason", posted.text("open_reason")),
        remark: errors.field("remark", posted.text("remark")),
        shell: Shell {
            errors,
            ..page::shell::<S>(acting, &format!("月次点検：{}", name(found.month)), NAV, crumbs)
        },
    }
}

async fn show<S: System>(
    State(app): State<S>,
    acting: Acting,
    Path(month): Path<String>,
) -> Result<Html<String>, Failure> {
    let found = case::show(app.kit(), &acting, read_month(&month)?).await?;
    let nothing = (&Posted::default(), FormErrors::default());
    page::show(&month_page::<S>(&acting, &found, app.kit().clock.today(), nothing))
}

/// The part that the progress bar asks for.
async fn progress<S: System>(
    State(app): State<S>,
    acting: Acting,
    Path(month): Path<String>,
) -> Result<Html<String>, Failure> {
    let job = case::job(app.kit(), &acting, read_month(&month)?).await?;
    let again = progress_path(&month);
    job.map_or_else(|| Ok(Html(String::new())), |job| page::show(&page::progress(&job, &again)))
}

async fn compare<S: System>(
    State(app): State<S>,
    acting: Acting,
    Path(month): Path<String>,
    _token: Posted,
) -> Result<Redirect, Failure> {
    let month = read_month(&month)?;
    case::ask_to_compare(app.kit(), &acting, month).await?;
    Ok(Redirect::to(&format!("{NAV}/{}", month.strftime("%Y-%m"))))
}

async fn sign<S: System>(
    State(app): State<S>,
    acting: Acting,
    Path(month): Path<String>,
    posted: Posted,
) -> Result<Response, Failure> {
    let month = read_month(&month)?;
    match case::sign(app.kit(), &acting, month, &case::read(&posted)).await? {
        Ok(()) => Ok(Redirect::to(&format!("{NAV}/{}", month.strftime("%Y-%m"))).into_response()),
        Err(errors) => {
            let found = case::show(app.kit(), &acting, month).await?;
            page::show_errors(&month_page::<S>(&acting, &found, app.kit().clock.today(), (&posted, errors)))
        }
    }
}
