//! 新型コロナウイルス感染症: 定期 (B類) since 2024-10-01 in its season; before that 特例臨時接種 for everybody, by
//! phases.

use super::rule::*;
use crate::age::Days;
use crate::schedule::interpreter::{Edge, Span};
use crate::schedule::types::{LegalClass, Series, Vaccine};

const LAW: &str = "予防接種法施行令3条1項";
const SOURCE: &str = "予防接種実施規則24条";
/// 法附則7条 until 2022-12-08, 法6条3項 from then on.
pub const SPECIAL_LAW: &str = "予防接種法6条3項(令和4年12月8日までは附則7条1項)";

/// 特例臨時接種 from its first to its last day.
pub const SPECIAL: Days = between(day(2021, 2, 17), day(2024, 3, 31));

const ONCE: &[DoseRule] = &[DoseRule::new("1回", &[], SOURCE)];

pub static PROGRAMME: Programme = Programme {
    series: Series::Covid,
    class: LegalClass::B,
    grounds: &[
        Ground::new("65歳以上の者", years(65), Edge::Open, LAW).in_force(since(day(2024, 10, 1))),
        Ground::new("60歳以上65歳未満で障害のある者", years(60), years(65), LAW)
            .in_force(since(day(2024, 10, 1)))
            .if_so(Condition::AnyDisability),
    ],
    lines: &[Line {
        products: products(&[Vaccine::Covid]),
        offers: offers_any,
        excluded_by: diseases(&[]),
        course: |_, _, _| ONCE,
        courses: &[named("年度ごと", ONCE)],
        skips: skips_nothing,
    }],
    // Products change every year and differ in volume.
    products: &[ProductRule::new(Vaccine::Covid, since(day(2021, 2, 17)), SOURCE).volumes(&[])],
    born_from: None,
    long_illness: LongIllnessRule::NotCovered,
    early_counts: true,
    unmixed: &[],
    season: Season::Covid,
    remarks: &[Remark {
        text: "10月1日から翌年3月31日まで。令和3年2月17日から令和6年3月31日までは特例臨時接種",
        source: SOURCE,
    }],
    source: "予防接種法施行令3条1項、予防接種実施規則24条",
};

/// One phase of 特例臨時接種: who could have which dose, how long after the one before.
#[derive(Clone, Copy, Debug)]
pub struct Phase {
    pub name: &'static str,
    pub days: Days,
    pub first_dose: u8,
    pub last_dose: u8,
    pub from: Edge,
    pub until: Edge,
    pub interval: Span,
}

const fn phase(name: &'static str, days: Days, doses: (u8, u8), ages: (Edge, Edge), interval: Span) -> Phase {
    Phase { name, days, first_dose: doses.0, last_dose: doses.1, from: ages.0, until: ages.1, interval }
}

/// The shortest of the products' intervals: 3 weeks leave 18 whole days at least (添付文書: 19日以上).
const THREE_WEEKS: Span = Span::days(18);
const EIGHT_WEEKS: Span = Span::days(55);
const ALL: u8 = u8::MAX;

/// The phases, by the day of vaccination. The interval of the third dose was shortened step by step (8, 7, 6, 5
/// months) for different groups; the shortest that anyone could have is the rule here.
pub const PHASES: &[Phase] = &[
    phase(
        "初回接種",
        between(day(2021, 2, 17), day(2021, 5, 31)),
        (1, 2),
        (years(16), Edge::Open),
        THREE_WEEKS,
    ),
    phase("初回接種", between(day(2021, 6, 1), SPECIAL.until), (1, 2), (years(12), Edge::Open), THREE_WEEKS),
    phase(
        "小児初回接種",
        between(day(2022, 2, 21), SPECIAL.until),
        (1, 2),
        (years(5), years(12)),
        THREE_WEEKS,
    ),
    phase(
        "乳幼児初回接種",
        between(day(2022, 10, 24), SPECIAL.until),
        (1, 2),
        (months(6), years(5)),
        THREE_WEEKS,
    ),
    phase(
        "乳幼児初回接種",
        between(day(2022, 10, 24), SPECIAL.until),
        (3, 3),
        (months(6), years(5)),
        EIGHT_WEEKS,
    ),
    phase(
        "第1期追加接種",
        between(day(2021, 12, 1), day(2022, 10, 20)),
        (3, 3),
        (years(12), Edge::Open),
        Span::months(5),
    ),
    phase(
        "第2期追加接種",
        between(day(2022, 5, 25), day(2022, 9, 19)),
        (4, 4),
        (years(18), Edge::Open),
        Span::months(5),
    ),
    phase(
        "小児追加接種",
        between(day(2022, 9, 6), day(2022, 10, 20)),
        (3, 3),
        (years(5), years(12)),
        Span::months(5),
    ),
    phase(
        "令和4年秋開始接種",
        between(day(2022, 9, 20), day(2022, 10, 20)),
        (3, ALL),
        (years(12), Edge::Open),
        Span::months(5),
    ),
    phase(
        "令和4年秋開始接種",
        between(day(2022, 10, 21), day(2023, 5, 7)),
        (3, ALL),
        (years(5), Edge::Open),
        Span::months(3),
    ),
    phase(
        "令和5年春開始接種",
        between(day(2023, 5, 8), day(2023, 9, 19)),
        (3, ALL),
        (years(5), Edge::Open),
        Span::months(3),
    ),
    phase(
        "令和5年秋開始接種",
        between(day(2023, 9, 20), SPECIAL.until),
        (3, ALL),
        (months(6), Edge::Open),
        Span::months(3),
    ),
];
