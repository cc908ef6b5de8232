//! The processing model (chapter 4): relevant series, evaluation, forecast, best series, vaccine groups.

use super::data::{
    Antigen, AntigenIndex, Condition, MakerIndex, OTHER_MAKER, ObservationIndex, Pack, Series, SeriesKind,
    VaccineIndex,
};
use super::evaluate::{DoseStatus, Evaluation, SeriesWalk};
use super::forecast::{Forecasting, SeriesStatus, all_are_valid, antigen_state};
use super::group::{Best, DoseAnswer, GroupForecast, forecasts};
use super::patient::{Given, Patient, Subject, prepare};
use super::select::{Path, select};
use crate::Date;
use crate::schedule::interpreter::{PastDose, walk};

/// The engine over a prepared [`Pack`], shared by all threads.
pub struct Cdc {
    pack: Pack,
    /// Vaccine by CVX number.
    by_cvx: Vec<Option<VaccineIndex>>,
}

/// Room for walking the series of an antigen.
#[derive(Default)]
pub(super) struct Walking {
    /// The antigen's doses, as positions in the history.
    records: Vec<u16>,
    counted: Vec<PastDose>,
    /// Of all series of all antigens, one after the other.
    pub evaluations: Vec<Evaluation>,
    /// The relevant patient series of one antigen.
    pub paths: Vec<Path>,
}

/// Room to work in, used again for the next patient, and the answers of the last one.
#[derive(Default)]
pub struct Scratch {
    pub(super) ages: Vec<Date>,
    pub(super) given: Vec<Given>,
    pub(super) walking: Walking,
    pub(super) prioritized: Vec<usize>,
    pub(super) selected: Vec<usize>,
    best: Vec<Best>,
    /// One or more forecasts for each vaccine group that concerns the patient.
    pub groups: Vec<GroupForecast>,
    /// For each dose, what each vaccine group says of it.
    pub doses: Vec<DoseAnswer>,
}

impl Cdc {
    /// Puts the series of each antigen into the order they depend on each other.
    pub fn new(mut pack: Pack) -> Cdc {
        for antigen in &mut pack.antigens {
            antigen.series.sort_by_key(asks_about_completed_series);
        }
        let mut by_cvx = Vec::new();
        for (index, vaccine) in pack.vaccines.iter().enumerate() {
            if let Ok(number) = vaccine.cvx.parse::<u16>() {
                let number = usize::from(number);
                if by_cvx.len() <= number {
                    by_cvx.resize(number + 1, None);
                }
                by_cvx[number] = Some(index as VaccineIndex);
            }
        }
        Cdc { pack, by_cvx }
    }

    pub fn pack(&self) -> &Pack {
        &self.pack
    }

    /// The manufacturer of an MVX code; one that no rule names is told apart from an unknown one.
    pub fn maker(&self, mvx: &str) -> Option<MakerIndex> {
        let known = self.pack.makers.iter().position(|maker| maker == mvx);
        if mvx.is_empty() { None } else { Some(known.map_or(OTHER_MAKER, |index| index as MakerIndex)) }
    }

    /// An observation by its code.
    pub fn observation(&self, code: &str) -> Option<ObservationIndex> {
        let known = self.pack.observations.iter().position(|(known, _)| known == code);
        known.map(|index| index as ObservationIndex)
    }

    /// A vaccine by its CVX code, with or without leading zeros.
    pub fn vaccine(&self, cvx: &str) -> Option<VaccineIndex> {
        if cvx.is_empty() || cvx.len() > 3 || !cvx.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        *self.by_cvx.get(cvx.parse::<usize>().ok()?)?
    }

    /// The name of the series group a forecast was made for (`Standard`, `Increased Risk`…).
    pub fn series_group_name(&self, forecast: &GroupForecast) -> &str {
        let antigens = self.pack.groups[usize::from(forecast.group)].antigens.iter();
        let mut series = antigens.flat_map(|antigen| &self.pack.antigens[usize::from(*antigen)].series);
        let named = series.find(|series| {
            series.group == forecast.series_group && (series.kind == SeriesKind::Risk) == forecast.is_risk
        });
        named.map_or("", |series| &series.group_name)
    }

    /// Judges every dose and forecasts every vaccine group on `as_of`; the answers are in `scratch`.
    pub fn forecast(&self, patient: &Patient, as_of: Date, scratch: &mut Scratch) {
        let Scratch { ages, given, walking, prioritized, selected, best, groups, doses } = scratch;
        prepare(&self.pack, patient, as_of, ages, given);
        let subject = Subject { pack: &self.pack, patient, birth: patient.birth_date, as_of, ages, given };
        walking.evaluations.clear();
        groups.clear();
        doses.clear();
        for (group_index, group) in self.pack.groups.iter().enumerate() {
            best.clear();
            for &antigen_index in &group.antigens {
                let antigen = &self.pack.antigens[usize::from(antigen_index)];
                walk_antigen(&subject, antigen_index, antigen, walking);
                select(&subject, antigen, &walking.paths, prioritized, selected);
                best.extend(selected.iter().map(|position| {
                    let path = &walking.paths[*position];
                    let series = &antigen.series[usize::from(path.series)];
                    Best {
                        antigen: antigen_index,
                        series_group: series.group,
                        kind: series.kind,
                        may_start: subject.from(series.start_from) <= subject.as_of,
                        forecast: path.forecast,
                        evaluations: path.evaluations,
                    }
                }));
            }
            forecasts(&subject, group_index as u8, best, groups);
            dose_answers(&subject, group_index as u8, best, &walking.evaluations, doses);
        }
    }
}

fn asks_about_completed_series(series: &Series) -> bool {
    let skips = series.doses.iter().flat_map(|dose| &dose.skips);
    let mut conditions = skips.flat_map(|skip| &skip.sets).flat_map(|set| &set.conditions);
    conditions.any(|condition| matches!(condition, Condition::CompletedSeries(_)))
}

/// Chapters 5 to 7 for all series of an antigen.
pub(super) fn walk_antigen(
    subject: &Subject,
    antigen_index: AntigenIndex,
    antigen: &Antigen,
    walking: &mut Walking,
) {
    let Walking { records, counted, evaluations, paths } = walking;
    paths.clear();
    records.clear();
    let own =
        subject.given.iter().enumerate().filter(|(_, given)| given.antigens & (1 << antigen_index) != 0);
    records.extend(own.map(|(position, _)| position as u16));
    let state = antigen_state(subject, antigen);
    let mut complete_groups = 0;
    for (series_index, series) in antigen.series.iter().enumerate() {
        if !is_relevant(subject, series) {
            continue;
        }
        let first = evaluations.len();
        counted.clear();
        let mut course = SeriesWalk { subject, series, complete_groups, evaluations, first, counted };
        let target = usize::from(walk(&mut course, records));
        let evaluations = &evaluations[first..];
        let forecasting =
            Forecasting { subject, antigen, series, state, evaluations, target, counted, complete_groups };
        let path = path(&forecasting, series_index as u16, first as u32);
        if path.forecast.status == SeriesStatus::Complete {
            complete_groups |= 1 << series.group;
        }
        paths.push(path);
    }
}

fn path(forecasting: &Forecasting, series: u16, first: u32) -> Path {
    let evaluations = forecasting.evaluations;
    let mut valid = evaluations.iter().filter(|evaluation| evaluation.status == DoseStatus::Valid);
    let count = valid.clone().count() as u8;
    Path {
        series,
        forecast: forecasting.forecast(),
        valid: count,
        all_valid: all_are_valid(evaluations),
        first_valid_on: valid
            .next()
            .map(|evaluation| forecasting.subject.given[usize::from(evaluation.given)].on),
        evaluations: (first, first + evaluations.len() as u32),
    }
}

/// Is the antigen series a relevant patient series (Table 5-5)?
fn is_relevant(subject: &Subject, series: &Series) -> bool {
    if !series.sexes.is_empty() && !series.sexes.contains(&subject.patient.sex) {
        return false;
    }
    match series.kind {
        SeriesKind::Standard | SeriesKind::EvaluationOnly => true,
        SeriesKind::Risk => {
            !subject.patient.observations.is_empty()
                && series.indications.iter().any(|indication| {
                    subject.has(indication.observation) && subject.within(indication.age, subject.as_of)
                })
        }
    }
}

/// The verdict on each dose of a vaccine group: of all best series, the one that holds most against it for a group
/// of several antigens, and the one that accepts it where several paths stand side by side for one antigen.
fn dose_answers(
    subject: &Subject,
    group: u8,
    best: &[Best],
    evaluations: &[Evaluation],
    answers: &mut Vec<DoseAnswer>,
) {
    let first = answers.len();
    for (position, series) in best.iter().enumerate() {
        if best[..position].iter().any(|earlier| earlier.antigen == series.antigen) {
            continue;
        }
        let (from, until) = series.evaluations;
        for offset in 0..until - from {
            // Every path of an antigen judged the same doses in the same order.
            let paths = best[position..].iter().filter(|other| other.antigen == series.antigen);
            let kindest = paths
                .map(|path| evaluations[(path.evaluations.0 + offset) as usize])
                .min_by_key(|evaluation| evaluation.status)
                .expect("the series itself is among them");
            let index = subject.given[usize::from(kindest.given)].index;
            let answer = DoseAnswer { index, group, status: kindest.status, reasons: kindest.reasons };
            match answers[first..].iter_mut().find(|seen| seen.index == index) {
                None => answers.push(answer),
                Some(seen) if seen.status < answer.status => *seen = answer,
                Some(_) => {}
            }
        }
    }
}
