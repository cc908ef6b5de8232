//! The file of an exported log (docs/formats/audit.md): how its lines are written.

use super::super::tree::Hash;
use sha2::{Digest, Sha256};
use std::io::{self, Write};

/// The first line: name and version of the format.
pub(super) const HEAD: &str = "sesshu audit export 1";

/// The link of a row: over the link before and the row's leaf. Says which row was changed where only one was; what
/// proves the rows is the signed root.
pub(super) fn link(before: &Hash, leaf: &Hash) -> Hash {
    let mut bytes = [0; 64];
    bytes[..32].copy_from_slice(before);
    bytes[32..].copy_from_slice(leaf);
    Sha256::digest(bytes).into()
}

/// Lower-case hexadecimal.
pub(super) fn hex(hash: &Hash) -> [u8; 64] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = [0; 64];
    for (at, byte) in hash.iter().enumerate() {
        text[2 * at] = DIGITS[usize::from(byte >> 4)];
        text[2 * at + 1] = DIGITS[usize::from(byte & 15)];
    }
    text
}

/// Writes logs one after the other, each row by row.
pub struct Writer<W> {
    out: W,
    link: Hash,
    place: u64,
    rows: u64,
    checkpoints: u64,
    logs: u64,
}

impl<W: Write> Writer<W> {
    pub fn new(mut out: W) -> io::Result<Writer<W>> {
        writeln!(out, "{HEAD}")?;
        Ok(Writer { out, link: Hash::default(), place: 0, rows: 0, checkpoints: 0, logs: 0 })
    }

    /// Begins a log: its places from `before` + 1 to `size`. `left` are the roots of the full subtrees before them.
    pub fn log(&mut self, origin: &str, before: u64, size: u64, left: &[Hash]) -> io::Result<()> {
        writeln!(self.out, "log\t{origin}\t{before}\t{size}")?;
        for root in left {
            self.out.write_all(b"left\t")?;
            self.out.write_all(&hex(root))?;
            self.out.write_all(b"\n")?;
        }
        (self.link, self.place) = (Hash::default(), before);
        (self.rows, self.checkpoints) = (0, 0);
        Ok(())
    }

    /// The entry in the next place: its leaf and its line.
    pub fn row(&mut self, leaf: &Hash, line: &str) -> io::Result<()> {
        self.link = link(&self.link, leaf);
        self.place += 1;
        self.rows += 1;
        write!(self.out, "{}\t", self.place)?;
        self.out.write_all(&hex(&self.link))?;
        self.out.write_all(b"\t")?;
        self.out.write_all(line.as_bytes())?;
        self.out.write_all(b"\n")
    }

    /// The signed note over all places so far.
    pub fn checkpoint(&mut self, note: &str) -> io::Result<()> {
        self.checkpoints += 1;
        writeln!(self.out, "checkpoint\t{}", note.replace('\n', "\\n"))
    }

    pub fn end_log(&mut self) -> io::Result<()> {
        self.logs += 1;
        writeln!(self.out, "end\t{}\t{}", self.rows, self.checkpoints)
    }

    /// The last line. Gives back what was written to, for flushing and syncing.
    pub fn finish(mut self) -> io::Result<W> {
        writeln!(self.out, "end of export\t{}", self.logs)?;
        self.out.flush()?;
        Ok(self.out)
    }
}
