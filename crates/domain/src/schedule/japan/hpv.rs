//! HPV (A類, since 2013-04-01): the product and the age at the first dose decide the course.

use super::case::Case;
use super::rule::*;
use super::windows::{first, vaccine_of};
use crate::Date;
use crate::age::{self, Days};
use crate::schedule::interpreter::{Edge, IntervalRule, PastDose, ProductSet, Since, Span};
use crate::schedule::types::{Disease, LegalClass, Series, Sex, Vaccine};

const SOURCE: &str = "予防接種実施規則19条";
/// 標準的な接種期間: 13歳となる日の属する年度.
const ONE: DoseRule =
    DoseRule::new("1回目", &[], SOURCE).standard(Edge::FiscalYearOfAge(13), Edge::FiscalYearOfAge(13));

/// 9価, begun before fifteen: 5月以上 (標準6月). Sooner than that is legal too (1月以上), but then a third follows.
const TWO_DOSES: &[DoseRule] = &[
    ONE,
    DoseRule::new(
        "2回目",
        &[IntervalRule {
            absolute_min: Some(Span::months(1)),
            ..months_after_previous(5).standard(Some(Span::months(6)), None)
        }],
        SOURCE,
    ),
];

/// 9価, begun later or too close together: 1月以上 (標準2月), then 3月以上 (標準 1回目から6月).
const THREE_DOSES: &[DoseRule] = &[
    ONE,
    DoseRule::new("2回目", &[months_after_previous(1).standard(Some(Span::months(2)), None)], SOURCE),
    DoseRule::new(
        "3回目",
        &[
            months_after_previous(3),
            IntervalRule {
                absolute_min: None,
                min: None,
                ..IntervalRule::at_least(Since::Target(0), Span::ZERO).standard(Some(Span::months(6)), None)
            },
        ],
        SOURCE,
    ),
];

/// 2価 throughout: 1月以上; 1回目から5月以上 and 2回目から2月半以上 (標準 0-1-6).
const BIVALENT: &[DoseRule] = &[
    ONE,
    DoseRule::new("2回目", &[months_after_previous(1)], SOURCE),
    DoseRule::new(
        "3回目",
        &[
            IntervalRule::at_least(Since::Target(0), Span::months(5)).standard(Some(Span::months(6)), None),
            IntervalRule::at_least(Since::PreviousDose, Span::months_and_half(2)),
        ],
        SOURCE,
    ),
];

/// Which course the doses so far have led to.
fn course(case: &Case<'_>, past: &[PastDose], asked: Asked) -> &'static [DoseRule] {
    let Some(begun) = first(past) else { return TWO_DOSES };
    let only = |vaccine| past.iter().all(|dose| vaccine_of(dose) == vaccine);
    if only(Vaccine::Hpv9) {
        if begun.on <= age::reach_years(case.birth(), 15) && !second_came_early(past) {
            TWO_DOSES
        } else {
            THREE_DOSES
        }
    } else if only(Vaccine::Hpv2) && stays_bivalent(asked) {
        BIVALENT
    } else {
        THREE_DOSES
    }
}

/// Each dose keeps the distance of its own product; what is planned after 2026-03-31 is 9価.
fn stays_bivalent(asked: Asked) -> bool {
    match asked.product {
        Some(product) => product == Vaccine::Hpv2,
        None => asked.on <= BIVALENT_END,
    }
}

/// 2価 and 4価 left the regulation on 2026-04-01.
const BIVALENT_END: Date = day(2026, 3, 31);

/// 1回目との間隔が5月未満: the second dose stands, a third is needed.
fn second_came_early(past: &[PastDose]) -> bool {
    let mut counted = past.iter().filter(|dose| dose.target.is_some());
    let (Some(first), Some(second)) = (counted.next(), counted.next()) else { return false };
    second.on < age::gap_months(first.on, 5)
}

/// 令和4年4月1日から令和7年3月31日まで: the years of キャッチアップ接種.
const CATCH_UP: Days = between(day(2022, 4, 1), day(2025, 3, 31));

pub static PROGRAMME: Programme = Programme {
    series: Series::Hpv,
    class: LegalClass::A,
    grounds: &[
        Ground::new("定期", Edge::FiscalYearOfAge(12), Edge::FiscalYearOfAge(16), "予防接種法施行令3条1項")
            .sex(Sex::Female)
            .in_force(since(day(2013, 4, 1))),
        Ground::new("キャッチアップ接種", Edge::Open, Edge::Open, "予防接種法施行令附則(HPVキャッチアップ)")
            .sex(Sex::Female)
            .born(between(day(1997, 4, 2), day(2008, 4, 1)))
            .in_force(CATCH_UP),
        Ground::new(
            "キャッチアップ接種の経過措置",
            Edge::Open,
            Edge::Open,
            "予防接種法施行令附則(HPV経過措置)",
        )
        .sex(Sex::Female)
        .born(between(day(1997, 4, 2), day(2009, 4, 1)))
        .in_force(between(day(2025, 4, 1), day(2026, 3, 31)))
        .if_so(Condition::HpvDoseWithin(CATCH_UP)),
    ],
    lines: &[Line {
        products: products(&[Vaccine::Hpv2, Vaccine::Hpv4, Vaccine::Hpv9]),
        offers: |_, _| ProductSet::ANY,
        excluded_by: diseases(&[Disease::Hpv]),
        course,
        courses: &[
            named("9価(15歳に至るまでに開始した者)", TWO_DOSES),
            named("9価(その他)・4価", THREE_DOSES),
            named("2価", BIVALENT),
        ],
        skips: skips_nothing,
    }],
    products: &[
        // 2価 and 4価 left the regulation on 2026-04-01; 9価 came on 2023-04-01.
        ProductRule::new(Vaccine::Hpv2, between(day(2013, 4, 1), BIVALENT_END), SOURCE),
        ProductRule::new(Vaccine::Hpv4, between(day(2013, 4, 1), BIVALENT_END), SOURCE),
        ProductRule::new(Vaccine::Hpv9, since(day(2023, 4, 1)), SOURCE),
    ],
    born_from: None,
    long_illness: LongIllnessRule::Until(Edge::Open),
    early_counts: true,
    unmixed: &[
        (Vaccine::Hpv2, Vaccine::Hpv4),
        (Vaccine::Hpv4, Vaccine::Hpv2),
        (Vaccine::Hpv9, Vaccine::Hpv2),
        (Vaccine::Hpv9, Vaccine::Hpv4),
    ],
    season: Season::None,
    remarks: &[Remark {
        text: "9価の1回目と2回目の間隔が5月未満の場合、3回目を行う", source: SOURCE
    }],
    source: "予防接種法施行令3条1項、予防接種実施規則19条",
};
