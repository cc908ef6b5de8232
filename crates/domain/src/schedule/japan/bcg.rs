//! BCG (結核, A類): once before the first birthday; until 2013-03-31 before six months.

use super::rule::*;
use crate::schedule::interpreter::{Edge, Span};
use crate::schedule::types::{Disease, LegalClass, Series, Vaccine};

const LAW: &str = "予防接種法施行令3条1項";

const ONCE: &[DoseRule] = &[DoseRule::new("1回", &[], "予防接種実施規則16条").standard(months(5), months(8))];

pub static PROGRAMME: Programme = Programme {
    series: Series::Bcg,
    class: LegalClass::A,
    grounds: &[
        Ground::new("定期", Edge::Age(Span::ZERO), months(12), LAW).in_force(since(day(2013, 4, 1))),
        Ground::new("定期(平成25年3月31日まで)", Edge::Age(Span::ZERO), months(6), LAW)
            .in_force(until(day(2013, 3, 31))),
    ],
    lines: &[Line {
        products: products(&[Vaccine::Bcg]),
        offers: offers_any,
        excluded_by: diseases(&[Disease::Tuberculosis]),
        course: |_, _, _| ONCE,
        courses: &[named("通常", ONCE)],
        skips: skips_nothing,
    }],
    // 経皮接種 (管針): no volume to check.
    products: &[ProductRule::new(Vaccine::Bcg, since(day(1951, 4, 1)), "予防接種実施規則16条").volumes(&[])],
    born_from: None,
    // 4歳に達するまで (施行規則2条の9).
    long_illness: LongIllnessRule::Until(years(4)),
    early_counts: true,
    unmixed: &[],
    season: Season::None,
    remarks: &[],
    source: "予防接種法施行令3条1項、予防接種実施規則16条",
};
