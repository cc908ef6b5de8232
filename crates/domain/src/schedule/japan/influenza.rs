//! 高齢者インフルエンザ (B類): once in each season that the municipality announces.

use super::rule::*;
use crate::schedule::interpreter::Edge;
use crate::schedule::types::{LegalClass, Series, Vaccine};

const LAW: &str = "予防接種法施行令3条1項";
const SOURCE: &str = "予防接種実施規則22条";

const ONCE: &[DoseRule] = &[DoseRule::new("1回", &[], SOURCE)];

pub static PROGRAMME: Programme = Programme {
    series: Series::Flu,
    class: LegalClass::B,
    grounds: &[
        Ground::new("65歳以上の者", years(65), Edge::Open, LAW).in_force(since(day(2001, 11, 7))),
        Ground::new("60歳以上65歳未満で障害のある者", years(60), years(65), LAW)
            .in_force(since(day(2001, 11, 7)))
            .if_so(Condition::AnyDisability),
    ],
    lines: &[Line {
        products: products(&[Vaccine::Flu, Vaccine::FluHighDose]),
        offers: offers_any,
        excluded_by: diseases(&[]),
        course: |_, _, _| ONCE,
        courses: &[named("年度ごと", ONCE)],
        skips: skips_nothing,
    }],
    products: &[
        ProductRule::new(Vaccine::Flu, since(day(2001, 11, 7)), SOURCE),
        // 75歳以上 may choose it since 2026-10-01; its volume is that of the product.
        ProductRule::new(Vaccine::FluHighDose, since(day(2026, 10, 1)), SOURCE)
            .ages(years(75), Edge::Open)
            .volumes(&[]),
    ],
    born_from: None,
    long_illness: LongIllnessRule::NotCovered,
    early_counts: true,
    unmixed: &[],
    season: Season::Influenza,
    remarks: &[Remark { text: "接種期間は市区町村が定める", source: SOURCE }],
    source: "予防接種法施行令3条1項、予防接種実施規則22条",
};
