//! Clinics of the ward and the contract clinics of the neighbours.

use domain::Date;
use domain::age::{fiscal_year, fiscal_year_days};
use domain::ids::{ClinicCode, PostalCode};

use crate::names::{self, SURNAMES};
use crate::places::{OUTSIDE, TOWNS, chome};
use crate::random::Chance;

/// 医療機関.
#[derive(Clone, Debug)]
pub struct Clinic {
    pub code: ClinicCode,
    pub name: String,
    pub postal: PostalCode,
    pub address: String,
    pub phone: String,
    pub inside: bool,
    /// Sees children first of all.
    pub children: bool,
    pub doctors: Vec<String>,
    pub contract_from: Date,
    pub contract_until: Option<Date>,
}

const KINDS: [(&str, bool, u32); 6] = [
    ("こどもクリニック", true, 16),
    ("小児科医院", true, 8),
    ("内科クリニック", false, 40),
    ("医院", false, 20),
    ("ファミリークリニック", true, 12),
    ("総合病院", false, 4),
];

/// One clinic for about a thousand people, at least twenty; one in six lies outside the ward.
pub(crate) fn clinics(seed: u64, residents: u32, as_of: Date) -> Vec<Clinic> {
    let count = (residents / 1_100).clamp(20, 320);
    (0..count).map(|index| clinic(seed, index, as_of)).collect()
}

fn clinic(seed: u64, index: u32, as_of: Date) -> Clinic {
    let mut chance = Chance::stream(seed, "clinics", u64::from(index));
    let inside = index % 6 != 5;
    let (ban, go) = (chance.between(1, 40), chance.between(1, 20));
    let (place, address, postal) = if inside {
        let town = chance.pick(TOWNS);
        let number = if town.chome == 0 { 0 } else { chance.between(1, i32::from(town.chome)) as u8 };
        let address = format!("東京都北区{}{}{ban}番{go}号", town.name, chome(number));
        (town.name, address, town.postal)
    } else {
        let (place, postal, _) = OUTSIDE[chance.below(8) as usize];
        (place.rsplit(['区', '市']).next().unwrap_or(place), format!("{place}一丁目{ban}番{go}号"), postal)
    };
    let surname =
        |chance: &mut Chance| SURNAMES[usize::from(names::surname(chance, names::surname_total()))].0;
    let (kind, children, _) = KINDS[chance.weighted(&KINDS.map(|(_, _, weight)| weight))];
    // The first two are for children, so that the smallest ward has somebody who sees them.
    let (kind, children) = if index < 2 { (KINDS[0].0, true) } else { (kind, children) };
    let name =
        if chance.hit(450) { format!("{}{kind}", surname(&mut chance)) } else { format!("{place}{kind}") };
    let doctors = (0..chance.between(1, 3))
        .map(|_| {
            let (woman, born, number) = (chance.hit(300), chance.between(1950, 1992), chance.below(10_000));
            format!("{}　{}", surname(&mut chance), names::given(woman, born as i16, number as u16).0)
        })
        .collect();
    let year = fiscal_year_days(fiscal_year(as_of));
    Clinic {
        code: code(index, inside),
        name,
        postal: PostalCode::new(postal).expect("postal codes of the tables have seven digits"),
        address,
        phone: format!("03-0000-{:04}", index + 1),
        inside,
        children,
        doctors,
        contract_from: year.from,
        contract_until: chance.hit(950).then_some(year.until),
    }
}

/// Tokyo, 医科, the ward's or a neighbour's district, a running number, check digit.
fn code(index: u32, inside: bool) -> ClinicCode {
    let six = if inside { 170_000 } else { 190_000 } + u64::from(index) + 1;
    let code = (131 * 1_000_000 + six) * 10 + ClinicCode::check_digit(six);
    ClinicCode::new(code).expect("the check digit was just computed")
}
