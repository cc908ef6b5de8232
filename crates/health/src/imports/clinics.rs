//! 医療機関: clinics under contract. Columns: `docs/formats/clinics.md`.

use super::{cell::Free, copy::Row, envelope::Cells};
use domain::ids::{ClinicCode, IdError};
use std::collections::HashMap;

/// The columns in the order of the format.
pub const COLUMNS: &[&str] =
    &["医療機関コード", "名称", "郵便番号", "住所", "電話", "区分", "医師名", "契約開始日", "契約終了日"];

const CODE: usize = 0;
const NAME: usize = 1;
const POSTAL: usize = 2;
const ADDRESS: usize = 3;
const TELEPHONE: usize = 4;
const PLACE: usize = 5;
const DOCTORS: usize = 6;
const FROM: usize = 7;
const UNTIL: usize = 8;

/// Reads the rows of one file, one after the other.
#[derive(Default)]
pub struct Reader {
    /// 医療機関コード → the line that had it first.
    seen: HashMap<u64, u64>,
}

impl Reader {
    /// Checks a row and writes it for the stage, in the order of [`super::clinics_sql`].
    pub fn row(&mut self, cells: &mut Cells<'_>, out: &mut Vec<u8>) {
        if !cells.has_all() {
            return;
        }
        let code = cells.clinic(CODE);
        if cells.raw(CODE).trim().is_empty() {
            cells.missing(CODE);
        }
        if let Some(code) = code
            && let Some(first) = self.seen.insert(code.as_u64(), cells.line)
        {
            self.seen.insert(code.as_u64(), first);
            cells.error(
                CODE,
                format!(
                    "同じ医療機関コードが{first}行目にもあります。1行にして、送り直してもらってください。"
                ),
            );
        }
        let name = cells.required(NAME, 100);
        let postal = cells.postal(POSTAL);
        let address = cells.text(ADDRESS, 200, Free::Line);
        let telephone = cells.text(TELEPHONE, 20, Free::Phone);
        let inside = cells.required_code(PLACE, &["区内", "区外"]) == "区内";
        let doctors = cells.text(DOCTORS, 1000, Free::Line);
        let from = cells.required_date(FROM);
        let until = cells.date(UNTIL);
        if let (Some(from), Some(until)) = (from, until)
            && until < from
        {
            cells.error(
                UNTIL,
                format!(
                    "契約終了日（{until}）が契約開始日（{from}）より前です。正しい日を確かめてください。"
                ),
            );
        }
        let mut row = Row::new(out);
        row.plain(cells.line).text(&code.map(|code| code.to_string()).unwrap_or_default());
        row.text(name).text(&postal).text(address).text(telephone).flag(inside).text(doctors);
        row.date(from).date(until).end();
    }
}

impl Cells<'_> {
    /// 医療機関コード, where there is one. Leading zeros that a spreadsheet took (北海道 to 栃木) are put back.
    pub fn clinic(&mut self, column: usize) -> Option<ClinicCode> {
        let text = self.raw(column).trim();
        if text.is_empty() {
            return None;
        }
        let nine = text.len() == 9 && text.bytes().all(|byte| byte.is_ascii_digit());
        match ClinicCode::parse(&if nine { format!("0{text}") } else { text.to_owned() }) {
            Ok(code) => Some(code),
            Err(IdError::NotDigits { .. }) => {
                self.error(column, super::cell::not_digits(text, 10));
                None
            }
            Err(error) => {
                self.number_error(column, &error);
                None
            }
        }
    }
}
