//! 二人承認: one person asks, another decides, and only then something leaves the office or disappears.
//!
//! ```text
//! ask (frozen plan, reason) ──► decide (another person) ──► use (as often, and as long, as the kind allows)
//! ```
//!
//! One mechanism for every system: the kinds with their terms are here, the pages in `desk::approvals`, what happens in
//! each case in the system that does it. A deed under two persons' eyes calls [`ask`] in the case of the application and
//! [`make_use`] in the case of the deed, so that the use is committed with what was done, or neither.
//!
//! Never: a decision by whoever asked (the table refuses it, too); a use before the decision, after the last day, or once
//! more than was approved; a plan that changes after somebody has read it.

pub mod sql;
pub mod steps;

pub use sql::Asked;
pub use steps::{Approval, Bar, Kind, State, Step, Terms, UsedBy};

use crate::{Acting, Case, Failure, Municipality};
use jiff::Timestamp;
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

/// Puts an application into the open case of whoever asks. The answer is the number people call it by.
///
/// # Errors
/// Database errors.
pub async fn ask(case: &mut Case, acting: &Acting, asked: &Asked<'_>) -> Result<i64, Failure> {
    let (municipality, at) = (case.municipality(), case.at());
    let terms = asked.kind.terms();
    let decide_until = at + steps::DECIDE_WITHIN;
    let number =
        sql::insert(case.conn(), municipality, asked, (acting.staff_id, at, decide_until), terms.uses_max)
            .await?;
    Ok(number)
}

/// Takes one use of an approval, or says why not. To be called in the transaction of the deed.
///
/// # Errors
/// Database errors. An approval of another kind or municipality is answered like one that does not exist: `None`.
pub async fn make_use(
    conn: &mut PgConnection,
    municipality: Municipality,
    (kind, approval_id): (Kind, Uuid),
    (staff_id, at): (Uuid, Timestamp),
) -> sqlx::Result<Option<Result<Approval, Bar>>> {
    let found = sql::get(conn, municipality, approval_id, true).await?;
    let Some(approval) = found.filter(|approval| approval.kind == kind) else { return Ok(None) };
    if let Err(bar) = steps::may_use(&approval, staff_id, at) {
        return Ok(Some(Err(bar)));
    }
    sql::insert_use(conn, municipality, approval_id, approval.uses + 1, (staff_id, at)).await?;
    Ok(Some(Ok(approval)))
}

/// [`make_use`] in an open case: a bar is logged, undoes the case and is told.
///
/// # Errors
/// [`Failure::NotFound`] for an approval that is not there or not of this kind, [`Failure::Conflict`] with the bar.
pub async fn use_in(
    mut case: Case,
    acting: &Acting,
    kit: &crate::Kit,
    (kind, approval_id): (Kind, Uuid),
) -> Result<(Case, Approval), Failure> {
    let (municipality, at) = (case.municipality(), case.at());
    let used = make_use(case.conn(), municipality, (kind, approval_id), (acting.staff_id, at)).await?;
    match used {
        None => Err(Failure::NotFound),
        Some(Ok(approval)) => Ok((case, approval)),
        Some(Err(bar)) => {
            case.refused(kit, json!({"approval": approval_id, "cause": bar.code()})).await?;
            Err(Failure::Conflict(bar.to_string()))
        }
    }
}
