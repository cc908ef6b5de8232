//! Use cases of 二人承認 that are the same in every system: the list, one application, the decision, the withdrawal.

use crate::System;
use jiff::Timestamp;
use kit::{
    Acting, Action, Case, Failure, Municipality, Target,
    approvals::{Approval, Bar, Kind, State, Step, sql, steps},
};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

/// How many applications the list shows: some years of an office that asks once a week.
pub const LISTED_MAX: i64 = 200;

fn target(approval_id: Uuid) -> Target {
    Target::of("approval", approval_id)
}

fn kinds_of<S: System>(pick: impl Fn(Kind) -> bool) -> Vec<Kind> {
    S::APPROVALS.iter().copied().filter(|kind| pick(*kind)).collect()
}

/// The applications that this person may know of, open ones first.
pub async fn list<S: System>(app: &S, acting: &Acting) -> Result<(Vec<Approval>, Timestamp), Failure> {
    let mut case = Case::open(app.kit(), acting, Action::ViewApprovals, Target::NONE).await?;
    let (municipality, at) = (case.municipality(), case.at());
    let kinds = kinds_of::<S>(|kind| kind.is_shown_to(acting));
    let listed = sql::list(case.conn(), municipality, &kinds, (acting.staff_id, at), LISTED_MAX).await?;
    case.viewed(json!({"shown": listed.len()})).await?;
    Ok((listed, at))
}

/// How many applications wait for this person: for the first page, within its own case.
pub async fn waiting<S: System>(
    conn: &mut PgConnection,
    municipality: Municipality,
    acting: &Acting,
    now: Timestamp,
) -> sqlx::Result<i64> {
    let kinds = kinds_of::<S>(|kind| acting.may(kind.terms().approves));
    sql::waiting(conn, municipality, &kinds, (acting.staff_id, now)).await
}

/// One application as its page shows it.
pub struct Shown {
    pub approval: Approval,
    pub uses: Vec<(Timestamp, String)>,
    pub now: Timestamp,
    /// What whoever looks may do about it.
    pub decides: bool,
    pub withdraws: bool,
}

pub async fn show<S: System>(app: &S, acting: &Acting, approval_id: Uuid) -> Result<Shown, Failure> {
    let mut case = Case::open(app.kit(), acting, Action::ViewApprovals, target(approval_id)).await?;
    let (municipality, now) = (case.municipality(), case.at());
    let approval = sql::get(case.conn(), municipality, approval_id, false)
        .await?
        .filter(|approval| approval.is_shown_to(acting))
        .ok_or(Failure::NotFound)?;
    let uses = sql::uses(case.conn(), municipality, approval_id).await?;
    case.viewed(json!({"kind": approval.kind.code(), "state": approval.state.code()})).await?;
    let terms = approval.kind.terms();
    let takes = |step| steps::may_take(step, &approval, acting.staff_id, now).is_ok();
    let decides = acting.may(terms.approves) && takes(Step::Approve);
    let withdraws = acting.may(terms.applies) && takes(Step::Withdraw);
    Ok(Shown { uses, now, decides, withdraws, approval })
}

/// Approves, rejects or withdraws. The route has named the kind, and so the right.
pub async fn take<S: System>(
    app: &S,
    acting: &Acting,
    (kind, approval_id): (Kind, Uuid),
    step: Step,
    reason: &str,
) -> Result<(), Failure> {
    let terms = kind.terms();
    let action = match step {
        Step::Approve | Step::Reject => terms.approves,
        Step::Withdraw => terms.applies,
    };
    let mut case = Case::open(app.kit(), acting, action, target(approval_id)).await?;
    let (municipality, at) = (case.municipality(), case.at());
    let approval = sql::get(case.conn(), municipality, approval_id, true)
        .await?
        .filter(|approval| approval.kind == kind)
        .ok_or(Failure::NotFound)?;
    if let Err(bar) = steps::may_take(step, &approval, acting.staff_id, at) {
        return refuse(app, case, bar).await;
    }
    let by = acting.staff_id;
    let next = match step {
        Step::Approve => State::Approved { by, at, valid_until: at + terms.valid_for },
        Step::Reject => State::Rejected { by, at },
        Step::Withdraw => State::Withdrawn { at },
    };
    sql::settle(case.conn(), municipality, approval_id, &next, reason).await?;
    let detail = json!({"kind": kind.code(), "number": approval.number, "asked_by": approval.asked_by,
        "about": approval.target_id});
    case.done_changing(detail, json!({"state": approval.state.code()}), json!({"state": next.code()})).await
}

async fn refuse<S: System>(app: &S, case: Case, bar: Bar) -> Result<(), Failure> {
    case.refused(app.kit(), json!({"cause": bar.code()})).await?;
    Err(Failure::Conflict(bar.to_string()))
}
