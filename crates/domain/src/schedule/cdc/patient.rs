//! Whom the question is about, and the patient's dates worked out once (§4.1, §4.2).

use super::data::{AgeIndex, AgeRange, MakerIndex, ObservationIndex, Pack, VaccineIndex};
use crate::Date;
use crate::age::plus_days;
use crate::schedule::Sex;
use crate::schedule::interpreter::{Calendar, CdsiCalendar};

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
    pub on: Date,
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
    pub birth: Date,
    pub as_of: Date,
    /// The day each age of the pack is reached.
    pub ages: &'a [Date],
    pub given: &'a [Given],
}

impl Subject<'_> {
    /// The day an age is reached, or "since ever".
    pub fn from(&self, age: Option<AgeIndex>) -> Date {
        age.map_or(Date::MIN, |age| self.ages[usize::from(age)])
    }

    /// The day an age is reached, or "for ever".
    pub fn until(&self, age: Option<AgeIndex>) -> Date {
        age.map_or(Date::MAX, |age| self.ages[usize::from(age)])
    }

    /// The last day of not being too old: a maximum age itself is already too old.
    pub fn last_day_before(&self, age: Option<AgeIndex>) -> Date {
        age.map_or(Date::MAX, |age| plus_days(self.ages[usize::from(age)], -1))
    }

    pub fn reached(&self, age: Option<AgeIndex>) -> Option<Date> {
        age.map(|age| self.ages[usize::from(age)])
    }

    pub fn within(&self, range: AgeRange, on: Date) -> bool {
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
    as_of: Date,
    ages: &mut Vec<Date>,
    given: &mut Vec<Given>,
) {
    ages.clear();
    ages.extend(pack.ages.iter().map(|age| CdsiCalendar.age_from(patient.birth_date, *age)));
    given.clear();
    for (index, dose) in patient.doses.iter().enumerate() {
        let on = dose.on;
        if on > as_of {
            continue;
        }
        let antigens = pack.vaccines[usize::from(dose.vaccine)].associations.iter().filter(|association| {
            let from = association.age.from.map_or(Date::MIN, |age| ages[usize::from(age)]);
            let until = association.age.until.map_or(Date::MAX, |age| ages[usize::from(age)]);
            from <= on && on < until
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
    given.sort_by_key(|dose| dose.on);
}
