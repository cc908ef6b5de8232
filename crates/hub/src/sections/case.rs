//! Use cases of 所属.

use super::sql::{self, Section};
use crate::App;
use kit::{Acting, Action, Case, Failure, Target};
use serde_json::json;
use uuid::Uuid;

pub async fn list(app: &App, acting: &Acting) -> Result<Vec<Section>, Failure> {
    let mut case = Case::open(&app.kit, acting, Action::ManageSections, Target::NONE).await?;
    let municipality = case.municipality();
    let sections = sql::all(case.conn(), municipality, app.kit.clock.today()).await?;
    case.viewed(json!({})).await?;
    Ok(sections)
}

/// Adds a section. False where the name is taken.
pub async fn add(app: &App, acting: &Acting, name: &str, above: Option<Uuid>) -> Result<bool, Failure> {
    let section_id = app.kit.ids.next();
    let mut case =
        Case::open(&app.kit, acting, Action::ManageSections, Target::of("section", section_id)).await?;
    let (municipality, at) = (case.municipality(), case.at());
    if let Some(above) = above
        && sql::name(case.conn(), municipality, above).await?.is_none()
    {
        return Err(Failure::NotFound);
    }
    if !sql::add(case.conn(), municipality, (section_id, name, above), at).await? {
        case.refused(&app.kit, json!({"cause": "name_taken"})).await?;
        return Ok(false);
    }
    case.done_changing(json!({"added": section_id}), None, json!({"above": above})).await?;
    Ok(true)
}
