//! 麻しん・風しん 第1期, 第2期 and 風しん第5期.

use super::rule::*;
use crate::Date;
use crate::age::Days;
use crate::schedule::interpreter::Edge;
use crate::schedule::types::{Disease, LegalClass, Series, Sex, Vaccine};

const LAW: &str = "予防接種法施行令3条1項";
const SHORTAGE: &str = "予防接種法施行令3条2項、施行規則2条の8(ワクチンの偏在)";
/// MR was short in FY2024; who missed it then may make up for two years.
const SHORTAGE_PERIOD: Days = between(day(2025, 4, 1), day(2027, 3, 31));

const ONCE_MR: &[DoseRule] = &[DoseRule::new("1回", &[], "予防接種実施規則12条・13条")];

const MR_COURSES: &[NamedCourse] = &[named("通常", ONCE_MR)];

const MEASLES: Line = line(&[Vaccine::Mr, Vaccine::Measles], Disease::Measles);
const RUBELLA: Line = line(&[Vaccine::Mr, Vaccine::Rubella], Disease::Rubella);

/// Each disease is a line of its own: who had one of them needs the other only.
const fn line(vaccines: &[Vaccine], disease: Disease) -> Line {
    Line {
        products: products(vaccines),
        offers: offers_any,
        excluded_by: diseases(&[disease]),
        course: |_, _, _| ONCE_MR,
        courses: MR_COURSES,
        skips: skips_nothing,
    }
}

const PRODUCTS: &[ProductRule] = &[
    ProductRule::new(Vaccine::Mr, since(day(2006, 4, 1)), "予防接種実施規則12条"),
    ProductRule::new(Vaccine::Measles, since(day(1978, 10, 1)), "予防接種実施規則12条"),
    ProductRule::new(Vaccine::Rubella, since(day(1977, 8, 1)), "予防接種実施規則13条"),
];

/// 第1期: 生後12月から24月に至るまで.
pub static FIRST: Programme = Programme {
    series: Series::Mr1,
    class: LegalClass::A,
    grounds: &[
        Ground::new("定期", months(12), months(24), LAW),
        // Reached 24 months within FY2024.
        Ground::new("ワクチン偏在による特例", Edge::Open, Edge::Open, SHORTAGE)
            .in_force(SHORTAGE_PERIOD)
            .born(between(day(2022, 4, 2), day(2023, 4, 1)))
            .if_so(Condition::MrShortage),
    ],
    lines: &[MEASLES, RUBELLA],
    products: PRODUCTS,
    born_from: None,
    long_illness: LongIllnessRule::Until(Edge::Open),
    early_counts: false,
    unmixed: &[],
    season: Season::None,
    remarks: &[],
    source: "予防接種法施行令3条1項、予防接種実施規則12条・13条",
};

/// 第2期: 小学校就学前の1年間.
pub static SECOND: Programme = Programme {
    series: Series::Mr2,
    class: LegalClass::A,
    grounds: &[
        Ground::new("定期", Edge::YearBeforeSchool, Edge::YearBeforeSchool, LAW),
        Ground::new("ワクチン偏在による特例", Edge::Open, Edge::Open, SHORTAGE)
            .in_force(SHORTAGE_PERIOD)
            .born(between(day(2018, 4, 2), day(2019, 4, 1)))
            .if_so(Condition::MrShortage),
    ],
    lines: &[MEASLES, RUBELLA],
    products: PRODUCTS,
    born_from: None,
    long_illness: LongIllnessRule::Until(Edge::Open),
    early_counts: false,
    unmixed: &[],
    season: Season::None,
    remarks: &[],
    source: "予防接種法施行令3条1項、予防接種実施規則12条・13条",
};

/// Men who were never offered 風しん as boys.
pub const FIFTH_PERIOD_BORN: Days = between(day(1962, 4, 2), day(1979, 4, 1));
pub const FIFTH_PERIOD_START: Date = day(2019, 2, 1);
const FIFTH_PERIOD_END: Date = day(2025, 3, 31);
const FIFTH: &str = "予防接種法施行令附則3項";

const FIFTH_DOSE: &[DoseRule] = &[DoseRule::new("1回", &[], "予防接種実施規則附則(風しん第5期)")];

/// 第5期: men with insufficient antibodies; after 2025-03-31 only who had been tested by then.
pub static FIFTH_PERIOD: Programme = Programme {
    series: Series::Rubella5,
    class: LegalClass::A,
    grounds: &[
        Ground::new("定期(令和7年3月31日まで)", Edge::Open, Edge::Open, FIFTH)
            .in_force(between(FIFTH_PERIOD_START, FIFTH_PERIOD_END))
            .born(FIFTH_PERIOD_BORN)
            .sex(Sex::Male)
            .if_so(Condition::RubellaTestedBy(Date::MAX)),
        Ground::new("ワクチン偏在による特例", Edge::Open, Edge::Open, SHORTAGE)
            .in_force(SHORTAGE_PERIOD)
            .born(FIFTH_PERIOD_BORN)
            .sex(Sex::Male)
            .if_so(Condition::RubellaTestedBy(FIFTH_PERIOD_END)),
    ],
    lines: &[Line {
        products: products(&[Vaccine::Mr, Vaccine::Rubella]),
        offers: offers_any,
        excluded_by: diseases(&[Disease::Rubella]),
        course: |_, _, _| FIFTH_DOSE,
        courses: &[named("通常", FIFTH_DOSE)],
        skips: skips_nothing,
    }],
    products: PRODUCTS,
    born_from: None,
    long_illness: LongIllnessRule::Until(Edge::Open),
    early_counts: false,
    unmixed: &[],
    season: Season::None,
    remarks: &[Remark {
        text: "抗体検査の結果、抗体価が不十分と判明した男性に限る。令和7年4月1日以後は同年3月31日までに検査した者に限る",
        source: FIFTH,
    }],
    source: "予防接種法施行令附則3項、予防接種実施規則附則",
};
