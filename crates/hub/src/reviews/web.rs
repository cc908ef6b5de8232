//! Pages of 権限の点検: all reviews, a new one, the state of one with its end, and the report.

use super::{
    case::{self, Listed, Reported, Tasks},
    part_web,
    plan::{Known, Plan},
    rules::{self, Asked, Kind},
    sql::{Entry, PartRow, Review},
    start::{self, Closed, Started},
};
use crate::{
    App,
    rights::web::{moment, read_day},
};
use askama::Template;
use axum::{
    extract::{Path, State},
    response::{Html, IntoResponse, Redirect, Response},
};
use desk::page;
use domain::Date;
use kit::{Acting, Action, Failure, Posted, web::Routes};
use std::collections::HashMap;
use ui::{Banner, BannerKind, Chip, Choice, Crumb, FieldState, FormErrors, Progress, Shell, Tone, dates};
use uuid::Uuid;

pub fn routes() -> Routes<App> {
    Routes::about("review")
        .get("/reviews", Action::ViewReviews, list)
        .get("/reviews/new", Action::StartReview, form)
        .post("/reviews/new", Action::StartReview, begin)
        .get("/reviews/{id}", Action::ViewReviews, show)
        .get("/reviews/{id}/report", Action::ViewReviews, report)
        .post("/reviews/{id}/close", Action::StartReview, close)
        .merge(part_web::routes())
}

pub(super) const NAV: &str = "/reviews";
const NAME_CHARS_MAX: usize = 60;
const REASON_CHARS_MAX: usize = 300;

/// What the home page says.
pub(crate) fn banners(tasks: &Tasks, today: Date) -> Vec<Banner> {
    let mut banners = Vec::new();
    let due = |due_on: Date, title: &str, late: &str| match rules::is_overdue(due_on, today) {
        true => Banner::new(BannerKind::Error, late),
        false => Banner::new(BannerKind::Warning, title),
    };
    if let Some((lists, due_on)) = tasks.waiting {
        banners.push(
            due(due_on, "権限の点検が届いています", "権限の点検の期限を過ぎています")
                .line(format!("署名していない名簿が{lists}件あります。期限：{}", dates::both(due_on)))
                .link(NAV, "点検を開く"),
        );
    }
    match tasks.unsigned {
        Some((0, _)) => banners.push(
            Banner::new(BannerKind::Info, "権限の点検の署名がそろいました")
                .line("内容を確かめて、点検を終了してください。")
                .link(NAV, "点検を開く"),
        ),
        Some((lists, due_on)) if rules::is_overdue(due_on, today) => banners.push(
            Banner::new(BannerKind::Error, "権限の点検の期限を過ぎています")
                .line(format!("署名のない名簿が{lists}件あります。期限：{}", dates::both(due_on)))
                .link(NAV, "点検を開く"),
        ),
        Some(_) | None => {}
    }
    if tasks.is_missing {
        banners.push(
            Banner::new(BannerKind::Warning, "今年度の点検がまだ始まっていません")
                .line("年度当初の権限の点検を始めてください。")
                .link("/reviews/new", "点検を始める"),
        );
    }
    banners
}

#[derive(Template)]
#[template(path = "reviews/list.html")]
struct ListPage {
    shell: Shell,
    rows: Vec<ReviewRow>,
    yours: Vec<PartLine>,
    may_start: bool,
}

struct ReviewRow {
    id: Uuid,
    name: String,
    kind: &'static str,
    base: String,
    due: String,
    chip: Chip,
}

fn review_chip(review: &Review, today: Date) -> Chip {
    match &review.closed {
        Some(_) => Chip::new(Tone::Good, "終了"),
        None if rules::is_overdue(review.due_on, today) => Chip::new(Tone::Stop, "期限超過"),
        None => Chip::new(Tone::Active, "進行中"),
    }
}

/// A list as a line of a table.
pub(super) struct PartLine {
    pub id: Uuid,
    pub name: String,
    pub asked: String,
    pub items: usize,
    pub decided: usize,
    pub percent: usize,
    pub chip: Chip,
    pub is_yours: bool,
}

/// The name of a list: of a section, or of its chief.
pub(super) fn part_name(row: &PartRow) -> String {
    match &row.chief {
        Some(chief) => format!("{}　所属長 {chief}", row.section),
        None => row.section.clone(),
    }
}

/// Who is asked, in words; and what to do where nobody can be.
pub(super) fn asked_ja(listed: &Listed) -> String {
    let names = listed.names.join("、");
    match listed.asked {
        Asked::Section(_) => names,
        Asked::Above(_) => format!("{names}（上の所属）"),
        Asked::Other(_) => format!("{names}（ほかの所属長）"),
        Asked::Nobody => "点検できる所属長がいません".to_owned(),
    }
}

fn part_line(listed: &Listed, is_overdue: bool) -> PartLine {
    let row = &listed.row;
    let chip = match (&row.signature, &row.gap, &listed.asked) {
        (Some(_), _, _) => Chip::new(Tone::Good, "署名済み"),
        (None, Some(_), _) => Chip::new(Tone::Off, "署名なしで終了"),
        (None, None, Asked::Nobody) => Chip::new(Tone::Stop, "点検者なし"),
        (None, None, _) if is_overdue => Chip::new(Tone::Stop, "期限超過"),
        (None, None, _) if row.decided > 0 => Chip::new(Tone::Active, "確認中"),
        (None, None, _) => Chip::new(Tone::Waiting, "未着手"),
    };
    PartLine {
        id: row.part.part_id,
        name: part_name(row),
        asked: match &row.signature {
            Some(signature) => format!("{} {}", signature.name, moment(signature.at)),
            None => asked_ja(listed),
        },
        items: row.items,
        decided: row.decided,
        percent: (row.decided * 100).checked_div(row.items).unwrap_or(100),
        chip,
        is_yours: listed.is_yours,
    }
}

async fn list(State(app): State<App>, acting: Acting) -> Result<Html<String>, Failure> {
    let today = app.kit.clock.today();
    let overview = case::overview(&app, &acting).await?;
    let due = overview.reviews.iter().find(|review| review.closed.is_none()).map(|review| review.due_on);
    let is_overdue = due.is_some_and(|due_on| rules::is_overdue(due_on, today));
    let may_start = acting.may(Action::StartReview);
    let mut shell = page::shell::<App>(&acting, "権限の点検", NAV, vec![Crumb::here("権限の点検")]);
    let tasks = Tasks { is_missing: may_start && overview.is_missing, ..Tasks::default() };
    shell.notice = banners(&tasks, today).pop();
    page::show(&ListPage {
        rows: overview
            .reviews
            .iter()
            .map(|review| ReviewRow {
                id: review.review_id,
                name: review.name.clone(),
                kind: review.kind.ja(),
                base: dates::digits(review.base_on),
                due: dates::digits(review.due_on),
                chip: review_chip(review, today),
            })
            .collect(),
        yours: overview
            .open
            .iter()
            .filter(|one| one.is_yours)
            .map(|one| part_line(one, is_overdue))
            .collect(),
        may_start: may_start && !overview.is_one_open,
        shell,
    })
}

#[derive(Template)]
#[template(path = "reviews/form.html")]
struct FormPage {
    shell: Shell,
    name: FieldState,
    kind: FieldState,
    kinds: Vec<Choice>,
    base_on: FieldState,
    due_on: FieldState,
}

fn form_page(acting: &Acting, posted: &Posted, errors: FormErrors) -> FormPage {
    let field = |name: &str| errors.field(name, posted.text(name));
    let crumbs = vec![Crumb::link(NAV, "権限の点検"), Crumb::here("点検を始める")];
    let hint = |kind: &Kind| match kind {
        Kind::Yearly => "年度に1回、4月1日から始められます",
        Kind::AsNeeded => "組織の改正や事故の後など、必要なときに何度でも始められます",
    };
    FormPage {
        name: field("name"),
        kind: field("kind"),
        kinds: Kind::ALL.iter().map(|kind| Choice::new(kind.code(), kind.ja()).hint(hint(kind))).collect(),
        base_on: field("base_on"),
        due_on: field("due_on"),
        shell: Shell { errors, ..page::shell::<App>(acting, "点検を始める", NAV, crumbs) },
    }
}

async fn form(State(app): State<App>, acting: Acting) -> Result<Html<String>, Failure> {
    let (plan, known): (Plan, Known) = start::propose(&app, &acting).await?;
    let proposed = [
        ("name", plan.name),
        ("kind", plan.kind.code().to_owned()),
        ("base_on", plan.base_on.to_string()),
        ("due_on", plan.due_on.to_string()),
    ];
    let posted =
        Posted::from_pairs(proposed.into_iter().map(|(name, value)| (name.to_owned(), value)).collect());
    let mut page = form_page(&acting, &posted, FormErrors::default());
    if known.is_one_open {
        let banner = Banner::new(BannerKind::Warning, "進行中の点検があります");
        page.shell.notice =
            Some(banner.line("終了してから、次の点検を始めてください。").link(NAV, "点検を開く"));
    }
    page::show(&page)
}

async fn begin(State(app): State<App>, acting: Acting, posted: Posted) -> Result<Response, Failure> {
    let mut errors = FormErrors::default();
    let name = posted.trimmed("name").to_owned();
    if name.is_empty() || name.chars().count() > NAME_CHARS_MAX {
        errors.add("name", format!("点検の名称を{NAME_CHARS_MAX}文字以内で入力してください"));
    }
    let kind = Kind::from_code(posted.text("kind"));
    if kind.is_none() {
        errors.add("kind", "点検の種類を選択してください");
    }
    let base = read_day(&posted, ("base_on", "基準日"), true, &mut errors);
    let due = read_day(&posted, ("due_on", "期限"), true, &mut errors);
    if let (Some(kind), Some(base_on), Some(due_on), true) = (kind, base, due, errors.is_empty()) {
        match start::start(&app, &acting, &Plan { name, kind, base_on, due_on }).await? {
            Started::Review(id) => return Ok(Redirect::to(&format!("{NAV}/{id}")).into_response()),
            Started::Faults(faults) => faults.into_iter().for_each(|(field, text)| errors.add(field, text)),
        }
    }
    page::show_errors(&form_page(&acting, &posted, errors))
}

#[derive(Template)]
#[template(path = "reviews/show.html")]
struct ShowPage {
    shell: Shell,
    id: Uuid,
    name: String,
    chip: Chip,
    facts: Vec<(&'static str, String)>,
    progress: Progress,
    parts: Vec<PartLine>,
    nobody: Vec<String>,
    /// Whether there is a list that nobody will ever be able to sign.
    has_unplaced: bool,
    may_close: bool,
    /// Lists for which closing needs a reason: id of the field, name of the list.
    gaps: Vec<(String, String, FieldState)>,
}

fn review_facts(review: &Review) -> Vec<(&'static str, String)> {
    let mut facts = vec![
        ("種類", review.kind.ja().to_owned()),
        ("基準日", dates::both(review.base_on)),
        ("期限", dates::both(review.due_on)),
        ("開始", format!("{}　{}", moment(review.started_at), review.started_by)),
    ];
    if let Some((name, at)) = &review.closed {
        facts.push(("終了", format!("{}　{name}", moment(*at))));
    }
    facts
}

fn gap_field(part_id: Uuid) -> String {
    format!("reason-{part_id}")
}

fn show_page(
    acting: &Acting,
    (shown, today): (&case::Shown, Date),
    posted: &Posted,
    errors: FormErrors,
) -> ShowPage {
    let review = &shown.review;
    let is_open = review.closed.is_none();
    let is_overdue = is_open && rules::is_overdue(review.due_on, today);
    let signed = shown.parts.iter().filter(|one| one.row.part.is_signed).count();
    let unsigned = || shown.parts.iter().filter(|one| is_open && !one.row.part.is_signed);
    let nobody = || unsigned().filter(|one| one.asked == Asked::Nobody);
    let gap = |one: &Listed| {
        let id = gap_field(one.row.part.part_id);
        let field = errors.field(&id, posted.text(&id));
        (id, part_name(&one.row), field)
    };
    let crumbs = vec![Crumb::link(NAV, "権限の点検"), Crumb::here(review.name.clone())];
    let late = if is_overdue { "期限を過ぎています。" } else { "" };
    ShowPage {
        id: review.review_id,
        name: review.name.clone(),
        chip: review_chip(review, today),
        facts: review_facts(review),
        progress: Progress {
            id: "signed".to_owned(),
            label: "署名の進み具合".to_owned(),
            done: signed as u64,
            total: Some(shown.parts.len() as u64),
            unit: "件".to_owned(),
            note: format!("{late}署名のない名簿は{}件です。", shown.parts.len() - signed),
            poll: None,
        },
        parts: shown.parts.iter().map(|one| part_line(one, is_overdue)).collect(),
        nobody: nobody()
            .filter(|one| !one.row.part.is_out_of_reach())
            .map(|one| part_name(&one.row))
            .collect(),
        has_unplaced: nobody().any(|one| one.row.part.is_out_of_reach()),
        may_close: is_open && acting.may(Action::StartReview),
        gaps: unsigned().map(gap).collect(),
        shell: Shell { errors, ..page::shell::<App>(acting, "権限の点検の状況", NAV, crumbs) },
    }
}

async fn show(State(app): State<App>, acting: Acting, Path(id): Path<Uuid>) -> Result<Html<String>, Failure> {
    let shown = case::show(&app, &acting, id).await?;
    let today = app.kit.clock.today();
    page::show(&show_page(&acting, (&shown, today), &Posted::default(), FormErrors::default()))
}

async fn close(
    State(app): State<App>,
    acting: Acting,
    Path(id): Path<Uuid>,
    posted: Posted,
) -> Result<Response, Failure> {
    let mut errors = FormErrors::default();
    let mut reasons = HashMap::new();
    for (name, value) in posted.pairs() {
        let Some(part_id) = name.strip_prefix("reason-").and_then(|id| id.parse::<Uuid>().ok()) else {
            continue;
        };
        let reason = value.trim();
        if reason.chars().count() > REASON_CHARS_MAX {
            errors.add(name, format!("理由を{REASON_CHARS_MAX}文字以内で入力してください"));
        } else if !reason.is_empty() {
            reasons.insert(part_id, reason.to_owned());
        }
    }
    if errors.is_empty() {
        match start::close(&app, &acting, id, &reasons).await? {
            Closed::Done => return Ok(Redirect::to(&format!("{NAV}/{id}/report")).into_response()),
            Closed::Missing(parts) => {
                for part_id in parts {
                    errors.add(
                        gap_field(part_id),
                        "署名のないまま終了する理由を入力するか、署名を待ってください",
                    );
                }
            }
        }
    }
    let shown = case::show(&app, &acting, id).await?;
    page::show_errors(&show_page(&acting, (&shown, app.kit.clock.today()), &posted, errors))
}

#[derive(Template)]
#[template(path = "reviews/report.html")]
struct ReportPage {
    shell: Shell,
    name: String,
    chip: Chip,
    municipality: String,
    printed: String,
    facts: Vec<(&'static str, String)>,
    parts: Vec<ReportPart>,
}

struct ReportPart {
    id: Uuid,
    name: String,
    version: String,
    signature: Option<(String, String, String)>,
    gap: Option<String>,
    is_sound: bool,
    rows: Vec<ReportRow>,
}

struct ReportRow {
    name: String,
    role: String,
    from: String,
    until: String,
    notes: Vec<String>,
    decision: &'static str,
    reason: String,
    application: Option<Uuid>,
}

fn report_row(entry: &Entry) -> ReportRow {
    let decided = entry.item.decided.as_ref();
    ReportRow {
        name: format!("{}（{}）", entry.name, entry.login),
        role: part_web::role_ja(&entry.item),
        from: dates::digits(entry.item.from_on),
        until: entry.item.until_on.map_or_else(|| "なし".to_owned(), dates::digits),
        notes: part_web::frozen_notes(entry),
        decision: decided.map_or("未決", |(decision, _)| decision.ja()),
        reason: decided.map(|(_, reason)| reason.clone()).unwrap_or_default(),
        application: entry.application_id,
    }
}

fn report_part(one: &Reported) -> ReportPart {
    let row = &one.listed.row;
    ReportPart {
        id: row.part.part_id,
        name: part_name(row),
        version: row.version.clone(),
        signature: row.signature.as_ref().map(|by| (by.name.clone(), moment(by.at), by.version.clone())),
        gap: row.gap.clone(),
        is_sound: one.is_sound,
        rows: one.entries.iter().map(report_row).collect(),
    }
}

async fn report(
    State(app): State<App>,
    acting: Acting,
    Path(id): Path<Uuid>,
) -> Result<Html<String>, Failure> {
    let (review, parts) = case::report(&app, &acting, id).await?;
    let crumbs = vec![
        Crumb::link(NAV, "権限の点検"),
        Crumb::link(format!("{NAV}/{id}"), review.name.clone()),
        Crumb::here("報告書"),
    ];
    let today = app.kit.clock.today();
    page::show(&ReportPage {
        chip: review_chip(&review, today),
        municipality: acting.municipality_name.clone(),
        printed: dates::both(today),
        facts: review_facts(&review),
        parts: parts.iter().map(report_part).collect(),
        shell: page::shell::<App>(&acting, "権限の点検の報告書", NAV, crumbs),
        name: review.name,
    })
}
