//! ヒブ (A類, since 2013-04-01): the age at the first dose decides how many follow. 五種混合 contains Hib and runs by
//! its own course; here its doses only count.

use super::case::Case;
use super::rule::*;
use super::windows::{counted, first, vaccine_of};
use crate::Date;
use crate::age;
use crate::schedule::interpreter::{IntervalRule, PastDose, ProductSet, Span};
use crate::schedule::types::{Disease, LegalClass, Series, Vaccine};

const SOURCE: &str = "予防接種実施規則17条";

/// 27日(医師が必要と認めた場合には20日)以上 (標準 56日まで).
const PRIMARY_GAP: IntervalRule =
    days_or_by_doctor(27, 20).standard(Some(Span::days(27)), Some(Span::days(56)));

const ONE: DoseRule = DoseRule::new("初回1回目", &[], SOURCE).standard(months(2), months(7));
/// 初回2回目及び3回目は生後12月に至るまで; after that they are not given.
const TWO: DoseRule = DoseRule::new("初回2回目", &[PRIMARY_GAP], SOURCE).lapses_after(months(12));
const THREE: DoseRule = DoseRule::new("初回3回目", &[PRIMARY_GAP], SOURCE).lapses_after(months(12));

/// 初回を終えた者の追加: 7月以上 (標準 7月から13月まで).
const BOOSTER: DoseRule = DoseRule::new(
    "追加",
    &[months_after_previous(7).standard(Some(Span::months(7)), Some(Span::months(13)))],
    SOURCE,
);
/// 初回を終えずに生後12月に至った者の追加: 27日(20日)以上.
const BOOSTER_AFTER_PART: DoseRule = DoseRule::new("追加", &[days_or_by_doctor(27, 20)], SOURCE);

const WHOLE: &[DoseRule] = &[ONE, TWO, THREE, BOOSTER];
const PART: &[DoseRule] = &[ONE, TWO, THREE, BOOSTER_AFTER_PART];

/// How many 初回 the age at the first dose asks for: 3 up to seven months, 2 up to twelve, 1 and no 追加 after.
/// The day an age is reached belongs to the younger band (至るまで / 至った日の翌日から).
fn primaries(case: &Case<'_>, first_on: Date) -> u8 {
    if first_on <= age::reach_months(case.birth(), 7) {
        3
    } else if first_on <= age::reach_months(case.birth(), 12) {
        2
    } else {
        1
    }
}

fn course(case: &Case<'_>, past: &[PastDose], _: Asked) -> &'static [DoseRule] {
    let needed = first(past).map_or(3, |dose| primaries(case, dose.on));
    if counted(past) >= usize::from(needed) { WHOLE } else { PART }
}

fn skips(case: &Case<'_>, past: &[PastDose], target: u8, on: Date) -> Option<&'static str> {
    // 五種混合 is always three and one.
    if past.iter().any(|dose| vaccine_of(dose) == Vaccine::Dpt5) || target == 0 {
        return None;
    }
    let needed = primaries(case, first(past).map_or(on, |dose| dose.on));
    match (needed, target) {
        (1, _) => Some("初回2回目以降と追加"),
        (2, 2) => Some("初回3回目"),
        _ => None,
    }
}

pub static PROGRAMME: Programme = Programme {
    series: Series::Hib,
    class: LegalClass::A,
    // 五種混合 carries the window to 90 months, Hib alone ends at 60 (施行規則2条の2).
    grounds: &[Ground::new("定期", months(2), months(90), "予防接種法施行令3条1項、施行規則2条の2")
        .in_force(since(day(2013, 4, 1)))],
    lines: &[Line {
        products: products(&[Vaccine::Hib, Vaccine::Dpt5]),
        offers: |_, _| ProductSet::NONE.with(Vaccine::Hib as u16),
        excluded_by: diseases(&[Disease::Hib]),
        course,
        courses: &[named("初回を終えた者", WHOLE), named("初回を終えずに生後12月に至った者", PART)],
        skips,
    }],
    products: &[ProductRule::new(Vaccine::Hib, since(day(2013, 4, 1)), SOURCE).ages(months(2), months(60))],
    born_from: None,
    // 10歳に達するまで (施行規則2条の9).
    long_illness: LongIllnessRule::Until(years(10)),
    early_counts: true,
    unmixed: &[],
    season: Season::None,
    remarks: &[Remark {
        text: "生後2月から7月に至るまでに開始した者は初回3回と追加1回、7月に至った日の翌日から12月に至るまでは初回2回と追加1回、その後は1回",
        source: SOURCE,
    }],
    source: "予防接種法施行令3条1項、予防接種実施規則17条",
};
