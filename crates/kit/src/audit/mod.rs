//! 操作ログ: written in the transaction of the deed, given a place afterwards, proved by a Merkle tree.
//!
//! Entries hold ids only. Each carries the hash of itself ([`line`]). Once a second committed entries get their
//! [`places`] in the municipality's log; over the entries in this order stands a Merkle [`tree`], so that a changed,
//! dropped or swapped entry changes the root. ADR 15 says why and what this proves.

pub(crate) mod check;
pub mod export;
pub mod keeper;
mod line;
pub mod note;
mod places;
pub mod proof;
pub mod root;
pub mod tree;

pub use check::{Standing, first_fault, first_fault_in, standing};
pub use places::{TILE_LEAVES, place, place_all, place_waiting};

use crate::{Action, Instant, Kit, Municipality, Terminal, sink::SinkError};
use domain::intrusion::Intrusion;
use jiff::Timestamp;
use line::Columns;
use serde_json::Value;
use sqlx::{PgConnection, Postgres, Transaction};
use uuid::Uuid;

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Done,
    Viewed,
    Refused,
}

impl Outcome {
    pub const fn code(self) -> &'static str {
        match self {
            Outcome::Done => "done",
            Outcome::Viewed => "viewed",
            Outcome::Refused => "refused",
        }
    }
}

/// 操作ログの1件.
#[derive(Clone, Debug)]
pub struct Entry {
    pub municipality: Municipality,
    pub entry_id: Uuid,
    pub at: Timestamp,
    pub staff_id: Option<Uuid>,
    pub request_id: Uuid,
    pub terminal: Terminal,
    pub action: Action,
    pub outcome: Outcome,
    /// Code of the legal ground, where the deed needs one.
    pub purpose: Option<&'static str>,
    pub target_kind: &'static str,
    pub target_id: Option<Uuid>,
    /// Ids, codes and counts; never a name, an address or a number of a person. The same holds for the next two.
    pub detail: Value,
    /// What the deed found, where it changed something.
    pub before: Option<Value>,
    /// What it left.
    pub after: Option<Value>,
}

impl Entry {
    fn columns(&self) -> Columns<'_> {
        Columns {
            format: line::FORMAT,
            municipality: self.municipality.0,
            entry_id: self.entry_id,
            at: self.at,
            staff_id: self.staff_id,
            request_id: self.request_id,
            terminal_id: self.terminal.id,
            zone: self.terminal.zone.code(),
            action: self.action.code(),
            outcome: self.outcome.code(),
            purpose: self.purpose,
            target_kind: self.target_kind,
            target_id: self.target_id,
            detail: &self.detail,
            before: self.before.as_ref(),
            after: self.after.as_ref(),
        }
    }

    /// The entry's one written form: a line of JSON, whose hash is its leaf in the tree (docs/formats/audit.md).
    pub fn line(&self) -> String {
        let mut line = String::with_capacity(512);
        self.columns().write_line(&mut line);
        line
    }
}

/// Why a deed was not committed.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// The entry could not be stored a second time: nobody gets an answer.
    #[error(transparent)]
    Sink(#[from] SinkError),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// The end of every deed: adds its entries to its transaction and to the files ([`crate::sink`]), then commits.
///
/// There is no other way to write an entry. What is committed is in both; where either fails, nothing is committed.
///
/// # Errors
/// [`CommitError`]; the transaction is then undone.
pub async fn commit(
    kit: &Kit,
    mut tx: Transaction<'static, Postgres>,
    entries: &[Entry],
) -> Result<(), CommitError> {
    let mut lines = String::new();
    for entry in entries {
        let line = entry.line();
        write(&mut tx, entry, &line).await?;
        lines.push_str(&line);
        lines.push('\n');
    }
    let day =
        entries.first().map_or_else(|| kit.clock.today(), |entry| crate::clock::in_japan(entry.at).date());
    let ids = entries.iter().map(|entry| entry.entry_id).collect();
    let stored = kit.sink.store(day, ids, lines).await;
    let stored = stored.inspect_err(|_| kit.watch.see_everywhere(Intrusion::CopyBroken, b""))?;
    tx.commit().await?;
    stored.keep();
    for entry in entries {
        kit.waiting.note(entry.municipality);
        if let (Outcome::Refused, Some(staff_id)) = (entry.outcome, entry.staff_id) {
            kit.watch.see_staff(entry.municipality, Intrusion::RefusalBurst, staff_id);
        }
    }
    Ok(())
}

async fn write(conn: &mut PgConnection, entry: &Entry, line: &str) -> sqlx::Result<()> {
    let leaf = tree::leaf(line.as_bytes());
    sqlx::query(
        "insert into audit_entries (municipality_code, entry_id, at, staff_id, request_id, action, outcome,
             target_kind, target_id, detail, entry_hash, format, terminal_id, zone, purpose, before, after)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
    )
    .bind(entry.municipality.0)
    .bind(entry.entry_id)
    .bind(Instant(entry.at))
    .bind(entry.staff_id)
    .bind(entry.request_id)
    .bind(entry.action.code())
    .bind(entry.outcome.code())
    .bind(entry.target_kind)
    .bind(entry.target_id)
    .bind(&entry.detail)
    .bind(&leaf[..])
    .bind(line::FORMAT)
    .bind(entry.terminal.id)
    .bind(entry.terminal.zone.code())
    .bind(entry.purpose)
    .bind(&entry.before)
    .bind(&entry.after)
    .execute(conn)
    .await?;
    Ok(())
}
