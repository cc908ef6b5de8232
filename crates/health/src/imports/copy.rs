//! Rows in the text form of PostgreSQL's COPY: the quickest way into a table.

use domain::Date;
use uuid::Uuid;

/// Writes the cells of one row; [`end`](Row::end) closes it.
pub struct Row<'a>(&'a mut Vec<u8>);

impl<'a> Row<'a> {
    pub fn new(out: &'a mut Vec<u8>) -> Self {
        Row(out)
    }

    pub fn text(&mut self, text: &str) -> &mut Self {
        for byte in text.bytes() {
            match byte {
                b'\\' => self.0.extend_from_slice(b"\\\\"),
                b'\t' => self.0.extend_from_slice(b"\\t"),
                b'\n' => self.0.extend_from_slice(b"\\n"),
                b'\r' => self.0.extend_from_slice(b"\\r"),
                other => self.0.push(other),
            }
        }
        self.0.push(b'\t');
        self
    }

    /// What needs no escape: numbers, ids, codes.
    pub fn plain(&mut self, value: impl std::fmt::Display) -> &mut Self {
        use std::io::Write;
        write!(self.0, "{value}").expect("writing to memory does not fail");
        self.0.push(b'\t');
        self
    }

    pub fn id(&mut self, id: Uuid) -> &mut Self {
        let mut buffer = Uuid::encode_buffer();
        self.0.extend_from_slice(id.hyphenated().encode_lower(&mut buffer).as_bytes());
        self.0.push(b'\t');
        self
    }

    pub fn flag(&mut self, flag: bool) -> &mut Self {
        self.0.extend_from_slice(if flag { b"t\t" } else { b"f\t" });
        self
    }

    pub fn null(&mut self) -> &mut Self {
        self.0.extend_from_slice(b"\\N\t");
        self
    }

    pub fn date(&mut self, date: Option<Date>) -> &mut Self {
        let Some(date) = date else { return self.null() };
        let two = |number: i8| [b'0' + (number / 10) as u8, b'0' + (number % 10) as u8];
        let (year, month, day) = (date.year(), two(date.month()), two(date.day()));
        let (century, rest) = (two((year / 100) as i8), two((year % 100) as i8));
        self.0.extend_from_slice(&[
            century[0], century[1], rest[0], rest[1], b'-', month[0], month[1], b'-', day[0], day[1], b'\t',
        ]);
        self
    }

    pub fn end(&mut self) {
        // The last cell's tab becomes the row's end.
        if let Some(last) = self.0.last_mut() {
            *last = b'\n';
        }
    }
}
