//! The one written form of an entry, and the hashes over it.
//!
//! An entry is one line of JSON with its fields in a fixed order; the leaf of the Merkle tree is the hash of exactly
//! these bytes. Whoever has the line needs no parser to check it, and no two entries can read alike.

use super::tree::{self, Hash};
use jiff::Timestamp;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::fmt::Write;
use uuid::Uuid;

/// How entries are written since migration 0005. Format 1 knew neither terminal, purpose, nor before and after.
pub(super) const FORMAT: i16 = 2;

/// An entry's columns, from memory or from the table.
#[derive(Clone, Copy)]
pub(super) struct Columns<'a> {
    pub format: i16,
    pub municipality: i32,
    pub entry_id: Uuid,
    pub at: Timestamp,
    pub staff_id: Option<Uuid>,
    pub request_id: Uuid,
    pub terminal_id: Option<Uuid>,
    pub zone: &'a str,
    pub action: &'a str,
    pub outcome: &'a str,
    pub purpose: Option<&'a str>,
    pub target_kind: &'a str,
    pub target_id: Option<Uuid>,
    pub detail: &'a Value,
    pub before: Option<&'a Value>,
    pub after: Option<&'a Value>,
}

impl Columns<'_> {
    /// Appends the entry's line, without a line break. What an entry does not have is left out.
    pub fn write_line(&self, line: &mut String) {
        let infallible = "a string takes all that is written";
        write!(
            line,
            r#"{{"v":{},"municipality":"{:06}","entry":"{}","at":"{:.6}""#,
            self.format, self.municipality, self.entry_id, self.at
        )
        .expect(infallible);
        let mut id = |name: &str, id: Option<Uuid>| {
            if let Some(id) = id {
                write!(line, r#","{name}":"{id}""#).expect(infallible);
            }
        };
        id("staff", self.staff_id);
        id("request", Some(self.request_id));
        id("terminal", self.terminal_id);
        let mut text = |name: &str, text: &str| {
            if !text.is_empty() {
                // Through JSON: what someone wrote into the table by hand must not be able to forge a field.
                write!(line, r#","{name}":{}"#, Value::from(text)).expect(infallible);
            }
        };
        text("zone", self.zone);
        text("action", self.action);
        text("outcome", self.outcome);
        text("purpose", self.purpose.unwrap_or_default());
        text("target", self.target_kind);
        if let Some(id) = self.target_id {
            write!(line, r#","id":"{id}""#).expect(infallible);
        }
        write!(line, r#","detail":{}"#, self.detail).expect(infallible);
        for (name, value) in [("before", self.before), ("after", self.after)] {
            if let Some(value) = value {
                write!(line, r#","{name}":{value}"#).expect(infallible);
            }
        }
        line.push('}');
    }

    /// The leaf of this entry in the municipality's tree, whatever its format. `room` is used for the line.
    pub fn leaf(&self, room: &mut String) -> Hash {
        room.clear();
        self.write_line(room);
        tree::leaf(room.as_bytes())
    }

    /// What stands in `entry_hash`: the leaf; in entries of format 1 the hash they were written with.
    pub fn entry_hash(&self, leaf: Hash) -> Hash {
        if self.format == 1 { self.first_hash() } else { leaf }
    }

    /// Format 1: SHA-256 over every field, each with its length.
    fn first_hash(&self) -> Hash {
        let mut sha = Sha256::new();
        let mut field = |bytes: &[u8]| {
            sha.update((bytes.len() as u64).to_be_bytes());
            sha.update(bytes);
        };
        field(&self.municipality.to_be_bytes());
        field(self.entry_id.as_bytes());
        field(&self.at.as_microsecond().to_be_bytes());
        field(self.staff_id.as_ref().map_or(&[][..], |id| id.as_bytes()));
        field(self.request_id.as_bytes());
        field(self.action.as_bytes());
        field(self.outcome.as_bytes());
        field(self.target_kind.as_bytes());
        field(self.target_id.as_ref().map_or(&[][..], |id| id.as_bytes()));
        field(self.detail.to_string().as_bytes());
        sha.finalize().into()
    }
}
