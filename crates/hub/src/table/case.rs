//! Use cases of 対応表.

use super::sql::{self, Signature};
use crate::App;
use kit::{Acting, Action, Case, Failure, Municipality, Role, Target, rights};
use serde_json::json;
use sqlx::PgConnection;

/// What a person who may sign still has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duty {
    None,
    /// Nobody has ever signed.
    First,
    /// Some other version was signed.
    Changed,
}

/// What the pages of the table show.
pub struct Shown {
    pub signatures: Vec<Signature>,
    pub duty: Duty,
}

/// Asked by the home page, too, within its own case.
pub async fn duty(
    conn: &mut PgConnection,
    municipality: Municipality,
    acting: &Acting,
) -> sqlx::Result<Duty> {
    if !acting.may(Action::SignTable) {
        return Ok(Duty::None);
    }
    let version = rights::version();
    Ok(match sql::signed(conn, municipality, (&version, acting.staff_id)).await? {
        (_, true) => Duty::None,
        (false, false) => Duty::First,
        (true, false) => Duty::Changed,
    })
}

pub async fn show(app: &App, acting: &Acting) -> Result<Shown, Failure> {
    let mut case = Case::open(&app.kit, acting, Action::ViewTable, Target::NONE).await?;
    let municipality = case.municipality();
    let signatures = sql::signatures(case.conn(), municipality).await?;
    let duty = duty(case.conn(), municipality, acting).await?;
    case.viewed(json!({"version": rights::version()})).await?;
    Ok(Shown { signatures, duty })
}

/// Signs the version that the person has seen, if it is the one in force.
pub async fn sign(app: &App, acting: &Acting, seen: &str) -> Result<(), Failure> {
    let mut case = Case::open(&app.kit, acting, Action::SignTable, Target::NONE).await?;
    let (municipality, at) = (case.municipality(), case.at());
    let version = rights::version();
    if seen != version {
        case.refused(&app.kit, json!({"cause": "version"})).await?;
        return Err(Failure::Conflict(
            "表示した後に対応表が変わりました。開き直して内容を確かめてから署名してください。".to_owned(),
        ));
    }
    let role = if acting.roles.contains(&Role::Chief) { Role::Chief } else { Role::IdManager };
    sql::sign(case.conn(), municipality, (&version, acting.staff_id, role), at).await?;
    case.done(json!({"version": version, "role": role.code()})).await
}
