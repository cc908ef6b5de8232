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

/// A cell that begins like a formula is read as text: names come from outside.
pub fn safe(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
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
            row.reason_source.clone(),
            row.addressee_number.clone(),
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
            row.mailing_postal_code.clone(),
            safe(&format!("{} {}", row.mailing_address, row.mailing_building)).trim_end().to_owned(),
        ])?;
    }
    Ok(csv.into_inner()?)
}
