//! B型肝炎 (A類, since 2016-10-01).

use super::rule::*;
use crate::schedule::interpreter::{Edge, IntervalRule, Since, Span};
use crate::schedule::types::{Disease, LegalClass, Series, Vaccine};

const DOSES: &[DoseRule] = &[
    DoseRule::new("1回目", &[], "予防接種実施規則21条").standard(months(2), months(9)),
    // 27日以上の間隔をおいて.
    DoseRule::new("2回目", &[days_after_previous(27)], "予防接種実施規則21条").standard(months(2), months(9)),
    DoseRule::new(
        "3回目",
        &[
            // 第1回目の注射から139日以上の間隔をおいて.
            IntervalRule::at_least(Since::Target(0), Span::days(139)),
            // The law names no distance to the second dose; a week is good practice, so less is only a warning.
            IntervalRule { absolute_min: None, ..days_after_previous(6) },
        ],
        "予防接種実施規則21条",
    )
    .standard(months(2), months(9)),
];

/// 0.25 mL under ten years, 0.5 mL from then on.
const VOLUMES: &[Volume] = &[
    Volume { from: Edge::Open, until: years(10), centi_ml: 25 },
    Volume { from: years(10), until: Edge::Open, centi_ml: 50 },
];

pub static PROGRAMME: Programme = Programme {
    series: Series::HepB,
    class: LegalClass::A,
    grounds: &[Ground::new("定期", Edge::Age(Span::ZERO), months(12), "予防接種法施行令3条1項")
        .in_force(since(day(2016, 10, 1)))],
    lines: &[Line {
        products: products(&[Vaccine::HepB]),
        offers: offers_any,
        excluded_by: diseases(&[Disease::HepB]),
        course: |_, _, _| DOSES,
        courses: &[named("通常", DOSES)],
        skips: skips_nothing,
    }],
    products: &[
        ProductRule::new(Vaccine::HepB, since(day(2016, 10, 1)), "予防接種実施規則21条").volumes(VOLUMES)
    ],
    // 平成28年4月1日以後に生まれた者 (施行令 平成28年附則).
    born_from: Some(day(2016, 4, 1)),
    long_illness: LongIllnessRule::Until(Edge::Open),
    early_counts: true,
    unmixed: &[],
    season: Season::None,
    remarks: &[Remark {
        text: "母子感染予防としてB型肝炎ワクチンを受けた者を除く",
        source: "予防接種法施行規則2条",
    }],
    source: "予防接種法施行令3条1項、予防接種実施規則21条",
};
