//! The proof that one entry stands in a log: a C2SP tlog-proof, with the entry's line as its extra data.

use super::check::{SELECT, found, leaves};
use super::note::{Checkpoint, NoteError, PublicKey, origin};
use super::places::TILE_LEAVES;
use super::tree::{self, Frontier, Hash, Span};
use crate::{Kit, Municipality};
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use sqlx::PgConnection;
use std::fmt::Write;
use uuid::Uuid;

const HEAD: &str = "c2sp.org/tlog-proof@v1";

/// One entry and its way to a signed root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    pub origin: String,
    /// The entry's line.
    pub line: String,
    /// Its place, counted from 0.
    pub index: u64,
    /// How many entries the log had when the root was signed.
    pub size: u64,
    way: Vec<Hash>,
    note: String,
}

/// Why a proof proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    #[error("操作ログの書出しファイルでも、証明のファイルでもありません")]
    Malformed,
    #[error("この記録は、署名された操作ログに含まれていません")]
    NotIncluded,
    #[error(transparent)]
    Note(#[from] NoteError),
}

impl Proof {
    pub fn text(&self) -> String {
        let mut text = format!("{HEAD}\nextra {}\nindex {}\n", BASE64.encode(&self.line), self.index);
        for hash in &self.way {
            writeln!(text, "{}", BASE64.encode(hash)).expect("a string takes all that is written");
        }
        text + "\n" + &self.note
    }

    /// Reads a proof and follows it to a root that `key` has signed.
    pub fn open(text: &str, key: &PublicKey) -> Result<Proof, ProofError> {
        let proof = Proof::read(text).ok_or(ProofError::Malformed)?;
        let checkpoint = Checkpoint::open(&proof.note, key)?;
        let leaf = tree::leaf(proof.line.as_bytes());
        if !tree::includes(leaf, proof.index, checkpoint.size, &proof.way, &checkpoint.root) {
            return Err(ProofError::NotIncluded);
        }
        Ok(Proof { origin: checkpoint.origin, size: checkpoint.size, ..proof })
    }

    fn read(text: &str) -> Option<Proof> {
        let (head, note) = text.split_once("\n\n")?;
        let mut lines = head.split('\n');
        let is_ours = lines.next()? == HEAD;
        let line = BASE64.decode(lines.next()?.strip_prefix("extra ")?).ok()?;
        let index = lines.next()?.strip_prefix("index ")?.parse().ok()?;
        let way = lines.map(|hash| BASE64.decode(hash).ok()?.try_into().ok()).collect::<Option<_>>()?;
        let line = String::from_utf8(line).ok().filter(|_| is_ours)?;
        let proof = Proof { origin: String::new(), line, index, size: 0, way, note: note.to_owned() };
        // Written again it reads the same.
        (proof.text() == text).then_some(proof)
    }
}

/// The proof for an entry; `None` where there is no such entry, or no checkpoint covers it yet.
pub async fn prove(
    kit: &Kit,
    system: &str,
    municipality: Municipality,
    entry_id: Uuid,
) -> sqlx::Result<Option<Proof>> {
    let mut tx = crate::db::begin(&kit.pool, municipality).await?;
    let place: Option<i64> =
        sqlx::query_scalar("select place from audit_places where municipality_code = $1 and entry_id = $2")
            .bind(municipality.0)
            .bind(entry_id)
            .fetch_optional(&mut *tx)
            .await?;
    let checkpoint: Option<(i64, String)> = sqlx::query_as(
        "select size, note from audit_checkpoints where municipality_code = $1 order by size desc limit 1",
    )
    .bind(municipality.0)
    .fetch_optional(&mut *tx)
    .await?;
    let (Some(place), Some((size, note))) = (place, checkpoint) else { return Ok(None) };
    if place > size {
        return Ok(None);
    }
    let row =
        sqlx::query(SELECT).bind(municipality.0).bind(place - 1).bind(place).fetch_one(&mut *tx).await?;
    let mut line = String::new();
    found(municipality, &row, &mut line)?;
    let (index, size) = (place as u64 - 1, size as u64);
    let mut way = Vec::new();
    for span in tree::inclusion(index, size) {
        way.push(span_root(&mut tx, municipality, span).await?);
    }
    Ok(Some(Proof { origin: origin(system, municipality), line, index, size, way, note }))
}

/// The root over a part of the tree, from stored roots where whole tiles lie in it.
async fn span_root(conn: &mut PgConnection, municipality: Municipality, span: Span) -> sqlx::Result<Hash> {
    let (start, end) = (span.start as i64, span.end as i64);
    let mut part = Frontier::default();
    if start % TILE_LEAVES == 0 {
        let tiles: Vec<Vec<u8>> = sqlx::query_scalar(
            "select root from audit_tiles where municipality_code = $1 and tile >= $2 and tile < $3 order by tile",
        )
        .bind(municipality.0)
        .bind(start / TILE_LEAVES)
        .bind(end / TILE_LEAVES)
        .fetch_all(&mut *conn)
        .await?;
        for root in tiles {
            part.push_subtree(TILE_LEAVES.trailing_zeros(), root.try_into().unwrap_or_default());
        }
    }
    let known = start + part.size() as i64;
    for leaf in leaves(conn, municipality, known, end).await? {
        part.push(leaf);
    }
    Ok(part.root())
}
