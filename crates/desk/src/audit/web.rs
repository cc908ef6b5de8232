//! Pages of the auditor.

use super::{
    case::{self, LOG_PER_PAGE, Log},
    sql::{COUNTED_MAX, LogRow, LogSearch, WholeEntry},
    words,
};
use crate::{System, page};
use askama::Template;
use axum::{
    extract::{Path, Query, State},
    response::Html,
};
use domain::{Date, individual_number::Purpose, wareki};
use jiff::Span;
use kit::{Acting, Action, Failure, Posted, Zone, web::Routes};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use ui::{
    Banner, BannerKind, Chip, Choice, Crumb, DiffRow, DiffTable, FieldState, FormErrors, Pager, Shell, Tone,
};
use uuid::Uuid;

pub fn routes<S: System>() -> Routes<S> {
    Routes::about("entry")
        .get("/audit", Action::ViewAudit, log::<S>)
        .get("/audit/{id}", Action::ViewAudit, entry::<S>)
        .ask("/audit/verify", Action::ViewAudit, verify::<S>)
}

const NAV: &str = "/audit";

/// Nobody turns further than what is counted.
const PAGES_MAX: u64 = (COUNTED_MAX / LOG_PER_PAGE) as u64;

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
    target: FieldState,
    terminal: FieldState,
    purpose: FieldState,
    purposes: Vec<Choice>,
    outcome: FieldState,
    rows: Vec<Line>,
    pager: Option<Pager>,
    /// More match than are counted.
    is_more: bool,
}

/// An entry as both pages show it.
struct Line {
    id: String,
    at: String,
    who: String,
    staff: String,
    what: String,
    chip: Chip,
    target: String,
    target_id: String,
    terminal: String,
    terminal_name: String,
    zone: &'static str,
    purpose: &'static str,
    request: String,
    place: String,
}

/// An outcome as pages show it.
pub(crate) fn outcome(code: &str) -> Chip {
    match code {
        "refused" => Chip::new(Tone::Stop, "拒否"),
        "viewed" => Chip::new(Tone::Active, "閲覧"),
        _ => Chip::new(Tone::Good, "実行"),
    }
}

/// An action's name; the code of one that this version does not know.
pub(crate) fn action_ja(code: &str) -> String {
    Action::from_code(code).map_or_else(|| code.to_owned(), |action| action.ja().to_owned())
}

fn line(row: &LogRow) -> Line {
    let id = |id: Option<Uuid>| id.map(|id| id.to_string()).unwrap_or_default();
    Line {
        id: row.entry_id.to_string(),
        at: time(row.at),
        who: row.staff_name.clone(),
        staff: id(row.staff_id),
        what: action_ja(&row.action),
        chip: outcome(&row.outcome),
        target: words::kind_ja(&row.target_kind).to_owned(),
        target_id: id(row.target_id),
        terminal: id(row.terminal_id),
        terminal_name: row.terminal_name.clone(),
        zone: Zone::from_code(&row.zone).map_or("", |zone| zone.ja()),
        purpose: row.purpose.as_deref().and_then(Purpose::from_code).map_or("", |purpose| purpose.ja()),
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
    let (from, until) = (day("from"), day("until"));
    // What is no identifier is nobody's: the search must not silently become a wider one.
    let mut id = |name: &str, sentence: &'static str| match text(name) {
        "" => None,
        typed => Some(typed.parse().unwrap_or_else(|_| {
            errors.add(name, sentence);
            Uuid::nil()
        })),
    };
    let search = LogSearch {
        from,
        until,
        staff_id: id("staff", "職員を一覧から選び直してください"),
        target_id: id("target", "対象の識別番号は、操作ログの行から写して入力してください"),
        terminal_id: id("terminal", "端末の識別番号は、操作ログの行から写して入力してください"),
        purpose: text("purpose").to_owned(),
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
    let code =
        |text: &str| text.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').collect::<String>();
    let href = format!(
        "/audit?from={}&until={}&staff={staff_id}&target={}&terminal={}&purpose={}&action={}&outcome={}&page=",
        search.from,
        search.until,
        search.target_id.map(|id| id.to_string()).unwrap_or_default(),
        search.terminal_id.map(|id| id.to_string()).unwrap_or_default(),
        code(&search.purpose),
        code(&search.action),
        code(&search.outcome)
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
        target: errors.field("target", text("target")),
        terminal: errors.field("terminal", text("terminal")),
        purpose: FieldState::of(search.purpose.clone()),
        purposes: Purpose::ALL.iter().map(|purpose| Choice::new(purpose.code(), purpose.ja())).collect(),
        outcome: FieldState::of(search.outcome.clone()),
        is_more: log.total == COUNTED_MAX,
        pager: (log.total > 0).then(|| Pager {
            page,
            per_page: LOG_PER_PAGE as u64,
            total: log.total as u64,
            href,
            label: "操作ログ".to_owned(),
        }),
        rows: log.rows.iter().map(line).collect(),
        shell: Shell { errors, ..page::shell::<S>(acting, "操作ログ", NAV, crumbs) },
    }
}

async fn log<S: System>(
    State(app): State<S>,
    acting: Acting,
    Query(asked): Query<HashMap<String, String>>,
) -> Result<Html<String>, Failure> {
    let (search, errors) = read_search(&asked, app.kit().clock.today());
    let page: u64 = asked.get("page").and_then(|page| page.parse().ok()).unwrap_or(1).clamp(1, PAGES_MAX);
    let log = case::log(app.kit(), &acting, &search, page as i64).await?;
    page::show(&audit_page::<S>(&acting, &asked, &search, errors, log, page))
}

#[derive(Template)]
#[template(path = "audit/entry.html")]
struct EntryPage {
    shell: Shell,
    entry: Line,
    detail: Vec<(String, String)>,
    change: Option<DiffTable>,
    day: String,
    year_ago: String,
}

/// The parts of what an entry says: codes and their names.
fn parts(value: &Value) -> BTreeMap<String, String> {
    match value {
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| (words::field(name), words::value(name, value))).collect()
        }
        other => BTreeMap::from([("内容".to_owned(), words::value("", other))]),
    }
}

fn change(entry: &WholeEntry) -> Option<DiffTable> {
    if entry.before.is_none() && entry.after.is_none() {
        return None;
    }
    let [before, after] =
        [&entry.before, &entry.after].map(|side| side.as_ref().map(parts).unwrap_or_default());
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let of = |side: &BTreeMap<String, String>, name: &String| side.get(name).cloned().unwrap_or_default();
    let rows = names
        .into_iter()
        .map(|name| DiffRow { label: name.clone(), before: of(&before, name), after: of(&after, name) })
        .collect();
    Some(DiffTable { caption: "変更前と変更後".to_owned(), rows })
}

async fn entry<S: System>(
    State(app): State<S>,
    acting: Acting,
    Path(id): Path<Uuid>,
) -> Result<Html<String>, Failure> {
    let entry = case::entry(app.kit(), &acting, id).await?;
    let day = kit::clock::in_japan(entry.row.at).date();
    let crumbs = vec![Crumb::link("/audit", "操作ログ"), Crumb::here("記録の内容")];
    page::show(&EntryPage {
        shell: page::shell::<S>(&acting, "記録の内容", NAV, crumbs),
        detail: parts(&entry.detail).into_iter().collect(),
        change: change(&entry),
        entry: line(&entry.row),
        day: day.to_string(),
        year_ago: day.checked_sub(Span::new().years(1)).unwrap_or(day).to_string(),
    })
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
