//! What the generator promises to those who use its files.

mod engine;
mod files;
mod hunt;
mod order;
mod weekly;

use domain::Date;

pub fn day(text: &str) -> Date {
    text.parse().expect("the file is as documented")
}

/// The fields of each row, headers and control line apart.
pub struct Table {
    pub control: Vec<String>,
    pub header: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

impl Table {
    pub fn read(bytes: &[u8]) -> Table {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
        let mut rows = reader
            .records()
            .map(|row| row.expect("the file is as documented").iter().map(str::to_owned).collect::<Vec<_>>());
        let (control, header) =
            (rows.next().expect("the file is as documented"), rows.next().expect("there is a header"));
        let table = Table { control, header, rows: rows.collect() };
        assert_eq!(table.control[5], table.rows.len().to_string(), "the control line counts the rows");
        for row in &table.rows {
            assert_eq!(row.len(), table.header.len());
        }
        table
    }

    pub fn get<'a>(&self, row: &'a [String], column: &str) -> &'a str {
        &row[self.header.iter().position(|name| name == column).expect("the file is as documented")]
    }

    pub fn count(&self, wanted: impl Fn(&[String]) -> bool) -> usize {
        self.rows.iter().filter(|row| wanted(row)).count()
    }
}
