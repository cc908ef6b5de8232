//! The envelope of every file: control line, header, rows, and the count that must be right.
//! `docs/formats/README.md` is its description.

use super::{
    fault::{Fault, Faults},
    file::{self, Inspected, ROW_BYTES_MAX, Text},
};
use domain::{Date, ids::MunicipalityCode, wareki};
use kit::Municipality;
use std::path::Path;

/// No municipality has more people, and no feed of records more rows: above it the count is a slip.
const ROWS_MAX: u64 = 50_000_000;

/// ファイル種別.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    Residents,
    Records,
    Clinics,
}

impl Kind {
    pub const ALL: [Kind; 3] = [Kind::Residents, Kind::Records, Kind::Clinics];

    /// As stored and as named on the command line.
    pub const fn code(self) -> &'static str {
        match self {
            Kind::Residents => "residents",
            Kind::Records => "records",
            Kind::Clinics => "clinics",
        }
    }

    pub fn from_code(code: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// As written in the control line.
    pub const fn ja(self) -> &'static str {
        match self {
            Kind::Residents => "宛名管理情報",
            Kind::Records => "予防接種記録",
            Kind::Clinics => "医療機関",
        }
    }

    const fn extents(self) -> &'static [Extent] {
        match self {
            Kind::Residents | Kind::Clinics => &[Extent::Full, Extent::Differential],
            Kind::Records => &[Extent::Additional],
        }
    }
}

/// Whether a text begins like one of our files. Also tells character codes apart.
pub fn begins_with_kind(text: &str) -> bool {
    let text = text.trim_start_matches(['\u{FEFF}', '"']);
    Kind::ALL.iter().any(|kind| text.starts_with(kind.ja()))
}

/// 全件・差分・追加.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    Full,
    Differential,
    Additional,
}

impl Extent {
    pub const fn ja(self) -> &'static str {
        match self {
            Extent::Full => "全件",
            Extent::Differential => "差分",
            Extent::Additional => "追加",
        }
    }
}

/// 制御行: what the sender says the file is.
#[derive(Clone, Copy, Debug)]
#[doc(alias = "制御行")]
pub struct Control {
    pub kind: Kind,
    pub municipality: Municipality,
    pub extent: Extent,
    pub as_of: Date,
    pub rows: u64,
}

/// Where the columns we know stand in this file.
#[derive(Clone, Debug)]
pub struct Columns {
    pub names: &'static [&'static str],
    at: Vec<usize>,
    width: usize,
}

impl Columns {
    pub fn at(&self, column: usize) -> usize {
        self.at[column]
    }
}

/// An open file whose control line and header have been understood.
pub struct Sheet {
    reader: csv::Reader<Text>,
    pub control: Control,
    pub columns: Columns,
    pub rows_read: u64,
    row_from: u64,
}

impl Sheet {
    /// Opens a file of the kind that is wanted. `Err` inside is the sentence why it cannot be taken.
    pub fn open(
        path: &Path,
        inspected: &Inspected,
        kind: Kind,
        names: &'static [&'static str],
    ) -> std::io::Result<Result<Sheet, Fault>> {
        let text = Text::open(path, inspected.charset)?;
        let reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .buffer_capacity(file::READ_AHEAD)
            .from_reader(text);
        let control =
            Control { kind, municipality: Municipality(0), extent: Extent::Full, as_of: Date::MIN, rows: 0 };
        let columns = Columns { names, at: Vec::new(), width: 0 };
        let mut sheet = Sheet { reader, control, columns, rows_read: 0, row_from: 0 };
        Ok(sheet.read_head(kind).map(|()| sheet))
    }

    fn read_head(&mut self, kind: Kind) -> Result<(), Fault> {
        let mut record = csv::StringRecord::new();
        if self.advance(&mut record)?.is_none() {
            return Err(Fault::file("ファイルに行がありません。送付元に送り直しを依頼してください。"));
        }
        self.control = control(&record, kind)?;
        let Some(line) = self.advance(&mut record)? else {
            return Err(Fault::at(
                2,
                "",
                "項目名の行がありません。送付元に送り直しを依頼してください。".to_owned(),
            ));
        };
        self.columns = header(&record, line, self.columns.names)?;
        Ok(())
    }

    /// The next data row and its line. `None` at the end.
    pub fn next(&mut self, record: &mut csv::StringRecord) -> Result<Option<u64>, Fault> {
        let line = self.advance(record)?;
        if line.is_some() {
            self.rows_read += 1;
            if self.rows_read > ROWS_MAX {
                return Err(Fault::file("行が多すぎます（5,000万行まで）。送付元に分割を依頼してください。"));
            }
        }
        Ok(line)
    }

    fn advance(&mut self, record: &mut csv::StringRecord) -> Result<Option<u64>, Fault> {
        // The csv reader ends a row at CR and counts the LF to the next one.
        let begun = self.reader.position();
        let line_before = begun.line() + u64::from(begun.byte() > 0 && self.reader.get_ref().is_crlf());
        let too_long = |line: u64| {
            Fault::at(
                line,
                "",
                "1行が長すぎます（16KBまで）。引用符（\"）の閉じ忘れや改行の欠けがないか、送付元に確かめてください。".to_owned(),
            )
        };
        match self.reader.read_record(record) {
            Ok(false) => Ok(None),
            Ok(true) => {
                let line = line_before;
                let end = self.reader.position().byte();
                let begin = std::mem::replace(&mut self.row_from, end);
                if end - begin > ROW_BYTES_MAX {
                    return Err(too_long(line));
                }
                self.reader.get_mut().row_begins();
                Ok(Some(line))
            }
            Err(error) => match error.kind() {
                csv::ErrorKind::Io(io) if io.kind() == std::io::ErrorKind::FileTooLarge => {
                    Err(too_long(line_before))
                }
                _ => Err(Fault::at(
                    line_before,
                    "",
                    "この行から先を読み取れません。ファイルが壊れていないか、送付元に確かめてください。"
                        .to_owned(),
                )),
            },
        }
    }

    /// Compares the rows that came with those announced.
    pub fn check_count(&self, faults: &mut Faults) {
        let (announced, read) = (self.control.rows, self.rows_read);
        if read < announced {
            faults.error(
                1,
                "件数",
                format!("制御行の件数は{announced}件ですが、データは{read}件しかありません。ファイルが途中で切れています。送付元に送り直しを依頼してください。"),
            );
        } else if read > announced {
            faults.error(
                1,
                "件数",
                format!("制御行の件数は{announced}件ですが、データが{read}件あります。送付元に件数を確かめてください。"),
            );
        }
    }
}

fn control(record: &csv::StringRecord, wanted: Kind) -> Result<Control, Fault> {
    let fault = |field: &str, sentence: String| Err(Fault::at(1, field, sentence));
    let cell = |index: usize| record.get(index).unwrap_or_default().trim().trim_start_matches('\u{FEFF}');
    let found = Kind::ALL.into_iter().find(|kind| kind.ja() == cell(0));
    match found {
        Some(kind) if kind == wanted => {}
        Some(kind) => {
            return fault(
                "ファイル種別",
                format!(
                    "「{}」のファイルです。「{}」として取り込むことはできません。取込みの種類を選び直してください。",
                    kind.ja(),
                    wanted.ja()
                ),
            );
        }
        None => {
            return fault(
                "ファイル種別",
                format!(
                    "1行目に「{}」で始まる制御行がありません。ファイルの種類と文字コード（UTF-8またはShift_JIS）を確かめてください。",
                    wanted.ja()
                ),
            );
        }
    }
    // Spreadsheets pad the short control line with empty cells.
    if record.len() < 6 || record.iter().skip(6).any(|cell| !cell.is_empty()) {
        return fault(
            "",
            "制御行は「種別,版,自治体コード,範囲,基準日,件数」の6項目で作成してください。".to_owned(),
        );
    }
    if cell(1) != "1" {
        return fault("版", "この様式の版は取り込めません。版1で作成し直してもらってください。".to_owned());
    }
    let municipality = MunicipalityCode::parse(cell(2))
        .map_err(|error| Fault::at(1, "自治体コード", format!("{error}。")))?;
    let Some(extent) = wanted.extents().iter().find(|extent| extent.ja() == cell(3)) else {
        let choices: Vec<_> = wanted.extents().iter().map(|extent| format!("「{}」", extent.ja())).collect();
        return fault("範囲", format!("範囲は{}で作成してください。", choices.join("か")));
    };
    let as_of = wareki::parse(cell(4)).map_err(|error| Fault::at(1, "基準日", format!("{error}。")))?;
    let Ok(rows) = cell(5).parse() else {
        return fault("件数", "件数は数字だけで作成してください。".to_owned());
    };
    Ok(Control {
        kind: wanted,
        municipality: Municipality(municipality.as_u32() as i32),
        extent: *extent,
        as_of,
        rows,
    })
}

fn header(record: &csv::StringRecord, line: u64, names: &'static [&'static str]) -> Result<Columns, Fault> {
    let mut cells: Vec<&str> = record.iter().map(str::trim).collect();
    while cells.last().is_some_and(|cell| cell.is_empty()) {
        cells.pop();
    }
    let fault = |sentence: String| Err(Fault::at(line, "", sentence));
    if cells.iter().any(|cell| matches!(*cell, "個人番号" | "マイナンバー")) {
        return fault("個人番号の列があります。個人番号はこのファイルでは受け取れません。ファイルを安全に廃棄し、個人番号を除いて送り直してもらってください。".to_owned());
    }
    let quoted =
        |list: Vec<&str>| list.iter().map(|name| format!("「{name}」")).collect::<Vec<_>>().join("、");
    let missing: Vec<&str> = names.iter().copied().filter(|name| !cells.contains(name)).collect();
    let unknown: Vec<&str> = cells.iter().copied().filter(|cell| !names.contains(cell)).collect();
    let double: Vec<&str> =
        names.iter().copied().filter(|name| cells.iter().filter(|cell| *cell == name).count() > 1).collect();
    let mut sentences = Vec::new();
    if !missing.is_empty() {
        sentences.push(format!("項目{}がありません。", quoted(missing)));
    }
    if !unknown.is_empty() {
        sentences.push(format!("項目{}は様式にありません。", quoted(unknown)));
    }
    if !double.is_empty() {
        sentences.push(format!("項目{}が二つ以上あります。", quoted(double)));
    }
    if !sentences.is_empty() {
        return fault(format!(
            "{}項目名の行を様式に合わせて、送り直してもらってください。",
            sentences.concat()
        ));
    }
    let at = names
        .iter()
        .map(|name| cells.iter().position(|cell| cell == name).expect("nothing is missing"))
        .collect();
    Ok(Columns { names, at, width: cells.len() })
}

/// The cells of one row, by column, with the faults found so far.
pub struct Cells<'a> {
    pub record: &'a csv::StringRecord,
    pub columns: &'a Columns,
    pub line: u64,
    pub faults: &'a mut Faults,
}

impl<'a> Cells<'a> {
    pub fn new(
        record: &'a csv::StringRecord,
        columns: &'a Columns,
        line: u64,
        faults: &'a mut Faults,
    ) -> Self {
        Cells { record, columns, line, faults }
    }

    /// Whether the row has as many cells as the header; says so where not.
    pub fn has_all(&mut self) -> bool {
        let (wanted, found) = (self.columns.width, self.record.len());
        let extra_is_empty = self.record.iter().skip(wanted).all(str::is_empty);
        if found == wanted || (found > wanted && extra_is_empty) {
            return true;
        }
        self.faults.error(
            self.line,
            "",
            format!("項目が{found}個あります（{wanted}個のはずです）。カンマや引用符（\"）の誤りがないか確かめてください。"),
        );
        false
    }

    pub fn raw(&self, column: usize) -> &'a str {
        self.record.get(self.columns.at(column)).unwrap_or_default()
    }

    pub fn error(&mut self, column: usize, sentence: impl Into<String>) {
        self.faults.error(self.line, self.columns.names[column], sentence);
    }

    pub fn warn(&mut self, column: usize, sentence: impl Into<String>) {
        self.faults.warn(self.line, self.columns.names[column], sentence);
    }
}
