//! Use cases of the register of terminals.

use super::{
    certificate::{self, Certificate},
    sql::{self, NewTerminal, Step, StepRow, TerminalRow},
};
use crate::{App, sign_in::case::Caller};
use domain::{
    Date,
    terminal::{WithdrawalReason, check_last_day},
};
use jiff::Timestamp;
use kit::{
    Acting, Action, Case, Failure, Kit, Municipality, Posted, Target, Terminal, Zone,
    audit::{self, Entry, Outcome},
    db, terminal, zones,
};
use serde_json::json;
use sqlx::PgConnection;
use ui::FormErrors;
use uuid::Uuid;

pub const TEXT_CHARS_MAX: usize = 60;

pub async fn list(app: &App, acting: &Acting) -> Result<Vec<TerminalRow>, Failure> {
    let mut case = Case::open(&app.kit, acting, Action::ViewTerminals, Target::NONE).await?;
    let municipality = case.municipality();
    let rows = sql::all(case.conn(), municipality).await?;
    case.viewed(json!({"shown": rows.len()})).await?;
    Ok(rows)
}

/// One terminal with its history.
pub async fn show(app: &App, acting: &Acting, id: Uuid) -> Result<(TerminalRow, Vec<StepRow>), Failure> {
    let mut case = Case::open(&app.kit, acting, Action::ViewTerminals, Target::of("terminal", id)).await?;
    let municipality = case.municipality();
    let row = sql::one(case.conn(), municipality, id).await?.ok_or(Failure::NotFound)?;
    let steps = sql::steps(case.conn(), municipality, id).await?;
    case.viewed(json!({})).await?;
    Ok((row, steps))
}

/// What a terminal is called and where it stands.
#[derive(Clone, Debug)]
pub struct Place {
    pub name: String,
    pub place: String,
}

/// What the form of a new certificate asks for.
#[derive(Clone, Debug)]
pub struct NewCertificate {
    pub certificate: Certificate,
    pub last_on: Date,
}

/// Reads name and place.
pub fn read_place(posted: &Posted, errors: &mut FormErrors) -> Place {
    let mut text = |name: &str, label: &str| {
        let typed = posted.trimmed(name);
        if typed.is_empty() || typed.chars().count() > TEXT_CHARS_MAX {
            errors.add(name, format!("{label}を{TEXT_CHARS_MAX}文字以内で入力してください"));
        }
        typed.to_owned()
    };
    Place { name: text("name", "端末の名前"), place: text("place", "設置場所") }
}

/// Reads the zone, which must be one with desks.
pub fn read_zone(posted: &Posted, errors: &mut FormErrors) -> Option<Zone> {
    let zone = Zone::from_code(posted.text("zone")).filter(|zone| zones::has_desks(*zone));
    if zone.is_none() {
        errors.add("zone", "区画を選択してください");
    }
    zone
}

/// Reads the certificate and the last day; without a day it is the certificate's own.
pub fn read_certificate(
    posted: &Posted,
    last_on: Option<Date>,
    now: Timestamp,
    errors: &mut FormErrors,
) -> Option<NewCertificate> {
    let read = certificate::read(posted.text("certificate"), posted.text("fingerprint"), now);
    let certificate = read.map_err(|fault| errors.add(fault.field(), fault.to_string())).ok()?;
    let Some(last_on) = last_on.or(certificate.until) else {
        // A day that could not be read has its own sentence.
        if posted.trimmed("last_on").is_empty() {
            errors.add("last_on", "指紋で登録するときは、使用の最終日（証明書の期限）を入力してください");
        }
        return None;
    };
    let today = kit::clock::in_japan(now).date();
    check_last_day(last_on, certificate.until, today)
        .map_err(|fault| errors.add("last_on", fault.to_string()))
        .ok()?;
    Some(NewCertificate { certificate, last_on })
}

/// Registers a terminal. `None` where its certificate is registered already.
pub async fn register(
    app: &App,
    acting: &Acting,
    place: &Place,
    zone: Zone,
    new: &NewCertificate,
) -> Result<Option<Uuid>, Failure> {
    let mut case = Case::open(&app.kit, acting, Action::ManageTerminals, Target::NONE).await?;
    let terminal_id = app.kit.ids.next();
    let (municipality, by) = (case.municipality(), (acting.staff_id, case.at()));
    if !put(case.conn(), &app.kit, municipality, (terminal_id, place, zone), new, by).await? {
        case.refused(&app.kit, json!({"cause": "certificate_known"})).await?;
        return Ok(None);
    }
    case.aim(Target::of("terminal", terminal_id));
    case.done_changing(json!({"registered": terminal_id}), None, state(zone, new)).await?;
    Ok(Some(terminal_id))
}

fn state(zone: Zone, new: &NewCertificate) -> serde_json::Value {
    json!({
        "zone": zone.code(),
        "last_on": new.last_on.to_string(),
        "fingerprint": new.certificate.fingerprint.to_string(),
    })
}

/// Registers a terminal from the machine itself: the first one, from which the others are registered.
pub async fn register_by_command(
    kit: &Kit,
    operator: &Acting,
    place: &Place,
    zone: Zone,
    new: &NewCertificate,
) -> anyhow::Result<Option<Uuid>> {
    let municipality = operator.municipality;
    let (terminal_id, at) = (kit.ids.next(), kit.clock.now());
    let mut tx = db::begin(&kit.pool, municipality).await?;
    let by = (operator.staff_id, at);
    if !put(&mut tx, kit, municipality, (terminal_id, place, zone), new, by).await? {
        return Ok(None);
    }
    let caller = Caller { terminal: operator.terminal, request_id: operator.request_id };
    let entry = Entry {
        staff_id: Some(operator.staff_id),
        outcome: Outcome::Done,
        target_kind: "terminal",
        target_id: Some(terminal_id),
        detail: json!({"registered": terminal_id, "command": true}),
        after: Some(state(zone, new)),
        ..caller.entry(kit, municipality, Action::ManageTerminals)
    };
    audit::commit(kit, tx, &[entry]).await?;
    Ok(Some(terminal_id))
}

/// False where the certificate is registered already.
async fn put(
    conn: &mut PgConnection,
    kit: &Kit,
    municipality: Municipality,
    (terminal_id, place, zone): (Uuid, &Place, Zone),
    new: &NewCertificate,
    by: (Uuid, Timestamp),
) -> sqlx::Result<bool> {
    let row = NewTerminal {
        terminal_id,
        name: &place.name,
        place: &place.place,
        zone,
        fingerprint: new.certificate.fingerprint,
        last_on: new.last_on,
    };
    if !sql::insert(conn, municipality, &row, by).await? {
        return Ok(false);
    }
    let step = Step {
        step_id: kit.ids.next(),
        step: "registered",
        name: &place.name,
        place: &place.place,
        reason: "",
    };
    sql::add_step(conn, municipality, terminal_id, &step, by).await?;
    let here = Terminal { zone, id: Some(terminal_id) };
    terminal::remember(conn, municipality, here, Some(&row.device())).await?;
    Ok(true)
}

/// Another name or place for a terminal in use.
pub async fn change(app: &App, acting: &Acting, id: Uuid, place: &Place) -> Result<(), Failure> {
    let mut case = Case::open(&app.kit, acting, Action::ManageTerminals, Target::of("terminal", id)).await?;
    let (municipality, at) = (case.municipality(), case.at());
    let row = sql::one(case.conn(), municipality, id).await?.ok_or(Failure::NotFound)?;
    if !sql::change(case.conn(), municipality, id, (&place.name, &place.place)).await? {
        return refuse_withdrawn(case, app).await;
    }
    let step = Step {
        step_id: app.kit.ids.next(),
        step: "changed",
        name: &place.name,
        place: &place.place,
        reason: "",
    };
    sql::add_step(case.conn(), municipality, id, &step, (acting.staff_id, at)).await?;
    let device = terminal::Device { name: place.name.clone(), fingerprint: row.fingerprint };
    let here = Terminal { zone: row.zone, id: Some(id) };
    terminal::remember(case.conn(), municipality, here, Some(&device)).await?;
    case.done(json!({"changed": id})).await
}

async fn refuse_withdrawn<T>(case: Case, app: &App) -> Result<T, Failure> {
    case.refused(&app.kit, json!({"cause": "withdrawn"})).await?;
    Err(Failure::Conflict(
        "この端末は使用を終えています。もう一度使うときは、新しい証明書で登録してください。".to_owned(),
    ))
}

/// Takes a terminal out of use; every sign-in from it ends at once.
pub async fn withdraw(
    app: &App,
    acting: &Acting,
    id: Uuid,
    reason: WithdrawalReason,
) -> Result<u64, Failure> {
    let mut case = Case::open(&app.kit, acting, Action::ManageTerminals, Target::of("terminal", id)).await?;
    let municipality = case.municipality();
    if sql::one(case.conn(), municipality, id).await?.is_none() {
        return Err(Failure::NotFound);
    }
    let Some(ended) = take_out(&mut case, app, acting.staff_id, id, reason).await? else {
        return refuse_withdrawn(case, app).await;
    };
    let (before, after) = (json!({"withdrawn": false}), json!({"withdrawn": true}));
    case.done_changing(json!({"reason": reason.code(), "sign_ins_ended": ended}), before, after).await?;
    Ok(ended)
}

async fn take_out(
    case: &mut Case,
    app: &App,
    by: Uuid,
    id: Uuid,
    reason: WithdrawalReason,
) -> Result<Option<u64>, Failure> {
    let (municipality, at) = (case.municipality(), case.at());
    let Some(ended) = sql::withdraw(case.conn(), municipality, id, reason, at).await? else {
        return Ok(None);
    };
    let step =
        Step { step_id: app.kit.ids.next(), step: "withdrawn", name: "", place: "", reason: reason.code() };
    sql::add_step(case.conn(), municipality, id, &step, (by, at)).await?;
    Ok(Some(ended))
}

/// A new certificate in the place of a terminal's old one, which ends. `None` where it is registered already.
pub async fn renew(
    app: &App,
    acting: &Acting,
    id: Uuid,
    new: &NewCertificate,
) -> Result<Option<Uuid>, Failure> {
    let mut case = Case::open(&app.kit, acting, Action::ManageTerminals, Target::of("terminal", id)).await?;
    let municipality = case.municipality();
    let old = sql::one(case.conn(), municipality, id).await?.ok_or(Failure::NotFound)?;
    if take_out(&mut case, app, acting.staff_id, id, WithdrawalReason::Renewed).await?.is_none() {
        return refuse_withdrawn(case, app).await;
    }
    let next_id = app.kit.ids.next();
    let place = Place { name: old.name, place: old.place };
    let by = (acting.staff_id, case.at());
    if !put(case.conn(), &app.kit, municipality, (next_id, &place, old.zone), new, by).await? {
        case.refused(&app.kit, json!({"cause": "certificate_known"})).await?;
        return Ok(None);
    }
    let before = json!({"fingerprint": old.fingerprint.to_string(), "last_on": old.last_on.to_string()});
    case.done_changing(json!({"renewed": id, "by": next_id}), before, state(old.zone, new)).await?;
    Ok(Some(next_id))
}
