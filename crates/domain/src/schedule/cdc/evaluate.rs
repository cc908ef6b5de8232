//! Evaluate vaccine dose administered (chapter 6): each dose of an antigen against the target doses of one series.

use super::calendar::{Anchor, Day};
use super::data::{
    AntigenIndex, DoseVaccine, Interval, Reference, Series, SeriesDose, TARGETS_MAX, VaccineSet,
};
use super::patient::{Given, Subject};
use super::skip::{View, is_skipped};

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

/// What walking the history left behind.
#[derive(Clone, Copy, Debug)]
pub(super) struct Walked {
    /// The first target dose not satisfied; the number of target doses when none is left.
    pub target: usize,
    /// The day each target was satisfied (the latest, where it recurs).
    pub satisfied_on: [Option<Day>; TARGETS_MAX],
}

/// Walks the antigen's doses against the series (Figure 4-6). `evaluations` holds only this series' on return.
pub(super) fn walk(
    subject: &Subject,
    antigen: AntigenIndex,
    series: &Series,
    complete_groups: u32,
    evaluations: &mut Vec<Evaluation>,
) -> Walked {
    let mut walked = Walked { target: 0, satisfied_on: [None; TARGETS_MAX] };
    let first = evaluations.len();
    for (position, given) in subject.given.iter().enumerate() {
        if given.antigens & (1 << antigen) == 0 {
            continue;
        }
        let view = View {
            forecasting: false,
            reference: given.on.day,
            anchor: given.on.day,
            given_before: position,
            evaluations: &evaluations[first..],
            complete_groups,
        };
        if !given.substandard {
            while walked.target < series.doses.len() && is_skipped(subject, series, walked.target, view) {
                walked.target += 1;
            }
        }
        let (status, reasons) = match series.doses.get(walked.target) {
            None => (DoseStatus::Extraneous, Reasons::of(Reason::SeriesComplete)),
            Some(_) if given.substandard => (DoseStatus::SubStandard, Reasons::of(Reason::Condition)),
            Some(dose) => judge(
                &Judged { subject, given, position, earlier: &evaluations[first..], walked: &walked },
                dose,
            ),
        };
        evaluations.push(Evaluation { given: position as u16, target: walked.target as u8, status, reasons });
        if status == DoseStatus::Valid {
            walked.satisfied_on[walked.target] = Some(given.on.day);
            // A recurring dose keeps its target (§4.4 step 5).
            if !series.doses[walked.target].recurring {
                walked.target += 1;
            }
        }
    }
    walked
}

/// The dose under evaluation with what lies before it.
struct Judged<'j, 'a> {
    subject: &'j Subject<'a>,
    given: &'j Given,
    position: usize,
    earlier: &'j [Evaluation],
    walked: &'j Walked,
}

/// Is the target dose satisfied (Table 6-31)? An inadvertent vaccine ends the steps; otherwise all of them report.
fn judge(judged: &Judged, dose: &SeriesDose) -> (DoseStatus, Reasons) {
    let day = judged.given.on.day;
    if dose.inadvertent.contains(judged.given.vaccine) {
        return (DoseStatus::NotValid, Reasons::of(Reason::Inadvertent));
    }
    let mut reasons = Reasons::default();
    if let Some(ages) = dose.ages.iter().find(|ages| ages.in_force.on(day)) {
        if day < judged.subject.from(ages.absolute_min) {
            reasons.insert(Reason::TooYoung);
        }
        if day >= judged.subject.until(ages.max) {
            return (DoseStatus::Extraneous, Reasons::of(Reason::TooOld));
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
    let day = judged.given.on.day;
    dose.intervals
        .iter()
        .filter(|interval| interval.in_force.on(day))
        .all(|interval| keeps(judged, interval) != Some(false))
}

fn keeps_allowable_intervals(judged: &Judged, dose: &SeriesDose) -> bool {
    let day = judged.given.on.day;
    let mut relevant =
        dose.allowable_intervals.iter().filter(|interval| interval.in_force.on(day)).peekable();
    relevant.peek().is_some() && relevant.all(|interval| keeps(judged, interval) == Some(true))
}

/// `None` where there is nothing to measure from.
fn keeps(judged: &Judged, interval: &Interval) -> Option<bool> {
    let from = reference(judged.subject, interval, judged.position, judged.earlier, judged.walked)?;
    Some(interval.absolute_min.is_none_or(|min| judged.given.on.day >= from.plus(min)))
}

/// The patient's reference dose date (CALCDTINT-1, -2, -8, -9).
pub(super) fn reference(
    subject: &Subject,
    interval: &Interval,
    given_before: usize,
    earlier: &[Evaluation],
    walked: &Walked,
) -> Option<Anchor> {
    match interval.reference {
        Reference::Previous => {
            let counts = |evaluation: &&Evaluation| match evaluation.status {
                DoseStatus::Valid => true,
                DoseStatus::NotValid => !evaluation.reasons.contains(Reason::Inadvertent),
                DoseStatus::Extraneous | DoseStatus::SubStandard => false,
            };
            earlier
                .iter()
                .rev()
                .find(counts)
                .map(|evaluation| subject.given[usize::from(evaluation.given)].on)
        }
        Reference::Target(target) => walked.satisfied_on[usize::from(target)].map(Anchor::from),
        Reference::MostRecent(vaccines) => most_recent(subject, &vaccines, given_before, earlier),
        Reference::Observation(observation) => subject.observed_on(observation).map(Anchor::from),
    }
}

fn most_recent(
    subject: &Subject,
    vaccines: &VaccineSet,
    given_before: usize,
    earlier: &[Evaluation],
) -> Option<Anchor> {
    let is_inadvertent = |position: usize| {
        earlier
            .iter()
            .any(|seen| usize::from(seen.given) == position && seen.reasons.contains(Reason::Inadvertent))
    };
    let doses = subject.given[..given_before].iter().enumerate().rev();
    let mut named = doses.filter(|(_, given)| vaccines.contains(given.vaccine));
    named.find(|(position, _)| !is_inadvertent(*position)).map(|(_, given)| given.on)
}

/// Vaccine conflict (CONFLICT-3).
fn is_impacted(judged: &Judged) -> bool {
    let vaccine = &judged.subject.pack.vaccines[usize::from(judged.given.vaccine)];
    if vaccine.conflicting.is_empty() {
        return false;
    }
    let day = judged.given.on.day;
    judged.subject.given[..judged.position].iter().enumerate().any(|(position, previous)| {
        vaccine.conflicting.contains(previous.vaccine)
            && vaccine.conflicts.iter().filter(|conflict| conflict.previous == previous.vaccine).any(
                |conflict| {
                    let seen = judged.earlier.iter().find(|seen| usize::from(seen.given) == position);
                    let is_valid = seen.is_none_or(|seen| seen.status == DoseStatus::Valid);
                    let end = if is_valid { conflict.end_min } else { conflict.end };
                    previous.on.plus(conflict.begin) <= day && day < previous.on.plus(end)
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
        listed.vaccine == vaccine && judged.subject.within(listed.age, judged.given.on.day)
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
