//! Use cases of 権限の申請: apply, approve, grant; and the removal on transfer or leaving.

use super::{
    sql::{self, Holding, Listed, Person, Taken},
    steps::{self, Application, Ask, Bar, Hand, Kind, State, Step, Subject},
};
use crate::App;
use domain::Date;
use jiff::Timestamp;
use kit::{Acting, Action, Case, Duty, Failure, Municipality, Role, Target};
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

fn target(application_id: Uuid) -> Target {
    Target::of("rights_application", application_id)
}

fn codes(application: &Application) -> Value {
    let roles: Vec<_> = application.roles.iter().map(|role| role.code()).collect();
    json!({"application": application.application_id, "state": application.state.code(), "roles": roles,
        "from": application.from_on.to_string(), "until": application.until_on.map(|day| day.to_string())})
}

/// The first page of the room.
pub struct Overview {
    pub hand: Hand,
    pub listed: Vec<Listed>,
    /// Who is in the sections that the person leads.
    pub people: Vec<(Uuid, String, String)>,
}

pub async fn overview(app: &App, acting: &Acting) -> Result<Overview, Failure> {
    let mut case = Case::open(&app.kit, acting, Action::ViewRights, Target::NONE).await?;
    let municipality = case.municipality();
    let hand = sql::hand(case.conn(), municipality, acting, app.kit.clock.today()).await?;
    let listed = sql::list(case.conn(), municipality, &hand).await?;
    let people = if acting.may(Action::RemoveRights) {
        sql::people_of(case.conn(), municipality, &hand.leads, app.kit.clock.today()).await?
    } else {
        Vec::new()
    };
    case.viewed(json!({"shown": listed.len()})).await?;
    Ok(Overview { hand, listed, people })
}

/// Everything about one application.
pub struct Shown {
    pub application: Application,
    pub person: Option<Person>,
    pub steps: Vec<Taken>,
    pub holdings: Vec<Holding>,
    /// Conflicts of duties with what the person holds by now.
    pub conflicts: Vec<(bool, &'static str)>,
    pub hand: Hand,
}

impl Shown {
    /// Whether whoever looks may take this step.
    pub fn offers(&self, step: Step) -> bool {
        steps::may_take(step, &self.application, &self.hand).is_ok()
    }
}

fn ask_of(application: &Application) -> Ask {
    Ask {
        duty: application.duty,
        roles: application.roles.clone(),
        from_on: application.from_on,
        until_on: application.until_on,
    }
}

pub async fn show(app: &App, acting: &Acting, application_id: Uuid) -> Result<Shown, Failure> {
    let today = app.kit.clock.today();
    let mut case = Case::open(&app.kit, acting, Action::ViewRights, target(application_id)).await?;
    let municipality = case.municipality();
    let hand = sql::hand(case.conn(), municipality, acting, app.kit.clock.today()).await?;
    let application = sql::get(case.conn(), municipality, application_id, false)
        .await?
        .filter(|application| hand.may_see(application))
        .ok_or(Failure::NotFound)?;
    let person = sql::person(case.conn(), municipality, application.staff_id, (today, false)).await?;
    let steps = sql::steps(case.conn(), municipality, application_id).await?;
    let holdings = sql::holdings(case.conn(), municipality, application.staff_id).await?;
    let conflicts = match (&person, application.state.is_open()) {
        (Some(person), true) => steps::together(&ask_of(&application), &person.subject),
        _ => Vec::new(),
    };
    case.viewed(json!({"state": application.state.code()})).await?;
    Ok(Shown { application, person, steps, holdings, conflicts, hand })
}

/// Opens the form for oneself or, as a chief, for somebody of the section.
pub async fn begin(app: &App, acting: &Acting, action: Action, staff_id: Uuid) -> Result<Person, Failure> {
    let mut case = Case::open(&app.kit, acting, action, Target::of("staff", staff_id)).await?;
    let municipality = case.municipality();
    let hand = sql::hand(case.conn(), municipality, acting, app.kit.clock.today()).await?;
    let person = sql::person(case.conn(), municipality, staff_id, (app.kit.clock.today(), false))
        .await?
        .filter(|person| may_begin(action, &hand, &person.subject))
        .ok_or(Failure::NotFound)?;
    case.viewed(json!({"page": "form"})).await?;
    Ok(person)
}

fn may_begin(action: Action, hand: &Hand, subject: &Subject) -> bool {
    match action {
        Action::RemoveRights => subject.section_id.is_some_and(|section| hand.is_chief_of(section)),
        _ => steps::may_apply(hand, subject),
    }
}

/// A form that was read: what is asked, why, and the id that makes sending it twice one application.
pub struct Form {
    pub application_id: Uuid,
    pub staff_id: Uuid,
    pub ask: Ask,
    pub reason: String,
}

/// What came of a form.
pub enum Applied {
    Kept,
    /// Field and sentence, all at once, and whom the form is about.
    Faults(Vec<(&'static str, String)>, Box<Person>),
}

/// The first step.
pub async fn apply(app: &App, acting: &Acting, form: &Form) -> Result<Applied, Failure> {
    let today = app.kit.clock.today();
    let mut case =
        Case::open(&app.kit, acting, Action::ApplyRights, Target::of("staff", form.staff_id)).await?;
    let (municipality, at) = (case.municipality(), case.at());
    let hand = sql::hand(case.conn(), municipality, acting, app.kit.clock.today()).await?;
    let person = sql::person(case.conn(), municipality, form.staff_id, (today, true))
        .await?
        .filter(|person| steps::may_apply(&hand, &person.subject))
        .ok_or(Failure::NotFound)?;
    let mut faults = steps::faults(&form.ask, &person.subject, today);
    // Of somebody who is about to move, the section decides in which the rights are used.
    let section = person.subject.section_on(form.ask.from_on);
    if section.is_none() {
        faults.push(("roles", "所属が登録されていません。ID管理者に所属の登録を依頼してください".to_owned()));
    }
    let (Some(section_id), true) = (section, faults.is_empty()) else {
        case.refused(&app.kit, json!({"cause": "faults", "count": faults.len()})).await?;
        return Ok(Applied::Faults(faults, Box::new(person)));
    };
    let application = Application {
        application_id: form.application_id,
        kind: Kind::Grant,
        staff_id: form.staff_id,
        section_id,
        duty: form.ask.duty,
        roles: form.ask.roles.clone(),
        reason: form.reason.clone(),
        from_on: form.ask.from_on,
        until_on: form.ask.until_on,
        applied_by: acting.staff_id,
        state: State::Applied,
    };
    sql::insert(case.conn(), municipality, &application, at).await?;
    case.done_changing(json!({"step": "apply"}), None, codes(&application)).await?;
    Ok(Applied::Kept)
}

/// 異動・退職: the chief applies, and the roles end with the day, whether or not anybody acts on it.
pub async fn remove(app: &App, acting: &Acting, form: &Form, last_on: Date) -> Result<Applied, Failure> {
    let today = app.kit.clock.today();
    let mut case =
        Case::open(&app.kit, acting, Action::RemoveRights, Target::of("staff", form.staff_id)).await?;
    let (municipality, at) = (case.municipality(), case.at());
    let hand = sql::hand(case.conn(), municipality, acting, app.kit.clock.today()).await?;
    let person = sql::person(case.conn(), municipality, form.staff_id, (today, true))
        .await?
        .filter(|person| may_begin(Action::RemoveRights, &hand, &person.subject))
        .ok_or(Failure::NotFound)?;
    let section_id = person.subject.section_id.ok_or(Failure::NotFound)?;
    if person.subject.roles.is_empty() {
        case.refused(&app.kit, json!({"cause": "no_roles"})).await?;
        let fault = ("last_on", "この方には削除する権限がありません".to_owned());
        return Ok(Applied::Faults(vec![fault], Box::new(person)));
    }
    let removal = Removal {
        application_id: form.application_id,
        staff_id: form.staff_id,
        section_id,
        roles: person.subject.roles,
        reason: form.reason.clone(),
        last_on,
    };
    let application = end_rights(case.conn(), municipality, removal, (acting.staff_id, at)).await?;
    case.done_changing(json!({"step": "remove"}), None, codes(&application)).await?;
    Ok(Applied::Kept)
}

/// 権限の削除の申請 as it is written, within the case that it follows from.
pub(crate) struct Removal {
    pub application_id: Uuid,
    pub staff_id: Uuid,
    pub section_id: Uuid,
    pub roles: Vec<Role>,
    pub reason: String,
    pub last_on: Date,
}

/// The one way in which roles end before their time: an application that says who and why, and the day.
pub(crate) async fn end_rights(
    conn: &mut PgConnection,
    municipality: Municipality,
    removal: Removal,
    (by, at): (Uuid, Timestamp),
) -> sqlx::Result<Application> {
    let application = Application {
        application_id: removal.application_id,
        kind: Kind::Removal,
        staff_id: removal.staff_id,
        section_id: removal.section_id,
        duty: Duty::Access,
        roles: removal.roles,
        reason: removal.reason,
        from_on: removal.last_on,
        until_on: Some(removal.last_on),
        applied_by: by,
        state: State::Applied,
    };
    if sql::insert(conn, municipality, &application, at).await? {
        let ending = (application.staff_id, application.roles.as_slice());
        sql::end_holdings(conn, municipality, ending, removal.last_on).await?;
    }
    Ok(application)
}

/// The right that a step asks for. Rejecting is the answer of whoever's turn it is.
fn action_of(step: Step, seen: &str) -> Action {
    match step {
        Step::Approve => Action::ApproveRights,
        Step::Reject if seen == State::Applied.code() => Action::ApproveRights,
        Step::Grant | Step::Reject => Action::GrantRights,
        Step::Withdraw => Action::ApplyRights,
    }
}

/// The second and the third step, rejection and withdrawal. `seen` is the code of the state that the page showed.
pub async fn take(
    app: &App,
    acting: &Acting,
    application_id: Uuid,
    (step, seen): (Step, &str),
    reason: &str,
) -> Result<(), Failure> {
    let today = app.kit.clock.today();
    let mut case = Case::open(&app.kit, acting, action_of(step, seen), target(application_id)).await?;
    let (municipality, at) = (case.municipality(), case.at());
    let hand = sql::hand(case.conn(), municipality, acting, app.kit.clock.today()).await?;
    let application = sql::get(case.conn(), municipality, application_id, true)
        .await?
        .filter(|application| hand.may_see(application))
        .ok_or(Failure::NotFound)?;
    let allowed = match steps::may_take(step, &application, &hand) {
        Ok(()) if application.state.code() != seen => Err(Bar::Passed),
        answer => answer,
    };
    if let Err(bar) = allowed {
        case.refused(&app.kit, json!({"cause": format!("{bar:?}")})).await?;
        return Err(Failure::Conflict(bar.to_string()));
    }
    let next = match (step, &application.state) {
        (Step::Approve, _) => State::Approved { by: acting.staff_id },
        (Step::Grant, State::Approved { by }) => {
            State::Granted { approved_by: Some(*by), by: acting.staff_id }
        }
        (Step::Grant, _) => State::Granted { approved_by: None, by: acting.staff_id },
        (Step::Reject, State::Approved { by }) => {
            State::Rejected { approved_by: Some(*by), by: acting.staff_id, reason: reason.to_owned() }
        }
        (Step::Reject, _) => {
            State::Rejected { approved_by: None, by: acting.staff_id, reason: reason.to_owned() }
        }
        (Step::Withdraw, _) => State::Withdrawn { reason: reason.to_owned() },
    };
    if step == Step::Grant && application.kind == Kind::Grant {
        let person = sql::person(case.conn(), municipality, application.staff_id, (today, true)).await?;
        if let Some(sentence) = against_grant(&application, person.as_ref(), today) {
            case.refused(&app.kit, json!({"cause": "conflict"})).await?;
            return Err(Failure::Conflict(sentence));
        }
        let ids: Vec<Uuid> = application.roles.iter().map(|_| app.kit.ids.next()).collect();
        let from_on = application.from_on.max(today);
        sql::hold(case.conn(), municipality, &application, (&ids, from_on), at).await?;
    }
    let moved = sql::advance(case.conn(), municipality, (&application, &next), acting.staff_id, at).await?;
    if !moved {
        case.refused(&app.kit, json!({"cause": "overtaken"})).await?;
        return Err(Failure::Conflict(Bar::Passed.to_string()));
    }
    let after = Application { state: next, ..application.clone() };
    case.done_changing(json!({"staff": application.staff_id}), codes(&application), codes(&after)).await
}

/// What has come between approval and grant: one sentence.
fn against_grant(application: &Application, person: Option<&Person>, today: Date) -> Option<String> {
    let Some(person) = person else {
        return Some("この方の個人IDは停止されています。申請を却下してください。".to_owned());
    };
    if application.until_on.is_some_and(|until| until < today) {
        return Some("申請された期間は終わっています。申請を却下してください。".to_owned());
    }
    if person.subject.section_on(application.from_on.max(today)) != Some(application.section_id) {
        return Some(
            "この方は申請の後に異動しています。申請を却下し、新しい所属から申請してください。".to_owned(),
        );
    }
    let barred = steps::barred(&ask_of(application), &person.subject);
    (!barred.is_empty()).then(|| format!("{}この申請を却下してください。", barred.join("")))
}
