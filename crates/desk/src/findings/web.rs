//! Pages of 気になる閲覧.

use super::{
    case::{self, Listed, PER_PAGE, Whole},
    sql::{Finding, Search, Total},
};
use crate::{System, page};
use askama::Template;
use axum::{
    extract::{Path, Query, State},
    response::{Html, IntoResponse, Redirect, Response},
};
use domain::{
    Date,
    oversight::{Decision, Ground, Sign},
    wareki,
};
use jiff::ToSpan;
use kit::{Acting, Action, Failure, Posted, web::Routes};
use std::collections::HashMap;
use ui::{Bar, Bars, Chip, Choice, Crumb, FieldState, FormErrors, Pager, Progress, Shell, Tone, dates};
use uuid::Uuid;

pub fn routes<S: System>() -> Routes<S> {
    Routes::about("finding")
        .get("/audit/findings", Action::ViewFindings, list::<S>)
        .get("/audit/findings/progress", Action::ViewFindings, progress::<S>)
        .post("/audit/findings/look", Action::LookForFindings, look::<S>)
        .get("/audit/findings/{id}", Action::ViewFindings, show::<S>)
        .post("/audit/findings/{id}/decide", Action::DecideFinding, decide::<S>)
}

pub const NAV: &str = "/audit/findings";
/// Shown where no period is asked for.
const DAYS_SHOWN: i64 = 30;
/// Pages that anybody turns.
const PAGES_MAX: u64 = 1_000;

fn chip(sign: Sign) -> Chip {
    let tone = match sign {
        Sign::SameAddress => Tone::Stop,
        Sign::SameSurname | Sign::ManyLooks | Sign::ManyLookers | Sign::OffHours => Tone::Warning,
        Sign::ManyRefusals | Sign::ManySearches => Tone::Warning,
        Sign::NoCase => Tone::Waiting,
    };
    Chip::new(tone, sign.ja())
}

fn rules() -> Vec<(Chip, String)> {
    Sign::ALL.iter().map(|sign| (chip(*sign), sign.rule_ja())).collect()
}

/// The states a finding may be in, with those that nobody decides.
fn states() -> Vec<(&'static str, &'static str)> {
    let decided = Decision::ALL.iter().map(|one| (one.code(), one.ja()));
    [("open", "判断待ち")].into_iter().chain(decided).chain([("settled", "後の事務で解消")]).collect()
}

fn state_chip(state: &str) -> Chip {
    let tone = match Decision::from_code(state) {
        Some(Decision::Fine) => Tone::Good,
        Some(Decision::Asking) => Tone::Active,
        Some(Decision::Reported) => Tone::Stop,
        None if state == "open" => Tone::Waiting,
        None => Tone::Off,
    };
    let ja = states().into_iter().find(|(code, _)| *code == state).map_or("", |(_, ja)| ja);
    Chip::new(tone, ja)
}

/// A finding as both pages show it.
struct Line {
    id: Uuid,
    on: String,
    long_on: String,
    who: String,
    staff: Uuid,
    person: String,
    has_person: bool,
    signs: Vec<(Chip, String)>,
    looks: i32,
    state: Chip,
}

fn line(finding: &Finding) -> Line {
    let person = finding.person_id.map(|id| id.to_string());
    Line {
        id: finding.finding_id,
        on: dates::digits(finding.on),
        long_on: dates::both(finding.on),
        who: finding.staff_name.clone(),
        staff: finding.staff_id,
        has_person: person.is_some(),
        person: person.unwrap_or_else(|| "その日の操作全体".to_owned()),
        signs: finding.signs.iter().map(|sign| (chip(*sign), sign.rule_ja())).collect(),
        looks: finding.looks,
        state: state_chip(&finding.state),
    }
}

/// A table of whoever has the most.
struct Totals {
    id: &'static str,
    title: &'static str,
    whose: &'static str,
    rows: Vec<TotalLine>,
}

struct TotalLine {
    href: String,
    name: String,
    findings: i64,
    open: i64,
}

fn totals(search: &Search, listed: &Listed) -> Vec<Totals> {
    let lines = |totals: &[Total], field: &str| {
        let line = |one: &Total| TotalLine {
            href: format!("{NAV}?from={}&until={}&{field}={}", search.from, search.until, one.id),
            name: if one.name.is_empty() { one.id.to_string() } else { one.name.clone() },
            findings: one.findings,
            open: one.open,
        };
        totals.iter().map(line).collect::<Vec<_>>()
    };
    let of_staff = Totals {
        id: "of-staff",
        title: "職員ごとの件数",
        whose: "職員",
        rows: lines(&listed.of_staff, "staff"),
    };
    let of_people = Totals {
        id: "of-people",
        title: "閲覧された方ごとの件数",
        whose: "対象の識別番号",
        rows: lines(&listed.of_people, "person"),
    };
    [of_staff, of_people].into_iter().filter(|table| !table.rows.is_empty()).collect()
}

fn chart(listed: &Listed) -> Bars {
    let label = |monday: Date| format!("{}/{}", monday.month(), monday.day());
    let all: i64 = listed.weeks.iter().map(|(_, all, _)| all).sum();
    let open: i64 = listed.weeks.iter().map(|(_, _, open)| open).sum();
    Bars {
        id: "weeks".to_owned(),
        title: "12週間の気になる閲覧".to_owned(),
        summary: format!("月曜日から始まる週ごとの件数です。合わせて{all}件、うち判断待ち{open}件です。"),
        axis: "週の初め".to_owned(),
        total_name: "件数".to_owned(),
        part_name: "判断待ち".to_owned(),
        bars: listed
            .weeks
            .iter()
            .map(|(monday, all, open)| Bar { label: label(*monday), total: *all, part: *open })
            .collect(),
    }
}

#[derive(Template)]
#[template(path = "findings/list.html")]
struct ListPage {
    shell: Shell,
    from: FieldState,
    until: FieldState,
    staff: FieldState,
    people: Vec<Choice>,
    person: FieldState,
    state: FieldState,
    states: Vec<Choice>,
    rows: Vec<Line>,
    pager: Option<Pager>,
    totals: Vec<Totals>,
    chart: Bars,
    rules: Vec<(Chip, String)>,
    progress: Option<Progress>,
    last_run: String,
}

/// Reads the conditions; what cannot be read is an error beside its field.
fn read_search(asked: &HashMap<String, String>, today: Date) -> (Search, FormErrors) {
    let mut errors = FormErrors::default();
    let text = |name: &str| asked.get(name).map_or("", |value| value.trim());
    let mut day = |name: &str, without: Date| match text(name) {
        "" => without,
        typed => wareki::parse(typed).unwrap_or_else(|error| {
            errors.add(name, error.to_string());
            without
        }),
    };
    let until = day("until", today);
    let from = day("from", until.saturating_sub(DAYS_SHOWN.days()));
    let mut id = |name: &str, sentence: &'static str| match text(name) {
        "" => None,
        typed => Some(typed.parse().unwrap_or_else(|_| {
            errors.add(name, sentence);
            Uuid::nil()
        })),
    };
    let staff_id = id("staff", "職員を一覧から選び直してください");
    let person_id = id("person", "対象の識別番号は、表から写して入力してください");
    let state = states().into_iter().find(|(code, _)| *code == text("state")).map_or("", |(code, _)| code);
    (Search { from, until, staff_id, person_id, state: state.to_owned() }, errors)
}

async fn list<S: System>(
    State(app): State<S>,
    acting: Acting,
    Query(asked): Query<HashMap<String, String>>,
) -> Result<Html<String>, Failure> {
    let (search, errors) = read_search(&asked, app.kit().clock.today());
    let page: u64 = asked.get("page").and_then(|page| page.parse().ok()).unwrap_or(1).clamp(1, PAGES_MAX);
    let listed = case::list(app.kit(), &acting, &search, page as i64).await?;
    let id = |id: Option<Uuid>| id.map(|id| id.to_string()).unwrap_or_default();
    let typed = |name: &str, day: Date| {
        let text = asked.get(name).map_or("", String::as_str);
        errors.field(name, if text.is_empty() { day.to_string() } else { text.to_owned() })
    };
    let href = format!(
        "{NAV}?from={}&until={}&staff={}&person={}&state={}&page=",
        search.from,
        search.until,
        id(search.staff_id),
        id(search.person_id),
        search.state
    );
    page::show(&ListPage {
        from: typed("from", search.from),
        until: typed("until", search.until),
        staff: errors.field("staff", id(search.staff_id)),
        people: listed
            .staff
            .iter()
            .map(|one| Choice::new(one.staff_id.to_string(), one.name.clone()))
            .collect(),
        person: errors.field("person", asked.get("person").map_or("", String::as_str)),
        state: FieldState::of(search.state.clone()),
        states: states().into_iter().map(|(code, ja)| Choice::new(code, ja)).collect(),
        pager: (listed.total > 0).then(|| Pager {
            page,
            per_page: PER_PAGE as u64,
            total: listed.total as u64,
            href,
            label: "気になる閲覧".to_owned(),
        }),
        rows: listed.findings.iter().map(line).collect(),
        totals: totals(&search, &listed),
        chart: chart(&listed),
        rules: rules(),
        last_run: listed.job.as_ref().filter(|job| !job.is_open()).map_or_else(
            || "毎日、日付が変わった後に点検します。".to_owned(),
            |job| {
                let at = page::time(job.finished_at.unwrap_or(job.created_at));
                format!("毎日、日付が変わった後に点検します。前回：{at} {}", job.message)
            },
        ),
        progress: listed
            .job
            .as_ref()
            .filter(|job| job.is_open())
            .map(|job| page::progress(job, "/audit/findings/progress")),
        shell: Shell {
            errors,
            ..page::shell::<S>(&acting, "気になる閲覧", NAV, vec![Crumb::here("気になる閲覧")])
        },
    })
}

/// The part that the progress bar asks for.
async fn progress<S: System>(State(app): State<S>, acting: Acting) -> Result<Html<String>, Failure> {
    let job = case::job(app.kit(), &acting).await?;
    job.map_or_else(
        || Ok(Html(String::new())),
        |job| page::show(&page::progress(&job, "/audit/findings/progress")),
    )
}

async fn look<S: System>(State(app): State<S>, acting: Acting, _token: Posted) -> Result<Redirect, Failure> {
    case::ask(app.kit(), &acting).await?;
    Ok(Redirect::to(NAV))
}

struct BehindLine {
    id: Uuid,
    at: String,
    what: String,
    outcome: Chip,
}

struct DecidedLine {
    at: String,
    decision: Chip,
    ground: &'static str,
    note: String,
    by: String,
}

#[derive(Template)]
#[template(path = "findings/finding.html")]
struct FindingPage {
    shell: Shell,
    row: Line,
    behind: Vec<BehindLine>,
    decided: Vec<DecidedLine>,
    is_own: bool,
    quarter_ago: String,
    until: String,
    decision: FieldState,
    decisions: Vec<Choice>,
    ground: FieldState,
    grounds: Vec<Choice>,
    note: FieldState,
}

fn finding_page<S: System>(
    acting: &Acting,
    whole: &Whole,
    posted: &Posted,
    errors: FormErrors,
) -> FindingPage {
    let crumbs = vec![Crumb::link(NAV, "気になる閲覧"), Crumb::here("内容")];
    let ground = |one: &Ground| Choice::new(one.code(), format!("{}：{}", one.decision().ja(), one.ja()));
    let finding = &whole.finding;
    FindingPage {
        row: line(finding),
        behind: whole
            .behind
            .iter()
            .map(|one| BehindLine {
                id: one.entry_id,
                at: page::time(one.at),
                what: crate::audit::web::action_ja(&one.action),
                outcome: crate::audit::web::outcome(&one.outcome),
            })
            .collect(),
        decided: whole
            .decisions
            .iter()
            .map(|one| DecidedLine {
                at: page::time(one.at),
                decision: state_chip(one.decision.map_or("", Decision::code)),
                ground: one.ground.map_or("", Ground::ja),
                note: one.note.clone(),
                by: one.by.clone(),
            })
            .collect(),
        is_own: finding.staff_id == acting.staff_id,
        quarter_ago: finding.on.saturating_sub(3.months()).to_string(),
        until: finding.on.saturating_add(7.days()).to_string(),
        decision: errors.field("decision", posted.text("decision")),
        decisions: Decision::ALL.iter().map(|one| Choice::new(one.code(), one.ja())).collect(),
        ground: errors.field("ground", posted.text("ground")),
        grounds: Ground::ALL.iter().map(ground).collect(),
        note: errors.field("note", posted.text("note")),
        shell: Shell { errors, ..page::shell::<S>(acting, "気になる閲覧の内容", NAV, crumbs) },
    }
}

async fn show<S: System>(
    State(app): State<S>,
    acting: Acting,
    Path(id): Path<Uuid>,
) -> Result<Html<String>, Failure> {
    let whole = case::show(app.kit(), &acting, id).await?;
    page::show(&finding_page::<S>(&acting, &whole, &Posted::default(), FormErrors::default()))
}

async fn decide<S: System>(
    State(app): State<S>,
    acting: Acting,
    Path(id): Path<Uuid>,
    posted: Posted,
) -> Result<Response, Failure> {
    let decided = match case::read(&posted) {
        Ok(form) => case::decide(app.kit(), &acting, id, &form).await?,
        Err(errors) => Err(errors),
    };
    match decided {
        Ok(()) => Ok(Redirect::to(&format!("{NAV}/{id}")).into_response()),
        Err(errors) => {
            let whole = case::show(app.kit(), &acting, id).await?;
            page::show_errors(&finding_page::<S>(&acting, &whole, &posted, errors))
        }
    }
}
