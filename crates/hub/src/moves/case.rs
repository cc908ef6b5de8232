//! Use cases of 異動・退職.

use super::{
    rules::{self, Move},
    sql::{self, NewMove, Recorded},
};
use crate::{
    App,
    rights::{
        case::{self as rights, Removal},
        sql::{self as rights_rows, Person},
        steps::Subject,
    },
    sections::sql::{self as sections, Section},
};
use domain::Date;
use kit::{Acting, Action, Case, Failure, Target};
use serde_json::json;
use uuid::Uuid;

/// What the page shows of one person.
pub struct Shown {
    pub person: Person,
    pub moves: Vec<Recorded>,
    /// The next section by its name, and the first day there.
    pub coming: Option<(String, Date)>,
    /// Where somebody can go to; empty for whoever may only look.
    pub sections: Vec<Section>,
    pub may_record: bool,
    /// Whether whoever looks can apply for rights of this person.
    pub may_apply: bool,
}

pub async fn show(app: &App, acting: &Acting, staff_id: Uuid) -> Result<Shown, Failure> {
    let today = app.kit.clock.today();
    let mut case = Case::open(&app.kit, acting, Action::ViewStaff, Target::of("staff", staff_id)).await?;
    let municipality = case.municipality();
    let hand = rights_rows::hand(case.conn(), municipality, acting, today).await?;
    let person = rights_rows::person(case.conn(), municipality, staff_id, (today, false))
        .await?
        .ok_or(Failure::NotFound)?;
    let moves = sql::of(case.conn(), municipality, staff_id).await?;
    let sections = sections::all(case.conn(), municipality, today).await?;
    let coming = person.subject.coming.and_then(|(to, from_on)| {
        Some((sections.iter().find(|one| one.section_id == to)?.name.clone(), from_on))
    });
    case.viewed(json!({"page": "moves", "shown": moves.len()})).await?;
    Ok(Shown {
        may_record: acting.may(Action::MoveStaff) && rules::may_record(&hand, &person.subject),
        may_apply: crate::rights::steps::may_apply(&hand, &person.subject),
        person,
        moves,
        coming,
        sections,
    })
}

/// A form that was read.
pub struct Form {
    pub staff_id: Uuid,
    pub what: Move,
    pub reason: String,
}

/// What came of a form.
pub enum Done {
    Kept,
    /// Field and sentence, all at once.
    Faults(Vec<(&'static str, String)>),
}

/// Ends what is held with the last day, by an application wherever there is a section to put it under. Where there is
/// none, the rights end all the same.
async fn end_rights(
    case: &mut Case,
    (application_id, by): (Uuid, Uuid),
    (form, subject): (&Form, &Subject),
    today: Date,
) -> Result<Option<Uuid>, Failure> {
    if subject.roles.is_empty() {
        return Ok(None);
    }
    let (municipality, at, last_on) = (case.municipality(), case.at(), form.what.rights_end_on());
    let recorders = sql::section_on(case.conn(), by, today).await?;
    let Some(section_id) = rules::removal_section(form.what, subject, recorders) else {
        let held = (subject.staff_id, subject.roles.as_slice());
        rights_rows::end_holdings(case.conn(), municipality, held, last_on).await?;
        return Ok(None);
    };
    let removal = Removal {
        application_id,
        staff_id: subject.staff_id,
        section_id,
        roles: subject.roles.clone(),
        reason: format!("{}のため：{}", form.what.kind().ja(), form.reason),
        last_on,
    };
    let ended = rights::end_rights(case.conn(), municipality, removal, (by, at)).await?;
    Ok(Some(ended.application_id))
}

/// Records the move; the rights that are held end with the last day before it.
pub async fn record(app: &App, acting: &Acting, form: &Form) -> Result<Done, Failure> {
    let today = app.kit.clock.today();
    let mut case =
        Case::open(&app.kit, acting, Action::MoveStaff, Target::of("staff", form.staff_id)).await?;
    let (municipality, at) = (case.municipality(), case.at());
    let hand = rights_rows::hand(case.conn(), municipality, acting, today).await?;
    let person = rights_rows::person(case.conn(), municipality, form.staff_id, (today, true))
        .await?
        .filter(|person| rules::may_record(&hand, &person.subject))
        .ok_or(Failure::NotFound)?;
    let there = match form.what {
        Move::Transfer { section_id, from_on } => {
            sections::name(case.conn(), municipality, section_id).await?.ok_or(Failure::NotFound)?;
            sql::section_on(case.conn(), form.staff_id, from_on).await?
        }
        Move::Leaving { .. } => None,
    };
    let faults = rules::faults(form.what, &person.subject, &hand, there, today);
    if !faults.is_empty() {
        case.refused(&app.kit, json!({"cause": "faults", "count": faults.len()})).await?;
        return Ok(Done::Faults(faults));
    }
    let of = (app.kit.ids.next(), acting.staff_id);
    let application_id = end_rights(&mut case, of, (form, &person.subject), today).await?;
    let new = NewMove {
        move_id: app.kit.ids.next(),
        staff_id: form.staff_id,
        what: form.what,
        reason: &form.reason,
        by: acting.staff_id,
        application_id,
    };
    sql::insert(case.conn(), municipality, &new, at).await?;
    let day = |day: Option<Date>| day.map(|day| day.to_string());
    let before = json!({"section": person.subject.section_id, "account_until": day(person.subject.until_on)});
    let after = match form.what {
        Move::Transfer { section_id, from_on } => json!({"section": section_id, "from": from_on.to_string()}),
        Move::Leaving { last_on } => json!({"account_until": last_on.to_string()}),
    };
    let roles: Vec<_> = person.subject.roles.iter().map(|role| role.code()).collect();
    let detail = json!({"kind": form.what.kind().code(), "roles": roles,
        "rights_until": form.what.rights_end_on().to_string(), "application": application_id});
    case.done_changing(detail, before, after).await?;
    Ok(Done::Kept)
}
