use std::collections::HashSet;

use town::{Class, Encoding, Reason, WEEKS, Ward};

use crate::{Table, day};

#[test]
fn a_week_brings_every_kind_of_change() {
    let ward = Ward::generate(7, 60_000, day("2026-11-21"));
    let changes = ward.weekly(1);
    for reason in [
        Reason::MoveIn,
        Reason::Birth,
        Reason::MoveWithin,
        Reason::MoveOut,
        Reason::Death,
        Reason::NameChange,
    ] {
        assert!(changes.iter().any(|change| change.person.change == reason), "{reason:?}");
    }
    let per_week = changes.len();
    assert!((100..700).contains(&per_week), "{per_week}");
    for change in &changes {
        let on = change.person.changed_on;
        assert!(on <= day("2026-11-28") && change.person.written_on <= day("2026-11-28"), "{change:?}");
        assert!(change.person.until.is_none_or(|until| until >= change.person.since), "{change:?}");
    }
}

#[test]
fn no_week_contradicts_another() {
    let ward = Ward::generate(3, 5_000, day("2026-11-21"));
    let mut gone = HashSet::new();
    let mut born = HashSet::new();
    for week in 1..=WEEKS {
        let mut rows = HashSet::new();
        for change in ward.weekly(week) {
            let number = change.person.number;
            assert!(rows.insert(number), "one row a person a week");
            assert!(!gone.contains(&number), "who has left or died stays away");
            if change.person.class != Class::Resident {
                gone.insert(number);
            }
            if matches!(change.person.change, Reason::Birth | Reason::MoveIn) {
                assert!(born.insert(number), "nobody comes twice");
            }
        }
    }
    assert!(ward.weekly(0).is_empty() && ward.weekly(WEEKS + 1).is_empty());
}

#[test]
fn the_file_is_a_differential_one_of_its_day() {
    let ward = Ward::generate(3, 2_000, day("2026-11-21"));
    let mut bytes = Vec::new();
    ward.write_weekly(2, &mut bytes, Encoding::Utf8).unwrap();
    let table = Table::read(&bytes);
    assert_eq!(table.control[..5], ["宛名管理情報", "1", "131172", "差分", "2026-12-05"]);
    assert!(!table.rows.is_empty());
}
