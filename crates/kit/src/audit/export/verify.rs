//! Verifying an exported log with nothing but the file and the keeper's public key.
//!
//! The file is cut into blocks of whole lines. Workers hash the rows of a block, check everything that can be seen
//! within it, and fold it into roots of subtrees; one thread puts the blocks together in order.

mod block;

use super::super::note::{Checkpoint, NoteError, PublicKey};
use super::super::tree::{Frontier, Hash};
use super::file::{HEAD, link};
use block::{Item, Rows};
use std::collections::VecDeque;
use std::io::{self, Read};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// Bytes read at once. A line is never longer.
const BLOCK_BYTES: usize = 2 * 1024 * 1024;
/// Two cores hash; reading and joining are a fraction of that.
const WORKERS: usize = 2;
/// Blocks under way: each worker has one and finds the next.
const UNDER_WAY_MAX: usize = 2 * WORKERS;

/// What was found to be right.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    pub logs: Vec<VerifiedLog>,
}

impl Verified {
    pub fn rows(&self) -> u64 {
        self.logs.iter().map(|log| log.last - log.before).sum()
    }
}

/// One log of a verified file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedLog {
    pub origin: String,
    /// The places before the first row.
    pub before: u64,
    pub last: u64,
    pub checkpoints: u64,
}

/// Why a file is not what the keeper signed. Names the row, or the rows among which it is.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error("{origin}: {place}番目の記録が書き換えられています")]
    RowChanged { origin: String, place: u64 },
    #[error("{origin}: {place}番目の記録がありません(その位置に{found}番目の記録があります)")]
    RowMissing { origin: String, place: u64, found: u64 },
    #[error("{origin}: {first}番目から{last}番目までのどれかの記録が、署名の後に書き換えられています")]
    RowsChanged { origin: String, first: u64, last: u64 },
    #[error("{origin}: {first}番目から{last}番目までの記録に対する署名が正しくありません({source})")]
    BadCheckpoint { origin: String, first: u64, last: u64, source: NoteError },
    #[error("{origin}: {first}番目から{last}番目までの記録に署名がありません")]
    Unsigned { origin: String, first: u64, last: u64 },
    #[error("{origin}: 署名が{stated}個あるはずですが、{found}個しかありません")]
    CheckpointMissing { origin: String, stated: u64, found: u64 },
    #[error("{origin}: {last}番目で終わっていますが、{size}番目まであるはずです")]
    Cut { origin: String, last: u64, size: u64 },
    #[error(
        "{origin}: 手元の証明では{size}番目まであったのに、{last}番目で終わっています(古い内容に戻されています)"
    )]
    RolledBack { origin: String, last: u64, size: u64 },
    #[error(
        "{origin}: {first}番目から始まるため、{size}番目までの手元の証明と比べられません。--from を早めて書き出したファイルで確かめてください"
    )]
    BeginsTooLate { origin: String, first: u64, size: u64 },
    #[error("{origin}: 手元の証明と違う内容です。{size}番目までのどれかの記録が書き換えられています")]
    NotWhatWasKnown { origin: String, size: u64 },
    #[error("手元の証明のログ {origin} がこのファイルにありません")]
    NoSuchLog { origin: String },
    #[error("{after} の後の行が、この形式の行ではありません")]
    BadLine { after: String },
    #[error("ファイルが途中で切れています({after} の後)")]
    Truncated { after: String },
    #[error("操作ログの書出しファイルではありません")]
    NotAnExport,
    #[error("ファイルを読めません: {0}")]
    Io(#[from] io::Error),
}

/// Verifies a whole file. `since` is a checkpoint of one of its logs that the verifier has kept: what was true then must
/// still be true.
pub fn verify(mut file: impl Read, key: &PublicKey, since: Option<&Checkpoint>) -> Result<Verified, Fault> {
    let mut reader = Blocks { file: &mut file, rest: Vec::new(), at_end: false };
    let mut join = Join::new(since);
    let split = since.map_or(0, |since| since.size);
    std::thread::scope(|scope| {
        let workers: Vec<(SyncSender<Vec<u8>>, Receiver<Done>)> = (0..WORKERS)
            .map(|_| {
                let (give, given) = sync_channel::<Vec<u8>>(UNDER_WAY_MAX);
                let (hand_back, handed_back) = sync_channel::<Done>(UNDER_WAY_MAX);
                scope.spawn(move || {
                    for block in given {
                        let items = block::read(&block, key, split);
                        if hand_back.send((items, block)).is_err() {
                            return;
                        }
                    }
                });
                (give, handed_back)
            })
            .collect();
        let mut under_way = VecDeque::new();
        let mut spare: Vec<Vec<u8>> = Vec::new();
        let mut next = 0;
        loop {
            let block = reader.next(spare.pop().unwrap_or_default())?;
            let is_last = block.is_none();
            if let Some(block) = block {
                workers[next].0.send(block).expect("a worker lives as long as its channel");
                under_way.push_back(next);
                next = (next + 1) % WORKERS;
            }
            while under_way.len() > if is_last { 0 } else { UNDER_WAY_MAX } {
                let worker = under_way.pop_front().expect("just counted");
                let (items, block) = workers[worker].1.recv().expect("a worker answers each block");
                for item in items {
                    join.take(item)?;
                }
                spare.push(block);
            }
            if is_last {
                return join.finish();
            }
        }
    })
}

/// What a worker made of a block, and the block's room to be used again.
type Done = (Vec<Item>, Vec<u8>);

/// Reads blocks of whole lines.
struct Blocks<'a, R> {
    file: &'a mut R,
    /// The beginning of a line whose end comes with the next block.
    rest: Vec<u8>,
    at_end: bool,
}

impl<R: Read> Blocks<'_, R> {
    fn next(&mut self, mut block: Vec<u8>) -> io::Result<Option<Vec<u8>>> {
        if self.at_end {
            return Ok(None);
        }
        block.clear();
        block.append(&mut self.rest);
        let wanted = (BLOCK_BYTES - block.len().min(BLOCK_BYTES)) as u64;
        let read = self.file.by_ref().take(wanted).read_to_end(&mut block)?;
        self.at_end = (read as u64) < wanted;
        if !self.at_end
            && let Some(end) = block.iter().rposition(|byte| *byte == b'\n')
        {
            self.rest.extend_from_slice(&block[end + 1..]);
            block.truncate(end + 1);
        }
        // At the end, or in a line as long as a block, what is there is judged as it is.
        Ok(Some(block).filter(|block| !block.is_empty()))
    }
}

/// Puts the blocks together.
struct Join<'a> {
    since: Option<&'a Checkpoint>,
    since_seen: bool,
    state: State,
    verified: Verified,
}

enum State {
    Start,
    Between,
    Log(Box<Log>),
    End,
}

/// The log that is being read.
struct Log {
    origin: String,
    before: u64,
    size: u64,
    left: Vec<Hash>,
    /// `None` while the roots on the left are still coming.
    tree: Option<Frontier>,
    link: Hash,
    /// The places that a checkpoint has covered.
    signed: u64,
    checkpoints: u64,
}

impl<'a> Join<'a> {
    fn new(since: Option<&'a Checkpoint>) -> Join<'a> {
        Join { since, since_seen: false, state: State::Start, verified: Verified::default() }
    }

    fn take(&mut self, item: Item) -> Result<(), Fault> {
        match (&mut self.state, item) {
            (State::Start, Item::Head) => self.state = State::Between,
            (State::Start, _) => return Err(Fault::NotAnExport),
            (State::Between, Item::Log { origin, before, size }) => {
                let is_there = self.verified.logs.iter().any(|log| log.origin == origin);
                if size <= before || is_there {
                    return Err(self.bad_line());
                }
                self.begin(origin, before, size)?;
            }
            (State::Between, Item::End { logs }) if logs == self.verified.logs.len() as u64 => {
                self.state = State::End;
            }
            (State::Log(log), Item::Left(root)) if log.tree.is_none() => log.left.push(root),
            (State::Log(log), Item::Rows(rows)) => log.rows(&rows, self.since)?,
            (State::Log(log), Item::Checkpoint(opened)) => log.checkpoint(opened)?,
            (State::Log(log), Item::EndLog { rows, checkpoints }) => {
                log.end(rows, checkpoints)?;
                let verified = VerifiedLog {
                    origin: std::mem::take(&mut log.origin),
                    before: log.before,
                    last: log.size,
                    checkpoints: log.checkpoints,
                };
                self.verified.logs.push(verified);
                self.state = State::Between;
            }
            (State::Log(log), Item::RowChanged { place }) => {
                return Err(Fault::RowChanged { origin: log.origin.clone(), place });
            }
            (State::Log(log), Item::RowMissing { place, found }) => {
                return Err(Fault::RowMissing { origin: log.origin.clone(), place, found });
            }
            (State::Log(log), _) if log.last() < log.size => {
                let (origin, after) = (log.origin.clone(), log.last());
                return Err(Fault::BadLine { after: format!("{origin} の{after}番目") });
            }
            _ => return Err(self.bad_line()),
        }
        Ok(())
    }

    fn begin(&mut self, origin: String, before: u64, size: u64) -> Result<(), Fault> {
        if let Some(since) = self.since.filter(|since| since.origin == origin) {
            self.since_seen = true;
            if since.size > size {
                return Err(Fault::RolledBack { origin, last: size, size: since.size });
            }
            if since.size < before {
                return Err(Fault::BeginsTooLate { origin, first: before + 1, size: since.size });
            }
        }
        let log = Log {
            origin,
            before,
            size,
            left: Vec::new(),
            tree: None,
            link: Hash::default(),
            signed: before,
            checkpoints: 0,
        };
        self.state = State::Log(Box::new(log));
        Ok(())
    }

    fn after(&self) -> String {
        match (&self.state, self.verified.logs.last()) {
            (State::Log(log), _) => format!("{} の{}番目", log.origin, log.last()),
            (_, Some(log)) => format!("{} の{}番目", log.origin, log.last),
            (_, None) => "先頭".to_owned(),
        }
    }

    fn bad_line(&self) -> Fault {
        Fault::BadLine { after: self.after() }
    }

    fn finish(self) -> Result<Verified, Fault> {
        match (&self.state, self.since) {
            (State::End, Some(since)) if !self.since_seen => {
                Err(Fault::NoSuchLog { origin: since.origin.clone() })
            }
            (State::End, _) => Ok(self.verified),
            (State::Start, _) => Err(Fault::NotAnExport),
            (State::Log(log), _) => {
                Err(Fault::Cut { origin: log.origin.clone(), last: log.last(), size: log.size })
            }
            (State::Between, _) => Err(Fault::Truncated { after: self.after() }),
        }
    }
}

impl Log {
    fn last(&self) -> u64 {
        self.tree.as_ref().map_or(self.before, Frontier::size)
    }

    fn rows(&mut self, rows: &Rows, since: Option<&Checkpoint>) -> Result<(), Fault> {
        if self.tree.is_none() {
            let changed =
                |log: &Log| Fault::RowsChanged { origin: log.origin.clone(), first: 1, last: log.before };
            let left =
                Frontier::of(self.before, std::mem::take(&mut self.left)).ok_or_else(|| changed(self))?;
            self.meets(since, &left)?;
            self.tree = Some(left);
        }
        let expected = self.last() + 1;
        if rows.first_place != expected {
            let found = rows.first_place;
            return Err(Fault::RowMissing { origin: self.origin.clone(), place: expected, found });
        }
        if link(&self.link, &rows.first_leaf) != rows.first_link {
            return Err(Fault::RowChanged { origin: self.origin.clone(), place: expected });
        }
        let mut tree = self.tree.take().expect("made above");
        rows.subtrees.iter().for_each(|(level, root)| tree.push_subtree(*level, *root));
        self.link = rows.last_link;
        self.meets(since, &tree)?;
        self.tree = Some(tree);
        if self.last() > self.size {
            return Err(Fault::RowMissing {
                origin: self.origin.clone(),
                place: self.size,
                found: self.last(),
            });
        }
        Ok(())
    }

    /// Holds the tree against what the verifier knew, where it is as large as then.
    fn meets(&self, since: Option<&Checkpoint>, tree: &Frontier) -> Result<(), Fault> {
        let Some(since) = since.filter(|since| since.origin == self.origin && since.size == tree.size())
        else {
            return Ok(());
        };
        if since.root == tree.root() {
            return Ok(());
        }
        Err(Fault::NotWhatWasKnown { origin: self.origin.clone(), size: since.size })
    }

    fn checkpoint(&mut self, opened: Result<Checkpoint, NoteError>) -> Result<(), Fault> {
        let (origin, first, last) = (self.origin.clone(), self.signed + 1, self.last());
        let checkpoint = match opened {
            Ok(checkpoint) if checkpoint.origin == self.origin => checkpoint,
            Ok(_) => return Err(Fault::BadCheckpoint { origin, first, last, source: NoteError::OtherKey }),
            Err(source) => return Err(Fault::BadCheckpoint { origin, first, last, source }),
        };
        let Some(tree) = &self.tree else {
            return Err(Fault::BadLine { after: format!("{origin} の先頭") });
        };
        if checkpoint.size != tree.size() {
            let (place, found) = (checkpoint.size, tree.size());
            return Err(Fault::RowMissing { origin, place, found });
        }
        if checkpoint.root != tree.root() {
            return Err(Fault::RowsChanged { origin, first, last });
        }
        if checkpoint.size == self.signed {
            return Err(Fault::BadLine { after: format!("{origin} の{last}番目") });
        }
        self.signed = checkpoint.size;
        self.checkpoints += 1;
        Ok(())
    }

    fn end(&self, rows: u64, checkpoints: u64) -> Result<(), Fault> {
        let origin = self.origin.clone();
        if self.last() != self.size || rows != self.size - self.before {
            return Err(Fault::Cut { origin, last: self.last(), size: self.size });
        }
        if self.signed != self.size {
            return Err(Fault::Unsigned { origin, first: self.signed + 1, last: self.size });
        }
        if checkpoints != self.checkpoints {
            return Err(Fault::CheckpointMissing { origin, stated: checkpoints, found: self.checkpoints });
        }
        Ok(())
    }
}

/// Is this the beginning of an exported log?
pub fn is_export(beginning: &[u8]) -> bool {
    beginning.starts_with(HEAD.as_bytes())
}
