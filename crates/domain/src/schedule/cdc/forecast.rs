//! Forecast dates and reasons (chapter 7) for one series.

use super::data::{Ages, Antigen, Interval, Series, SeriesDose};
use super::evaluate::{DoseStatus, Evaluation, Past};
use super::patient::Subject;
use super::skip::{View, is_skipped};
use crate::Date;
use crate::age::{Days, plus_days};
use crate::schedule::interpreter::{Calendar, CdsiCalendar, PastDose};

/// Patient series status (Table 3-3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SeriesStatus {
    NotComplete,
    Complete,
    Immune,
    Contraindicated,
    AgedOut,
    NotRecommended,
}

impl SeriesStatus {
    /// CDSi's words.
    pub const fn words(self) -> &'static str {
        match self {
            SeriesStatus::NotComplete => "Not Complete",
            SeriesStatus::Complete => "Complete",
            SeriesStatus::Immune => "Immune",
            SeriesStatus::Contraindicated => "Contraindicated",
            SeriesStatus::AgedOut => "Aged Out",
            SeriesStatus::NotRecommended => "Not Recommended",
        }
    }
}

/// The dates of a forecast (Table 7-13); only a series that is not complete has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dates {
    pub earliest: Date,
    pub recommended: Date,
    pub past_due: Option<Date>,
    pub latest: Option<Date>,
}

/// What chapter 7 says of one series.
#[derive(Clone, Copy, Debug)]
pub(super) struct SeriesForecast {
    pub status: SeriesStatus,
    /// The target dose forecast, from 0.
    pub target: usize,
    pub dates: Option<Dates>,
    /// Forecast dose number (FORECASTDN-1).
    pub dose_number: u8,
    /// FORECASTPRIORITY-1.
    pub is_priority: bool,
}

/// What stands above all series of the antigen: immunity (§7.2) and contraindications (§7.3).
#[derive(Clone, Copy, Debug)]
pub(super) struct AntigenState {
    pub is_immune: bool,
    pub is_contraindicated: bool,
}

/// Does the patient have evidence of immunity (Table 7-3), is the antigen contraindicated (Table 7-5)?
pub(super) fn antigen_state(subject: &Subject, antigen: &Antigen) -> AntigenState {
    let by_birth = antigen.immunity.births.iter().any(|birth| {
        subject.birth < birth.before
            && !birth.exclusions.iter().any(|exclusion| subject.has(*exclusion))
            && birth.country.as_deref().is_none_or(|country| subject.patient.birth_country == Some(country))
    });
    let contraindicated = antigen
        .contraindications
        .iter()
        .any(|sign| subject.has(sign.observation) && subject.within(sign.age, subject.as_of));
    AntigenState {
        is_immune: by_birth || antigen.immunity.history.iter().any(|sign| subject.has(*sign)),
        is_contraindicated: contraindicated,
    }
}

/// Are all preferable vaccines of the target dose contraindicated (Table 7-7)?
fn vaccines_are_contraindicated(subject: &Subject, antigen: &Antigen, dose: &SeriesDose) -> bool {
    if subject.patient.observations.is_empty() || dose.preferable.is_empty() {
        return false;
    }
    dose.preferable.iter().all(|listed| {
        antigen.vaccine_contraindications.iter().any(|sign| {
            subject.has(sign.observation)
                && sign
                    .vaccines
                    .iter()
                    .any(|(vaccine, age)| *vaccine == listed.vaccine && subject.within(*age, subject.as_of))
        })
    })
}

/// The series after its walk.
#[derive(Clone, Copy)]
pub(super) struct Forecasting<'f, 'a> {
    pub subject: &'f Subject<'a>,
    pub antigen: &'f Antigen,
    pub series: &'f Series,
    pub state: AntigenState,
    pub evaluations: &'f [Evaluation],
    /// The first target not satisfied; the number of targets when none is left.
    pub target: usize,
    pub counted: &'f [PastDose],
    pub complete_groups: u32,
}

impl Forecasting<'_, '_> {
    /// Figure 7-1: skip, need, dates; and again from the next target where the dose would be skipped on its
    /// earliest day (§7.6).
    pub fn forecast(&self) -> SeriesForecast {
        let mut target = self.target;
        loop {
            while target < self.series.doses.len() && self.is_skipped(target, self.subject.as_of) {
                target += 1;
            }
            let Some(dose) = self.series.doses.get(target) else {
                return self.without_dates(self.status_at_the_end(), target);
            };
            if let Some(status) = self.status_without_need(dose) {
                return self.without_dates(status, target);
            }
            let dates = self.dates(dose);
            if dates.latest.is_some_and(|latest| dates.earliest > latest) {
                return self.without_dates(SeriesStatus::AgedOut, target);
            }
            if self.is_skipped(target, dates.earliest) {
                target += 1;
                continue;
            }
            let mut intervals = self.intervals(dose).peekable();
            return SeriesForecast {
                status: SeriesStatus::NotComplete,
                target,
                dates: Some(dates),
                dose_number: self.dose_number(dose),
                is_priority: intervals.peek().is_some() && intervals.all(|interval| interval.overrides),
            };
        }
    }

    fn without_dates(&self, status: SeriesStatus, target: usize) -> SeriesForecast {
        let dose_number = self.series.doses.get(target).map_or(0, |dose| self.dose_number(dose));
        SeriesForecast { status, target, dates: None, dose_number, is_priority: false }
    }

    fn is_skipped(&self, target: usize, reference: Date) -> bool {
        let view = View {
            forecasting: true,
            reference,
            anchor: self.subject.as_of,
            given_before: self.subject.given.len(),
            evaluations: self.evaluations,
            complete_groups: self.complete_groups,
        };
        is_skipped(self.subject, self.series, target, view)
    }

    /// No target dose is left (Table 7-10, rules 2 and 3).
    fn status_at_the_end(&self) -> SeriesStatus {
        let satisfied = self.evaluations.iter().any(|evaluation| evaluation.status == DoseStatus::Valid);
        if satisfied { SeriesStatus::Complete } else { SeriesStatus::NotRecommended }
    }

    /// Why no further dose is needed now although one is left (Table 7-10, rules 4 to 7).
    fn status_without_need(&self, dose: &SeriesDose) -> Option<SeriesStatus> {
        let as_of = self.subject.as_of;
        if self.state.is_immune {
            Some(SeriesStatus::Immune)
        } else if self.state.is_contraindicated
            || vaccines_are_contraindicated(self.subject, self.antigen, dose)
        {
            Some(SeriesStatus::Contraindicated)
        } else if dose.season.is_some_and(|season| as_of > season.until) {
            Some(SeriesStatus::NotRecommended)
        } else if as_of >= self.subject.until(self.ages(dose).max) {
            Some(SeriesStatus::AgedOut)
        } else {
            None
        }
    }

    fn ages(&self, dose: &SeriesDose) -> Ages {
        dose.ages.iter().find(|ages| ages.in_force.contains(self.subject.as_of)).copied().unwrap_or(Ages {
            absolute_min: None,
            min: None,
            recommended_from: None,
            recommended_until: None,
            max: None,
            in_force: Days::ALWAYS,
        })
    }

    fn intervals<'d>(&self, dose: &'d SeriesDose) -> impl Iterator<Item = &'d Interval> {
        let as_of = self.subject.as_of;
        dose.intervals.iter().filter(move |interval| interval.rule.in_force.contains(as_of))
    }

    /// Table 7-13.
    fn dates(&self, dose: &SeriesDose) -> Dates {
        let subject = self.subject;
        let ages = self.ages(dose);
        let mut earliest = subject.from(ages.min);
        let (mut interval_from, mut interval_until) = (None, None);
        let past =
            Past { counted: self.counted, given_before: subject.given.len(), earlier: self.evaluations };
        for interval in self.intervals(dose) {
            let gap = past.with(subject, interval, |rule, past| rule.resolve(CdsiCalendar, past));
            let Some(gap) = gap.flatten() else { continue };
            earliest = gap.from.map_or(earliest, |from| earliest.max(from));
            interval_from = interval_from.max(gap.standard_from);
            interval_until = interval_until.max(gap.standard_until);
        }
        earliest =
            earliest.max(self.delayed_until(dose)).max(dose.season.map_or(Date::MIN, |season| season.from));
        if let Some(last) = self.evaluations.last() {
            earliest = earliest.max(subject.given[usize::from(last.given)].on);
        }
        // Born is the earliest that anything can be given, where the data names no minimum.
        let earliest = earliest.max(subject.birth);
        let unadjusted = subject.reached(ages.recommended_from).or(interval_from).unwrap_or(earliest);
        let past_due =
            subject.reached(ages.recommended_until).or(interval_until).map(|day| plus_days(day, -1));
        Dates {
            earliest,
            recommended: unadjusted.max(earliest),
            past_due: past_due.map(|day| day.max(earliest)),
            latest: subject.reached(ages.max).map(|day| plus_days(day, -1)),
        }
    }

    /// Latest forecast conflict end date (CALCDTCONFLICT-3).
    fn delayed_until(&self, dose: &SeriesDose) -> Date {
        let mut until = Date::MIN;
        for (vaccines, end) in &dose.delays {
            for given in self.subject.given.iter().filter(|given| vaccines.contains(given.vaccine)) {
                until = until.max(CdsiCalendar.interval_from(given.on, *end));
            }
        }
        until
    }

    /// FORECASTDN-1: in a seasonal dose, only what was given in the season counts.
    fn dose_number(&self, dose: &SeriesDose) -> u8 {
        let valid = self.evaluations.iter().filter(|evaluation| evaluation.status == DoseStatus::Valid);
        let counted = valid.filter(|evaluation| {
            let season = self.series.doses[usize::from(evaluation.target)].season;
            season
                .or(dose.season)
                .is_none_or(|season| self.subject.given[usize::from(evaluation.given)].on >= season.from)
        });
        counted.count() as u8 + 1
    }
}

/// Are all evaluations of the series valid (SELECTB-2)?
pub(super) fn all_are_valid(evaluations: &[Evaluation]) -> bool {
    evaluations.iter().all(|evaluation| evaluation.status == DoseStatus::Valid)
}
