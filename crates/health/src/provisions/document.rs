//! What is provided: the same people, items and records as CSV and on paper.

use crate::{
    campaigns::table::{safe, sex_ja, writer},
    ledger::Resident,
    records::sql::RecordRow,
};
use domain::{leaving::Item, wareki};
use paper::provision::ProvidedPerson;

/// One person of a provision with what is known of them now.
pub struct Provided {
    pub resident: Resident,
    pub records: Vec<RecordRow>,
}

/// The cells of an item. Of somebody under 支援措置 no address, nor what gives the whereabouts away.
fn cells(item: Item, resident: &Resident) -> Vec<(&'static str, String)> {
    match item {
        Item::Number => vec![("宛名番号", resident.addressee_number.clone())],
        Item::Name => {
            vec![("氏名", resident.printed_name().to_owned()), ("カナ", resident.name_kana.clone())]
        }
        Item::Birth if resident.has_exact_birth_date() => {
            vec![("生年月日", resident.birth_date.to_string())]
        }
        Item::Birth => vec![("生年月日", format!("{}年ごろ（不詳）", resident.birth_date.year()))],
        Item::Sex => vec![("性別", sex_ja(resident.sex).to_owned())],
        Item::Address if resident.address_protected => vec![("住所", String::new())],
        Item::Address => {
            let address = format!("{} {}", resident.address, resident.building);
            vec![("住所", address.trim_end().to_owned())]
        }
        // In rows of their own.
        Item::Records => Vec::new(),
    }
}

const RECORD: [&str; 6] = ["接種日", "予防接種", "接種回", "ワクチン", "ロット", "医療機関"];

fn record(row: &RecordRow, resident: &Resident) -> [String; 6] {
    [
        row.vaccinated_on.to_string(),
        row.series.map_or_else(String::new, |series| series.ja().to_owned()),
        if row.dose_number == 0 { String::new() } else { row.dose_number.to_string() },
        row.vaccine.map_or_else(|| row.vaccine_code.clone(), |vaccine| vaccine.ja().to_owned()),
        row.lot_number.clone(),
        // Where a protected person goes to the doctor tells where they live.
        if resident.address_protected { String::new() } else { row.clinic_name.clone() },
    ]
}

fn given(one: &Provided) -> impl Iterator<Item = [String; 6]> {
    one.records
        .iter()
        .filter(|row| row.state == "current" && !row.is_screening_only)
        .map(|row| record(row, &one.resident))
}

/// One line for each record, or for each person where records are not provided.
pub fn csv(people: &[Provided], items: &[Item]) -> anyhow::Result<Vec<u8>> {
    let mut csv = writer();
    let has_records = items.contains(&Item::Records);
    let mut is_headed = false;
    for one in people {
        let about: Vec<(&str, String)> = items.iter().flat_map(|item| cells(*item, &one.resident)).collect();
        if !is_headed {
            let records = RECORD.iter().filter(|_| has_records);
            csv.write_record(about.iter().map(|(label, _)| label).chain(records))?;
            is_headed = true;
        }
        let mut rows: Vec<[String; 6]> = if has_records { given(one).collect() } else { Vec::new() };
        if rows.is_empty() {
            rows.push(Default::default());
        }
        for row in rows {
            let records = row.iter().filter(|_| has_records);
            csv.write_record(
                about.iter().map(|(_, value)| safe(value)).chain(records.map(|text| safe(text))),
            )?;
        }
    }
    Ok(csv.into_inner()?)
}

/// The same for paper: dates in both calendars, and no line for what is not provided.
pub fn on_paper(people: &[Provided], items: &[Item]) -> Vec<ProvidedPerson> {
    people
        .iter()
        .map(|one| ProvidedPerson {
            lines: items
                .iter()
                .flat_map(|item| cells(*item, &one.resident))
                .filter(|(_, value)| !value.is_empty())
                .map(|(label, value)| match value.parse() {
                    Ok(day) if label == "生年月日" => (label, wareki::long(day)),
                    Ok(_) | Err(_) => (label, value),
                })
                .collect(),
            records: items.contains(&Item::Records).then(|| given(one).collect()),
        })
        .collect()
}
