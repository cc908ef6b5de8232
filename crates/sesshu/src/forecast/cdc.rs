//! The CDC pack at the door: a line of JSON becomes a patient, and the engine's answer a line.

use super::door::{Answers, Refusal};
use super::line::{self, Day, Id, Iso, Line};
use domain::Date;
use domain::schedule::cdc::{
    Cdc, Dose, DoseAnswer, DoseStatus, GroupForecast, Observation, Patient, Reason, Reasons, Scratch, Step,
};
use serde::ser::SerializeSeq;
use serde::{Serialize, Serializer};
use std::borrow::Cow;

/// CDSi's patient data beyond birth date and sex.
#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Facts<'a> {
    /// Active patient observations, by CDSi's observation codes.
    #[serde(borrow, default)]
    observations: Vec<ObservationLine<'a>>,
    #[serde(borrow, default)]
    birth_country: Option<Cow<'a, str>>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct ObservationLine<'a> {
    #[serde(borrow)]
    code: Cow<'a, str>,
    #[serde(default)]
    on: Option<Day>,
}

/// One core's room to answer in.
pub struct CdcDoor<'p> {
    cdc: &'p Cdc,
    as_of: Option<Date>,
    explain: bool,
    scratch: Scratch,
    doses: Vec<Dose>,
    observations: Vec<Observation>,
}

impl<'p> CdcDoor<'p> {
    pub fn new(cdc: &'p Cdc, as_of: Option<Date>, explain: bool) -> Self {
        CdcDoor {
            cdc,
            as_of,
            explain,
            scratch: Scratch::default(),
            doses: Vec::new(),
            observations: Vec::new(),
        }
    }

    /// Fills the rooms with what the line says, in the pack's own numbers.
    fn take_in(&mut self, line: &Line<Facts>) -> Result<Date, String> {
        let as_of = line::check(line, self.as_of)?;
        self.doses.clear();
        for dose in &line.doses {
            let vaccine = self.cdc.vaccine(&dose.vaccine.0).ok_or_else(|| {
                let shown: String = dose.vaccine.0.chars().take(20).collect();
                format!("ワクチン「{shown}」を知りません。CVX コードで書いてください")
            })?;
            self.doses.push(Dose {
                on: dose.date.0,
                vaccine,
                maker: dose.mvx.as_deref().and_then(|mvx| self.cdc.maker(mvx)),
                substandard: dose.substandard
                    || dose.lot_expires_on.is_some_and(|expires| dose.date.0 > expires.0),
            });
        }
        self.observations.clear();
        for seen in line.facts.iter().flat_map(|facts| &facts.observations) {
            let code = self.cdc.observation(&seen.code).ok_or_else(|| {
                let shown: String = seen.code.chars().take(20).collect();
                format!("観察項目「{shown}」を知りません。CDSi の observation code で書いてください")
            })?;
            self.observations.push(Observation { code, on: seen.on.map(|day| day.0) });
        }
        Ok(as_of)
    }
}

impl Answers for CdcDoor<'_> {
    fn answer(&mut self, line: &[u8], out: &mut Vec<u8>) -> Result<(), Refusal> {
        let line: Line<Facts> = line::parse(line)?;
        let as_of = self.take_in(&line).map_err(|error| Refusal {
            id: serde_json::to_string(&line.id).expect("writing to memory does not fail"),
            error,
        })?;
        let patient = Patient {
            birth_date: line.birth_date.0,
            sex: line.sex.0,
            birth_country: line.facts.as_ref().and_then(|facts| facts.birth_country.as_deref()),
            observations: &self.observations,
            doses: &self.doses,
        };
        self.cdc.forecast(&patient, as_of, &mut self.scratch);
        let answer = Answer {
            id: &line.id,
            as_of: Iso(as_of),
            doses: Doses { cdc: self.cdc, doses: &self.doses, answers: &self.scratch.doses, as_of },
            series: AllSeries { cdc: self.cdc, forecasts: &self.scratch.groups },
            explain: self.explain.then(|| {
                let steps = self.cdc.explain(&patient, as_of);
                steps.into_iter().map(|step| StepLine::new(self.cdc, step)).collect()
            }),
        };
        serde_json::to_writer(out, &answer).expect("writing to memory does not fail");
        Ok(())
    }
}

#[derive(Serialize)]
struct Answer<'a> {
    id: &'a Id<'a>,
    as_of: Iso,
    doses: Doses<'a>,
    series: AllSeries<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    explain: Option<Vec<StepLine<'a>>>,
}

/// A step of the explanation.
#[derive(Serialize)]
struct StepLine<'a> {
    group: &'a str,
    series: String,
    section: &'static str,
    outcome: String,
}

impl<'a> StepLine<'a> {
    fn new(cdc: &'a Cdc, step: Step) -> Self {
        let group = &cdc.pack().groups[usize::from(step.group)].name;
        StepLine { group, series: step.series, section: step.section, outcome: step.outcome }
    }
}

/// The doses as they were handed in, each with what the vaccine groups say of it.
struct Doses<'a> {
    cdc: &'a Cdc,
    doses: &'a [Dose],
    answers: &'a [DoseAnswer],
    as_of: Date,
}

#[derive(Serialize)]
struct DoseAnswerLine<'a> {
    date: Iso,
    vaccine: &'a str,
    /// Of all groups', the one that matters most; `null` where none judges it.
    status: Option<&'a str>,
    reason: Option<&'a str>,
    evaluations: Evaluations<'a>,
}

#[derive(Serialize)]
struct EvaluationLine<'a> {
    group: &'a str,
    status: &'a str,
    reason: &'a str,
    /// Where several steps fail, all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    reasons: Option<Vec<&'a str>>,
}

struct Evaluations<'a> {
    cdc: &'a Cdc,
    index: usize,
    answers: &'a [DoseAnswer],
}

impl<'a> Evaluations<'a> {
    fn iter(&self) -> impl Iterator<Item = &'a DoseAnswer> {
        let index = self.index;
        self.answers.iter().filter(move |answer| usize::from(answer.index) == index)
    }
}

impl Serialize for Evaluations<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.iter().map(|answer| {
            EvaluationLine {
                group: &self.cdc.pack().groups[usize::from(answer.group)].name,
                status: answer.status.word(),
                reason: first_reason(answer.reasons),
                reasons: (answer.reasons.iter().count() > 1)
                    .then(|| answer.reasons.iter().map(Reason::words).collect()),
            }
        }))
    }
}

impl Serialize for Doses<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut lines = to.serialize_seq(Some(self.doses.len()))?;
        for (index, dose) in self.doses.iter().enumerate() {
            let evaluations = Evaluations { cdc: self.cdc, index, answers: self.answers };
            let worst = evaluations.iter().max_by_key(|answer| weight(answer.status));
            lines.serialize_element(&DoseAnswerLine {
                date: Iso(dose.on),
                vaccine: &self.cdc.pack().vaccines[usize::from(dose.vaccine)].cvx,
                status: worst.map(|answer: &DoseAnswer| DoseStatus::word(answer.status)),
                reason: match worst {
                    Some(answer) => Some(first_reason(answer.reasons)),
                    None if dose.on > self.as_of => Some("Given after the assessment date"),
                    None => Some("No series evaluates this vaccine"),
                },
                evaluations,
            })?;
        }
        lines.end()
    }
}

/// What matters most of a dose that several groups judge: that one asks for it again, else that it counts anywhere.
const fn weight(status: DoseStatus) -> u8 {
    match status {
        DoseStatus::Extraneous => 0,
        DoseStatus::Valid => 1,
        DoseStatus::NotValid => 2,
        DoseStatus::SubStandard => 3,
    }
}

fn first_reason(reasons: Reasons) -> &'static str {
    reasons.iter().next().map_or("", Reason::words)
}

struct AllSeries<'a> {
    cdc: &'a Cdc,
    forecasts: &'a [GroupForecast],
}

#[derive(Serialize)]
struct SeriesLine<'a> {
    group: &'a str,
    series_group: &'a str,
    status: &'a str,
    dose: Option<u8>,
    earliest: Option<Iso>,
    recommended: Option<Iso>,
    past_due: Option<Iso>,
    latest: Option<Iso>,
}

impl Serialize for AllSeries<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.forecasts.iter().map(|forecast| {
            let dates = forecast.dates;
            SeriesLine {
                group: &self.cdc.pack().groups[usize::from(forecast.group)].name,
                series_group: self.cdc.series_group_name(forecast),
                status: forecast.status.words(),
                dose: forecast.dose,
                earliest: dates.map(|dates| Iso(dates.earliest)),
                recommended: dates.map(|dates| Iso(dates.recommended)),
                past_due: dates.and_then(|dates| dates.past_due).map(Iso),
                latest: dates.and_then(|dates| dates.latest).map(Iso),
            }
        }))
    }
}
