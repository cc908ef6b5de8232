//! Select best patient series (chapter 8) among the series of one antigen.

use super::data::{Antigen, Interval, Series, SeriesKind};
use super::forecast::{SeriesForecast, SeriesStatus};
use super::patient::Subject;
use crate::Date;
use crate::schedule::interpreter::{Calendar, CdsiCalendar};

/// A relevant patient series after chapters 6 and 7.
#[derive(Clone, Copy, Debug)]
pub(super) struct Path {
    /// Index into the antigen's series.
    pub series: u16,
    pub forecast: SeriesForecast,
    /// Number of valid doses (SELECTB-21).
    pub valid: u8,
    pub all_valid: bool,
    pub first_valid_on: Option<Date>,
    /// Its evaluations, as a range of the engine's list.
    pub evaluations: (u32, u32),
}

impl Path {
    fn series<'d>(&self, antigen: &'d Antigen) -> &'d Series {
        &antigen.series[usize::from(self.series)]
    }

    fn is_complete(&self) -> bool {
        self.forecast.status == SeriesStatus::Complete
    }

    fn is_in_process(&self) -> bool {
        self.valid > 0 && self.forecast.status == SeriesStatus::NotComplete
    }
}

/// Puts into `best` the positions (in `paths`) of the best patient series (Table 8-14). `prioritized` is room to
/// work in.
pub(super) fn select(
    subject: &Subject,
    antigen: &Antigen,
    paths: &[Path],
    prioritized: &mut Vec<usize>,
    best: &mut Vec<usize>,
) {
    prioritized.clear();
    best.clear();
    let mut seen = 0u32;
    for path in paths {
        let group = path.series(antigen).group;
        if seen & (1 << group) == 0 {
            seen |= 1 << group;
            prioritized.extend(prioritize(subject, antigen, paths, group));
        }
    }
    let is_best = |position: &usize| {
        let path = &paths[*position];
        let series = path.series(antigen);
        let mut rivals = prioritized
            .iter()
            .map(|rival| &paths[*rival])
            .filter(|rival| series.equivalents & (1 << rival.series(antigen).group) != 0);
        if path.is_complete() {
            return true;
        }
        match series.kind {
            SeriesKind::EvaluationOnly => false,
            SeriesKind::Risk => !rivals.any(Path::is_complete),
            SeriesKind::Standard => {
                !rivals.any(|rival| rival.is_complete() || rival.series(antigen).kind == SeriesKind::Risk)
            }
        }
    };
    best.extend(prioritized.iter().copied().filter(is_best));
}

/// The prioritized patient series of a series group (§8.1 to §8.7).
fn prioritize(subject: &Subject, antigen: &Antigen, paths: &[Path], group: u8) -> Option<usize> {
    let group = Group { subject, antigen, paths, group };
    let scorable = || group.members().filter(|position| group.is_scorable(*position));
    let default = group.members().find(|position| paths[*position].series(antigen).is_default);
    let mut some = scorable();
    let Some(first) = some.next() else { return default };
    if some.next().is_none() {
        return Some(first);
    }
    let complete = || scorable().filter(|position| paths[*position].is_complete());
    let in_process = || scorable().filter(|position| paths[*position].is_in_process());
    match (complete().count(), in_process().count()) {
        (1, _) => complete().next(),
        (0, 1) => in_process().next(),
        (0, 0) if default.is_some() => default,
        (0, 0) => group.best_of(scorable, Scoring::NoValidDoses),
        (0, _) => group.best_of(in_process, Scoring::InProcess),
        (_, _) => group.best_of(complete, Scoring::Complete),
    }
}

#[derive(Clone, Copy)]
enum Scoring {
    Complete,
    InProcess,
    NoValidDoses,
}

struct Group<'g, 'a> {
    subject: &'g Subject<'a>,
    antigen: &'g Antigen,
    paths: &'g [Path],
    group: u8,
}

impl Group<'_, '_> {
    fn members(&self) -> impl Iterator<Item = usize> {
        (0..self.paths.len()).filter(|position| self.series(*position).group == self.group)
    }

    fn series(&self, position: usize) -> &Series {
        self.paths[position].series(self.antigen)
    }

    /// SELECTSCORE-2.
    fn is_scorable(&self, position: usize) -> bool {
        let (path, series) = (&self.paths[position], self.series(position));
        let is_contraindicated = |path: &Path| path.forecast.status == SeriesStatus::Contraindicated;
        // SELECTB-24.
        if is_contraindicated(path) && !self.members().all(|other| is_contraindicated(&self.paths[other])) {
            return false;
        }
        match series.kind {
            SeriesKind::Risk => self.members().all(|other| series.priority <= self.series(other).priority),
            SeriesKind::EvaluationOnly => path.is_complete(),
            SeriesKind::Standard => match path.first_valid_on {
                Some(first) => first < self.subject.until(series.start_until),
                None => {
                    self.members().all(|other| self.paths[other].valid == 0)
                        && !self.members().any(|other| self.series(other).is_default)
                }
            },
        }
    }

    /// The highest score, then the best preference (SELECTBEST-2).
    fn best_of<I: Iterator<Item = usize>>(&self, scored: impl Fn() -> I, scoring: Scoring) -> Option<usize> {
        let score = |position: usize| match scoring {
            Scoring::Complete => self.most_valid(position, scored()) / 2,
            Scoring::InProcess => self.in_process_score(position, &scored),
            Scoring::NoValidDoses => self.no_valid_doses_score(position, &scored),
        };
        scored().min_by_key(|position| (-score(*position), self.series(*position).preference))
    }

    /// Table 8-9.
    fn in_process_score<I: Iterator<Item = usize>>(&self, position: usize, scored: &impl Fn() -> I) -> i32 {
        let path = &self.paths[position];
        let product = if self.series(position).is_product && path.all_valid { 2 } else { -2 };
        let completable = if self.is_completable(position) { 3 } else { -3 };
        let left = |position: usize| self.series(position).doses.len() - self.paths[position].forecast.target;
        let closest = standing(left(position), scored().map(left)) * 2;
        product
            + completable
            + self.most_valid(position, scored())
            + closest
            + self.finishes_earliest(position, scored())
    }

    /// Table 8-11.
    fn no_valid_doses_score<I: Iterator<Item = usize>>(
        &self,
        position: usize,
        scored: &impl Fn() -> I,
    ) -> i32 {
        let start =
            |position: usize| self.paths[position].forecast.dates.map_or(Date::MAX, |dates| dates.earliest);
        let starts = if self.paths[position].forecast.dates.is_some() {
            standing(start(position), scored().map(start))
        } else {
            -1
        };
        let completable = if self.is_completable(position) { 1 } else { -1 };
        starts + completable + if self.series(position).is_product { -1 } else { 1 }
    }

    /// SELECTB-19, +2 / 0 / -2.
    fn most_valid(&self, position: usize, scored: impl Iterator<Item = usize>) -> i32 {
        let missing = |position: usize| u8::MAX - self.paths[position].valid;
        standing(missing(position), scored.map(missing)) * 2
    }

    /// SELECTB-11.
    fn finishes_earliest(&self, position: usize, scored: impl Iterator<Item = usize>) -> i32 {
        if !self.is_completable(position) {
            return -1;
        }
        let finish = |position: usize| self.finish(position).unwrap_or(Date::MAX);
        standing(finish(position), scored.filter(|other| self.is_completable(*other)).map(finish))
    }

    /// SELECTB-3.
    fn is_completable(&self, position: usize) -> bool {
        let last = self.series(position).doses.last().expect("a series has doses");
        let ages = last.ages.iter().find(|ages| ages.in_force.contains(self.subject.as_of));
        let max = self.subject.until(ages.and_then(|ages| ages.max));
        self.finish(position).is_some_and(|finish| finish < max)
    }

    /// Forecast finish date (SELECTB-12).
    fn finish(&self, position: usize) -> Option<Date> {
        let path = &self.paths[position];
        let earliest = path.forecast.dates?.earliest;
        let remaining = &self.series(position).doses[path.forecast.target + 1..];
        let in_force = |interval: &&Interval| interval.rule.in_force.contains(self.subject.as_of);
        let intervals = remaining.iter().flat_map(|dose| dose.intervals.iter()).filter(in_force);
        let ends = intervals
            .filter_map(|interval| interval.rule.min)
            .map(|min| CdsiCalendar.interval_from(earliest, min));
        Some(ends.max().unwrap_or(earliest))
    }
}

/// +1 where the value alone is the least, 0 where it shares that with others, -1 where it is not the least.
fn standing<T: Ord>(value: T, all: impl Iterator<Item = T>) -> i32 {
    let mut equals = 0;
    for other in all {
        match other.cmp(&value) {
            std::cmp::Ordering::Less => return -1,
            std::cmp::Ordering::Equal => equals += 1,
            std::cmp::Ordering::Greater => {}
        }
    }
    i32::from(equals == 1)
}
