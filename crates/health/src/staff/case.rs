//! Use cases of the ID manager and the auditor.

use super::sql::{self, LogRow, LogSearch, StaffRow};
use crate::App;
use kit::{Acting, Action, Case, Failure, Posted, Role, Target, signin::NewStaff};
use serde_json::json;
use ui::FormErrors;
use uuid::Uuid;

/// One page of the log.
pub const LOG_PER_PAGE: i64 = 100;
const LOGIN_CHARS_MAX: usize = 40;
const NAME_CHARS_MAX: usize = 60;

pub async fn list(app: &App, acting: &Acting) -> Result<Vec<StaffRow>, Failure> {
    let mut case = Case::open(&app.kit, acting, Action::ViewStaff, Target::NONE).await?;
    let municipality = case.municipality();
    let staff = sql::staff(case.conn(), municipality).await?;
    case.viewed(json!({})).await?;
    Ok(staff)
}

/// What the form of a new member of staff asks for.
pub struct Application {
    pub login: String,
    pub name: String,
    pub section: String,
    pub role: Role,
}

/// Reads the form; all errors at once.
pub fn read(posted: &Posted) -> Result<Application, FormErrors> {
    let mut errors = FormErrors::default();
    let text = |name: &str| posted.trimmed(name).to_owned();
    let (login, name, section) = (text("login"), text("name"), text("section"));
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
    if section.chars().count() > NAME_CHARS_MAX {
        errors.add("section", format!("所属は{NAME_CHARS_MAX}文字以内で入力してください"));
    }
    match Role::from_code(posted.text("role")) {
        Some(role) if errors.is_empty() => Ok(Application { login, name, section, role }),
        Some(_) => Err(errors),
        None => {
            errors.add("role", "役割を選択してください");
            Err(errors)
        }
    }
}

/// What came of adding a person.
pub enum Added {
    /// The first password, to be handed over once.
    Password(String),
    LoginTaken,
}

/// Adds a member of staff with a password that is shown once.
pub async fn add(app: &App, acting: &Acting, new: &Application) -> Result<Added, Failure> {
    let mut case = Case::open(&app.kit, acting, Action::ManageStaff, Target::NONE).await?;
    let municipality = case.municipality();
    let password = kit::signin::new_password(&app.kit);
    let staff = NewStaff {
        login: &new.login,
        name: &new.name,
        section: &new.section,
        roles: &[new.role],
        password: &password,
    };
    let Some(staff_id) = kit::signin::add_staff(case.conn(), &app.kit, municipality, staff).await? else {
        case.refused(&app.kit, json!({"cause": "login_taken"})).await?;
        return Ok(Added::LoginTaken);
    };
    case.aim(Target::of("staff", staff_id));
    let after = json!({"roles": [new.role.code()], "disabled": false});
    case.done_changing(json!({"added": staff_id, "role": new.role.code()}), None, after).await?;
    Ok(Added::Password(password))
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
    let state = |disabled: bool| json!({"disabled": disabled});
    case.done_changing(json!({"disabled": staff_id}), state(false), state(true)).await
}

/// One page of the log, and how many entries match.
pub struct Log {
    pub rows: Vec<LogRow>,
    pub total: i64,
    pub staff: Vec<StaffRow>,
}

async fn gather_log(case: &mut Case, search: &LogSearch, page: i64) -> Result<Log, Failure> {
    let municipality = case.municipality();
    let offset = (page - 1) * LOG_PER_PAGE;
    let (rows, total) = sql::log(case.conn(), municipality, search, offset, LOG_PER_PAGE).await?;
    let staff = sql::staff(case.conn(), municipality).await?;
    Ok(Log { rows, total, staff })
}

pub async fn log(app: &App, acting: &Acting, search: &LogSearch, page: i64) -> Result<Log, Failure> {
    let mut case = Case::open(&app.kit, acting, Action::ViewAudit, Target::NONE).await?;
    let log = gather_log(&mut case, search, page).await?;
    case.viewed(json!({"from": search.from.to_string(), "until": search.until.to_string(), "page": page}))
        .await?;
    Ok(log)
}

/// Walks the whole log and says at which place it is first broken, if anywhere; with the log's first page.
pub async fn verify(app: &App, acting: &Acting, search: &LogSearch) -> Result<(Option<i64>, Log), Failure> {
    let mut case = Case::open(&app.kit, acting, Action::ViewAudit, Target::NONE).await?;
    let municipality = case.municipality();
    let log = gather_log(&mut case, search, 1).await?;
    case.viewed(json!({"verify": true})).await?;
    Ok((kit::audit::first_fault(&app.kit, municipality).await?, log))
}
