//! The entry form and its confirm page: the same for a sheet, for a person and for a correction.
//!
//! The order of the fields is that of the paper, and every step can be done with Enter alone: a scanner is a keyboard.

use super::{NAV, items, reasons};
use crate::{App, page, person};
use askama::Template;
use axum::{
    extract::{Path, Query, State},
    response::{Html, IntoResponse, Redirect, Response},
};
use domain::{
    Date,
    ids::SheetNumber,
    record::{self, Basis, EXPLANATION_CHARS_MIN, Finding, Judgement, Weighed, volume_text},
    schedule::{Series, Vaccine},
    wareki,
};
use kit::{Acting, Action, Failure, Posted};
use serde::Deserialize;
use ui::{
    Choice, Crumb, DiffRow, DiffTable, FieldState, FormErrors, PersonHeader, Reasons, Shell, Steps, filters,
};
use uuid::Uuid;

use crate::records::{
    case::{self, Checked, Kept, Lists, Opened, Scene, Seen},
    entry::{Entry, FIELDS, Origin},
    sql::Version,
};

/// What the paper was sent for.
struct Paper {
    number: String,
    series: &'static str,
    dose: u8,
    valid_until: Option<Date>,
}

fn paper(scene: &Scene) -> Option<Paper> {
    let sheet = scene.sheet.as_ref()?;
    let number = SheetNumber::parse(&sheet.sheet_number).map_or(String::new(), |number| number.to_string());
    Some(Paper { number, series: sheet.series.ja(), dose: sheet.dose, valid_until: sheet.valid_until })
}

#[derive(Template)]
#[template(path = "records/form.html")]
struct FormPage {
    shell: Shell,
    heading: &'static str,
    steps: Steps,
    person: PersonHeader,
    paper: Option<Paper>,
    reasons: Option<Reasons>,
    hidden: Vec<(&'static str, String)>,
    judgement: FieldState,
    judgements: Vec<Choice>,
    on: FieldState,
    vaccine: FieldState,
    usual: Vec<Choice>,
    unusual: Vec<Choice>,
    lot: FieldState,
    expires: FieldState,
    volume: FieldState,
    clinic: FieldState,
    clinics: Vec<(String, String)>,
    clinic_name: FieldState,
    clinic_said: String,
    doctor: FieldState,
    doctors: Vec<String>,
    basis: FieldState,
    bases: Vec<Choice>,
    explanation: FieldState,
    change_reason: FieldState,
    /// A record from a sheet needs lot and clinic code; what is copied from elsewhere may lack them.
    has_sheet: bool,
    is_correction: bool,
    /// Where typing begins: the first field that is not filled in.
    focus: &'static str,
    sent_to: SentTo,
    cancel: String,
}

const STEPS: [&str; 3] = ["予診票の読取り", "入力", "確認"];
const STEPS_OF_PERSON: [&str; 3] = ["住民の選択", "入力", "確認"];
const STEPS_OF_CORRECTION: [&str; 3] = ["記録の選択", "訂正の入力", "確認"];

fn steps(origin: Origin, current: usize) -> Steps {
    let names = match origin {
        Origin::Sheet(_) => STEPS,
        Origin::Resident(_) => STEPS_OF_PERSON,
        Origin::Record { .. } => STEPS_OF_CORRECTION,
    };
    Steps { names: names.to_vec(), current }
}

fn heading(origin: Origin) -> &'static str {
    match origin {
        Origin::Sheet(_) | Origin::Resident(_) => "接種記録の登録",
        Origin::Record { .. } => "接種記録の訂正",
    }
}

/// Where the clerk goes who breaks off.
fn cancel(origin: Origin) -> String {
    match origin {
        Origin::Sheet(_) => NAV.to_owned(),
        Origin::Resident(id) => format!("/residents/{id}"),
        Origin::Record { record_id, .. } => format!("/records/{record_id}"),
    }
}

/// Where the steps of the form are sent: confirm, keep, back to typing.
struct SentTo {
    confirm: String,
    keep: String,
    edit: String,
}

fn sent_to(origin: Origin) -> SentTo {
    match origin {
        Origin::Sheet(_) | Origin::Resident(_) => {
            SentTo { confirm: format!("{NAV}/confirm"), keep: NAV.to_owned(), edit: format!("{NAV}/new") }
        }
        Origin::Record { record_id, .. } => SentTo {
            confirm: format!("{NAV}/{record_id}/correct/confirm"),
            keep: format!("{NAV}/{record_id}/correct"),
            edit: format!("{NAV}/{record_id}/correct/edit"),
        },
    }
}

fn crumbs(origin: Origin) -> Vec<Crumb> {
    match origin {
        Origin::Sheet(_) => vec![Crumb::link(NAV, "接種記録"), Crumb::here("登録")],
        Origin::Resident(id) => {
            vec![
                Crumb::link(NAV, "接種記録"),
                Crumb::link(format!("/residents/{id}"), "住民"),
                Crumb::here("登録"),
            ]
        }
        Origin::Record { record_id, .. } => vec![
            Crumb::link(NAV, "接種記録"),
            Crumb::link(format!("/records/{record_id}"), "記録"),
            Crumb::here("訂正"),
        ],
    }
}

/// Code first, so that typing it finds it.
fn choice(vaccine: Vaccine) -> Choice {
    Choice::new(vaccine.code(), format!("{}　{}", vaccine.code(), vaccine.ja()))
}

/// What the programme of the sheet uses on the day, and everything else: also a wrong vaccine must be recorded.
fn vaccines(series: Option<Series>, on: Date) -> (Vec<Vaccine>, Vec<Vaccine>) {
    let usual = series.map_or(Vec::new(), |series| record::vaccines_in_force(series, on));
    let unusual = Vaccine::ALL.iter().copied().filter(|vaccine| !usual.contains(vaccine)).collect();
    (usual, unusual)
}

fn series_of(scene: &Scene) -> Option<Series> {
    scene.sheet.as_ref().map(|sheet| sheet.series)
}

/// The first field of the paper that still has to be typed.
fn first_empty(posted: &Posted, has_sheet: bool) -> &'static str {
    let asked: &[&str] =
        if has_sheet { &["on", "vaccine", "lot", "clinic"] } else { &["on", "vaccine", "clinic"] };
    match asked.iter().find(|field| posted.trimmed(field).is_empty()) {
        Some(&"vaccine") => "vaccine",
        Some(&"lot") => "lot",
        Some(&"clinic") => "clinic",
        // All is filled in: Enter in the first field goes on.
        Some(_) | None => "on",
    }
}

/// What a form shows besides what was typed.
struct Shown {
    errors: FormErrors,
    findings: Vec<Finding>,
}

/// Whoever may not look at residents, or not from this terminal, is offered no way to the person's page.
fn person_of(acting: &Acting, scene: &Scene) -> PersonHeader {
    let header = person::header(&scene.resident, scene.today, false);
    let href = header.href.clone().filter(|_| acting.may(Action::ViewResident));
    PersonHeader { href, ..header }
}

fn form_page(
    acting: &Acting,
    origin: Origin,
    (scene, lists): (&Scene, Lists),
    posted: &Posted,
    shown: Shown,
) -> FormPage {
    let Shown { errors, findings } = shown;
    let field = |name: &str| errors.field(name, posted.text(name));
    let on = wareki::parse(posted.trimmed("on")).unwrap_or(scene.today);
    let (usual, unusual) = vaccines(series_of(scene), on);
    let has_sheet = scene.sheet.is_some();
    let typed_code = posted.trimmed("clinic");
    let clinic_said = lists.clinics.iter().find(|(code, _)| code == typed_code);
    FormPage {
        heading: heading(origin),
        steps: steps(origin, 1),
        person: person_of(acting, scene),
        paper: paper(scene),
        reasons: reasons(&findings),
        hidden: origin.fields(),
        judgement: field("judgement"),
        judgements: vec![
            Choice::new(Judgement::Given.code(), Judgement::Given.ja()),
            Choice::new(Judgement::ScreeningOnly.code(), Judgement::ScreeningOnly.ja())
                .hint("医師が接種を見合わせた場合"),
        ],
        on: field("on"),
        vaccine: field("vaccine"),
        usual: usual.into_iter().map(choice).collect(),
        unusual: unusual.into_iter().map(choice).collect(),
        lot: field("lot"),
        expires: field("expires"),
        volume: field("volume"),
        clinic_said: clinic_said.map_or(String::new(), |(_, name)| name.clone()),
        clinic: field("clinic"),
        clinics: lists.clinics,
        clinic_name: field("clinic_name"),
        doctor: field("doctor"),
        doctors: lists.doctors,
        basis: field("basis"),
        bases: Basis::ALL.iter().map(|basis| Choice::new(basis.code().to_string(), basis.ja())).collect(),
        explanation: field("explanation"),
        change_reason: field("change_reason"),
        has_sheet,
        is_correction: scene.record.is_some(),
        focus: if errors.is_empty() { first_empty(posted, has_sheet) } else { "" },
        sent_to: sent_to(origin),
        cancel: cancel(origin),
        shell: Shell { errors, ..page::shell(acting, heading(origin), NAV, crumbs(origin)) },
    }
}

fn pairs<const N: usize>(fields: [(&str, String); N]) -> Posted {
    Posted::from_pairs(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// What is filled in before typing: the bundle's clinic, day and lot, as long as the vaccine fits the sheet.
fn defaults(opened: &Opened) -> Posted {
    let scene = &opened.scene;
    let last = opened.last.as_ref().filter(|_| scene.sheet.is_some());
    let on = last.map(|last| last.on);
    let (usual, _) = vaccines(series_of(scene), on.unwrap_or(scene.today));
    let same = last.filter(|last| usual.iter().any(|vaccine| vaccine.code() == last.vaccine));
    let vaccine = match (same, usual.as_slice()) {
        (Some(last), _) => Vaccine::from_code(&last.vaccine),
        (None, [only]) => Some(*only),
        (None, _) => None,
    };
    let volume = vaccine
        .and_then(|vaccine| record::usual_volume(&scene.person, vaccine, on.unwrap_or(scene.today)))
        .map_or(String::new(), volume_text);
    let of_last = |value: fn(&Version) -> &str| last.map_or(String::new(), |last| value(last).to_owned());
    pairs([
        ("judgement", Judgement::Given.code().to_owned()),
        ("on", on.map_or(String::new(), wareki::short)),
        ("vaccine", vaccine.map_or(String::new(), |vaccine| vaccine.code().to_owned())),
        ("lot", same.map_or(String::new(), |last| last.lot_number.clone())),
        ("expires", same.and_then(|last| last.lot_expires_on).map_or(String::new(), wareki::short)),
        ("volume", volume),
        ("clinic", of_last(|last| &last.clinic_code)),
        ("doctor", of_last(|last| &last.doctor_name)),
        ("basis", Basis::Routine.code().to_string()),
    ])
}

/// The form as it was filled in for a version.
fn of_version(version: &Version) -> Posted {
    let named = if version.clinic_code.is_empty() { version.clinic_name.clone() } else { String::new() };
    pairs([
        ("judgement", version.judgement.code().to_owned()),
        ("on", wareki::short(version.on)),
        ("vaccine", version.vaccine.clone()),
        ("lot", version.lot_number.clone()),
        ("expires", version.lot_expires_on.map_or(String::new(), wareki::short)),
        ("volume", version.volume_centi_ml.map_or(String::new(), volume_text)),
        ("clinic", version.clinic_code.clone()),
        ("clinic_name", named),
        ("doctor", version.doctor_name.clone()),
        ("basis", version.basis.code().to_string()),
        ("explanation", version.explanation.clone()),
    ])
}

/// Where a new record begins.
#[derive(Deserialize)]
pub(super) struct Begin {
    sheet: Option<Uuid>,
    resident: Option<Uuid>,
}

const NOTHING: Shown = Shown { errors: FormErrors::NONE, findings: Vec::new() };

pub(super) async fn open(
    State(app): State<App>,
    acting: Acting,
    Query(begin): Query<Begin>,
) -> Result<Response, Failure> {
    let origin = match (begin.sheet, begin.resident) {
        (Some(sheet), _) => Origin::Sheet(sheet),
        (None, Some(resident)) => Origin::Resident(resident),
        (None, None) => return Ok(Redirect::to(NAV).into_response()),
    };
    let opened = case::open(&app, &acting, origin, &Posted::default()).await?;
    let posted = defaults(&opened);
    let page = form_page(&acting, origin, (&opened.scene, opened.lists), &posted, NOTHING);
    Ok(page::show(&page)?.into_response())
}

/// The form of a correction begins with what the record says now.
pub(super) async fn correct(
    State(app): State<App>,
    acting: Acting,
    Path(record_id): Path<Uuid>,
) -> Result<Html<String>, Failure> {
    let any = Origin::Record { record_id, version: 0 };
    let opened = case::open(&app, &acting, any, &Posted::default()).await?;
    let Some(record) = &opened.scene.record else { return Err(Failure::NotFound) };
    let origin = Origin::Record { record_id, version: record.version };
    let posted = of_version(record);
    page::show(&form_page(&acting, origin, (&opened.scene, opened.lists), &posted, NOTHING))
}

/// Back from the confirm page, with everything typed.
pub(super) async fn back(
    State(app): State<App>,
    acting: Acting,
    posted: Posted,
) -> Result<Html<String>, Failure> {
    let origin = Origin::read(&posted).ok_or(Failure::NotFound)?;
    let opened = case::open(&app, &acting, origin, &posted).await?;
    page::show(&form_page(&acting, origin, (&opened.scene, opened.lists), &posted, NOTHING))
}

#[derive(Template)]
#[template(path = "records/confirm.html")]
struct ConfirmPage {
    shell: Shell,
    heading: &'static str,
    steps: Steps,
    person: PersonHeader,
    paper: Option<Paper>,
    verdict: String,
    rows: Vec<(&'static str, String)>,
    diff: Option<DiffTable>,
    reasons: Option<Reasons>,
    /// Origin, everything typed, and the key that makes a second sending harmless.
    hidden: Vec<(String, String)>,
    is_irregular: bool,
    explanation: FieldState,
    button: &'static str,
    sent_to: SentTo,
}

/// What the entry says, in the order of the paper; what is empty is left out.
fn entry_rows(entry: &Entry) -> Vec<(&'static str, String)> {
    let is_given = entry.judgement == Judgement::Given;
    let volume = entry.volume_centi_ml.map_or(String::new(), |volume| {
        let usual = if entry.volume_is_usual { "（標準の量）" } else { "" };
        format!("{} mL{usual}", volume_text(volume))
    });
    let clinic = match &entry.clinic {
        Some(clinic) => format!("{}（{}）", clinic.name, clinic.code),
        None => entry.clinic_name.clone(),
    };
    let mut rows = vec![
        ("実施区分", entry.judgement.ja().to_owned()),
        (if is_given { "接種日" } else { "予診日" }, ui::dates::both(entry.on)),
        ("ワクチン", entry.vaccine.ja().to_owned()),
        ("ロット番号", entry.lot.as_ref().map_or(String::new(), ToString::to_string)),
        ("有効期限", entry.lot_expires_on.map_or(String::new(), ui::dates::both)),
        ("接種量", volume),
        ("医療機関", clinic),
        ("医師名", entry.doctor_name.clone()),
        ("法定区分", entry.basis.ja().to_owned()),
        ("特別の事情・備考", entry.explanation.clone()),
        ("訂正の理由", entry.change_reason.clone()),
    ];
    rows.retain(|(_, text)| !text.is_empty());
    rows
}

/// Before and after, item by item.
fn diff(before: &Version, entry: &Entry) -> DiffTable {
    let after = entry_rows(entry);
    let rows = items(before)
        .into_iter()
        .map(|(label, before)| {
            // The label of the day follows the kind of visit.
            let same = |other: &str| other == label || (label.ends_with("日") && other.ends_with("日"));
            let after = after.iter().find(|(other, _)| same(other)).map_or("", |(_, text)| text);
            DiffRow {
                label: label.to_owned(),
                before,
                after: after.trim_end_matches("（標準の量）").to_owned(),
            }
        })
        .collect();
    DiffTable { caption: "訂正の内容".to_owned(), rows }
}

/// What the record will count for.
fn verdict_ja(weighed: &Weighed) -> String {
    let Some(verdict) = &weighed.verdict else {
        return "予診のみとして登録します。接種回数には数えません。".to_owned();
    };
    let what = match (verdict.series, verdict.dose) {
        (Some(series), 0) => series.ja().to_owned(),
        (Some(series), dose) => format!("{} {dose}回目", series.ja()),
        (None, _) => "定期接種の対象でないワクチン".to_owned(),
    };
    let how = match (verdict.is_teiki, verdict.valid_for_series) {
        (true, _) => "定期接種として有効です。",
        (false, true) => "定期接種ではありませんが、回数に数えます。",
        (false, false) => "定期接種ではなく、回数にも数えません。",
    };
    format!("{what}：{how}")
}

fn confirm_page(
    acting: &Acting,
    (origin, posted): (Origin, &Posted),
    scene: &Scene,
    (entry, weighed): (&Entry, &Weighed),
    (key, errors): (String, FormErrors),
) -> ConfirmPage {
    let is_irregular = weighed.is_irregular();
    let mut hidden: Vec<(String, String)> =
        origin.fields().into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    for name in FIELDS {
        let asked_here = name == "key" || (name == "explanation" && is_irregular);
        if !asked_here {
            hidden.push((name.to_owned(), posted.text(name).to_owned()));
        }
    }
    hidden.push(("key".to_owned(), key));
    let mut rows = entry_rows(entry);
    if is_irregular {
        rows.retain(|(label, _)| *label != "特別の事情・備考");
    }
    ConfirmPage {
        heading: heading(origin),
        steps: steps(origin, 2),
        person: person_of(acting, scene),
        paper: paper(scene),
        verdict: verdict_ja(weighed),
        rows,
        diff: scene.record.as_ref().map(|before| diff(before, entry)),
        reasons: reasons(&weighed.findings),
        hidden,
        is_irregular,
        explanation: errors.field("explanation", posted.text("explanation")),
        button: match origin {
            Origin::Sheet(_) | Origin::Resident(_) => "登録する",
            Origin::Record { .. } => "訂正する",
        },
        sent_to: sent_to(origin),
        shell: Shell { errors, ..page::shell(acting, heading(origin), NAV, crumbs(origin)) },
    }
}

/// An entry that cannot be kept as it is: the form again, with everything typed.
fn unfit(acting: &Acting, origin: Origin, posted: &Posted, seen: Seen) -> Result<Response, Failure> {
    let Seen { scene, lists, checked } = seen;
    let (origin, shown) = match checked {
        Checked::Unfit { errors, findings } => (origin, Shown { errors, findings }),
        Checked::Fit { .. } => (origin, NOTHING),
        Checked::Overtaken => {
            let mut errors = FormErrors::default();
            let newest = scene.record.as_ref().map_or(0, |record| record.version);
            errors.add(
                "",
                format!("ほかの職員が先にこの記録を訂正し、第{newest}版になりました。入力はそのまま残しています。最新の内容と見比べ、必要ならもう一度「確認へ進む」を押してください"),
            );
            let origin = match origin {
                Origin::Record { record_id, .. } => Origin::Record { record_id, version: newest },
                other @ (Origin::Sheet(_) | Origin::Resident(_)) => other,
            };
            let page =
                form_page(acting, origin, (&scene, lists), posted, Shown { errors, findings: Vec::new() });
            return Ok((axum::http::StatusCode::CONFLICT, page::show(&page)?).into_response());
        }
    };
    page::show_errors(&form_page(acting, origin, (&scene, lists), posted, shown))
}

pub(super) async fn confirm(
    State(app): State<App>,
    acting: Acting,
    posted: Posted,
) -> Result<Response, Failure> {
    let origin = Origin::read(&posted).ok_or(Failure::NotFound)?;
    let seen = case::check(&app, &acting, origin, &posted).await?;
    match &seen.checked {
        Checked::Fit { entry, weighed } => {
            let key = app.kit.ids.next().to_string();
            let said = (key, FormErrors::default());
            let page = confirm_page(&acting, (origin, &posted), &seen.scene, (entry, weighed), said);
            Ok(page::show(&page)?.into_response())
        }
        Checked::Unfit { .. } | Checked::Overtaken => unfit(&acting, origin, &posted, seen),
    }
}

pub(super) async fn keep(
    State(app): State<App>,
    acting: Acting,
    posted: Posted,
) -> Result<Response, Failure> {
    let origin = Origin::read(&posted).ok_or(Failure::NotFound)?;
    match case::keep(&app, &acting, origin, &posted).await? {
        Kept::Done(record_id) => {
            let next = match origin {
                // The next sheet of the bundle at once.
                Origin::Sheet(_) => format!("{NAV}?done={record_id}"),
                Origin::Resident(_) | Origin::Record { .. } => format!("{NAV}/{record_id}?done={record_id}"),
            };
            Ok(Redirect::to(&next).into_response())
        }
        Kept::Refused(seen) => unfit(&acting, origin, &posted, *seen),
        Kept::Unexplained(seen) => {
            let Checked::Fit { entry, weighed } = &seen.checked else {
                return unfit(&acting, origin, &posted, *seen);
            };
            let mut errors = FormErrors::default();
            errors.add(
                "explanation",
                format!(
                    "規則に合わない接種です。特別の事情を{EXPLANATION_CHARS_MIN}文字以上で入力してください"
                ),
            );
            let said = (posted.text("key").to_owned(), errors);
            let page = confirm_page(&acting, (origin, &posted), &seen.scene, (entry, weighed), said);
            page::show_errors(&page)
        }
    }
}

/// What a field that explains itself is asked with.
#[derive(Deserialize)]
pub(super) struct Typed {
    text: String,
}

/// A typed day in both calendars. Shows nothing of anybody.
pub(super) async fn echo_date(_: Acting, Query(typed): Query<Typed>) -> String {
    ui::dates::echo(&typed.text)
}

/// The name behind a clinic's code.
pub(super) async fn echo_clinic(
    State(app): State<App>,
    acting: Acting,
    Query(typed): Query<Typed>,
) -> Result<String, Failure> {
    let found = case::clinic_name(&app, &acting, &typed.text).await?;
    Ok(found.map_or("登録のないコードです。予診票を確かめてください".to_owned(), |clinic| clinic.name))
}
