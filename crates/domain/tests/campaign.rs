//! Who is sent a sheet: every reason, both sides of every edge.

use domain::{
    Date,
    age::plus_days,
    campaign::{
        Addressee, Exclusion, MissingMonth, NEAR_DAYS, NoticeKind, Request, Sending, Standing,
        check_base_date, decide_sending, fiscal_year_ja, missing_months, reach, recheck,
    },
    schedule::{Facts, Japan, Person, Series, SeriesFinding, Settings, Sex, Status},
};

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

const BASE: Date = Date::constant(2026, 11, 23);

fn request() -> Request {
    Request {
        series: Series::Mr1,
        kind: NoticeKind::Questionnaire,
        base_date: BASE,
        dose: None,
        valid_until: None,
    }
}

fn resident() -> Addressee {
    Addressee {
        standing: Standing::Resident,
        resident_from: None,
        resident_until: None,
        birth_date_is_exact: true,
        address_protected: false,
        has_address: true,
        already_sent: false,
    }
}

fn finding(status: Status) -> SeriesFinding {
    SeriesFinding {
        series: Series::Mr1,
        status,
        dose: Some(1),
        legal_from: Some(day("2026-08-09")),
        legal_until: Some(day("2027-08-09")),
        standard_from: None,
        standard_until: None,
        earliest: None,
        latest: None,
        reasons: Vec::new(),
    }
}

fn check(addressee: Addressee, finding: &SeriesFinding, expected: Option<Exclusion>) {
    match decide_sending(&request(), &addressee, finding, || true) {
        Sending::Include { dose, valid_until, .. } => {
            assert_eq!(expected, None);
            assert_eq!((dose, valid_until), (1, day("2027-08-09")));
        }
        Sending::Exclude { why, .. } => assert_eq!(Some(why), expected),
        Sending::NotConcerned => panic!("listed as {expected:?}"),
    }
}

#[test]
fn whoever_is_due_is_sent_the_sheet_unless_the_register_forbids_it() {
    let due = finding(Status::Due);
    check(resident(), &due, None);
    let table = [
        (Addressee { standing: Standing::Dead, ..resident() }, Exclusion::Dead),
        (Addressee { standing: Standing::MovedOut, ..resident() }, Exclusion::MovedOut),
        (Addressee { standing: Standing::Struck, ..resident() }, Exclusion::Struck),
        (Addressee { standing: Standing::Unregistered, ..resident() }, Exclusion::Unregistered),
        (Addressee { resident_until: Some(day("2026-11-22")), ..resident() }, Exclusion::MovedOut),
        (Addressee { resident_from: Some(day("2026-11-24")), ..resident() }, Exclusion::NotYetResident),
        (Addressee { address_protected: true, ..resident() }, Exclusion::Protected),
        (Addressee { birth_date_is_exact: false, ..resident() }, Exclusion::UnknownBirthDate),
        (Addressee { has_address: false, ..resident() }, Exclusion::NoAddress),
        (Addressee { already_sent: true, ..resident() }, Exclusion::AlreadySent),
    ];
    for (addressee, why) in table {
        check(addressee, &due, Some(why));
        assert_eq!(recheck(1, &addressee, &due, BASE), Some(why), "the same before printing");
    }
    // The gravest reason is named: a dead person's protected address is nobody's business.
    check(
        Addressee { standing: Standing::Dead, address_protected: true, ..resident() },
        &due,
        Some(Exclusion::Dead),
    );
    // A resident on the first and on the last day.
    check(Addressee { resident_from: Some(BASE), ..resident() }, &due, None);
    check(Addressee { resident_until: Some(BASE), ..resident() }, &due, None);
}

#[test]
fn who_is_near_is_listed_and_who_is_far_is_not() {
    let not_yet =
        |ahead: i32| SeriesFinding { earliest: Some(plus_days(BASE, ahead)), ..finding(Status::NotYet) };
    let expired =
        |ago: i32| SeriesFinding { legal_until: Some(plus_days(BASE, -ago)), ..finding(Status::Expired) };
    check(resident(), &not_yet(1), Some(Exclusion::NotYet));
    check(resident(), &not_yet(NEAR_DAYS), Some(Exclusion::NotYet));
    check(resident(), &expired(1), Some(Exclusion::Expired));
    check(resident(), &expired(NEAR_DAYS), Some(Exclusion::Expired));
    for far in [not_yet(NEAR_DAYS + 1), expired(NEAR_DAYS + 1), finding(Status::NotTarget)] {
        assert_eq!(decide_sending(&request(), &resident(), &far, || true), Sending::NotConcerned);
    }
    // Whoever is neither due nor here is not listed at all.
    let dead = Addressee { standing: Standing::Dead, ..resident() };
    for status in [Status::NotYet, Status::Complete, Status::Expired, Status::Excluded, Status::NotTarget] {
        let finding = SeriesFinding { earliest: Some(BASE), ..finding(status) };
        assert_eq!(decide_sending(&request(), &dead, &finding, || true), Sending::NotConcerned);
    }
}

#[test]
fn the_vaccinated_and_the_excluded_are_listed_while_they_are_of_age() {
    check(resident(), &finding(Status::Complete), Some(Exclusion::Vaccinated));
    check(resident(), &finding(Status::Excluded), Some(Exclusion::ByRule));
    for status in [Status::Complete, Status::Excluded] {
        assert_eq!(
            decide_sending(&request(), &resident(), &finding(status), || false),
            Sending::NotConcerned
        );
    }
}

#[test]
fn a_dose_that_was_asked_for_is_the_only_one_sent() {
    let second = SeriesFinding { dose: Some(2), ..finding(Status::Due) };
    let asked = Request { dose: Some(1), ..request() };
    let Sending::Exclude { why, .. } = decide_sending(&asked, &resident(), &second, || true) else {
        panic!()
    };
    assert_eq!(why, Exclusion::OtherDose);
    // Before printing, a later dose means that the printed one has been given.
    assert_eq!(recheck(1, &resident(), &second, BASE), Some(Exclusion::Vaccinated));
    assert_eq!(recheck(2, &resident(), &second, BASE), None);
}

#[test]
fn a_sheet_ends_with_the_law_or_with_the_office_if_that_is_earlier() {
    let until = |office: Option<&str>, law: Option<&str>| {
        let request = Request { valid_until: office.map(day), ..request() };
        let finding = SeriesFinding { legal_until: law.map(day), ..finding(Status::Due) };
        match decide_sending(&request, &resident(), &finding, || true) {
            Sending::Include { valid_until, .. } => valid_until,
            Sending::Exclude { .. } | Sending::NotConcerned => panic!("is due"),
        }
    };
    assert_eq!(until(None, Some("2027-08-09")), day("2027-08-09"));
    assert_eq!(until(Some("2027-01-31"), Some("2027-08-09")), day("2027-01-31"));
    assert_eq!(until(Some("2028-01-31"), Some("2027-08-09")), day("2027-08-09"));
    assert_eq!(until(None, None), day("2027-03-31"), "年度末");
}

#[test]
fn what_has_happened_since_the_freeze_keeps_a_sheet_back() {
    let table = [
        (Status::Due, None),
        (Status::Complete, Some(Exclusion::Vaccinated)),
        (Status::Expired, Some(Exclusion::Expired)),
        (Status::NotTarget, Some(Exclusion::Expired)),
        (Status::NotYet, Some(Exclusion::NotYet)),
        (Status::Excluded, Some(Exclusion::ByRule)),
    ];
    for (status, expected) in table {
        assert_eq!(recheck(1, &resident(), &finding(status), BASE), expected, "{status:?}");
    }
}

#[test]
fn a_base_date_lies_in_this_fiscal_year_or_the_next() {
    for (given, taken) in
        [("2026-03-31", false), ("2026-04-01", true), ("2028-03-31", true), ("2028-04-01", false)]
    {
        assert_eq!(check_base_date(day(given), BASE).is_ok(), taken, "{given}");
    }
    let said = check_base_date(day("2025-11-23"), BASE).unwrap_err().to_string();
    assert_eq!(
        said,
        "基準日令和7年11月23日は令和7年度です。今年度（令和8年度）か来年度の日付を入力してください"
    );
}

#[test]
fn fiscal_years_are_called_by_the_era_that_the_office_uses() {
    for (on, name) in [
        ("2026-03-31", "令和7"),
        ("2026-04-01", "令和8"),
        ("2019-04-30", "令和元"),
        ("2020-03-31", "令和元"),
        ("2019-03-31", "平成30"),
        ("1989-04-01", "平成元"),
    ] {
        assert_eq!(fiscal_year_ja(day(on)), name, "{on}");
    }
}

#[test]
fn every_source_owes_each_month_up_to_the_last() {
    let arrivals = |list: &[(&str, &str)]| -> Vec<(String, Date)> {
        list.iter().map(|(source, month)| ((*source).to_owned(), day(month))).collect()
    };
    let missing = |list: &[(&str, &str)], today: &str| -> Vec<(String, String)> {
        missing_months(&arrivals(list), day(today))
            .into_iter()
            .map(|MissingMonth { source, month }| (source, month.to_string()))
            .collect()
    };
    let complete = [("A", "2026-09-01"), ("A", "2026-10-01")];
    assert!(missing(&complete, "2026-11-30").is_empty());
    // On the first of the next month, November is owed.
    assert_eq!(missing(&complete, "2026-12-01"), [("A".to_owned(), "2026-11-01".to_owned())]);
    // A hole in the middle is a missing month too: that is what happened in 2022.
    let hole = [("A", "2026-08-01"), ("A", "2026-10-01"), ("B", "2026-10-01")];
    assert_eq!(missing(&hole, "2026-11-23"), [("A".to_owned(), "2026-09-01".to_owned())]);
    assert!(missing(&[], "2026-11-23").is_empty(), "nobody has ever reported: nothing to compare with");
}

/// The range of birth dates that is read from the tables never hides anyone whom the engine calls due.
#[test]
fn reach_never_hides_anyone_due() {
    let engine = Japan::new(Settings::default());
    for on in ["2026-04-01", "2026-11-23", "2027-03-31", "2027-10-01"].map(day) {
        // Every fifth day of a century; the edges of the law lie a year inside the range.
        for days in (0..38_000).step_by(5) {
            let birth_date = plus_days(on, -days);
            for sex in [Sex::Female, Sex::Male] {
                let person = Person { birth_date, sex, facts: Facts::default() };
                for finding in engine.forecast(&person, &[], on).series {
                    let near = decide_sending(
                        &Request { series: finding.series, base_date: on, ..request() },
                        &resident(),
                        &finding,
                        || false,
                    );
                    if near != Sending::NotConcerned {
                        let days = reach(finding.series, on);
                        assert!(days.contains(birth_date), "{:?} {birth_date} on {on}", finding.series);
                    }
                }
            }
        }
    }
}
