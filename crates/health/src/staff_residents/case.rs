//! What an auditor does with the register of staff who are residents.

use super::sql::{self, NewNote, Noted};
use crate::App;
use domain::ids::AddresseeNumber;
use kit::{Acting, Action, Case, Failure, Posted, Target};
use serde_json::json;
use ui::FormErrors;
use uuid::Uuid;

pub async fn list(app: &App, acting: &Acting) -> Result<Vec<Noted>, Failure> {
    let mut case = Case::open(&app.kit, acting, Action::ViewStaffResidents, Target::NONE).await?;
    let municipality = case.municipality();
    let noted = sql::list(case.conn(), municipality).await?;
    case.viewed(json!({"shown": noted.len()})).await?;
    Ok(noted)
}

/// What was typed: a member of staff, and their own 宛名番号.
pub struct Form {
    pub staff_id: Uuid,
    pub number: AddresseeNumber,
}

pub fn read(posted: &Posted) -> Result<Form, FormErrors> {
    let mut errors = FormErrors::default();
    let staff_id: Option<Uuid> = posted.text("staff").parse().ok();
    if staff_id.is_none() {
        errors.add("staff", "職員を選択してください");
    }
    let number = AddresseeNumber::parse(posted.trimmed("number"))
        .map_err(|error| errors.add("number", error.to_string()))
        .ok();
    match (staff_id, number) {
        (Some(staff_id), Some(number)) => Ok(Form { staff_id, number }),
        _ => Err(errors),
    }
}

/// Notes which resident somebody is; what was noted before is withdrawn.
pub async fn note(app: &App, acting: &Acting, form: &Form) -> Result<Result<(), FormErrors>, Failure> {
    let target = Target::of("staff", form.staff_id);
    let mut case = Case::open(&app.kit, acting, Action::NoteStaffResident, target).await?;
    let (municipality, at) = (case.municipality(), case.at());
    let is_staff = sql::is_staff(case.conn(), municipality, form.staff_id).await?;
    let resident = sql::resident(case.conn(), municipality, &form.number.to_string()).await?;
    let mut errors = FormErrors::default();
    if !is_staff {
        errors.add("staff", "職員を一覧から選び直してください");
    }
    if resident.is_none() {
        errors.add("number", "この宛名番号の住民はいません。番号を確かめてください");
    }
    let Some(resident_id) = resident.filter(|_| errors.is_empty()) else {
        case.refused(&app.kit, json!({"cause": "faults", "count": errors.len()})).await?;
        return Ok(Err(errors));
    };
    let before = sql::withdraw(case.conn(), municipality, (form.staff_id, acting.staff_id), at).await?;
    let new =
        NewNote { note_id: app.kit.ids.next(), staff_id: form.staff_id, resident_id, by: acting.staff_id };
    sql::note(case.conn(), municipality, new, at).await?;
    let before = before.map(|resident| json!({"resident": resident}));
    case.done_changing(json!({}), before, json!({"resident": resident_id})).await?;
    Ok(Ok(()))
}

/// Takes back what was noted of somebody.
pub async fn withdraw(app: &App, acting: &Acting, staff_id: Uuid) -> Result<(), Failure> {
    let target = Target::of("staff", staff_id);
    let mut case = Case::open(&app.kit, acting, Action::NoteStaffResident, target).await?;
    let (municipality, at) = (case.municipality(), case.at());
    let before = sql::withdraw(case.conn(), municipality, (staff_id, acting.staff_id), at).await?;
    let before = before.ok_or(Failure::NotFound)?;
    case.done_changing(json!({}), json!({"resident": before}), None).await
}
