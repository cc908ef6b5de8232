//! Pages of one list: deciding, and the signature.

use super::{
    case::{self, Choice, Kept, Opened, ToSign},
    rules::{self, Change, Decided, Decision, Item, verdict},
    sql::Entry,
    web::{NAV, asked_ja, part_name},
};
use crate::{App, rights::web::moment};
use askama::Template;
use axum::{
    extract::{Path, Query, State},
    response::{Html, IntoResponse, Redirect, Response},
};
use desk::page;
use kit::{Acting, Action, Duty, Failure, Posted, web::Routes};
use serde::Deserialize;
use std::collections::HashMap;
use ui::{Chip, Crumb, FieldState, FormErrors, Shell, Tone, dates};
use uuid::Uuid;

pub(super) fn routes() -> Routes<App> {
    Routes::about("review_part")
        .get("/reviews/parts/{id}", Action::ViewReviews, show)
        .post("/reviews/parts/{id}", Action::ConfirmReview, decide)
        .get("/reviews/parts/{id}/sign", Action::ConfirmReview, confirm)
        .post("/reviews/parts/{id}/sign", Action::ConfirmReview, sign)
}

const REASON_CHARS_MAX: usize = 100;

/// A role with the duties it was applied for.
pub(super) fn role_ja(item: &Item) -> String {
    let duties: Vec<_> =
        item.duties.iter().filter_map(|code| Duty::from_code(code)).map(|duty| duty.ja()).collect();
    if duties.is_empty() {
        item.role.ja().to_owned()
    } else {
        format!("{}（{}）", item.role.ja(), duties.join("、"))
    }
}

/// What was to be considered when the list was frozen.
pub(super) fn frozen_notes(entry: &Entry) -> Vec<String> {
    let mut notes = entry.conflicts.clone();
    if let Some(until) = entry.until_on {
        let what = if entry.is_contractor { "委託契約の終了" } else { "個人IDの最後の日" };
        notes.push(format!("{what}：{}", dates::digits(until)));
    }
    notes
}

/// What has changed since then.
fn changes(entry: &Entry) -> Vec<String> {
    let mut changes = Vec::new();
    if entry.is_gone {
        changes.push("点検の開始後に停止・退職".to_owned());
    }
    if let Some(section) = &entry.moved_to {
        changes.push(format!("点検の開始後に{section}へ異動"));
    }
    if !entry.item.is_held {
        changes.push("この権限は終わっています".to_owned());
    }
    changes
}

#[derive(Template)]
#[template(path = "reviews/part.html")]
struct PartPage {
    shell: Shell,
    id: Uuid,
    name: String,
    facts: Vec<(&'static str, String)>,
    chip: Chip,
    rows: Vec<Row>,
    /// What the page shows of each line, to be sent back with the choices.
    shown: String,
    granted: Vec<(String, &'static str, String)>,
    is_yours: bool,
}

struct Row {
    name: String,
    login: String,
    role: String,
    from: String,
    until: String,
    seen: String,
    notes: Vec<String>,
    changes: Vec<String>,
    is_held: bool,
    decision: &'static str,
    decision_ja: &'static str,
    /// The name of the choice, and of its reason.
    field: String,
    /// The mark of what this page shows; empty for what is undecided.
    mark: String,
    chosen: FieldState,
    reason: FieldState,
}

fn field(item: &Item) -> String {
    format!("{}-{}", item.staff_id, item.role.code())
}

fn choice_field(item: &Item) -> String {
    format!("d-{}", field(item))
}

fn reason_field(item: &Item) -> String {
    format!("r-{}", field(item))
}

/// A page that was sent: what was chosen, and what it had shown.
struct Sent<'a> {
    posted: &'a Posted,
    /// The mark of each line; what is missing was undecided. One field for all of them: a form has its limit of fields.
    shown: HashMap<&'a str, &'a str>,
}

impl<'a> Sent<'a> {
    fn of(posted: &'a Posted) -> Self {
        let pairs = posted.text("shown").split(' ').filter_map(|pair| pair.split_once('='));
        Sent { posted, shown: pairs.collect() }
    }

    fn shown(&self, item: &Item) -> &'a str {
        self.shown.get(field(item).as_str()).copied().unwrap_or_default()
    }

    fn chosen(&self, item: &Item) -> Option<Decided> {
        let decision = Decision::from_code(self.posted.text(&choice_field(item)))?;
        let reason = self.posted.trimmed(&reason_field(item)).to_owned();
        (decision != Decision::Ended).then_some((decision, reason))
    }

    fn change(&self, item: &Item) -> Change {
        rules::change(self.shown(item), self.chosen(item).as_ref(), item.decided.as_ref())
    }
}

/// A line with what was typed, where the page changes it or has to ask about it; else with what is kept by now.
fn row(entry: &Entry, sent: Option<&Sent<'_>>, errors: &FormErrors) -> Row {
    let item = &entry.item;
    let decided = item.decided.as_ref();
    let kept = decided.map_or(("", ""), |(decision, reason)| (decision.code(), reason.as_str()));
    let (choice, reason) = (choice_field(item), reason_field(item));
    let is_wrong = [&choice, &reason].into_iter().any(|name| errors.field(name, "").error.is_some());
    let typed = sent.filter(|sent| is_wrong || sent.change(item) != Change::Nothing);
    let value = |name: &str, kept: &str| {
        typed.map_or_else(|| kept.to_owned(), |sent| sent.posted.text(name).to_owned())
    };
    Row {
        name: entry.name.clone(),
        login: entry.login.clone(),
        role: role_ja(item),
        from: dates::digits(item.from_on),
        until: item.until_on.map_or_else(|| "なし".to_owned(), dates::digits),
        seen: entry.last_seen_at.map_or_else(|| "利用なし".to_owned(), moment),
        notes: frozen_notes(entry),
        changes: changes(entry),
        is_held: item.is_held,
        decision: kept.0,
        decision_ja: decided.map_or("未決", |(decision, _)| decision.ja()),
        chosen: errors.field(&choice, value(&choice, kept.0)),
        reason: errors.field(&reason, value(&reason, kept.1)),
        field: field(item),
        mark: match typed {
            // Nothing was said about what others have done: it stays what this page has seen.
            Some(sent) if sent.change(item) != Change::Overtaken => sent.shown(item).to_owned(),
            Some(_) | None => rules::mark(decided),
        },
    }
}

fn part_page(acting: &Acting, opened: &Opened, sent: Option<&Sent<'_>>, errors: FormErrors) -> PartPage {
    let (review, listed) = (&opened.review, &opened.listed);
    let chip = match (&listed.row.signature, review.closed.is_some()) {
        (Some(_), _) => Chip::new(Tone::Good, "署名済み"),
        (None, true) => Chip::new(Tone::Off, "署名なしで終了"),
        (None, false) => Chip::new(Tone::Waiting, "署名待ち"),
    };
    let mut facts = vec![
        ("点検", review.name.clone()),
        ("基準日", dates::both(review.base_on)),
        ("期限", dates::both(review.due_on)),
        ("点検する人", asked_ja(listed)),
        ("名簿の版", listed.row.version.clone()),
    ];
    if let Some(by) = &listed.row.signature {
        facts.push(("署名", format!("{}　{}　版 {}", moment(by.at), by.name, by.version)));
    }
    if let Some(reason) = &listed.row.gap {
        facts.push(("署名のない理由", reason.clone()));
    }
    let name = part_name(&listed.row);
    let crumbs = vec![
        Crumb::link(NAV, "権限の点検"),
        Crumb::link(format!("{NAV}/{}", review.review_id), review.name.clone()),
        Crumb::here(name.clone()),
    ];
    let granted = opened.granted.iter();
    let rows: Vec<Row> = opened.entries.iter().map(|entry| row(entry, sent, &errors)).collect();
    let marked = rows.iter().filter(|row| row.is_held && !row.mark.is_empty());
    let shown: Vec<String> = marked.map(|row| format!("{}={}", row.field, row.mark)).collect();
    PartPage {
        id: listed.row.part.part_id,
        facts,
        chip,
        rows,
        shown: shown.join(" "),
        granted: granted.map(|(name, role, from)| (name.clone(), role.ja(), dates::digits(*from))).collect(),
        is_yours: listed.is_yours,
        shell: Shell { errors, ..page::shell::<App>(acting, "点検の名簿", NAV, crumbs) },
        name,
    }
}

/// What the person was about to do: to sign, although something is undecided.
#[derive(Deserialize)]
struct About {
    next: Option<String>,
}

/// What is open, for whoever wanted to sign.
fn open_errors(opened: &Opened) -> FormErrors {
    let mut errors = FormErrors::default();
    for entry in opened.entries.iter().filter(|entry| verdict(&entry.item).is_none()) {
        let what = format!("{}さんの{}", entry.name, entry.item.role.ja());
        errors.add(choice_field(&entry.item), format!("{what}について「継続」か「削除」を選択してください"));
    }
    errors
}

async fn show(
    State(app): State<App>,
    acting: Acting,
    Path(id): Path<Uuid>,
    Query(about): Query<About>,
) -> Result<Html<String>, Failure> {
    let opened = case::part(&app, &acting, id).await?;
    let is_signing = opened.listed.is_yours && about.next.as_deref() == Some("sign");
    let errors = if is_signing { open_errors(&opened) } else { FormErrors::default() };
    page::show(&part_page(&acting, &opened, None, errors))
}

/// What was chosen for one line, and what stands against it.
fn read(entry: &Entry, sent: &Sent<'_>, errors: &mut FormErrors) -> Choice {
    let item = &entry.item;
    let what = format!("{}さんの{}", entry.name, item.role.ja());
    let reason = sent.posted.trimmed(&reason_field(item));
    if reason.chars().count() > REASON_CHARS_MAX {
        errors.add(reason_field(item), format!("{what}の理由を{REASON_CHARS_MAX}文字以内で入力してください"));
    }
    let decided = sent.chosen(item);
    match &decided {
        Some((Decision::Remove, reason)) if reason.is_empty() => {
            errors.add(reason_field(item), format!("{what}を削除する理由を入力してください"));
        }
        Some((Decision::Remove | Decision::Keep | Decision::Ended, _)) => {}
        // A reason is kept with a decision alone: it must not vanish unseen.
        None if !reason.is_empty() => errors.add(
            choice_field(item),
            format!(
                "{what}に理由があります。「継続」か「削除」を選択するか、未決のままなら理由を消してください"
            ),
        ),
        None => {}
    }
    if sent.change(item) == Change::Overtaken {
        let kept = match &item.decided {
            Some((decision, reason)) if reason.is_empty() => decision.ja().to_owned(),
            Some((decision, reason)) => format!("{}：{reason}", decision.ja()),
            None => "未決".to_owned(),
        };
        errors.add(
            choice_field(item),
            format!(
                "{what}の判断は、この画面を開いた後に「{kept}」に変わりました。見比べて選び直すか、選んだままでよければもう一度送信してください"
            ),
        );
    }
    Choice { staff_id: item.staff_id, role: item.role, decided, shown: sent.shown(item).to_owned() }
}

fn read_all(opened: &Opened, sent: &Sent<'_>) -> (Vec<Choice>, FormErrors) {
    let mut errors = FormErrors::default();
    let held = opened.entries.iter().filter(|entry| entry.item.is_held);
    let choices = held.map(|entry| read(entry, sent, &mut errors)).collect();
    (choices, errors)
}

async fn decide(
    State(app): State<App>,
    acting: Acting,
    Path(id): Path<Uuid>,
    posted: Posted,
) -> Result<Response, Failure> {
    let sent = Sent::of(&posted);
    let opened = case::part(&app, &acting, id).await?;
    let (choices, errors) = read_all(&opened, &sent);
    if !errors.is_empty() {
        return page::show_errors(&part_page(&acting, &opened, Some(&sent), errors));
    }
    let undecided = match case::decide(&app, &acting, id, &choices).await? {
        Kept::Open(undecided) => undecided,
        Kept::Overtaken(opened) => {
            let (_, errors) = read_all(&opened, &sent);
            return page::show_errors(&part_page(&acting, &opened, Some(&sent), errors));
        }
    };
    // What was chosen is kept; what is open is pointed out to whoever wants to sign.
    let next = match (posted.text("next") == "sign", undecided) {
        (true, 0) => "/sign",
        (true, _) => "?next=sign",
        (false, _) => "",
    };
    Ok(Redirect::to(&format!("{NAV}/parts/{id}{next}")).into_response())
}

#[derive(Template)]
#[template(path = "reviews/sign.html")]
struct SignPage {
    shell: Shell,
    id: Uuid,
    name: String,
    facts: Vec<(&'static str, String)>,
    removals: Vec<(String, String, String)>,
    version: String,
    items: usize,
    count: FieldState,
}

fn sign_page(acting: &Acting, to_sign: &ToSign, posted: &Posted, errors: FormErrors) -> SignPage {
    let ToSign { opened, settled, version } = to_sign;
    let count = |of: Decision| {
        let is_it = |item: &&Item| item.decided.as_ref().is_some_and(|(one, _)| *one == of);
        format!("{}件", settled.iter().filter(is_it).count())
    };
    let name = part_name(&opened.listed.row);
    let id = opened.listed.row.part.part_id;
    let removal = |(entry, item): (&Entry, &Item)| match &item.decided {
        Some((Decision::Remove, reason)) => {
            Some((format!("{}（{}）", entry.name, entry.login), role_ja(item), reason.clone()))
        }
        Some((Decision::Keep | Decision::Ended, _)) | None => None,
    };
    let crumbs = vec![
        Crumb::link(NAV, "権限の点検"),
        Crumb::link(format!("{NAV}/parts/{id}"), name.clone()),
        Crumb::here("署名"),
    ];
    SignPage {
        id,
        facts: vec![
            ("点検", opened.review.name.clone()),
            ("名簿", name.clone()),
            ("継続", count(Decision::Keep)),
            ("削除", count(Decision::Remove)),
            ("終了済み", count(Decision::Ended)),
            ("署名する版", version.clone()),
        ],
        removals: opened.entries.iter().zip(settled).filter_map(removal).collect(),
        version: version.clone(),
        items: settled.len(),
        count: errors.field("count", posted.text("count")),
        shell: Shell { errors, ..page::shell::<App>(acting, "点検に署名する", NAV, crumbs) },
        name,
    }
}

async fn confirm(
    State(app): State<App>,
    acting: Acting,
    Path(id): Path<Uuid>,
) -> Result<Html<String>, Failure> {
    let to_sign = case::confirm(&app, &acting, id).await?;
    page::show(&sign_page(&acting, &to_sign, &Posted::default(), FormErrors::default()))
}

/// The number as typed, also in full-width digits.
fn number(text: &str) -> Option<usize> {
    let narrow = |c: char| match c {
        '０'..='９' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        _ => c,
    };
    text.chars().map(narrow).collect::<String>().parse().ok()
}

async fn sign(
    State(app): State<App>,
    acting: Acting,
    Path(id): Path<Uuid>,
    posted: Posted,
) -> Result<Response, Failure> {
    let typed = number(posted.trimmed("count"));
    // The number of lines is part of the version: a list of another length is another version.
    if typed.map(|number| number.to_string()).as_deref() != Some(posted.text("items")) {
        let to_sign = case::confirm(&app, &acting, id).await?;
        let mut errors = FormErrors::default();
        errors.add("count", format!("名簿の件数（{}）を入力してください", to_sign.settled.len()));
        return page::show_errors(&sign_page(&acting, &to_sign, &posted, errors));
    }
    case::sign(&app, &acting, id, posted.text("version")).await?;
    Ok(Redirect::to(&format!("{NAV}/parts/{id}")).into_response())
}
