//! Lists as CSV: UTF-8 with a mark for spreadsheets, and no cell that a spreadsheet would compute.

use super::{sql::TargetRow, summary::age_ja};
use domain::{
    Date,
    campaign::Exclusion,
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

const HEADER: [&str; 17] = [
    "対象",
    "除外理由",
    "理由",
    "根拠",
    "宛名番号",
    "氏名",
    "カナ",
    "生年月日",
    "基準日年齢",
    "性別",
    "予防接種",
    "接種回",
    "期間の初日",
    "期間の末日",
    "有効期限",
    "郵便番号",
    "宛先",
];

/// 抽出結果. Never a 個人番号; the address only of those who are sent something.
pub fn targets_csv(series: Series, base: Date, rows: &[TargetRow]) -> anyhow::Result<Vec<u8>> {
    let mut csv = writer();
    csv.write_record(HEADER)?;
    let day = |day: Option<Date>| day.map(|day| day.to_string()).unwrap_or_default();
    for row in rows {
        csv.write_record([
            if row.included { "対象" } else { "除外" }.to_owned(),
            row.exclusion.map_or("", Exclusion::ja).to_owned(),
            safe(&row.reason_ja),
            safe(&row.reason_source),
            safe(&row.addressee_number),
            safe(&row.name),
            safe(&row.name_kana),
            row.birth_date.to_string(),
            age_ja(row.birth_date, base),
            sex_ja(row.sex).to_owned(),
            series.ja().to_owned(),
            if row.dose == 0 { String::new() } else { row.dose.to_string() },
            day(row.legal_from),
            day(row.legal_until),
            day(row.valid_until),
            safe(&row.mailing_postal_code),
            safe(&format!("{} {}", row.mailing_address, row.mailing_building)).trim_end().to_owned(),
        ])?;
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
