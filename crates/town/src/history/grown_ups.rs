//! B類 of the old, and the HPV catch-up of young women.

use domain::Date;
use domain::age::*;
use domain::schedule::Vaccine;

use super::{Dose, open_day};
use crate::random::Chance;
use crate::resident::Resident;

/// The ledger holds influenza for the last five years (文書保存年限).
const FIRST_SEASON: i16 = 2021;

pub(super) fn doses(person: &Resident, until: Date, chance: &mut Chance, out: &mut Vec<Dose>) {
    let birth = person.birth;
    if person.woman() && (Date::constant(1997, 4, 2)..=Date::constant(2006, 4, 1)).contains(&birth) {
        catch_up(birth, until, chance, out);
    }
    if reach_years(birth, 65) > until {
        return;
    }
    seasons(birth, until, chance, out);
    pneumococcal(birth, until, chance, out);
    zoster(birth, until, chance, out);
}

/// キャッチアップ接種 2022-04-01..2025-03-31, finished until 2026-03-31.
fn catch_up(birth: Date, until: Date, chance: &mut Chance, out: &mut Vec<Dose>) {
    if !chance.hit(280) {
        return;
    }
    // Most came in the last summer, when the end was near.
    let rushed = chance.hit(600);
    let first = if rushed {
        plus_days(Date::constant(2024, 6, 1), chance.between(0, 300))
    } else {
        plus_days(Date::constant(2022, 4, 1), chance.between(0, 790))
    };
    let vaccine = if first < Date::constant(2023, 4, 1) { Vaccine::Hpv4 } else { Vaccine::Hpv9 };
    let second = open_day(plus_days(gap_months(first, 2), chance.delay(40)));
    let third = open_day(plus_days(gap_months(first, 6).max(gap_months(second, 3)), chance.delay(60)));
    debug_assert!(birth < first);
    for (index, on) in [first, second, third].into_iter().enumerate() {
        if on <= until && on <= Date::constant(2026, 3, 31) && (index == 0 || chance.hit(930)) {
            out.push(Dose::new(on, vaccine, index as u8 + 1));
        } else {
            return;
        }
    }
}

/// Influenza and COVID-19: some come every year, some never.
fn seasons(birth: Date, until: Date, chance: &mut Chance, out: &mut Vec<Dose>) {
    let (flu, covid) = *chance.pick(&[(930, 420), (900, 250), (850, 160), (450, 60), (120, 15), (30, 5)]);
    for year in FIRST_SEASON..=fiscal_year(until) {
        let from = Date::constant(year, 10, 1).max(reach_years(birth, 65));
        let on = open_day(plus_days(from, chance.between(0, 45) + chance.delay(60)));
        if chance.hit(flu) && on <= Date::constant(year + 1, 1, 31) && on <= until {
            let high_dose =
                on >= Date::constant(2026, 10, 1) && reach_years(birth, 75) < on && chance.hit(300);
            out.push(Dose::new(on, if high_dose { Vaccine::FluHighDose } else { Vaccine::Flu }, 1));
        }
        let on = if chance.hit(500) { on } else { open_day(plus_days(on, chance.between(7, 50))) };
        if year >= 2024 && chance.hit(covid) && on <= Date::constant(year + 1, 3, 31) && on <= until {
            out.push(Dose::new(on, Vaccine::Covid, 1));
        }
    }
}

/// Until FY2023 every fifth year from 65 on; since then at 65 only. Once in life.
fn pneumococcal(birth: Date, until: Date, chance: &mut Chance, out: &mut Vec<Dose>) {
    for age in (65..=100).step_by(5) {
        let year = fiscal_year_of_age(birth, age);
        if !chance.hit(330)
            || year.from < Date::constant(2014, 4, 1)
            || year.from >= Date::constant(2024, 4, 1)
        {
            continue;
        }
        let from = year.from.max(Date::constant(2014, 10, 1));
        let on = open_day(plus_days(from, chance.between(0, 170)));
        if on <= until {
            out.push(Dose::new(on, Vaccine::Ppsv23, 1));
        }
        return;
    }
    let from = reach_years(birth, 65).max(Date::constant(2024, 4, 1));
    let on = open_day(plus_days(from, chance.between(0, 340)));
    if chance.hit(400) && on <= until && on <= reach_years(birth, 66) {
        let vaccine = if on < Date::constant(2026, 4, 1) { Vaccine::Ppsv23 } else { Vaccine::Pcv20Adult };
        out.push(Dose::new(on, vaccine, 1));
    }
}

/// 帯状疱疹 since FY2025, in the fiscal year in which 65, 70, … 100 is reached.
fn zoster(birth: Date, until: Date, chance: &mut Chance, out: &mut Vec<Dose>) {
    let Some(year) = (65..=100)
        .step_by(5)
        .map(|age| fiscal_year_of_age(birth, age))
        .find(|year| year.from >= Date::constant(2025, 4, 1))
    else {
        return;
    };
    let first = open_day(plus_days(year.from, chance.between(0, 360)));
    if !chance.hit(280) || first > until || first > year.until {
        return;
    }
    let second = open_day(plus_days(gap_months(first, 2), chance.delay(90)));
    if chance.hit(350) {
        out.push(Dose::new(first, Vaccine::ZosterLive, 1));
    } else if second <= year.until {
        out.push(Dose::new(first, Vaccine::ZosterRecombinant, 1));
        if second <= until && chance.hit(960) {
            out.push(Dose::new(second, Vaccine::ZosterRecombinant, 2));
        }
    }
}
