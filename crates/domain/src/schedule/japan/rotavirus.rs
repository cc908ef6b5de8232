//! ロタウイルス (A類, since 2020-10-01): two products with windows and numbers of doses of their own.

use super::case::Case;
use super::rule::*;
use super::windows::{first, vaccine_of};
use crate::schedule::interpreter::{Edge, PastDose, ProductSet};
use crate::schedule::types::{Disease, LegalClass, Series, Vaccine};

pub const STANDARD_SOURCE: &str = "定期接種実施要領(ロタウイルス感染症)";
const SOURCE: &str = "予防接種実施規則21条の2";

const ONE: DoseRule = DoseRule::new("1回目", &[], SOURCE).standard(months(2), weeks(14, 6));
const TWO: DoseRule = DoseRule::new("2回目", &[days_after_previous(27)], SOURCE);
const THREE: DoseRule = DoseRule::new("3回目", &[days_after_previous(27)], SOURCE);

/// 1価 twice; 5価 three times; mixed for reasons that could not be avoided: three in all.
fn course(_: &Case<'_>, past: &[PastDose], _: Asked) -> &'static [DoseRule] {
    let only_monovalent = past.iter().all(|dose| vaccine_of(dose) == Vaccine::Rota1);
    if only_monovalent { &[ONE, TWO] } else { &[ONE, TWO, THREE] }
}

/// 同一製剤で完了する: what was begun is offered; before the first dose either.
fn offers(_: &Case<'_>, past: &[PastDose]) -> ProductSet {
    first(past).map_or(ProductSet::ANY, |dose| ProductSet::NONE.with(dose.product))
}

pub static PROGRAMME: Programme = Programme {
    series: Series::Rota,
    class: LegalClass::A,
    grounds: &[Ground::new("定期", weeks(6, 0), weeks(32, 0), "予防接種法施行令3条1項、施行規則2条の3")
        .in_force(since(day(2020, 10, 1)))],
    lines: &[Line {
        products: products(&[Vaccine::Rota1, Vaccine::Rota5]),
        offers,
        excluded_by: diseases(&[Disease::Rotavirus, Disease::Intussusception]),
        course,
        courses: &[named("1価", &[ONE, TWO]), named("5価・やむを得ず製剤を変えた場合", &[ONE, TWO, THREE])],
        skips: skips_nothing,
    }],
    products: &[
        ProductRule::new(Vaccine::Rota1, since(day(2020, 10, 1)), SOURCE)
            .ages(weeks(6, 0), weeks(24, 0))
            .volumes(&[Volume { from: Edge::Open, until: Edge::Open, centi_ml: 150 }]),
        ProductRule::new(Vaccine::Rota5, since(day(2020, 10, 1)), SOURCE)
            .ages(weeks(6, 0), weeks(32, 0))
            .volumes(&[Volume { from: Edge::Open, until: Edge::Open, centi_ml: 200 }]),
    ],
    // 令和2年8月1日以後に生まれた者 (施行令 令和2年附則).
    born_from: Some(day(2020, 8, 1)),
    long_illness: LongIllnessRule::NotCovered,
    early_counts: false,
    unmixed: &[(Vaccine::Rota1, Vaccine::Rota5), (Vaccine::Rota5, Vaccine::Rota1)],
    season: Season::None,
    remarks: &[Remark {
        text: "出生14週6日後までに1回目を始めることが望ましい", source: STANDARD_SOURCE
    }],
    source: "予防接種法施行令3条1項、予防接種実施規則21条の2",
};
