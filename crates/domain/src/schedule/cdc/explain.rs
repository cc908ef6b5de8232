//! What each relevant series made of a patient, step by step, with the section of the Logic Specification.

use super::engine::{Cdc, Scratch, Walking, walk_antigen};
use super::evaluate::Reason;
use super::patient::{Patient, Subject, prepare};
use super::select::{Path, select};
use crate::Date;

/// One step of one series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Index of the vaccine group in the pack.
    pub group: u8,
    pub series: String,
    pub section: &'static str,
    pub outcome: String,
}

impl Cdc {
    /// Says for every relevant patient series how each dose was judged, what is forecast, and whether it was chosen.
    pub fn explain(&self, patient: &Patient, as_of: Date) -> Vec<Step> {
        let mut scratch = Scratch::default();
        let Scratch { ages, given, walking, prioritized, selected, .. } = &mut scratch;
        prepare(self.pack(), patient, as_of, ages, given);
        let subject = Subject { pack: self.pack(), patient, birth: patient.birth_date, as_of, ages, given };
        let mut steps = Vec::new();
        for (group_index, group) in self.pack().groups.iter().enumerate() {
            for &antigen_index in &group.antigens {
                let antigen = &self.pack().antigens[usize::from(antigen_index)];
                walk_antigen(&subject, antigen_index, antigen, walking);
                select(&subject, antigen, &walking.paths, prioritized, selected);
                for (position, path) in walking.paths.iter().enumerate() {
                    let mut teller = Teller {
                        group: group_index as u8,
                        series: &antigen.series[usize::from(path.series)].name,
                        steps: &mut steps,
                    };
                    teller.doses(&subject, walking, path);
                    teller.forecast(path);
                    teller.choice(prioritized.contains(&position), selected.contains(&position));
                }
            }
        }
        steps
    }
}

/// Writes the steps of one series.
struct Teller<'t> {
    group: u8,
    series: &'t str,
    steps: &'t mut Vec<Step>,
}

impl Teller<'_> {
    fn say(&mut self, section: &'static str, outcome: String) {
        self.steps.push(Step { group: self.group, series: self.series.to_owned(), section, outcome });
    }

    fn doses(&mut self, subject: &Subject, walking: &Walking, path: &Path) {
        let (from, until) = path.evaluations;
        for evaluation in &walking.evaluations[from as usize..until as usize] {
            let given = &subject.given[usize::from(evaluation.given)];
            let cvx = &subject.pack.vaccines[usize::from(given.vaccine)].cvx;
            let reasons: Vec<&str> = evaluation.reasons.iter().map(Reason::words).collect();
            let because =
                if reasons.is_empty() { String::new() } else { format!(" ({})", reasons.join("; ")) };
            let section = evaluation.reasons.iter().next().map_or("6.10", Reason::section);
            let (target, word) = (evaluation.target + 1, evaluation.status.word());
            self.say(
                section,
                format!("CVX {cvx} on {} against target dose {target}: {word}{because}", given.on),
            );
        }
    }

    fn forecast(&mut self, path: &Path) {
        let status = path.forecast.status.words();
        match path.forecast.dates {
            None => self.say("7.4", status.to_owned()),
            Some(dates) => {
                let target = path.forecast.target + 1;
                let past_due = dates.past_due.map_or(String::new(), |day| format!(", past due after {day}"));
                let (earliest, recommended) = (dates.earliest, dates.recommended);
                self.say(
                    "7.5",
                    format!(
                        "{status}: target dose {target} from {earliest}, recommended {recommended}{past_due}"
                    ),
                );
            }
        }
    }

    fn choice(&mut self, prioritized: bool, best: bool) {
        let outcome = match (prioritized, best) {
            (_, true) => "a best patient series",
            (true, false) => "prioritized, but an equivalent series group stands in for it",
            (false, false) => "not prioritized within its series group",
        };
        self.say("8", outcome.to_owned());
    }
}
