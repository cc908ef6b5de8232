//! The shape of a programme's table: who (grounds), with what (products), how often and how far apart (doses).
//!
//! Every value stands beside its article, so that a lawyer can check a table without reading code. A change of law
//! is a new entry with its first day in force; old entries stay, because old records keep being judged by them.

use super::case::Case;
use crate::Date;
use crate::age::Days;
use crate::schedule::interpreter::{AgeWindow, Edge, IntervalRule, PastDose, ProductSet, Since, Span};
use crate::schedule::types::{Disease, DiseaseSet, LegalClass, Series, Sex, Vaccine};

pub const fn day(year: i16, month: i8, day: i8) -> Date {
    Date::constant(year, month, day)
}

/// 生後n月.
pub const fn months(months: i16) -> Edge {
    Edge::Age(Span::months(months))
}

/// n歳.
pub const fn years(years: i16) -> Edge {
    Edge::Age(Span::years(years))
}

/// 出生w週d日後.
pub const fn weeks(weeks: i16, days: i16) -> Edge {
    Edge::Age(Span { weeks, days, ..Span::ZERO })
}

pub const fn since(from: Date) -> Days {
    Days::new(from, Date::MAX)
}

pub const fn until(last: Date) -> Days {
    Days::new(Date::MIN, last)
}

pub const fn between(from: Date, last: Date) -> Days {
    Days::new(from, last)
}

pub const fn products(vaccines: &[Vaccine]) -> ProductSet {
    let mut set = ProductSet::NONE;
    let mut at = 0;
    while at < vaccines.len() {
        set = set.with(vaccines[at] as u16);
        at += 1;
    }
    set
}

/// What a ground asks for beyond age, birth date and sex.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    None,
    /// 心臓・腎臓・呼吸器・HIV免疫の機能障害 (1級相当).
    AnyDisability,
    /// HIV免疫の機能障害だけ (帯状疱疹).
    HivDisability,
    /// ワクチンの偏在で受けられなかったと市区町村長が認めた者.
    MrShortage,
    /// 抗体検査の結果が不十分; tested on or before the day.
    RubellaTestedBy(Date),
    /// At least one HPV dose in these days.
    HpvDoseWithin(Days),
    /// Never had 水痘 vaccine before.
    NeverVaricella,
    /// 日本脳炎第1期 was not finished by the day.
    JeUnfinishedOn(Date),
    /// The day of delivery is known (妊婦).
    Pregnant,
}

/// One way of being a target (対象者).
#[derive(Clone, Copy, Debug)]
pub struct Ground {
    pub name: &'static str,
    pub window: AgeWindow,
    pub born: Days,
    pub sex: Option<Sex>,
    pub condition: Condition,
    pub source: &'static str,
}

impl Ground {
    pub const fn new(name: &'static str, from: Edge, until: Edge, source: &'static str) -> Ground {
        Ground {
            name,
            window: AgeWindow::new(from, until),
            born: Days::ALWAYS,
            sex: None,
            condition: Condition::None,
            source,
        }
    }

    /// Days of vaccination to which the ground applies.
    #[must_use]
    pub const fn in_force(self, days: Days) -> Ground {
        Ground { window: self.window.in_force(days), ..self }
    }

    #[must_use]
    pub const fn born(self, days: Days) -> Ground {
        Ground { born: days, ..self }
    }

    #[must_use]
    pub const fn sex(self, sex: Sex) -> Ground {
        Ground { sex: Some(sex), ..self }
    }

    #[must_use]
    pub const fn if_so(self, condition: Condition) -> Ground {
        Ground { condition, ..self }
    }
}

/// One dose of a course.
#[derive(Clone, Copy, Debug)]
pub struct DoseRule {
    /// What the 予診票 calls it (初回1回目, 追加, …).
    pub name: &'static str,
    /// Narrower than the grounds, for this dose.
    pub from: Edge,
    pub until: Edge,
    /// After its own limit the dose is not asked for any more (行わない), and the course goes on without it.
    pub lapses: bool,
    pub standard_from: Edge,
    pub standard_until: Edge,
    pub intervals: &'static [IntervalRule],
    pub source: &'static str,
}

impl DoseRule {
    pub const fn new(
        name: &'static str,
        intervals: &'static [IntervalRule],
        source: &'static str,
    ) -> DoseRule {
        DoseRule {
            name,
            from: Edge::Open,
            until: Edge::Open,
            lapses: false,
            standard_from: Edge::Open,
            standard_until: Edge::Open,
            intervals,
            source,
        }
    }

    /// 標準的な接種期間.
    #[must_use]
    pub const fn standard(self, from: Edge, until: Edge) -> DoseRule {
        DoseRule { standard_from: from, standard_until: until, ..self }
    }

    #[must_use]
    pub const fn not_before(self, from: Edge) -> DoseRule {
        DoseRule { from, ..self }
    }

    /// After this age the dose is no longer given, and not missed either.
    #[must_use]
    pub const fn lapses_after(self, until: Edge) -> DoseRule {
        DoseRule { until, lapses: true, ..self }
    }
}

/// At least N days after the dose before.
pub const fn days_after_previous(days: i16) -> IntervalRule {
    IntervalRule::at_least(Since::PreviousDose, Span::days(days))
}

/// At least N months after the dose before.
pub const fn months_after_previous(months: i16) -> IntervalRule {
    IntervalRule::at_least(Since::PreviousDose, Span::months(months))
}

/// The rule's interval, or a shorter one where a doctor finds it necessary (医師が必要と認めた場合).
pub const fn days_or_by_doctor(days: i16, by_doctor: i16) -> IntervalRule {
    IntervalRule { absolute_min: Some(Span::days(by_doctor)), ..days_after_previous(days) }
}

/// A product of the programme and the days it may be used as 定期.
#[derive(Clone, Copy, Debug)]
pub struct ProductRule {
    pub vaccine: Vaccine,
    pub in_force: Days,
    pub from: Edge,
    pub until: Edge,
    /// 接種量 in hundredths of a millilitre; empty where none is fixed.
    pub volumes: &'static [Volume],
    pub source: &'static str,
}

/// 接種量 for an age range.
#[derive(Clone, Copy, Debug)]
pub struct Volume {
    pub from: Edge,
    pub until: Edge,
    pub centi_ml: u16,
}

/// 0.5 mL at any age.
pub const HALF_ML: &[Volume] = &[Volume { from: Edge::Open, until: Edge::Open, centi_ml: 50 }];

impl ProductRule {
    pub const fn new(vaccine: Vaccine, in_force: Days, source: &'static str) -> ProductRule {
        ProductRule { vaccine, in_force, from: Edge::Open, until: Edge::Open, volumes: HALF_ML, source }
    }

    #[must_use]
    pub const fn ages(self, from: Edge, until: Edge) -> ProductRule {
        ProductRule { from, until, ..self }
    }

    #[must_use]
    pub const fn volumes(self, volumes: &'static [Volume]) -> ProductRule {
        ProductRule { volumes, ..self }
    }
}

/// What a course is chosen for: a dose that was given, or the one that is planned.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    pub on: Date,
    /// `None` for what is planned.
    pub product: Option<Vaccine>,
}

/// A course and when it applies, in the office's words.
#[derive(Clone, Copy, Debug)]
pub struct NamedCourse {
    pub name: &'static str,
    pub doses: &'static [DoseRule],
}

/// A rule that is a named function, in words for the printed table.
#[derive(Clone, Copy, Debug)]
pub struct Remark {
    pub text: &'static str,
    pub source: &'static str,
}

/// One antigen line of a programme. Most have one; 五種混合 and 麻しん風しん can be given in parts.
pub struct Line {
    pub products: ProductSet,
    /// What a next dose would be given with; decides the window where it differs by product.
    pub offers: fn(&Case<'_>, &[PastDose]) -> ProductSet,
    pub excluded_by: DiseaseSet,
    /// The course, once earlier doses are known.
    pub course: fn(&Case<'_>, &[PastDose], Asked) -> &'static [DoseRule],
    /// Every course there is, for the printed table.
    pub courses: &'static [NamedCourse],
    /// Why a dose of the course is not given on a day, if so (start-age bands).
    pub skips: fn(&Case<'_>, &[PastDose], u8, Date) -> Option<&'static str>,
}

/// No dose of the course is left out.
pub fn skips_nothing(_: &Case<'_>, _: &[PastDose], _: u8, _: Date) -> Option<&'static str> {
    None
}

/// Whatever the programme uses.
pub fn offers_any(_: &Case<'_>, _: &[PastDose]) -> ProductSet {
    ProductSet::ANY
}

pub const fn diseases(of: &[Disease]) -> DiseaseSet {
    let mut set = DiseaseSet::NONE;
    let mut at = 0;
    while at < of.len() {
        set = set.with(of[at]);
        at += 1;
    }
    set
}

pub const fn named(name: &'static str, doses: &'static [DoseRule]) -> NamedCourse {
    NamedCourse { name, doses }
}

/// 接種の時期 within a year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Season {
    /// Any day.
    None,
    /// The calendar the municipality announces.
    Influenza,
    /// 実施規則24条: 1 October to 31 March.
    Covid,
}

/// 長期療養特例 (施行令3条2項).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LongIllnessRule {
    NotCovered,
    /// Until this age at the latest (施行規則2条の9), or `Edge::Open`.
    Until(Edge),
}

/// A programme (定期接種) with all its versions.
pub struct Programme {
    pub series: Series,
    pub class: LegalClass,
    pub grounds: &'static [Ground],
    pub lines: &'static [Line],
    pub products: &'static [ProductRule],
    /// Born before this day: never a target of the programme (附則).
    pub born_from: Option<Date>,
    pub long_illness: LongIllnessRule,
    /// A dose given before the legal age is medically counted all the same.
    pub early_counts: bool,
    /// Products that are not mixed: earlier, later.
    pub unmixed: &'static [(Vaccine, Vaccine)],
    pub season: Season,
    pub remarks: &'static [Remark],
    /// 対象者 and 接種の方法, as the rules table cites them.
    pub source: &'static str,
}
