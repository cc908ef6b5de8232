//! The leak hunt: looks through files for planted individual numbers in clear.
//!
//! Twelve digits in a row, in groups of four, or one by one; in ASCII and full-width; in UTF-8, Shift_JIS and UTF-16; as
//! hexadecimal and base64; and inside gzip and zlib streams. A finding never repeats the number.

use flate2::read::{MultiGzDecoder, ZlibDecoder};
use std::collections::HashSet;
use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};

/// A number is read as one where at most this many bytes stand between its groups of four.
const GAP_MAX: u64 = 12;
/// Of a compressed stream no more is looked at.
const INFLATED_MAX: u64 = 64 * 1024 * 1024;
/// Streams within streams: an archive of documents is two deep.
const DEPTH_MAX: u32 = 3;

/// Planted numbers to look for.
pub struct Hunt {
    numbers: HashSet<u64>,
}

/// A place where a planted number stands in clear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leak {
    pub file: PathBuf,
    pub at: usize,
    /// In which form, outermost first.
    pub form: String,
}

impl fmt::Display for Leak {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}: {}", self.file.display(), self.at, self.form)
    }
}

/// What a hunt has gone through, and what it found.
#[derive(Debug, Default)]
pub struct Catch {
    pub files: usize,
    pub bytes: usize,
    pub leaks: Vec<Leak>,
}

impl Hunt {
    /// # Panics
    /// When a number is not twelve digits.
    pub fn for_numbers<'a>(numbers: impl IntoIterator<Item = &'a str>) -> Hunt {
        let parse = |text: &str| {
            assert_eq!(text.len(), 12, "a planted number has twelve digits");
            text.parse().expect("a planted number has digits only")
        };
        Hunt { numbers: numbers.into_iter().map(parse).collect() }
    }

    /// Every file under a folder, or the file itself; links are not followed.
    ///
    /// # Errors
    /// When something cannot be read. What vanished meanwhile (a database removes its files) is no error.
    pub fn path(&self, path: &Path, caught: &mut Catch) -> std::io::Result<()> {
        let gone = |error: &std::io::Error| error.kind() == std::io::ErrorKind::NotFound;
        let about = match std::fs::symlink_metadata(path) {
            Err(error) if gone(&error) => return Ok(()),
            about => about?,
        };
        if about.is_dir() {
            for entry in std::fs::read_dir(path)? {
                self.path(&entry?.path(), caught)?;
            }
        } else if about.is_file() {
            match std::fs::read(path) {
                Err(error) if gone(&error) => {}
                bytes => self.bytes(path, &bytes?, caught),
            }
        }
        Ok(())
    }

    /// Bytes that came from `name`: a file, a page, a log kept in memory.
    pub fn bytes(&self, name: &Path, bytes: &[u8], caught: &mut Catch) {
        caught.files += 1;
        caught.bytes += bytes.len();
        let mut found = Vec::new();
        self.look(bytes, 0, "", &mut found);
        let leaks = found.into_iter().map(|(at, form)| Leak { file: name.to_owned(), at, form });
        caught.leaks.extend(leaks);
    }

    fn look(&self, bytes: &[u8], depth: u32, within: &str, found: &mut Vec<(usize, String)>) {
        let mut note = |at: usize, form: &str| found.push((at, format!("{within}{form}")));
        self.in_bytes(bytes, |at| note(at, "plain"));
        for (form, first, big_endian) in
            [("UTF-16LE", 0, false), ("UTF-16LE", 1, false), ("UTF-16BE", 0, true), ("UTF-16BE", 1, true)]
        {
            self.in_units(bytes.get(first..).unwrap_or_default(), big_endian, |at| note(first + at, form));
        }
        self.in_runs(bytes, 24, |byte| byte.is_ascii_hexdigit(), &unhex, |at| note(at, "hexadecimal"));
        self.in_runs(bytes, 16, |byte| sixbits(byte).is_some(), &unbase64, |at| note(at, "base64"));
        if depth < DEPTH_MAX {
            for (at, form, inflated) in streams(bytes) {
                let mut inner = Vec::new();
                self.look(&inflated, depth + 1, &format!("{within}{form}, "), &mut inner);
                found.extend(inner.into_iter().map(|(_, form)| (at, form)));
            }
        }
    }

    /// UTF-8 and Shift_JIS: ASCII digits, and full-width ones of both encodings.
    fn in_bytes(&self, bytes: &[u8], mut note: impl FnMut(usize)) {
        let mut window = Window::default();
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            let (digit, width) = match (byte, bytes.get(at + 1), bytes.get(at + 2)) {
                (b'0'..=b'9', ..) => (Some(byte - b'0'), 1),
                (0xEF, Some(0xBC), Some(&low @ 0x90..=0x99)) => (Some(low - 0x90), 3),
                (0x82, Some(&low @ 0x4F..=0x58), _) => (Some(low - 0x4F), 2),
                _ => (None, 1),
            };
            if window.step(digit).is_some_and(|number| self.numbers.contains(&number)) {
                note(at);
            }
            at += width;
        }
    }

    fn in_units(&self, bytes: &[u8], big_endian: bool, mut note: impl FnMut(usize)) {
        let mut window = Window::default();
        for (nth, pair) in bytes.chunks_exact(2).enumerate() {
            let unit = if big_endian {
                u16::from_be_bytes([pair[0], pair[1]])
            } else {
                u16::from_le_bytes([pair[0], pair[1]])
            };
            let digit = match unit {
                0x0030..=0x0039 => Some((unit - 0x0030) as u8),
                0xFF10..=0xFF19 => Some((unit - 0xFF10) as u8),
                _ => None,
            };
            if window.step(digit).is_some_and(|number| self.numbers.contains(&number)) {
                note(2 * nth);
            }
        }
    }

    /// Runs of at least `shortest` bytes of an alphabet, decoded from every offset at which a number could begin.
    fn in_runs(
        &self,
        bytes: &[u8],
        shortest: usize,
        belongs: impl Fn(u8) -> bool,
        decode: &dyn Fn(&[u8]) -> Vec<Vec<u8>>,
        mut note: impl FnMut(usize),
    ) {
        let mut start = 0;
        while start < bytes.len() {
            let length = bytes[start..].iter().take_while(|byte| belongs(**byte)).count();
            if length >= shortest {
                for decoded in decode(&bytes[start..start + length]) {
                    self.in_bytes(&decoded, |_| note(start));
                    self.in_units(&decoded, false, |_| note(start));
                    self.in_units(decoded.get(1..).unwrap_or_default(), false, |_| note(start));
                }
            }
            start += length + 1;
        }
    }
}

/// The last twelve digits and what stood between them.
#[derive(Default)]
struct Window {
    number: u64,
    count: u32,
    /// Bytes or units since the last digit.
    gap: u64,
    /// The eleven gaps within the window, four bits each, the newest lowest.
    gaps: u64,
}

impl Window {
    const GROUPED: u64 = 0xF << 28 | 0xF << 12;
    const ELEVEN: u64 = (1 << 44) - 1;
    const ONE_BY_ONE: u64 = 0x111_1111_1111;

    /// Takes the next place; gives a number where twelve digits stand as a number does.
    fn step(&mut self, digit: Option<u8>) -> Option<u64> {
        let Some(digit) = digit else {
            self.gap += 1;
            return None;
        };
        self.gaps = (self.gaps << 4 | self.gap.min(15)) & Self::ELEVEN;
        self.number = (self.number * 10 + u64::from(digit)) % 1_000_000_000_000;
        self.count += 1;
        self.gap = 0;
        (self.count >= 12 && self.stands_as_a_number()).then_some(self.number)
    }

    fn stands_as_a_number(&self) -> bool {
        // After the fourth and the eighth digit: seven and three digits follow.
        let grouped = self.gaps & !Self::GROUPED == 0
            && self.gaps >> 28 & 0xF <= GAP_MAX
            && self.gaps >> 12 & 0xF <= GAP_MAX;
        grouped || (1..=3).any(|gap| self.gaps == gap * Self::ONE_BY_ONE)
    }
}

fn unhex(run: &[u8]) -> Vec<Vec<u8>> {
    let value = |byte: u8| char::from(byte).to_digit(16).unwrap_or_default() as u8;
    [run, &run[1..]]
        .iter()
        .map(|run| run.chunks_exact(2).map(|pair| value(pair[0]) << 4 | value(pair[1])).collect())
        .collect()
}

/// The value of a character of base64, in its two alphabets.
const fn sixbits(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    }
}

fn unbase64(run: &[u8]) -> Vec<Vec<u8>> {
    (0..4)
        .map(|offset| {
            let mut out = Vec::with_capacity(run.len());
            for four in run[offset..].chunks(4) {
                let bits = four
                    .iter()
                    .fold(0_u32, |bits, byte| bits << 6 | u32::from(sixbits(*byte).unwrap_or_default()));
                let bits = bits << (6 * (4 - four.len()));
                out.extend(&bits.to_be_bytes()[1..four.len().max(1)]);
            }
            out
        })
        .collect()
}

/// What gzip and zlib have packed, wherever it begins: with its place and the packer's name.
fn streams(bytes: &[u8]) -> Vec<(usize, &'static str, Vec<u8>)> {
    let mut found = Vec::new();
    for at in 0..bytes.len().saturating_sub(2) {
        let mut inflated = Vec::new();
        let (form, read) = match bytes[at..] {
            [0x1F, 0x8B, 0x08, ..] => {
                ("gzip", MultiGzDecoder::new(&bytes[at..]).take(INFLATED_MAX).read_to_end(&mut inflated))
            }
            [0x78, 0x01 | 0x5E | 0x9C | 0xDA, ..] => {
                ("zlib", ZlibDecoder::new(&bytes[at..]).take(INFLATED_MAX).read_to_end(&mut inflated))
            }
            _ => continue,
        };
        // A stream that is cut off has given what it could; a chance match gives next to nothing.
        if read.is_ok() || inflated.len() >= 12 {
            found.push((at, form, inflated));
        }
    }
    found
}
