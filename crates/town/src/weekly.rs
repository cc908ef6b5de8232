//! The differential feed of a week: who came, was born, left, died, came back or was corrected.
//!
//! Each household and person has at most one event in the year after the ward's day, drawn from the seed. So any week can be
//! written alone, and no week contradicts another.

use std::io::{self, Write};

use domain::Date;
use domain::age::{age_years, plus_days};

use crate::files::{Encoding, RESIDENT_HEADER, Rows, resident_row};
use crate::names;
use crate::random::Chance;
use crate::resident::*;
use crate::ward::{Builder, Ward};

/// Weeks for which events are planned.
pub const WEEKS: u32 = 52;

/// Numbers of people who come later, far from the ward's own.
const ARRIVALS_FROM: u32 = 50_000_000;
const BIRTHS_FROM: u32 = 80_000_000;
const NUMBERS_PER_WEEK: u32 = 200_000;

/// The present state of one person, as the feed carries it.
#[derive(Clone, Copy, Debug)]
pub struct Change {
    pub person: Resident,
    pub home: Household,
    pub head: Resident,
}

/// The week being written.
struct Week<'a> {
    ward: &'a Ward,
    number: u32,
    /// The day of the file, a week after the one before.
    until: Date,
    changes: Vec<Change>,
}

impl Ward {
    /// The day on which the file of a week is cut.
    pub fn week_ends_on(&self, week: u32) -> Date {
        plus_days(self.as_of, week as i32 * 7)
    }

    /// The changes of week 1 to [`WEEKS`] after the ward's day; none outside.
    pub fn weekly(&self, week: u32) -> Vec<Change> {
        let mut feed = Week { ward: self, number: week, until: self.week_ends_on(week), changes: Vec::new() };
        if !(1..=WEEKS).contains(&week) {
            return feed.changes;
        }
        let mut from = 0;
        for members in self.residents.chunk_by(|one, next| one.household == next.household) {
            feed.household(members, from);
            from += members.len();
        }
        feed.arrivals();
        feed.changes
    }

    /// 宛名管理情報, 差分.
    pub fn write_weekly(&self, week: u32, out: impl Write, encoding: Encoding) -> io::Result<()> {
        let changes = self.weekly(week);
        let kind = ("宛名管理情報", "差分");
        let mut rows =
            Rows::begin(out, encoding, kind, self.week_ends_on(week), changes.len(), &RESIDENT_HEADER)?;
        for Change { person, home, head } in &changes {
            rows.row(resident_row(person, home, head).iter().map(String::as_str))?;
        }
        rows.end()
    }
}

impl Week<'_> {
    fn is_now(&self, chance: &mut Chance) -> bool {
        chance.below(WEEKS) + 1 == self.number
    }

    /// A day of this week.
    fn day(&self, chance: &mut Chance) -> Date {
        plus_days(self.until, -chance.between(0, 6))
    }

    /// `from` is the index of the first member among all residents.
    fn household(&mut self, members: &[Resident], from: usize) {
        let home = *self.ward.home(&members[0]);
        let head = members[home.head as usize - from];
        let mut chance = Chance::stream(self.ward.seed, "household's year", u64::from(home.number));
        let event = chance.below(10_000);
        if event >= 1_300 {
            self.persons(members, home, head);
            return;
        }
        if !self.is_now(&mut chance) {
            return;
        }
        let on = self.day(&mut chance);
        let mut moved = home;
        match event {
            0..800 => self.each(members, home, head, Class::Resident, |person, chance, until| {
                person.class = Class::MovedOut;
                person.until = Some(on);
                person.changed(Reason::MoveOut, on, chance, until);
            }),
            800..1_200 => {
                moved.ban = chance.between(1, 46) as u8;
                moved.go = chance.between(1, 22) as u8;
                moved.building = Building::House;
                self.each(members, moved, head, Class::Resident, |person, chance, until| {
                    person.changed(Reason::MoveWithin, on, chance, until);
                });
            }
            _ => self.each(members, home, head, Class::MovedOut, |person, chance, until| {
                person.class = Class::Resident;
                person.since = on;
                person.since_reason = Reason::Return;
                person.until = None;
                person.changed(Reason::Return, on, chance, until);
            }),
        }
    }

    fn each(
        &mut self,
        members: &[Resident],
        home: Household,
        head: Resident,
        class: Class,
        change: impl Fn(&mut Resident, &mut Chance, Date),
    ) {
        for member in members.iter().filter(|member| member.class == class) {
            let mut chance = Chance::stream(self.ward.seed, "move", u64::from(member.number));
            let mut person = *member;
            change(&mut person, &mut chance, self.until);
            self.changes.push(Change { person, home, head });
        }
    }

    fn persons(&mut self, members: &[Resident], home: Household, head: Resident) {
        let seed = self.ward.seed;
        let year_of = |member: &Resident| {
            let mut chance = Chance::stream(seed, "person's year", u64::from(member.number));
            (chance.below(10_000), chance)
        };
        let dies = |member: &&Resident| {
            year_of(member).0 < mortality_per_10_000(age_years(member.birth, self.ward.as_of))
        };
        let mut here = members.iter().filter(|member| member.class == Class::Resident);
        // A death is the household's only event, or another week's row would carry the old head.
        if let Some(member) = here.clone().find(dies) {
            let (_, mut chance) = year_of(member);
            if self.is_now(&mut chance) {
                let on = self.day(&mut chance);
                self.death(*member, members, home, head, on);
            }
            return;
        }
        for member in here.by_ref() {
            let (event, mut chance) = year_of(member);
            if self.is_now(&mut chance) {
                let on = self.day(&mut chance);
                // The low numbers mean death: the others count from the top.
                self.event(10_000 - event, *member, home, head, on, &mut chance);
            }
        }
    }

    fn death(
        &mut self,
        person: Resident,
        members: &[Resident],
        home: Household,
        mut head: Resident,
        on: Date,
    ) {
        let mut chance = Chance::stream(self.ward.seed, "death", u64::from(person.number));
        let mut dead = person;
        dead.class = Class::Died;
        dead.until = Some(on);
        dead.changed(Reason::Death, on, &mut chance, self.until);
        let others = members
            .iter()
            .enumerate()
            .filter(|(_, m)| m.class == Class::Resident && m.number != person.number);
        let others: Vec<_> = others.collect();
        let heir = others.first().filter(|_| person.number == head.number);
        if let Some((_, heir)) = heir {
            head = **heir;
            head.relation = Relation::Head;
            for (_, other) in &others {
                let mut other = if other.number == head.number { head } else { **other };
                other.changed(Reason::HouseholdChange, on, &mut chance, self.until);
                self.changes.push(Change { person: other, home, head });
            }
        }
        self.changes.push(Change { person: dead, home, head });
    }

    fn event(
        &mut self,
        event: u32,
        mut person: Resident,
        home: Household,
        head: Resident,
        on: Date,
        chance: &mut Chance,
    ) {
        let reason = match event {
            0..60 if person.origin == Origin::Japanese => {
                person.family_name = names::surname(chance, names::surname_total());
                Reason::NameChange
            }
            60..66 => {
                person.flags.protected = !person.flags.protected;
                Reason::Protection
            }
            66..100 if person.flags.welfare_since.is_none() => {
                person.flags.welfare_since = Some(on);
                Reason::Welfare
            }
            100..140 => {
                person.flags.memo = !person.flags.memo;
                Reason::Correction
            }
            140..840
                if person.relation == Relation::Wife && (22..=41).contains(&age_years(person.birth, on)) =>
            {
                return self.birth(person, home, head, on, chance);
            }
            _ => return,
        };
        person.changed(reason, on, chance, self.until);
        let head = if person.number == head.number { person } else { head };
        self.changes.push(Change { person, home, head });
    }

    /// Notified within a fortnight (戸籍法49条); one birth in a hundred is twins.
    fn birth(&mut self, mother: Resident, home: Household, head: Resident, on: Date, chance: &mut Chance) {
        let children = if chance.hit(10) { 2 } else { 1 };
        for twin in 0..children {
            // The mother's place in the ward makes the number unique without counting.
            let place = mother.number - crate::ward::FIRST_NUMBER;
            let mut child = Resident {
                number: BIRTHS_FROM + place * 2 + twin,
                birth: on,
                unknown: UnknownBirth::Nothing,
                sex: if chance.hit(487) {
                    domain::schedule::Sex::Female
                } else {
                    domain::schedule::Sex::Male
                },
                given_name: chance.below(10_000) as u16,
                relation: Relation::Child,
                since: on,
                since_reason: Reason::Birth,
                flags: Flags { protected: mother.flags.protected, ..Flags::default() },
                ..mother
            };
            child.changed(Reason::Birth, on, chance, self.until);
            self.changes.push(Change { person: child, home, head });
        }
    }

    fn arrivals(&mut self) {
        let count = (self.ward.residents.len() as u32 * 85 / 1000 / WEEKS).max(1);
        let chance = Chance::stream(self.ward.seed, "arrivals", u64::from(self.number));
        let first_number = ARRIVALS_FROM + self.number * NUMBERS_PER_WEEK;
        let new = Builder::new(self.until, chance, count as usize, first_number).arriving().filled();
        for person in &new.residents {
            let home = new.households[person.household as usize];
            self.changes.push(Change { person: *person, home, head: new.residents[home.head as usize] });
        }
    }
}

fn mortality_per_10_000(age: i32) -> u32 {
    match age {
        ..65 => 10,
        65..75 => 120,
        75..85 => 350,
        85..90 => 900,
        90.. => 2_000,
    }
}
