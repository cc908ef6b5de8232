//! The ledger: a person's doses in the order of days, each assigned to the series it is counted in.

use super::case::Dose;
use super::japanese_encephalitis as je;
use crate::Date;
use crate::age;
use crate::schedule::types::{GivenDose, Person, Series, Sex, Vaccine};

/// Sorts the doses and assigns each to a series.
pub fn open(person: &Person, given: &[GivenDose]) -> Vec<Dose> {
    let mut doses: Vec<Dose> = given
        .iter()
        .enumerate()
        .map(|(index, dose)| Dose {
            given: index,
            on: dose.on,
            vaccine: dose.vaccine,
            series: None,
            volume_centi_ml: dose.volume_centi_ml,
            lot_expires_on: dose.lot_expires_on,
        })
        .collect();
    if !doses.is_sorted_by_key(|dose| (dose.on, dose.vaccine)) {
        doses.sort_by_key(|dose| (dose.on, dose.vaccine, dose.given));
    }
    let mut encephalitis_so_far = 0;
    let mut mr1_so_far = false;
    for dose in &mut doses {
        dose.series = series_of(person, dose.on, dose.vaccine, encephalitis_so_far, mr1_so_far);
        encephalitis_so_far = u8::saturating_add(encephalitis_so_far, u8::from(dose.vaccine == Vaccine::Je));
        mr1_so_far |= dose.series == Some(Series::Mr1) && dose.vaccine == Vaccine::Mr;
    }
    doses
}

fn series_of(person: &Person, on: Date, vaccine: Vaccine, je_so_far: u8, mr1_so_far: bool) -> Option<Series> {
    let birth = person.birth_date;
    match vaccine {
        Vaccine::HepB => Some(Series::HepB),
        Vaccine::Rota1 | Vaccine::Rota5 => Some(Series::Rota),
        Vaccine::Dpt5 | Vaccine::Dpt4 | Vaccine::Dpt3 | Vaccine::Ipv => Some(Series::Dpt),
        // 二種混合 is 第1期 for a child who had pertussis, 第2期 from the age of eleven.
        Vaccine::Dt if on <= age::reach_months(birth, 90) => Some(Series::Dpt),
        Vaccine::Dt => Some(Series::Dt2),
        Vaccine::Hib => Some(Series::Hib),
        // The adults' product is the same vial; a clinic may record the children's code.
        Vaccine::Pcv20 if on >= age::reach_years(birth, 60) => Some(Series::Ppv),
        Vaccine::Pcv7 | Vaccine::Pcv13 | Vaccine::Pcv15 | Vaccine::Pcv20 => Some(Series::Pcv),
        Vaccine::Bcg => Some(Series::Bcg),
        Vaccine::Mr | Vaccine::Measles | Vaccine::Rubella => Some(measles_rubella(person, on, mr1_so_far)),
        Vaccine::Varicella => Some(Series::Var),
        Vaccine::Je => Some(encephalitis(person, on, je_so_far)),
        Vaccine::Hpv2 | Vaccine::Hpv4 | Vaccine::Hpv9 => Some(Series::Hpv),
        Vaccine::Rsv => Some(Series::Rsv),
        Vaccine::Flu | Vaccine::FluHighDose => Some(Series::Flu),
        Vaccine::Covid => Some(Series::Covid),
        Vaccine::Ppsv23 | Vaccine::Pcv20Adult => Some(Series::Ppv),
        Vaccine::ZosterLive | Vaccine::ZosterRecombinant => Some(Series::Zoster),
        Vaccine::Mumps | Vaccine::YellowFever => None,
    }
}

/// 第1期 until the year before school begins, 第2期 after that; men of the 第5期 cohort from its first day.
fn measles_rubella(person: &Person, on: Date, mr1_so_far: bool) -> Series {
    let birth = person.birth_date;
    if person.sex == Sex::Male
        && super::measles_rubella::FIFTH_PERIOD_BORN.contains(birth)
        && on >= super::measles_rubella::FIFTH_PERIOD_START
    {
        return Series::Rubella5;
    }
    if on < age::year_before_school(birth).from {
        return Series::Mr1;
    }
    // Who was ill for long as a baby makes up for 第1期 first.
    let ill_as_a_baby = person.facts.long_illness.is_some_and(|illness| {
        illness.ended_on.is_some_and(|ended| ended <= on)
            && illness.since.is_none_or(|since| since <= age::reach_months(birth, 24))
    });
    if ill_as_a_baby && !mr1_so_far { Series::Mr1 } else { Series::Mr2 }
}

/// 特例 cohorts fill 第1期 first at any age; others can only have 第2期 from the age of nine.
fn encephalitis(person: &Person, on: Date, so_far: u8) -> Series {
    let birth = person.birth_date;
    let special = je::is_special_a(birth) || je::is_special_b(birth);
    let ill = person.facts.long_illness.is_some_and(|illness| {
        illness.ended_on.is_some_and(|ended| ended <= on && on <= age::reach_years(ended, 2))
    });
    if special || ill {
        if so_far < 3 { Series::Je1 } else { Series::Je2 }
    } else if on < age::reach_years(birth, 9) {
        Series::Je1
    } else {
        Series::Je2
    }
}
