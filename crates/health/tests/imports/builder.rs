//! Files of `docs/formats`, built row by row from a typical one.

use encoding_rs::SHIFT_JIS;

const FULL: &str = include_str!("../../../../docs/formats/example-residents.csv");

/// A file of residents.
#[derive(Clone)]
pub struct Residents {
    pub extent: &'static str,
    pub as_of: &'static str,
    pub municipality: &'static str,
    /// Announced in the control line; as many as there are unless set.
    pub announced: Option<usize>,
    pub header: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

impl Residents {
    /// The example of the format: eight people.
    pub fn example() -> Self {
        let mut reader =
            csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(FULL.as_bytes());
        let mut records = reader.records().map(Result::unwrap).skip(1);
        let header = records.next().unwrap().iter().map(str::to_owned).collect();
        let rows = records.map(|record| record.iter().map(str::to_owned).collect()).collect();
        Residents {
            extent: "全件",
            as_of: "2026-11-21",
            municipality: "131172",
            announced: None,
            header,
            rows,
        }
    }

    /// The example with one cell changed.
    pub fn with(row: usize, column: &str, value: &str) -> Self {
        Self::example().set(row, column, value)
    }

    pub fn set(mut self, row: usize, column: &str, value: &str) -> Self {
        let at = self.header.iter().position(|name| name == column).unwrap();
        value.clone_into(&mut self.rows[row][at]);
        self
    }

    pub fn text(&self) -> String {
        let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
        let count = self.announced.unwrap_or(self.rows.len()).to_string();
        let control = ["宛名管理情報", "1", self.municipality, self.extent, self.as_of, &count];
        writer.write_record(control).unwrap();
        writer.write_record(&self.header).unwrap();
        for row in &self.rows {
            writer.write_record(row).unwrap();
        }
        String::from_utf8(writer.into_inner().unwrap()).unwrap()
    }

    /// As Windows writes it: no variation selectors, 〓 for what CP932 lacks.
    pub fn cp932(&self) -> Vec<u8> {
        cp932(&self.text())
    }
}

pub fn cp932(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    for c in text.chars().filter(|c| !('\u{E0100}'..='\u{E01EF}').contains(c)) {
        let mut buffer = [0; 4];
        let (bytes, _, lacks) = SHIFT_JIS.encode(c.encode_utf8(&mut buffer));
        if lacks { out.extend([0x81, 0xAC]) } else { out.extend(&*bytes) }
    }
    out
}
