//! The ward: households drawn one after another until the wanted number of people is reached.

use domain::Date;
use domain::age::{plus_days, reach_years};
use domain::schedule::Sex;

use crate::clinics::{self, Clinic};
use crate::names;
use crate::nations::{NATIONS, STATUSES};
use crate::places::{BUILDINGS, FACILITIES, OUTSIDE, TOWNS};
use crate::random::Chance;
use crate::resident::*;

/// A synthetic Kita ward on a day. The same seed, number and day give the same ward, byte by byte.
pub struct Ward {
    pub seed: u64,
    pub as_of: Date,
    pub residents: Vec<Resident>,
    pub households: Vec<Household>,
    pub clinics: Vec<Clinic>,
}

/// The first 宛名番号 and 世帯番号.
pub(crate) const FIRST_NUMBER: u32 = 1_000_000;

impl Ward {
    /// `residents` counts everybody in the register, the few who have left or died included.
    pub fn generate(seed: u64, residents: u32, as_of: Date) -> Ward {
        let chance = Chance::stream(seed, "ward", 0);
        let builder = Builder::new(as_of, chance, residents as usize, FIRST_NUMBER).filled();
        let clinics = clinics::clinics(seed, residents, as_of);
        Ward { seed, as_of, residents: builder.residents, households: builder.households, clinics }
    }

    pub fn home(&self, person: &Resident) -> &Household {
        &self.households[person.household as usize]
    }
}

/// Kinds of households with their share of a thousand (国勢調査 of Tokyo's wards, roughly).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    SingleYoung,
    SingleMiddle,
    SingleOld,
    CoupleYoung,
    CoupleMiddle,
    CoupleOld,
    Family,
    SingleParent,
    ThreeGenerations,
    OldParentAndChild,
    GrownChildren,
    Facility,
}

const KINDS: [(Kind, u32); 12] = [
    (Kind::SingleYoung, 270),
    (Kind::SingleMiddle, 135),
    (Kind::SingleOld, 115),
    (Kind::CoupleYoung, 50),
    (Kind::CoupleMiddle, 60),
    (Kind::CoupleOld, 85),
    (Kind::Family, 117),
    (Kind::SingleParent, 20),
    (Kind::ThreeGenerations, 14),
    (Kind::OldParentAndChild, 90),
    (Kind::GrownChildren, 34),
    (Kind::Facility, 10),
];

/// Draws households until there are enough people.
pub(crate) struct Builder {
    as_of: Date,
    chance: Chance,
    wanted: usize,
    first_number: u32,
    /// Everybody came in the week before `as_of`.
    arriving: bool,
    surname_total: u32,
    pub(crate) residents: Vec<Resident>,
    pub(crate) households: Vec<Household>,
}

/// What the members of a household share.
struct Shared {
    kind: Kind,
    since: Date,
    origin: Origin,
    family_name: u16,
    fate: Fate,
    protected: bool,
    welfare_since: Option<Date>,
}

/// What became of a household.
#[derive(Clone, Copy)]
enum Fate {
    Stays,
    MovedWithin(Date),
    MovedOut(Date),
    Returned(Date),
    Outside,
    /// 職権消除: found gone.
    Removed(Date),
    Arrives,
}

impl Builder {
    pub(crate) fn new(as_of: Date, chance: Chance, wanted: usize, first_number: u32) -> Self {
        Builder {
            as_of,
            chance,
            wanted,
            first_number,
            arriving: false,
            surname_total: names::surname_total(),
            residents: Vec::with_capacity(wanted),
            households: Vec::with_capacity(wanted * 5 / 9),
        }
    }

    pub(crate) fn arriving(mut self) -> Self {
        self.arriving = true;
        self
    }

    pub(crate) fn filled(mut self) -> Self {
        while self.residents.len() < self.wanted {
            self.household();
        }
        self
    }

    fn household(&mut self) {
        let kind = KINDS[self.chance.weighted(&KINDS.map(|(_, weight)| weight))].0;
        let shared = self.shared(kind);
        let first = self.residents.len();
        let home = self.home(kind, first as u32);
        self.households.push(home);
        match kind {
            Kind::SingleYoung => self.single(&shared, 18, 39, 480),
            Kind::SingleMiddle => self.single(&shared, 40, 64, 430),
            Kind::SingleOld => self.single(&shared, 65, 99, 680),
            Kind::Facility => self.single(&shared, 76, 103, 760),
            Kind::CoupleYoung => {
                self.couple(&shared, 23, 39);
            }
            Kind::CoupleMiddle => {
                self.couple(&shared, 40, 64);
            }
            Kind::CoupleOld => {
                self.couple(&shared, 65, 92);
            }
            Kind::Family => self.family(&shared, true),
            Kind::SingleParent => self.family(&shared, false),
            Kind::ThreeGenerations => self.three_generations(&shared),
            Kind::OldParentAndChild => self.old_parents(&shared),
            Kind::GrownChildren => self.grown_children(&shared),
        }
        self.settle_head(first);
    }

    /// Where the head has died or left alone, the next member stands for the household (世帯主変更).
    fn settle_head(&mut self, first: usize) {
        let members = &mut self.residents[first..];
        let here = |person: &Resident| matches!(person.class, Class::Resident | Class::Outside);
        if members.first().is_none_or(here) {
            return;
        }
        if let Some(next) = members.iter().position(here) {
            members[next].relation = Relation::Head;
            let home = self.households.last_mut().expect("the household was just added");
            home.head = (first + next) as u32;
        }
    }

    fn shared(&mut self, kind: Kind) -> Shared {
        let (years, foreign, welfare, protected) = match kind {
            Kind::SingleYoung => (8, 205, 8, 3),
            Kind::CoupleYoung => (6, 150, 2, 1),
            Kind::Family => (24, 110, 6, 1),
            Kind::SingleParent => (18, 90, 70, 16),
            Kind::SingleMiddle => (25, 75, 35, 2),
            Kind::CoupleMiddle | Kind::GrownChildren => (30, 50, 6, 1),
            Kind::SingleOld => (50, 12, 75, 0),
            Kind::CoupleOld | Kind::OldParentAndChild | Kind::ThreeGenerations => (55, 8, 15, 0),
            Kind::Facility => (6, 4, 60, 0),
        };
        let chance = &mut self.chance;
        let days_here = if self.arriving { chance.between(0, 6) } else { chance.between(20, years * 365) };
        let since = plus_days(self.as_of, -days_here);
        let origin = if chance.hit(foreign) { foreigner(chance) } else { Origin::Japanese };
        let recent = |chance: &mut Chance, days: i32| plus_days(self.as_of, -chance.between(3, days));
        let fate = match chance.below(1000) {
            _ if self.arriving => Fate::Arrives,
            0..28 => Fate::MovedOut(recent(chance, 700)),
            28..34 => Fate::Returned(recent(chance, 900)),
            34..37 => Fate::Outside,
            37 => Fate::Removed(recent(chance, 900)),
            38..80 => Fate::MovedWithin(recent(chance, 2000)),
            _ => Fate::Stays,
        };
        let welfare_since = chance.hit(welfare).then(|| recent(chance, 3000));
        let family_name = names::surname(chance, self.surname_total);
        let protected = chance.hit(protected);
        Shared { kind, since, origin, family_name, fate, protected, welfare_since }
    }

    fn home(&mut self, kind: Kind, head: u32) -> Household {
        let chance = &mut self.chance;
        let town = chance.weighted(&TOWNS.iter().map(|town| town.weight).collect::<Vec<_>>());
        let chome = match TOWNS[town].chome {
            0 => 0,
            count => chance.between(1, i32::from(count)) as u8,
        };
        let flats = match kind {
            Kind::SingleYoung | Kind::CoupleYoung => 930,
            Kind::ThreeGenerations | Kind::OldParentAndChild => 300,
            _ => 680,
        };
        let building = match kind {
            Kind::Facility => Building::Facility(chance.below(FACILITIES.len() as u32) as u8),
            _ if chance.hit(flats) => Building::Flats(chance.below(BUILDINGS.len() as u32) as u8),
            _ => Building::House,
        };
        Household {
            number: self.first_number + self.households.len() as u32,
            head,
            town: town as u8,
            chome,
            ban: chance.between(1, 46) as u8,
            go: chance.between(1, 22) as u8,
            building,
            room: (chance.between(1, 14) * 100 + chance.between(1, 12)) as u16,
            outside: chance.weighted(&OUTSIDE.map_weights()) as u8,
        }
    }

    /// A birth date that makes the person `from` to `until` years old. The old are fewer the older they are.
    fn born(&mut self, from: i32, until: i32) -> Date {
        let (first, last) = (from * 365 + from / 4, until * 365 + until / 4 + 364);
        let mut days = self.chance.between(first, last);
        if from >= 65 {
            days = days.min(self.chance.between(first, last));
        }
        plus_days(self.as_of, -days)
    }

    fn near(&mut self, birth: Date, from_years: i32, until_years: i32) -> Date {
        let days = self.chance.between(from_years * 365, until_years * 365);
        plus_days(birth, days).min(plus_days(self.as_of, -1))
    }

    fn sex(&mut self, women_per_mille: u32) -> Sex {
        if self.chance.hit(women_per_mille) { Sex::Female } else { Sex::Male }
    }

    fn single(&mut self, shared: &Shared, from: i32, until: i32, women_per_mille: u32) {
        let (birth, sex) = (self.born(from, until), self.sex(women_per_mille));
        self.add(shared, birth, sex, Relation::Head);
    }

    fn couple(&mut self, shared: &Shared, from: i32, until: i32) -> (Date, Date) {
        let husband = self.born(from, until);
        let wife = self.near(husband, -3, 6).min(plus_days(self.as_of, -19 * 365));
        let woman_heads = self.chance.hit(90);
        let (head, sex, other, partner, relation) = if woman_heads {
            (wife, Sex::Female, husband, Sex::Male, Relation::Husband)
        } else {
            (husband, Sex::Male, wife, Sex::Female, Relation::Wife)
        };
        self.add(shared, head, sex, Relation::Head);
        self.add(shared, other, partner, relation);
        (husband, wife)
    }

    fn family(&mut self, shared: &Shared, both: bool) {
        let first_child = self.born(0, 17);
        let mother_age = self.chance.between(22, 40).max(self.chance.between(22, 36));
        let mother = plus_days(first_child, -mother_age * 365);
        if both {
            let father = self.near(mother, -6, 3);
            self.add(shared, father, Sex::Male, Relation::Head);
            self.add(shared, mother, Sex::Female, Relation::Wife);
        } else {
            let sex = self.sex(870);
            self.add(shared, mother, sex, Relation::Head);
        }
        self.siblings(shared, first_child, Relation::Child);
    }

    /// One to three children; one birth in a hundred is twins.
    fn siblings(&mut self, shared: &Shared, first: Date, relation: Relation) {
        let count = [1, 2, 3][self.chance.weighted(&[42, 46, 12])];
        let mut birth = first;
        for _ in 0..count {
            if birth >= self.as_of {
                return;
            }
            let sex = self.sex(487);
            self.add(shared, birth, sex, relation);
            if !self.chance.hit(10) {
                let later = self.chance.between(13 * 30, 5 * 365);
                birth = plus_days(birth, later);
            }
        }
    }

    fn three_generations(&mut self, shared: &Shared) {
        let (_, grandmother) = self.couple(shared, 58, 82);
        let father = self.near(grandmother, 22, 34).min(plus_days(self.as_of, -26 * 365));
        let mother = self.near(father, -2, 4).min(plus_days(self.as_of, -24 * 365));
        self.add(shared, father, Sex::Male, Relation::Child);
        self.add(shared, mother, Sex::Female, Relation::ChildsWife);
        let first = self.born(0, 15);
        self.siblings(shared, first, Relation::Grandchild);
    }

    fn old_parents(&mut self, shared: &Shared) {
        let child = self.born(40, 64);
        let sex = self.sex(450);
        let mother = self.near(child, -32, -22);
        self.add(shared, child, sex, Relation::Head);
        self.add(shared, mother, Sex::Female, Relation::Mother);
        if self.chance.hit(450) {
            let father = self.near(mother, -5, 1);
            self.add(shared, father, Sex::Male, Relation::Father);
        }
    }

    fn grown_children(&mut self, shared: &Shared) {
        let (_, mother) = self.couple(shared, 46, 66);
        for _ in 0..self.chance.between(1, 2) {
            let child = self.near(mother, 22, 36).min(plus_days(self.as_of, -18 * 365));
            let sex = self.sex(487);
            self.add(shared, child, sex, Relation::Child);
        }
    }

    fn add(&mut self, shared: &Shared, birth: Date, sex: Sex, relation: Relation) {
        if self.residents.len() == self.wanted {
            return;
        }
        let as_of = self.as_of;
        let chance = &mut self.chance;
        let (since, since_reason) =
            if birth >= shared.since { (birth, Reason::Birth) } else { (shared.since, Reason::MoveIn) };
        let old = reach_years(birth, 65) <= as_of;
        let mut person = Resident {
            number: self.first_number + self.residents.len() as u32,
            household: self.households.len() as u32 - 1,
            birth,
            unknown: unknown_birth(chance, birth, shared.origin),
            sex: if chance.below(20_000) == 0 { Sex::Unknown } else { sex },
            origin: shared.origin,
            family_name: shared.family_name,
            given_name: chance.below(10_000) as u16,
            relation,
            class: Class::Resident,
            since,
            since_reason,
            until: None,
            change: since_reason,
            changed_on: since,
            written_on: since,
            flags: Flags {
                protected: shared.protected,
                welfare_since: shared.welfare_since.map(|day| day.max(since)),
                welfare_until: None,
                mail_elsewhere: chance.hit(match (shared.kind, old) {
                    (Kind::Facility, _) => 400,
                    (_, true) => 12,
                    (_, false) => 2,
                }),
                memo: chance.hit(10),
                national_insurance: chance.hit(220) && reach_years(birth, 75) > as_of,
                survey: chance.hit(2),
                disaster_victim: chance.hit(1),
            },
        };
        if person.unknown != UnknownBirth::Nothing {
            person.birth = deemed(person.birth, person.unknown);
        }
        person.fate(shared.fate, old, chance, as_of);
        self.residents.push(person);
    }
}

impl Resident {
    fn fate(&mut self, fate: Fate, old: bool, chance: &mut Chance, as_of: Date) {
        match fate {
            Fate::Stays | Fate::Arrives => {}
            Fate::MovedWithin(on) if on > self.since => self.changed(Reason::MoveWithin, on, chance, as_of),
            Fate::MovedOut(on) if on > self.since => {
                self.class = Class::MovedOut;
                self.until = Some(on);
                self.changed(Reason::MoveOut, on, chance, as_of);
            }
            Fate::Returned(on) if on > self.since => {
                self.since = on;
                self.since_reason = Reason::Return;
                self.flags.welfare_since = self.flags.welfare_since.map(|day| day.max(on));
                self.changed(Reason::Return, on, chance, as_of);
            }
            Fate::Removed(on) if on > self.since => {
                self.class = Class::Removed;
                self.until = Some(on);
                self.changed(Reason::Removal, on, chance, as_of);
            }
            Fate::MovedWithin(_) | Fate::MovedOut(_) | Fate::Returned(_) | Fate::Removed(_) => {}
            Fate::Outside => self.class = Class::Outside,
        }
        let mortality = if reach_years(self.birth, 85) <= as_of { 130 } else { 22 };
        let lives_here = self.class == Class::Resident && !matches!(fate, Fate::Arrives);
        if old && lives_here && chance.hit(mortality) {
            let on = plus_days(as_of, -chance.between(2, 500));
            if on > self.since {
                self.class = Class::Died;
                self.until = Some(on);
                self.changed(Reason::Death, on, chance, as_of);
            }
        }
        if let Some(since) = self.flags.welfare_since.filter(|_| chance.hit(150)) {
            let until = plus_days(since, chance.between(90, 900));
            self.flags.welfare_until = (until < as_of).then_some(until);
        }
        if self.written_on == self.since {
            self.written_on = plus_days(self.since, chance.between(0, 13)).min(as_of);
        }
    }

    /// Notified within a fortnight (住民基本台帳法22–25条), never after the day of the file.
    pub(crate) fn changed(&mut self, reason: Reason, on: Date, chance: &mut Chance, as_of: Date) {
        self.change = reason;
        self.changed_on = on;
        self.written_on = plus_days(on, chance.between(0, 13)).min(as_of).max(on);
    }
}

fn foreigner(chance: &mut Chance) -> Origin {
    let nation = chance.weighted(&NATIONS.iter().map(|nation| nation.weight).collect::<Vec<_>>());
    let special = chance.hit(NATIONS[nation].special_permanent_per_mille);
    let status = chance.weighted(&STATUSES.map_weights()) as u8;
    Origin::Foreign {
        nation: nation as u8,
        status: (!special).then_some(status),
        alias: chance.hit(NATIONS[nation].alias_per_mille),
    }
}

fn unknown_birth(chance: &mut Chance, birth: Date, origin: Origin) -> UnknownBirth {
    let per_100_000 = match (birth.year() < 1946, origin) {
        (true, _) => 120,
        (false, Origin::Foreign { .. }) => 40,
        (false, Origin::Japanese) => 1,
    };
    if chance.below(100_000) >= per_100_000 {
        return UnknownBirth::Nothing;
    }
    [UnknownBirth::Day, UnknownBirth::MonthAndDay, UnknownBirth::All][chance.weighted(&[6, 3, 1])]
}

/// みなし生年月日: an unknown day is the first, an unknown month January.
fn deemed(birth: Date, unknown: UnknownBirth) -> Date {
    match unknown {
        UnknownBirth::Nothing => birth,
        UnknownBirth::Day => birth.first_of_month(),
        UnknownBirth::MonthAndDay | UnknownBirth::All => birth.first_of_year(),
    }
}

trait Weights {
    fn map_weights(&self) -> Vec<u32>;
}

impl Weights for [(&str, u32, u32)] {
    fn map_weights(&self) -> Vec<u32> {
        self.iter().map(|(_, _, weight)| *weight).collect()
    }
}

impl Weights for [(&str, u32, bool)] {
    fn map_weights(&self) -> Vec<u32> {
        self.iter().map(|(_, weight, _)| *weight).collect()
    }
}
