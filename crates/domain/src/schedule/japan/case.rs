//! One person's case: what all programmes ask about, gathered once.

use super::rule::{Condition, Ground, LongIllnessRule, Programme, Season};
use crate::Date;
use crate::age::{self, Days};
use crate::schedule::interpreter::{Edge, LegalCalendar, Subject};
use crate::schedule::reason::{Reason, ReasonArgs, Severity};
use crate::schedule::types::{AdultStart, Disability, LegalClass, Person, Series, Settings, Sex, Vaccine};

/// A dose in the ledger: the person's doses in the order of days, each with the series it is counted in.
#[derive(Clone, Copy, Debug)]
pub struct Dose {
    /// Index into the doses as they were handed in.
    pub given: usize,
    pub on: Date,
    pub vaccine: Vaccine,
    pub series: Option<Series>,
    pub volume_centi_ml: Option<u16>,
    pub lot_expires_on: Option<Date>,
}

/// What is known of the person when a programme is asked.
pub struct Case<'a> {
    pub person: &'a Person,
    pub settings: &'a Settings,
    pub doses: &'a [Dose],
    pub subject: Subject,
}

/// Why a ground does not make the person a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mismatch {
    Sex,
    Birth,
    Condition,
}

/// One period in which the person is a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chance {
    pub days: Days,
    /// Index of the ground; [`Chances::LONG_ILLNESS`] for 長期療養特例.
    pub ground: u8,
}

/// All periods of one programme for one person. A table has fewer grounds than places here.
#[derive(Clone, Copy, Debug)]
pub struct Chances {
    chances: [Chance; Chances::MAX],
    len: usize,
}

impl Chances {
    pub const MAX: usize = 14;
    pub const LONG_ILLNESS: u8 = u8::MAX;

    const fn new() -> Chances {
        Chances { chances: [Chance { days: Days::ALWAYS, ground: 0 }; Chances::MAX], len: 0 }
    }

    fn push(&mut self, days: Days, ground: u8) {
        if !days.is_empty() {
            debug_assert!(self.len < Chances::MAX, "a programme has at most {} grounds", Chances::MAX);
            if let Some(slot) = self.chances.get_mut(self.len) {
                *slot = Chance { days, ground };
                self.len += 1;
            }
        }
    }

    pub fn as_slice(&self) -> &[Chance] {
        &self.chances[..self.len]
    }
}

impl<'a> Case<'a> {
    pub fn new(person: &'a Person, settings: &'a Settings, doses: &'a [Dose]) -> Case<'a> {
        let subject = Subject { birth: person.birth_date, due_date: person.facts.due_date };
        Case { person, settings, doses, subject }
    }

    pub fn birth(&self) -> Date {
        self.subject.birth
    }

    /// A reason in the severity the municipality chose; `None` where it switched the check off.
    pub fn reason(
        &self,
        code: &'static str,
        severity: Severity,
        source: &'static str,
        args: ReasonArgs,
    ) -> Option<Reason> {
        if self.settings.switched_off.contains(&code) {
            return None;
        }
        let chosen = self.settings.severities.iter().find(|(name, _)| *name == code);
        Some(Reason { code, severity: chosen.map_or(severity, |(_, chosen)| *chosen), source, args })
    }

    pub fn holds(&self, condition: Condition) -> bool {
        let facts = &self.person.facts;
        match condition {
            Condition::None => true,
            Condition::AnyDisability => facts.disability.is_some(),
            Condition::HivDisability => facts.disability == Some(Disability::HivImmune),
            Condition::MrShortage => facts.mr_shortage,
            Condition::RubellaTestedBy(last) => {
                facts.rubella_test.is_some_and(|test| test.insufficient && test.on <= last)
            }
            Condition::HpvDoseWithin(days) => {
                self.doses.iter().any(|dose| dose.series == Some(Series::Hpv) && days.contains(dose.on))
            }
            Condition::NeverVaricella => {
                // Asked of the days before the special period: its own dose does not close it.
                !self.doses.iter().any(|dose| {
                    dose.series == Some(Series::Var) && dose.on < super::varicella::PROGRAMME_START
                })
            }
            Condition::JeUnfinishedOn(day) => {
                let given = |dose: &&Dose| dose.vaccine == Vaccine::Je && dose.on <= day;
                self.doses.iter().filter(given).count() < 3
            }
            Condition::Pregnant => facts.due_date.is_some(),
        }
    }

    /// Whether the ground concerns this person at all, whatever the day.
    pub fn concerns(&self, ground: &Ground) -> Result<(), Mismatch> {
        if ground.sex.is_some_and(|sex: Sex| sex != self.person.sex) {
            Err(Mismatch::Sex)
        } else if !ground.born.contains(self.birth()) {
            Err(Mismatch::Birth)
        } else if !self.holds(ground.condition) {
            Err(Mismatch::Condition)
        } else {
            Ok(())
        }
    }

    /// The days of a ground for this person.
    pub fn days_of(&self, programme: &Programme, ground: &Ground) -> Option<Days> {
        let window = &ground.window;
        let mut from = window.from.opens(LegalCalendar, &self.subject)?;
        if programme.class == LegalClass::B
            && self.settings.adult_start == AdultStart::Birthday
            && matches!(window.from, Edge::Age(_))
        {
            from = age::plus_days(from, 1);
        }
        let until = window.until.closes(LegalCalendar, &self.subject)?;
        Some(Days::new(from, until).and(window.in_force))
    }

    /// Every period in which the person is or was a target, 長期療養特例 included.
    pub fn chances(&self, programme: &Programme) -> Chances {
        let mut chances = Chances::new();
        if programme.born_from.is_some_and(|from| self.birth() < from) {
            return chances;
        }
        for (number, ground) in programme.grounds.iter().enumerate() {
            if self.concerns(ground).is_ok()
                && let Some(days) = self.days_of(programme, ground)
            {
                chances.push(days, number as u8);
            }
        }
        if let Some(days) = self.after_long_illness(programme, &chances) {
            chances.push(days, Chances::LONG_ILLNESS);
        }
        chances
    }

    /// 施行令3条2項: who was kept from a dose by a long illness while a target stays one for two years (B類: one year)
    /// from the day the ground ended, that day counted in, up to the age of 施行規則2条の9.
    fn after_long_illness(&self, programme: &Programme, chances: &Chances) -> Option<Days> {
        let illness = self.person.facts.long_illness?;
        let ended = illness.ended_on?;
        let LongIllnessRule::Until(cap) = programme.long_illness else { return None };
        let ill = Days::new(illness.since.unwrap_or(self.birth()), ended);
        let was_target = chances.as_slice().iter().any(|chance| !chance.days.and(ill).is_empty());
        if !was_target || programme.season != Season::None {
            return None;
        }
        let years = match programme.class {
            LegalClass::A => 2,
            LegalClass::B => 1,
        };
        let until = age::reach_years(ended, years).min(cap.closes(LegalCalendar, &self.subject)?);
        // In force since 2013-01-30 (平成25年政令).
        Some(Days::new(ended, until).and(super::rule::since(super::rule::day(2013, 1, 30))))
    }

    pub fn is_resident(&self, on: Date) -> bool {
        let facts = &self.person.facts;
        facts.resident_from.is_none_or(|from| from <= on)
            && facts.resident_until.is_none_or(|last| on <= last)
    }
}
