//! Walking a person's doses over a programme, and saying what is next. The order of checks is that of the law:
//! resident, target, excluded, product, age, dose number, interval, other vaccines, standard period.

use super::between;
use super::case::{Case, Chance, Chances, Dose, Mismatch};
use super::rule::{Asked, DoseRule, Line, ProductRule, Programme};
use crate::Date;
use crate::age::{self, Days};
use crate::schedule::interpreter::{
    self, Course, Edge, Failure, Findings, IntervalRule, LegalCalendar, PastDose, ProductSet, Taken,
    TargetDose, Window,
};
use crate::schedule::reason::{Reason, ReasonArgs, Severity};
use crate::schedule::types::{DiseaseSet, DoseVerdict, Series, Vaccine};

/// Reasons of one dose, and whether one of them takes its 定期 away.
pub struct Judgement<'a, 'p> {
    case: &'a Case<'p>,
    pub reasons: Vec<Reason>,
    pub is_teiki: bool,
}

impl<'a, 'p> Judgement<'a, 'p> {
    pub fn new(case: &'a Case<'p>) -> Judgement<'a, 'p> {
        Judgement { case, reasons: Vec::new(), is_teiki: true }
    }

    /// A rule of law is broken: whatever severity the municipality shows it in, the dose is not 定期.
    pub fn breaks(&mut self, code: &'static str, source: &'static str, args: ReasonArgs) {
        self.is_teiki = false;
        self.says(code, Severity::Error, source, args);
    }

    pub fn warns(&mut self, code: &'static str, source: &'static str, args: ReasonArgs) {
        self.says(code, Severity::Warning, source, args);
    }

    pub fn notes(&mut self, code: &'static str, source: &'static str, args: ReasonArgs) {
        self.says(code, Severity::Note, source, args);
    }

    fn says(&mut self, code: &'static str, severity: Severity, source: &'static str, args: ReasonArgs) {
        if let Some(reason) = self.case.reason(code, severity, source, args) {
            // Most doses have one reason at most.
            self.reasons.reserve_exact(1);
            self.reasons.push(reason);
        }
    }
}

pub fn dates(from: Date, until: Date) -> ReasonArgs {
    ReasonArgs { from: bounded(from), until: bounded(until), ..ReasonArgs::default() }
}

pub fn from(day: Date) -> ReasonArgs {
    ReasonArgs { from: bounded(day), ..ReasonArgs::default() }
}

pub fn until(day: Date) -> ReasonArgs {
    ReasonArgs { until: bounded(day), ..ReasonArgs::default() }
}

pub fn words(text: &'static str) -> ReasonArgs {
    ReasonArgs { text, ..ReasonArgs::default() }
}

fn bounded(day: Date) -> Option<Date> {
    (day > Date::MIN && day < Date::MAX).then_some(day)
}

pub const MAX: usize = Chances::MAX;

/// Windows of one dose: the chances, narrowed by the dose's own ages and the product's.
pub struct Windows {
    windows: [Window; MAX],
    len: usize,
}

impl Windows {
    /// `own`: the ages of the dose; `product`: those of the product, which 長期療養特例 passes over in favour of its
    /// own caps.
    pub fn new(chances: &[Chance], own: Days, product: Days) -> Windows {
        const EMPTY: Window = Window { absolute_from: Date::MIN, days: Days::ALWAYS, standard: Days::ALWAYS };
        let mut windows = Windows { windows: [EMPTY; MAX], len: 0 };
        for chance in chances {
            let is_special = chance.ground == Chances::LONG_ILLNESS;
            let days = chance.days.and(own).and(if is_special { Days::ALWAYS } else { product });
            if !days.is_empty() {
                windows.windows[windows.len] = Window { absolute_from: days.from, days, ..EMPTY };
                windows.len += 1;
            }
        }
        windows
    }

    pub fn as_slice(&self) -> &[Window] {
        &self.windows[..self.len]
    }

    /// Joins periods that follow each other without a gap, as a person experiences them.
    #[must_use]
    pub fn joined(mut self) -> Windows {
        if self.len < 2 {
            return self;
        }
        self.windows[..self.len].sort_unstable_by_key(|window| window.days.from);
        let mut last = 0;
        for at in 1..self.len {
            let next = self.windows[at];
            let kept = &mut self.windows[last];
            if kept.days.until == Date::MAX || next.days.from <= age::plus_days(kept.days.until, 1) {
                kept.days.until = kept.days.until.max(next.days.until);
            } else {
                last += 1;
                self.windows[last] = next;
            }
        }
        self.len = last + 1;
        self
    }
}

/// How many doses of the line counted.
pub fn counted(past: &[PastDose]) -> usize {
    past.iter().filter(|dose| dose.target.is_some()).count()
}

pub fn vaccine_of(dose: &PastDose) -> Vaccine {
    Vaccine::ALL[usize::from(dose.product)]
}

/// The first dose that counted.
pub fn first(past: &[PastDose]) -> Option<&PastDose> {
    past.iter().find(|dose| dose.target.is_some())
}

/// The ages a dose of the course is limited to.
pub fn own_ages(case: &Case<'_>, rule: &DoseRule) -> Days {
    if matches!((rule.from, rule.until), (Edge::Open, Edge::Open)) {
        return Days::ALWAYS;
    }
    Days::new(
        rule.from.opens(LegalCalendar, &case.subject).unwrap_or(Date::MIN),
        rule.until.closes(LegalCalendar, &case.subject).unwrap_or(Date::MAX),
    )
}

fn ages_of(case: &Case<'_>, product: &ProductRule) -> Days {
    if matches!((product.from, product.until), (Edge::Open, Edge::Open)) {
        return Days::ALWAYS;
    }
    Days::new(
        product.from.opens(LegalCalendar, &case.subject).unwrap_or(Date::MIN),
        product.until.closes(LegalCalendar, &case.subject).unwrap_or(Date::MAX),
    )
}

/// From the youngest to the oldest age at which one of the products may be used.
pub fn ages_of_products(case: &Case<'_>, programme: &Programme, offered: &ProductSet) -> Days {
    let mut all: Option<Days> = None;
    for product in programme.products {
        if offered.contains(product.vaccine as u16) {
            let ages = ages_of(case, product);
            if ages == Days::ALWAYS {
                return ages;
            }
            all = Some(
                all.map_or(ages, |known| Days::new(known.from.min(ages.from), known.until.max(ages.until))),
            );
        }
    }
    all.unwrap_or(Days::ALWAYS)
}

pub fn product_rule(programme: &Programme, vaccine: Vaccine) -> Option<&ProductRule> {
    programme.products.iter().find(|product| product.vaccine == vaccine)
}

/// A line of a programme being walked.
pub struct LineWalk<'a, 'p> {
    pub case: &'a Case<'p>,
    pub programme: &'static Programme,
    pub line: &'static Line,
    pub chances: &'a [Chance],
    pub past: &'a mut Vec<PastDose>,
    /// One for each dose of the ledger, filled where this programme counts it.
    pub verdicts: &'a mut [DoseVerdict],
    /// The dose being walked over.
    pub asked: Asked,
    /// A dose of the course was left out since the last one that was given.
    pub left_out: Option<&'static str>,
}

impl LineWalk<'_, '_> {
    /// The course once earlier doses are known.
    pub fn rules(&self) -> &'static [DoseRule] {
        (self.line.course)(self.case, self.past, self.asked)
    }

    fn records(&mut self, index: usize, verdict: DoseVerdict) {
        let slot = &mut self.verdicts[index];
        // A combined dose stands in several lines; what one line needs, another may have enough of.
        let is_new = slot.series.is_none();
        let was_excess = slot.reasons.iter().any(|reason| reason.code == "E_EXCESS");
        if is_new || (was_excess && verdict.valid_for_series) {
            *slot = verdict;
        }
    }

    fn remembers(&mut self, dose: &Dose, target: Option<u8>) {
        self.past.push(PastDose { on: dose.on, product: dose.vaccine as u16, target });
    }

    /// Whether this dose belongs to another programme that judges it (Hib inside 五種混合).
    fn is_foreign(&self, dose: &Dose) -> bool {
        dose.series != Some(self.programme.series)
    }

    fn is_same_day_double(&self, dose: &Dose) -> bool {
        self.past.last().is_some_and(|past| past.on == dose.on)
    }

    fn judge(&mut self, target: u8, rule: &DoseRule, dose: &Dose) -> (DoseVerdict, bool) {
        let mut judgement = Judgement::new(self.case);
        judge_person(self.case, self.programme, self.line, dose, &mut judgement);
        let product = product_rule(self.programme, dose.vaccine);
        judge_product(self.case, product, dose, &mut judgement);
        let findings = self.findings(rule, product, dose);
        let counts = self.explains(target, rule, &findings, dose, &mut judgement);
        judge_other_vaccines(self.case, dose, &mut judgement);
        judge_standard(self.case, rule, self.past, dose, &mut judgement);
        let number = if counts { counted(self.past) as u8 + 1 } else { 0 };
        let verdict = DoseVerdict {
            given: dose.given,
            series: Some(self.programme.series),
            dose: number,
            is_teiki: judgement.is_teiki,
            valid_for_series: counts,
            reasons: judgement.reasons,
        };
        (verdict, counts)
    }

    fn findings(&self, rule: &DoseRule, product: Option<&ProductRule>, dose: &Dose) -> Findings {
        let ages = product.map_or(Days::ALWAYS, |product| ages_of(self.case, product));
        let windows = Windows::new(self.chances, own_ages(self.case, rule), ages);
        let target = TargetDose {
            ages: &[],
            intervals: rule.intervals,
            products: self.line.products,
            season: None,
            recurring: false,
        };
        interpreter::judge(
            LegalCalendar,
            &target,
            windows.as_slice(),
            self.past,
            dose.on,
            dose.vaccine as u16,
        )
    }

    /// Turns failed criteria into the law's words; returns whether the dose counts for the series.
    fn explains(
        &self,
        target: u8,
        rule: &DoseRule,
        findings: &Findings,
        dose: &Dose,
        judgement: &mut Judgement<'_, '_>,
    ) -> bool {
        let mut counts = true;
        for failure in findings.iter() {
            match failure {
                Failure::TooEarly { from: day } => {
                    counts &= self.programme.early_counts
                        && rule
                            .from
                            .opens(LegalCalendar, &self.case.subject)
                            .is_none_or(|own| own <= dose.on);
                    let code = if self.waits_for_the_law(day) { "E_NOT_STARTED" } else { "E_AGE_EARLY" };
                    judgement.breaks(code, self.source_of_age(), from(day));
                }
                Failure::TooLate { until: day } => {
                    judgement.breaks("E_AGE_LATE", self.source_of_age(), until(day));
                }
                Failure::NoWindow => {
                    let (code, args) = why_no_target(self.case, self.programme);
                    judgement.breaks(code, self.programme.source, args);
                }
                Failure::Interval { since, from: day, .. } => {
                    counts = false;
                    if let Some(name) = self.left_out {
                        judgement.breaks("E_NO_DOSE", rule.source, words(name));
                    }
                    let args = ReasonArgs { from: Some(day), until: Some(since), ..ReasonArgs::default() };
                    judgement.breaks("E_INTERVAL", rule.source, args);
                }
                Failure::Product => {
                    judgement.breaks("E_WRONG_PRODUCT", self.programme.source, words(dose.vaccine.ja()));
                }
                Failure::Season { days } => {
                    judgement.breaks("E_SEASON", self.programme.source, dates(days.from, days.until));
                }
            }
        }
        if findings.in_interval_grace {
            let code = if self.programme.series == Series::Hpv { "W_HPV_THIRD" } else { "W_INTERVAL" };
            judgement.warns(code, rule.source, words(rule.name));
        }
        counts & self.mixing_allows(dose, judgement) & self.notices(target, dose, judgement)
    }

    fn source_of_age(&self) -> &'static str {
        self.programme.grounds.first().map_or(self.programme.source, |ground| ground.source)
    }

    /// What opens on that day is the programme itself, not an age.
    fn waits_for_the_law(&self, opens: Date) -> bool {
        self.programme.grounds.iter().any(|ground| ground.window.in_force.from == opens)
    }

    /// 同一製剤で完了する: a product that does not continue the one before.
    fn mixing_allows(&self, dose: &Dose, judgement: &mut Judgement<'_, '_>) -> bool {
        let mixed = self
            .past
            .iter()
            .filter(|past| past.target.is_some())
            .any(|past| self.programme.unmixed.contains(&(vaccine_of(past), dose.vaccine)));
        if !mixed {
            return true;
        }
        if self.programme.series == Series::Zoster {
            judgement.breaks("E_MIXED_PRODUCT", self.programme.source, words(dose.vaccine.ja()));
            return false;
        }
        judgement.warns("E_MIXED_PRODUCT", self.programme.source, words(dose.vaccine.ja()));
        true
    }

    /// Legal, but to be looked at.
    fn notices(&self, target: u8, dose: &Dose, judgement: &mut Judgement<'_, '_>) -> bool {
        if self.programme.series == Series::Rota
            && target == 0
            && dose.on >= age::weeks_old(self.case.birth(), 15, 0)
        {
            judgement.warns(
                "W_ROTA_15W",
                super::rotavirus::STANDARD_SOURCE,
                until(age::weeks_old(self.case.birth(), 14, 6)),
            );
        }
        true
    }
}

impl Course for LineWalk<'_, '_> {
    /// Index into the ledger.
    type Dose = u16;

    fn targets(&self) -> u8 {
        self.rules().len() as u8
    }

    fn recurs(&self, _: u8) -> bool {
        false
    }

    fn take(&mut self, target: u8, dose: &u16) -> Taken {
        let index = usize::from(*dose);
        let dose = self.case.doses[index];
        self.asked = Asked { on: dose.on, product: Some(dose.vaccine) };
        if self.is_foreign(&dose) {
            self.remembers(&dose, Some(target));
            return Taken::Advances;
        }
        if self.is_same_day_double(&dose) {
            let verdict = excess(self.case, self.programme, &dose, "E_DUP_DAY");
            self.records(index, verdict);
            return Taken::Reported;
        }
        let rule = &self.rules()[usize::from(target)];
        let lapsed = rule.lapses && dose.on > own_ages(self.case, rule).until;
        let skipped = (self.line.skips)(self.case, self.past, target, dose.on);
        if let Some(name) = skipped.or(lapsed.then_some(rule.name)) {
            self.left_out = Some(name);
            return Taken::SkipTarget;
        }
        let counts = if self.verdicts[index].valid_for_series {
            // Another line of the programme has judged it: only this line's own interval is still open.
            let product = product_rule(self.programme, dose.vaccine);
            let findings = self.findings(rule, product, &dose);
            !findings.iter().any(|failure| matches!(failure, Failure::Interval { .. }))
        } else {
            let (verdict, counts) = self.judge(target, rule, &dose);
            self.records(index, verdict);
            counts
        };
        self.remembers(&dose, counts.then_some(target));
        if counts {
            self.left_out = None;
            Taken::Advances
        } else {
            Taken::Reported
        }
    }

    fn beyond(&mut self, dose: &u16) {
        let index = usize::from(*dose);
        let dose = self.case.doses[index];
        if self.is_foreign(&dose) {
            return;
        }
        let code = if self.is_same_day_double(&dose) { "E_DUP_DAY" } else { "E_EXCESS" };
        let verdict = excess(self.case, self.programme, &dose, code);
        self.records(index, verdict);
        self.remembers(&dose, None);
    }
}

/// 不必要な接種: every other rule is judged too, so that the counter sees all at once.
fn excess(case: &Case<'_>, programme: &'static Programme, dose: &Dose, code: &'static str) -> DoseVerdict {
    let mut judgement = Judgement::new(case);
    if !case.is_resident(dose.on) {
        judge_residence(case, programme, dose, &mut judgement);
    }
    judge_product(case, product_rule(programme, dose.vaccine), dose, &mut judgement);
    judgement.breaks(code, programme.source, words(programme.series.ja()));
    judge_other_vaccines(case, dose, &mut judgement);
    DoseVerdict {
        given: dose.given,
        series: Some(programme.series),
        dose: 0,
        is_teiki: false,
        valid_for_series: false,
        reasons: judgement.reasons,
    }
}

fn judge_residence(case: &Case<'_>, programme: &Programme, dose: &Dose, judgement: &mut Judgement<'_, '_>) {
    let source = "予防接種法5条1項(区域内に居住する者)";
    let facts = &case.person.facts;
    if facts.resident_until.is_some_and(|last| dose.on > last) {
        let args = facts.resident_until.map_or(ReasonArgs::default(), until);
        judgement.breaks("E_NOT_RESIDENT", source, args);
    } else if let Some(since) = facts.resident_from.filter(|since| dose.on < *since) {
        // Given elsewhere before moving in: it stays what it was there.
        let args = ReasonArgs { text: programme.series.ja(), ..from(since) };
        judgement.notes("W_OTHER_MUNICIPALITY", source, args);
    }
}

/// Resident, target at all, excluded.
pub fn judge_person(
    case: &Case<'_>,
    programme: &Programme,
    line: &Line,
    dose: &Dose,
    judgement: &mut Judgement<'_, '_>,
) {
    if !case.is_resident(dose.on) {
        judge_residence(case, programme, dose, judgement);
    }
    if let Some((source, args)) = excluded(case, programme, line) {
        judgement.breaks("E_EXCLUDED", source, args);
    }
}

/// Who is taken out of the target though age and cohort fit (施行令3条1項, 施行規則2条).
pub fn excluded(case: &Case<'_>, programme: &Programme, line: &Line) -> Option<(&'static str, ReasonArgs)> {
    let facts = &case.person.facts;
    if facts.had_disease == DiseaseSet::NONE && !facts.hbv_prophylaxis {
        return None;
    }
    if programme.series == Series::HepB && facts.hbv_prophylaxis {
        return Some(("予防接種法施行規則2条(母子感染予防)", words("B型肝炎母子感染予防を受けているため")));
    }
    if line.excluded_by.is_disjoint(facts.had_disease) {
        return None;
    }
    let had = facts.had_disease.iter().find(|disease| line.excluded_by.contains(*disease))?;
    Some((
        "予防接種法施行令3条1項(かかったことのある者を除く)",
        ReasonArgs { text: had.ja(), number: Some(1), ..ReasonArgs::default() },
    ))
}

/// Product in force, its dose volume, the lot.
pub fn judge_product(
    case: &Case<'_>,
    product: Option<&ProductRule>,
    dose: &Dose,
    judgement: &mut Judgement<'_, '_>,
) {
    if let Some(product) = product {
        if !product.in_force.contains(dose.on) {
            let args = ReasonArgs {
                text: dose.vaccine.ja(),
                ..dates(product.in_force.from, product.in_force.until)
            };
            judgement.breaks("E_PRODUCT_NOT_IN_FORCE", product.source, args);
        }
        if let Some(volume) = dose.volume_centi_ml {
            judge_volume(case, product, dose, volume, judgement);
        }
    }
    if let Some(last) = dose.lot_expires_on.filter(|last| *last < dose.on) {
        judgement.breaks("E_LOT_EXPIRED", "定期接種実施要領 第1(有効期限の確認)", until(last));
    }
}

/// On the eve of a birthday both ages apply, so both volumes are right.
fn judge_volume(
    case: &Case<'_>,
    product: &ProductRule,
    dose: &Dose,
    volume: u16,
    judgement: &mut Judgement<'_, '_>,
) {
    let mut right = None;
    for rule in product.volumes {
        let from = rule.from.opens(LegalCalendar, &case.subject).unwrap_or(Date::MIN);
        let until = rule.until.closes(LegalCalendar, &case.subject).unwrap_or(Date::MAX);
        if Days::new(from, until).contains(dose.on) {
            if rule.centi_ml == volume {
                return;
            }
            right = Some(rule.centi_ml);
        }
    }
    if let Some(right) = right {
        let args = ReasonArgs { number: Some(i32::from(right)), ..ReasonArgs::default() };
        judgement.breaks("E_VOLUME", product.source, args);
    }
}

/// The distance to every other vaccine given before, by the rule of the day.
pub fn judge_other_vaccines(case: &Case<'_>, dose: &Dose, judgement: &mut Judgement<'_, '_>) {
    if !between::keeps_distance(dose.vaccine, dose.on) {
        return;
    }
    for other in given_shortly_before(case, dose.on) {
        if keeps_own_interval(other, dose.series, dose.vaccine) {
            continue;
        }
        if let Some((first, source)) = between::first_day(other.vaccine, other.on, dose.vaccine, dose.on)
            && dose.on < first
        {
            let args = ReasonArgs { text: other.vaccine.ja(), until: Some(other.on), ..from(first) };
            judgement.breaks("E_LIVE_INTERVAL", source, args);
        }
    }
}

/// Doses of the four weeks before a day, the latest first: older ones are out of every distance's reach.
pub fn given_shortly_before<'c>(case: &Case<'c>, on: Date) -> impl Iterator<Item = &'c Dose> + use<'c> {
    let reach = age::plus_days(on, -28);
    let before = case.doses.partition_point(|other| other.on < on);
    case.doses[..before].iter().rev().take_while(move |other| other.on >= reach)
}

/// The first day on or after `earliest`, and not before the day asked, that keeps the distance to what was given by
/// then; `earliest` itself where nothing stands in the way.
pub fn free_of_others(
    case: &Case<'_>,
    series: Series,
    vaccine: Vaccine,
    earliest: Date,
    as_of: Date,
) -> Date {
    let asked = earliest.max(as_of);
    if !between::keeps_distance(vaccine, asked) {
        return earliest;
    }
    let mut day = asked;
    loop {
        let before = day;
        // Same-day vaccination is free; once the day moves on, today's doses count too.
        for other in given_shortly_before(case, day) {
            if keeps_own_interval(other, Some(series), vaccine) || other.on > as_of {
                continue;
            }
            if let Some((first, _)) = between::first_day(other.vaccine, other.on, vaccine, day) {
                // The old rule ends with its last day in force.
                let rule_ends = between::ONLY_LIVE_SINCE;
                let then = between::first_day(other.vaccine, other.on, vaccine, rule_ends)
                    .map_or(rule_ends, |(first, _)| first.max(rule_ends));
                day = day.max(if day < rule_ends { first.min(then) } else { first });
            }
        }
        if day == before {
            return if day == asked { earliest } else { day };
        }
    }
}

/// Doses of one series keep that series' interval, not the one between different vaccines; 麻しん and 風しん given
/// apart are different vaccines all the same.
fn keeps_own_interval(other: &Dose, series: Option<Series>, vaccine: Vaccine) -> bool {
    let apart = between::kind(vaccine) == between::Kind::InjectedLive && other.vaccine != vaccine;
    series.is_some() && other.series == series && !apart
}

fn judge_standard(
    case: &Case<'_>,
    rule: &DoseRule,
    past: &[PastDose],
    dose: &Dose,
    judgement: &mut Judgement<'_, '_>,
) {
    let days = standard_days(case, rule, past);
    if judgement.is_teiki && !days.contains(dose.on) {
        judgement.warns("W_STD", rule.source, dates(days.from, days.until));
    }
}

/// 標準的な接種期間 of a dose: its age and the interval after the doses before. Where the age has passed, the
/// interval alone is the advice.
pub fn standard_days(case: &Case<'_>, rule: &DoseRule, past: &[PastDose]) -> Days {
    let mut by_interval = Days::ALWAYS;
    let advised =
        |interval: &&IntervalRule| interval.standard_min.is_some() || interval.standard_max.is_some();
    for interval in rule.intervals.iter().filter(advised) {
        if let Some(gap) = interval.resolve(LegalCalendar, past) {
            by_interval = by_interval.and(Days::new(
                gap.standard_from.or(gap.from.filter(|_| gap.standard_until.is_some())).unwrap_or(Date::MIN),
                gap.standard_until.unwrap_or(Date::MAX),
            ));
        }
    }
    let by_age = Days::new(
        rule.standard_from.opens(LegalCalendar, &case.subject).unwrap_or(Date::MIN),
        rule.standard_until.closes(LegalCalendar, &case.subject).unwrap_or(Date::MAX),
    );
    let both = by_age.and(by_interval);
    if both.is_empty() { by_interval } else { both }
}

/// Why no ground fits the person at all.
pub fn why_no_target(case: &Case<'_>, programme: &Programme) -> (&'static str, ReasonArgs) {
    if let Some(born) = programme.born_from.filter(|from| case.birth() < *from) {
        return ("E_COHORT", from(born));
    }
    // The ground that comes nearest says most.
    let nearest = programme.grounds.iter().filter_map(|ground| case.concerns(ground).err()).max();
    match nearest {
        Some(Mismatch::Sex) => ("E_SEX", words(programme.series.ja())),
        Some(Mismatch::Condition) => ("E_CONDITION", words(condition_words(programme.series))),
        Some(Mismatch::Birth) | None => match programme.series {
            Series::Rsv => ("E_CONDITION", words(condition_words(Series::Rsv))),
            _ => ("E_COHORT", words(programme.series.ja())),
        },
    }
}

fn condition_words(series: Series) -> &'static str {
    match series {
        Series::Rsv => "分娩予定日を登録してください",
        Series::Rubella5 => "令和7年3月31日までの抗体検査で抗体価が不十分であることを確認してください",
        Series::Zoster => "60歳から64歳までは、HIVによる免疫機能障害1級の方だけが対象です",
        Series::Flu | Series::Covid | Series::Ppv => {
            "60歳から64歳までは、心臓・腎臓・呼吸器・HIV免疫の機能障害1級の方だけが対象です"
        }
        Series::Mr1 | Series::Mr2 => "ワクチンの偏在により受けられなかったことの認定を確認してください",
        Series::Hpv => "令和4年4月1日から令和7年3月31日までに1回以上接種した方だけが対象です",
        Series::HepB
        | Series::Rota
        | Series::Dpt
        | Series::Hib
        | Series::Pcv
        | Series::Bcg
        | Series::Var
        | Series::Je1
        | Series::Je2
        | Series::Dt2 => "特例の要件を確認してください",
    }
}
