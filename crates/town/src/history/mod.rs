//! What a person was given in life, by the schedule of each day, with the delays and the few errors of real life.
//!
//! Nothing is stored: the history follows from the seed and the person, so a ward of 350,000 needs no memory for it.

mod children;
mod errors;
mod grown_ups;

use domain::Date;
use domain::age::{gap_months, plus_days, reach_years};
use domain::schedule::{Facts, GivenDose, Person, Vaccine};

use jiff::civil::Weekday;

pub use errors::Planted;

use crate::random::Chance;
use crate::resident::{Reason, Resident};
use crate::ward::Ward;

/// One dose of a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dose {
    pub on: Date,
    pub vaccine: Vaccine,
    /// As the clinic counted it within the 期.
    pub number: u8,
    /// Which of the lots of that vaccine and quarter.
    pub lot: u8,
    pub planted: Option<Planted>,
}

impl Dose {
    pub(crate) fn new(on: Date, vaccine: Vaccine, number: u8) -> Self {
        Dose { on, vaccine, number, lot: 0, planted: None }
    }

    /// 任意接種: the ward pays a part, the law does not know it.
    pub fn is_voluntary(&self) -> bool {
        self.vaccine == Vaccine::Mumps
    }

    pub fn lot_number(&self) -> String {
        let quarter = (self.on.month() - 1) / 3;
        let letter = char::from(b'A' + (self.vaccine as u8) % 26);
        format!("{letter}{:02}{}{:02}", self.on.year() % 100, quarter + 1, self.lot + 11)
    }

    /// The last day of a month, nine months or more after the dose.
    pub fn lot_expires_on(&self) -> Date {
        let quarter = Date::constant(self.on.year(), (self.on.month() - 1) / 3 * 3 + 1, 1);
        gap_months(quarter, 12 + i32::from(self.lot)).last_of_month()
    }

    /// 接種量 by the product's insert, in hundredths of a millilitre; BCG is stamped and has none.
    pub fn volume_centi_ml(&self, birth: Date) -> Option<u16> {
        match self.vaccine {
            Vaccine::Bcg => None,
            Vaccine::Rota1 => Some(150),
            Vaccine::Rota5 => Some(200),
            Vaccine::FluHighDose => Some(70),
            Vaccine::Covid => Some(30),
            Vaccine::HepB if self.on < reach_years(birth, 10) => Some(25),
            Vaccine::Je if self.on < reach_years(birth, 3) => Some(25),
            Vaccine::Dt => Some(10),
            _ => Some(50),
        }
    }
}

impl Ward {
    /// The last day up to which clinics have handed in their forms: they come by the 10th for the month before.
    pub fn complete_until(&self) -> Date {
        let month = self.as_of.first_of_month();
        let last = |day: Date| plus_days(day, -1);
        if self.as_of.day() >= 10 { last(month) } else { last(last(month).first_of_month()) }
    }

    /// Everything a person was given and the ward has heard of, in the order of the days.
    pub fn doses(&self, person: &Resident) -> Vec<Dose> {
        let mut chance = Chance::stream(self.seed, "doses", u64::from(person.number));
        let until = person.until.unwrap_or(Date::MAX).min(self.complete_until());
        let mut doses = Vec::new();
        if person.birth >= children::FIRST_BIRTH {
            children::doses(person, until, &mut chance, &mut doses);
        }
        grown_ups::doses(person, until, &mut chance, &mut doses);
        if !doses.is_empty() {
            errors::plant(person, until, &mut chance, &mut doses);
        }
        // Who moves in brings the handbook; one in twenty does not, and the ward knows nothing of the time before.
        if person.since_reason != Reason::Birth && chance.hit(50) {
            doses.retain(|dose| dose.on >= person.since);
        }
        // What the old were given elsewhere the ward mostly never hears of.
        if chance.hit(750) {
            let childhood_or_hpv = |dose: &Dose| reach_years(person.birth, 60) > dose.on;
            doses.retain(|dose| dose.on >= person.since || childhood_or_hpv(dose));
        }
        for dose in &mut doses {
            dose.lot = chance.below(8) as u8;
        }
        doses.sort_by_key(|dose| dose.on);
        doses
    }

    /// Each person with the whole history, as the engine takes them.
    pub fn histories(&self) -> impl Iterator<Item = (Person, Vec<GivenDose>)> + '_ {
        self.residents.iter().map(|resident| {
            let doses = self.doses(resident);
            let given = doses.iter().map(|dose| GivenDose {
                on: dose.on,
                vaccine: dose.vaccine,
                volume_centi_ml: dose.volume_centi_ml(resident.birth),
                lot_expires_on: Some(dose.lot_expires_on()),
            });
            (self.person(resident), given.collect())
        })
    }

    /// The engine's view of a resident.
    pub fn person(&self, resident: &Resident) -> Person {
        let facts = Facts {
            welfare: resident.flags.welfare_since.is_some() && resident.flags.welfare_until.is_none(),
            resident_from: Some(resident.since),
            resident_until: resident.until,
            ..Facts::default()
        };
        Person { birth_date: resident.birth, sex: resident.sex, facts }
    }
}

/// Clinics are closed on Sundays.
fn open_day(day: Date) -> Date {
    if day.weekday() == Weekday::Sunday { plus_days(day, 1) } else { day }
}
