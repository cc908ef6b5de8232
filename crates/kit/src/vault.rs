//! 個人番号の保管庫: My Numbers, sealed, in a schema and under a database role of their own.
//!
//! ```text
//! key file (outside the database) ── opens ──► data key of a municipality ── opens ──► one person's number
//! ```
//!
//! Every call passes one gate (zone 個人番号利用事務系, right, second factor not older than ten minutes, looks per hour),
//! is for one person and one purpose of the closed list, and writes its entry in the operation log in its own
//! transaction: no entry, no answer; refusals too. What may not be shown and what is not there look alike.
//!
//! Never: a number outside [`IndividualNumber`] and [`Revealed`]; a query of this schema by another role; an answer
//! about several persons at once.

mod dispose;
mod files;
mod keys;
mod pass;
mod rotate;
mod seal;
mod sql;

pub use dispose::{Disposal, disposal_digest};
pub use files::{KeyFileError, KeyRing, create as create_key_file};
pub use keys::KeyEncryptionKey;
pub use pass::STEP_UP_VALID;
pub use rotate::{Begun, ROTATE_JOB};
pub use seal::UnsealError;

use crate::approvals::Bar;
use crate::audit::{CommitError, Outcome};
use crate::{Acting, Action, Failure, Kit, MigrationSet, Target};
use domain::{
    Date, coded,
    individual_number::{IndividualNumber, Purpose},
};
use jiff::Timestamp;
use pass::{Gates, Pass};
use serde_json::json;
use sql::ReadError;
use sqlx::PgPool;
use std::time::Duration;
use uuid::Uuid;
use zeroize::Zeroizing;

/// The vault's tables, after kit's own, in the database of the system that holds numbers.
pub const MIGRATIONS: MigrationSet = MigrationSet {
    name: "vault",
    files: &[
        ("0001_individual_numbers.sql", include_str!("../migrations/vault/0001_individual_numbers.sql")),
        ("0022_two_persons.sql", include_str!("../migrations/vault/0022_two_persons.sql")),
    ],
};

/// Persons in the log's words: the vault knows them by an id of the system that holds it.
const ADDRESSEE: &str = "addressee";

/// A shown number is hidden again after this time (個人番号の再マスク).
pub const SHOWN_FOR: Duration = Duration::from_secs(60);

/// Looks per person of staff and hour: one a minute is more than a window needs, and far too few to copy a register.
const LOOKS_PER_HOUR_MAX: u32 = 60;

coded! {
    /// 登録事由 of a version of a person's number (番号法7条).
    Reason {
        First = "first", "新規の登録";
        Request = "request", "本人の請求による変更";
        ExOfficio = "ex_officio", "職権による変更";
        Correction = "correction", "登録誤りの訂正";
    }
}

/// Why a number cannot be registered as asked. `Display` is the sentence for the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegisterFault {
    #[error("この方の個人番号は登録済みです。変わった場合は「変更」から登録してください。")]
    AlreadyRegistered,
    #[error("この方の個人番号はまだ登録されていません。「新規の登録」から登録してください。")]
    NotRegistered,
    #[error(
        "この個人番号は別の方に登録されています。本人確認書類を見直し、合っている場合はシステム担当者に連絡してください。"
    )]
    HeldByAnother,
    #[error("登録済みの個人番号と同じです。変更後の番号を入力してください。")]
    Unchanged,
    #[error("有効となる日は今日以前の日付を入力してください。")]
    InFuture,
    #[error("有効となる日は、今の番号の有効となる日以後の日付を入力してください。")]
    BeforePresent,
}

/// Why the vault gives no answer.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The second factor is missing or too old: ask for it and come again.
    #[error("個人番号を扱うには、二要素目の認証が必要です。認証してからやり直してください。")]
    SecondFactor,
    /// Not allowed, or not there: the same answer, and the log knows which.
    #[error("個人番号は表示できません。")]
    NotShown,
    #[error("1時間に扱える件数を超えました。時間をおいてやり直してください。")]
    TooMany,
    #[error(transparent)]
    Fault(#[from] RegisterFault),
    /// Two persons have not decided this, or no longer.
    #[error(transparent)]
    NotApproved(#[from] Bar),
    /// What was approved is not what is there now.
    #[error(
        "申請の後に個人番号の登録が変わりました。承認された内容と違うため消去できません。登録を確かめて、申請し直してください。"
    )]
    Changed,
    #[error(
        "鍵の更新には、承認された申請の番号が必要です。共通基盤の「二人承認」で申請し、--ceremony に番号を指定してください。"
    )]
    NoCeremony,
    #[error("障害が起きました")]
    Failed(#[source] anyhow::Error),
}

impl From<sqlx::Error> for VaultError {
    fn from(error: sqlx::Error) -> Self {
        VaultError::Failed(error.into())
    }
}

impl From<ReadError> for VaultError {
    fn from(error: ReadError) -> Self {
        VaultError::Failed(error.into())
    }
}

impl From<CommitError> for VaultError {
    fn from(error: CommitError) -> Self {
        VaultError::Failed(error.into())
    }
}

impl From<VaultError> for Failure {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::NotShown => Failure::NotFound,
            VaultError::SecondFactor
            | VaultError::TooMany
            | VaultError::Fault(_)
            | VaultError::NotApproved(_)
            | VaultError::Changed
            | VaultError::NoCeremony => Failure::Conflict(error.to_string()),
            VaultError::Failed(error) => error.into(),
        }
    }
}

/// One version of a person's number, without the number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    pub version: i32,
    pub valid_from: Date,
    pub registered_at: Timestamp,
    pub registered_by: Uuid,
    pub reason: Reason,
}

/// A number that was asked for, allowed and logged: the only thing that can show digits.
#[derive(Debug)]
pub struct Revealed {
    number: IndividualNumber,
    pub purpose: Purpose,
    pub valid_from: Date,
}

impl Revealed {
    /// Three groups of four, as on the card. Wiped when dropped; belongs into one answer and nowhere else.
    #[expect(clippy::disallowed_methods, reason = "the one answer that shows a number")]
    pub fn digits(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(IndividualNumber::WIDTH + 2));
        for (at, digit) in self.number.for_vault().iter().enumerate() {
            if at > 0 && at % 4 == 0 {
                text.push(' ');
            }
            text.push(char::from(*digit));
        }
        text
    }
}

/// A number to be registered, as the window has it.
#[derive(Debug)]
pub struct NewNumber<'a> {
    pub number: &'a IndividualNumber,
    pub valid_from: Date,
    pub reason: Reason,
}

/// Whose a number is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holder {
    pub person: Uuid,
    /// False where the person has another number by now.
    pub is_current: bool,
}

/// The vault as a system holds it. Cheap to clone.
#[derive(Clone)]
pub struct Vault {
    kit: Kit,
    /// Connections as the vault's own role.
    pool: PgPool,
    ring: KeyRing,
    looks_per_hour_max: u32,
}

impl Vault {
    /// `pool` connects as the vault's role (`cluster::Roles::vault`).
    pub fn new(kit: Kit, pool: PgPool, ring: KeyRing) -> Self {
        Vault { kit, pool, ring, looks_per_hour_max: LOOKS_PER_HOUR_MAX }
    }

    /// With another limit of looks per person and hour.
    #[must_use]
    pub fn with_looks_per_hour_max(mut self, looks: u32) -> Self {
        self.looks_per_hour_max = looks;
        self
    }

    /// Gives the connections back.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// The key files it opens numbers with.
    pub fn ring(&self) -> &KeyRing {
        &self.ring
    }

    /// Registers a person's first number, or that it has become another; the old one stays as history.
    ///
    /// # Errors
    /// [`VaultError::Fault`] where the number cannot be this person's.
    pub async fn register(
        &self,
        acting: &Acting,
        purpose: Purpose,
        person: Uuid,
        new: NewNumber<'_>,
    ) -> Result<(), VaultError> {
        let (municipality, target) = (acting.municipality, Target::of(ADDRESSEE, person));
        let mut pass =
            self.pass(acting, Action::RegisterNumber, Some(purpose), target, Gates::SecondFactor).await?;
        pass.note("reason", new.reason.code());
        sql::lock_writers(pass.conn(), municipality).await?;
        let keys = sql::keys(pass.conn(), &self.ring, municipality).await;
        let (mut pass, mut keys) = pass.read(keys).await?;
        let present = sql::current(pass.conn(), &self.ring, municipality, person).await;
        let (mut pass, present) = pass.read(present).await?;
        let holder = sql::holder(pass.conn(), &keys, municipality, new.number).await?;

        let held = present.as_ref().map(|(_, version, _)| *version);
        let present_from = present.as_ref().map(|(_, _, from)| *from);
        if let Err(fault) = judge(&new, person, present_from, holder, self.kit.clock.today()) {
            return pass.refuse(fault_code(fault), fault.into()).await;
        }
        let at = pass.entry.at;
        if keys.is_empty() {
            keys.push(sql::add_key(pass.conn(), &self.ring, municipality, at).await?);
        }
        let version = Version {
            version: held.map_or(1, |version| version + 1),
            valid_from: new.valid_from,
            registered_at: at,
            registered_by: acting.staff_id,
            reason: new.reason,
        };
        sql::add_number(pass.conn(), &keys[0], person, &version, new.number).await?;
        pass.entry.before = held.map(|version| json!({"version": version}));
        pass.entry.after = Some(json!({"version": version.version}));
        pass.done(Outcome::Done).await
    }

    /// Shows one person's number for one purpose.
    ///
    /// # Errors
    /// [`VaultError::NotShown`] where it may not be shown and where there is none.
    pub async fn reveal(
        &self,
        acting: &Acting,
        purpose: Purpose,
        person: Uuid,
    ) -> Result<Revealed, VaultError> {
        let target = Target::of(ADDRESSEE, person);
        let mut pass = self.pass(acting, Action::RevealNumber, Some(purpose), target, Gates::Counted).await?;
        let found = sql::current(pass.conn(), &self.ring, acting.municipality, person).await;
        let (mut pass, found) = pass.read(found).await?;
        let Some((number, version, valid_from)) = found else {
            return pass.refuse("unknown", VaultError::NotShown).await;
        };
        pass.note("version", version);
        pass.done(Outcome::Viewed).await?;
        Ok(Revealed { number, purpose, valid_from })
    }

    /// Whose number this is. An old number of a person finds the person, too.
    ///
    /// # Errors
    /// [`VaultError::NotShown`] where it may not be told and where it is nobody's.
    pub async fn find_by_number(
        &self,
        acting: &Acting,
        purpose: Purpose,
        number: &IndividualNumber,
    ) -> Result<Holder, VaultError> {
        let mut pass =
            self.pass(acting, Action::FindByNumber, Some(purpose), Target::NONE, Gates::Counted).await?;
        let found = self.look_up(&mut pass, number).await;
        let (mut pass, found) = pass.read(found).await?;
        let Some(holder) = found else {
            return pass.refuse("unknown", VaultError::NotShown).await;
        };
        let target = Target::of(ADDRESSEE, holder.person);
        (pass.entry.target_kind, pass.entry.target_id) = (target.kind, target.id);
        pass.done(Outcome::Viewed).await?;
        Ok(holder)
    }

    async fn look_up(&self, pass: &mut Pass, number: &IndividualNumber) -> Result<Option<Holder>, ReadError> {
        let municipality = pass.entry.municipality;
        let mut keys = sql::keys(pass.conn(), &self.ring, municipality).await?;
        loop {
            let found = sql::holder(pass.conn(), &keys, municipality, number).await?;
            if let Some((person, is_current)) = found {
                return Ok(Some(Holder { person, is_current }));
            }
            // A rotation may have begun between the two reads; then the row stands under a key not asked for.
            let now = sql::keys(pass.conn(), &self.ring, municipality).await?;
            if now.iter().map(|key| key.version).eq(keys.iter().map(|key| key.version)) {
                return Ok(None);
            }
            keys = now;
        }
    }

    /// When a person's number was registered and changed, by whom and why; without the numbers.
    ///
    /// # Errors
    /// [`VaultError::NotShown`] where the person of staff may not know.
    pub async fn history(&self, acting: &Acting, person: Uuid) -> Result<Vec<Version>, VaultError> {
        let target = Target::of(ADDRESSEE, person);
        let mut pass = self.pass(acting, Action::ViewNumberHistory, None, target, Gates::Right).await?;
        let versions = sql::history(pass.conn(), acting.municipality, person).await?;
        pass.done(Outcome::Viewed).await?;
        Ok(versions)
    }
}

/// Whether the number can become this person's.
fn judge(
    new: &NewNumber<'_>,
    person: Uuid,
    present_from: Option<Date>,
    holder: Option<(Uuid, bool)>,
    today: Date,
) -> Result<(), RegisterFault> {
    match (new.reason, present_from) {
        (Reason::First, Some(_)) => return Err(RegisterFault::AlreadyRegistered),
        (Reason::Request | Reason::ExOfficio | Reason::Correction, None) => {
            return Err(RegisterFault::NotRegistered);
        }
        (Reason::First, None) | (Reason::Request | Reason::ExOfficio | Reason::Correction, Some(_)) => {}
    }
    match holder {
        Some((other, _)) if other != person => return Err(RegisterFault::HeldByAnother),
        Some((_, true)) => return Err(RegisterFault::Unchanged),
        // Back to an earlier number of one's own: only a correction does that.
        Some((_, false)) if new.reason != Reason::Correction => return Err(RegisterFault::Unchanged),
        Some(_) | None => {}
    }
    if new.valid_from > today {
        return Err(RegisterFault::InFuture);
    }
    if present_from.is_some_and(|present| new.valid_from < present) {
        return Err(RegisterFault::BeforePresent);
    }
    Ok(())
}

/// The fault as the log names it.
const fn fault_code(fault: RegisterFault) -> &'static str {
    match fault {
        RegisterFault::AlreadyRegistered => "already_registered",
        RegisterFault::NotRegistered => "not_registered",
        RegisterFault::HeldByAnother => "held_by_another",
        RegisterFault::Unchanged => "unchanged",
        RegisterFault::InFuture => "in_future",
        RegisterFault::BeforePresent => "before_present",
    }
}
