use std::fs;

use town::{Encoding, Order};

use crate::{Table, day};

#[test]
fn one_order_writes_the_whole_ward_into_a_folder() {
    let folder = std::env::temp_dir().join(format!("sesshu-town-order-{}", std::process::id()));
    let order = Order {
        residents: 300,
        seed: 1,
        as_of: day("2026-11-21"),
        folder: folder.clone(),
        encoding: Encoding::Utf8,
        weeks: 2,
    };
    let mut told = 0;
    let files = order.write(|_| told += 1).unwrap();
    let names: Vec<_> = files.iter().map(|file| file.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(
        names,
        [
            "residents.csv",
            "clinics.csv",
            "records.csv",
            "residents-diff-2026-11-28.csv",
            "residents-diff-2026-12-05.csv"
        ]
    );
    assert_eq!(told, names.len());
    for file in &files {
        Table::read(&fs::read(file).unwrap());
    }
    fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let order = Order {
        residents: 10,
        seed: 1,
        as_of: day("2026-11-21"),
        folder: "/dev/null/ward".into(),
        encoding: Encoding::ShiftJis,
        weeks: 0,
    };
    assert_eq!(order.write(|_| {}).unwrap_err().to_string(), "フォルダ /dev/null/ward を作れません");
}
