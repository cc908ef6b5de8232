//! The use case of 確認が必要な個人ID.

use super::{
    rules::{self, Finding},
    sql::{self, Listed},
};
use crate::{
    App,
    rights::{sql as rights, steps::Hand},
};
use domain::Date;
use kit::{Acting, Action, Case, Failure, Municipality, Role, Target};
use serde_json::json;
use sqlx::PgConnection;

/// An account and what is odd about it.
pub struct Odd {
    pub listed: Listed,
    pub findings: Vec<Finding>,
    /// Whether whoever looks is the chief of this person's section, but not this person.
    pub is_yours: bool,
}

/// What somebody may see of it: ID managers and auditors everything, a chief the sections they lead.
fn odd(listed: Vec<Listed>, hand: &Hand, today: Date) -> Vec<Odd> {
    let sees_all = hand.roles.iter().any(|role| matches!(role, Role::IdManager | Role::Auditor));
    listed
        .into_iter()
        .filter_map(|listed| {
            let findings = rules::findings(&listed.account, today);
            let is_led = listed.section_id.is_some_and(|section| hand.is_chief_of(section));
            let is_yours = is_led && listed.account.staff_id != hand.staff_id;
            (!findings.is_empty() && (sees_all || is_led)).then_some(Odd { listed, findings, is_yours })
        })
        .collect()
}

/// How many accounts the ID manager should look at. Asked by the home page, within its own case.
pub async fn count(conn: &mut PgConnection, municipality: Municipality, today: Date) -> sqlx::Result<usize> {
    let listed = sql::accounts(conn, municipality, today).await?;
    Ok(listed.iter().filter(|one| !rules::findings(&one.account, today).is_empty()).count())
}

pub async fn list(app: &App, acting: &Acting) -> Result<Vec<Odd>, Failure> {
    let today = app.kit.clock.today();
    let mut case = Case::open(&app.kit, acting, Action::ViewStaff, Target::NONE).await?;
    let municipality = case.municipality();
    let hand = rights::hand(case.conn(), municipality, acting, today).await?;
    let listed = sql::accounts(case.conn(), municipality, today).await?;
    let odd = odd(listed, &hand, today);
    case.viewed(json!({"page": "unused", "shown": odd.len()})).await?;
    Ok(odd)
}
