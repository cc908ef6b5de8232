//! What may leave the office: caps, keys, grounds and last days.

use domain::{
    Date,
    leaving::{
        Basis, ErasureAsk, ExportAsk, ExportList, HandOver, KEPT_DAYS_MAX, Means, PROVIDED_PEOPLE_MAX, Place,
        ProvisionAsk, RecipientKind, TypedKey, erasure_fault, export_faults, hand_over_fault,
        has_mailing_address, is_early_to_erase, is_overdue, provision_faults, taking_fault,
    },
};

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

fn fields<T>(faults: Vec<(&'static str, T)>) -> Vec<&'static str> {
    faults.into_iter().map(|(field, _)| field).collect()
}

const EXPORT: ExportAsk = ExportAsk {
    list: ExportList::People,
    place: Some(Place::Outside),
    key: TypedKey::Readable,
    fields: 3,
    rows: 10,
    due_on: None,
};

#[test]
fn what_goes_outside_is_sealed_for_a_key_and_what_stays_inside_may_be() {
    let today = day("2026-11-23");
    for (place, key, want) in [
        (Some(Place::Office), TypedKey::None, vec![]),
        (Some(Place::Office), TypedKey::Readable, vec![]),
        (Some(Place::Office), TypedKey::Unreadable, vec!["recipient_key"]),
        (Some(Place::Outside), TypedKey::Readable, vec![]),
        (Some(Place::Outside), TypedKey::None, vec!["recipient_key"]),
        (Some(Place::Outside), TypedKey::Unreadable, vec!["recipient_key"]),
        (None, TypedKey::Readable, vec!["place"]),
    ] {
        assert_eq!(
            fields(export_faults(&ExportAsk { place, key, ..EXPORT }, today)),
            want,
            "{place:?} {key:?}"
        );
    }
}

#[test]
fn a_list_has_a_cap_a_field_and_a_last_day() {
    let today = day("2026-11-23");
    let faults = |ask| fields(export_faults(&ask, today));
    for list in ExportList::ALL.iter().copied() {
        let of = |rows| ExportAsk { list, rows, ..EXPORT };
        assert_eq!(faults(of(1)), [""; 0]);
        assert_eq!(faults(of(list.rows_max())), [""; 0]);
        assert_eq!(faults(of(list.rows_max() + 1)), ["list"]);
        assert_eq!(faults(of(0)), ["list"]);
    }
    assert!(ExportList::People.rows_max() < ExportList::Manifest.rows_max(), "names are the smaller list");
    assert_eq!(faults(ExportAsk { fields: 0, ..EXPORT }), ["fields"]);
    assert_eq!(KEPT_DAYS_MAX, 90);
    for (due_on, want) in [
        ("2026-11-22", vec!["due_on"]),
        ("2026-11-23", vec![]),
        ("2027-02-21", vec![]),
        ("2027-02-22", vec!["due_on"]),
    ] {
        assert_eq!(faults(ExportAsk { due_on: Some(day(due_on)), ..EXPORT }), want, "{due_on}");
    }
    let all = ExportAsk { place: None, fields: 0, rows: 0, due_on: Some(day("2020-01-01")), ..EXPORT };
    assert_eq!(faults(all), ["place", "fields", "list", "due_on"], "all at once");
}

#[test]
fn a_report_is_late_from_the_day_after_its_last_day() {
    let due = day("2026-11-23");
    for (today, taken, closed, want) in [
        ("2026-11-22", true, false, false),
        ("2026-11-23", true, false, false),
        ("2026-11-24", true, false, true),
        ("2026-11-24", true, true, false),
        ("2026-11-24", false, false, false),
    ] {
        assert_eq!(is_overdue(due, taken, closed, day(today)), want, "{today} {taken} {closed}");
    }
}

#[test]
fn each_ground_carries_a_provision_to_its_recipients_only() {
    use RecipientKind::{Municipality, Other, Person, Police, Section, Welfare};
    let table: [(Basis, &[RecipientKind]); 7] = [
        (Basis::Consent, &[Section, Municipality, Welfare, Police, Person, Other]),
        (Basis::OwnWork, &[Section]),
        (Basis::PublicBody, &[Municipality, Welfare, Police]),
        (Basis::Interest, &[Municipality, Welfare, Police, Other]),
        (Basis::Investigation, &[Police]),
        (Basis::ChildAbuse, &[Municipality, Welfare]),
        (Basis::ChildCouncil, &[Section, Municipality, Welfare]),
    ];
    assert_eq!(table.len(), Basis::ALL.len());
    for (basis, fits) in table {
        let found: Vec<_> = RecipientKind::ALL.iter().copied().filter(|kind| basis.fits(*kind)).collect();
        assert_eq!(found, fits, "{basis:?}");
        // 番号法 is about numbers, and none leaves this way.
        assert!(
            basis.source().contains("個人情報の保護に関する法律69条") && !basis.source().contains("番号")
        );
    }
}

#[test]
fn what_is_provided_on_a_carrier_or_a_wire_is_sealed_and_paper_is_not() {
    let ask = ProvisionAsk {
        recipient: Some(RecipientKind::Police),
        basis: Some(Basis::Investigation),
        means: Some(Means::Paper),
        key: TypedKey::None,
        items: 2,
        people: 1,
    };
    assert_eq!(fields(provision_faults(&ask)), [""; 0]);
    for means in Means::ALL.iter().copied() {
        for key in [TypedKey::None, TypedKey::Readable, TypedKey::Unreadable] {
            let is_good = (means == Means::Paper) == (key == TypedKey::None) && key != TypedKey::Unreadable;
            let found = fields(provision_faults(&ProvisionAsk { means: Some(means), key, ..ask }));
            assert_eq!(found.is_empty(), is_good, "{means:?} {key:?}");
        }
    }
    let wrong = ProvisionAsk { basis: Some(Basis::OwnWork), ..ask };
    assert_eq!(fields(provision_faults(&wrong)), ["basis"]);
    let many = |people| fields(provision_faults(&ProvisionAsk { people, ..ask }));
    assert_eq!(many(PROVIDED_PEOPLE_MAX), [""; 0]);
    assert_eq!(many(PROVIDED_PEOPLE_MAX + 1), ["people"]);
    let empty = ProvisionAsk { recipient: None, basis: None, means: None, items: 0, ..ask };
    assert_eq!(fields(provision_faults(&empty)), ["recipient_kind", "basis", "means", "items"]);
}

#[test]
fn a_protected_person_is_written_to_only_where_a_mailing_address_is_registered() {
    assert_eq!(hand_over_fault(HandOver::Counter, false), None);
    assert_eq!(hand_over_fault(HandOver::Counter, true), None);
    assert_eq!(hand_over_fault(HandOver::Mailing, true), None);
    assert!(hand_over_fault(HandOver::Mailing, false).is_some());
    for (address, postal_code, reaches) in [
        ("中之島1-1", "530-0005", true),
        ("中之島1-1", "5300005", true),
        ("中之島1-1", "", false),
        ("中之島1-1", "530", false),
        ("", "530-0005", false),
    ] {
        assert_eq!(has_mailing_address(address, postal_code), reaches, "{address} {postal_code}");
    }
}

#[test]
fn print_files_are_erased_once_they_are_finished_and_whoever_asks_early_is_warned_for_thirty_days() {
    let ask = ErasureAsk { is_printed: true, files: 2, is_asked: false };
    assert_eq!(erasure_fault(ask), None);
    for (wrong, says) in [
        (ErasureAsk { is_printed: false, ..ask }, "印刷がまだ"),
        (ErasureAsk { files: 0, ..ask }, "消去できる印刷ファイルがありません"),
        (ErasureAsk { is_asked: true, ..ask }, "すでに申請"),
    ] {
        assert!(erasure_fault(wrong).is_some_and(|sentence| sentence.contains(says)));
    }
    let printed = "2026-11-01".parse().unwrap();
    for (today, is_early) in [("2026-11-30", true), ("2026-12-01", false), ("2026-12-02", false)] {
        assert_eq!(is_early_to_erase(printed, today.parse().unwrap()), is_early, "{today}");
    }
}

#[test]
fn a_file_is_taken_until_its_last_day_and_never_after_it_was_reported_gone() {
    let due_on = "2026-12-01".parse().unwrap();
    for (today, may) in [("2026-11-30", true), ("2026-12-01", true), ("2026-12-02", false)] {
        assert_eq!(taking_fault(due_on, false, today.parse().unwrap()).is_none(), may, "{today}");
        assert!(taking_fault(due_on, true, today.parse().unwrap()).is_some(), "{today}");
    }
}
