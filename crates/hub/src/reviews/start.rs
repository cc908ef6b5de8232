//! Use cases of the ID manager: starting a review and closing it.

use super::{
    plan::{self, Holder, Known, Plan},
    rules,
    sql::{self, Which},
    start_sql::{self as rows, NewPart, Person},
};
use crate::App;
use kit::{Acting, Action, Case, Failure, Target, rights::conflicts};
use serde_json::json;
use std::collections::HashMap;
use uuid::Uuid;

/// What the form of a new review proposes.
pub async fn propose(app: &App, acting: &Acting) -> Result<(Plan, Known), Failure> {
    let mut case = Case::open(&app.kit, acting, Action::StartReview, Target::NONE).await?;
    let municipality = case.municipality();
    let known = sql::known(case.conn(), municipality).await?;
    case.viewed(json!({"page": "form"})).await?;
    Ok((plan::proposal(known, app.kit.clock.today()), known))
}

/// What came of starting.
pub enum Started {
    Review(Uuid),
    /// Field and sentence, all at once.
    Faults(Vec<(&'static str, String)>),
}

/// The lists of a review, from who held what on the base date.
fn parts<'a>(
    review_id: Uuid,
    people: &'a [Person],
    held: Vec<rules::Item>,
    mut id: impl FnMut() -> Uuid,
) -> Vec<NewPart<'a>> {
    let mut of: HashMap<Uuid, Vec<rules::Item>> = HashMap::new();
    for item in held {
        of.entry(item.staff_id).or_default().push(item);
    }
    let roles =
        |staff_id: &Uuid| of.get(staff_id).into_iter().flatten().map(|item| item.role).collect::<Vec<_>>();
    let holders: Vec<Holder> = people
        .iter()
        .map(|one| Holder { staff_id: one.staff_id, section_id: one.section_id, roles: roles(&one.staff_id) })
        .collect();
    let by_id: HashMap<Uuid, &Person> = people.iter().map(|one| (one.staff_id, one)).collect();
    let part = |group: plan::Group| {
        let part_id = id();
        let items: Vec<_> =
            group.people.iter().flat_map(|id| of.get(id).into_iter().flatten().cloned()).collect();
        let sentences = |id: &Uuid| conflicts(&roles(id)).into_iter().map(|(_, ja)| ja).collect();
        NewPart {
            part_id,
            review_id,
            section_id: group.section_id,
            chief_id: group.chief_id,
            version: rules::version_of_list(part_id, &items),
            people: group.people.iter().filter_map(|id| Some((*by_id.get(id)?, sentences(id)))).collect(),
            items,
        }
    };
    plan::groups(&holders).into_iter().map(part).collect()
}

/// Freezes who holds which rights, section by section.
pub async fn start(app: &App, acting: &Acting, plan: &Plan) -> Result<Started, Failure> {
    let today = app.kit.clock.today();
    let review_id = app.kit.ids.next();
    let mut case = Case::open(&app.kit, acting, Action::StartReview, Target::of("review", review_id)).await?;
    let (municipality, at) = (case.municipality(), case.at());
    let known = sql::known(case.conn(), municipality).await?;
    let people = rows::people(case.conn(), municipality, today).await?;
    let held = rows::held(case.conn(), municipality, plan.base_on).await?;
    let faults = plan::faults(plan, known, today);
    if !faults.is_empty() {
        case.refused(&app.kit, json!({"cause": "faults", "count": faults.len()})).await?;
        return Ok(Started::Faults(faults));
    }
    let parts = parts(review_id, &people, held, || app.kit.ids.next());
    if !rows::insert(case.conn(), municipality, (review_id, plan), (acting.staff_id, at)).await? {
        case.refused(&app.kit, json!({"cause": "overtaken"})).await?;
        return Err(Failure::Conflict(
            "ほかのID管理者が先に点検を始めました。点検の一覧を開き直してください。".to_owned(),
        ));
    }
    for part in &parts {
        rows::freeze(case.conn(), municipality, part).await?;
    }
    let items: usize = parts.iter().map(|part| part.items.len()).sum();
    let after = json!({"kind": plan.kind.code(), "base": plan.base_on.to_string(), "due": plan.due_on.to_string(),
        "lists": parts.len(), "items": items});
    case.done_changing(json!({"started": review_id}), None, after).await?;
    Ok(Started::Review(review_id))
}

/// What came of closing.
pub enum Closed {
    Done,
    /// Lists without a signature, for which no reason was given.
    Missing(Vec<Uuid>),
}

/// Ends a review: every list is signed, or there is a reason why it is not.
pub async fn close(
    app: &App,
    acting: &Acting,
    review_id: Uuid,
    reasons: &HashMap<Uuid, String>,
) -> Result<Closed, Failure> {
    let today = app.kit.clock.today();
    let mut case = Case::open(&app.kit, acting, Action::StartReview, Target::of("review", review_id)).await?;
    let (municipality, at) = (case.municipality(), case.at());
    let review = sql::get(case.conn(), municipality, review_id, true).await?.ok_or(Failure::NotFound)?;
    let parts = sql::parts(case.conn(), municipality, Which::Of(review_id), today).await?;
    if review.closed.is_some() {
        case.refused(&app.kit, json!({"cause": "closed"})).await?;
        return Err(Failure::Conflict(rules::Bar::Closed.to_string()));
    }
    let unsigned: Vec<_> =
        parts.iter().filter(|part| !part.part.is_signed).map(|part| part.part.part_id).collect();
    let missing: Vec<_> = unsigned.iter().filter(|id| !reasons.contains_key(*id)).copied().collect();
    if !missing.is_empty() {
        case.refused(&app.kit, json!({"cause": "reasons", "count": missing.len()})).await?;
        return Ok(Closed::Missing(missing));
    }
    for part_id in &unsigned {
        let reason = reasons.get(part_id).map_or("", String::as_str);
        sql::explain(case.conn(), municipality, (*part_id, reason)).await?;
    }
    sql::close(case.conn(), municipality, review_id, (acting.staff_id, at)).await?;
    let after = json!({"closed": true, "lists": parts.len(), "unsigned": unsigned});
    case.done_changing(json!({"closed": review_id}), json!({"closed": false}), after).await?;
    Ok(Closed::Done)
}
