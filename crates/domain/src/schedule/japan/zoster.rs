//! 帯状疱疹 (B類, since 2025-04-01): until 2030-03-31 in the fiscal year of every fifth birthday; live once or
//! recombinant twice.

use super::case::Case;
use super::rule::*;
use super::windows::{first, vaccine_of};
use crate::age::Days;
use crate::schedule::interpreter::{Edge, IntervalRule, PastDose, Since, Span};
use crate::schedule::types::{LegalClass, Series, Vaccine};

const LAW: &str = "予防接種法施行令3条1項";
const TRANSITIONAL: &str = "予防接種法施行令附則(帯状疱疹の経過措置)";
const SOURCE: &str = "予防接種実施規則(帯状疱疹)";

/// Five fiscal years in which everybody passes one of the ages.
const ROUND: Days = between(day(2025, 4, 1), day(2030, 3, 31));

const fn in_year_of(age: i16) -> Ground {
    Ground::new(
        "経過措置(当該年度に65歳から100歳まで5歳ごとに達する者)",
        Edge::FiscalYearOfAge(age),
        Edge::FiscalYearOfAge(age),
        TRANSITIONAL,
    )
    .in_force(ROUND)
}

const LIVE: &[DoseRule] = &[DoseRule::new("1回", &[], SOURCE)];

/// 組換え: 2月以上 (標準 6月まで).
const RECOMBINANT: &[DoseRule] = &[
    DoseRule::new("1回目", &[], SOURCE),
    DoseRule::new(
        "2回目",
        &[months_after_previous(2).standard(Some(Span::months(2)), Some(Span::months(6)))],
        SOURCE,
    ),
];

/// 免疫の機能が低下した者: 1月以上, where the doctor finds it necessary.
const RECOMBINANT_IMPAIRED: &[DoseRule] = &[
    DoseRule::new("1回目", &[], SOURCE),
    DoseRule::new(
        "2回目",
        &[IntervalRule::at_least(Since::PreviousDose, Span::months(1))
            .standard(Some(Span::months(1)), Some(Span::months(6)))],
        SOURCE,
    ),
];

fn course(case: &Case<'_>, past: &[PastDose], asked: Asked) -> &'static [DoseRule] {
    let product = first(past).map(vaccine_of).or(asked.product);
    if product == Some(Vaccine::ZosterLive) {
        LIVE
    } else if case.person.facts.immunocompromised {
        RECOMBINANT_IMPAIRED
    } else {
        RECOMBINANT
    }
}

pub static PROGRAMME: Programme = Programme {
    series: Series::Zoster,
    class: LegalClass::B,
    grounds: &[
        in_year_of(65),
        in_year_of(70),
        in_year_of(75),
        in_year_of(80),
        in_year_of(85),
        in_year_of(90),
        in_year_of(95),
        in_year_of(100),
        // 100歳以上の者, in FY2025 only.
        Ground::new("経過措置(100歳以上の者)", Edge::Open, Edge::Open, TRANSITIONAL)
            .born(until(day(1925, 4, 1)))
            .in_force(between(ROUND.from, day(2026, 3, 31))),
        Ground::new("60歳以上65歳未満でHIVによる免疫機能障害のある者", years(60), years(65), LAW)
            .in_force(since(ROUND.from))
            .if_so(Condition::HivDisability),
        Ground::new("65歳の者", years(65), years(66), LAW).in_force(since(day(2030, 4, 1))),
    ],
    lines: &[Line {
        products: products(&[Vaccine::ZosterLive, Vaccine::ZosterRecombinant]),
        offers: offers_any,
        // Having had the disease takes nobody out.
        excluded_by: diseases(&[]),
        course,
        courses: &[
            named("生ワクチン", LIVE),
            named("組換えワクチン", RECOMBINANT),
            named("組換えワクチン(免疫の機能が低下した者)", RECOMBINANT_IMPAIRED),
        ],
        skips: skips_nothing,
    }],
    products: &[
        ProductRule::new(Vaccine::ZosterLive, since(ROUND.from), SOURCE),
        ProductRule::new(Vaccine::ZosterRecombinant, since(ROUND.from), SOURCE),
    ],
    born_from: None,
    long_illness: LongIllnessRule::Until(Edge::Open),
    early_counts: true,
    unmixed: &[
        (Vaccine::ZosterLive, Vaccine::ZosterRecombinant),
        (Vaccine::ZosterRecombinant, Vaccine::ZosterLive),
    ],
    season: Season::None,
    remarks: &[Remark { text: "異なる製剤を混ぜて受けない", source: SOURCE }],
    source: "予防接種法施行令3条1項、予防接種実施規則(帯状疱疹)",
};
