//! 水痘 (A類, since 2014-10-01).

use super::case::Case;
use super::rule::*;
use super::windows::first;
use crate::Date;
use crate::age;
use crate::schedule::interpreter::{PastDose, Span};
use crate::schedule::types::{Disease, LegalClass, Series, Vaccine};

pub const PROGRAMME_START: Date = day(2014, 10, 1);
/// 平成26年度の特例 ends with its fiscal year.
const SPECIAL_END: Date = day(2015, 3, 31);
const SOURCE: &str = "予防接種実施規則20条";

const DOSES: &[DoseRule] = &[
    DoseRule::new("1回目", &[], SOURCE).standard(months(12), months(15)),
    // 3月以上 (標準 6月から12月まで).
    DoseRule::new(
        "2回目",
        &[months_after_previous(3).standard(Some(Span::months(6)), Some(Span::months(12)))],
        SOURCE,
    ),
];

/// 平成26年度の特例: children from three to five years had one dose.
fn skips(case: &Case<'_>, past: &[PastDose], target: u8, _: Date) -> Option<&'static str> {
    let had_special = first(past).is_some_and(|dose| {
        between(PROGRAMME_START, SPECIAL_END).contains(dose.on)
            && dose.on > age::reach_months(case.birth(), 36)
    });
    (target == 1 && had_special).then_some("2回目")
}

pub static PROGRAMME: Programme = Programme {
    series: Series::Var,
    class: LegalClass::A,
    grounds: &[
        Ground::new("定期", months(12), months(36), "予防接種法施行令3条1項")
            .in_force(since(PROGRAMME_START)),
        Ground::new("平成26年度の特例", months(36), months(60), "予防接種法施行令 平成26年附則")
            .in_force(between(PROGRAMME_START, SPECIAL_END))
            .if_so(Condition::NeverVaricella),
    ],
    lines: &[Line {
        products: products(&[Vaccine::Varicella]),
        offers: offers_any,
        excluded_by: diseases(&[Disease::Varicella]),
        course: |_, _, _| DOSES,
        courses: &[named("通常", DOSES)],
        skips,
    }],
    products: &[ProductRule::new(Vaccine::Varicella, since(PROGRAMME_START), SOURCE)],
    born_from: None,
    long_illness: LongIllnessRule::Until(crate::schedule::interpreter::Edge::Open),
    early_counts: false,
    unmixed: &[],
    season: Season::None,
    remarks: &[Remark {
        text: "平成26年度に限り、生後36月に至った日の翌日から60月に至るまでの未接種者に1回",
        source: "予防接種法施行令 平成26年附則",
    }],
    source: "予防接種法施行令3条1項、予防接種実施規則20条",
};
