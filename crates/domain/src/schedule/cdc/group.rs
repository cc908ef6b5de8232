//! Identify and evaluate vaccine group (chapter 9): antigen forecasts become one answer for what is injected.

use super::data::{Group, SeriesKind};
use super::evaluate::{DoseStatus, Reasons};
use super::forecast::{Dates, SeriesForecast, SeriesStatus};
use super::patient::Subject;
use crate::Date;

/// A vaccine group forecast. A person may have several for one group, of different series groups: those that can be
/// started at this age stand first, and those the person has outgrown last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupForecast {
    /// Index of the vaccine group in the pack.
    pub group: u8,
    /// Series group number within the group's antigens (`Standard`, `Increased Risk`…).
    pub series_group: u8,
    pub is_risk: bool,
    pub status: SeriesStatus,
    /// One of its series may be started at this age (Minimum Age to Start).
    pub may_start: bool,
    /// Forecast dose number; `None` where nothing is to be given.
    pub dose: Option<u8>,
    pub dates: Option<Dates>,
}

/// What a vaccine group says of one dose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DoseAnswer {
    /// Index into the doses as they were handed in.
    pub index: u16,
    pub group: u8,
    pub status: DoseStatus,
    pub reasons: Reasons,
}

/// A best patient series of some antigen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Best {
    pub antigen: u8,
    pub series_group: u8,
    pub kind: SeriesKind,
    /// The patient has reached the minimum age to start.
    pub may_start: bool,
    pub forecast: SeriesForecast,
    pub evaluations: (u32, u32),
}

/// The forecasts of a vaccine group: best series of the same kind and series group are blended (FORECASTVG-1).
pub(super) fn forecasts(subject: &Subject, group: u8, best: &[Best], answers: &mut Vec<GroupForecast>) {
    let first = answers.len();
    for (position, series) in best.iter().enumerate() {
        let key = |other: &Best| (other.series_group, other.kind == SeriesKind::Risk);
        if best[..position].iter().any(|earlier| key(earlier) == key(series)) {
            continue;
        }
        let blended = || best.iter().filter(|other| key(other) == key(series)).map(|other| &other.forecast);
        answers.push(GroupForecast {
            group,
            series_group: series.series_group,
            is_risk: series.kind == SeriesKind::Risk,
            status: status(blended),
            dose: None,
            dates: None,
            may_start: best.iter().any(|other| key(other) == key(series) && other.may_start),
        });
        let answer = answers.last_mut().expect("just pushed");
        if answer.status == SeriesStatus::NotComplete {
            answer.dose = dose_number(&subject.pack.groups[usize::from(group)], blended);
            answer.dates = dates(subject, &subject.pack.groups[usize::from(group)], blended);
        }
    }
    answers[first..].sort_by_key(|answer| {
        (!answer.may_start, answer.status == SeriesStatus::AgedOut, answer.series_group)
    });
}

/// SINGLEANTVG-1 and Table 9-4.
fn status<'f, I: Iterator<Item = &'f SeriesForecast>>(blended: impl Fn() -> I) -> SeriesStatus {
    let has = |status: SeriesStatus| blended().any(|forecast| forecast.status == status);
    for status in [
        SeriesStatus::Contraindicated,
        SeriesStatus::AgedOut,
        SeriesStatus::NotRecommended,
        SeriesStatus::NotComplete,
        SeriesStatus::Complete,
    ] {
        if has(status) {
            return status;
        }
    }
    SeriesStatus::Immune
}

/// FORECASTDN-2.
fn dose_number<'f, I: Iterator<Item = &'f SeriesForecast>>(
    group: &Group,
    blended: impl Fn() -> I,
) -> Option<u8> {
    let open = blended().filter(|forecast| forecast.status == SeriesStatus::NotComplete);
    let numbers = open.map(|forecast| forecast.dose_number);
    if group.full { numbers.min() } else { numbers.max() }
}

/// SINGLEANTVG-2, MULTIANTVG-1 and FORECASTVG-2 to -4.
fn dates<'f, I: Iterator<Item = &'f SeriesForecast>>(
    subject: &Subject,
    group: &Group,
    blended: impl Fn() -> I,
) -> Option<Dates> {
    let all = || blended().filter_map(|forecast| forecast.dates);
    let first = all().map(|dates| dates.earliest).min()?;
    let earliest = if group.antigens.len() == 1 {
        first
    } else if blended().any(|forecast| forecast.is_priority) {
        first.max(last_given(subject, group))
    } else {
        all().map(|dates| dates.earliest).max()?
    };
    Some(Dates {
        earliest,
        recommended: all().map(|dates| dates.recommended).min()?.max(earliest),
        past_due: all().filter_map(|dates| dates.past_due).min().map(|day| day.max(earliest)),
        latest: all().filter_map(|dates| dates.latest).min(),
    })
}

/// The last day on which any vaccine of the group was given.
fn last_given(subject: &Subject, group: &Group) -> Date {
    let antigens = group.antigens.iter().fold(0u64, |bits, antigen| bits | 1 << antigen);
    let last = subject.given.iter().rev().find(|given| given.antigens & antigens != 0);
    last.map_or(Date::MIN, |given| given.on)
}
