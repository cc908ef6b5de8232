//! Walking a person's doses over a programme, and saying what is next. The order of checks is that of the law:
//! resident, target, excluded, product, age, dose number, interval, other vaccines, standard period.

use super::case::{Case, Chance, Dose};
use super::checks::{judge_other_vaccines, judge_person, judge_product, judge_residence, why_no_target};
use super::judgement::{Judgement, dates, from, until, words};
use super::rule::{Asked, DoseRule, Line, ProductRule, Programme};
use super::windows::{Windows, ages_of, counted, own_ages, product_rule, vaccine_of};
use crate::Date;
use crate::age::{self, Days};
use crate::schedule::interpreter::{
    self, Course, Failure, Findings, IntervalRule, LegalCalendar, PastDose, Taken, TargetDose,
};
use crate::schedule::reason::ReasonArgs;
use crate::schedule::types::{DoseVerdict, Series};

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
