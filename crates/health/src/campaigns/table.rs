//! Lists as CSV: UTF-8 with a mark for spreadsheets, and no cell that a spreadsheet would compute.

use super::{sql::TargetRow, summary::age_ja};
use domain::{
    Date,
    campaign::Exclusion,
    coded,
    schedule::{Series, Sex},
};

/// A writer whose output spreadsheets open as UTF-8.
pub fn writer() -> csv::Writer<Vec<u8>> {
    csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer("\u{FEFF}".as_bytes().to_vec())
}

/// A cell that begins like a formula is read as text: names come from outside. Whoever reads our lists by program takes
/// one apostrophe away and has the text as it was.
pub fn safe(text: &str) -> String {
    const FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];
    // Apostrophes of its own are kept apart from ours.
    if text.trim_start_matches('\'').starts_with(FORMULA) { format!("'{text}") } else { text.to_owned() }
}

pub const fn sex_ja(sex: Sex) -> &'static str {
    match sex {
        Sex::Male => "男",
        Sex::Female => "女",
        Sex::Unknown => "不詳",
    }
}

coded! {
    /// 項目: the columns of a list of people, in the order of the file.
    Field {
        Listed = "listed", "対象";
        Exclusion = "exclusion", "除外理由";
        Reason = "reason", "理由";
        Source = "source", "根拠";
        Number = "number", "宛名番号";
        Name = "name", "氏名";
        Kana = "kana", "カナ";
        Birth = "birth", "生年月日";
        Age = "age", "基準日年齢";
        Sex = "sex", "性別";
        Series = "series", "予防接種";
        Dose = "dose", "接種回";
        From = "from", "期間の初日";
        Until = "until", "期間の末日";
        ValidUntil = "valid_until", "有効期限";
        PostalCode = "postal_code", "郵便番号";
        Address = "address", "宛先";
    }
}

fn cell(field: Field, series: Series, base: Date, row: &TargetRow) -> String {
    let day = |day: Option<Date>| day.map(|day| day.to_string()).unwrap_or_default();
    match field {
        Field::Listed => if row.included { "対象" } else { "除外" }.to_owned(),
        Field::Exclusion => row.exclusion.map_or("", Exclusion::ja).to_owned(),
        Field::Reason => safe(&row.reason_ja),
        Field::Source => safe(&row.reason_source),
        Field::Number => safe(&row.addressee_number),
        Field::Name => safe(&row.name),
        Field::Kana => safe(&row.name_kana),
        Field::Birth => row.birth_date.to_string(),
        Field::Age => age_ja(row.birth_date, base),
        Field::Sex => sex_ja(row.sex).to_owned(),
        Field::Series => series.ja().to_owned(),
        Field::Dose if row.dose == 0 => String::new(),
        Field::Dose => row.dose.to_string(),
        Field::From => day(row.legal_from),
        Field::Until => day(row.legal_until),
        Field::ValidUntil => day(row.valid_until),
        Field::PostalCode => safe(&row.mailing_postal_code),
        Field::Address => {
            safe(&format!("{} {}", row.mailing_address, row.mailing_building)).trim_end().to_owned()
        }
    }
}

/// 抽出結果 with these columns. Never a 個人番号; the address only of those who are sent something.
pub fn targets_csv(
    series: Series,
    base: Date,
    rows: &[TargetRow],
    fields: &[Field],
) -> anyhow::Result<Vec<u8>> {
    let mut csv = writer();
    csv.write_record(fields.iter().map(|field| field.ja()))?;
    for row in rows {
        csv.write_record(fields.iter().map(|field| cell(*field, series, base, row)))?;
    }
    Ok(csv.into_inner()?)
}

#[cfg(test)]
mod tests {
    use super::safe;

    #[test]
    fn no_cell_is_a_formula_and_no_text_is_lost() {
        let texts = [
            "=1+1",
            "+81",
            "-2",
            "@SUM(A1)",
            "\t=1",
            "\r=1",
            "\n=1",
            "＝１",
            "＋１",
            "－１",
            "＠x",
            "'=1",
            "''@",
            "'",
            "",
            "北野 太郎",
            "O'Neil",
        ];
        for text in texts {
            let cell = safe(text);
            assert!(
                !cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']),
                "{text:?}"
            );
            let is_marked = cell.trim_start_matches('\'') != cell && safe(&cell[1..]) == cell;
            assert_eq!(if is_marked { &cell[1..] } else { &cell }, text, "cannot be read back");
        }
    }
}
