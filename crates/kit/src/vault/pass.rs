//! The gate in front of every individual number: zone, right, second factor, how often; and the entry behind it.

use super::sql::{self, ReadError};
use super::{Vault, VaultError};
use crate::approvals::{Approval, State};
use crate::audit::{self, Entry, Outcome};
use crate::{Acting, Action, Kit, Target, Zone, web};
use domain::individual_number::Purpose;
use jiff::SignedDuration;
use serde_json::{Map, Value, json};
use sqlx::{PgConnection, PgPool, Postgres, Transaction};

/// A second factor opens the vault for this long (評価書 III-3: ダブル認証).
pub const STEP_UP_VALID: SignedDuration = SignedDuration::from_mins(10);
/// Over which time looks are counted.
const LOOKS_COUNTED: SignedDuration = SignedDuration::from_hours(1);

/// Which gates a deed has to pass besides zone and right.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Gates {
    /// Shows no number: the history.
    Right,
    /// Takes a number in.
    SecondFactor,
    /// Answers with a number or about one: also counted.
    Counted,
}

/// A deed that passed the gate, in its open transaction. Ends with [`done`](Pass::done) or [`refuse`](Pass::refuse);
/// dropped, it has done nothing and there is nothing to show.
pub(super) struct Pass {
    kit: Kit,
    pool: PgPool,
    tx: Transaction<'static, Postgres>,
    pub entry: Entry,
    detail: Map<String, Value>,
}

impl Vault {
    /// Lets the deed in, or refuses it. A refusal is logged before it is told; without its entry it is a failure.
    pub(super) async fn pass(
        &self,
        acting: &Acting,
        action: Action,
        purpose: Option<Purpose>,
        target: Target,
        gates: Gates,
    ) -> Result<Pass, VaultError> {
        let mut pass = self.begin(acting, action, target).await?;
        pass.entry.purpose = purpose.map(Purpose::code);
        if acting.terminal.zone != Zone::Business {
            return pass.refuse("zone", VaultError::NotShown).await;
        }
        if !acting.may(action) {
            return pass.refuse("right", VaultError::NotShown).await;
        }
        if gates != Gates::Right {
            let age = acting.stepped_up_at.map(|at| pass.entry.at.duration_since(at));
            if !age.is_some_and(|age| age <= STEP_UP_VALID && !age.is_negative()) {
                return pass.refuse("second_factor", VaultError::SecondFactor).await;
            }
        }
        if gates == Gates::Counted {
            sql::lock_asker(pass.conn(), acting.staff_id).await?;
            let since = pass.entry.at - LOOKS_COUNTED;
            let looks = sql::looks_since(pass.conn(), acting.municipality, acting.staff_id, since).await?;
            if looks >= i64::from(self.looks_per_hour_max) {
                return pass.refuse("too_many", VaultError::TooMany).await;
            }
        }
        Ok(pass)
    }

    /// A transaction of the vault's role with an entry that waits to be written.
    pub(super) async fn begin(
        &self,
        acting: &Acting,
        action: Action,
        target: Target,
    ) -> Result<Pass, VaultError> {
        let entry = Entry {
            municipality: acting.municipality,
            entry_id: self.kit.ids.next(),
            at: self.kit.clock.now(),
            staff_id: Some(acting.staff_id),
            request_id: acting.request_id,
            action,
            outcome: Outcome::Refused,
            purpose: None,
            target_kind: target.kind,
            target_id: target.id,
            terminal: acting.terminal,
            detail: json!({}),
            before: None,
            after: None,
        };
        let tx = crate::db::begin(&self.pool, acting.municipality).await?;
        Ok(Pass { kit: self.kit.clone(), pool: self.pool.clone(), tx, entry, detail: Map::new() })
    }
}

impl Pass {
    pub fn conn(&mut self) -> &mut PgConnection {
        &mut self.tx
    }

    pub fn note(&mut self, key: &str, value: impl Into<Value>) {
        self.detail.insert(key.to_owned(), value.into());
    }

    /// Whose two decisions stand behind the deed.
    pub fn note_approval(&mut self, approval: &Approval) {
        self.note("approval", json!(approval.approval_id));
        self.note("asked_by", json!(approval.asked_by));
        if let State::Approved { by, .. } = approval.state {
            self.note("approved_by", json!(by));
        }
    }

    /// Logs why not, commits that alone, and answers with it. Whatever was written before is undone.
    pub async fn refuse<T>(self, why: &str, answer: VaultError) -> Result<T, VaultError> {
        let Pass { kit, pool, tx, entry, detail } = self;
        tx.rollback().await?;
        let tx = crate::db::begin(&pool, entry.municipality).await?;
        let mut pass = Pass { kit, pool, tx, entry, detail };
        pass.note("why", why);
        pass.finish(Outcome::Refused).await?;
        Err(answer)
    }

    /// Goes on with what was read. What does not open is logged as not shown: someone asked and got nothing.
    pub async fn read<T>(self, read: Result<T, ReadError>) -> Result<(Pass, T), VaultError> {
        let error = match read {
            Ok(value) => return Ok((self, value)),
            Err(error) => error,
        };
        let why = match error {
            // The transaction is void; the door logs that the request came.
            ReadError::Database(_) => return Err(error.into()),
            ReadError::Keys(_) => "no_key",
            ReadError::Sealed(_) => "does_not_open",
        };
        self.refuse(why, error.into()).await
    }

    /// Logs what came of it and commits both, or neither.
    pub async fn done(self, outcome: Outcome) -> Result<(), VaultError> {
        self.finish(outcome).await
    }

    async fn finish(mut self, outcome: Outcome) -> Result<(), VaultError> {
        self.entry.outcome = outcome;
        self.entry.detail = Value::Object(self.detail);
        let action = self.entry.action;
        audit::commit(&self.kit, self.tx, &[self.entry]).await?;
        web::note_decision(action);
        Ok(())
    }
}
