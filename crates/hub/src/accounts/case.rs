//! Use cases of the ID manager.

use super::sql::{self, AccountRow};
use crate::{
    App, enrol,
    factors::attempts,
    keeper::limits,
    moves, rights,
    sections::sql::{self as sections, Section},
    sign_in::sql as sign_ins,
};
use kit::{Acting, Action, Case, Failure, Kit, Municipality, Posted, Role, Target, staff::Person};
use serde_json::json;
use sqlx::PgConnection;
use ui::FormErrors;
use uuid::Uuid;

const LOGIN_CHARS_MAX: usize = 40;
const NAME_CHARS_MAX: usize = 60;

/// The accounts, and the sections that a new one can be in.
pub async fn list(app: &App, acting: &Acting) -> Result<(Vec<AccountRow>, Vec<Section>), Failure> {
    let mut case = Case::open(&app.kit, acting, Action::ViewStaff, Target::NONE).await?;
    let (municipality, at) = (case.municipality(), case.at());
    let staff = sql::accounts(case.conn(), municipality, limits(at)).await?;
    let sections = sections::all(case.conn(), municipality, app.kit.clock.today()).await?;
    case.viewed(json!({})).await?;
    Ok((staff, sections))
}

/// What the form of a new member of staff asks for.
pub struct Application {
    pub login: String,
    pub name: String,
    pub section_id: Uuid,
}

/// Reads the form; all errors at once. Roles are no part of it: they are applied for.
pub fn read(posted: &Posted) -> Result<Application, FormErrors> {
    let mut errors = FormErrors::default();
    let text = |name: &str| posted.trimmed(name).to_owned();
    let (login, name) = (text("login"), text("name"));
    let is_plain = login.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'));
    if login.is_empty() || login.chars().count() > LOGIN_CHARS_MAX || !is_plain {
        errors.add(
            "login",
            format!("個人IDは半角の英数字と . - _ で{LOGIN_CHARS_MAX}文字以内で入力してください"),
        );
    }
    if name.is_empty() || name.chars().count() > NAME_CHARS_MAX {
        errors.add("name", format!("氏名を{NAME_CHARS_MAX}文字以内で入力してください"));
    }
    let section = posted.text("section").parse().ok();
    if section.is_none() {
        errors.add("section", "所属を選択してください");
    }
    match section {
        Some(section_id) if errors.is_empty() => Ok(Application { login, name, section_id }),
        _ => Err(errors),
    }
}

/// What came of adding a person.
pub enum Added {
    /// The enrolment code, to be handed over once.
    Code(String),
    LoginTaken,
}

/// Adds a member of staff, without any role, with an enrolment code that is shown once.
pub async fn add(app: &App, acting: &Acting, new: &Application) -> Result<Added, Failure> {
    let mut case = Case::open(&app.kit, acting, Action::ManageStaff, Target::NONE).await?;
    let municipality = case.municipality();
    if sql::find(case.conn(), municipality, &new.login).await?.is_some() {
        case.refused(&app.kit, json!({"cause": "login_taken"})).await?;
        return Ok(Added::LoginTaken);
    }
    let Some(section) = sections::name(case.conn(), municipality, new.section_id).await? else {
        return Err(Failure::NotFound);
    };
    let account = NewAccount { login: &new.login, name: &new.name, section: &section, roles: &[] };
    let staff_id = put(case.conn(), &app.kit, municipality, account).await?;
    let code = enrol::case::issue(case.conn(), &app.kit, municipality, staff_id).await?;
    case.aim(Target::of("staff", staff_id));
    let after = json!({"section": new.section_id, "disabled": false});
    case.done_changing(json!({"added": staff_id}), None, after).await?;
    Ok(Added::Code(code))
}

/// Shuts a person out at once.
pub async fn disable(app: &App, acting: &Acting, staff_id: Uuid) -> Result<(), Failure> {
    let mut case = Case::open(&app.kit, acting, Action::ManageStaff, Target::of("staff", staff_id)).await?;
    if staff_id == acting.staff_id {
        case.refused(&app.kit, json!({"cause": "self"})).await?;
        return Err(Failure::Conflict(
            "自分のIDは停止できません。別のID管理者に依頼してください。".to_owned(),
        ));
    }
    let (municipality, at) = (case.municipality(), case.at());
    if !sql::disable(case.conn(), municipality, staff_id, at).await? {
        return Err(Failure::NotFound);
    }
    sign_ins::end_all(case.conn(), municipality, staff_id, "id_manager", at).await?;
    let state = |disabled: bool| json!({"disabled": disabled});
    case.done_changing(json!({"disabled": staff_id}), state(false), state(true)).await
}

/// An account to be made.
pub struct NewAccount<'a> {
    pub login: &'a str,
    pub name: &'a str,
    /// 所属 by its name; made where it is not there yet.
    pub section: &'a str,
    /// Held from today on, by the command that makes the account: the first ID manager, and the staff of a demo.
    /// Everybody else's roles go the three steps of [`crate::rights`].
    pub roles: &'a [Role],
}

/// Makes an account without any means of signing in, or replaces the one with this login id. Also for commands at the machine itself.
pub async fn put(
    conn: &mut PgConnection,
    kit: &Kit,
    municipality: Municipality,
    new: NewAccount<'_>,
) -> anyhow::Result<Uuid> {
    let known = sql::find(conn, municipality, new.login).await?;
    let person = Person {
        staff_id: known.unwrap_or_else(|| kit.ids.next()),
        login: new.login.to_owned(),
        name: new.name.to_owned(),
        section: new.section.to_owned(),
        roles: new.roles.to_vec(),
    };
    kit::staff::put(conn, kit, municipality, &person).await?;
    let (today, at) = (kit.clock.today(), kit.clock.now());
    let section_id = match new.section {
        "" => None,
        name => Some(sections::put(conn, municipality, (kit.ids.next(), name), at).await?),
    };
    sql::put(conn, municipality, person.staff_id, at).await?;
    if let Some(section_id) = section_id {
        let placed = (kit.ids.next(), person.staff_id, section_id);
        moves::sql::place(conn, municipality, placed, (today, at)).await?;
    }
    let holding_ids: Vec<Uuid> = new.roles.iter().map(|_| kit.ids.next()).collect();
    let held = (person.staff_id, new.roles);
    rights::sql::hold_by_command(conn, municipality, held, &holding_ids, (today, at)).await?;
    // Nothing is held against an account that begins anew.
    attempts::forget(conn, municipality, &attempts::digest(new.login)).await?;
    Ok(person.staff_id)
}
