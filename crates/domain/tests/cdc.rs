//! CDSi's mechanics on a small pack of our own, each rule on both sides of its edge. (CDC's public data and cases are
//! tested where its XML is read.)

use domain::Date;
use domain::age::{Days, plus_days};
use domain::schedule::Sex;
use domain::schedule::cdc::data::*;
use domain::schedule::cdc::{
    Cdc, Dose, DoseStatus, GroupForecast, Pack, Patient, Reason, Scratch, SeriesStatus, parse_span,
};
use domain::schedule::interpreter::{IntervalRule, ProductSet, Since};
use std::cmp::Ordering;

const BIRTH: Date = Date::constant(2024, 1, 31);
const A: VaccineIndex = 0;
const B: VaccineIndex = 1;

/// A pack of one antigen with vaccines A and B; its series are given as lists of target doses.
struct Small(Pack);

impl Small {
    fn new() -> Small {
        let vaccine = |cvx| Vaccine {
            associations: vec![Association { antigen: 0, age: AgeRange::default() }],
            ..Vaccine::new(cvx, "")
        };
        Small(Pack {
            vaccines: vec![vaccine("01"), vaccine("02")],
            antigens: vec![Antigen { name: "X".to_owned(), ..Antigen::default() }],
            groups: vec![Group { name: "X".to_owned(), antigens: vec![0], full: false }],
            ..Pack::default()
        })
    }

    fn age(&mut self, text: &str) -> Option<AgeIndex> {
        self.0.ages.push(parse_span(text).expect("a length"));
        Some((self.0.ages.len() - 1) as AgeIndex)
    }

    /// A target dose with an absolute minimum and a minimum age.
    fn dose(&mut self, absolute_min: &str, min: &str) -> SeriesDose {
        let ages = Ages {
            absolute_min: self.age(absolute_min),
            min: self.age(min),
            recommended_from: None,
            recommended_until: None,
            max: None,
            in_force: Days::ALWAYS,
        };
        SeriesDose { ages: vec![ages], ..SeriesDose::new(false) }
    }

    fn series(mut self, doses: Vec<SeriesDose>) -> Cdc {
        self.push(doses, true, 1);
        Cdc::new(self.0)
    }

    fn push(&mut self, doses: Vec<SeriesDose>, is_default: bool, preference: u8) {
        self.0.antigens[0].series.push(Series {
            name: format!("series {preference}"),
            kind: SeriesKind::Standard,
            sexes: Vec::new(),
            indications: Vec::new(),
            is_default,
            is_product: false,
            group_name: "Standard".to_owned(),
            group: 1,
            equivalents: 0,
            priority: 0,
            preference,
            start_from: None,
            start_until: None,
            doses,
        });
    }
}

fn after(absolute_min: &str, min: &str) -> Interval {
    Interval {
        reference: Reference::Series,
        rule: IntervalRule {
            absolute_min: Some(parse_span(absolute_min).expect("a length")),
            ..IntervalRule::at_least(Since::PreviousDose, parse_span(min).expect("a length"))
        },
        overrides: false,
    }
}

fn skip(context: SkipContext, condition: Condition) -> Skip {
    let set = SkipSet { in_force: Days::ALWAYS, all_conditions: false, conditions: vec![condition] };
    Skip { context, all_sets: false, sets: vec![set] }
}

fn count(valid_only: bool, compare: Ordering, than: u16) -> Condition {
    Condition::Count(Count {
        age: AgeRange::default(),
        from: Date::MIN,
        until: Date::MAX,
        vaccines: None,
        valid_only,
        compare,
        than,
    })
}

/// The verdicts on doses given so many days after birth, and the forecast on the day of the last (or of birth).
fn ask(cdc: &Cdc, given: &[(VaccineIndex, i32)]) -> (Vec<(DoseStatus, Vec<Reason>)>, GroupForecast) {
    let doses: Vec<Dose> = given
        .iter()
        .map(|(vaccine, days)| Dose {
            on: plus_days(BIRTH, *days),
            vaccine: *vaccine,
            maker: None,
            substandard: false,
        })
        .collect();
    let patient = Patient {
        birth_date: BIRTH,
        sex: Sex::Female,
        birth_country: None,
        observations: &[],
        doses: &doses,
    };
    let as_of = doses.iter().map(|dose| dose.on).max().unwrap_or(BIRTH);
    let mut scratch = Scratch::default();
    cdc.forecast(&patient, as_of, &mut scratch);
    let verdicts = scratch.doses.iter().map(|answer| (answer.status, answer.reasons.iter().collect()));
    (verdicts.collect(), scratch.groups[0])
}

fn last(cdc: &Cdc, given: &[(VaccineIndex, i32)]) -> (DoseStatus, Vec<Reason>) {
    ask(cdc, given).0.pop().expect("a dose")
}

fn valid() -> (DoseStatus, Vec<Reason>) {
    (DoseStatus::Valid, Vec::new())
}

#[test]
fn the_absolute_minimum_age_is_the_first_valid_day() {
    let mut small = Small::new();
    let dose = small.dose("6 weeks - 4 days", "6 weeks");
    let cdc = small.series(vec![dose]);
    assert_eq!(last(&cdc, &[(A, 37)]), (DoseStatus::NotValid, vec![Reason::TooYoung]));
    assert_eq!(last(&cdc, &[(A, 38)]), valid());
    assert_eq!(last(&cdc, &[(A, 39)]), valid());
    // The forecast asks for the minimum, not for the grace.
    assert_eq!(ask(&cdc, &[]).1.dates.map(|dates| dates.earliest), Some(plus_days(BIRTH, 42)));
}

#[test]
fn the_maximum_age_itself_is_too_old_and_ends_the_forecast() {
    let mut small = Small::new();
    let mut dose = small.dose("0 days", "0 days");
    dose.ages[0].max = small.age("12 months");
    let cdc = small.series(vec![dose]);
    let year = 366;
    assert_eq!(last(&cdc, &[(A, year - 1)]), valid());
    assert_eq!(last(&cdc, &[(A, year)]), (DoseStatus::Extraneous, vec![Reason::TooOld]));
    assert_eq!(ask(&cdc, &[(A, year)]).1.status, SeriesStatus::AgedOut);
}

#[test]
fn an_interval_counts_from_the_dose_before_also_if_that_was_not_valid_but_not_from_an_inadvertent_one() {
    let mut small = Small::new();
    let first = small.dose("42 days", "42 days");
    let second = SeriesDose { intervals: vec![after("24 days", "28 days")], ..SeriesDose::new(false) };
    let mut repeated = first.clone();
    repeated.intervals = vec![after("24 days", "28 days")];
    repeated.inadvertent = ProductSet::NONE.with(B);
    let cdc = small.series(vec![repeated, second]);
    assert_eq!(last(&cdc, &[(A, 50), (A, 73)]), (DoseStatus::NotValid, vec![Reason::TooSoon]));
    assert_eq!(last(&cdc, &[(A, 50), (A, 74)]), valid());
    // Too young on day 30; day 53 is too soon after it, day 54 is not.
    assert_eq!(last(&cdc, &[(A, 30), (A, 53)]), (DoseStatus::NotValid, vec![Reason::TooSoon]));
    assert_eq!(last(&cdc, &[(A, 30), (A, 54)]), valid());
    assert_eq!(last(&cdc, &[(B, 50)]), (DoseStatus::NotValid, vec![Reason::Inadvertent]));
    assert_eq!(last(&cdc, &[(B, 50), (A, 51)]), valid());
}

#[test]
fn an_allowable_interval_saves_a_dose_that_the_preferable_one_refuses() {
    let small = Small::new();
    let mut second = SeriesDose { intervals: vec![after("6 months", "6 months")], ..SeriesDose::new(false) };
    let strict = Small::new().series(vec![SeriesDose::new(false), second.clone()]);
    second.allowable_intervals = vec![after("4 months", "4 months")];
    let cdc = small.series(vec![SeriesDose::new(false), second]);
    // 31 January + 4 months is 31 May, day 121.
    assert_eq!(last(&strict, &[(A, 0), (A, 121)]), (DoseStatus::NotValid, vec![Reason::TooSoon]));
    assert_eq!(last(&cdc, &[(A, 0), (A, 120)]), (DoseStatus::NotValid, vec![Reason::TooSoon]));
    assert_eq!(last(&cdc, &[(A, 0), (A, 121)]), valid());
}

#[test]
fn an_old_dose_is_judged_by_the_interval_of_its_own_day() {
    let change = plus_days(BIRTH, 100);
    let mut before = after("20 days", "20 days");
    before.rule.in_force = Days::new(Date::MIN, plus_days(change, -1));
    let mut since = after("40 days", "40 days");
    since.rule.in_force = Days::new(change, Date::MAX);
    let second = SeriesDose { intervals: vec![before, since], ..SeriesDose::new(false) };
    let cdc = Small::new().series(vec![SeriesDose::new(false), second]);
    assert_eq!(last(&cdc, &[(A, 70), (A, 99)]), valid());
    assert_eq!(last(&cdc, &[(A, 70), (A, 100)]), (DoseStatus::NotValid, vec![Reason::TooSoon]));
}

#[test]
fn a_conflict_ends_later_where_the_earlier_dose_was_not_valid() {
    let mut small = Small::new();
    let length = |text| parse_span(text).expect("a length");
    small.0.vaccines[usize::from(A)].conflicts = vec![Conflict {
        previous: B,
        begin: length("1 day"),
        end_min: length("24 days"),
        end: length("28 days"),
    }];
    small.0.vaccines[usize::from(A)].conflicting = ProductSet::NONE.with(B);
    let dose = small.dose("10 days", "10 days");
    let cdc = small.series(vec![dose, SeriesDose::new(false)]);
    assert_eq!(last(&cdc, &[(B, 20), (A, 20)]), valid(), "the same day");
    assert_eq!(last(&cdc, &[(B, 20), (A, 21)]), (DoseStatus::NotValid, vec![Reason::Conflict]));
    assert_eq!(last(&cdc, &[(B, 20), (A, 43)]), (DoseStatus::NotValid, vec![Reason::Conflict]));
    assert_eq!(last(&cdc, &[(B, 20), (A, 44)]), valid());
    assert_eq!(last(&cdc, &[(B, 9), (A, 36)]), (DoseStatus::NotValid, vec![Reason::Conflict]));
    assert_eq!(last(&cdc, &[(B, 9), (A, 37)]), valid());
}

#[test]
fn no_list_of_vaccines_means_any_and_a_list_means_only_those_at_their_ages() {
    assert_eq!(last(&Small::new().series(vec![SeriesDose::new(false)]), &[(B, 0)]), valid());
    let mut small = Small::new();
    let from = small.age("10 days");
    let mut dose = SeriesDose::new(false);
    dose.preferable =
        vec![DoseVaccine { vaccine: A, age: AgeRange { from, until: None }, maker: None, recommended: true }];
    dose.preferable_set = ProductSet::NONE.with(A);
    let cdc = small.series(vec![dose]);
    assert_eq!(last(&cdc, &[(A, 9)]), (DoseStatus::NotValid, vec![Reason::Vaccine]));
    assert_eq!(last(&cdc, &[(A, 10)]), valid());
    assert_eq!(last(&cdc, &[(B, 10)]), (DoseStatus::NotValid, vec![Reason::Vaccine]));
}

#[test]
fn the_dose_under_evaluation_does_not_count_among_the_earlier_ones() {
    let mut first = SeriesDose::new(false);
    first.skips = vec![skip(SkipContext::Both, count(false, Ordering::Greater, 0))];
    let cdc = Small::new().series(vec![first, SeriesDose::new(false), SeriesDose::new(false)]);
    // The first dose finds none before it, so target 1 is not skipped and two more are left.
    let (verdicts, forecast) = ask(&cdc, &[(A, 0)]);
    assert_eq!(verdicts, [valid()]);
    assert_eq!(forecast.dose, Some(2));
}

#[test]
fn a_skip_is_checked_again_on_the_day_that_is_forecast() {
    let mut small = Small::new();
    let toddler = small.age("12 months");
    let mut second = SeriesDose { intervals: vec![after("4 weeks", "4 weeks")], ..SeriesDose::new(false) };
    second.skips = vec![skip(SkipContext::Forecast, Condition::Age(AgeRange { from: toddler, until: None }))];
    let last_dose = SeriesDose { intervals: vec![after("8 weeks", "8 weeks")], ..SeriesDose::new(false) };
    let cdc = small.series(vec![SeriesDose::new(false), second, last_dose]);
    let earliest = |days| ask(&cdc, &[(A, days)]).1.dates.map(|dates| dates.earliest);
    // Four weeks later is the day before the first birthday (day 366), or that day.
    assert_eq!(earliest(337), Some(plus_days(BIRTH, 365)));
    assert_eq!(earliest(338), Some(plus_days(BIRTH, 338 + 56)));
}

#[test]
fn a_skipped_target_satisfied_by_nobody_makes_a_series_complete_only_with_a_dose() {
    let mut only = SeriesDose::new(false);
    only.skips = vec![skip(SkipContext::Forecast, count(false, Ordering::Less, 5))];
    let cdc = Small::new().series(vec![only]);
    assert_eq!(ask(&cdc, &[]).1.status, SeriesStatus::NotRecommended);
    assert_eq!(ask(&cdc, &[(A, 0)]).1.status, SeriesStatus::Complete);
}

#[test]
fn a_recurring_dose_keeps_its_target_and_a_finished_series_calls_more_extraneous() {
    let yearly = SeriesDose { intervals: vec![after("1 year", "1 year")], ..SeriesDose::new(true) };
    let cdc = Small::new().series(vec![yearly]);
    // 31 January 2024, 2025 and, a day too soon, 30 January 2026.
    let (verdicts, forecast) = ask(&cdc, &[(A, 0), (A, 366), (A, 730)]);
    assert_eq!(verdicts, [valid(), valid(), (DoseStatus::NotValid, vec![Reason::TooSoon])]);
    assert_eq!(last(&cdc, &[(A, 0), (A, 366), (A, 731)]), valid());
    assert_eq!(forecast.status, SeriesStatus::NotComplete);
    let once = Small::new().series(vec![SeriesDose::new(false)]);
    assert_eq!(last(&once, &[(A, 0), (A, 30)]), (DoseStatus::Extraneous, vec![Reason::SeriesComplete]));
}

#[test]
fn in_a_season_only_its_own_doses_are_numbered() {
    let season = Days::new(plus_days(BIRTH, 100), plus_days(BIRTH, 200));
    let dose = SeriesDose { season: Some(season), ..SeriesDose::new(true) };
    let cdc = Small::new().series(vec![dose]);
    assert_eq!(ask(&cdc, &[(A, 99)]).1.dose, Some(1));
    assert_eq!(ask(&cdc, &[(A, 100)]).1.dose, Some(2));
    assert_eq!(ask(&cdc, &[(A, 200)]).1.status, SeriesStatus::NotComplete);
    assert_eq!(ask(&cdc, &[(A, 201)]).1.status, SeriesStatus::NotRecommended);
    assert_eq!(ask(&cdc, &[]).1.dates.map(|dates| dates.earliest), Some(season.from));
}

#[test]
fn of_two_series_the_complete_one_is_best_and_a_late_start_closes_one() {
    let mut small = Small::new();
    small.push(vec![SeriesDose::new(false), SeriesDose::new(false)], true, 1);
    small.push(vec![SeriesDose::new(false)], false, 2);
    let start_until = small.age("30 days");
    small.0.antigens[0].series[1].start_until = start_until;
    let cdc = Cdc::new(small.0);
    assert_eq!(ask(&cdc, &[(A, 29)]).1.status, SeriesStatus::Complete);
    assert_eq!(ask(&cdc, &[(A, 30)]).1.status, SeriesStatus::NotComplete);
    assert_eq!(ask(&cdc, &[]).1.dose, Some(1), "the default series, where nothing was given");
}
