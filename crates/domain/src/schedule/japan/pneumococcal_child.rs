//! 小児用肺炎球菌 (A類, since 2013-04-01): four start-age bands.

use super::case::Case;
use super::rule::*;
use super::windows::first;
use crate::Date;
use crate::age;
use crate::schedule::interpreter::{IntervalRule, PastDose};
use crate::schedule::types::{Disease, LegalClass, Series, Vaccine};

const SOURCE: &str = "予防接種実施規則18条";

/// 27日以上.
const PRIMARY_GAP: IntervalRule = days_after_previous(27);

const ONE: DoseRule = DoseRule::new("初回1回目", &[], SOURCE).standard(months(2), months(7));
/// 初回2回目及び3回目は生後24月に至るまで (標準は生後12月まで); after that they are not given.
const TWO: DoseRule = DoseRule::new("初回2回目", &[PRIMARY_GAP], SOURCE)
    .lapses_after(months(24))
    .standard(months(2), months(12));
const THREE: DoseRule = DoseRule::new("初回3回目", &[PRIMARY_GAP], SOURCE)
    .lapses_after(months(24))
    .standard(months(2), months(12));
/// 60日以上の間隔をおいて、生後12月に至った日以後 (標準 生後12月から15月まで).
const BOOSTER: DoseRule = DoseRule::new("追加", &[days_after_previous(60)], SOURCE)
    .not_before(months(12))
    .standard(months(12), months(15));
/// 生後12月を超え24月までに始めた者の2回目: 60日以上.
const SECOND_OF_TWO: DoseRule = DoseRule::new("2回目", &[days_after_previous(60)], SOURCE);

/// The band of the first dose. The day an age is reached belongs to the younger band.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Band {
    /// 生後2月から7月に至るまで: 3 and 1.
    A,
    /// 7月から12月に至るまで: 2 and 1.
    B,
    /// 12月から24月に至るまで: 2.
    C,
    /// 24月から60月に至るまで: 1.
    D,
}

fn band(case: &Case<'_>, first_on: Date) -> Band {
    let birth = case.birth();
    if first_on <= age::reach_months(birth, 7) {
        Band::A
    } else if first_on <= age::reach_months(birth, 12) {
        Band::B
    } else if first_on <= age::reach_months(birth, 24) {
        Band::C
    } else {
        Band::D
    }
}

fn course(case: &Case<'_>, past: &[PastDose], _: Asked) -> &'static [DoseRule] {
    match first(past).map(|dose| band(case, dose.on)) {
        None | Some(Band::A | Band::B) => &[ONE, TWO, THREE, BOOSTER],
        Some(Band::C) => &[ONE, SECOND_OF_TWO],
        Some(Band::D) => &[ONE],
    }
}

fn skips(case: &Case<'_>, past: &[PastDose], target: u8, _: Date) -> Option<&'static str> {
    let first_on = first(past)?.on;
    if target != 2 {
        return None;
    }
    match band(case, first_on) {
        Band::A => third_falls_away(case, past).then_some("初回3回目"),
        Band::B => Some("初回3回目"),
        Band::C | Band::D => None,
    }
}

/// 初回2回目が生後12月を超えた場合、初回3回目は行わない (予防接種実施規則18条).
fn third_falls_away(case: &Case<'_>, past: &[PastDose]) -> bool {
    past.iter().any(|dose| dose.target == Some(1) && dose.on > age::reach_months(case.birth(), 12))
}

pub static PROGRAMME: Programme = Programme {
    series: Series::Pcv,
    class: LegalClass::A,
    grounds: &[
        Ground::new("定期", months(2), months(60), "予防接種法施行令3条1項").in_force(since(day(2013, 4, 1)))
    ],
    lines: &[Line {
        products: products(&[Vaccine::Pcv7, Vaccine::Pcv13, Vaccine::Pcv15, Vaccine::Pcv20]),
        offers: offers_any,
        excluded_by: diseases(&[Disease::Pneumococcal]),
        course,
        courses: &[
            named("生後12月に至るまでに開始した者", &[ONE, TWO, THREE, BOOSTER]),
            named("生後12月を超え24月に至るまでに開始した者", &[ONE, SECOND_OF_TWO]),
            named("生後24月を超えて開始した者", &[ONE]),
        ],
        skips,
    }],
    products: &[
        // Where only "PCV" is recorded, the valency is not known: any day of the programme.
        ProductRule::new(Vaccine::Pcv7, since(day(2013, 4, 1)), SOURCE),
        ProductRule::new(Vaccine::Pcv13, between(day(2013, 11, 1), day(2024, 9, 30)), SOURCE),
        ProductRule::new(Vaccine::Pcv15, since(day(2024, 4, 1)), SOURCE),
        ProductRule::new(Vaccine::Pcv20, since(day(2024, 10, 1)), SOURCE),
    ],
    born_from: None,
    // 6歳に達するまで (施行規則2条の9).
    long_illness: LongIllnessRule::Until(years(6)),
    early_counts: true,
    unmixed: &[(Vaccine::Pcv15, Vaccine::Pcv20), (Vaccine::Pcv20, Vaccine::Pcv15)],
    season: Season::None,
    remarks: &[Remark {
        text: "生後7月を超えて開始した者は初回2回。初回2回目が生後12月を超えた場合、初回3回目は行わない",
        source: SOURCE,
    }],
    source: "予防接種法施行令3条1項、予防接種実施規則18条",
};
