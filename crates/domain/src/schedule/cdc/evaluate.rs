//! Evaluate vaccine dose administered (chapter 6): each dose of an antigen against the target doses of one series.

use super::data::{DoseVaccine, Interval, Reference, Series, SeriesDose};
use super::patient::{Given, Subject};
use super::skip::{View, is_skipped};
use crate::age::Days;
use crate::schedule::interpreter::{
    Calendar, CdsiCalendar, Course, Failure, Findings, IntervalRule, PastDose, Since, Taken, Window,
    judge_age, judge_intervals,
};

/// Evaluation status of a dose in a series (Table 3-1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DoseStatus {
    Valid,
    Extraneous,
    NotValid,
    SubStandard,
}

impl DoseStatus {
    /// CDSi's word.
    pub const fn word(self) -> &'static str {
        match self {
            DoseStatus::Valid => "Valid",
            DoseStatus::Extraneous => "Extraneous",
            DoseStatus::NotValid => "Not Valid",
            DoseStatus::SubStandard => "Sub-standard",
        }
    }
}

/// Why a dose is not valid, in the order of CDSi's steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    Condition,
    Inadvertent,
    TooYoung,
    TooOld,
    TooSoon,
    Conflict,
    Vaccine,
    SeriesComplete,
}

impl Reason {
    pub const ALL: [Reason; 8] = [
        Reason::Condition,
        Reason::Inadvertent,
        Reason::TooYoung,
        Reason::TooOld,
        Reason::TooSoon,
        Reason::Conflict,
        Reason::Vaccine,
        Reason::SeriesComplete,
    ];

    /// The words CDC's published cases use.
    pub const fn words(self) -> &'static str {
        match self {
            Reason::Condition => "Dose Condition",
            Reason::Inadvertent => "Inadvertent Vaccine",
            Reason::TooYoung => "Age: Too Young",
            Reason::TooOld => "Age: Too Old",
            Reason::TooSoon => "Interval: too Soon",
            Reason::Conflict => "Live Virus Conflict",
            Reason::Vaccine => "Not a preferable or allowable vaccine",
            Reason::SeriesComplete => "Series Already Complete",
        }
    }

    /// The section of the Logic Specification that decides it.
    pub const fn section(self) -> &'static str {
        match self {
            Reason::Condition => "6.1",
            Reason::Inadvertent => "6.3",
            Reason::TooYoung | Reason::TooOld => "6.4",
            Reason::TooSoon => "6.5",
            Reason::Conflict => "6.7",
            Reason::Vaccine => "6.9",
            Reason::SeriesComplete => "4.4",
        }
    }
}

/// All reasons a dose met.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reasons(u8);

impl Reasons {
    pub(super) fn insert(&mut self, reason: Reason) {
        self.0 |= 1 << reason as u8;
    }

    pub(super) fn of(reason: Reason) -> Reasons {
        Reasons(1 << reason as u8)
    }

    pub fn contains(self, reason: Reason) -> bool {
        self.0 & (1 << reason as u8) != 0
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub fn iter(self) -> impl Iterator<Item = Reason> {
        Reason::ALL.into_iter().filter(move |reason| self.contains(*reason))
    }
}

/// What a series says of one dose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Evaluation {
    /// Position in the sorted history.
    pub(super) given: u16,
    /// The target dose it was held against, from 0.
    pub target: u8,
    pub status: DoseStatus,
    pub reasons: Reasons,
}

/// One series being walked by the interpreter (Figure 4-6).
pub(super) struct SeriesWalk<'w, 'a> {
    pub subject: &'w Subject<'a>,
    pub series: &'w Series,
    /// Series groups of the antigen that have a complete series, a bit each.
    pub complete_groups: u32,
    /// Verdicts, of which this series' begin at `first`.
    pub evaluations: &'w mut Vec<Evaluation>,
    pub first: usize,
    /// Doses an interval may be measured from (CALCDTINT-1, -2): valid or not valid, not inadvertent.
    pub counted: &'w mut Vec<PastDose>,
}

impl Course for SeriesWalk<'_, '_> {
    /// Position in the sorted history.
    type Dose = u16;

    fn targets(&self) -> u8 {
        self.series.doses.len() as u8
    }

    fn recurs(&self, target: u8) -> bool {
        self.series.doses[usize::from(target)].recurring
    }

    fn take(&mut self, target: u8, position: &u16) -> Taken {
        let given = &self.subject.given[usize::from(*position)];
        // §6.1 stands before the skip of §6.2.
        if given.substandard {
            self.report(*position, target, DoseStatus::SubStandard, Reasons::of(Reason::Condition));
            return Taken::Reported;
        }
        let view = View {
            forecasting: false,
            reference: given.on,
            anchor: given.on,
            given_before: usize::from(*position),
            evaluations: &self.evaluations[self.first..],
            complete_groups: self.complete_groups,
        };
        if is_skipped(self.subject, self.series, usize::from(target), view) {
            return Taken::SkipTarget;
        }
        let judged = Judged {
            subject: self.subject,
            given,
            position: usize::from(*position),
            earlier: &self.evaluations[self.first..],
            counted: self.counted,
        };
        let (status, reasons) = judge(&judged, &self.series.doses[usize::from(target)]);
        self.report(*position, target, status, reasons);
        if status == DoseStatus::Valid { Taken::Advances } else { Taken::Reported }
    }

    fn beyond(&mut self, position: &u16) {
        self.report(*position, self.targets(), DoseStatus::Extraneous, Reasons::of(Reason::SeriesComplete));
    }
}

impl SeriesWalk<'_, '_> {
    fn report(&mut self, given: u16, target: u8, status: DoseStatus, reasons: Reasons) {
        self.evaluations.push(Evaluation { given, target, status, reasons });
        let counts = match status {
            DoseStatus::Valid => true,
            DoseStatus::NotValid => !reasons.contains(Reason::Inadvertent),
            DoseStatus::Extraneous | DoseStatus::SubStandard => false,
        };
        if counts {
            let dose = &self.subject.given[usize::from(given)];
            let target = (status == DoseStatus::Valid).then_some(target);
            self.counted.push(PastDose { on: dose.on, product: dose.vaccine, target });
        }
    }
}

/// The dose under evaluation with what lies before it; it does not count among those itself.
struct Judged<'j, 'a> {
    subject: &'j Subject<'a>,
    given: &'j Given,
    position: usize,
    earlier: &'j [Evaluation],
    counted: &'j [PastDose],
}

/// Is the target dose satisfied (Table 6-31)? An inadvertent vaccine ends the steps; otherwise all of them report.
fn judge(judged: &Judged, dose: &SeriesDose) -> (DoseStatus, Reasons) {
    if dose.inadvertent.contains(judged.given.vaccine) {
        return (DoseStatus::NotValid, Reasons::of(Reason::Inadvertent));
    }
    let on = judged.given.on;
    let mut findings = Findings::default();
    if let Some(ages) = dose.ages.iter().find(|ages| ages.in_force.contains(on)) {
        let window = Window {
            absolute_from: judged.subject.from(ages.absolute_min),
            days: Days::new(judged.subject.from(ages.min), judged.subject.last_day_before(ages.max)),
            standard: Days::ALWAYS,
        };
        judge_age(&[window], on, &mut findings);
    }
    let mut reasons = Reasons::default();
    for failure in findings.iter() {
        match failure {
            Failure::TooLate { .. } => return (DoseStatus::Extraneous, Reasons::of(Reason::TooOld)),
            Failure::TooEarly { .. } => reasons.insert(Reason::TooYoung),
            Failure::NoWindow | Failure::Interval { .. } | Failure::Product | Failure::Season { .. } => {}
        }
    }
    if !keeps_preferable_intervals(judged, dose) && !keeps_allowable_intervals(judged, dose) {
        reasons.insert(Reason::TooSoon);
    }
    if is_impacted(judged) {
        reasons.insert(Reason::Conflict);
    }
    if !is_listed(judged, dose) {
        reasons.insert(Reason::Vaccine);
    }
    (if reasons.is_empty() { DoseStatus::Valid } else { DoseStatus::NotValid }, reasons)
}

fn keeps_preferable_intervals(judged: &Judged, dose: &SeriesDose) -> bool {
    dose.intervals.iter().all(|interval| keeps(judged, interval))
}

/// Where there is no allowable interval in force, none is kept (§6.6).
fn keeps_allowable_intervals(judged: &Judged, dose: &SeriesDose) -> bool {
    let mut relevant = dose
        .allowable_intervals
        .iter()
        .filter(|interval| interval.rule.in_force.contains(judged.given.on))
        .peekable();
    relevant.peek().is_some() && relevant.all(|interval| keeps(judged, interval))
}

fn keeps(judged: &Judged, interval: &Interval) -> bool {
    let mut findings = Findings::default();
    let past = Past { counted: judged.counted, given_before: judged.position, earlier: judged.earlier };
    past.with(judged.subject, interval, |rule, past| {
        judge_intervals(CdsiCalendar, std::slice::from_ref(rule), past, judged.given.on, &mut findings);
    });
    findings.is_satisfied()
}

/// The doses before a moment, as a series sees them.
#[derive(Clone, Copy)]
pub(super) struct Past<'p> {
    pub counted: &'p [PastDose],
    pub given_before: usize,
    pub earlier: &'p [Evaluation],
}

impl Past<'_> {
    /// Hands the interpreter the list of doses that an interval is measured from (CALCDTINT-1, -2, -8, -9).
    pub fn with<T>(
        &self,
        subject: &Subject,
        interval: &Interval,
        ask: impl FnOnce(&IntervalRule, &[PastDose]) -> T,
    ) -> Option<T> {
        match interval.reference {
            Reference::Series => Some(ask(&interval.rule, self.counted)),
            Reference::History => {
                let latest = self.most_recent(subject, &interval.rule)?;
                Some(ask(&interval.rule, &[latest]))
            }
            Reference::Observation(observation) => {
                let on = subject.observed_on(observation)?;
                Some(ask(&IntervalRule { since: Since::Day(on), ..interval.rule }, &[]))
            }
        }
    }

    /// The latest dose of the vaccines an interval names, in any series, that this series does not call inadvertent.
    fn most_recent(&self, subject: &Subject, rule: &IntervalRule) -> Option<PastDose> {
        let Since::MostRecent(vaccines) = rule.since else { return None };
        let is_inadvertent = |position: usize| {
            let mut own = self.earlier.iter().filter(|seen| usize::from(seen.given) == position);
            own.any(|seen| seen.reasons.contains(Reason::Inadvertent))
        };
        let doses = subject.given[..self.given_before].iter().enumerate().rev();
        let mut named = doses.filter(|(_, given)| vaccines.contains(given.vaccine));
        let latest = named.find(|(position, _)| !is_inadvertent(*position));
        latest.map(|(_, given)| PastDose { on: given.on, product: given.vaccine, target: None })
    }
}

/// Vaccine conflict (CONFLICT-3).
fn is_impacted(judged: &Judged) -> bool {
    let vaccine = &judged.subject.pack.vaccines[usize::from(judged.given.vaccine)];
    if vaccine.conflicts.is_empty() {
        return false;
    }
    let on = judged.given.on;
    judged.subject.given[..judged.position].iter().enumerate().any(|(position, previous)| {
        vaccine.conflicting.contains(previous.vaccine)
            && vaccine.conflicts.iter().filter(|conflict| conflict.previous == previous.vaccine).any(
                |conflict| {
                    let seen = judged.earlier.iter().find(|seen| usize::from(seen.given) == position);
                    let is_valid = seen.is_none_or(|seen| seen.status == DoseStatus::Valid);
                    let end = if is_valid { conflict.end_min } else { conflict.end };
                    CdsiCalendar.interval_from(previous.on, conflict.begin) <= on
                        && on < CdsiCalendar.interval_from(previous.on, end)
                },
            )
    })
}

/// Preferable or allowable vaccine (§6.8, §6.9); where neither is listed, any will do.
fn is_listed(judged: &Judged, dose: &SeriesDose) -> bool {
    if dose.preferable.is_empty() && dose.allowable.is_empty() {
        return true;
    }
    let vaccine = judged.given.vaccine;
    let fits = |listed: &DoseVaccine| {
        listed.vaccine == vaccine && judged.subject.within(listed.age, judged.given.on)
    };
    let is_made_by = |listed: &DoseVaccine| match (listed.maker, judged.given.maker) {
        (Some(wanted), Some(maker)) => wanted == maker,
        (Some(_), None) => false,
        (None, _) => true,
    };
    dose.preferable_set.contains(vaccine)
        && dose.preferable.iter().any(|listed| fits(listed) && is_made_by(listed))
        || dose.allowable_set.contains(vaccine) && dose.allowable.iter().any(fits)
}
