//! 個人番号の廃棄: what is no longer needed is deleted (番号法20条), after two persons have decided it for this person.

use super::pass::{Gates, Pass};
use super::{ADDRESSEE, Vault, VaultError};
use crate::approvals::{self, Approval, Kind, State};
use crate::audit::Outcome;
use crate::{Acting, Action, Instant, Municipality, Target};
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use sqlx::Row;
use uuid::Uuid;

/// What an application for a disposal covers: this person's number in so many versions. Made when it is asked for, and
/// again at the deed.
pub fn disposal_digest(person: Uuid, versions: usize) -> [u8; 32] {
    Sha256::digest(format!("{person} {versions}")).into()
}

/// That a person's number was kept here and is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disposal {
    pub versions: i32,
    pub first_at: Timestamp,
    pub disposed_at: Timestamp,
    pub disposed_by: Uuid,
    pub approved_by: Uuid,
}

impl Vault {
    /// Deletes every version of a person's number with its blind index, and sees that nothing is left. What was sealed
    /// in backups before stays there until they are thrown away.
    ///
    /// # Errors
    /// [`VaultError::NotShown`] where there is no number, or no such approval; [`VaultError::NotApproved`] with the bar;
    /// [`VaultError::Changed`] where a version has come or gone since it was asked for.
    pub async fn dispose(&self, acting: &Acting, person: Uuid, approval_id: Uuid) -> Result<(), VaultError> {
        let (municipality, target) = (acting.municipality, Target::of(ADDRESSEE, person));
        let mut pass = self.pass(acting, Action::DisposeNumber, None, target, Gates::SecondFactor).await?;
        // Also a rotation that seals anew waits, or is waited for.
        super::sql::lock_writers(pass.conn(), municipality).await?;
        let asked = (Kind::NumberDisposal, approval_id);
        let by = (acting.staff_id, pass.entry.at);
        let approval = match approvals::make_use(pass.conn(), municipality, asked, by).await? {
            Some(Ok(approval)) if approval.target_id == person => approval,
            Some(Err(bar)) => return pass.refuse(bar.code(), bar.into()).await,
            Some(Ok(_)) | None => return pass.refuse("no_approval", VaultError::NotShown).await,
        };
        let versions = super::sql::history(pass.conn(), municipality, person).await?.len();
        if versions > 0 && approval.digest != disposal_digest(person, versions) {
            // This undoes the use, too.
            return pass.refuse("changed", VaultError::Changed).await;
        }
        let deleted = delete(&mut pass, municipality, person, &approval).await?;
        if deleted == 0 {
            return pass.refuse("unknown", VaultError::NotShown).await;
        }
        pass.note_approval(&approval);
        pass.note("versions", deleted);
        pass.done(Outcome::Done).await
    }

    /// The disposals of a person's numbers, newest first. Asked within what may be known of the history.
    ///
    /// # Errors
    /// [`VaultError::NotShown`] where the person of staff may not know.
    pub async fn disposals(&self, acting: &Acting, person: Uuid) -> Result<Vec<Disposal>, VaultError> {
        if !acting.may(Action::ViewNumberHistory) {
            return Err(VaultError::NotShown);
        }
        let mut tx = crate::db::begin(&self.pool, acting.municipality).await?;
        let rows = sqlx::query(
            "select versions, first_at, disposed_at, disposed_by, approved_by from vault.disposals
             where municipality_code = $1 and person_id = $2 order by disposed_at desc",
        )
        .bind(acting.municipality.0)
        .bind(person)
        .fetch_all(&mut *tx)
        .await?;
        Ok(rows
            .iter()
            .map(|row| Disposal {
                versions: row.get(0),
                first_at: row.get::<Instant, _>(1).0,
                disposed_at: row.get::<Instant, _>(2).0,
                disposed_by: row.get(3),
                approved_by: row.get(4),
            })
            .collect())
    }
}

/// Deletes the rows, writes that they were there, and looks whether one is left.
async fn delete(
    pass: &mut Pass,
    municipality: Municipality,
    person: Uuid,
    approval: &Approval,
) -> Result<i32, VaultError> {
    let (at, disposed_by) = (pass.entry.at, pass.entry.staff_id);
    let State::Approved { by: approved_by, .. } = approval.state else { return Ok(0) };
    let rows = sqlx::query(
        "with gone as (
             delete from vault.numbers where municipality_code = $1 and person_id = $2 returning registered_at)
         select count(*)::integer, min(registered_at), max(registered_at) from gone",
    )
    .bind(municipality.0)
    .bind(person)
    .fetch_one(pass.conn())
    .await?;
    let versions: i32 = rows.get(0);
    if versions == 0 {
        return Ok(0);
    }
    sqlx::query(
        "insert into vault.disposals (municipality_code, person_id, approval_id, versions, first_at, last_at, disposed_by,
             approved_by, disposed_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(municipality.0)
    .bind(person)
    .bind(approval.approval_id)
    .bind(versions)
    .bind(rows.get::<Instant, _>(1))
    .bind(rows.get::<Instant, _>(2))
    .bind(disposed_by)
    .bind(approved_by)
    .bind(Instant(at))
    .execute(pass.conn())
    .await?;
    let is_left: bool = sqlx::query_scalar(
        "select exists (select from vault.numbers where municipality_code = $1 and person_id = $2)",
    )
    .bind(municipality.0)
    .bind(person)
    .fetch_one(pass.conn())
    .await?;
    if is_left {
        return Err(VaultError::Failed(anyhow::anyhow!("a number is still there after its disposal")));
    }
    Ok(versions)
}
