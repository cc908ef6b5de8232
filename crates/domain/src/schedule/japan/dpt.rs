//! ジフテリア・百日せき・破傷風・急性灰白髄炎・Hib: 五種混合, 四種混合 and their parts 第1期; 二種混合 第2期.

use super::case::Case;
use super::rule::*;
use super::windows::vaccine_of;
use crate::Date;
use crate::schedule::interpreter::{Edge, IntervalRule, PastDose, ProductSet, Span};
use crate::schedule::types::{Disease, LegalClass, Series, Vaccine};

const FIRST: &str = "予防接種実施規則9条";
const BOOSTER: &str = "予防接種実施規則10条";

/// 20日以上 (標準 20日から56日まで).
const PRIMARY_GAP: IntervalRule =
    days_after_previous(20).standard(Some(Span::days(20)), Some(Span::days(56)));

/// 五種混合: 初回3回, 追加 6月以上 (標準 6月から18月まで).
const DPT5: &[DoseRule] = &[
    DoseRule::new("1期初回1回目", &[], FIRST).standard(months(2), months(7)),
    DoseRule::new("1期初回2回目", &[PRIMARY_GAP], FIRST),
    DoseRule::new("1期初回3回目", &[PRIMARY_GAP], FIRST),
    DoseRule::new(
        "1期追加",
        &[months_after_previous(6).standard(Some(Span::months(6)), Some(Span::months(18)))],
        BOOSTER,
    ),
];

/// 四種混合・三種混合・不活化ポリオ: 追加 6月以上 (標準 12月から18月まで).
const DPT4: &[DoseRule] = &[
    DoseRule::new("1期初回1回目", &[], FIRST).standard(months(2), months(12)),
    DoseRule::new("1期初回2回目", &[PRIMARY_GAP], FIRST),
    DoseRule::new("1期初回3回目", &[PRIMARY_GAP], FIRST),
    DoseRule::new(
        "1期追加",
        &[months_after_previous(6).standard(Some(Span::months(12)), Some(Span::months(18)))],
        BOOSTER,
    ),
];

/// 二種混合 for a child who had 百日せき: 初回2回, 追加 6月以上.
const DT1: &[DoseRule] = &[
    DoseRule::new("1期初回1回目", &[], FIRST).standard(months(2), months(12)),
    DoseRule::new("1期初回2回目", &[PRIMARY_GAP], FIRST),
    DoseRule::new(
        "1期追加",
        &[months_after_previous(6).standard(Some(Span::months(12)), Some(Span::months(18)))],
        BOOSTER,
    ),
];

/// 二種混合 is for who had 百日せき; a child who only ever got it by mistake goes on with the combined vaccine.
fn course(case: &Case<'_>, past: &[PastDose], asked: Asked) -> &'static [DoseRule] {
    let only_dt = || past.iter().map(vaccine_of).chain(asked.product).all(|vaccine| vaccine == Vaccine::Dt);
    if case.person.facts.had_disease.contains(Disease::Pertussis) || (asked.product.is_some() && only_dt()) {
        DT1
    } else {
        combined_course(asked)
    }
}

/// Judged by the product used; what is planned is 五種混合 since its start.
fn combined_course(asked: Asked) -> &'static [DoseRule] {
    let is_five = match asked.product {
        Some(product) => product == Vaccine::Dpt5,
        None => asked.on >= DPT5_START,
    };
    if is_five { DPT5 } else { DPT4 }
}

const DPT5_START: Date = day(2024, 4, 1);

/// The polio line of the same programme; 三種混合 has none.
fn polio_course(_: &Case<'_>, _: &[PastDose], asked: Asked) -> &'static [DoseRule] {
    combined_course(asked)
}

const WINDOW: &str = "予防接種法施行令3条1項";

/// 生後2月から for 四種混合 since 2023-04-01 (五種混合 from its start), 生後3月から before.
const GROUNDS: &[Ground] = &[
    Ground::new("定期(令和5年3月31日まで)", months(3), months(90), WINDOW).in_force(until(day(2023, 3, 31))),
    Ground::new("定期", months(2), months(90), WINDOW).in_force(since(day(2023, 4, 1))),
];

pub static PROGRAMME: Programme = Programme {
    series: Series::Dpt,
    class: LegalClass::A,
    grounds: GROUNDS,
    lines: &[
        Line {
            products: products(&[Vaccine::Dpt5, Vaccine::Dpt4, Vaccine::Dpt3, Vaccine::Dt]),
            offers: offers_any,
            excluded_by: diseases(&[Disease::Diphtheria, Disease::Tetanus]),
            course,
            courses: &[
                named("五種混合", DPT5),
                named("四種混合・三種混合", DPT4),
                named("二種混合(百日せきにかかった者)", DT1),
            ],
            skips: skips_nothing,
        },
        Line {
            products: products(&[Vaccine::Dpt5, Vaccine::Dpt4, Vaccine::Ipv]),
            offers: offers_any,
            excluded_by: diseases(&[Disease::Polio]),
            course: polio_course,
            courses: &[named("五種混合", DPT5), named("四種混合・不活化ポリオ", DPT4)],
            skips: skips_nothing,
        },
    ],
    products: &[
        ProductRule::new(Vaccine::Dpt5, since(DPT5_START), FIRST),
        ProductRule::new(Vaccine::Dpt4, since(day(2012, 11, 1)), FIRST),
        ProductRule::new(Vaccine::Dpt3, since(day(1994, 10, 1)), FIRST),
        ProductRule::new(Vaccine::Ipv, since(day(2012, 9, 1)), FIRST),
        ProductRule::new(Vaccine::Dt, since(day(1994, 10, 1)), FIRST),
    ],
    born_from: None,
    // 15歳に達するまで (施行規則2条の9).
    long_illness: LongIllnessRule::Until(years(15)),
    early_counts: true,
    unmixed: &[],
    season: Season::None,
    remarks: &[],
    source: "予防接種法施行令3条1項、予防接種実施規則9条・10条",
};

const SECOND: &str = "予防接種実施規則11条";

const SECOND_DOSE: &[DoseRule] = &[DoseRule::new("2期", &[], SECOND).standard(years(11), years(12))];

/// 二種混合 第2期: 11歳以上13歳未満, 1回 0.1 mL.
pub static SECOND_PERIOD: Programme = Programme {
    series: Series::Dt2,
    class: LegalClass::A,
    grounds: &[Ground::new("定期", years(11), years(13), WINDOW)],
    lines: &[Line {
        products: products(&[Vaccine::Dt]),
        offers: |_, _| ProductSet::ANY,
        excluded_by: diseases(&[Disease::Diphtheria, Disease::Tetanus]),
        course: |_, _, _| SECOND_DOSE,
        courses: &[named("通常", SECOND_DOSE)],
        skips: skips_nothing,
    }],
    products: &[ProductRule::new(Vaccine::Dt, since(day(1994, 10, 1)), SECOND).volumes(&[Volume {
        from: Edge::Open,
        until: Edge::Open,
        centi_ml: 10,
    }])],
    born_from: None,
    long_illness: LongIllnessRule::Until(Edge::Open),
    early_counts: true,
    unmixed: &[],
    season: Season::None,
    remarks: &[],
    source: "予防接種法施行令3条1項、予防接種実施規則11条",
};
