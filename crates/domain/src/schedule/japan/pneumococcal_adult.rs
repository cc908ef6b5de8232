//! 高齢者肺炎球菌 (B類, since 2014-10-01): once in a life, at sixty-five; for ten years also at every fifth birthday's
//! fiscal year.

use super::rule::*;
use crate::age::Days;
use crate::schedule::interpreter::Edge;
use crate::schedule::types::{Disease, LegalClass, Series, Vaccine};

const LAW: &str = "予防接種法施行令3条1項";
const TRANSITIONAL: &str = "予防接種法施行令附則4項(高齢者の肺炎球菌の経過措置)";
const SOURCE: &str = "予防接種実施規則23条";

/// Two rounds of five years each.
const ROUNDS: Days = between(day(2014, 10, 1), day(2024, 3, 31));

const fn in_year_of(age: i16) -> Ground {
    Ground::new(
        "経過措置(当該年度に65歳から100歳まで5歳ごとに達する者)",
        Edge::FiscalYearOfAge(age),
        Edge::FiscalYearOfAge(age),
        TRANSITIONAL,
    )
    .in_force(ROUNDS)
}

const ONCE: &[DoseRule] = &[DoseRule::new("1回", &[], SOURCE)];

pub static PROGRAMME: Programme = Programme {
    series: Series::Ppv,
    class: LegalClass::B,
    grounds: &[
        Ground::new("65歳の者", years(65), years(66), LAW).in_force(since(day(2024, 4, 1))),
        Ground::new("60歳以上65歳未満で障害のある者", years(60), years(65), LAW)
            .in_force(since(ROUNDS.from))
            .if_so(Condition::AnyDisability),
        in_year_of(65),
        in_year_of(70),
        in_year_of(75),
        in_year_of(80),
        in_year_of(85),
        in_year_of(90),
        in_year_of(95),
        in_year_of(100),
        // 100歳以上の者, in the first year of each round.
        Ground::new("経過措置(100歳以上の者)", Edge::Open, Edge::Open, TRANSITIONAL)
            .born(until(day(1914, 4, 1)))
            .in_force(between(ROUNDS.from, day(2015, 3, 31))),
        Ground::new("経過措置(100歳以上の者)", Edge::Open, Edge::Open, TRANSITIONAL)
            .born(until(day(1919, 4, 1)))
            .in_force(between(day(2019, 4, 1), day(2020, 3, 31))),
    ],
    lines: &[Line {
        products: products(&[Vaccine::Ppsv23, Vaccine::Pcv20Adult, Vaccine::Pcv20]),
        offers: offers_any,
        excluded_by: diseases(&[Disease::Pneumococcal]),
        course: |_, _, _| ONCE,
        courses: &[named("生涯に", ONCE)],
        skips: skips_nothing,
    }],
    products: &[
        ProductRule::new(Vaccine::Ppsv23, between(ROUNDS.from, day(2026, 3, 31)), SOURCE),
        ProductRule::new(Vaccine::Pcv20Adult, since(day(2026, 4, 1)), SOURCE),
        ProductRule::new(Vaccine::Pcv20, since(day(2026, 4, 1)), SOURCE),
    ],
    born_from: None,
    long_illness: LongIllnessRule::Until(Edge::Open),
    early_counts: true,
    unmixed: &[],
    season: Season::None,
    remarks: &[Remark {
        text: "過去に高齢者用の肺炎球菌ワクチンを受けた者を除く",
        source: "予防接種法施行規則2条",
    }],
    source: "予防接種法施行令3条1項・附則4項、予防接種実施規則23条",
};
