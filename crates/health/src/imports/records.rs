//! 予防接種記録: past records as clinics, other municipalities and earlier systems send them. Columns:
//! `docs/formats/records.md`.
//!
//! What cannot be read refuses the file. What contradicts the register or the law does not: it goes to a person.

use super::{cell::Free, copy::Row, envelope::Cells};
use domain::{
    Date,
    ids::{ClinicCode, LotNumber, MunicipalityCode},
    kana,
    schedule::Vaccine,
};
use std::collections::HashMap;

/// The columns in the order of the format.
pub const COLUMNS: &[&str] = &[
    "送付元行番号",
    "送付元",
    "宛名番号",
    "漢字氏名",
    "カナ氏名",
    "生年月日",
    "性別",
    "接種コード",
    "接種回数",
    "接種日",
    "接種判定",
    "製品名",
    "ロット番号",
    "有効期限",
    "接種量",
    "医療機関コード",
    "医師名",
    "法定区分",
    "備考",
];

const ROW: usize = 0;
const SOURCE: usize = 1;
const NUMBER: usize = 2;
const NAME: usize = 3;
const KANA: usize = 4;
const BIRTH: usize = 5;
const SEX: usize = 6;
const VACCINE: usize = 7;
const DOSE: usize = 8;
const ON: usize = 9;
const JUDGEMENT: usize = 10;
const PRODUCT: usize = 11;
const LOT: usize = 12;
const LOT_EXPIRES: usize = 13;
const VOLUME: usize = 14;
const CLINIC: usize = 15;
const DOCTOR: usize = 16;
const LEGAL: usize = 17;
const REMARK: usize = 18;

/// More in one injection there is not: 2 mL.
const VOLUME_CENTI_ML_MAX: i16 = 200;

/// Reads the rows of one file, one after the other.
pub struct Reader {
    as_of: Date,
    /// 送付元 and 送付元行番号 → the line that had them first.
    seen: HashMap<String, u64>,
}

impl Reader {
    pub fn new(as_of: Date) -> Self {
        Reader { as_of, seen: HashMap::new() }
    }

    /// Checks a row and writes it for the stage, in the order of [`super::records_sql::COPY`].
    pub fn row(&mut self, cells: &mut Cells<'_>, out: &mut Vec<u8>) {
        if !cells.has_all() {
            return;
        }
        let mut row = Row::new(out);
        row.plain(cells.line);
        self.sender(cells, &mut row);
        person(cells, &mut row);
        self.dose(cells, &mut row);
        row.end();
    }

    fn sender(&mut self, cells: &mut Cells<'_>, row: &mut Row<'_>) {
        let number = cells.required(ROW, 20);
        let source = cells.required(SOURCE, 10).trim();
        let is_known_form = match source.len() {
            6 => MunicipalityCode::parse(source).is_ok(),
            _ => ClinicCode::parse(source).is_ok(),
        };
        if !source.is_empty() && !is_known_form {
            cells.error(SOURCE, "送付元は医療機関コード（10桁）か自治体コード（6桁）にしてください。");
        }
        if let Some(first) = self.seen.insert(format!("{source}/{number}"), cells.line) {
            cells.error(
                ROW,
                format!("同じ送付元行番号が{first}行目にもあります。行ごとに違う番号を付けて、送り直してもらってください。"),
            );
        }
        row.text(number).text(source);
    }

    fn dose(&self, cells: &mut Cells<'_>, row: &mut Row<'_>) {
        let code = cells.raw(VACCINE).trim();
        if code.is_empty() {
            cells.missing(VACCINE);
        } else if Vaccine::from_code(code).is_none() {
            let shown = super::cell::shown(code);
            cells.error(
                VACCINE,
                format!("「{shown}」という接種コードはありません。様式の接種コードにしてください。"),
            );
        }
        let number = cells.raw(DOSE).trim();
        if !number.is_empty() && !number.parse().is_ok_and(|number: u8| (1..=20).contains(&number)) {
            cells.error(DOSE, "接種回数は1から20までの数字にするか、空欄にしてください。");
        }
        let on = cells.required_date(ON);
        if let Some(on) = on.filter(|on| *on > self.as_of) {
            cells.error(
                ON,
                format!(
                    "接種日（{on}）が基準日（{}）より後です。正しい接種日を送付元に確かめてください。",
                    self.as_of
                ),
            );
        }
        let judgement = cells.required_code(JUDGEMENT, &["1", "2"]);
        let product = cells.text(PRODUCT, 50, Free::Line);
        let lot = match LotNumber::parse(cells.raw(LOT)) {
            _ if cells.raw(LOT).trim().is_empty() => String::new(),
            Ok(lot) => lot.as_str().to_owned(),
            Err(error) => {
                cells.number_error(LOT, &error);
                String::new()
            }
        };
        let expires = cells.date(LOT_EXPIRES);
        let volume = volume(cells);
        let clinic = cells.clinic(CLINIC).map(|code| code.to_string()).unwrap_or_default();
        let doctor = cells.text(DOCTOR, 50, Free::Line);
        let legal = cells.required_code(LEGAL, &["1", "2"]);
        let remark = cells.text(REMARK, 200, Free::Memo);
        row.text(code).text(number).date(on).text(judgement).text(product).text(&lot).date(expires);
        match volume {
            Some(volume) => row.plain(volume),
            None => row.null(),
        };
        row.text(&clinic).text(doctor).text(legal).text(remark);
    }
}

fn person(cells: &mut Cells<'_>, row: &mut Row<'_>) {
    let number = cells.addressee(NUMBER).map(|number| number.to_string()).unwrap_or_default();
    let name = cells.text(NAME, 100, Free::Line);
    let kana = cells.required(KANA, 100);
    let birth = cells.required_date(BIRTH);
    let sex = cells.required_code(SEX, &["1", "2", "3"]);
    row.text(&number).text(name).text(kana).text(&kana::key(kana)).date(birth).text(sex);
}

/// 接種量 in hundredths of a millilitre.
fn volume(cells: &mut Cells<'_>) -> Option<i16> {
    let text = cells.raw(VOLUME).trim();
    if text.is_empty() {
        return None;
    }
    let centi = centi(text).filter(|volume| (1..=VOLUME_CENTI_ML_MAX).contains(volume));
    if centi.is_none() {
        cells.error(VOLUME, "接種量は「0.50」の形のmLで、0.01から2.00までにしてください。");
    }
    centi
}

/// `0.5`, `0.50`, `.5`: exact, without floating point.
fn centi(text: &str) -> Option<i16> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    if part.len() > 2 || !whole.bytes().chain(part.bytes()).all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let whole: i16 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let part: i16 = format!("{part:0<2}").parse().ok()?;
    whole.checked_mul(100)?.checked_add(part)
}

#[cfg(test)]
mod tests {
    use super::centi;

    #[test]
    fn volumes_are_read_exactly() {
        for (text, expected) in [
            ("0.25", Some(25)),
            ("0.5", Some(50)),
            (".5", Some(50)),
            ("1", Some(100)),
            ("0.125", None),
            ("0,5", None),
        ] {
            assert_eq!(centi(text), expected, "{text}");
        }
    }
}
