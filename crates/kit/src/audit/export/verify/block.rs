//! One block of lines, read by a worker.

use super::super::super::note::{Checkpoint, NoteError, PublicKey};
use super::super::super::tree::{self, Hash};
use super::super::file::{HEAD, hex, link};

/// Rows without anything between them.
pub struct Rows {
    pub first_place: u64,
    pub first_leaf: Hash,
    /// As it stands in the file: whether it follows from what is before, only the block before knows.
    pub first_link: Hash,
    pub last_link: Hash,
    last_place: u64,
    /// The roots of the full subtrees over the rows, in order: log2 of their size, and the root.
    pub subtrees: Vec<(u32, Hash)>,
    starts: Vec<u64>,
}

impl Rows {
    fn push(&mut self, place: u64, leaf: Hash) {
        let (mut start, mut level, mut root) = (place - 1, 0, leaf);
        // Joins with its left neighbour as long as the two are the halves of one subtree.
        while let Some((left_level, left)) = self.subtrees.last()
            && let Some(left_start) = self.starts.last()
            && *left_level == level
            && (left_start >> level).is_multiple_of(2)
        {
            root = tree::node(left, &root);
            start = *left_start;
            level += 1;
            self.subtrees.pop();
            self.starts.pop();
        }
        self.subtrees.push((level, root));
        self.starts.push(start);
        self.last_place = place;
    }
}

/// What stands in a block, in order. The faults end it.
pub enum Item {
    Head,
    Log { origin: String, before: u64, size: u64 },
    Left(Hash),
    Rows(Rows),
    Checkpoint(Result<Checkpoint, NoteError>),
    EndLog { rows: u64, checkpoints: u64 },
    End { logs: u64 },
    RowChanged { place: u64 },
    RowMissing { place: u64, found: u64 },
    BadLine,
}

/// Reads a block. Rows are cut apart after place `split`, so that the tree at that size can be looked at.
pub fn read(block: &[u8], key: &PublicKey, split: u64) -> Vec<Item> {
    let mut items = Vec::new();
    let mut rows: Option<Rows> = None;
    for line in block.split_inclusive(|byte| *byte == b'\n') {
        let Some(line) = line.strip_suffix(b"\n") else {
            items.extend(rows.take().map(Item::Rows));
            items.push(Item::BadLine);
            return items;
        };
        if line.first().is_some_and(u8::is_ascii_digit) {
            if let Some(fault) = row(line, &mut rows) {
                items.extend(rows.take().map(Item::Rows));
                items.push(fault);
                return items;
            }
            if rows.as_ref().is_some_and(|rows| rows.last_place == split) {
                items.extend(rows.take().map(Item::Rows));
            }
            continue;
        }
        items.extend(rows.take().map(Item::Rows));
        let item = other(line, key).unwrap_or(Item::BadLine);
        let is_bad = matches!(item, Item::BadLine);
        items.push(item);
        if is_bad {
            return items;
        }
    }
    items.extend(rows.map(Item::Rows));
    items
}

/// Reads a row and adds it to those before. Gives the fault, if it has one.
fn row(line: &[u8], rows: &mut Option<Rows>) -> Option<Item> {
    let mut fields = line.splitn(3, |byte| *byte == b'\t');
    let (Some(place), Some(stated), Some(entry)) =
        (fields.next().and_then(number), fields.next(), fields.next())
    else {
        return Some(Item::BadLine);
    };
    let leaf = tree::leaf(entry);
    match rows {
        None => {
            // A link that is no number in hexadecimal cannot be the right one.
            let Some(first_link) = unhex(stated).filter(|_| place > 0) else {
                return Some(Item::RowChanged { place });
            };
            let mut begun = Rows {
                first_place: place,
                first_leaf: leaf,
                first_link,
                last_link: first_link,
                last_place: place,
                subtrees: Vec::new(),
                starts: Vec::new(),
            };
            begun.push(place, leaf);
            *rows = Some(begun);
        }
        Some(rows) if place != rows.last_place + 1 => {
            return Some(Item::RowMissing { place: rows.last_place + 1, found: place });
        }
        Some(rows) => {
            let expected = link(&rows.last_link, &leaf);
            if hex(&expected)[..] != *stated {
                return Some(Item::RowChanged { place });
            }
            rows.last_link = expected;
            rows.push(place, leaf);
        }
    }
    None
}

/// Reads any other line.
fn other(line: &[u8], key: &PublicKey) -> Option<Item> {
    let line = std::str::from_utf8(line).ok()?;
    if line == HEAD {
        return Some(Item::Head);
    }
    let mut fields = line.split('\t');
    let number = |field: Option<&str>| field.and_then(|field| number(field.as_bytes()));
    let item = match fields.next()? {
        "log" => {
            let origin = fields.next()?.to_owned();
            Item::Log { origin, before: number(fields.next())?, size: number(fields.next())? }
        }
        "left" => Item::Left(unhex(fields.next()?.as_bytes())?),
        "checkpoint" => {
            let note = fields.next()?;
            // Line breaks are the only thing that is written otherwise, and a note has no backslash.
            let note = note.replace("\\n", "\n");
            Item::Checkpoint(Checkpoint::open(&note, key))
        }
        "end" => Item::EndLog { rows: number(fields.next())?, checkpoints: number(fields.next())? },
        "end of export" => Item::End { logs: number(fields.next())? },
        _ => return None,
    };
    fields.next().is_none().then_some(item)
}

/// A number as it is written: no sign, no leading zero.
fn number(digits: &[u8]) -> Option<u64> {
    let is_plain = !digits.is_empty() && (digits.len() == 1 || digits[0] != b'0');
    if !is_plain || digits.len() > 18 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(digits.iter().fold(0, |number, digit| number * 10 + u64::from(digit - b'0')))
}

fn unhex(text: &[u8]) -> Option<Hash> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let mut hash = Hash::default();
    if text.len() != 64 {
        return None;
    }
    for (at, pair) in text.as_chunks::<2>().0.iter().enumerate() {
        hash[at] = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(hash)
}
