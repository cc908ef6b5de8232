//! How many persons a second one core forecasts, all nineteen series, with histories as a ward has them.
//!
//! `cargo run --release -p domain --example speed [residents]`

use domain::Date;
use domain::age::{plus_days, reach_months, reach_years};
use domain::schedule::{GivenDose, Japan, Person, Settings, Sex, Vaccine};
use std::time::Instant;

/// A small generator of our own: the example must not add a dependency.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// The ordinary childhood of someone who keeps the calendar, cut off at the day asked.
fn childhood(birth: Date, as_of: Date, dice: &mut Dice) -> Vec<GivenDose> {
    let plan: &[(i32, Vaccine)] = &[
        (2, Vaccine::HepB),
        (2, Vaccine::Rota1),
        (2, Vaccine::Dpt5),
        (2, Vaccine::Pcv20),
        (3, Vaccine::HepB),
        (3, Vaccine::Rota1),
        (3, Vaccine::Dpt5),
        (3, Vaccine::Pcv20),
        (4, Vaccine::Dpt5),
        (4, Vaccine::Pcv20),
        (5, Vaccine::Bcg),
        (7, Vaccine::HepB),
        (12, Vaccine::Mr),
        (12, Vaccine::Varicella),
        (13, Vaccine::Pcv20),
        (13, Vaccine::Dpt5),
        (18, Vaccine::Varicella),
        (36, Vaccine::Je),
        (37, Vaccine::Je),
        (49, Vaccine::Je),
        (66, Vaccine::Mr),
        (110, Vaccine::Je),
        (134, Vaccine::Dt),
    ];
    let late = dice.below(20) as i32;
    plan.iter()
        .map(|(months, vaccine)| GivenDose::new(plus_days(reach_months(birth, *months), 1 + late), *vaccine))
        .filter(|dose| dose.on <= as_of)
        .collect()
}

fn ward(residents: usize, as_of: Date) -> Vec<(Person, Vec<GivenDose>)> {
    let mut dice = Dice(20_261_123);
    (0..residents)
        .map(|_| {
            let birth = plus_days(as_of, -(dice.below(90 * 365) as i32));
            let sex = if dice.below(2) == 0 { Sex::Female } else { Sex::Male };
            let person = Person { birth_date: birth, sex, facts: Default::default() };
            let mut doses = if birth >= Date::constant(2005, 1, 1) {
                childhood(birth, as_of, &mut dice)
            } else {
                Vec::new()
            };
            for year in 0..dice.below(4) as i32 {
                if reach_years(birth, 65) < as_of {
                    doses.push(GivenDose::new(plus_days(as_of, -365 * year - 30), Vaccine::Flu));
                }
            }
            (person, doses)
        })
        .collect()
}

/// What this process has used of a core, on systems that tell (the machine may be shared).
fn cpu_seconds() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/self/schedstat").ok()?;
    let nanoseconds: f64 = text.split_whitespace().next()?.parse().ok()?;
    Some(nanoseconds / 1e9)
}

fn main() {
    let as_of = Date::constant(2026, 11, 23);
    let residents = std::env::args().nth(1).and_then(|number| number.parse().ok()).unwrap_or(200_000);
    let japan = Japan::new(Settings::default());
    for (name, people) in [
        ("whole ward", ward(residents, as_of)),
        (
            "children under 15",
            ward(residents * 5, as_of)
                .into_iter()
                .filter(|(person, _)| person.birth_date >= Date::constant(2011, 11, 23))
                .collect(),
        ),
    ] {
        let doses: usize = people.iter().map(|(_, doses)| doses.len()).sum();
        let (start, busy) = (Instant::now(), cpu_seconds());
        let mut due = 0_usize;
        for (person, doses) in &people {
            let forecast = japan.forecast(person, doses, as_of);
            due += forecast
                .series
                .iter()
                .filter(|finding| finding.status == domain::schedule::Status::Due)
                .count();
        }
        let seconds = start.elapsed().as_secs_f64();
        println!(
            "{name}: {} persons, {doses} doses, {due} due, {:.0} persons/s by the clock",
            people.len(),
            people.len() as f64 / seconds
        );
        if let (Some(before), Some(after)) = (busy, cpu_seconds()) {
            println!("  {:.0} persons/s of one core's time", people.len() as f64 / (after - before));
        }
    }
}
