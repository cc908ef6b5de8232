//! Childhood: each 種類 is a course; visits happen on the days parents find, and what is nearly due is given at once.

use domain::Date;
use domain::age::*;
use domain::schedule::Vaccine;

use super::{Dose, open_day};
use crate::random::Chance;
use crate::resident::Resident;

/// The ledger is complete for children born from here on.
pub(super) const FIRST_BIRTH: Date = Date::constant(2006, 4, 2);

/// Parents take along what would be due within a fortnight.
const TAKEN_ALONG_DAYS: i32 = 14;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Course {
    HepB,
    Rota(Vaccine),
    Dpt(Vaccine),
    Ipv,
    Hib,
    Pcv,
    Bcg,
    Mr1,
    Mr2,
    Varicella,
    Je,
    Dt2,
    Hpv,
}

/// When the next dose of a course may be given, is wanted, and is too late.
#[derive(Clone, Copy, Debug)]
struct Step {
    earliest: Date,
    wanted: Date,
    latest: Date,
}

struct Line {
    course: Course,
    given: Vec<Date>,
    /// The product of the first dose, where the rest must follow it.
    product: Option<Vaccine>,
    next: Option<Step>,
}

struct Child<'a> {
    birth: Date,
    chance: &'a mut Chance,
    /// How late this family tends to be, in percent of the ordinary.
    lateness: i32,
}

pub(super) fn doses(person: &Resident, until: Date, chance: &mut Chance, out: &mut Vec<Dose>) {
    // Families who refuse everything exist, two in a hundred.
    if chance.hit(20) {
        return;
    }
    let lateness = *chance.pick(&[50, 80, 100, 100, 100, 130, 200, 350]);
    let mut child = Child { birth: person.birth, chance, lateness };
    let mut lines: Vec<Line> = child
        .courses(person.woman())
        .into_iter()
        .map(|course| Line { course, given: Vec::new(), product: None, next: None })
        .collect();
    for line in &mut lines {
        line.next = child.step(line);
    }
    loop {
        let soonest = lines
            .iter_mut()
            .filter(|line| line.next.is_some())
            .min_by_key(|line| line.next.map(|s| s.wanted));
        let Some((line, step)) = soonest.and_then(|line| line.next.map(|step| (line, step))) else { break };
        let day = open_day(step.wanted);
        if day > step.latest || day > until {
            line.next = None;
            continue;
        }
        let vaccine = line.vaccine(day);
        if let Some(free) = blocked(out, day, vaccine) {
            line.next = Some(Step { wanted: free, ..step });
            continue;
        }
        visit(day, &mut lines, &mut child, out);
    }
}

/// 四種混合 could be begun at 2 months from 2023-04-01, at 3 months before.
fn dpt_from(birth: Date) -> Date {
    reach_months(birth, 2).max(Date::constant(2023, 4, 1)).min(reach_months(birth, 3))
}

/// The day a product came into the programme, where a child may have waited for it.
fn first_day_of(vaccine: Vaccine) -> Date {
    match vaccine {
        Vaccine::Dpt5 => Date::constant(2024, 4, 1),
        Vaccine::Dpt4 => Date::constant(2012, 11, 1),
        _ => FIRST_BIRTH,
    }
}

fn visit(day: Date, lines: &mut [Line], child: &mut Child<'_>, out: &mut Vec<Dose>) {
    for line in lines {
        let Some(step) = line.next else { continue };
        let due =
            step.earliest <= day && day <= step.latest && step.wanted <= plus_days(day, TAKEN_ALONG_DAYS);
        let vaccine = line.vaccine(day);
        if !due || blocked(out, day, vaccine).is_some() {
            continue;
        }
        line.given.push(day);
        line.product.get_or_insert(vaccine);
        let number = match line.course {
            // 2期 counts anew.
            Course::Je if line.given.len() == 4 => 1,
            _ => line.given.len() as u8,
        };
        out.push(Dose::new(day, vaccine, number));
        if line.course == Course::Mr1 && child.chance.hit(450) {
            out.push(Dose::new(day, Vaccine::Mumps, 1));
        }
        line.next = child.step(line);
    }
}

fn is_injected_live(vaccine: Vaccine) -> bool {
    matches!(vaccine, Vaccine::Bcg | Vaccine::Mr | Vaccine::Varicella | Vaccine::Mumps)
}

/// The interval between different vaccines (実施規則; changed on 2020-10-01): the first free day, if `day` is not.
fn blocked(given: &[Dose], day: Date, vaccine: Vaccine) -> Option<Date> {
    let old_rule = day <= Date::constant(2020, 9, 30);
    given
        .iter()
        .rev()
        .take(24)
        .filter(|dose| dose.on < day)
        .filter_map(|dose| {
            let days = match (old_rule, is_injected_live(dose.vaccine), is_injected_live(vaccine)) {
                (true, true, _) | (false, true, true) => 27,
                (true, false, _) => 6,
                (false, _, _) => return None,
            };
            let free = gap_days(dose.on, days);
            (free > day).then_some(free)
        })
        .max()
}

impl Line {
    fn vaccine(&self, day: Date) -> Vaccine {
        let before = |year, month| day < Date::constant(year, month, 1);
        match self.course {
            Course::HepB => Vaccine::HepB,
            Course::Rota(vaccine) | Course::Dpt(vaccine) => vaccine,
            Course::Ipv => Vaccine::Ipv,
            Course::Hib => Vaccine::Hib,
            // 15価 is finished with 15価; 13価 goes on with 20価.
            Course::Pcv if self.product == Some(Vaccine::Pcv15) => Vaccine::Pcv15,
            Course::Pcv if before(2013, 11) => Vaccine::Pcv7,
            Course::Pcv if before(2024, 4) => Vaccine::Pcv13,
            Course::Pcv if before(2024, 10) => self.product.unwrap_or(Vaccine::Pcv15),
            Course::Pcv => Vaccine::Pcv20,
            Course::Bcg => Vaccine::Bcg,
            Course::Mr1 | Course::Mr2 => Vaccine::Mr,
            Course::Varicella => Vaccine::Varicella,
            Course::Je => Vaccine::Je,
            Course::Dt2 => Vaccine::Dt,
            Course::Hpv => {
                self.product.unwrap_or(if before(2023, 4) { Vaccine::Hpv4 } else { Vaccine::Hpv9 })
            }
        }
    }
}

impl Child<'_> {
    /// What this family takes up, by coverage.
    fn courses(&mut self, girl: bool) -> Vec<Course> {
        let birth = self.birth;
        let first_dpt = plus_days(dpt_from(birth), 7);
        let newest =
            [Vaccine::Dpt5, Vaccine::Dpt4].into_iter().find(|vaccine| first_dpt >= first_day_of(*vaccine));
        let dpt = newest.unwrap_or(Vaccine::Dpt3);
        let rota = if self.chance.hit(600) { Vaccine::Rota1 } else { Vaccine::Rota5 };
        let since = |year, month| birth >= Date::constant(year, month, 1);
        let offered = [
            (Course::HepB, 960, since(2016, 4)),
            (Course::Rota(rota), 930, since(2020, 8)),
            (Course::Dpt(dpt), 975, true),
            (Course::Ipv, 800, dpt == Vaccine::Dpt3 && since(2010, 4)),
            // 五種混合 holds Hib.
            (Course::Hib, 970, since(2013, 2) && dpt != Vaccine::Dpt5),
            (Course::Pcv, 970, since(2013, 2)),
            (Course::Bcg, 970, true),
            (Course::Mr1, 975, true),
            (Course::Mr2, 950, true),
            (Course::Varicella, 940, reach_months(birth, 30) >= Date::constant(2014, 10, 1)),
            (Course::Je, 900, true),
            (Course::Dt2, 790, true),
            (Course::Hpv, 460, girl),
        ];
        offered
            .into_iter()
            .filter(|(_, per_mille, offered)| self.chance.hit(*per_mille) && *offered)
            .map(|(course, ..)| course)
            .collect()
    }

    fn delay(&mut self, days: i32) -> i32 {
        self.chance.delay((days * self.lateness / 100).max(1) as u32)
    }

    /// The next dose of a course, or nothing when it is complete or the family gives up.
    fn step(&mut self, line: &Line) -> Option<Step> {
        let birth = self.birth;
        let reach = |months| reach_months(birth, months);
        let done = line.given.len();
        let last = line.given.last().copied();
        let first = line.given.first().copied();
        if done > 0 && self.chance.hit(8) {
            return None;
        }
        let late_in_the_year = self.chance.delay(350);
        let mut at = |earliest: Date, wanted: Date, delay: i32, latest: Date| {
            let wanted = plus_days(wanted.max(earliest), self.delay(delay));
            Some(Step { earliest, wanted, latest })
        };
        let after = |days| last.map(|day| gap_days(day, days)).unwrap_or(birth);
        let months_after = |months| last.map(|day| gap_months(day, months)).unwrap_or(birth);
        let day_after = |day| plus_days(day, 1);
        match (line.course, done) {
            (Course::HepB, 0) => {
                at(reach(2).max(Date::constant(2016, 10, 1)), day_after(reach(2)), 20, reach(11))
            }
            (Course::HepB, 1) => at(after(27), after(27), 20, reach(12)),
            (Course::HepB, 2) => {
                let third = after(27).max(first.map(|day| gap_days(day, 139)).unwrap_or(birth));
                at(third, reach(7), 40, reach(12))
            }
            (Course::Rota(vaccine), doses) if doses < if vaccine == Vaccine::Rota1 { 2 } else { 3 } => {
                let from = weeks_old(birth, 6, 1).max(Date::constant(2020, 10, 1));
                let until = if vaccine == Vaccine::Rota1 { 24 } else { 32 };
                match doses {
                    0 => at(from, day_after(reach(2)), 20, weeks_old(birth, 14, 6)),
                    _ => at(after(27), after(27), 15, weeks_old(birth, until, 0)),
                }
            }
            (Course::Dpt(vaccine), 0) => {
                let from = dpt_from(birth).max(first_day_of(vaccine));
                at(from, day_after(from), 25, reach(80))
            }
            // Until 2014-03-31 the order had an upper end too: 20日から56日まで.
            (Course::Dpt(_) | Course::Ipv, 1 | 2) => at(after(20), after(27), 20, after(55).min(reach(90))),
            (Course::Dpt(_) | Course::Ipv, 3) => at(months_after(6), months_after(12), 150, reach(90)),
            (Course::Ipv, 0) => at(reach(3).max(Date::constant(2012, 9, 1)), reach(3), 60, reach(80)),
            (Course::Hib, 0) | (Course::Pcv, 0) => {
                at(reach(2).max(Date::constant(2013, 4, 1)), day_after(reach(2)), 20, reach(7))
            }
            (Course::Hib, 1 | 2) | (Course::Pcv, 1 | 2) => at(after(27), after(27), 20, reach(12)),
            (Course::Hib, 3) => at(months_after(7), reach(12), 60, reach(60)),
            (Course::Pcv, 3) => at(after(60).max(day_after(reach(12))), day_after(reach(12)), 60, reach(60)),
            (Course::Bcg, 0) if reach(6) < Date::constant(2013, 4, 1) => at(reach(3), reach(4), 30, reach(6)),
            (Course::Bcg, 0) => at(reach(3), day_after(reach(5)), 70, reach(12)),
            (Course::Mr1, 0) => at(reach(12), day_after(reach(12)), 110, reach(24)),
            (Course::Mr2, 0) => {
                let year = year_before_school(birth);
                let wanted = plus_days(year.from, late_in_the_year);
                at(year.from, wanted, 1, year.until)
            }
            (Course::Varicella, 0) => {
                at(reach(12).max(Date::constant(2014, 10, 1)), day_after(reach(12)), 60, reach(36))
            }
            (Course::Varicella, 1) => at(months_after(3), months_after(6), 150, reach(36)),
            (Course::Je, 0) => {
                at(reach(6).max(Date::constant(2010, 4, 1)), day_after(reach(36)), 200, reach(84))
            }
            (Course::Je, 1) => at(after(6), after(6), 20, after(27).min(reach(90))),
            (Course::Je, 2) => at(months_after(6), months_after(12), 120, reach(90)),
            (Course::Je, 3) => {
                at(reach_years(birth, 9), day_after(reach_years(birth, 9)), 300, reach_years(birth, 13))
            }
            (Course::Dt2, 0) => {
                at(reach_years(birth, 11), day_after(reach_years(birth, 11)), 300, reach_years(birth, 13))
            }
            (Course::Hpv, done) => self.hpv(line, done),
            _ => None,
        }
    }

    /// Active recommendation came back on 2022-04-01; before it hardly any girl was vaccinated.
    fn hpv(&mut self, line: &Line, done: usize) -> Option<Step> {
        let birth = self.birth;
        let from = fiscal_year_of_age(birth, 12).from.max(Date::constant(2022, 4, 1));
        let mut latest = fiscal_year_of_age(birth, 16).until;
        if line.product == Some(Vaccine::Hpv4) {
            latest = latest.min(Date::constant(2026, 3, 31));
        }
        let (first, last) = (line.given.first().copied(), line.given.last().copied());
        let two_doses =
            first.is_some_and(|day| day <= reach_years(birth, 15)) && line.product == Some(Vaccine::Hpv9);
        let (earliest, wanted, delay) = match (done, first, last, two_doses) {
            (0, ..) => (from, fiscal_year_of_age(birth, 13).from.max(from), 900),
            (1, _, Some(last), true) => (gap_months(last, 5), gap_months(last, 6), 60),
            (1, _, Some(last), false) => (gap_months(last, 1), gap_months(last, 2), 30),
            (2, Some(first), Some(last), false) => (gap_months(last, 3), gap_months(first, 6), 40),
            _ => return None,
        };
        let wanted = plus_days(wanted.max(earliest), self.chance.delay(delay));
        Some(Step { earliest, wanted, latest })
    }
}
