//! What the auditor and the ID manager do with notices.

use kit::{
    Acting, Action, Case, Failure, Kit, Target,
    intrusion::{self, Noted, Which},
};
use serde_json::json;
use ui::FormErrors;
use uuid::Uuid;

/// Older ones are in the month they belong to.
const LISTED_MAX: i64 = 200;
/// A note is a sentence or two.
const NOTE_CHARS_MAX: usize = 300;

pub async fn list(kit: &Kit, acting: &Acting, which: Which) -> Result<Vec<Noted>, Failure> {
    let mut case = Case::open(kit, acting, Action::ViewIntrusions, Target::NONE).await?;
    let municipality = case.municipality();
    let noted = intrusion::list(case.conn(), municipality, which, LISTED_MAX).await?;
    let code = match which {
        Which::Open => "open",
        Which::Told => "all",
    };
    case.viewed(json!({"shown": noted.len(), "which": code})).await?;
    Ok(noted)
}

pub async fn show(kit: &Kit, acting: &Acting, id: Uuid) -> Result<Noted, Failure> {
    let mut case = Case::open(kit, acting, Action::ViewIntrusions, Target::of("intrusion", id)).await?;
    let municipality = case.municipality();
    let noted = intrusion::find(case.conn(), municipality, id).await?.ok_or(Failure::NotFound)?;
    case.viewed(json!({})).await?;
    Ok(noted)
}

/// Marks a notice as acknowledged, or says what stands against it.
pub async fn acknowledge(
    kit: &Kit,
    acting: &Acting,
    id: Uuid,
    note: &str,
) -> Result<Result<(), FormErrors>, Failure> {
    let mut case = Case::open(kit, acting, Action::AcknowledgeIntrusion, Target::of("intrusion", id)).await?;
    let (municipality, at) = (case.municipality(), case.at());
    let noted = intrusion::find(case.conn(), municipality, id).await?.ok_or(Failure::NotFound)?;
    let mut errors = FormErrors::default();
    if note.is_empty() {
        errors.add("note", "確かめたことと対応を入力してください");
    } else if note.chars().count() > NOTE_CHARS_MAX {
        errors.add("note", format!("確かめたことと対応は{NOTE_CHARS_MAX}文字以内で入力してください"));
    }
    if noted.staff_id == Some(acting.staff_id) {
        errors.add("note", "自分の操作についての通知は、ほかの監査者またはID管理者が確認します");
    }
    if !errors.is_empty() {
        case.refused(kit, json!({"cause": "faults", "count": errors.len()})).await?;
        return Ok(Err(errors));
    }
    if !intrusion::acknowledge(case.conn(), municipality, (id, acting.staff_id), note, at).await? {
        case.refused(kit, json!({"cause": "overtaken"})).await?;
        return Err(Failure::Conflict(
            "この通知は、ほかの担当者が確認しました。開き直して内容を確かめてください。".to_owned(),
        ));
    }
    let (before, after) = (json!({"state": "open"}), json!({"state": "acknowledged"}));
    case.done_changing(json!({"kind": noted.kind.map_or("", |kind| kind.code())}), before, after).await?;
    Ok(Ok(()))
}
