//! Whom the question is about, and the patient's dates worked out once (§4.1, §4.2).

use super::calendar::{Anchor, Day};
use super::data::{AgeIndex, AgeRange, MakerIndex, ObservationIndex, Pack, VaccineIndex};
use crate::Date;
use crate::schedule::Sex;

/// A vaccine dose administered.
#[derive(Clone, Copy, Debug)]
pub struct Dose {
    pub on: Date,
    pub vaccine: VaccineIndex,
    /// Manufacturer (MVX), where known.
    pub maker: Option<MakerIndex>,
    /// The dose condition flag, or given after the lot's expiry (§6.1).
    pub substandard: bool,
}

/// An active patient observation.
#[derive(Clone, Copy, Debug)]
pub struct Observation {
    pub code: ObservationIndex,
    pub on: Option<Date>,
}

#[derive(Clone, Copy, Debug)]
pub struct Patient<'a> {
    pub birth_date: Date,
    pub sex: Sex,
    pub birth_country: Option<&'a str>,
    pub observations: &'a [Observation],
    /// In any order.
    pub doses: &'a [Dose],
}

/// A dose of the history in order of its day.
#[derive(Clone, Copy, Debug)]
pub(super) struct Given {
    /// Index into the doses as they were handed in.
    pub index: u16,
    pub on: Anchor,
    pub vaccine: VaccineIndex,
    pub maker: Option<MakerIndex>,
    pub substandard: bool,
    /// The antigens it counts for at this age, one bit each.
    pub antigens: u64,
}

/// Everything about the patient that the chapters ask for.
pub(super) struct Subject<'a> {
    pub pack: &'a Pack,
    pub patient: &'a Patient<'a>,
    pub birth: Day,
    pub as_of: Day,
    /// The day each age of the pack is reached.
    pub ages: &'a [Day],
    pub given: &'a [Given],
}

impl Subject<'_> {
    /// The day an age is reached, or "since ever".
    pub fn from(&self, age: Option<AgeIndex>) -> Day {
        age.map_or(Day::FIRST, |age| self.ages[usize::from(age)])
    }

    /// The day an age is reached, or "for ever".
    pub fn until(&self, age: Option<AgeIndex>) -> Day {
        age.map_or(Day::LAST, |age| self.ages[usize::from(age)])
    }

    pub fn reached(&self, age: Option<AgeIndex>) -> Option<Day> {
        age.map(|age| self.ages[usize::from(age)])
    }

    pub fn within(&self, range: AgeRange, on: Day) -> bool {
        self.from(range.from) <= on && on < self.until(range.until)
    }

    pub fn has(&self, observation: ObservationIndex) -> bool {
        self.patient.observations.iter().any(|seen| seen.code == observation)
    }

    /// The date of the most recent such observation (CALCDTINT-9).
    pub fn observed_on(&self, observation: ObservationIndex) -> Option<Date> {
        self.patient
            .observations
            .iter()
            .filter(|seen| seen.code == observation)
            .filter_map(|seen| seen.on)
            .max()
    }
}

/// Works out age dates and sorts the history; a dose after the assessment date is not part of it.
pub(super) fn prepare(
    pack: &Pack,
    patient: &Patient,
    as_of: Day,
    ages: &mut Vec<Day>,
    given: &mut Vec<Given>,
) {
    let birth = Anchor::from(patient.birth_date);
    ages.clear();
    ages.extend(pack.ages.iter().map(|age| birth.plus(*age)));
    given.clear();
    for (index, dose) in patient.doses.iter().enumerate() {
        let on = Anchor::from(dose.on);
        if on.day > as_of {
            continue;
        }
        let antigens = pack.vaccines[usize::from(dose.vaccine)].associations.iter().filter(|association| {
            let from = association.age.from.map_or(Day::FIRST, |age| ages[usize::from(age)]);
            let until = association.age.until.map_or(Day::LAST, |age| ages[usize::from(age)]);
            from <= on.day && on.day < until
        });
        given.push(Given {
            index: index as u16,
            on,
            vaccine: dose.vaccine,
            maker: dose.maker,
            substandard: dose.substandard,
            antigens: antigens.fold(0, |bits, association| bits | 1 << association.antigen),
        });
    }
    given.sort_by_key(|dose| dose.on.day);
}
