//! Each rule on both sides of its edge: the day before, the day, the last day, the day after.

use super::cases::{date, dose, facts};
use domain::Date;
use domain::age::plus_days;
use domain::schedule::*;

const TABLE: &str = include_str!("../cases/edges.tsv");

fn verdict(person: &Person, others: &[GivenDose], vaccine: &str, on: Date) -> DoseVerdict {
    let candidate = dose(&format!("{on}:{vaccine}"));
    Japan::new(Settings::default()).check(person, others, &candidate)
}

fn must_be_teiki(broken: &mut Vec<String>, line: &str, on: Date, verdict: &DoseVerdict) {
    if !verdict.is_teiki {
        broken.push(format!("{on} should be 定期: {:?}\n    {line}", codes(verdict)));
    }
}

fn must_break(broken: &mut Vec<String>, line: &str, on: Date, verdict: &DoseVerdict, code: &str) {
    if verdict.is_teiki || !codes(verdict).contains(&code) {
        broken.push(format!(
            "{on} should break {code}: teiki {} {:?}\n    {line}",
            verdict.is_teiki,
            codes(verdict)
        ));
    }
}

fn codes(verdict: &DoseVerdict) -> Vec<&'static str> {
    verdict.reasons.iter().map(|reason| reason.code).collect()
}

#[test]
fn every_rule_holds_on_both_sides_of_its_edge() {
    let mut broken = Vec::new();
    let mut rows = 0;
    for line in TABLE.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        rows += 1;
        let fields: Vec<&str> = line.split('\t').collect();
        let [_, birth, sex, known, others, vaccine, from, before, until, after] = fields[..] else {
            panic!("fields: {line}")
        };
        let sex = if sex == "M" { Sex::Male } else { Sex::Female };
        let person = Person { birth_date: date(birth), sex, facts: facts(known) };
        let others: Vec<GivenDose> =
            others.split_whitespace().filter(|dose| *dose != "-").map(dose).collect();
        let (from, until) = (date(from), date(until));
        let judge = |on| verdict(&person, &others, vaccine, on);
        if before != "-" {
            let eve = plus_days(from, -1);
            must_break(&mut broken, line, eve, &judge(eve), before);
        }
        must_be_teiki(&mut broken, line, from, &judge(from));
        must_be_teiki(&mut broken, line, until, &judge(until));
        if after != "-" {
            let morrow = plus_days(until, 1);
            must_break(&mut broken, line, morrow, &judge(morrow), after);
        }
    }
    assert!(rows > 100, "{rows} rows");
    assert!(broken.is_empty(), "{} broken:\n{}", broken.len(), broken.join("\n"));
}

/// The counter sees every broken rule at once, not the first.
#[test]
fn all_broken_rules_are_reported_together() {
    let person = Person { birth_date: date("2025-09-10"), sex: Sex::Female, facts: facts("-") };
    let others = [dose("2026-10-20:MR"), dose("2026-10-25:VAR")];
    let verdict = verdict(&person, &others, "VAR@25!2026-11-01", date("2026-11-05"));
    for code in ["E_VOLUME", "E_LOT_EXPIRED", "E_INTERVAL", "E_LIVE_INTERVAL"] {
        assert!(codes(&verdict).contains(&code), "{code} is missing: {:?}", codes(&verdict));
    }
}

#[test]
fn doubles_and_doses_beyond_the_course_are_not_needed() {
    let person = Person { birth_date: date("2024-11-24"), sex: Sex::Female, facts: facts("-") };
    let once = [dose("2025-12-01:MR")];
    assert!(codes(&verdict(&person, &once, "MR", date("2025-12-01"))).contains(&"E_DUP_DAY"));
    let later = verdict(&person, &once, "MR", date("2026-06-01"));
    assert!(codes(&later).contains(&"E_EXCESS"));
    assert_eq!((later.is_teiki, later.valid_for_series, later.dose), (false, false, 0));
    let elder = Person { birth_date: date("1950-11-24"), sex: Sex::Female, facts: facts("-") };
    let flu = [dose("2026-10-20:FLU")];
    assert!(codes(&verdict(&elder, &flu, "FLU", date("2026-12-20"))).contains(&"E_EXCESS"));
    assert!(verdict(&elder, &[dose("2025-10-20:FLU")], "FLU", date("2026-12-20")).is_teiki);
}

#[test]
fn products_that_do_not_continue_each_other_are_noticed() {
    let baby = Person { birth_date: date("2026-05-10"), sex: Sex::Female, facts: facts("-") };
    let rota = verdict(&baby, &[dose("2026-07-10:ROTA1")], "ROTA5", date("2026-08-10"));
    assert!(rota.is_teiki && codes(&rota).contains(&"E_MIXED_PRODUCT"));
    let elder = Person { birth_date: date("1961-06-01"), sex: Sex::Female, facts: facts("-") };
    let zoster = verdict(&elder, &[dose("2026-05-10:ZOSTERREC")], "ZOSTERLIVE", date("2026-08-10"));
    assert!(!zoster.is_teiki && codes(&zoster).contains(&"E_MIXED_PRODUCT"));
}

#[test]
fn the_excluded_stay_excluded() {
    let had = Person { birth_date: date("2025-02-01"), sex: Sex::Female, facts: facts("had=varicella") };
    assert!(codes(&verdict(&had, &[], "VAR", date("2026-03-01"))).contains(&"E_EXCLUDED"));
    let carrier =
        Person { birth_date: date("2026-05-10"), sex: Sex::Female, facts: facts("hbv_prophylaxis") };
    assert!(codes(&verdict(&carrier, &[], "HEPB", date("2026-07-10"))).contains(&"E_EXCLUDED"));
    let boy = Person { birth_date: date("2012-01-15"), sex: Sex::Male, facts: facts("-") };
    assert!(codes(&verdict(&boy, &[], "HPV9", date("2026-04-10"))).contains(&"E_SEX"));
    let immune =
        Person { birth_date: date("1970-06-01"), sex: Sex::Male, facts: facts("rubella_immune=2024-01-10") };
    assert!(!verdict(&immune, &[], "MR", date("2024-02-10")).is_teiki);
}

#[test]
fn a_municipality_chooses_how_checks_weigh() {
    let person = Person { birth_date: date("2025-09-10"), sex: Sex::Female, facts: facts("-") };
    let others = [dose("2026-11-01:MR")];
    let settings = Settings {
        severities: vec![("E_LIVE_INTERVAL", Severity::Warning)],
        switched_off: vec!["W_STD"],
        ..Settings::default()
    };
    let verdict = Japan::new(settings).check(&person, &others, &dose("2026-11-28:VAR"));
    let reason = verdict.reasons.iter().find(|reason| reason.code == "E_LIVE_INTERVAL").unwrap();
    assert_eq!(reason.severity, Severity::Warning);
    assert!(!verdict.is_teiki, "what is 定期 is not the municipality's to choose");
}

#[test]
fn a_municipality_may_start_adults_on_the_birthday() {
    let person = Person { birth_date: date("1961-11-24"), sex: Sex::Female, facts: facts("-") };
    let settings = Settings { adult_start: AdultStart::Birthday, ..Settings::default() };
    let japan = Japan::new(settings);
    let on =
        |day: &str, series: Series| japan.forecast(&person, &[], date(day)).series[series as usize].status;
    for series in [Series::Flu, Series::Covid, Series::Ppv] {
        assert_eq!(on("2026-11-23", series), Status::NotYet, "{series:?}");
        assert_eq!(on("2026-11-24", series), Status::Due, "{series:?}");
    }
}

#[test]
fn a_municipality_announces_its_influenza_season() {
    let person = Person { birth_date: date("1950-11-24"), sex: Sex::Female, facts: facts("-") };
    let season = SeasonDays { from: (10, 15), until: (12, 31) };
    let japan = Japan::new(Settings { influenza: season, ..Settings::default() });
    let finding = |day: &str| japan.forecast(&person, &[], date(day)).series[Series::Flu as usize].clone();
    assert_eq!(finding("2026-10-14").status, Status::NotYet);
    assert_eq!(finding("2026-10-15").status, Status::Due);
    assert_eq!(finding("2026-12-31").status, Status::Due);
    assert_eq!(finding("2027-01-01").earliest, Some(date("2027-10-15")));
}
