//! Pages of 持出し: the form, the ledger, one file with its taking and its report.

use super::{
    case::{self, Draft, Shown, Size},
    seal,
    sql::Export,
};
use crate::{
    App,
    campaigns::{
        sql::Campaign,
        table::Field,
        web::{PER_PAGE, Paging, download, offset},
    },
    page,
};
use askama::Template;
use axum::{
    extract::{Path, Query, State},
    response::{Html, IntoResponse, Redirect, Response},
};
use desk::approvals::web::{NAV, chip, moment};
use domain::{
    Date,
    leaving::{Closing, ExportList, Place, is_overdue, taking_fault},
    wareki,
};
use kit::{Acting, Action, Failure, Posted, approvals::steps::may_use, web::Routes};
use serde::Deserialize;
use ui::{Chip, Choice, Crumb, FieldState, FormErrors, Pager, Shell, Tone, dates, filters};
use uuid::Uuid;

pub const ROOM: &str = "/exports";
const LEDGER: &str = "持出し台帳";
const TEXT_CHARS_MAX: usize = 200;

pub fn routes() -> Routes<App> {
    Routes::about("export")
        .get(ROOM, Action::ViewExports, ledger)
        .get("/exports/new", Action::ApplyExport, form)
        .post("/exports/new", Action::ApplyExport, send)
        .get("/exports/{id}", Action::ViewExports, show)
        .post("/exports/{id}/take", Action::TakeExport, take)
        .get("/exports/{id}/file", Action::TakeExport, file)
        .post("/exports/{id}/close", Action::CloseExport, close)
}

fn crumbs(here: &str) -> Vec<Crumb> {
    vec![Crumb::link("/", "ホーム"), Crumb::link(ROOM, LEDGER), Crumb::here(here)]
}

#[derive(Deserialize, Default)]
pub struct Asked {
    #[serde(default)]
    campaign: String,
    #[serde(default)]
    list: String,
}

impl Asked {
    /// Which list of which campaign; what names neither is not there.
    fn read(&self) -> Result<(Uuid, ExportList), Failure> {
        let campaign = self.campaign.parse().map_err(|_| Failure::NotFound)?;
        let list =
            if self.list.is_empty() { Some(ExportList::People) } else { ExportList::from_code(&self.list) };
        Ok((campaign, list.ok_or(Failure::NotFound)?))
    }
}

#[derive(Template)]
#[template(path = "exports/form.html")]
struct FormPage {
    shell: Shell,
    campaign: Campaign,
    list: ExportList,
    rows: usize,
    protected: usize,
    place: FieldState,
    places: Vec<Choice>,
    recipient: FieldState,
    recipient_key: FieldState,
    fields: Vec<(Choice, bool)>,
    fields_error: FieldState,
    list_error: FieldState,
    due_on: FieldState,
    purpose: FieldState,
}

/// What most purposes need; names and addresses are ticked by whoever needs them.
const USUAL: [Field; 4] = [Field::Listed, Field::Exclusion, Field::Number, Field::Dose];

fn form_page(
    acting: &Acting,
    (campaign, size): (Campaign, Size),
    list: ExportList,
    (posted, errors): (&Posted, FormErrors),
    is_sent: bool,
) -> FormPage {
    let ticked = |field: Field| {
        if is_sent { posted.is_checked(&format!("field-{}", field.code())) } else { USUAL.contains(&field) }
    };
    FormPage {
        list,
        rows: size.rows,
        protected: size.protected,
        place: errors.field("place", posted.text("place")),
        places: vec![
            Choice::new(Place::Office.code(), Place::Office.ja())
                .hint("庁内の端末だけで使います。公開鍵がなければ暗号化しません"),
            Choice::new(Place::Outside.code(), Place::Outside.ja())
                .hint("受取人の公開鍵で暗号化します。支援措置対象者は除きます"),
        ],
        recipient: errors.field("recipient", posted.text("recipient")),
        recipient_key: errors.field("recipient_key", posted.text("recipient_key")),
        fields: Field::ALL
            .iter()
            .map(|field| (Choice::new(field.code(), field.ja()), ticked(*field)))
            .collect(),
        fields_error: errors.field("fields", ""),
        list_error: errors.field("list", ""),
        due_on: errors.field("due_on", posted.text("due_on")),
        purpose: errors.field("purpose", posted.text("purpose")),
        shell: Shell { errors, ..page::shell(acting, "一覧の持出しの申請", NAV, crumbs("申請")) },
        campaign,
    }
}

async fn form(
    State(app): State<App>,
    acting: Acting,
    Query(asked): Query<Asked>,
) -> Result<Html<String>, Failure> {
    let (campaign_id, list) = asked.read()?;
    let begun = case::begin(&app, &acting, (campaign_id, list)).await?;
    let blank = (&Posted::default(), FormErrors::default());
    page::show(&form_page(&acting, begun, list, blank, false))
}

/// A line of text that has to be there.
pub fn line(posted: &Posted, (name, label): (&str, &str), errors: &mut FormErrors) -> String {
    let text = posted.trimmed(name);
    if text.is_empty() {
        errors.add(name, format!("{label}を入力してください"));
    } else if text.chars().count() > TEXT_CHARS_MAX {
        errors.add(name, format!("{label}は{TEXT_CHARS_MAX}文字以内で入力してください"));
    }
    text.to_owned()
}

fn read(posted: &Posted, (campaign_id, list): (Uuid, ExportList), errors: &mut FormErrors) -> Draft {
    let due_on: Option<Date> = wareki::parse(posted.trimmed("due_on"))
        .map_err(|error| errors.add("due_on", format!("消去・返却の期限：{error}")))
        .ok();
    let ticked =
        Field::ALL.iter().copied().filter(|field| posted.is_checked(&format!("field-{}", field.code())));
    Draft {
        campaign_id,
        list,
        place: Place::from_code(posted.text("place")),
        recipient: line(posted, ("recipient", "受取人"), errors),
        recipient_key: posted.trimmed("recipient_key").to_owned(),
        fields: match list {
            ExportList::People => ticked.collect(),
            // A manifest has the columns it has.
            ExportList::Manifest => vec![Field::Number],
        },
        due_on,
        purpose: line(posted, ("purpose", "利用目的"), errors),
    }
}

async fn send(State(app): State<App>, acting: Acting, posted: Posted) -> Result<Response, Failure> {
    let asked = Asked { campaign: posted.text("campaign").to_owned(), list: posted.text("list").to_owned() };
    let (campaign_id, list) = asked.read()?;
    let mut errors = FormErrors::default();
    let draft = read(&posted, (campaign_id, list), &mut errors);
    match case::apply(&app, &acting, &draft, errors.is_empty()).await? {
        Ok(approval_id) => Ok(Redirect::to(&format!("/approvals/{approval_id}")).into_response()),
        Err(faults) => {
            for (field, sentence) in faults {
                errors.add(field, sentence);
            }
            let begun = case::begin(&app, &acting, (campaign_id, list)).await?;
            page::show_errors(&form_page(&acting, begun, list, (&posted, errors), true))
        }
    }
}

#[derive(Template)]
#[template(path = "exports/ledger.html")]
struct LedgerPage {
    shell: Shell,
    rows: Vec<Row>,
    pager: Pager,
}

struct Row {
    id: Uuid,
    what: &'static str,
    title: String,
    rows: i64,
    recipient: String,
    place: &'static str,
    who: String,
    taken: String,
    due: String,
    closed: String,
    chip: Chip,
}

fn state_chip(export: &Export, today: Date) -> Chip {
    let (is_taken, is_closed) = (export.takings > 0, export.closed.is_some());
    if is_overdue(export.due_on, is_taken, is_closed, today) {
        return Chip::new(Tone::Stop, "報告の期限切れ");
    }
    match (is_taken, is_closed) {
        (_, true) => Chip::new(Tone::Good, "消去を確認済み"),
        (true, false) => Chip::new(Tone::Active, "持出し中"),
        (false, false) => Chip::new(Tone::Off, "未受取"),
    }
}

fn row(export: &Export, today: Date) -> Row {
    let decided = match export.decided_by_name.as_str() {
        "" => String::new(),
        name => format!("、決定 {name}"),
    };
    Row {
        id: export.export_id,
        what: export.list.ja(),
        title: export.campaign_title.clone(),
        rows: export.rows,
        recipient: export.recipient.clone(),
        place: export.place.ja(),
        who: format!("申請 {}{decided}", export.asked_by_name),
        taken: export
            .taken_at
            .map_or_else(|| "なし".to_owned(), |at| format!("{}（{}回）", moment(at), export.takings)),
        due: dates::seireki(export.due_on),
        closed: export.closed.as_ref().map_or_else(String::new, |closed| {
            format!("{} {} {}", moment(closed.at), closed.by_name, closed.closing.ja())
        }),
        chip: state_chip(export, today),
    }
}

async fn ledger(
    State(app): State<App>,
    acting: Acting,
    Query(paging): Query<Paging>,
) -> Result<Html<String>, Failure> {
    let number = paging.number();
    let (listed, total) = case::ledger(&app, &acting, (PER_PAGE as i64, offset(number))).await?;
    let today = app.kit.clock.today();
    let crumbs = vec![Crumb::link("/", "ホーム"), Crumb::here(LEDGER)];
    page::show(&LedgerPage {
        shell: page::shell(&acting, LEDGER, NAV, crumbs),
        rows: listed.iter().map(|export| row(export, today)).collect(),
        pager: Pager {
            page: number,
            per_page: PER_PAGE,
            total: total as u64,
            href: format!("{ROOM}?page="),
            label: LEDGER.to_owned(),
        },
    })
}

#[derive(Template)]
#[template(path = "exports/show.html")]
struct ShowPage {
    shell: Shell,
    id: Uuid,
    approval_id: Uuid,
    number: i64,
    row: Row,
    approval_chip: Chip,
    key: String,
    takes: bool,
    left: i16,
    closes: bool,
    closing: FieldState,
    closings: Vec<Choice>,
    note: FieldState,
    reported: String,
}

fn show_page(app: &App, acting: &Acting, shown: &Shown, (posted, errors): (&Posted, FormErrors)) -> ShowPage {
    let (export, approval) = (&shown.export, &shown.approval);
    let is_over = taking_fault(export.due_on, export.closed.is_some(), app.kit.clock.today()).is_some();
    let may_take =
        acting.may(Action::TakeExport) && !is_over && may_use(approval, acting.staff_id, shown.now).is_ok();
    ShowPage {
        id: export.export_id,
        approval_id: approval.approval_id,
        number: approval.number,
        row: row(export, app.kit.clock.today()),
        approval_chip: chip(approval, shown.now),
        key: if export.recipient_key.is_empty() { String::new() } else { seal::short(&export.recipient_key) },
        takes: may_take,
        left: approval.uses_max - approval.uses,
        closes: acting.may(Action::CloseExport) && export.takings > 0 && export.closed.is_none(),
        closing: errors.field("closing", posted.text("closing")),
        closings: Closing::ALL.iter().map(|one| Choice::new(one.code(), one.ja())).collect(),
        note: errors.field("note", posted.text("note")),
        reported: export.closed.as_ref().map_or_else(String::new, |closed| closed.note.clone()),
        shell: Shell {
            errors, ..page::shell(acting, "持出しの内容", NAV, crumbs("持出しの内容"))
        },
    }
}

async fn show(State(app): State<App>, acting: Acting, Path(id): Path<Uuid>) -> Result<Html<String>, Failure> {
    let shown = case::show(&app, &acting, id).await?;
    page::show(&show_page(&app, &acting, &shown, (&Posted::default(), FormErrors::default())))
}

async fn take(
    State(app): State<App>,
    acting: Acting,
    Path(id): Path<Uuid>,
    _token: Posted,
) -> Result<Redirect, Failure> {
    case::take(&app, &acting, id).await?;
    Ok(Redirect::to(&format!("{ROOM}/{id}/file")))
}

async fn file(State(app): State<App>, acting: Acting, Path(id): Path<Uuid>) -> Result<Response, Failure> {
    let file = case::file(&app, &acting, id).await?;
    let kind = if file.is_sealed { "application/octet-stream" } else { "text/csv; charset=utf-8" };
    Ok(download(file.bytes, kind, &file.name))
}

async fn close(
    State(app): State<App>,
    acting: Acting,
    Path(id): Path<Uuid>,
    posted: Posted,
) -> Result<Response, Failure> {
    let mut errors = FormErrors::default();
    let closing = Closing::from_code(posted.text("closing"));
    if closing.is_none() {
        errors.add("closing", "消去したか、返却を受けたかを選択してください");
    }
    let note = line(&posted, ("note", "確認の方法"), &mut errors);
    let (Some(closing), true) = (closing, errors.is_empty()) else {
        let shown = case::show(&app, &acting, id).await?;
        return page::show_errors(&show_page(&app, &acting, &shown, (&posted, errors)));
    };
    case::close(&app, &acting, id, (closing, &note)).await?;
    Ok(Redirect::to(&format!("{ROOM}/{id}")).into_response())
}
