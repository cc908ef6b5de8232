//! Two programmes told a second time, slowly and by other means: day by day, with no table and no interpreter.

use super::cases::date;
use domain::Date;
use domain::schedule::*;
use proptest::prelude::*;

/// The day the n-th month of life ends, by walking: the corresponding day's eve, or the month's last day.
fn months_end(birth: Date, months: i32) -> Date {
    let (mut year, mut month) = (birth.year(), birth.month());
    for _ in 0..months {
        (year, month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
    }
    match Date::new(year, month, birth.day()) {
        Ok(day) => day.yesterday().unwrap(),
        Err(_) => Date::new(year, month, 1).unwrap().last_of_month(),
    }
}

/// Whole days strictly between two days.
fn days_between(one: Date, other: Date) -> i64 {
    i64::from((other - one).get_days()) - 1
}

/// At least n whole months lie behind.
fn months_have_passed(from: Date, months: i32, on: Date) -> bool {
    on > months_end(from, months)
}

#[derive(Clone, Copy)]
struct Had {
    on: Date,
    counts: bool,
}

/// 小児用肺炎球菌 (予防接種実施規則18条) in plain words: may a dose be given on the day, and does it count?
fn pcv(birth: Date, had: &[Had], on: Date) -> (bool, bool) {
    let counted: Vec<Date> = had.iter().filter(|dose| dose.counts).map(|dose| dose.on).collect();
    if had.iter().any(|dose| dose.on == on) {
        return (false, false);
    }
    let age = |months| months_end(birth, months);
    let in_window = age(2) <= on && on <= age(60) && on >= date("2013-04-01");
    let Some(first) = counted.first().copied() else { return (in_window, true) };
    let gap = |days| had.last().is_none_or(|dose| days_between(dose.on, on) >= days);
    let as_booster = |needs_age: bool| {
        let old_enough = !needs_age || on >= age(12);
        (in_window && gap(60) && old_enough, gap(60) && old_enough)
    };
    let as_primary = || (in_window && gap(27), gap(27));
    let done = counted.len();
    if first <= age(7) {
        let second_late = done >= 2 && counted[1] > age(12);
        // A booster was given when a dose came at a time for which no primary was left.
        let boosted = done == 4
            || done >= 2
                && counted[1..]
                    .iter()
                    .enumerate()
                    .any(|(at, day)| *day > age(24) || (at >= 1 && second_late));
        match done {
            _ if boosted => (false, false),
            1 if on <= age(24) => as_primary(),
            2 if on <= age(24) && !second_late => as_primary(),
            _ => as_booster(true),
        }
    } else if first <= age(12) {
        let boosted = done == 3 || done == 2 && counted[1] > age(24);
        match done {
            _ if boosted => (false, false),
            1 if on <= age(24) => as_primary(),
            _ => as_booster(true),
        }
    } else if first <= age(24) && done == 1 {
        as_booster(false)
    } else {
        (false, false)
    }
}

/// 9価HPV (予防接種実施規則19条) in plain words, for a girl who has had no other product.
fn hpv(birth: Date, had: &[Had], on: Date) -> (bool, bool) {
    let counted: Vec<Date> = had.iter().filter(|dose| dose.counts).map(|dose| dose.on).collect();
    if had.iter().any(|dose| dose.on == on) {
        return (false, false);
    }
    let year_of = |age: i32| {
        let day = months_end(birth, age * 12);
        if day.month() >= 4 { day.year() } else { day.year() - 1 }
    };
    let in_window =
        date(&format!("{}-04-01", year_of(12))) <= on && on <= date(&format!("{}-03-31", year_of(16) + 1));
    let gap = |months| had.last().is_none_or(|dose| months_have_passed(dose.on, months, on));
    match counted[..] {
        [] => (in_window, true),
        [_] => (in_window && gap(1), gap(1)),
        [first, second] => {
            let enough = first <= months_end(birth, 180) && months_have_passed(first, 5, second);
            if enough { (false, false) } else { (in_window && gap(3), gap(3)) }
        }
        _ => (false, false),
    }
}

type Twin = fn(Date, &[Had], Date) -> (bool, bool);

/// Walks one history through the engine and through the twin.
fn agree(birth: Date, vaccine: Vaccine, twin: Twin, days: &[Date]) -> Result<(), TestCaseError> {
    let person = Person { birth_date: birth, sex: Sex::Female, facts: Facts::default() };
    let doses: Vec<GivenDose> = days.iter().map(|day| GivenDose::new(*day, vaccine)).collect();
    let forecast = Japan::new(Settings::default()).forecast(&person, &doses, date("2060-01-01"));
    let mut had: Vec<Had> = Vec::new();
    for verdict in &forecast.doses {
        let on = days[verdict.given];
        let (is_teiki, counts) = twin(birth, &had, on);
        prop_assert_eq!(
            (verdict.is_teiki, verdict.valid_for_series),
            (is_teiki, counts),
            "born {} on {} after {:?}: {:?}",
            birth,
            on,
            days,
            verdict.reasons
        );
        if !had.iter().any(|dose| dose.on == on) {
            had.push(Had { on, counts });
        }
    }
    Ok(())
}

/// Steps that lie near the rules' edges more often than chance would.
fn steps(edges: &'static [i32]) -> impl Strategy<Value = i32> {
    prop_oneof![
        2 => (0..edges.len(), -2..3_i32).prop_map(move |(at, off)| (edges[at] + off).max(0)),
        1 => 0..700_i32,
    ]
}

fn history(birth: Date, start: i32, steps: &[i32]) -> Vec<Date> {
    let mut day = domain::age::plus_days(birth, start);
    let mut days = vec![day];
    for step in steps {
        day = domain::age::plus_days(day, *step);
        days.push(day);
    }
    days
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6_000, rng_seed: proptest::test_runner::RngSeed::Fixed(20_261_123), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn children_pneumococcal_agrees_with_its_twin(
        birth in 0..2_000_i32,
        start in steps(&[61, 213, 365, 730, 1826]),
        gaps in proptest::collection::vec(steps(&[28, 61, 150, 300]), 0..6),
    ) {
        // PCV20 is in force throughout: born since 2024-10.
        let birth = domain::age::plus_days(date("2024-10-01"), birth);
        let days: Vec<Date> = history(birth, start.max(61), &gaps);
        prop_assume!(days[0] >= months_end(birth, 2));
        agree(birth, Vaccine::Pcv20, pcv, &days)?;
    }

    #[test]
    fn nine_valent_hpv_agrees_with_its_twin(
        birth in 0..4_000_i32,
        start in 4_200..6_300_i32,
        gaps in proptest::collection::vec(steps(&[30, 91, 152, 183]), 0..5),
    ) {
        let birth = domain::age::plus_days(date("2012-04-02"), birth);
        let days: Vec<Date> = history(birth, start, &gaps);
        agree(birth, Vaccine::Hpv9, hpv, &days)?;
    }
}
