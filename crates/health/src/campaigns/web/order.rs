//! The order of an extraction: form, all errors at once, a page to confirm, then the job.

use super::{LIST, ROOM, number};
use crate::{
    App,
    campaigns::{
        case::{self, Order, OrderFault},
        sql,
    },
    page,
};
use askama::Template;
use axum::{
    extract::{Query, State},
    response::{Html, IntoResponse, Redirect, Response},
};
use domain::{
    Date,
    age::fiscal_year,
    campaign::{NoticeKind, fiscal_year_ja},
    schedule::Series,
    wareki,
};
use kit::{Acting, Action, Case, Failure, Posted, Target};
use serde::Deserialize;
use serde_json::json;
use ui::{Banner, BannerKind, Choice, Crumb, FieldState, FormErrors, Shell, filters};
use uuid::Uuid;

const TITLE: &str = "対象者を抽出する";
/// A reason is a sentence or two.
const REASON_CHARS_MAX: usize = 500;
const QUIET_MONTHS: &str = "12";

#[derive(Template)]
#[template(path = "campaigns/new.html")]
struct FormPage {
    shell: Shell,
    programme: FieldState,
    programmes: Vec<Choice>,
    kind: FieldState,
    kinds: Vec<Choice>,
    base_date: FieldState,
    dose: FieldState,
    birth_from: FieldState,
    birth_until: FieldState,
    valid_until: FieldState,
    follows: FieldState,
    follow_choices: Vec<Choice>,
    quiet_months: FieldState,
    incomplete_reason: FieldState,
}

#[derive(Template)]
#[template(path = "campaigns/confirm.html")]
struct ConfirmPage {
    shell: Shell,
    order: Order,
    fiscal_year: String,
    base_date: String,
    /// The base date said aloud, with its fiscal year.
    said: Banner,
    fields: Vec<(&'static str, String)>,
}

/// A link from a printed campaign fills the form in.
#[derive(Deserialize, Default)]
pub struct Prefill {
    #[serde(default)]
    programme: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    follows: String,
}

pub async fn form(
    State(app): State<App>,
    acting: Acting,
    Query(prefill): Query<Prefill>,
) -> Result<Html<String>, Failure> {
    let pairs = [
        ("programme", prefill.programme),
        (
            "kind",
            if prefill.kind.is_empty() { NoticeKind::Questionnaire.code().to_owned() } else { prefill.kind },
        ),
        ("follows", prefill.follows),
        ("base_date", wareki::long(app.kit.clock.today())),
        ("quiet_months", QUIET_MONTHS.to_owned()),
    ];
    let posted = Posted::from_pairs(pairs.map(|(name, value)| (name.to_owned(), value)).to_vec());
    page::show(&make(&app, &acting, &posted, FormErrors::default()).await?)
}

async fn make(app: &App, acting: &Acting, posted: &Posted, errors: FormErrors) -> Result<FormPage, Failure> {
    let mut case = Case::open(&app.kit, acting, Action::ExtractTargets, Target::NONE).await?;
    let municipality = case.municipality();
    let earlier = sql::printed_of(case.conn(), municipality).await?;
    case.viewed(json!({})).await?;
    let crumbs = vec![Crumb::link("/", "ホーム"), Crumb::link(ROOM, LIST), Crumb::here(TITLE)];
    let shell = page::shell(acting, TITLE, ROOM, crumbs);
    let field = |name: &str| errors.field(name, posted.text(name));
    Ok(FormPage {
        programme: field("programme"),
        programmes: Series::ALL.iter().map(|series| Choice::new(series.code(), series.ja())).collect(),
        kind: field("kind"),
        kinds: vec![
            Choice::new(NoticeKind::Questionnaire.code(), "予診票").hint("対象になった方への最初の発送"),
            Choice::new(NoticeKind::Reminder.code(), "勧奨はがき").hint("まだ接種していない方へのお知らせ"),
        ],
        base_date: field("base_date"),
        dose: field("dose"),
        birth_from: field("birth_from"),
        birth_until: field("birth_until"),
        valid_until: field("valid_until"),
        follows: field("follows"),
        follow_choices: earlier
            .iter()
            .map(|(id, _, title)| Choice::new(id.to_string(), title.clone()))
            .collect(),
        quiet_months: field("quiet_months"),
        incomplete_reason: field("incomplete_reason"),
        shell: Shell { errors: errors.clone(), ..shell },
    })
}

pub async fn send(State(app): State<App>, acting: Acting, posted: Posted) -> Result<Response, Failure> {
    let mut errors = FormErrors::default();
    let Some(order) = parse(&app, &posted, &mut errors) else {
        return page::show_errors(&make(&app, &acting, &posted, errors).await?);
    };
    // A second look at the base date before anything happens: 立川市 2023.
    if posted.text("confirmed") != order.base_date.to_string() {
        let mut case = Case::open(&app.kit, &acting, Action::ExtractTargets, Target::NONE).await?;
        let municipality = case.municipality();
        let faults = case::faults(case.conn(), municipality, &order, app.kit.clock.today()).await?;
        case.viewed(json!({ "programme": order.programme.code() })).await?;
        if faults.is_empty() {
            return confirm(&app, &acting, &posted, order);
        }
        add(&mut errors, &faults);
        return page::show_errors(&make(&app, &acting, &posted, errors).await?);
    }
    match case::order(&app, &acting, &order).await? {
        Ok(id) => Ok(Redirect::to(&format!("{ROOM}/{id}")).into_response()),
        Err(faults) => {
            add(&mut errors, &faults);
            page::show_errors(&make(&app, &acting, &posted, errors).await?)
        }
    }
}

fn add(errors: &mut FormErrors, faults: &[OrderFault]) {
    for fault in faults {
        errors.add(fault.field(), fault.to_string());
    }
}

fn confirm(app: &App, acting: &Acting, posted: &Posted, order: Order) -> Result<Response, Failure> {
    let crumbs = vec![
        Crumb::link("/", "ホーム"),
        Crumb::link(ROOM, LIST),
        Crumb::link("/campaigns/new", TITLE),
        Crumb::here("確認"),
    ];
    const KEPT: [&str; 10] = [
        "programme",
        "kind",
        "base_date",
        "dose",
        "birth_from",
        "birth_until",
        "valid_until",
        "follows",
        "quiet_months",
        "incomplete_reason",
    ];
    let year = format!("{}年度（{}年度）", fiscal_year_ja(order.base_date), fiscal_year(order.base_date));
    let base_date = ui::dates::both(order.base_date);
    let said = Banner::new(BannerKind::Info, format!("基準日は{base_date}、{year}です"));
    let said = if order.base_date == app.kit.clock.today() {
        said.line("今日の日付です。")
    } else {
        said.line("今日とは違う日付です。年度と日付に間違いがないか確かめてください。")
    };
    let made = ConfirmPage {
        shell: page::shell(acting, "抽出条件の確認", ROOM, crumbs),
        fiscal_year: year,
        base_date,
        said,
        fields: KEPT.map(|name| (name, posted.text(name).to_owned())).to_vec(),
        order,
    };
    Ok(page::show(&made)?.into_response())
}

/// Reads the form. `None` when something cannot be read; then every error is noted.
fn parse(app: &App, posted: &Posted, errors: &mut FormErrors) -> Option<Order> {
    let programme = Series::from_code(posted.trimmed("programme"));
    if programme.is_none() {
        errors.add("programme", "予防接種を選択してください");
    }
    let kind = NoticeKind::from_code(posted.trimmed("kind"));
    if kind.is_none() {
        errors.add("kind", "予診票か勧奨はがきかを選択してください");
    }
    let base_date = match wareki::parse(posted.trimmed("base_date")) {
        Ok(day) => Some(day),
        Err(error) => {
            errors.add("base_date", error.to_string());
            None
        }
    };
    let birth_from = optional_day(posted, "birth_from", errors);
    let birth_until = optional_day(posted, "birth_until", errors);
    let valid_until = optional_day(posted, "valid_until", errors);
    let dose = bounded(posted, "dose", 1..=9, errors, "接種回は1から9までの数字で入力してください");
    let quiet = bounded(
        posted,
        "quiet_months",
        1..=60,
        errors,
        "再び勧奨しない月数は1から60までの数字で入力してください",
    );
    let follows = match posted.trimmed("follows") {
        "" => None,
        text => match text.parse::<Uuid>() {
            Ok(id) => Some(id),
            Err(_) => {
                errors.add("follows", "もとになる発送を選び直してください");
                None
            }
        },
    };
    if posted.trimmed("incomplete_reason").chars().count() > REASON_CHARS_MAX {
        errors.add("incomplete_reason", format!("理由は{REASON_CHARS_MAX}文字以内で入力してください"));
    }
    if !errors.is_empty() {
        return None;
    }
    let kind = kind?;
    let is_reminder = kind == NoticeKind::Reminder;
    Some(Order {
        campaign_id: posted.text("campaign_id").parse().unwrap_or_else(|_| app.kit.ids.next()),
        programme: programme?,
        kind,
        base_date: base_date?,
        birth_from,
        birth_until,
        dose: dose.map(|dose| dose as u8),
        // What concerns reminders only is not taken over from a form that was switched back.
        follows: follows.filter(|_| is_reminder),
        quiet_months: quiet.unwrap_or(12) as i16,
        incomplete_reason: if is_reminder {
            posted.trimmed("incomplete_reason").to_owned()
        } else {
            String::new()
        },
        valid_until,
    })
}

fn optional_day(posted: &Posted, name: &str, errors: &mut FormErrors) -> Option<Date> {
    let text = posted.trimmed(name);
    if text.is_empty() {
        return None;
    }
    wareki::parse(text).map_err(|error| errors.add(name, error.to_string())).ok()
}

fn bounded(
    posted: &Posted,
    name: &str,
    range: std::ops::RangeInclusive<u64>,
    errors: &mut FormErrors,
    sentence: &str,
) -> Option<u64> {
    let text = posted.trimmed(name);
    if text.is_empty() {
        return None;
    }
    let found = number(text).filter(|number| range.contains(number));
    if found.is_none() {
        errors.add(name, sentence);
    }
    found
}
