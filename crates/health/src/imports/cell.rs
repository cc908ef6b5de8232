//! One cell, read and checked. Each getter says what is wrong and goes on, so that a row tells all its faults at once.

use super::envelope::Cells;
use domain::{Date, wareki};

/// How a text may begin and what it may hold.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Free {
    /// Names, addresses, codes: one line, and nothing that a spreadsheet would calculate.
    Line,
    /// Telephone numbers: may begin with `+`.
    Phone,
    /// Memos: may hold line breaks and begin with a dash.
    Memo,
}

impl<'a> Cells<'a> {
    /// A text of at most `chars_max` characters, exactly as it stands: no normalisation (NFKC would destroy 髙 and 﨑).
    pub fn text(&mut self, column: usize, chars_max: usize, free: Free) -> &'a str {
        let text = self.raw(column);
        if text.is_empty() {
            return text;
        }
        if let Some(sentence) = fault_of(text, chars_max, free) {
            self.error(column, sentence);
        }
        text
    }

    /// The same where the cell must not be empty.
    pub fn required(&mut self, column: usize, chars_max: usize) -> &'a str {
        if self.raw(column).trim().is_empty() {
            self.missing(column);
            return "";
        }
        self.text(column, chars_max, Free::Line)
    }

    /// A name: as [`text`](Self::text), and a `〓` is pointed out.
    pub fn name(&mut self, column: usize) -> &'a str {
        let name = self.text(column, 100, Free::Line);
        if name.contains('〓') {
            self.warn(
                column,
                "「〓」は送付元で文字に直せなかった字です。正しい字を送付元に確かめてください。",
            );
        }
        name
    }

    pub fn missing(&mut self, column: usize) {
        let name = self.columns.names[column];
        self.error(column, format!("{name}がありません。必ず入れてください。"));
    }

    pub fn date(&mut self, column: usize) -> Option<Date> {
        let text = self.raw(column);
        if text.is_empty() {
            return None;
        }
        match wareki::parse(text) {
            Ok(date) => Some(date),
            Err(error) => {
                self.error(column, format!("{error}。"));
                None
            }
        }
    }

    pub fn required_date(&mut self, column: usize) -> Option<Date> {
        if self.raw(column).trim().is_empty() {
            self.missing(column);
            return None;
        }
        self.date(column)
    }

    /// One of a list of codes, or empty.
    pub fn code(&mut self, column: usize, codes: &[&str]) -> &'a str {
        let code = self.raw(column).trim();
        if !code.is_empty() && !codes.contains(&code) {
            let list = if codes.len() > 6 {
                format!("{}から{}まで", codes[0], codes[codes.len() - 1])
            } else {
                codes.join("、")
            };
            self.error(
                column,
                format!("「{}」というコードはありません。{list}のいずれかにしてください。", shown(code)),
            );
        }
        code
    }

    pub fn required_code(&mut self, column: usize, codes: &[&str]) -> &'a str {
        if self.raw(column).trim().is_empty() {
            self.missing(column);
            return "";
        }
        self.code(column, codes)
    }

    /// `1` or empty.
    pub fn flag(&mut self, column: usize) -> bool {
        self.code(column, &["1"]) == "1"
    }

    /// Digits of a fixed width; what a spreadsheet has shortened is padded again.
    pub fn digits(&mut self, column: usize, width: usize) -> String {
        let text = self.raw(column).trim();
        if text.is_empty() {
            return String::new();
        }
        if !text.bytes().all(|byte| byte.is_ascii_digit()) {
            self.error(column, not_digits(text, width));
        } else if text.len() > width {
            self.error(column, format!("数字{}桁です。{width}桁にしてください。", text.len()));
        }
        format!("{text:0>width$}")
    }

    /// At most so many digits, kept as they are.
    pub fn short_digits(&mut self, column: usize, digits_max: usize) -> &'a str {
        let text = self.raw(column).trim();
        if !text.bytes().all(|byte| byte.is_ascii_digit()) {
            self.error(column, not_digits(text, digits_max));
        } else if text.len() > digits_max {
            self.error(column, format!("数字{}桁です。{digits_max}桁以内にしてください。", text.len()));
        }
        text
    }

    /// `HH:MM:SS`.
    pub fn required_time(&mut self, column: usize) -> &'a str {
        let text = self.raw(column).trim();
        if text.is_empty() {
            self.missing(column);
            return "00:00:00";
        }
        if !is_time(text) {
            self.error(column, "時刻は「13:20:00」の形で、00:00:00から23:59:59までにしてください。");
            return "00:00:00";
        }
        text
    }
}

/// Digits that a spreadsheet has turned into `1.23E+14` cannot be brought back: the sender must send them as text.
pub fn not_digits(text: &str, width: usize) -> String {
    if text.contains("E+") || text.contains("e+") {
        return "表計算ソフトが番号を指数（E+）に変えています。この列を「文字列」の書式で保存し直してもらってください。".to_owned();
    }
    if begins_like_formula(text) {
        return formula_sentence(text);
    }
    format!("「{}」は数字ではありません。半角の数字（{width}桁まで）にしてください。", shown(text))
}

fn is_time(text: &str) -> bool {
    let [h, i, b':', m, j, b':', s, k] = *text.as_bytes() else { return false };
    let below = |tens: u8, ones: u8, limit: u8| {
        tens.is_ascii_digit() && ones.is_ascii_digit() && (tens - b'0') * 10 + (ones - b'0') < limit
    };
    below(h, i, 24) && below(m, j, 60) && below(s, k, 60)
}

fn begins_like_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r'])
}

fn formula_sentence(text: &str) -> String {
    let first = text.chars().next().unwrap_or('=');
    let first = if first.is_control() { "制御文字".to_owned() } else { format!("「{first}」") };
    format!("{first}で始まる値は表計算ソフトの数式です。数式ではなく値を入れて、送り直してもらってください。")
}

/// What is wrong with a free text; `None` when nothing is.
fn fault_of(text: &str, chars_max: usize, free: Free) -> Option<String> {
    let formula = match free {
        Free::Line => begins_like_formula(text),
        Free::Phone => text.starts_with(['=', '-', '@', '\t', '\r']),
        Free::Memo => text.starts_with(['=', '@', '\t']),
    };
    if formula {
        return Some(formula_sentence(text));
    }
    let mut chars = 0;
    for c in text.chars() {
        chars += 1;
        match c {
            '\n' | '\r' if free == Free::Memo => {}
            '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..='\u{10FFFF}' => {
                return Some(format!(
                    "外字（U+{:04X}）があります。外字は取り込めません。文字情報基盤の文字か「〓」に置き換えて、送り直してもらってください。",
                    u32::from(c)
                ));
            }
            '\u{FFFD}' => {
                return Some(
                    "読めない文字（U+FFFD）があります。送付元で文字コードの変換を確かめてください。"
                        .to_owned(),
                );
            }
            c if c.is_control() => {
                return Some(format!(
                    "制御文字（U+{:04X}）があります。取り除いて、送り直してもらってください。",
                    u32::from(c)
                ));
            }
            _ => {}
        }
    }
    (chars > chars_max).then(|| format!("{chars}文字あります。{chars_max}文字以内にしてください。"))
}

/// A cell in a sentence: short, and without what would break the line.
pub fn shown(text: &str) -> String {
    let mut out: String = text.chars().filter(|c| !c.is_control()).take(20).collect();
    if text.chars().count() > 20 {
        out.push('…');
    }
    out
}
