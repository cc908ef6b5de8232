//! Use cases around the vault. It allows, decides and logs; here is only what it does not know: whose id it is.

use super::sql;
use crate::App;
use domain::{
    Date,
    ids::AddresseeNumber,
    individual_number::{IndividualNumber, Purpose},
    wareki,
};
use kit::{
    Acting, Action, Case, Failure, Posted, Target, db,
    vault::{Holder, NewNumber, Reason, RegisterFault, Revealed, VaultError, Version},
};
use serde_json::json;
use std::collections::HashMap;
use ui::FormErrors;
use uuid::Uuid;

/// A person as the window sees them here: a 宛名番号, and when their number was registered and changed.
pub struct Addressee {
    pub id: Uuid,
    pub number: AddresseeNumber,
    /// Newest first.
    pub versions: Vec<Version>,
    pub names: HashMap<Uuid, String>,
}

/// The first page leaves its entry like any other.
pub async fn look_in(app: &App, acting: &Acting) -> Result<(), Failure> {
    Case::open(&app.kit, acting, Action::ViewNumberHistory, Target::NONE).await?.viewed(json!({})).await
}

/// Finds the person of a 宛名番号; remembers one that is new here.
pub async fn open(app: &App, acting: &Acting, number: AddresseeNumber) -> Result<Uuid, Failure> {
    let mut case = Case::open(&app.kit, acting, Action::ViewNumberHistory, Target::NONE).await?;
    let (municipality, at) = (case.municipality(), case.at());
    let id = sql::open(case.conn(), municipality, number, app.kit.ids.next(), at).await?;
    case.aim(Target::of("addressee", id));
    case.done(json!({})).await?;
    Ok(id)
}

/// What may be known of a person without showing their number.
pub async fn addressee(app: &App, acting: &Acting, id: Uuid) -> Result<Addressee, Failure> {
    let municipality = acting.municipality;
    let mut tx = db::begin(&app.kit.pool, municipality).await?;
    // Nobody's id is not looked up in the vault: its log would say that somebody was looked at.
    let number = sql::addressee(&mut tx, municipality, id).await?.ok_or(Failure::NotFound)?;
    // No connection is held while the vault answers.
    tx.commit().await?;
    let versions = app.vault()?.history(acting, id).await?;
    let mut tx = db::begin(&app.kit.pool, municipality).await?;
    let who: Vec<Uuid> = versions.iter().map(|version| version.registered_by).collect();
    let names = sql::names(&mut tx, municipality, &who).await?;
    Ok(Addressee { id, number, versions, names })
}

/// Whose number it is: the 宛名番号, which is all that the hub knows of a person.
pub async fn find(
    app: &App,
    acting: &Acting,
    purpose: Purpose,
    number: &IndividualNumber,
) -> Result<(Holder, AddresseeNumber), VaultError> {
    let holder = app.vault()?.find_by_number(acting, purpose, number).await?;
    let mut tx = db::begin(&app.kit.pool, acting.municipality).await?;
    let number = sql::addressee(&mut tx, acting.municipality, holder.person).await?;
    number.map(|number| (holder, number)).ok_or(VaultError::NotShown)
}

pub async fn reveal(app: &App, acting: &Acting, purpose: Purpose, id: Uuid) -> Result<Revealed, VaultError> {
    app.vault()?.reveal(acting, purpose, id).await
}

/// What the form of a registration asks for.
pub struct Registration {
    pub number: IndividualNumber,
    pub valid_from: Date,
    pub reason: Reason,
    pub purpose: Purpose,
}

pub async fn register(app: &App, acting: &Acting, id: Uuid, new: &Registration) -> Result<(), VaultError> {
    let number = NewNumber { number: &new.number, valid_from: new.valid_from, reason: new.reason };
    app.vault()?.register(acting, new.purpose, id, number).await
}

/// The number as typed, into the named field's errors otherwise.
pub fn read_number(posted: &Posted, field: &str, errors: &mut FormErrors) -> Option<IndividualNumber> {
    IndividualNumber::parse(posted.text(field)).map_err(|error| errors.add(field, error.to_string())).ok()
}

pub fn read_purpose(posted: &Posted, errors: &mut FormErrors) -> Option<Purpose> {
    let purpose = Purpose::from_code(posted.text("purpose"));
    if purpose.is_none() {
        errors.add("purpose", "利用目的を選択してください");
    }
    purpose
}

/// Reads the form of a registration; all errors at once.
pub fn read(posted: &Posted, is_first: bool) -> Result<Registration, FormErrors> {
    let mut errors = FormErrors::default();
    let number = read_number(posted, "number", &mut errors);
    // Typed twice: the check digit lets one in eleven wrong numbers pass.
    let again = IndividualNumber::parse(posted.text("number_again")).ok();
    if number.as_ref().is_some_and(|number| !again.is_some_and(|again| again.is_same_as(number))) {
        errors.add("number_again", "確認のため、同じ個人番号をもう一度入力してください");
    }
    let valid_from = wareki::parse(posted.trimmed("valid_from"))
        .map_err(|error| errors.add("valid_from", format!("有効となる日：{error}")))
        .ok();
    let reason = if is_first { Some(Reason::First) } else { Reason::from_code(posted.text("reason")) };
    if reason.is_none() {
        errors.add("reason", "変更の理由を選択してください");
    }
    let purpose = read_purpose(posted, &mut errors);
    match (number, valid_from, reason, purpose, errors.is_empty()) {
        (Some(number), Some(valid_from), Some(reason), Some(purpose), true) => {
            Ok(Registration { number, valid_from, reason, purpose })
        }
        _ => Err(errors),
    }
}

/// The field beside which a fault stands; `None` where the page itself is out of date.
pub const fn field_of(fault: RegisterFault) -> Option<&'static str> {
    match fault {
        RegisterFault::HeldByAnother | RegisterFault::Unchanged => Some("number"),
        RegisterFault::InFuture | RegisterFault::BeforePresent => Some("valid_from"),
        RegisterFault::AlreadyRegistered | RegisterFault::NotRegistered => None,
    }
}
