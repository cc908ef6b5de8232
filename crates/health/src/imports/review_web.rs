//! Pages of the review queue: the row as it was sent, beside the people it may mean.

use super::{
    review::{self, ITEMS_PER_PAGE, Opened, REASON_CHARS_MAX, Whose},
    review_sql::Item,
    web::{NAV, minute, page_number},
};
use crate::{App, ledger, page};
use askama::Template;
use axum::{
    extract::{Path, Query, State},
    response::{Html, IntoResponse, Redirect, Response},
};
use domain::{Date, ids::AddresseeNumber, kana, schedule::Vaccine};
use kit::{Acting, Action, Failure, Posted, web::Routes};
use std::collections::HashMap;
use ui::{Chip, Choice, Crumb, FieldState, FormErrors, Pager, Reasons, Shell, Tone, dates};
use uuid::Uuid;

pub fn routes() -> Routes<App> {
    Routes::about("review_item")
        .get("/imports/review", Action::ViewImports, list)
        .get("/imports/review/{id}", Action::DecideReview, item)
        .post("/imports/review/{id}/record", Action::DecideReview, record)
        .post("/imports/review/{id}/reject", Action::DecideReview, reject)
}

/// What the radio group sends for someone who is no candidate.
const OTHER: &str = "other";

fn chip(kind: &str) -> Chip {
    match kind {
        "no_match" => Chip::new(Tone::Warning, "本人不明"),
        "several_matches" => Chip::new(Tone::Warning, "候補が複数"),
        "conflict" => Chip::new(Tone::Stop, "登録済みと不一致"),
        _ => Chip::new(Tone::Stop, "決まりに合わない"),
    }
}

fn day(text: &str) -> String {
    text.parse::<Date>().map(dates::both).unwrap_or_default()
}

fn vaccine(code: &str) -> String {
    Vaccine::from_code(code).map_or_else(|| code.to_owned(), |vaccine| vaccine.ja().to_owned())
}

#[derive(Template)]
#[template(path = "imports/review_list.html")]
struct ListPage {
    shell: Shell,
    items: Vec<ItemRow>,
    pager: Pager,
    may_decide: bool,
}

struct ItemRow {
    id: Uuid,
    file: String,
    line: i64,
    chip: Chip,
    name: String,
    kana: String,
    birth: String,
    vaccine: String,
    on: String,
    sentence: String,
}

fn item_row(item: &Item) -> ItemRow {
    ItemRow {
        id: item.item_id,
        file: item.file_name.clone(),
        line: item.line,
        chip: chip(&item.kind),
        name: item.cell("name_kanji"),
        kana: item.cell("name_kana"),
        birth: day(&item.cell("birth_date")),
        vaccine: vaccine(&item.cell("vaccine")),
        on: day(&item.cell("vaccinated_on")),
        sentence: item.sentence.clone(),
    }
}

async fn list(
    State(app): State<App>,
    acting: Acting,
    Query(asked): Query<HashMap<String, String>>,
) -> Result<Html<String>, Failure> {
    let page = page_number(&asked);
    let (items, total) = review::waiting(&app, &acting, page).await?;
    let crumbs = vec![Crumb::link("/imports", "取込み"), Crumb::here("確認待ち")];
    page::show(&ListPage {
        shell: page::shell(&acting, "確認待ち", NAV, crumbs),
        items: items.iter().map(item_row).collect(),
        pager: Pager {
            page,
            per_page: ITEMS_PER_PAGE.cast_unsigned(),
            total: total.cast_unsigned(),
            href: "/imports/review?page=".to_owned(),
            label: "確認待ち".to_owned(),
        },
        may_decide: acting.may(Action::DecideReview),
    })
}

#[derive(Template)]
#[template(path = "imports/review_item.html")]
struct ItemPage {
    shell: Shell,
    id: Uuid,
    chip: Chip,
    sentence: String,
    names: Vec<String>,
    lines: Vec<Line>,
    dose: Vec<(&'static str, String)>,
    verdicts: Vec<(String, Reasons)>,
    is_open: bool,
    decided: String,
    decision_reason: String,
    whose: FieldState,
    choices: Vec<Choice>,
    number: FieldState,
    explanation: FieldState,
    reason: FieldState,
}

/// One item of the row beside the same of each candidate.
struct Line {
    label: &'static str,
    sent: String,
    cells: Vec<Compared>,
}

struct Compared {
    text: String,
    differs: bool,
}

fn sex_ja(code: &str) -> &'static str {
    match code {
        "1" => "男",
        "2" => "女",
        _ => "不明",
    }
}

fn compare(
    opened: &Opened,
    label: &'static str,
    sent: String,
    stored: impl Fn(&ledger::Resident) -> String,
    same: impl Fn(&str, &str) -> bool,
) -> Line {
    let cells = opened
        .candidates
        .iter()
        .map(|candidate| {
            let text = stored(&candidate.resident);
            let differs = !sent.is_empty() && !same(&sent, &text);
            Compared { text, differs }
        })
        .collect();
    Line { label, sent, cells }
}

fn lines(opened: &Opened) -> Vec<Line> {
    let cell = |name: &str| opened.item.cell(name);
    let equal = |sent: &str, stored: &str| sent == stored;
    let sounds_alike = |sent: &str, stored: &str| kana::key(sent) == kana::key(stored);
    vec![
        compare(
            opened,
            "宛名番号",
            cell("addressee_number"),
            |person| person.addressee_number.clone(),
            equal,
        ),
        compare(opened, "漢字氏名", cell("name_kanji"), |person| person.name_kanji.clone(), sounds_alike),
        compare(opened, "カナ氏名", cell("name_kana"), |person| person.name_kana.clone(), sounds_alike),
        compare(opened, "生年月日", day(&cell("birth_date")), |person| dates::both(person.birth_date), equal),
        compare(
            opened,
            "性別",
            sex_ja(&cell("sex")).to_owned(),
            |person| sex_ja(&ledger::sex_code(person.sex).to_string()).to_owned(),
            equal,
        ),
        compare(opened, "住民区分", String::new(), |person| person.class.ja().to_owned(), equal),
        compare(opened, "世帯番号", String::new(), |person| person.household_number.clone(), equal),
    ]
}

fn dose(item: &Item) -> Vec<(&'static str, String)> {
    let volume = item.cell("volume_centi_ml").parse::<i32>().ok();
    let source = item.cell("source");
    vec![
        ("ワクチン", vaccine(&item.cell("vaccine"))),
        ("接種回数（送付元）", item.cell("dose_number")),
        ("接種日", day(&item.cell("vaccinated_on"))),
        ("接種判定", if item.cell("judgement") == "1" { "接種" } else { "予診のみ" }.to_owned()),
        ("製品名", item.cell("product")),
        ("ロット番号", item.cell("lot_number")),
        ("有効期限", day(&item.cell("lot_expires_on"))),
        (
            "接種量",
            volume.map(|volume| format!("{}.{:02} mL", volume / 100, volume % 100)).unwrap_or_default(),
        ),
        ("医療機関コード", item.cell("clinic_code")),
        ("医師名", item.cell("doctor_name")),
        ("法定区分", if item.cell("legal_class") == "1" { "定期" } else { "任意" }.to_owned()),
        ("送付元", format!("{source}（行番号 {}）", item.cell("source_row"))),
        ("備考", item.cell("remark")),
    ]
}

fn item_page(acting: &Acting, opened: &Opened, posted: &Posted, errors: FormErrors) -> ItemPage {
    let item = &opened.item;
    let names: Vec<String> =
        opened.candidates.iter().map(|candidate| candidate.resident.name_kanji.clone()).collect();
    let mut choices: Vec<Choice> = opened
        .candidates
        .iter()
        .enumerate()
        .map(|(index, candidate)| {
            let person = &candidate.resident;
            Choice::new(person.resident_id.to_string(), format!("候補{}　{}", index + 1, person.name_kanji))
                .hint(format!("宛名番号 {}", person.addressee_number))
        })
        .collect();
    choices.push(Choice::new(OTHER, "ほかの人（宛名番号で指定）"));
    let verdicts = opened
        .candidates
        .iter()
        .filter_map(|candidate| {
            let verdict = candidate.verdict.as_ref()?;
            Some((candidate.resident.name_kanji.clone(), Reasons::of(&verdict.reasons)))
        })
        .collect();
    let crumbs = vec![
        Crumb::link("/imports", "取込み"),
        Crumb::link("/imports/review", "確認待ち"),
        Crumb::here("判断"),
    ];
    ItemPage {
        id: item.item_id,
        chip: chip(&item.kind),
        sentence: item.sentence.clone(),
        names,
        lines: lines(opened),
        dose: dose(item),
        verdicts,
        is_open: item.is_open(),
        decided: item.decided_at.map(minute).unwrap_or_default(),
        decision_reason: item.decision_reason.clone(),
        whose: errors.field("whose", posted.text("whose")),
        choices,
        number: errors.field("number", posted.text("number")),
        explanation: errors.field("explanation", posted.text("explanation")),
        reason: errors.field("reason", posted.text("reason")),
        shell: Shell { errors, ..page::shell(acting, "確認待ちの判断", NAV, crumbs) },
    }
}

async fn item(State(app): State<App>, acting: Acting, Path(id): Path<Uuid>) -> Result<Html<String>, Failure> {
    let opened = review::open(&app, &acting, id).await?;
    page::show(&item_page(&acting, &opened, &Posted::default(), FormErrors::default()))
}

async fn again(
    app: &App,
    acting: &Acting,
    id: Uuid,
    posted: &Posted,
    errors: FormErrors,
) -> Result<Response, Failure> {
    let opened = review::open(app, acting, id).await?;
    page::show_errors(&item_page(acting, &opened, posted, errors))
}

fn onward(next: Option<Uuid>) -> Response {
    match next {
        Some(next) => Redirect::to(&format!("/imports/review/{next}")).into_response(),
        None => Redirect::to("/imports/review").into_response(),
    }
}

/// A reason is what someone will ask for in ten years.
fn check_reason(errors: &mut FormErrors, field: &str, text: &str, missing: &str) {
    if text.is_empty() {
        errors.add(field, missing);
    } else if text.chars().count() > REASON_CHARS_MAX {
        errors.add(field, format!("{REASON_CHARS_MAX}文字以内で入力してください"));
    }
}

async fn record(
    State(app): State<App>,
    acting: Acting,
    Path(id): Path<Uuid>,
    posted: Posted,
) -> Result<Response, Failure> {
    let mut errors = FormErrors::default();
    let whose = match posted.text("whose") {
        OTHER => match AddresseeNumber::parse(posted.text("number")) {
            Ok(number) => Some(Whose::Number(number)),
            Err(error) => {
                errors.add("number", error.to_string());
                None
            }
        },
        chosen => match chosen.parse() {
            Ok(resident) => Some(Whose::Candidate(resident)),
            Err(_) => {
                errors.add("whose", "だれの記録かを選択してください");
                None
            }
        },
    };
    let explanation = posted.trimmed("explanation");
    check_reason(&mut errors, "explanation", explanation, "確かめたことを入力してください");
    if let (Some(whose), true) = (whose, errors.is_empty()) {
        match review::record(&app, &acting, id, whose, explanation).await? {
            Ok(next) => return Ok(onward(next)),
            Err(error) => {
                let field = if matches!(whose, Whose::Number(_)) { "number" } else { "whose" };
                errors.add(field, error.to_string());
            }
        }
    }
    again(&app, &acting, id, &posted, errors).await
}

async fn reject(
    State(app): State<App>,
    acting: Acting,
    Path(id): Path<Uuid>,
    posted: Posted,
) -> Result<Response, Failure> {
    let mut errors = FormErrors::default();
    let reason = posted.trimmed("reason");
    check_reason(&mut errors, "reason", reason, "退ける理由を入力してください");
    if errors.is_empty() {
        return Ok(onward(review::reject(&app, &acting, id, reason).await?));
    }
    again(&app, &acting, id, &posted, errors).await
}
