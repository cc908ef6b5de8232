use std::collections::{HashMap, HashSet};

use domain::ids::{AddresseeNumber, ClinicCode, LotNumber, PostalCode};
use domain::schedule::Vaccine;
use town::{Encoding, Ward};

use crate::{Table, day};

fn ward(residents: u32) -> Ward {
    Ward::generate(7, residents, day("2026-11-21"))
}

fn residents(ward: &Ward, encoding: Encoding) -> Vec<u8> {
    let mut bytes = Vec::new();
    ward.write_residents(&mut bytes, encoding).expect("memory takes every byte");
    bytes
}

fn records(ward: &Ward) -> Vec<u8> {
    let mut bytes = Vec::new();
    ward.write_records(&mut bytes, Encoding::Utf8).expect("memory takes every byte");
    bytes
}

#[test]
fn the_same_seed_gives_the_same_files_and_another_seed_others() {
    let again = |seed| {
        let ward = Ward::generate(seed, 500, day("2026-11-21"));
        (residents(&ward, Encoding::Utf8), records(&ward))
    };
    assert_eq!(again(1), again(1));
    assert_ne!(again(1), again(2));
}

#[test]
fn headers_are_those_of_the_documented_examples() {
    let ward = ward(100);
    let mut clinics = Vec::new();
    ward.write_clinics(&mut clinics, Encoding::Utf8).unwrap();
    for (ours, example) in [
        (
            residents(&ward, Encoding::Utf8),
            include_bytes!("../../../docs/formats/example-residents.csv").as_slice(),
        ),
        (records(&ward), include_bytes!("../../../docs/formats/example-records.csv")),
        (clinics, include_bytes!("../../../docs/formats/example-clinics.csv")),
    ] {
        let (ours, example) = (Table::read(&ours), Table::read(example));
        assert_eq!(ours.header, example.header);
        assert_eq!(ours.control[..4], example.control[..4]);
        assert!(!ours.header.iter().any(|name| name.contains("個人番号")));
    }
}

#[test]
fn the_register_holds_together() {
    let table = Table::read(&residents(&ward(20_000), Encoding::Utf8));
    let get = |row, column| table.get(row, column);
    let by_number: HashMap<&str, &Vec<String>> =
        table.rows.iter().map(|row| (get(row, "宛名番号"), row)).collect();
    assert_eq!(by_number.len(), 20_000, "one row a person");
    for row in &table.rows {
        AddresseeNumber::parse(get(row, "宛名番号")).unwrap();
        PostalCode::parse(get(row, "郵便番号")).unwrap();
        let (birth, since) = (day(get(row, "生年月日")), day(get(row, "住民になった日")));
        assert!(birth <= since && since <= day("2026-11-21"), "{row:?}");
        assert!(day(get(row, "更新年月日")) <= day("2026-11-21"));
        let gone = matches!(get(row, "住民区分"), "2" | "3" | "4");
        assert_eq!(gone, !get(row, "住民でなくなった日").is_empty());
        assert!(!gone || since <= day(get(row, "住民でなくなった日")));
        let head = by_number[get(row, "世帯主宛名番号")];
        assert_eq!(get(head, "世帯番号"), get(row, "世帯番号"));
        assert_eq!(get(row, "外国人判定").is_empty(), get(row, "国籍・地域").is_empty());
    }
}

#[test]
fn the_ward_has_the_people_that_break_systems() {
    let table = Table::read(&residents(&ward(20_000), Encoding::Utf8));
    let share = |wanted: &dyn Fn(&[String]) -> bool| table.count(wanted) as f64 / 20_000.0;
    for (what, from, until, found) in [
        ("foreigners", 0.06, 0.10, share(&|row| table.get(row, "外国人判定") == "1")),
        ("protected", 0.0005, 0.003, share(&|row| table.get(row, "DV区分") == "1")),
        ("moved out", 0.01, 0.05, share(&|row| table.get(row, "住民区分") == "2")),
        ("dead", 0.004, 0.02, share(&|row| table.get(row, "住民区分") == "3")),
        ("welfare", 0.008, 0.04, share(&|row| table.get(row, "生保開廃区分") == "1")),
        ("returned", 0.002, 0.02, share(&|row| table.get(row, "異動事由") == "11")),
        ("mail elsewhere", 0.002, 0.02, share(&|row| !table.get(row, "送付先名").is_empty())),
        ("children under 15", 0.09, 0.14, share(&|row| table.get(row, "生年月日") > "2011-11-21")),
        ("65 and older", 0.20, 0.28, share(&|row| table.get(row, "生年月日") <= "1961-11-22")),
    ] {
        assert!((from..until).contains(&found), "{what}: {found}");
    }
    for part in ["髙", "﨑", "𠮷", "\u{E0100}", "邉", "NGUYEN", "O'BRIEN"] {
        assert!(table.count(|row| table.get(row, "漢字氏名").contains(part)) > 0, "{part}");
    }
    assert!(table.count(|row| !table.get(row, "生年月日不詳区分").is_empty()) > 0);
    assert!(table.count(|row| !table.get(row, "通称").is_empty()) > 0);
    let mut seen = HashSet::new();
    let twins = table
        .rows
        .iter()
        .filter(|row| !seen.insert((table.get(row, "世帯番号"), table.get(row, "生年月日"))));
    assert!(twins.count() > 0);
}

#[test]
fn shift_jis_says_geta_where_a_character_is_missing() {
    let bytes = residents(&ward(20_000), Encoding::ShiftJis);
    let (text, _, broken) = encoding_rs::SHIFT_JIS.decode(&bytes);
    assert!(!broken);
    let table = Table::read(text.as_bytes());
    let utf8 = Table::read(&residents(&ward(20_000), Encoding::Utf8));
    for (poor, rich) in table.rows.iter().zip(&utf8.rows) {
        let expected: String =
            table.get(rich, "漢字氏名").replace('𠮷', "〓").replace(['\u{E0100}', '\u{E0101}'], "");
        assert_eq!(table.get(poor, "漢字氏名"), expected);
    }
    assert!(table.count(|row| table.get(row, "漢字氏名").contains('〓')) > 0);
    assert!(table.count(|row| table.get(row, "漢字氏名").contains('髙')) > 0, "CP932 has 髙");
}

#[test]
fn records_can_be_read_by_the_types_of_the_house() {
    let ward = ward(5_000);
    let table = Table::read(&records(&ward));
    let get = |row, column| table.get(row, column);
    let mut row_numbers = HashSet::new();
    for row in &table.rows {
        assert!(row_numbers.insert(get(row, "送付元行番号")));
        assert!(Vaccine::from_code(get(row, "接種コード")).is_some(), "{row:?}");
        let on = day(get(row, "接種日"));
        assert!(on <= day("2026-10-31"), "the month is not handed in yet: {row:?}");
        assert!(get(row, "接種判定") == "2" || LotNumber::parse(get(row, "ロット番号")).is_ok());
        let sender = get(row, "送付元");
        assert!(
            ClinicCode::parse(sender).is_ok() || domain::ids::MunicipalityCode::parse(sender).is_ok(),
            "{sender}"
        );
    }
    let share = |wanted: &dyn Fn(&[String]) -> bool| table.count(wanted) as f64 / table.rows.len() as f64;
    assert!((0.003..0.03).contains(&share(&|row| table.get(row, "宛名番号").is_empty())));
    assert!((0.0005..0.01).contains(&share(&|row| table.get(row, "接種判定") == "2")));
}

#[test]
fn coverage_is_that_of_a_ward() {
    let ward = ward(60_000);
    let mut cohort = 0;
    let mut with = HashMap::new();
    for person in
        ward.residents.iter().filter(|p| p.birth >= day("2018-04-02") && p.birth <= day("2020-04-01"))
    {
        cohort += 1;
        let doses = ward.doses(person);
        for (name, found) in [
            ("MR1", doses.iter().any(|dose| dose.vaccine == Vaccine::Mr && dose.on < day("2022-04-02"))),
            ("MR2", doses.iter().any(|dose| dose.vaccine == Vaccine::Mr && dose.on >= day("2023-04-01"))),
            ("BCG", doses.iter().any(|dose| dose.vaccine == Vaccine::Bcg)),
        ] {
            *with.entry(name).or_insert(0) += i32::from(found);
        }
    }
    for (name, from, until) in [("MR1", 85, 97), ("MR2", 80, 94), ("BCG", 85, 98)] {
        let percent = with[name] * 100 / cohort;
        assert!((from..=until).contains(&percent), "{name}: {percent} % of {cohort}");
    }
}
