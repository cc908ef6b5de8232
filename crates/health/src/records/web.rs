//! Pages of 接種記録: the desk with its scan field, a record with its versions, withdrawal. The form is in [`form`].
//!
//! A sheet's number travels in the body, never in an address; addresses carry ids only.

mod form;

use super::{
    case::{self, Desk, History, SheetProblem, Withdrawal},
    sql::{Entered, State, Version},
};
use crate::{App, page, person};
use askama::Template;
use axum::{
    extract::{Path, Query, State as From},
    response::{Html, IntoResponse, Redirect, Response},
};
use domain::{
    Date,
    ids::SheetNumber,
    record::{Finding, Judgement, volume_text},
    schedule::Vaccine,
};
use kit::{Acting, Action, Failure, Posted, web::Routes};
use serde::Deserialize;
use ui::{
    Banner, BannerKind, Chip, Crumb, FieldState, FormErrors, PersonHeader, ReasonLine, Reasons, Shell, Tone,
    filters,
};
use uuid::Uuid;

pub fn routes() -> Routes<App> {
    let found = Routes::default()
        .get("/records", Action::OpenEntry, desk)
        .post("/records", Action::RegisterRecord, form::keep)
        .ask("/records/find", Action::FindSheet, find)
        .get("/records/new", Action::RegisterRecord, form::open)
        .ask("/records/new", Action::RegisterRecord, form::back)
        .ask("/records/confirm", Action::RegisterRecord, form::confirm)
        .get("/records/echo/date", Action::RegisterRecord, form::echo_date)
        .get("/records/echo/clinic", Action::RegisterRecord, form::echo_clinic);
    Routes::about("record")
        .get("/records/{id}", Action::ViewRecord, record)
        .get("/records/{id}/correct", Action::CorrectRecord, form::correct)
        .post("/records/{id}/correct", Action::CorrectRecord, form::keep)
        .ask("/records/{id}/correct/edit", Action::CorrectRecord, form::back)
        .ask("/records/{id}/correct/confirm", Action::CorrectRecord, form::confirm)
        .get("/records/{id}/withdraw", Action::WithdrawRecord, ask_withdrawal)
        .post("/records/{id}/withdraw", Action::WithdrawRecord, withdraw)
        .merge(found)
}

pub(super) const NAV: &str = "/records";

/// Time of day in Japan.
fn time(at: jiff::Timestamp) -> String {
    kit::clock::in_japan(at).strftime("%H:%M").to_string()
}

fn moment(at: jiff::Timestamp) -> String {
    kit::clock::in_japan(at).strftime("%Y-%m-%d %H:%M").to_string()
}

/// What a record counts for, in one word.
fn chip(state: State, judgement: Judgement, is_teiki: bool, valid: bool) -> Chip {
    match (state, judgement) {
        (State::Withdrawn, _) => Chip::new(Tone::Off, "取消し"),
        (State::Superseded, _) => Chip::new(Tone::Off, "訂正前"),
        (State::Current, Judgement::ScreeningOnly) => Chip::new(Tone::Waiting, "予診のみ"),
        (State::Current, Judgement::Given) if is_teiki => Chip::new(Tone::Good, "定期"),
        (State::Current, Judgement::Given) if valid => Chip::new(Tone::Warning, "定期外・有効"),
        (State::Current, Judgement::Given) => Chip::new(Tone::Stop, "無効"),
    }
}

/// Findings as the pages show them.
fn reasons(findings: &[Finding]) -> Option<Reasons> {
    let lines: Vec<_> = findings
        .iter()
        .map(|finding| ReasonLine {
            severity: finding.severity,
            text: finding.ja.clone(),
            source: finding.source.clone(),
        })
        .collect();
    (!lines.is_empty()).then_some(Reasons { lines })
}

#[derive(Template)]
#[template(path = "records/desk.html")]
struct DeskPage {
    shell: Shell,
    number: FieldState,
    rows: Vec<DeskRow>,
    by_clinic: Vec<(String, i64, i64)>,
    total: i64,
    may_record: bool,
    may_view: bool,
    may_search: bool,
}

struct DeskRow {
    id: Uuid,
    time: String,
    name: String,
    kana: String,
    on: Date,
    vaccine: String,
    dose: i16,
    chip: Chip,
    lot: String,
    clinic: String,
}

fn desk_row(row: &Entered) -> DeskRow {
    DeskRow {
        id: row.record_id,
        time: time(row.at),
        name: row.name.clone(),
        kana: row.kana.clone(),
        on: row.on,
        vaccine: vaccine_ja(&row.vaccine).to_owned(),
        dose: row.dose_number,
        chip: chip(row.state, row.judgement, row.is_teiki, row.valid_for_series),
        lot: row.lot_number.clone(),
        clinic: row.clinic_name.clone(),
    }
}

fn vaccine_ja(code: &str) -> &str {
    Vaccine::from_code(code).map_or(code, |vaccine| vaccine.ja())
}

fn desk_page(acting: &Acting, desk: &Desk, number: &str, errors: FormErrors) -> DeskPage {
    DeskPage {
        number: errors.field("number", number),
        rows: desk.entered.iter().map(desk_row).collect(),
        by_clinic: desk.by_clinic.clone(),
        total: desk.by_clinic.iter().map(|(_, given, screened)| given + screened).sum(),
        may_record: acting.may(Action::RegisterRecord),
        may_view: acting.may(Action::ViewRecord),
        may_search: acting.may(Action::SearchResidents),
        shell: Shell {
            errors, ..page::shell(acting, "接種記録の登録", NAV, vec![Crumb::here("接種記録")])
        },
    }
}

/// What a redirect brings along: the record that was just kept.
#[derive(Deserialize)]
struct Done {
    done: Option<Uuid>,
}

async fn desk(
    From(app): From<App>,
    acting: Acting,
    Query(asked): Query<Done>,
) -> Result<Html<String>, Failure> {
    let desk = case::desk(&app, &acting).await?;
    let mut page = desk_page(&acting, &desk, "", FormErrors::default());
    let kept = asked.done.and_then(|done| desk.entered.iter().find(|row| row.record_id == done));
    if asked.done.is_some() && !page.may_view {
        page.shell.notice = Some(
            Banner::new(BannerKind::Success, "接種記録を登録しました")
                .line("次の予診票を読み取ってください。"),
        );
        return page::show(&page);
    }
    page.shell.notice = kept.map(|row| {
        let what = match row.judgement {
            Judgement::Given => format!("{}{}", vaccine_ja(&row.vaccine), dose_ja(row.dose_number)),
            Judgement::ScreeningOnly => format!("{}の予診のみ", vaccine_ja(&row.vaccine)),
        };
        Banner::new(BannerKind::Success, format!("{}さんの{what}を登録しました", row.name))
            .line("次の予診票を読み取ってください。")
            .link(format!("/records/{}", row.record_id), "登録した記録を開く")
    });
    page::show(&page)
}

fn dose_ja(dose: i16) -> String {
    if dose > 0 { format!(" {dose}回目") } else { String::new() }
}

async fn find(From(app): From<App>, acting: Acting, posted: Posted) -> Result<Response, Failure> {
    let typed = posted.trimmed("number");
    let mut errors = FormErrors::default();
    let mut found = None;
    match SheetNumber::parse(typed) {
        Err(error) => errors.add("number", error.to_string()),
        Ok(number) => match case::find(&app, &acting, number).await? {
            Ok(sheet) => return Ok(Redirect::to(&format!("/records/new?sheet={sheet}")).into_response()),
            Err(problem) => {
                errors.add("number", problem.to_string());
                found = Some(problem);
            }
        },
    }
    let desk = case::desk(&app, &acting).await?;
    let mut page = desk_page(&acting, &desk, typed, errors);
    if let (Some(SheetProblem::Used { record_id: Some(record_id) }), true) = (found, page.may_view) {
        page.shell.notice = Some(
            Banner::new(BannerKind::Info, "登録済みの予診票です")
                .link(format!("/records/{record_id}"), "登録済みの記録を開く"),
        );
    }
    page::show_errors(&page)
}

#[derive(Template)]
#[template(path = "records/record.html")]
struct RecordPage {
    shell: Shell,
    id: Uuid,
    person: PersonHeader,
    what: String,
    chip: Chip,
    is_current: bool,
    rows: Vec<(&'static str, String)>,
    reasons: Option<Reasons>,
    versions: Vec<VersionRow>,
    may_correct: bool,
}

struct VersionRow {
    number: i32,
    chip: Chip,
    at: String,
    who: String,
    why: String,
    what: String,
}

/// The items of a version, in the order of the paper.
pub(super) fn items(version: &Version) -> Vec<(&'static str, String)> {
    let volume =
        version.volume_centi_ml.map_or(String::new(), |volume| format!("{} mL", volume_text(volume)));
    let date = if version.judgement == Judgement::Given { "接種日" } else { "予診日" };
    let clinic = if version.clinic_code.is_empty() {
        version.clinic_name.clone()
    } else {
        format!("{}（{}）", version.clinic_name, version.clinic_code)
    };
    vec![
        ("実施区分", version.judgement.ja().to_owned()),
        (date, ui::dates::both(version.on)),
        ("ワクチン", version.vaccine_ja().to_owned()),
        ("ロット番号", version.lot_number.clone()),
        ("有効期限", version.lot_expires_on.map_or(String::new(), ui::dates::both)),
        ("接種量", volume),
        ("医療機関", clinic),
        ("医師名", version.doctor_name.clone()),
        ("法定区分", version.basis.ja().to_owned()),
        ("特別の事情・備考", version.explanation.clone()),
    ]
}

/// What the record is about, in one line.
fn title(version: &Version) -> String {
    let series = version.series_ja();
    let about = if series.is_empty() { version.vaccine_ja() } else { series };
    match version.judgement {
        Judgement::Given => format!("{about}{}", dose_ja(version.dose_number)),
        Judgement::ScreeningOnly => format!("{about} 予診のみ"),
    }
}

/// What one version changed of the one before it.
fn changes(newer: &Version, older: Option<&Version>) -> String {
    let Some(older) = older else { return "登録".to_owned() };
    if newer.state == State::Withdrawn {
        return "取消し".to_owned();
    }
    let changed: Vec<String> = items(newer)
        .into_iter()
        .zip(items(older))
        .filter(|((_, new), (_, old))| new != old)
        .map(|((label, new), (_, old))| {
            let said = |text: String| if text.is_empty() { "なし".to_owned() } else { text };
            format!("{label}：{}→{}", said(old), said(new))
        })
        .collect();
    if changed.is_empty() { "変更なし".to_owned() } else { changed.join("、") }
}

fn version_rows(history: &History) -> Vec<VersionRow> {
    let versions = &history.versions;
    versions
        .iter()
        .enumerate()
        .map(|(index, (version, who))| VersionRow {
            number: version.version,
            chip: match version.state {
                State::Current => Chip::new(Tone::Active, "現在の版"),
                state @ (State::Superseded | State::Withdrawn) => {
                    chip(state, version.judgement, version.is_teiki, version.valid_for_series)
                }
            },
            at: moment(version.recorded_at),
            who: who.clone(),
            why: version.change_reason.clone(),
            what: changes(version, versions.get(index + 1).map(|(older, _)| older)),
        })
        .collect()
}

fn rows_of(history: &History) -> Vec<(&'static str, String)> {
    let newest = history.newest();
    let mut rows = items(newest);
    rows.retain(|(_, text)| !text.is_empty());
    let source = match (&history.sheet, newest.source.as_str()) {
        (Some(sheet), _) => match SheetNumber::parse(&sheet.sheet_number) {
            Ok(number) => format!("予診票（{number}）"),
            Err(_) => "予診票".to_owned(),
        },
        (None, "import") => "取込み".to_owned(),
        (None, _) => "画面から登録".to_owned(),
    };
    rows.push(("登録のもと", source));
    rows
}

async fn record(
    From(app): From<App>,
    acting: Acting,
    Path(id): Path<Uuid>,
    Query(asked): Query<Done>,
) -> Result<Html<String>, Failure> {
    let history = case::record(&app, &acting, id).await?;
    let newest = history.newest();
    let crumbs = vec![
        Crumb::link(NAV, "接種記録"),
        Crumb::link(format!("/residents/{}", history.resident.resident_id), "住民"),
        Crumb::here("記録"),
    ];
    let mut shell = page::shell(&acting, "接種記録", NAV, crumbs);
    let said = match (newest.state, newest.version) {
        (State::Withdrawn, _) => "接種記録を取り消しました",
        (State::Current | State::Superseded, 1) => "接種記録を登録しました",
        (State::Current | State::Superseded, _) => "接種記録を訂正しました",
    };
    shell.notice = asked.done.map(|_| Banner::new(BannerKind::Success, said));
    page::show(&RecordPage {
        id,
        person: person::header(&history.resident, history.today, false),
        what: title(newest),
        chip: chip(newest.state, newest.judgement, newest.is_teiki, newest.valid_for_series),
        is_current: newest.state == State::Current,
        rows: rows_of(&history),
        reasons: reasons(&newest.findings),
        versions: version_rows(&history),
        may_correct: acting.may(Action::CorrectRecord),
        shell,
    })
}

#[derive(Template)]
#[template(path = "records/withdraw.html")]
struct WithdrawPage {
    shell: Shell,
    id: Uuid,
    person: PersonHeader,
    what: String,
    rows: Vec<(&'static str, String)>,
    version: i32,
    frees_sheet: bool,
    reason: FieldState,
    key: String,
}

fn withdraw_page(
    app: &App,
    acting: &Acting,
    history: &History,
    posted: &Posted,
    errors: FormErrors,
) -> WithdrawPage {
    let newest = history.newest();
    let crumbs = vec![
        Crumb::link(NAV, "接種記録"),
        Crumb::link(format!("/records/{}", newest.record_id), "記録"),
        Crumb::here("取消し"),
    ];
    let key = posted.text("key");
    WithdrawPage {
        id: newest.record_id,
        person: person::header(&history.resident, history.today, false),
        what: title(newest),
        rows: rows_of(history),
        version: newest.version,
        frees_sheet: newest.sheet_id.is_some(),
        reason: errors.field("reason", posted.text("reason")),
        key: if key.is_empty() { app.kit.ids.next().to_string() } else { key.to_owned() },
        shell: Shell { errors, ..page::shell(acting, "接種記録の取消し", NAV, crumbs) },
    }
}

async fn ask_withdrawal(
    From(app): From<App>,
    acting: Acting,
    Path(id): Path<Uuid>,
) -> Result<Html<String>, Failure> {
    let history = case::before_withdrawal(&app, &acting, id).await?;
    page::show(&withdraw_page(&app, &acting, &history, &Posted::default(), FormErrors::default()))
}

async fn withdraw(
    From(app): From<App>,
    acting: Acting,
    Path(id): Path<Uuid>,
    posted: Posted,
) -> Result<Response, Failure> {
    let reason = posted.trimmed("reason");
    if !domain::record::explains(reason) {
        let history = case::before_withdrawal(&app, &acting, id).await?;
        let mut errors = FormErrors::default();
        errors.add("reason", "取り消す理由を5文字以上で入力してください（例：別の方の予診票だった）");
        return page::show_errors(&withdraw_page(&app, &acting, &history, &posted, errors));
    }
    let version = posted.text("version").parse().unwrap_or_default();
    let asked = Withdrawal { record_id: id, version, reason, key: posted.text("key") };
    case::withdraw(&app, &acting, asked).await?;
    Ok(Redirect::to(&format!("/records/{id}?done={id}")).into_response())
}
