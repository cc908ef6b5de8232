//! docs/GLOSSARY.md is true: what it names exists in the sources, and what the sources name in Japanese is in it.

use domain::schedule::{Series, Vaccine};
use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A row of one of the glossary's tables.
struct Row {
    terms: Vec<String>,
    identifiers: Vec<String>,
}

fn rows() -> Vec<Row> {
    let text = fs::read_to_string(root().join("docs/GLOSSARY.md")).expect("the glossary is there");
    let rows: Vec<Row> = text
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| 用語 "))
        .map(|line| {
            let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
            assert_eq!(cells.len(), 4, "a row has term, identifier, source and note: {line}");
            Row {
                terms: cells[0].split('、').map(str::to_owned).collect(),
                identifiers: cells[1].split('`').skip(1).step_by(2).map(str::to_owned).collect(),
            }
        })
        .collect();
    assert!(rows.len() > 100, "the glossary's tables are read");
    rows
}

/// The text of every file with one of these endings under a folder.
fn sources(folder: &Path, endings: &[&str]) -> Vec<String> {
    let mut texts = Vec::new();
    for entry in
        fs::read_dir(folder).expect("the folder is there").map(|entry| entry.expect("it can be read"))
    {
        let path = entry.path();
        if path.is_dir() {
            texts.extend(sources(&path, endings));
        } else if endings.iter().any(|ending| path.extension().is_some_and(|found| found == *ending)) {
            texts.push(fs::read_to_string(&path).expect("sources are UTF-8"));
        }
    }
    texts
}

#[test]
fn every_identifier_of_the_glossary_occurs_in_the_sources() {
    let texts = sources(&root().join("crates"), &["rs", "sql"]);
    let words: HashSet<&str> =
        texts.iter().flat_map(|text| text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')).collect();
    for row in rows() {
        assert!(!row.identifiers.is_empty(), "{:?} names nothing", row.terms);
        for identifier in &row.identifiers {
            for part in identifier.split("::") {
                assert!(
                    words.contains(part),
                    "{:?}: `{part}` occurs nowhere; mend docs/GLOSSARY.md",
                    row.terms
                );
            }
        }
    }
}

#[test]
fn every_japanese_alias_of_domain_and_health_has_a_row() {
    let known: HashSet<String> = rows().into_iter().flat_map(|row| row.terms).collect();
    let mut texts = sources(&root().join("crates/domain/src"), &["rs"]);
    texts.extend(sources(&root().join("crates/health/src"), &["rs"]));
    let mark = "#[doc(alias = \"";
    let aliases =
        texts.iter().flat_map(|text| text.split(mark).skip(1)).filter_map(|rest| rest.split('"').next());
    let missing: HashSet<&str> = aliases.filter(|alias| !known.contains(*alias)).collect();
    assert!(missing.is_empty(), "add to docs/GLOSSARY.md: {missing:?}");
}

#[test]
fn every_series_and_vaccine_has_a_row() {
    let known: HashSet<String> = rows().into_iter().flat_map(|row| row.terms).collect();
    let names =
        Series::ALL.iter().map(|series| series.ja()).chain(Vaccine::ALL.iter().map(|vaccine| vaccine.ja()));
    let missing: Vec<&str> = names.filter(|name| !known.contains(*name)).collect();
    assert!(missing.is_empty(), "add to docs/GLOSSARY.md: {missing:?}");
}
