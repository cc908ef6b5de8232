//! Pages of the auditor.

use super::{
    case::{self, LOG_PER_PAGE, Log},
    sql::{LogRow, LogSearch},
};
use crate::{System, page};
use askama::Template;
use axum::{
    extract::{Query, State},
    response::Html,
};
use domain::{Date, wareki};
use kit::{Acting, Action, Failure, Posted, web::Routes};
use std::collections::HashMap;
use ui::{Banner, BannerKind, Chip, Choice, Crumb, FieldState, FormErrors, Pager, Shell, Tone};

pub fn routes<S: System>() -> Routes<S> {
    Routes::about("entry").get("/audit", Action::ViewAudit, log::<S>).post(
        "/audit/verify",
        Action::ViewAudit,
        verify::<S>,
    )
}

const NAV: &str = "/audit";

fn time(at: jiff::Timestamp) -> String {
    kit::clock::in_japan(at).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

#[derive(Template)]
#[template(path = "audit/log.html")]
struct AuditPage {
    shell: Shell,
    from: FieldState,
    until: FieldState,
    staff: FieldState,
    people: Vec<Choice>,
    action: FieldState,
    actions: Vec<Choice>,
    outcome: FieldState,
    rows: Vec<Entry>,
    pager: Option<Pager>,
}

struct Entry {
    at: String,
    who: String,
    what: String,
    chip: Chip,
    target: &'static str,
    href: Option<String>,
    request: String,
    place: String,
}

fn entry(row: &LogRow) -> Entry {
    let chip = match row.outcome.as_str() {
        "refused" => Chip::new(Tone::Stop, "拒否"),
        "viewed" => Chip::new(Tone::Active, "閲覧"),
        _ => Chip::new(Tone::Good, "実行"),
    };
    let target = match row.target_kind.as_str() {
        "resident" => "住民",
        "record" => "接種記録",
        "campaign" => "抽出・発送",
        "sheet" => "予診票",
        "feed" => "取込み",
        "staff" => "職員",
        "job" => "処理",
        _ => "",
    };
    Entry {
        at: time(row.at),
        who: row.staff_name.clone(),
        what: Action::from_code(&row.action)
            .map_or_else(|| row.action.clone(), |action| action.ja().to_owned()),
        chip,
        target,
        href: row.target_id.filter(|_| row.target_kind == "resident").map(|id| id.to_string()),
        request: row.request_id.to_string(),
        place: row.place.map_or_else(|| "記録中".to_owned(), ui::dates::thousands),
    }
}

/// Reads the conditions; a date that cannot be read is an error beside its field.
fn read_search(asked: &HashMap<String, String>, today: Date) -> (LogSearch, FormErrors) {
    let mut errors = FormErrors::default();
    let text = |name: &str| asked.get(name).map_or("", |value| value.trim());
    let mut day = |name: &str| match text(name) {
        "" => today,
        typed => wareki::parse(typed).unwrap_or_else(|error| {
            errors.add(name, error.to_string());
            today
        }),
    };
    let search = LogSearch {
        from: day("from"),
        until: day("until"),
        staff_id: text("staff").parse().ok(),
        action: text("action").to_owned(),
        outcome: text("outcome").to_owned(),
    };
    (search, errors)
}

fn audit_page<S: System>(
    acting: &Acting,
    asked: &HashMap<String, String>,
    search: &LogSearch,
    errors: FormErrors,
    log: Log,
    page: u64,
) -> AuditPage {
    let text = |name: &str| asked.get(name).map_or("", String::as_str);
    let crumbs = vec![Crumb::here("操作ログ")];
    let staff_id = search.staff_id.map(|id| id.to_string()).unwrap_or_default();
    let href = format!(
        "/audit?from={}&until={}&staff={staff_id}&action={}&outcome={}&page=",
        search.from, search.until, search.action, search.outcome
    );
    AuditPage {
        from: errors.field(
            "from",
            if text("from").is_empty() { search.from.to_string() } else { text("from").to_owned() },
        ),
        until: errors.field(
            "until",
            if text("until").is_empty() { search.until.to_string() } else { text("until").to_owned() },
        ),
        staff: FieldState::of(staff_id),
        people: log
            .staff
            .iter()
            .map(|staff| Choice::new(staff.staff_id.to_string(), staff.name.clone()))
            .collect(),
        action: FieldState::of(search.action.clone()),
        actions: Action::ALL.iter().map(|action| Choice::new(action.code(), action.ja())).collect(),
        outcome: FieldState::of(search.outcome.clone()),
        pager: (log.total > 0).then(|| Pager {
            page,
            per_page: LOG_PER_PAGE as u64,
            total: log.total as u64,
            href,
            label: "操作ログ".to_owned(),
        }),
        rows: log.rows.iter().map(entry).collect(),
        shell: Shell { errors, ..page::shell::<S>(acting, "操作ログ", NAV, crumbs) },
    }
}

async fn log<S: System>(
    State(app): State<S>,
    acting: Acting,
    Query(asked): Query<HashMap<String, String>>,
) -> Result<Html<String>, Failure> {
    let (search, errors) = read_search(&asked, app.kit().clock.today());
    let page: u64 = asked.get("page").and_then(|page| page.parse().ok()).unwrap_or(1).clamp(1, 1_000_000);
    let log = case::log(app.kit(), &acting, &search, page as i64).await?;
    page::show(&audit_page::<S>(&acting, &asked, &search, errors, log, page))
}

async fn verify<S: System>(
    State(app): State<S>,
    acting: Acting,
    _token: Posted,
) -> Result<Html<String>, Failure> {
    let asked = HashMap::new();
    let (search, errors) = read_search(&asked, app.kit().clock.today());
    let (fault, log) = case::verify(app.kit(), &acting, &search).await?;
    let mut page = audit_page::<S>(&acting, &asked, &search, errors, log, 1);
    page.shell.notice = Some(match fault {
        None => Banner::new(BannerKind::Success, "操作ログは書かれたときのままです"),
        Some(place) => Banner::new(BannerKind::Error, format!("{place}番目の記録が合いません"))
            .line("書き換えまたは欠落の可能性があります。情報セキュリティ担当に連絡してください。"),
    });
    page::show(&page)
}
