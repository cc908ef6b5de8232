//! Use cases of a person about their own account.

use crate::{
    App,
    factors::{
        ceremony::{Kind, Token},
        passkey::{self, NotAdded},
        password,
        sql::{self, PasskeyRow},
    },
    keeper::limits,
    sign_in::sql::{self as sign_ins, SignInRow},
};
use domain::Date;
use jiff::SignedDuration;
use kit::{Acting, Action, Case, Failure, Target, clock, db, vault::STEP_UP_VALID};
use serde_json::{Value, json};
use ui::FormErrors;
use uuid::Uuid;

/// A new device is pointed out for a week.
const NEWS: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What the page shows.
pub struct Account {
    pub passkeys: Vec<PasskeyRow>,
    /// The last day of the password, where there is one.
    pub password_until: Option<Date>,
    pub sign_ins: Vec<SignInRow>,
    pub before: Option<SignInRow>,
    pub own: Uuid,
}

pub async fn look(app: &App, acting: &Acting, own: Uuid) -> Result<Account, Failure> {
    let mut case =
        Case::open(&app.kit, acting, Action::ViewOwnAccount, Target::of("staff", acting.staff_id)).await?;
    let (municipality, at, staff_id) = (case.municipality(), case.at(), acting.staff_id);
    let today = clock::in_japan(at).date();
    let account = Account {
        passkeys: sql::passkeys(case.conn(), municipality, staff_id).await?,
        password_until: sql::password(case.conn(), municipality, staff_id, today)
            .await?
            .map(|p| p.valid_until),
        sign_ins: sign_ins::standing_of(case.conn(), municipality, staff_id, limits(at)).await?,
        before: sign_ins::before(case.conn(), municipality, staff_id, own).await?,
        own,
    };
    case.viewed(json!({})).await?;
    Ok(account)
}

/// What a person should hear after signing in: the sign-in before this one, and devices of the last days.
pub async fn news(
    app: &App,
    acting: &Acting,
    own: Uuid,
) -> Result<(Option<SignInRow>, Vec<PasskeyRow>), Failure> {
    let since = app.kit.clock.now() - NEWS;
    let mut tx = db::begin(&app.kit.pool, acting.municipality).await?;
    let before = sign_ins::before(&mut tx, acting.municipality, acting.staff_id, own).await?;
    let passkeys = sql::passkeys(&mut tx, acting.municipality, acting.staff_id).await?;
    tx.commit().await?;
    Ok((before, passkeys.into_iter().filter(|key| key.created_at > since).collect()))
}

/// Whether a second factor was proved so lately that a means of signing in may be added or removed.
pub fn is_proved(app: &App, acting: &Acting) -> bool {
    acting.stepped_up_at.is_some_and(|at| app.kit.clock.now().duration_since(at).abs() < STEP_UP_VALID)
}

/// A challenge for a further device.
pub async fn ask_passkey(app: &App, acting: &Acting) -> Result<(Value, Token), Failure> {
    let mut tx = db::begin(&app.kit.pool, acting.municipality).await?;
    let holder =
        sql::holder(&mut tx, acting.municipality, acting.staff_id).await?.ok_or(Failure::NotSignedIn)?;
    let asked =
        passkey::begin_registration(app, &mut tx, acting.municipality, &holder, Kind::PasskeyAddition)
            .await?;
    tx.commit().await?;
    Ok(asked)
}

/// Registers a further device.
pub async fn add_passkey(
    app: &App,
    acting: &Acting,
    token: &Token,
    (name, credential): (&str, &str),
) -> Result<Result<(), NotAdded>, Failure> {
    let mut case = Case::open(&app.kit, acting, Action::ManageOwnAccount, Target::NONE).await?;
    if token.municipality != acting.municipality || !is_proved(app, acting) {
        case.refused_keeping(json!({"cause": "not_proved"})).await?;
        return Ok(Err(NotAdded::TooLate));
    }
    let added =
        passkey::finish_registration(app, case.conn(), token, acting.staff_id, name, credential).await?;
    match added {
        Ok(passkey_id) => {
            case.aim(Target::of("passkey", passkey_id));
            case.done(json!({"passkey": "added"})).await?;
            Ok(Ok(()))
        }
        Err(why) => {
            case.refused_keeping(json!({"passkey": "refused"})).await?;
            Ok(Err(why))
        }
    }
}

/// Removes a device, unless it is the last way to sign in: whoever finds an open screen locks nobody out.
pub async fn remove_passkey(app: &App, acting: &Acting, passkey_id: Uuid) -> Result<(), Failure> {
    let target = Target::of("passkey", passkey_id);
    let mut case = Case::open(&app.kit, acting, Action::ManageOwnAccount, target).await?;
    if !is_proved(app, acting) {
        case.refused(&app.kit, json!({"cause": "not_proved"})).await?;
        return Err(Failure::Conflict("パスキーを削除する前に、本人の再確認をしてください。".to_owned()));
    }
    let (municipality, at, staff_id) = (case.municipality(), case.at(), acting.staff_id);
    // Two removals at once queue here, and the second sees what the first has left.
    sql::holder(case.conn(), municipality, staff_id).await?;
    let today = clock::in_japan(at).date();
    let others = sql::passkeys(case.conn(), municipality, staff_id).await?;
    let has_password = sql::password(case.conn(), municipality, staff_id, today).await?.is_some();
    if others.iter().all(|key| key.passkey_id == passkey_id) && !has_password && !others.is_empty() {
        case.refused(&app.kit, json!({"cause": "last_means"})).await?;
        return Err(Failure::Conflict(
            "最後の認証手段は削除できません。先に別の端末のパスキーを登録してください。".to_owned(),
        ));
    }
    if !sql::remove_passkey(case.conn(), municipality, staff_id, passkey_id, at).await? {
        return Err(Failure::NotFound);
    }
    case.done(json!({"passkey": "removed"})).await
}

/// Changes the person's own password: the old one is asked for.
pub async fn change_password(
    app: &App,
    acting: &Acting,
    old: &str,
    (new, again): (&str, &str),
) -> Result<Result<(), FormErrors>, Failure> {
    let _lane = password::lane().await?;
    let mut case = Case::open(&app.kit, acting, Action::ManageOwnAccount, Target::NONE).await?;
    let (municipality, at, staff_id) = (case.municipality(), case.at(), acting.staff_id);
    let today = clock::in_japan(at).date();
    let holder = sql::holder(case.conn(), municipality, staff_id).await?.ok_or(Failure::NotSignedIn)?;
    let login_hash = crate::factors::attempts::digest(&holder.login);
    let mut errors = FormErrors::default();
    if let Some(held) = crate::factors::attempts::held(case.conn(), municipality, &login_hash, at).await? {
        errors.add("old", held.sentence());
        case.refused(&app.kit, json!({"cause": "locked"})).await?;
        return Ok(Err(errors));
    }
    let stored = sql::password(case.conn(), municipality, staff_id, today).await?;
    let is_right = password::is_right(old, stored.map(|stored| stored.hash)).await?;
    if !is_right {
        crate::factors::attempts::count(case.conn(), municipality, &login_hash, at).await?;
        errors.add("old", "今のパスワードが違います。もう一度入力してください");
    }
    if let Some(objection) = password::objection(new, &holder.login, &acting.municipality_name) {
        errors.add("new", objection);
    } else if new == old {
        errors.add("new", "今と違うパスワードを入力してください");
    }
    if again != new {
        errors.add("again", "確認のため、同じパスワードをもう一度入力してください");
    }
    if !errors.is_empty() {
        case.refused_keeping(json!({"password": "not_changed"})).await?;
        return Ok(Err(errors));
    }
    let hash = password::hash(new).await?;
    sql::put_password(case.conn(), municipality, staff_id, &hash, at).await?;
    case.done(json!({"password": "changed"})).await?;
    Ok(Ok(()))
}

/// Ends one of the person's sign-ins.
pub async fn end_sign_in(app: &App, acting: &Acting, sign_in_id: Uuid) -> Result<(), Failure> {
    let target = Target::of("sign_in", sign_in_id);
    let mut case = Case::open(&app.kit, acting, Action::ManageOwnAccount, target).await?;
    let (municipality, at) = (case.municipality(), case.at());
    if !sign_ins::end_own(case.conn(), municipality, acting.staff_id, sign_in_id, at).await? {
        return Err(Failure::NotFound);
    }
    case.done(json!({"sign_in": "ended"})).await
}

/// Ends all of the person's sign-ins but the one they act in.
pub async fn end_others(app: &App, acting: &Acting, own: Uuid) -> Result<(), Failure> {
    let mut case = Case::open(&app.kit, acting, Action::ManageOwnAccount, Target::NONE).await?;
    let (municipality, at) = (case.municipality(), case.at());
    let ended = sign_ins::end_others(case.conn(), municipality, acting.staff_id, own, at).await?;
    case.done(json!({"sign_ins_ended": ended})).await
}
