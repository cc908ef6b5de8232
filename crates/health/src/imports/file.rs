//! The file as bytes: its digest, its character code, and reading it in bounded memory.
//!
//! A file is read twice: once for digest and character code, once for its rows. Nothing is held but one row, so
//! a broken file of any size is refused in a sentence, not by running out of memory.

use super::fault::Fault;
use encoding_rs::{CoderResult, Decoder, DecoderResult, EUC_JP, Encoding, ISO_2022_JP, SHIFT_JIS, UTF_8};
use sha2::{Digest, Sha256};
use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

/// No row of a format comes near; a broken quote or a file that is no CSV does.
pub const ROW_BYTES_MAX: u64 = 16 * 1024;
/// The largest municipality has 3.8 million residents with some 1 kB each; the records of a lifetime have 300 bytes.
pub const FILE_BYTES_MAX: u64 = 16 * 1024 * 1024 * 1024;
const CHUNK: usize = 64 * 1024;

/// 文字コード.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[doc(alias = "文字コード")]
pub enum Charset {
    Utf8,
    /// Shift_JIS as Windows writes it (CP932, with 外字 in the private-use area).
    Cp932,
}

/// What the first reading has found.
#[derive(Clone, Copy, Debug)]
pub struct Inspected {
    pub digest: [u8; 32],
    pub charset: Charset,
}

/// Reads the file once. The inner error is the digest of a file that cannot be taken as a whole, and why.
pub fn inspect(path: &Path) -> io::Result<Result<Inspected, ([u8; 32], Fault)>> {
    let mut file = File::open(path)?;
    if file.metadata()?.len() > FILE_BYTES_MAX {
        let fault = Fault::file("ファイルが大きすぎます（16GBまで）。送付元に分割を依頼してください。");
        return Ok(Err(([0; 32], fault)));
    }
    let (mut sha, mut first) = (Sha256::new(), Vec::new());
    let mut trials = [Trial::new(UTF_8), Trial::new(SHIFT_JIS)];
    let (mut chunk, mut total) = (vec![0; CHUNK], 0);
    loop {
        let read = file.read(&mut chunk)?;
        let part = &chunk[..read];
        if first.is_empty() {
            first = part[..part.len().min(1024)].to_vec();
        }
        sha.update(part);
        total += read as u64;
        for trial in &mut trials {
            trial.take(part, read == 0);
        }
        if read == 0 {
            break;
        }
    }
    let digest: [u8; 32] = sha.finalize().into();
    Ok(judge(&first, total, &trials)
        .map(|charset| Inspected { digest, charset })
        .map_err(|fault| (digest, fault)))
}

/// What is sent by mistake for a CSV, by its first bytes. Nothing is ever unpacked.
const NOT_CSV: [(&[u8], &str); 8] = [
    (b"PK\x03\x04", "ExcelファイルまたはZIPファイル"),
    (b"PK\x05\x06", "空のZIPファイル"),
    (b"\xD0\xCF\x11\xE0", "古い形式のExcelファイル"),
    (b"\x1F\x8B", "圧縮（gzip）されたファイル"),
    (b"7z\xBC\xAF\x27\x1C", "圧縮（7-Zip）されたファイル"),
    (b"Rar!", "圧縮（RAR）されたファイル"),
    (b"%PDF", "PDFファイル"),
    (b"\x89PNG", "画像ファイル"),
];

fn judge(first: &[u8], total: u64, trials: &[Trial; 2]) -> Result<Charset, Fault> {
    if total == 0 {
        return Err(Fault::file("ファイルが空です。送付元に送り直しを依頼してください。"));
    }
    if first.starts_with(&[0xFF, 0xFE]) || first.starts_with(&[0xFE, 0xFF]) {
        return Err(Fault::file(
            "文字コードがUTF-16（Unicode）です。UTF-8またはShift_JISで保存し直してください。",
        ));
    }
    if let Some((_, what)) = NOT_CSV.iter().find(|(magic, _)| first.starts_with(magic)) {
        return Err(Fault::file(&format!("{what}です。CSV（UTF-8）で保存し直してください。")));
    }
    // Seven-bit text is valid UTF-8; only its escapes betray it.
    let known_in = |encoding: &'static Encoding| {
        let (text, _, broken) = encoding.decode(first);
        !broken_early(broken, &text) && super::envelope::begins_with_kind(&text)
    };
    if !known_in(UTF_8) && !known_in(SHIFT_JIS) {
        for (encoding, name) in [(EUC_JP, "EUC-JP"), (ISO_2022_JP, "JIS（ISO-2022-JP）")] {
            if super::envelope::begins_with_kind(&encoding.decode(first).0) {
                return Err(Fault::file(&format!(
                    "文字コードが{name}です。UTF-8またはShift_JISで保存し直してください。"
                )));
            }
        }
    }
    let [utf8, cp932] = trials;
    match (utf8.failed_on, cp932.failed_on) {
        (None, _) => Ok(Charset::Utf8),
        (_, None) => Ok(Charset::Cp932),
        (Some(line_utf8), Some(line_cp932)) => {
            // Whichever held out longer is what the sender meant.
            let (name, line) =
                if line_utf8 >= line_cp932 { ("UTF-8", line_utf8) } else { ("Shift_JIS", line_cp932) };
            Err(Fault::at(
                line,
                "",
                format!(
                    "{line}行目に{name}として読めない文字があります。文字コードをUTF-8またはShift_JISにそろえて、送り直してもらってください。"
                ),
            ))
        }
    }
}

fn broken_early(broken: bool, text: &str) -> bool {
    broken && text.chars().take(8).any(|c| c == '\u{FFFD}')
}

/// One character code tried on the whole file.
struct Trial {
    decoder: Option<Decoder>,
    line: u64,
    failed_on: Option<u64>,
    out: String,
}

impl Trial {
    fn new(encoding: &'static Encoding) -> Self {
        let out = String::with_capacity(CHUNK * 3);
        Trial { decoder: Some(encoding.new_decoder_with_bom_removal()), line: 1, failed_on: None, out }
    }

    fn take(&mut self, mut part: &[u8], last: bool) {
        let Some(decoder) = &mut self.decoder else { return };
        loop {
            self.out.clear();
            let (result, read) = decoder.decode_to_string_without_replacement(part, &mut self.out, last);
            self.line += self.out.bytes().filter(|b| *b == b'\n').count() as u64;
            part = &part[read..];
            match result {
                DecoderResult::InputEmpty => return,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(_, _) => {
                    self.failed_on = Some(self.line);
                    self.decoder = None;
                    return;
                }
            }
        }
    }
}

/// The text of a file as UTF-8, with a guard on the length of one row.
pub struct Text {
    file: File,
    decoder: Decoder,
    raw: Vec<u8>,
    raw_from: usize,
    raw_until: usize,
    at_end: bool,
    finished: bool,
    /// Bytes handed out since the reader last began a row.
    since_row: u64,
    /// How lines end, once one has ended: `Some(true)` for CRLF.
    crlf: Option<bool>,
}

/// The csv reader's own buffer: it reads ahead by as much.
pub const READ_AHEAD: usize = 32 * 1024;

impl Text {
    pub fn open(path: &Path, charset: Charset) -> io::Result<Text> {
        let encoding = match charset {
            Charset::Utf8 => UTF_8,
            Charset::Cp932 => SHIFT_JIS,
        };
        Ok(Text {
            file: File::open(path)?,
            decoder: encoding.new_decoder_with_bom_removal(),
            raw: vec![0; CHUNK],
            raw_from: 0,
            raw_until: 0,
            at_end: false,
            finished: false,
            since_row: 0,
            crlf: None,
        })
    }

    /// Whether lines end as Windows ends them.
    pub fn is_crlf(&self) -> bool {
        self.crlf == Some(true)
    }

    /// To be called when a row has been read.
    pub fn row_begins(&mut self) {
        self.since_row = 0;
    }
}

impl Read for Text {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.since_row > ROW_BYTES_MAX + 2 * READ_AHEAD as u64 {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "row too long"));
        }
        while !self.finished {
            if self.raw_from == self.raw_until && !self.at_end {
                self.raw_from = 0;
                self.raw_until = self.file.read(&mut self.raw)?;
                self.at_end = self.raw_until == 0;
            }
            let part = &self.raw[self.raw_from..self.raw_until];
            let (result, read, written, _) = self.decoder.decode_to_utf8(part, out, self.at_end);
            self.raw_from += read;
            self.since_row += written as u64;
            self.finished = self.at_end && matches!(result, CoderResult::InputEmpty);
            if self.crlf.is_none()
                && let Some(at) = out[..written].iter().position(|byte| *byte == b'\n')
            {
                self.crlf = Some(at > 0 && out[at - 1] == b'\r');
            }
            if written > 0 {
                return Ok(written);
            }
        }
        Ok(0)
    }
}
