//! 日本脳炎 第1期・第2期, and what makes up for the years in which it was not recommended (特例 A and B).

use super::case::Case;
use super::rule::*;
use super::windows::first;
use crate::Date;
use crate::age::Days;
use crate::schedule::interpreter::{Edge, IntervalRule, PastDose, Since, Span};
use crate::schedule::types::{Disease, LegalClass, Series, Vaccine};

const LAW: &str = "予防接種法施行令3条1項";
const FIRST_PERIOD: &str = "予防接種実施規則14条";
const SECOND_PERIOD: &str = "予防接種実施規則15条";
const SPECIAL: &str = "予防接種法施行令附則2項";
const SPECIAL_RULE: &str = "予防接種実施規則附則(日本脳炎の特例)";

/// 平成7年4月2日から平成19年4月1日までに生まれた者: 4歳以上20歳未満.
const BORN_A: Days = between(day(1995, 4, 2), day(2007, 4, 1));
/// 平成19年4月2日から平成21年10月1日までに生まれた者: 9歳以上13歳未満でも第1期.
const BORN_B: Days = between(day(2007, 4, 2), day(2009, 10, 1));
/// What was given up to this day is "had one or two" of the special interval.
const SPECIAL_START: Date = day(2011, 5, 20);

pub fn is_special_a(birth: Date) -> bool {
    BORN_A.contains(birth)
}

pub fn is_special_b(birth: Date) -> bool {
    BORN_B.contains(birth)
}

/// 第1期: 初回 6日以上 (標準 28日まで) twice, 追加 6月以上 (標準 おおむね1年後).
const ORDINARY: &[DoseRule] = &[
    DoseRule::new("1期初回1回目", &[], FIRST_PERIOD).standard(years(3), years(4)),
    DoseRule::new(
        "1期初回2回目",
        &[days_after_previous(6).standard(Some(Span::days(6)), Some(Span::days(28)))],
        FIRST_PERIOD,
    )
    .standard(years(3), years(4)),
    DoseRule::new(
        "1期追加",
        &[months_after_previous(6).standard(Some(Span::months(12)), None)],
        FIRST_PERIOD,
    )
    .standard(years(4), years(5)),
];

/// 特例: whoever had one or two before gets the rest at 6日以上 each.
const REST: &[DoseRule] = &[
    DoseRule::new("1期初回1回目", &[], SPECIAL_RULE),
    DoseRule::new("1期初回2回目", &[days_after_previous(6)], SPECIAL_RULE),
    DoseRule::new("1期追加", &[days_after_previous(6)], SPECIAL_RULE),
];

/// 残りの接種: the special interval holds for who had begun before the special rule.
fn first_course(case: &Case<'_>, past: &[PastDose], _: Asked) -> &'static [DoseRule] {
    let special = is_special_a(case.birth()) || is_special_b(case.birth());
    let had_begun = first(past).is_some_and(|dose| dose.on <= SPECIAL_START);
    if special && had_begun { REST } else { ORDINARY }
}

/// 0.25 mL under three years, 0.5 mL from then on.
const VOLUMES: &[Volume] = &[
    Volume { from: Edge::Open, until: years(3), centi_ml: 25 },
    Volume { from: years(3), until: Edge::Open, centi_ml: 50 },
];

const PRODUCTS: &[ProductRule] =
    &[ProductRule::new(Vaccine::Je, since(day(1994, 10, 1)), FIRST_PERIOD).volumes(VOLUMES)];

pub static FIRST: Programme = Programme {
    series: Series::Je1,
    class: LegalClass::A,
    grounds: &[
        Ground::new("定期", months(6), months(90), LAW),
        Ground::new("特例(平成7年4月2日から平成19年4月1日生まれ)", years(4), years(20), SPECIAL)
            .born(BORN_A)
            .in_force(since(SPECIAL_START)),
        Ground::new("特例(平成19年4月2日から平成21年10月1日生まれ)", years(9), years(13), SPECIAL_RULE)
            .born(BORN_B)
            .in_force(since(SPECIAL_START))
            .if_so(Condition::JeUnfinishedOn(day(2010, 3, 31))),
    ],
    lines: &[Line {
        products: products(&[Vaccine::Je]),
        offers: offers_any,
        excluded_by: diseases(&[Disease::JapaneseEncephalitis]),
        course: first_course,
        courses: &[named("通常", ORDINARY), named("特例(平成23年5月20日までに1回又は2回受けた者)", REST)],
        skips: skips_nothing,
    }],
    products: PRODUCTS,
    born_from: None,
    long_illness: LongIllnessRule::Until(Edge::Open),
    early_counts: true,
    unmixed: &[],
    season: Season::None,
    remarks: &[],
    source: "予防接種法施行令3条1項・附則2項、予防接種実施規則14条",
};

/// 第2期 after a 特例: 6日以上 after the end of 第1期.
const AFTER_SPECIAL: &[DoseRule] = &[DoseRule::new(
    "2期",
    &[IntervalRule::at_least(Since::MostRecent(products(&[Vaccine::Je])), Span::days(6))],
    SPECIAL_RULE,
)
.not_before(years(9))];

const SECOND_DOSE: &[DoseRule] = &[DoseRule::new("2期", &[], SECOND_PERIOD).standard(years(9), years(10))];

pub static SECOND: Programme = Programme {
    series: Series::Je2,
    class: LegalClass::A,
    grounds: &[
        Ground::new("定期", years(9), years(13), LAW),
        Ground::new("特例(平成7年4月2日から平成19年4月1日生まれ)", years(9), years(20), SPECIAL)
            .born(BORN_A)
            .in_force(since(SPECIAL_START)),
    ],
    lines: &[Line {
        products: products(&[Vaccine::Je]),
        offers: offers_any,
        excluded_by: diseases(&[Disease::JapaneseEncephalitis]),
        course: |case, _, _| {
            if is_special_a(case.birth()) || is_special_b(case.birth()) { AFTER_SPECIAL } else { SECOND_DOSE }
        },
        courses: &[named("通常", SECOND_DOSE), named("特例", AFTER_SPECIAL)],
        skips: skips_nothing,
    }],
    products: PRODUCTS,
    born_from: None,
    long_illness: LongIllnessRule::Until(Edge::Open),
    early_counts: true,
    unmixed: &[],
    season: Season::None,
    remarks: &[],
    source: "予防接種法施行令3条1項・附則2項、予防接種実施規則15条",
};
