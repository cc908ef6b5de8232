//! Looks that call for a question: planted ones are found, ordinary work is left in peace.

use domain::{
    Date,
    holidays::is_office_day,
    oversight::{
        Day, Decision, DecisionFault, Deed, Dwelling, Finding, Ground, Look, Sign, decide, findings,
    },
};
use jiff::ToSpan;
use std::collections::BTreeSet;

const MONDAY: Date = Date::constant(2026, 11, 2);

fn look(on: Date, hour: i8, staff: u128, person: u128) -> Look {
    Look { at: on.at(hour, 0, 0, 0), staff, person, is_same_surname: false, is_same_address: false }
}

fn deed(on: Date, staff: u128, person: u128) -> Deed {
    Deed { at: on.at(12, 0, 0, 0), staff, person }
}

fn signs(found: &[Finding], staff: u128) -> BTreeSet<Sign> {
    found.iter().filter(|one| one.staff == staff).flat_map(|one| one.signs.iter().copied()).collect()
}

fn set(signs: &[Sign]) -> BTreeSet<Sign> {
    signs.iter().copied().collect()
}

#[test]
fn a_look_without_a_case_needs_one_sign_more() {
    let friday = Date::constant(2026, 11, 6);
    let relative = |staff| Look { is_same_surname: true, ..look(friday, 10, staff, 900) };
    let looks = [relative(1), relative(2), look(friday, 10, 3, 901)];
    let found = findings(&looks, &[deed(friday, 2, 900)], &[], MONDAY, is_office_day);
    assert_eq!(signs(&found, 1), set(&[Sign::SameSurname, Sign::NoCase]));
    assert!(signs(&found, 2).is_empty() && signs(&found, 3).is_empty());
}

#[test]
fn a_case_belongs_to_a_look_from_the_day_before_until_a_week_after() {
    let on = Date::constant(2026, 11, 12);
    for (days, is_found) in [(-2, true), (-1, false), (0, false), (7, false), (8, true)] {
        let worked = deed(on.checked_add(days.days()).unwrap(), 1, 900);
        let relative = Look { is_same_surname: true, ..look(on, 10, 1, 900) };
        assert_eq!(
            !findings(&[relative], &[worked], &[], MONDAY, is_office_day).is_empty(),
            is_found,
            "{days}"
        );
    }
}

#[test]
fn ones_own_address_is_asked_about_though_there_is_a_case() {
    let own = Look { is_same_address: true, ..look(MONDAY, 10, 1, 900) };
    let found = findings(&[own], &[deed(MONDAY, 1, 900)], &[], MONDAY, is_office_day);
    assert_eq!(signs(&found, 1), set(&[Sign::SameAddress]));
}

#[test]
fn hours_and_holidays_have_edges() {
    let friday = Date::constant(2026, 11, 6);
    for (on, hour, is_off) in [
        (friday, 6, true),
        (friday, 7, false),
        (friday, 19, false),
        (friday, 20, true),
        (Date::constant(2026, 11, 7), 12, true),
        (Date::constant(2026, 11, 3), 12, true),
    ] {
        let found = findings(&[look(on, hour, 1, 900)], &[], &[], MONDAY, is_office_day);
        assert_eq!(signs(&found, 1).contains(&Sign::OffHours), is_off, "{on} {hour}");
    }
}

#[test]
fn three_days_of_one_person_and_four_colleagues_on_one_person_stand_out() {
    let day = |n: i64| Date::constant(2026, 11, 9).checked_add(n.days()).unwrap();
    let two = [look(day(0), 10, 1, 900), look(day(1), 10, 1, 900)];
    assert!(findings(&two, &[], &[], MONDAY, is_office_day).is_empty());
    let three = [two[0], two[1], look(day(2), 10, 1, 900)];
    assert!(signs(&findings(&three, &[], &[], MONDAY, is_office_day), 1).contains(&Sign::ManyLooks));
    let crowd: Vec<Look> = (1..=4).map(|staff| look(day(0), 10, staff, 900)).collect();
    assert!(findings(&crowd[..3], &[], &[], MONDAY, is_office_day).is_empty());
    let found = findings(&crowd, &[], &[], MONDAY, is_office_day);
    assert_eq!(found.len(), 4, "each of them is named: {found:?}");
}

#[test]
fn days_with_many_refusals_or_searches_stand_out_among_colleagues() {
    let day = |staff, refusals, searches| Day { on: MONDAY, staff, refusals, searches };
    let days = [day(1, 0, 10), day(2, 0, 15), day(3, 9, 59), day(4, 10, 12), day(5, 0, 60)];
    let found = findings(&[], &[], &days, MONDAY, is_office_day);
    assert_eq!(signs(&found, 4), set(&[Sign::ManyRefusals]));
    assert_eq!(signs(&found, 5), set(&[Sign::ManySearches]));
    assert_eq!(found.len(), 2);
    // Where everybody searches much, nobody does.
    let busy: Vec<Day> = (1..=5).map(|staff| day(staff, 0, 80)).collect();
    assert!(findings(&[], &[], &busy, MONDAY, is_office_day).is_empty());
}

/// A generator that needs no crate and gives the same office each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

const STAFF: u64 = 50;
const PEOPLE: u64 = 30_000;

/// Surnames as they are spread in Japan, roughly: the first of 1,000 has 1.5 %, the rest fall off.
fn surname(id: u64) -> u64 {
    let mut dice = Dice(id.wrapping_mul(7919) + 11);
    dice.roll(8);
    let (a, b) = (dice.roll(1000), dice.roll(1000));
    a * b / 1000
}

/// 100,000 looks of 50 members of staff on 20 office days, 5,000 a day: a case follows seven of ten.
fn ordinary(dice: &mut Dice, days: &[Date]) -> (Vec<Look>, Vec<Deed>) {
    let (mut looks, mut deeds) = (Vec::new(), Vec::new());
    for on in days {
        for _ in 0..5_000 {
            let (staff, person) = (dice.roll(STAFF), dice.roll(PEOPLE));
            // One look in two hundred is made late.
            let hour = if dice.roll(200) == 0 { 21 } else { 8 + dice.roll(10) as i8 };
            looks.push(Look {
                is_same_surname: surname(staff) == surname(1_000 + person),
                ..look(*on, hour, staff.into(), u128::from(1_000 + person))
            });
            if dice.roll(10) < 7 {
                deeds.push(deed(*on, staff.into(), u128::from(1_000 + person)));
            }
        }
    }
    (looks, deeds)
}

/// 20 who look without a duty, as the known cases did it. The last two leave no sign but the missing case.
fn snoops(days: &[Date]) -> Vec<(u128, Look)> {
    let person = |n: u128| 900_000 + n;
    let mut planted = Vec::new();
    for n in 0..5 {
        planted.push((n, Look { is_same_surname: true, ..look(days[3], 11, n, person(n)) }));
    }
    for n in 5..8 {
        planted.push((n, Look { is_same_address: true, ..look(days[5], 14, n, person(n)) }));
    }
    for n in 8..12 {
        planted.extend((0..4).map(|turn| (n, look(days[6 + turn], 10, n, person(n)))));
    }
    for n in 12..16 {
        planted.push((n, look(days[(n - 9) as usize], 13, n, person(99))));
    }
    planted.push((16, look(days[2], 22, 16, person(16))));
    planted.push((17, look(Date::constant(2026, 11, 15), 11, 17, person(17))));
    planted.extend([18, 19].map(|n| (n, look(days[9], 11, n, person(n)))));
    planted
}

#[test]
fn of_twenty_planted_snoops_among_a_hundred_thousand_looks_nine_in_ten_are_found() {
    let days: Vec<Date> = (0..)
        .map(|n: i64| MONDAY.checked_add(n.days()).unwrap())
        .filter(|on| is_office_day(*on))
        .take(20)
        .collect();
    let mut dice = Dice(20);
    let (mut looks, deeds) = ordinary(&mut dice, &days);
    assert_eq!(looks.len(), 100_000);
    let planted = snoops(&days);
    looks.extend(planted.iter().map(|(_, look)| *look));
    let found = findings(&looks, &deeds, &[], MONDAY, is_office_day);
    let is_found =
        |look: &Look| found.iter().any(|one| one.staff == look.staff && one.person == Some(look.person));
    let caught: BTreeSet<u128> =
        planted.iter().filter(|(_, look)| is_found(look)).map(|(snoop, _)| *snoop).collect();
    let false_ones = |on: Date| found.iter().filter(|one| one.on == on && one.person < Some(900_000)).count();
    let worst = days.iter().map(|on| false_ones(*on)).max().unwrap();
    println!("{} of 20 found; {worst} false ones on the worst day", caught.len());
    assert!(caught.len() >= 18, "{caught:?}");
    assert!(worst <= 50, "{worst}");
    assert!(worst > 0, "an office in which nothing stands out proves nothing");
}

#[test]
fn each_sign_says_its_rule_with_its_threshold() {
    for sign in Sign::ALL {
        assert!(sign.rule_ja().ends_with('。'), "{sign:?}");
    }
    assert!(Sign::ManyLooks.rule_ja().contains("30日間に3日以上"));
    assert!(Sign::OffHours.rule_ja().contains("7時前、20時以後"));
}

#[test]
fn a_decision_is_anothers_with_a_ground_that_fits() {
    for ground in Ground::ALL {
        for decision in Decision::ALL {
            let is_fit = ground.decision() == *decision;
            assert_eq!(decide(1, 2, *decision, *ground, true).is_empty(), is_fit, "{decision:?} {ground:?}");
        }
    }
    let fine = (Decision::Fine, Ground::DeskWork);
    assert_eq!(decide(1, 1, fine.0, fine.1, true), [DecisionFault::OwnLook]);
    assert!(decide(1, 2, fine.0, fine.1, false).is_empty());
    let reported = (Decision::Reported, Ground::Unexplained);
    assert_eq!(decide(1, 2, reported.0, reported.1, false), [DecisionFault::NoteMissing]);
    assert_eq!(decide(1, 1, Decision::Reported, Ground::DeskWork, false).len(), 3);
}

#[test]
fn ones_own_are_self_household_and_address_but_a_protected_address_is_not_compared() {
    let at = |person, household: &str, address: &str, is_protected| Dwelling {
        person,
        household: household.to_owned(),
        address: address.to_owned(),
        is_protected,
    };
    let own = at(1, "77", "王子1-2-3", false);
    for (looked_at, is_own) in [
        (at(1, "77", "王子1-2-3", false), true),
        // Also where the register says nothing but who it is.
        (at(1, "", "", true), true),
        (at(2, "77", "", true), true),
        (at(2, "78", "王子1-2-3", false), true),
        (at(2, "78", "王子1-2-3", true), false),
        (at(2, "78", "王子1-2-4", false), false),
        (at(2, "", "", false), false),
    ] {
        assert_eq!(own.is_ones_own(&looked_at), is_own, "{looked_at:?}");
    }
    let protected = at(1, "", "王子1-2-3", true);
    assert!(!protected.is_ones_own(&at(2, "", "王子1-2-3", false)));
    assert!(!at(1, "", "", false).is_ones_own(&at(2, "", "", false)));
}
