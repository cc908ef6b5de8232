//! Conditional skip (§6.2, used again in §7.1 and §7.6).

use super::data::{Condition, Count, Series, Skip, SkipContext, SkipSet};
use super::evaluate::{DoseStatus, Evaluation};
use super::patient::Subject;
use crate::Date;
use crate::schedule::interpreter::{Calendar, CdsiCalendar};

/// From where a skip condition looks at the history.
#[derive(Clone, Copy)]
pub(super) struct View<'v> {
    /// The skip instances of the other context do not count.
    pub forecasting: bool,
    /// Conditional skip reference date (CONDSKIP-2).
    pub reference: Date,
    /// Day by which rules in force are chosen (RELEVANT-1, -2).
    pub anchor: Date,
    /// How many doses of the whole history lie before; the dose under evaluation is not among them.
    pub given_before: usize,
    /// The antigen's earlier doses as this series judged them.
    pub evaluations: &'v [Evaluation],
    /// Series groups of the antigen that have a complete series, a bit each.
    pub complete_groups: u32,
}

/// May the target dose be skipped (Table 6-11)?
pub(super) fn is_skipped(subject: &Subject, series: &Series, target: usize, view: View) -> bool {
    series.doses[target]
        .skips
        .iter()
        .any(|skip| applies(skip, view.forecasting) && is_met(subject, skip, view))
}

fn applies(skip: &Skip, forecasting: bool) -> bool {
    match skip.context {
        SkipContext::Both => true,
        SkipContext::Evaluation => !forecasting,
        SkipContext::Forecast => forecasting,
    }
}

fn is_met(subject: &Subject, skip: &Skip, view: View) -> bool {
    let mut relevant = skip.sets.iter().filter(|set| set.in_force.contains(view.anchor)).peekable();
    if skip.all_sets {
        relevant.peek().is_some() && relevant.all(|set| set_is_met(subject, set, view))
    } else {
        relevant.any(|set| set_is_met(subject, set, view))
    }
}

fn set_is_met(subject: &Subject, set: &SkipSet, view: View) -> bool {
    let met = |condition: &Condition| condition_is_met(subject, condition, view);
    if set.all_conditions { set.conditions.iter().all(met) } else { set.conditions.iter().any(met) }
}

fn condition_is_met(subject: &Subject, condition: &Condition, view: View) -> bool {
    match condition {
        Condition::Age(range) => subject.within(*range, view.reference),
        Condition::CompletedSeries(group) => view.complete_groups & (1 << group) != 0,
        Condition::Interval(interval) => view.evaluations.last().is_some_and(|previous| {
            view.reference
                >= CdsiCalendar.interval_from(subject.given[usize::from(previous.given)].on, *interval)
        }),
        Condition::Count(count) => number_given(subject, count, view).cmp(&count.than) == count.compare,
    }
}

/// The number of conditional doses administered (CONDSKIP-1).
fn number_given(subject: &Subject, count: &Count, view: View) -> u16 {
    let (from, until) =
        (subject.from(count.age.from).max(count.from), subject.until(count.age.until).min(count.until));
    let is_counted = |given: usize| {
        let dose = &subject.given[given];
        from <= dose.on
            && dose.on < until
            && count.vaccines.is_none_or(|vaccines| vaccines.contains(dose.vaccine))
    };
    let number = if count.valid_only {
        let valid = view.evaluations.iter().filter(|evaluation| evaluation.status == DoseStatus::Valid);
        valid.filter(|evaluation| is_counted(usize::from(evaluation.given))).count()
    } else if count.vaccines.is_none() {
        view.evaluations.iter().filter(|evaluation| is_counted(usize::from(evaluation.given))).count()
    } else {
        // A list may name vaccines of other antigens (Td among the pertussis vaccines): the whole history counts.
        (0..view.given_before).filter(|given| is_counted(*given)).count()
    };
    number as u16
}
