//! Use cases of 委託先の入力担当者.

use super::sql::{self, Contract, Contractor};
use crate::{
    App,
    accounts::{
        case::{self as accounts, Added, NewAccount},
        sql as account_rows,
    },
    enrol,
    sections::sql::{self as sections, Section},
};
use domain::Date;
use kit::{Acting, Action, Case, Failure, Target};
use serde_json::json;
use uuid::Uuid;

/// What the page shows.
pub struct Shown {
    pub contractors: Vec<Contractor>,
    pub sections: Vec<Section>,
    pub supervisors: Vec<(Uuid, String)>,
}

pub async fn list(app: &App, acting: &Acting) -> Result<Shown, Failure> {
    let mut case = Case::open(&app.kit, acting, Action::ViewStaff, Target::NONE).await?;
    let municipality = case.municipality();
    let contractors = sql::all(case.conn(), municipality).await?;
    let sections = sections::all(case.conn(), municipality, app.kit.clock.today()).await?;
    let supervisors = sql::supervisors(case.conn(), municipality).await?;
    case.viewed(json!({"shown": contractors.len()})).await?;
    Ok(Shown { contractors, sections, supervisors })
}

/// What the form of a new contractor asks for.
pub struct Form {
    pub account: accounts::Application,
    pub company: String,
    pub until_on: Date,
    pub supervisor_id: Uuid,
    pub consent_number: String,
}

/// Adds somebody of a contractor, without any role, until the end of the contract.
pub async fn add(app: &App, acting: &Acting, form: &Form) -> Result<Added, Failure> {
    let mut case = Case::open(&app.kit, acting, Action::ManageStaff, Target::NONE).await?;
    let (municipality, at) = (case.municipality(), case.at());
    let new = &form.account;
    if account_rows::find(case.conn(), municipality, &new.login).await?.is_some() {
        case.refused(&app.kit, json!({"cause": "login_taken"})).await?;
        return Ok(Added::LoginTaken);
    }
    let section = sections::name(case.conn(), municipality, new.section_id).await?;
    let supervisors = sql::supervisors(case.conn(), municipality).await?;
    let Some(section) = section.filter(|_| supervisors.iter().any(|(id, _)| *id == form.supervisor_id))
    else {
        return Err(Failure::NotFound);
    };
    let account = NewAccount { login: &new.login, name: &new.name, section: &section, roles: &[] };
    let staff_id = accounts::put(case.conn(), &app.kit, municipality, account).await?;
    let code = enrol::case::issue(case.conn(), &app.kit, municipality, staff_id).await?;
    let contract = Contract {
        staff_id,
        company: &form.company,
        until_on: form.until_on,
        supervisor_id: form.supervisor_id,
        consent_number: &form.consent_number,
    };
    sql::put(case.conn(), municipality, &contract, at).await?;
    case.aim(Target::of("staff", staff_id));
    let after = json!({"until": form.until_on.to_string(), "supervisor": form.supervisor_id});
    case.done_changing(json!({"added": staff_id, "contractor": true}), None, after).await?;
    Ok(Added::Code(code))
}
