//! Use cases of the ID manager about somebody's means of signing in.

use super::{
    attempts,
    sql::{self, Grant, PasskeyRow},
};
use crate::{
    App,
    enrol::case as enrol,
    keeper::limits,
    sign_in::sql::{self as sign_ins, SignInRow},
};
use domain::{Date, wareki};
use jiff::Span;
use kit::{Acting, Action, Case, Failure, Municipality, Posted, Target, clock};
use serde_json::json;
use sqlx::PgConnection;
use ui::FormErrors;
use uuid::Uuid;

const REASON_CHARS_MAX: usize = 200;

/// What the page shows of somebody.
pub struct Person {
    pub name: String,
    pub login: String,
    pub passkeys: Vec<PasskeyRow>,
    pub grant: Option<Grant>,
    pub has_password: bool,
    pub sign_ins: Vec<SignInRow>,
}

pub async fn look(app: &App, acting: &Acting, staff_id: Uuid) -> Result<Person, Failure> {
    let mut case = Case::open(&app.kit, acting, Action::ViewStaff, Target::of("staff", staff_id)).await?;
    let (municipality, at) = (case.municipality(), case.at());
    let today = clock::in_japan(at).date();
    let holder = sql::holder(case.conn(), municipality, staff_id).await?.ok_or(Failure::NotFound)?;
    let person = Person {
        name: holder.name,
        login: holder.login,
        passkeys: sql::passkeys(case.conn(), municipality, staff_id).await?,
        grant: sql::grant(case.conn(), municipality, staff_id).await?,
        has_password: sql::password(case.conn(), municipality, staff_id, today).await?.is_some(),
        sign_ins: sign_ins::standing_of(case.conn(), municipality, staff_id, limits(at)).await?,
    };
    case.viewed(json!({})).await?;
    Ok(person)
}

async fn open(app: &App, acting: &Acting, staff_id: Uuid) -> Result<(Case, sql::Holder), Failure> {
    let mut case = Case::open(&app.kit, acting, Action::ManageStaff, Target::of("staff", staff_id)).await?;
    let municipality = case.municipality();
    let holder = sql::holder(case.conn(), municipality, staff_id).await?.ok_or(Failure::NotFound)?;
    Ok((case, holder))
}

/// Issues an enrolment code, also where somebody has lost the device, the app or the password.
pub async fn issue_code(app: &App, acting: &Acting, staff_id: Uuid) -> Result<String, Failure> {
    let (mut case, _) = open(app, acting, staff_id).await?;
    let municipality = case.municipality();
    let code = enrol::issue(case.conn(), &app.kit, municipality, staff_id).await?;
    case.done(json!({"enrolment_code": "issued"})).await?;
    Ok(code)
}

/// Reads the form of an exception; all errors at once.
pub fn read(posted: &Posted, today: Date) -> Result<Grant, FormErrors> {
    let mut errors = FormErrors::default();
    let reason = posted.trimmed("reason").to_owned();
    if reason.is_empty() || reason.chars().count() > REASON_CHARS_MAX {
        errors.add("reason", format!("パスワードを認める理由を{REASON_CHARS_MAX}文字以内で入力してください"));
    }
    let until_max = today.saturating_add(Span::new().years(1));
    let until =
        wareki::parse(posted.trimmed("until")).ok().filter(|until| (today..=until_max).contains(until));
    match until {
        Some(valid_until) if errors.is_empty() => Ok(Grant { reason, valid_until }),
        Some(_) => Err(errors),
        None => {
            errors.add("until", "期限は、今日から1年以内の日を入力してください");
            Err(errors)
        }
    }
}

/// Grants the exception. Whoever grants it may not be whom it is for.
pub async fn put_grant(app: &App, acting: &Acting, staff_id: Uuid, grant: &Grant) -> Result<(), Failure> {
    let (mut case, _) = open(app, acting, staff_id).await?;
    if staff_id == acting.staff_id {
        case.refused(&app.kit, json!({"cause": "self"})).await?;
        return Err(Failure::Conflict(
            "自分にパスワードを認めることはできません。別のID管理者に依頼してください。".to_owned(),
        ));
    }
    let (municipality, at) = (case.municipality(), case.at());
    sql::put_grant(case.conn(), municipality, staff_id, grant, Some(acting.staff_id), at).await?;
    let detail = json!({
        "password": "granted", "reason": grant.reason, "valid_until": grant.valid_until.to_string(),
    });
    case.done(detail).await
}

/// Ends the exception, with the password, the app and every sign-in.
pub async fn remove_grant(app: &App, acting: &Acting, staff_id: Uuid) -> Result<(), Failure> {
    let (mut case, _) = open(app, acting, staff_id).await?;
    let (municipality, at) = (case.municipality(), case.at());
    if !sql::remove_grant(case.conn(), municipality, staff_id).await? {
        return Err(Failure::NotFound);
    }
    sign_ins::end_all(case.conn(), municipality, staff_id, "id_manager", at).await?;
    case.done(json!({"password": "ended"})).await
}

/// Lets somebody try again after too many wrong attempts.
pub async fn unlock(app: &App, acting: &Acting, staff_id: Uuid) -> Result<(), Failure> {
    let (mut case, holder) = open(app, acting, staff_id).await?;
    let municipality = case.municipality();
    attempts::forget(case.conn(), municipality, &attempts::digest(&holder.login)).await?;
    case.done(json!({"attempts": "forgotten"})).await
}

/// Ends every sign-in of somebody.
pub async fn end_sign_ins(app: &App, acting: &Acting, staff_id: Uuid) -> Result<(), Failure> {
    let (mut case, _) = open(app, acting, staff_id).await?;
    let (municipality, at) = (case.municipality(), case.at());
    sign_ins::end_all(case.conn(), municipality, staff_id, "id_manager", at).await?;
    case.done(json!({"sign_ins": "ended"})).await
}

/// A password with its app, set without its person: for an invented ward and for tests.
pub struct Exception<'a> {
    pub grant: Grant,
    pub password: &'a str,
    pub secret: &'a super::totp::Secret,
}

/// Sets it.
pub async fn put_exception(
    conn: &mut PgConnection,
    app: &App,
    municipality: Municipality,
    staff_id: Uuid,
    exception: &Exception<'_>,
) -> anyhow::Result<()> {
    let at = app.kit.clock.now();
    sql::put_grant(conn, municipality, staff_id, &exception.grant, None, at).await?;
    let hash = super::password::hash(exception.password).await?;
    sql::put_password(conn, municipality, staff_id, &hash, at).await?;
    let sealed = exception.secret.seal(app, municipality, staff_id)?;
    sql::put_totp(conn, municipality, staff_id, &sealed, 0, at).await?;
    Ok(())
}
