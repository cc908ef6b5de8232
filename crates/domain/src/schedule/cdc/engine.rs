//! The processing model (chapter 4): relevant series, evaluation, forecast, best series, vaccine groups.

use super::calendar::Day;
use super::data::{
    Antigen, AntigenIndex, Condition, MakerIndex, OTHER_MAKER, ObservationIndex, Pack, Series, SeriesKind,
    VaccineIndex,
};
use super::evaluate::{DoseStatus, Evaluation, walk};
use super::forecast::{AntigenState, Forecasting, SeriesStatus, all_are_valid, antigen_state};
use super::group::{Best, DoseAnswer, GroupForecast, forecasts};
use super::patient::{Given, Patient, Subject, prepare};
use super::select::{Path, select};
use crate::Date;

/// The engine over a prepared [`Pack`], shared by all threads.
pub struct Cdc {
    pack: Pack,
    /// Vaccine by CVX number.
    by_cvx: Vec<Option<VaccineIndex>>,
}

/// Room to work in, used again for the next patient, and the answers of the last one.
#[derive(Default)]
pub struct Scratch {
    ages: Vec<Day>,
    given: Vec<Given>,
    evaluations: Vec<Evaluation>,
    paths: Vec<Path>,
    prioritized: Vec<usize>,
    selected: Vec<usize>,
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

    /// Says step by step what each relevant series made of the patient.
    pub fn explain(&self, patient: &Patient, as_of: Date, scratch: &mut Scratch) -> Vec<String> {
        let _ = (patient, as_of, scratch);
        Vec::new()
    }

    /// Judges every dose and forecasts every vaccine group on `as_of`; the answers are in `scratch`.
    pub fn forecast(&self, patient: &Patient, as_of: Date, scratch: &mut Scratch) {
        let Scratch { ages, given, evaluations, paths, prioritized, selected, best, groups, doses } = scratch;
        let as_of = Day::from(as_of);
        prepare(&self.pack, patient, as_of, ages, given);
        let subject =
            Subject { pack: &self.pack, patient, birth: Day::from(patient.birth_date), as_of, ages, given };
        evaluations.clear();
        groups.clear();
        doses.clear();
        for (group_index, group) in self.pack.groups.iter().enumerate() {
            best.clear();
            for &antigen_index in &group.antigens {
                let antigen = &self.pack.antigens[usize::from(antigen_index)];
                walk_antigen(&subject, antigen_index, antigen, evaluations, paths);
                select(&subject, antigen, paths, prioritized, selected);
                best.extend(selected.iter().map(|position| {
                    let path = &paths[*position];
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
            dose_answers(&subject, group_index as u8, best, evaluations, doses);
        }
    }
}

fn asks_about_completed_series(series: &Series) -> bool {
    let skips = series.doses.iter().flat_map(|dose| &dose.skips);
    let mut conditions = skips.flat_map(|skip| &skip.sets).flat_map(|set| &set.conditions);
    conditions.any(|condition| matches!(condition, Condition::CompletedSeries(_)))
}

/// Chapters 5 to 7 for all series of an antigen.
fn walk_antigen(
    subject: &Subject,
    antigen_index: AntigenIndex,
    antigen: &Antigen,
    evaluations: &mut Vec<Evaluation>,
    paths: &mut Vec<Path>,
) {
    paths.clear();
    let state = antigen_state(subject, antigen);
    let mut complete_groups = 0;
    for (series_index, series) in antigen.series.iter().enumerate() {
        if !is_relevant(subject, series) {
            continue;
        }
        let path = walk_series(
            subject,
            antigen_index,
            antigen,
            series_index as u16,
            state,
            complete_groups,
            evaluations,
        );
        if path.forecast.status == SeriesStatus::Complete {
            complete_groups |= 1 << series.group;
        }
        paths.push(path);
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

fn walk_series(
    subject: &Subject,
    antigen_index: AntigenIndex,
    antigen: &Antigen,
    series_index: u16,
    state: AntigenState,
    complete_groups: u32,
    evaluations: &mut Vec<Evaluation>,
) -> Path {
    let series = &antigen.series[usize::from(series_index)];
    let first = evaluations.len();
    let walked = walk(subject, antigen_index, series, complete_groups, evaluations);
    let own = &evaluations[first..];
    let forecasting =
        Forecasting { subject, antigen, series, state, evaluations: own, walked: &walked, complete_groups };
    let mut valid = own.iter().filter(|evaluation| evaluation.status == DoseStatus::Valid);
    let count = valid.clone().count() as u8;
    Path {
        series: series_index,
        forecast: forecasting.forecast(),
        valid: count,
        all_valid: all_are_valid(own),
        first_valid_on: valid.next().map(|evaluation| subject.given[usize::from(evaluation.given)].on.day),
        evaluations: (first as u32, evaluations.len() as u32),
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
