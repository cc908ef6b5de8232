//! The errors of real life, planted on purpose: about five in a thousand doses, in the kinds the ministry counts.

use domain::Date;
use domain::age::*;
use domain::schedule::Vaccine;

use super::Dose;
use crate::random::Chance;
use crate::resident::Resident;

/// What is wrong with a dose, known only to the generator and its tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Planted {
    /// Given some days before the age (期間外).
    TooEarly,
    /// One day short of the interval (接種間隔), more than half of all errors.
    ShortInterval,
    /// A product no longer in the programme (種類).
    WrongProduct,
    /// A dose too many (不必要な接種).
    Unnecessary,
}

/// Five in a thousand doses; what cannot be planted on a dose is not planted.
const PER_MILLE: u32 = 10;

pub(super) fn plant(person: &Resident, until: Date, chance: &mut Chance, doses: &mut Vec<Dose>) {
    for index in 0..doses.len() {
        if !chance.hit(PER_MILLE) {
            continue;
        }
        match chance.weighted(&[15, 55, 12, 18]) {
            0 => too_early(person.birth, chance, &mut doses[index]),
            1 => short_interval(doses, index),
            2 => wrong_product(&mut doses[index]),
            _ => {
                let mut extra = doses[index];
                extra.on = plus_days(extra.on, chance.between(8, 30));
                extra.planted = Some(Planted::Unnecessary);
                let once = matches!(extra.vaccine, Vaccine::Flu | Vaccine::Bcg | Vaccine::Ppsv23);
                if once && extra.on <= until {
                    doses.push(extra);
                }
            }
        }
    }
}

fn too_early(birth: Date, chance: &mut Chance, dose: &mut Dose) {
    let reached = match dose.vaccine {
        Vaccine::Mr if dose.on <= reach_months(birth, 24) => reach_months(birth, 12),
        Vaccine::Varicella if dose.number == 1 => reach_months(birth, 12),
        Vaccine::Dt => reach_years(birth, 11),
        _ => return,
    };
    dose.on = plus_days(reached, -chance.between(1, 6));
    dose.planted = Some(Planted::TooEarly);
}

fn short_interval(doses: &mut [Dose], index: usize) {
    let (vaccine, number) = (doses[index].vaccine, doses[index].number);
    let days = match (vaccine, number) {
        (Vaccine::HepB | Vaccine::Pcv13 | Vaccine::Pcv15 | Vaccine::Pcv20 | Vaccine::Rota1, 2) => 27,
        // Hib: a doctor may go down to 20日以上.
        (Vaccine::Dpt3 | Vaccine::Dpt4 | Vaccine::Dpt5 | Vaccine::Hib, 2) => 20,
        (Vaccine::Je, 2) => 6,
        _ => return,
    };
    if let Some(first) =
        doses.iter().find(|dose| dose.vaccine == vaccine && dose.number == 1).map(|dose| dose.on)
    {
        doses[index].on = plus_days(first, days);
        doses[index].planted = Some(Planted::ShortInterval);
    }
}

fn wrong_product(dose: &mut Dose) {
    let wrong = match dose.vaccine {
        Vaccine::Pcv20 => Vaccine::Pcv13,
        Vaccine::Pcv20Adult => Vaccine::Ppsv23,
        Vaccine::Hpv9 if dose.on >= Date::constant(2026, 4, 1) => Vaccine::Hpv4,
        _ => return,
    };
    dose.vaccine = wrong;
    dose.planted = Some(Planted::WrongProduct);
}
