//! Use cases: ask for a key rotation; ask for and carry out the disposal of one person's number.

use super::rules;
use crate::{App, numbers};
use kit::{
    Acting, Action, Case, Failure, Municipality, Target,
    approvals::{self, Approval, Asked, Kind},
    vault::{Disposal, VaultError, disposal_digest},
};
use serde_json::json;
use uuid::Uuid;

/// The application of a key rotation is about the keys of the municipality: it has no other target than itself.
pub async fn begin_keys(app: &App, acting: &Acting) -> Result<Vec<Approval>, Failure> {
    let mut case = Case::open(&app.kit, acting, Action::ApplyKeys, Target::NONE).await?;
    let (municipality, at) = (case.municipality(), case.at());
    let (kinds, nobody) = ([Kind::KeyRotation], (Uuid::nil(), at));
    let listed = approvals::sql::list(case.conn(), municipality, &kinds, nobody, RECENT_MAX).await?;
    case.viewed(json!({"page": "form"})).await?;
    Ok(listed)
}

/// How many earlier rotations the form shows.
const RECENT_MAX: i64 = 10;

/// Asks for a rotation; `with_file` also for another key file.
pub async fn ask_for_keys(
    app: &App,
    acting: &Acting,
    (with_file, reason): (bool, &str),
) -> Result<Uuid, Failure> {
    let approval_id = app.kit.ids.next();
    let target = Target::of("approval", approval_id);
    let mut case = Case::open(&app.kit, acting, Action::ApplyKeys, target).await?;
    let files = app.vault()?.ring().files().map_err(anyhow::Error::from)?;
    let key_file = files.last().map_or_else(String::new, |(_, id)| id.clone());
    let (exchange, command) = if with_file {
        ("新しい鍵ファイルに取り替える（--kek）", "--ceremony に番号を、--kek に新しい鍵ファイルを")
    } else {
        ("取り替えない", "--ceremony に番号を")
    };
    let plan = vec![
        (
            "行うこと",
            "個人番号のデータ鍵を新しく作り、すべての個人番号を新しい鍵で暗号化し直します".to_owned(),
        ),
        ("自治体", acting.municipality.to_string()),
        ("今の鍵ファイル", key_file),
        ("鍵ファイル", exchange.to_owned()),
        ("実行", format!("承認から1日以内に1回、サーバーで sesshu keys rotate の {command}指定します")),
    ];
    let digest = rules::rotation_digest(acting.municipality, with_file);
    let asked = Asked {
        approval_id,
        kind: Kind::KeyRotation,
        target: ("approval", approval_id),
        reason,
        basis: "",
        plan,
        digest,
    };
    approvals::ask(&mut case, acting, &asked).await?;
    case.done(json!({"approval": approval_id, "with_file": with_file})).await?;
    Ok(approval_id)
}

/// The approval under which the machine may rotate the keys now, in the way it was approved: with another key file or
/// without. Using it up is the vault's, in the transaction of the rotation.
///
/// # Errors
/// One sentence for whoever stands at the machine.
pub async fn ready(
    app: &App,
    municipality: Municipality,
    number: i64,
    with_file: bool,
) -> anyhow::Result<Approval> {
    let operator = kit::staff::operator(&app.kit, municipality).await?;
    let mut tx = kit::db::begin(&app.kit.pool, municipality).await?;
    let id = approvals::sql::by_number(&mut tx, municipality, Kind::KeyRotation, number).await?;
    let id = id.ok_or(VaultError::NoCeremony)?;
    let approval = approvals::sql::get(&mut tx, municipality, id, false).await?;
    let approval = approval.ok_or(VaultError::NoCeremony)?;
    approvals::steps::may_use(&approval, operator.staff_id, app.kit.clock.now())?;
    rules::may_rotate(&approval, municipality, with_file)?;
    Ok(approval)
}

/// What the form of a disposal shows: whether there is a number, what was asked for, and what was disposed of before.
pub struct Disposals {
    pub addressee: numbers::case::Addressee,
    pub asked: Vec<Approval>,
    pub done: Vec<Disposal>,
    pub now: jiff::Timestamp,
}

pub async fn begin_disposal(app: &App, acting: &Acting, person: Uuid) -> Result<Disposals, Failure> {
    let addressee = numbers::case::addressee(app, acting, person).await?;
    let done = app.vault()?.disposals(acting, person).await?;
    let target = Target::of("addressee", person);
    let mut case = Case::open(&app.kit, acting, Action::ApplyDisposal, target).await?;
    let (municipality, now) = (case.municipality(), case.at());
    let asked = approvals::sql::about(case.conn(), municipality, Kind::NumberDisposal, person).await?;
    case.viewed(json!({"page": "form"})).await?;
    Ok(Disposals { addressee, asked, done, now })
}

pub async fn ask_for_disposal(
    app: &App,
    acting: &Acting,
    person: Uuid,
    reason: &str,
) -> Result<Uuid, Failure> {
    let addressee = numbers::case::addressee(app, acting, person).await?;
    let target = Target::of("addressee", person);
    let mut case = Case::open(&app.kit, acting, Action::ApplyDisposal, target).await?;
    if addressee.versions.is_empty() {
        case.refused(&app.kit, json!({"cause": "unknown"})).await?;
        return Err(Failure::Conflict("この方の個人番号は登録されていません。".to_owned()));
    }
    let digest = disposal_digest(person, addressee.versions.len());
    let (municipality, at) = (case.municipality(), case.at());
    // Locked: two applications at once would both be the first.
    numbers::sql::lock(case.conn(), person).await?;
    let asked = approvals::sql::about(case.conn(), municipality, Kind::NumberDisposal, person).await?;
    if let Some(open) = approvals::steps::open(&asked, &digest, at) {
        case.refused(&app.kit, json!({"cause": "already_asked", "approval": open.approval_id})).await?;
        return Err(Failure::Conflict(rules::already_asked(open)));
    }
    let approval_id = app.kit.ids.next();
    let plan = vec![
        ("対象者", format!("宛名番号 {}", addressee.number)),
        ("行うこと", "個人番号と検索用の索引を、すべての版について消去します。元に戻せません".to_owned()),
        ("登録されている版", format!("{}件", addressee.versions.len())),
        ("残るもの", "登録の有無と消去した日時・理由・担当者。番号は残りません".to_owned()),
        (
            desk::approvals::web::WARNING,
            "消去前のバックアップには、暗号化された番号が保存期間の終わりまで残ります。".to_owned(),
        ),
    ];
    let asked = Asked {
        approval_id,
        kind: Kind::NumberDisposal,
        target: ("addressee", person),
        reason,
        basis: "bangoho_20",
        plan,
        digest,
    };
    approvals::ask(&mut case, acting, &asked).await?;
    case.done(json!({"approval": approval_id, "versions": addressee.versions.len()})).await?;
    Ok(approval_id)
}

/// Carries out what was approved about this person.
pub async fn dispose(app: &App, acting: &Acting, person: Uuid) -> Result<(), Failure> {
    let mut tx = kit::db::begin(&app.kit.pool, acting.municipality).await?;
    let asked = approvals::sql::about(&mut tx, acting.municipality, Kind::NumberDisposal, person).await?;
    tx.commit().await?;
    let to_use = rules::to_use(&asked, acting.staff_id, app.kit.clock.now());
    let approval_id = to_use.map_or(Uuid::nil(), |approval| approval.approval_id);
    app.vault()?.dispose(acting, person, approval_id).await.map_err(|error| match error {
        VaultError::NotShown => Failure::NotFound,
        other => other.into(),
    })
}
