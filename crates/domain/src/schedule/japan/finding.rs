//! What is next: where a person stands in one programme on the day asked.

use super::case::{Case, Chances};
use super::checks;
use super::course;
use super::judgement::{dates, from, until, words};
use super::rule::{Asked, DoseRule, Line, Programme};
use super::windows;
use super::windows::Windows;
use crate::Date;
use crate::age;
use crate::schedule::interpreter::{self, LegalCalendar, PastDose, TargetDose};
use crate::schedule::reason::{Reason, ReasonArgs, Severity};
use crate::schedule::types::{LegalClass, Series, SeriesFinding, Status, Vaccine};

/// A line after the walk over the doses up to the day asked.
pub struct Standing<'a> {
    pub line: &'static Line,
    pub target: u8,
    pub past: &'a [PastDose],
    /// At least one dose was given as 定期.
    pub has_teiki: bool,
}

pub struct Answer<'a, 'p> {
    pub case: &'a Case<'p>,
    pub programme: &'static Programme,
    pub chances: &'a Chances,
    pub as_of: Date,
}

pub fn blank(series: Series, status: Status) -> SeriesFinding {
    SeriesFinding {
        series,
        status,
        dose: None,
        legal_from: None,
        legal_until: None,
        standard_from: None,
        standard_until: None,
        earliest: None,
        latest: None,
        reasons: Vec::new(),
    }
}

fn shown(day: Date) -> Option<Date> {
    (day > Date::MIN && day < Date::MAX).then_some(day)
}

impl Answer<'_, '_> {
    fn says(&self, finding: &mut SeriesFinding, code: &'static str, source: &'static str, args: ReasonArgs) {
        if finding.reasons.is_empty() {
            // Nearly every finding has one reason or two; the usual four places cost more than the rest of it.
            finding.reasons.reserve_exact(2);
        }
        finding.reasons.push(Reason { code, severity: Severity::Note, source, args });
    }

    /// The finding of one line.
    pub fn of(&self, standing: &Standing<'_>) -> SeriesFinding {
        let series = self.programme.series;
        let rules = (standing.line.course)(self.case, standing.past, Asked { on: self.as_of, product: None });
        let mut target = standing.target;
        let mut left_out: Option<&'static str> = None;
        loop {
            let Some(rule) = rules.get(usize::from(target)) else {
                return self.complete(standing, left_out);
            };
            let skipped = (standing.line.skips)(self.case, standing.past, target, self.as_of);
            if skipped.is_some() {
                left_out = left_out.or(skipped);
                target += 1;
                continue;
            }
            if let Some(answer) = self.excluded(standing.line) {
                return answer;
            }
            if self.chances.as_slice().is_empty() {
                return self.no_target();
            }
            let windows = self.windows(standing, rule);
            let next = interpreter::next(
                LegalCalendar,
                &target_of(standing.line, rule),
                windows.as_slice(),
                standing.past,
                self.as_of,
            );
            match next {
                Some(next) => {
                    let finding = blank(series, Status::Due);
                    return self.chance(finding, standing, rule, next, left_out);
                }
                None if rule.lapses => {
                    left_out = Some(rule.name);
                    target += 1;
                }
                None => return self.expired(standing, rule, &windows),
            }
        }
    }

    fn windows(&self, standing: &Standing<'_>, rule: &DoseRule) -> Windows {
        let offered = (standing.line.offers)(self.case, standing.past);
        let product = windows::ages_of_products(self.case, self.programme, &offered);
        Windows::new(self.chances.as_slice(), windows::own_ages(self.case, rule), product).joined()
    }

    fn complete(&self, standing: &Standing<'_>, left_out: Option<&'static str>) -> SeriesFinding {
        let series = self.programme.series;
        // 施行規則2条, 実施要領: an earlier 肺炎球菌 vaccination of one's own accord takes a person out of the target.
        if series == Series::Ppv && !standing.has_teiki {
            let mut finding = blank(series, Status::Excluded);
            self.says(
                &mut finding,
                "E_EXCLUDED",
                "予防接種法施行規則2条、定期接種実施要領(高齢者の肺炎球菌)",
                words("過去に高齢者用の肺炎球菌ワクチンを接種しているため"),
            );
            return finding;
        }
        let mut finding = blank(series, Status::Complete);
        if standing.past.is_empty() && left_out.is_some() {
            // Nothing was given and nothing is asked for any more: the time has passed.
            finding.status = Status::Expired;
        }
        if let Some(text) = left_out {
            self.says(&mut finding, "NO_DOSE", self.programme.source, words(text));
        }
        self.says(&mut finding, "COMPLETE", self.programme.source, words(series.ja()));
        finding
    }

    fn excluded(&self, line: &Line) -> Option<SeriesFinding> {
        let (source, args) = checks::excluded(self.case, self.programme, line)?;
        let mut finding = blank(self.programme.series, Status::Excluded);
        self.says(&mut finding, "E_EXCLUDED", source, args);
        Some(finding)
    }

    fn no_target(&self) -> SeriesFinding {
        let (code, args) = checks::why_no_target(self.case, self.programme);
        // Born before a programme that only takes later births in (附則): excluded, not merely no target.
        let born_before = self.programme.born_from.is_some_and(|from| self.case.birth() < from);
        let status = if born_before { Status::Excluded } else { Status::NotTarget };
        let mut finding = blank(self.programme.series, status);
        self.says(&mut finding, code, self.programme.source, args);
        finding
    }

    fn expired(&self, standing: &Standing<'_>, rule: &DoseRule, windows: &Windows) -> SeriesFinding {
        let Some(last) = windows.as_slice().last() else { return self.no_target() };
        let mut finding = blank(self.programme.series, Status::Expired);
        finding.dose = Some(number_of_next(standing));
        finding.legal_from = shown(last.days.from);
        finding.legal_until = shown(last.days.until);
        let first = first_by_intervals(rule, standing.past);
        if self.as_of <= last.days.until
            && let Some(first) = first
        {
            self.says(&mut finding, "TOO_LATE_TO_FIT", rule.source, dates(first, last.days.until));
        } else {
            self.says(&mut finding, "EXPIRED", self.source(), until(last.days.until));
        }
        finding
    }

    fn source(&self) -> &'static str {
        self.programme.grounds.first().map_or(self.programme.source, |ground| ground.source)
    }

    /// A dose that can be given, now or later.
    fn chance(
        &self,
        mut finding: SeriesFinding,
        standing: &Standing<'_>,
        rule: &DoseRule,
        next: interpreter::Next,
        left_out: Option<&'static str>,
    ) -> SeriesFinding {
        let earliest = self.after_other_vaccines(standing, next.earliest);
        finding.dose = Some(number_of_next(standing));
        finding.legal_from = shown(next.window.days.from);
        finding.legal_until = shown(next.latest);
        let standard = course::standard_days(self.case, rule, standing.past);
        finding.standard_from = shown(standard.from);
        finding.standard_until = shown(standard.until);
        finding.latest = shown(next.latest);
        if earliest > next.latest {
            finding.status = Status::Expired;
            finding.latest = None;
            self.says(&mut finding, "TOO_LATE_TO_FIT", rule.source, dates(earliest, next.latest));
            return finding;
        }
        finding.earliest = shown(earliest);
        finding.status = if earliest <= self.as_of { Status::Due } else { Status::NotYet };
        let days = next.window.days;
        self.says(
            &mut finding,
            "WINDOW",
            self.source(),
            ReasonArgs { text: rule.name, ..dates(days.from, days.until) },
        );
        if earliest > days.from && finding.status == Status::NotYet {
            self.says(&mut finding, "NEXT_FROM", rule.source, from(earliest));
        }
        if let Some(text) = left_out {
            self.says(&mut finding, "E_NO_DOSE", rule.source, words(text));
        }
        self.far_away(&mut finding);
        self.advises(&mut finding, standing, earliest.max(self.as_of), next.latest);
        finding
    }

    /// What the counter should say beside the dates.
    fn advises(&self, finding: &mut SeriesFinding, standing: &Standing<'_>, start: Date, latest: Date) {
        if !matches!(finding.status, Status::Due | Status::NotYet) {
            return;
        }
        let series = self.programme.series;
        if series == Series::Rsv {
            self.says(finding, "W_RSV_14D", self.programme.source, ReasonArgs::default());
        }
        // Where the whole course must end inside the window, a late start leaves it unfinished.
        let ends_together = matches!(series, Series::HepB | Series::Zoster);
        if !ends_together || !standing.past.is_empty() {
            return;
        }
        let text = if series == Series::Zoster {
            "組換えワクチンを期間内に2回受けるには"
        } else {
            "必要な回数を期間内に終えるには"
        };
        let rules = (standing.line.course)(self.case, &[], Asked { on: self.as_of, product: None });
        match last_start(rules, start, latest) {
            Some(last) => {
                self.says(finding, "SERIES_FIT", self.programme.source, ReasonArgs { text, ..until(last) })
            }
            None => self.says(finding, "SERIES_NO_FIT", self.programme.source, until(latest)),
        }
    }

    /// B類 is an age of one's own: years before it, a person is simply no target yet.
    fn far_away(&self, finding: &mut SeriesFinding) {
        let horizon = age::fiscal_year_days(age::fiscal_year(self.as_of) + 1).until;
        if self.programme.class == LegalClass::B
            && finding.status == Status::NotYet
            && finding.earliest.is_some_and(|earliest| earliest > horizon)
        {
            finding.status = Status::NotTarget;
        }
    }

    /// The first day that also keeps the distance to other vaccines.
    fn after_other_vaccines(&self, standing: &Standing<'_>, earliest: Date) -> Date {
        match usual_product(self.programme.series, standing) {
            Some(vaccine) => {
                checks::free_of_others(self.case, self.programme.series, vaccine, earliest, self.as_of)
            }
            None => earliest,
        }
    }
}

/// The product whose distance to others counts when a next dose is planned. 帯状疱疹 can be given without live
/// vaccine, so it waits for nothing.
fn usual_product(series: Series, standing: &Standing<'_>) -> Option<Vaccine> {
    Some(match series {
        Series::HepB => Vaccine::HepB,
        Series::Rota => standing.past.last().map_or(Vaccine::Rota1, windows::vaccine_of),
        Series::Dpt => Vaccine::Dpt5,
        Series::Hib => Vaccine::Hib,
        Series::Pcv => Vaccine::Pcv20,
        Series::Bcg => Vaccine::Bcg,
        Series::Mr1 | Series::Mr2 | Series::Rubella5 => Vaccine::Mr,
        Series::Var => Vaccine::Varicella,
        Series::Je1 | Series::Je2 => Vaccine::Je,
        Series::Dt2 => Vaccine::Dt,
        Series::Hpv => Vaccine::Hpv9,
        Series::Rsv => Vaccine::Rsv,
        Series::Flu => Vaccine::Flu,
        Series::Covid => Vaccine::Covid,
        Series::Ppv => Vaccine::Pcv20Adult,
        Series::Zoster => Vaccine::ZosterRecombinant,
    })
}

fn number_of_next(standing: &Standing<'_>) -> u8 {
    windows::counted(standing.past) as u8 + 1
}

pub fn target_of<'r>(line: &Line, rule: &'r DoseRule) -> TargetDose<'r> {
    TargetDose {
        ages: &[],
        intervals: rule.intervals,
        products: line.products,
        season: None,
        recurring: false,
    }
}

/// The last day on which a course can begin so that, each dose given as soon as allowed, its last one still falls
/// inside the window; `None` where even `start` is too late.
fn last_start(rules: &[DoseRule], start: Date, latest: Date) -> Option<Date> {
    let fits = |begin: Date| {
        let mut past = Vec::with_capacity(rules.len());
        past.push(PastDose { on: begin, product: 0, target: Some(0) });
        for (number, rule) in rules.iter().enumerate().skip(1) {
            let on = first_by_intervals(rule, &past).unwrap_or(begin);
            past.push(PastDose { on, product: 0, target: Some(number as u8) });
        }
        past.last().is_some_and(|last| last.on <= latest)
    };
    if !fits(start) {
        return None;
    }
    let (mut good, mut bad) = (0, (latest - start).get_days() + 1);
    while bad - good > 1 {
        let middle = good + (bad - good) / 2;
        if fits(age::plus_days(start, middle)) { good = middle } else { bad = middle }
    }
    Some(age::plus_days(start, good))
}

fn first_by_intervals(rule: &DoseRule, past: &[PastDose]) -> Option<Date> {
    rule.intervals.iter().filter_map(|interval| interval.resolve(LegalCalendar, past)?.from).max()
}
