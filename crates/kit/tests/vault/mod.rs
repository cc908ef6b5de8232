//! The vault from outside: who gets a number, who does not, and what is left behind.

mod files;
mod gates;
mod leaks;
mod register;
mod rotate;
mod walls;

use crate::support::{KITA, Stage, stage_of};
use domain::{
    Date,
    individual_number::{IndividualNumber, Purpose},
};
use kit::{
    Acting, Role, Vault,
    vault::{KeyRing, NewNumber, Reason, VaultError},
};
use sqlx::Row;
use std::path::{Path, PathBuf};
use uuid::Uuid;

pub const DUTY: Purpose = Purpose::Vaccination;
pub const ONE: &str = "123456789018";
pub const OTHER: &str = "983205673214";

/// A folder for key files, removed at the end.
pub struct Keys(pub PathBuf);

impl Keys {
    pub fn new(name: &str) -> Keys {
        let dir = std::env::temp_dir().join(format!("sesshu-keys-{name}-{}", std::process::id()));
        std::fs::remove_dir_all(&dir).ok();
        Keys(dir)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

pub struct Room {
    pub stage: Stage,
    pub vault: Vault,
    pub keys: Keys,
    /// A 個人番号取扱者 of KITA at a terminal of the business zone, just stepped up.
    pub handler: Acting,
}

pub async fn room(name: &str) -> Room {
    let stage = stage_of(&[kit::MIGRATIONS, kit::vault::MIGRATIONS]).await;
    let keys = Keys::new(name);
    let ring = KeyRing::open_or_create(keys.path()).unwrap();
    let vault = Vault::new(stage.kit.clone(), stage.db.vault_pool(), ring);
    let handler = stepped_up(&stage, stage.staff(KITA, Role::NumberHandler).await);
    Room { stage, vault, keys, handler }
}

pub fn stepped_up(stage: &Stage, acting: Acting) -> Acting {
    Acting { stepped_up_at: Some(stage.kit.clock.now()), ..acting }
}

pub fn person(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

pub fn number(text: &str) -> IndividualNumber {
    IndividualNumber::parse(text).unwrap()
}

pub fn day() -> Date {
    Date::constant(2026, 4, 1)
}

impl Room {
    pub async fn register_as(
        &self,
        acting: &Acting,
        person: Uuid,
        text: &str,
        valid_from: Date,
        reason: Reason,
    ) -> Result<(), VaultError> {
        let number = number(text);
        self.vault.register(acting, DUTY, person, NewNumber { number: &number, valid_from, reason }).await
    }

    pub async fn put(&self, person: Uuid, text: &str) {
        self.register_as(&self.handler, person, text, day(), Reason::First).await.unwrap();
    }

    pub async fn reveal(&self, person: Uuid) -> Result<String, VaultError> {
        let revealed = self.vault.reveal(&self.handler, DUTY, person).await?;
        Ok(revealed.digits().to_string())
    }

    /// The vault's entries in the log: action, outcome, purpose, why, target.
    pub async fn entries(&self) -> Vec<String> {
        let rows = sqlx::query(
            "select action, outcome, coalesce(purpose, '-'), coalesce(detail ->> 'why', '-'),
                 target_id, detail::text
             from audit_entries order by entry_id",
        )
        .fetch_all(&self.stage.db.superuser_pool())
        .await
        .unwrap();
        rows.iter()
            .map(|row| {
                let words: Vec<String> = (0..4).map(|at| row.get(at)).collect();
                let target = row.get::<Option<Uuid>, _>(4).map_or("-".into(), |id| id.as_u128().to_string());
                format!("{} {target}", words.join(" "))
            })
            .collect()
    }
}
