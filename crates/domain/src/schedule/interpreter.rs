//! The interpreter both rule packs run on: spans of age and interval, target doses as data, and the walk of given
//! doses over them. It knows neither Japanese law nor CDSi; a pack turns the criteria that fail into its own words.

use crate::Date;
use crate::age::{self, Days};

/// A length of time as a rule states it. Fields may be negative (CDSi writes "4 years - 4 days").
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Span {
    pub years: i16,
    pub months: i16,
    pub weeks: i16,
    pub days: i16,
    /// 月半: half a month more, which only Japanese intervals know.
    pub half_month: bool,
}

impl Span {
    pub const ZERO: Span = Span { years: 0, months: 0, weeks: 0, days: 0, half_month: false };

    pub const fn years(years: i16) -> Span {
        Span { years, ..Span::ZERO }
    }

    pub const fn months(months: i16) -> Span {
        Span { months, ..Span::ZERO }
    }

    pub const fn weeks(weeks: i16) -> Span {
        Span { weeks, ..Span::ZERO }
    }

    pub const fn days(days: i16) -> Span {
        Span { days, ..Span::ZERO }
    }

    /// N月半.
    pub const fn months_and_half(months: i16) -> Span {
        Span { months, half_month: true, ..Span::ZERO }
    }

    #[must_use]
    pub const fn plus_days(self, days: i16) -> Span {
        Span { days: self.days + days, ..self }
    }

    const fn whole_months(self) -> i32 {
        self.years as i32 * 12 + self.months as i32
    }

    const fn whole_days(self) -> i32 {
        self.weeks as i32 * 7 + self.days as i32
    }
}

/// How a pack counts: the strategy that turns spans into days.
pub trait Calendar: Copy {
    /// First day of being old enough.
    fn age_from(self, birth: Date, span: Span) -> Date;
    /// Last day of not being too old, that day included.
    fn age_until(self, birth: Date, span: Span) -> Date;
    /// First day allowed after an interval of at least `span`.
    fn interval_from(self, previous: Date, span: Span) -> Date;
}

/// 年齢計算ニ関する法律: an age is reached on the eve, and that day belongs to both sides; "N日以上" leaves N whole
/// days between.
#[derive(Clone, Copy, Debug, Default)]
pub struct LegalCalendar;

impl Calendar for LegalCalendar {
    fn age_from(self, birth: Date, span: Span) -> Date {
        let reached = match span.whole_months() {
            0 => birth,
            months => age::reach_months(birth, months),
        };
        age::plus_days(reached, span.whole_days())
    }

    fn age_until(self, birth: Date, span: Span) -> Date {
        self.age_from(birth, span)
    }

    fn interval_from(self, previous: Date, span: Span) -> Date {
        let months = span.whole_months();
        match (months, span.half_month) {
            (0, _) => age::gap_days(previous, span.whole_days()),
            (_, true) => age::gap_months_and_half(previous, months),
            (_, false) => age::plus_days(age::gap_months(previous, months), span.whole_days()),
        }
    }
}

/// CDSi's date rules: years and months are added first, a day that does not exist moves to the first of the next
/// month, then weeks and days; the maximum age itself is already too old.
#[derive(Clone, Copy, Debug, Default)]
pub struct CdsiCalendar;

impl Calendar for CdsiCalendar {
    fn age_from(self, birth: Date, span: Span) -> Date {
        age::plus_days(age::gap_months(birth, span.whole_months()), span.whole_days())
    }

    fn age_until(self, birth: Date, span: Span) -> Date {
        age::plus_days(self.age_from(birth, span), -1)
    }

    fn interval_from(self, previous: Date, span: Span) -> Date {
        self.age_from(previous, span)
    }
}

/// A set of products by number (a pack's own numbering, below 512; CVX fits).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProductSet([u64; 8]);

impl ProductSet {
    pub const NONE: ProductSet = ProductSet([0; 8]);
    pub const ANY: ProductSet = ProductSet([u64::MAX; 8]);

    #[must_use]
    pub const fn with(mut self, product: u16) -> ProductSet {
        self.0[(product / 64) as usize] |= 1 << (product % 64);
        self
    }

    pub const fn contains(&self, product: u16) -> bool {
        (product as usize) < 512 && self.0[(product / 64) as usize] & (1 << (product % 64)) != 0
    }
}

impl FromIterator<u16> for ProductSet {
    fn from_iter<T: IntoIterator<Item = u16>>(products: T) -> Self {
        products.into_iter().fold(ProductSet::NONE, ProductSet::with)
    }
}

/// What ages are counted from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subject {
    pub birth: Date,
    pub due_date: Option<Date>,
}

/// One end of a window, as the rule states it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// No limit on this side.
    Open,
    Age(Span),
    On(Date),
    /// First or last day of the fiscal year in which an age is reached.
    FiscalYearOfAge(i16),
    /// The year before school entry.
    YearBeforeSchool,
    /// Weeks and days of pregnancy.
    Gestation(i16, i16),
}

impl Edge {
    /// The first day inside, if this edge opens a window; `None` where what it counts from is unknown.
    pub fn opens<C: Calendar>(self, calendar: C, of: &Subject) -> Option<Date> {
        match self {
            Edge::Open => Some(Date::MIN),
            Edge::Age(span) => Some(calendar.age_from(of.birth, span)),
            Edge::On(day) => Some(day),
            Edge::FiscalYearOfAge(years) => Some(age::fiscal_year_of_age(of.birth, years.into()).from),
            Edge::YearBeforeSchool => Some(age::year_before_school(of.birth).from),
            Edge::Gestation(weeks, days) => {
                of.due_date.map(|due| age::gestation_week(due, weeks.into(), days.into()))
            }
        }
    }

    /// The last day inside, if this edge closes a window.
    pub fn closes<C: Calendar>(self, calendar: C, of: &Subject) -> Option<Date> {
        match self {
            Edge::Open => Some(Date::MAX),
            Edge::Age(span) => Some(calendar.age_until(of.birth, span)),
            Edge::On(day) => Some(day),
            Edge::FiscalYearOfAge(years) => Some(age::fiscal_year_of_age(of.birth, years.into()).until),
            Edge::YearBeforeSchool => Some(age::year_before_school(of.birth).until),
            Edge::Gestation(weeks, days) => {
                of.due_date.map(|due| age::gestation_week(due, weeks.into(), days.into()))
            }
        }
    }
}

/// A window of age as data. `absolute_from` is what an evaluation tolerates; where a pack knows no tolerance, it
/// equals `from`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AgeWindow {
    pub absolute_from: Edge,
    pub from: Edge,
    pub until: Edge,
    pub standard_from: Edge,
    pub standard_until: Edge,
    /// Days of vaccination this window applies to.
    pub in_force: Days,
}

impl AgeWindow {
    pub const fn new(from: Edge, until: Edge) -> AgeWindow {
        AgeWindow {
            absolute_from: from,
            from,
            until,
            standard_from: Edge::Open,
            standard_until: Edge::Open,
            in_force: Days::ALWAYS,
        }
    }

    #[must_use]
    pub const fn standard(self, from: Edge, until: Edge) -> AgeWindow {
        AgeWindow { standard_from: from, standard_until: until, ..self }
    }

    #[must_use]
    pub const fn in_force(self, in_force: Days) -> AgeWindow {
        AgeWindow { in_force, ..self }
    }

    /// The window as days for one subject; `None` where what it counts from is unknown.
    pub fn resolve<C: Calendar>(&self, calendar: C, of: &Subject) -> Option<Window> {
        Some(Window {
            absolute_from: self.absolute_from.opens(calendar, of)?.max(self.in_force.from),
            days: Days::new(self.from.opens(calendar, of)?, self.until.closes(calendar, of)?)
                .and(self.in_force),
            standard: Days::new(
                self.standard_from.opens(calendar, of)?,
                self.standard_until.closes(calendar, of)?,
            ),
        })
    }
}

/// A window resolved to days. `Date::MIN`/`Date::MAX` stand for an open end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    pub absolute_from: Date,
    pub days: Days,
    pub standard: Days,
}

/// From which earlier dose an interval is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    /// The dose given just before, whether it counted or not.
    PreviousDose,
    /// The dose that satisfied target n (0-based).
    Target(u8),
    /// The most recent dose of these products, in any series.
    MostRecent(ProductSet),
    /// A day the pack supplies (an observation).
    Day(Date),
}

/// An interval as data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IntervalRule {
    pub since: Since,
    pub absolute_min: Option<Span>,
    pub min: Option<Span>,
    pub standard_min: Option<Span>,
    pub standard_max: Option<Span>,
    pub in_force: Days,
}

impl IntervalRule {
    pub const fn at_least(since: Since, min: Span) -> IntervalRule {
        IntervalRule {
            since,
            absolute_min: Some(min),
            min: Some(min),
            standard_min: None,
            standard_max: None,
            in_force: Days::ALWAYS,
        }
    }

    #[must_use]
    pub const fn standard(self, min: Option<Span>, max: Option<Span>) -> IntervalRule {
        IntervalRule { standard_min: min, standard_max: max, ..self }
    }

    /// The interval as days, or `None` where the dose it counts from was not given.
    pub fn resolve<C: Calendar>(&self, calendar: C, past: &[PastDose]) -> Option<Gap> {
        let since = match self.since {
            Since::PreviousDose => past.last().map(|dose| dose.on),
            Since::Target(target) => {
                past.iter().rev().find(|dose| dose.target == Some(target)).map(|dose| dose.on)
            }
            Since::MostRecent(products) => {
                past.iter().rev().find(|dose| products.contains(dose.product)).map(|dose| dose.on)
            }
            Since::Day(day) => Some(day),
        }?;
        let day = |span: Option<Span>| span.map(|span| calendar.interval_from(since, span));
        let from = day(self.min);
        // Most rules know no tolerance: counted once.
        let absolute_from = if self.absolute_min == self.min { from } else { day(self.absolute_min) };
        Some(Gap {
            since,
            absolute_from,
            from,
            standard_from: day(self.standard_min),
            standard_until: day(self.standard_max),
        })
    }
}

/// An interval resolved to days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    pub since: Date,
    pub absolute_from: Option<Date>,
    pub from: Option<Date>,
    pub standard_from: Option<Date>,
    pub standard_until: Option<Date>,
}

/// A dose already walked over. The pack hands in those it wants counted, in the order of days, without the dose
/// that is being judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PastDose {
    pub on: Date,
    pub product: u16,
    /// The target it satisfied (0-based), if any.
    pub target: Option<u8>,
}

/// A target dose: a view on a pack's table, whether that is a constant or was loaded.
#[derive(Clone, Copy, Debug)]
pub struct TargetDose<'a> {
    pub ages: &'a [AgeWindow],
    /// All must hold.
    pub intervals: &'a [IntervalRule],
    pub products: ProductSet,
    /// Days in which the target exists at all.
    pub season: Option<Days>,
    /// The target is asked again after it was satisfied.
    pub recurring: bool,
}

/// One criterion that does not hold, with the days concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Before the (absolute) minimum age.
    TooEarly {
        from: Date,
    },
    TooLate {
        until: Date,
    },
    /// No window applies to this subject on that day.
    NoWindow,
    /// Rule number, and the first day it would hold.
    Interval {
        rule: u8,
        since: Date,
        from: Date,
    },
    Product,
    Season {
        days: Days,
    },
}

/// What a dose misses of a target. At most [`Findings::MAX`] failures are kept; a target has fewer criteria.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    failures: [Option<Failure>; Findings::MAX],
    len: u8,
    /// Inside the tolerance of an age or interval: after the absolute minimum, before the minimum.
    pub in_age_grace: bool,
    pub in_interval_grace: bool,
}

impl Findings {
    pub const MAX: usize = 8;

    pub fn push(&mut self, failure: Failure) {
        if let Some(slot) = self.failures.get_mut(usize::from(self.len)) {
            *slot = Some(failure);
            self.len += 1;
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = Failure> + '_ {
        self.failures.iter().flatten().copied()
    }

    /// Every criterion holds.
    pub fn is_satisfied(&self) -> bool {
        self.len == 0
    }
}

/// Judges the age: one window that holds is enough; otherwise the window nearest to the day is reported.
pub fn judge_age(windows: &[Window], on: Date, findings: &mut Findings) {
    let mut open_later: Option<Date> = None;
    let mut closed_last: Option<Date> = None;
    let mut grace = false;
    for window in windows.iter().filter(|window| window.absolute_from <= window.days.until) {
        if on < window.absolute_from {
            open_later = Some(open_later.map_or(window.days.from, |day| day.min(window.days.from)));
        } else if on > window.days.until {
            closed_last = Some(closed_last.map_or(window.days.until, |day| day.max(window.days.until)));
        } else if on < window.days.from {
            grace = true;
        } else {
            return;
        }
    }
    if grace {
        findings.in_age_grace = true;
        return;
    }
    findings.push(match (open_later, closed_last) {
        // Between two windows: the one that has closed is what the person missed.
        (_, Some(until)) => Failure::TooLate { until },
        (Some(from), None) => Failure::TooEarly { from },
        (None, None) => Failure::NoWindow,
    });
}

/// Judges all interval rules of a target; each that is broken is reported.
pub fn judge_intervals<C: Calendar>(
    calendar: C,
    rules: &[IntervalRule],
    past: &[PastDose],
    on: Date,
    findings: &mut Findings,
) {
    for (number, rule) in rules.iter().enumerate().filter(|(_, rule)| rule.in_force.contains(on)) {
        let Some(gap) = rule.resolve(calendar, past) else { continue };
        if let Some(from) = gap.absolute_from.filter(|from| on < *from) {
            findings.push(Failure::Interval { rule: number as u8, since: gap.since, from });
        } else if gap.from.is_some_and(|from| on < from) {
            findings.in_interval_grace = true;
        }
    }
}

/// Judges one dose against one target: which criteria fail, and from or until when they would hold.
pub fn judge<C: Calendar>(
    calendar: C,
    target: &TargetDose<'_>,
    windows: &[Window],
    past: &[PastDose],
    on: Date,
    product: u16,
) -> Findings {
    let mut findings = Findings::default();
    judge_age(windows, on, &mut findings);
    judge_intervals(calendar, target.intervals, past, on, &mut findings);
    if !target.products.contains(product) {
        findings.push(Failure::Product);
    }
    if let Some(days) = target.season.filter(|days| !days.contains(on)) {
        findings.push(Failure::Season { days });
    }
    findings
}

/// When a target may next be satisfied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Next {
    /// First day on which every criterion holds.
    pub earliest: Date,
    /// Last day of the window.
    pub latest: Date,
    /// The window that was chosen.
    pub window: Window,
    pub standard_from: Option<Date>,
    pub standard_until: Option<Date>,
}

/// The first chance on or after `on` (or the chance that includes `on`); `None` where no window is left that the
/// intervals still fit into. `windows` in any order.
pub fn next<C: Calendar>(
    calendar: C,
    target: &TargetDose<'_>,
    windows: &[Window],
    past: &[PastDose],
    on: Date,
) -> Option<Next> {
    let mut after = Date::MIN;
    let mut standard_from: Option<Date> = None;
    let mut standard_until: Option<Date> = None;
    for rule in target.intervals {
        let Some(gap) = rule.resolve(calendar, past) else { continue };
        after = gap.from.map_or(after, |from| after.max(from));
        standard_from = standard_from.max(gap.standard_from);
        standard_until = gap
            .standard_until
            .map(|until| standard_until.map_or(until, |day| day.min(until)))
            .or(standard_until);
    }
    let season = target.season.unwrap_or(Days::ALWAYS);
    windows
        .iter()
        .filter_map(|window| {
            let days = window.days.and(season).and(Days::new(after, Date::MAX));
            (!days.is_empty() && on <= days.until).then_some(Next {
                earliest: days.from,
                latest: days.until,
                window: *window,
                standard_from,
                standard_until,
            })
        })
        .min_by_key(|next| next.earliest)
}

/// What became of a dose at the current target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// The dose satisfies the target; the next dose meets the next target.
    Advances,
    /// The dose does not satisfy it and has been reported; the target stays.
    Reported,
    /// The target is not needed at this dose; the same dose meets the next target.
    SkipTarget,
}

/// A series being walked: the pack's rules and its record of verdicts.
pub trait Course {
    type Dose;

    fn targets(&self) -> u8;
    /// The target is asked again after it was satisfied.
    fn recurs(&self, target: u8) -> bool;
    fn take(&mut self, target: u8, dose: &Self::Dose) -> Taken;
    /// A dose after the last target (不必要な接種, extraneous).
    fn beyond(&mut self, dose: &Self::Dose);
}

/// Walks given doses, in the order of their days, over the targets; returns the target that is next (equal to
/// [`Course::targets`] when all are satisfied).
pub fn walk<C: Course>(course: &mut C, doses: &[C::Dose]) -> u8 {
    walk_from(course, 0, doses)
}

/// [`walk`], taken up again at a target.
pub fn walk_from<C: Course>(course: &mut C, mut target: u8, doses: &[C::Dose]) -> u8 {
    for dose in doses {
        loop {
            if target >= course.targets() {
                course.beyond(dose);
                break;
            }
            match course.take(target, dose) {
                Taken::Advances => {
                    if !course.recurs(target) {
                        target += 1;
                    }
                    break;
                }
                Taken::Reported => break,
                Taken::SkipTarget => target += 1,
            }
        }
    }
    target
}
