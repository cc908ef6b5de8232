//! The rules of a review as tables.

use domain::Date;
use hub::reviews::{
    plan::{self, Holder, Known, Plan, groups},
    rules::{self, Asked, Bar, Change, Chief, Decided, Decision, Item, Kind, Part},
};
use kit::Role;
use uuid::Uuid;

const SECTION: Uuid = Uuid::from_u128(100);
const ABOVE: Uuid = Uuid::from_u128(101);
const ELSEWHERE: Uuid = Uuid::from_u128(102);
const CLERK: Uuid = Uuid::from_u128(1);
const CHIEF: Uuid = Uuid::from_u128(2);
const DIRECTOR: Uuid = Uuid::from_u128(3);
const OTHER: Uuid = Uuid::from_u128(4);

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

fn part(chief: Option<Uuid>) -> Part {
    Part {
        part_id: Uuid::from_u128(9),
        section_id: Some(SECTION),
        above_id: Some(ABOVE),
        chief_id: chief,
        people: vec![chief.unwrap_or(CLERK)],
        is_signed: false,
        is_closed: false,
    }
}

#[test]
fn a_list_goes_to_the_sections_chief_or_the_one_above_and_never_to_whoever_is_on_it() {
    let chief = Chief { staff_id: CHIEF, section_id: SECTION };
    let second = Chief { staff_id: Uuid::from_u128(5), section_id: SECTION };
    let director = Chief { staff_id: DIRECTOR, section_id: ABOVE };
    let other = Chief { staff_id: OTHER, section_id: ELSEWHERE };
    let become_chief = Chief { staff_id: CLERK, section_id: SECTION };
    let top = |part: Part| Part { above_id: None, ..part };
    for (what, part, chiefs, want) in [
        ("the chief", part(None), vec![chief, director, other], Asked::Section(vec![CHIEF])),
        ("no chief", part(None), vec![director, other], Asked::Above(vec![DIRECTOR])),
        ("no chief, nobody above", part(None), vec![other], Asked::Nobody),
        ("a chief's own", part(Some(CHIEF)), vec![chief, director], Asked::Above(vec![DIRECTOR])),
        (
            "a chief's own, a second chief",
            part(Some(CHIEF)),
            vec![chief, second, director],
            Asked::Section(vec![second.staff_id]),
        ),
        ("a chief's own at the top", top(part(Some(CHIEF))), vec![chief, other], Asked::Other(vec![OTHER])),
        ("the only chief's own", top(part(Some(CHIEF))), vec![chief], Asked::Nobody),
        ("chief since", top(part(None)), vec![become_chief, other], Asked::Other(vec![OTHER])),
        (
            "no section",
            Part { section_id: None, above_id: None, ..part(None) },
            vec![chief, other],
            Asked::Nobody,
        ),
    ] {
        let asked = rules::asked(&part, &chiefs);
        assert_eq!(asked, want, "{what}");
        for id in asked.ids() {
            assert_eq!(rules::may_decide(&part, &chiefs, *id), Ok(()), "{what}");
        }
    }
    let chiefs = [chief, director, other];
    assert_eq!(rules::may_decide(&part(None), &chiefs, DIRECTOR), Ok(()), "the one above stands in");
    assert_eq!(rules::may_decide(&part(None), &chiefs, OTHER), Err(Bar::NotYours));
    assert_eq!(rules::may_decide(&part(Some(CHIEF)), &chiefs, CHIEF), Err(Bar::OwnRights));
    let signed = Part { is_signed: true, ..part(None) };
    assert_eq!(rules::may_decide(&signed, &chiefs, CHIEF), Err(Bar::Signed));
    let closed = Part { is_closed: true, ..part(None) };
    assert_eq!(rules::may_decide(&closed, &chiefs, CHIEF), Err(Bar::Closed));
    assert!(rules::may_see(&closed, &chiefs, CHIEF) && !rules::may_see(&closed, &chiefs, OTHER));
}

#[test]
fn the_yearly_review_is_missing_from_the_first_of_april_and_late_after_its_day() {
    for (today, started, want) in [
        ("2027-03-31", Some(2026), false),
        ("2027-04-01", Some(2026), true),
        ("2027-04-02", Some(2026), true),
        ("2027-04-01", Some(2027), false),
        ("2027-03-31", None, true),
    ] {
        assert_eq!(rules::is_missing(started, day(today)), want, "{today} {started:?}");
    }
    for (today, want) in [("2027-04-29", false), ("2027-04-30", false), ("2027-05-01", true)] {
        assert_eq!(rules::is_overdue(day("2027-04-30"), day(today)), want, "{today}");
    }
}

#[test]
fn a_review_is_proposed_and_checked_by_its_days() {
    let proposed = |today, yearly| {
        let plan = plan::proposal(Known { is_one_open: false, yearly }, day(today));
        (plan.kind, plan.name, plan.base_on.to_string(), plan.due_on.to_string())
    };
    let yearly = |base: &str, due: &str| {
        (Kind::Yearly, "令和9年度の権限点検".to_owned(), base.to_owned(), due.to_owned())
    };
    assert_eq!(proposed("2027-04-01", Some(2026)), yearly("2027-04-01", "2027-05-01"));
    assert_eq!(proposed("2027-05-01", Some(2026)), yearly("2027-04-01", "2027-05-31"));
    assert_eq!(proposed("2027-05-02", Some(2026)), yearly("2027-05-02", "2027-06-01"));
    assert_eq!(proposed("2027-04-02", Some(2027)).0, Kind::AsNeeded);

    let today = day("2027-04-10");
    let plan = |kind, base, due| Plan { name: "x".to_owned(), kind, base_on: day(base), due_on: day(due) };
    let open = Known { is_one_open: true, yearly: Some(2026) };
    let last = Known { is_one_open: false, yearly: Some(2026) };
    let this = Known { is_one_open: false, yearly: Some(2027) };
    for (what, known, want) in [
        (plan(Kind::Yearly, "2027-04-01", "2027-04-30"), last, vec![]),
        (plan(Kind::Yearly, "2027-03-31", "2027-04-30"), last, vec!["base_on"]),
        (plan(Kind::AsNeeded, "2027-03-31", "2027-04-30"), last, vec![]),
        (plan(Kind::AsNeeded, "2027-03-11", "2027-04-30"), last, vec![]),
        (plan(Kind::AsNeeded, "2027-03-10", "2027-04-30"), last, vec!["base_on"]),
        (plan(Kind::AsNeeded, "2027-04-10", "2027-04-10"), last, vec![]),
        (plan(Kind::AsNeeded, "2027-04-11", "2027-04-30"), last, vec!["base_on"]),
        (plan(Kind::AsNeeded, "2027-04-09", "2027-04-09"), last, vec!["due_on"]),
        (plan(Kind::AsNeeded, "2027-04-10", "2027-07-09"), last, vec![]),
        (plan(Kind::AsNeeded, "2027-04-10", "2027-07-10"), last, vec!["due_on"]),
        (plan(Kind::Yearly, "2027-04-10", "2027-04-30"), this, vec!["kind"]),
        (plan(Kind::Yearly, "2027-04-10", "2027-04-30"), open, vec!["name"]),
    ] {
        let found: Vec<_> = plan::faults(&what, known, today).into_iter().map(|(field, _)| field).collect();
        assert_eq!(found, want, "{what:?} {known:?}");
    }
}

#[test]
fn people_fall_into_lists_by_section_and_chiefs_into_lists_of_their_own() {
    let holder = |id: u128, section, roles: &[Role]| Holder {
        staff_id: Uuid::from_u128(id),
        section_id: section,
        roles: roles.to_vec(),
    };
    let found = groups(&[
        holder(1, Some(SECTION), &[Role::Clerk]),
        holder(2, Some(SECTION), &[Role::Chief, Role::Approver]),
        holder(3, None, &[Role::Clerk]),
        holder(4, Some(SECTION), &[]),
        holder(5, Some(SECTION), &[Role::Approver]),
    ]);
    let shape: Vec<_> = found
        .iter()
        .map(|group| {
            let people: Vec<u128> = group.people.iter().map(|id| id.as_u128()).collect();
            (group.section_id, group.chief_id.is_some(), people)
        })
        .collect();
    assert_eq!(
        shape,
        [(Some(SECTION), false, vec![1, 5]), (Some(SECTION), true, vec![2]), (None, false, vec![3]),]
    );
    // What would not fit into one form becomes two lists.
    for (people, lists) in [(399, 1), (400, 1), (401, 2)] {
        let many: Vec<_> = (0..people).map(|id| holder(id, Some(SECTION), &[Role::Clerk])).collect();
        assert_eq!(groups(&many).len(), lists, "{people}");
    }
}

#[test]
fn a_signature_is_for_the_list_and_every_decision() {
    let item = |role, decided: Option<(Decision, &str)>| Item {
        staff_id: CLERK,
        role,
        duties: vec!["records".to_owned()],
        from_on: day("2026-04-01"),
        until_on: None,
        decided: decided.map(|(decision, reason)| (decision, reason.to_owned())),
        is_held: true,
    };
    let keep = || item(Role::Clerk, Some((Decision::Keep, "")));
    let open = item(Role::Approver, None);
    assert_eq!(rules::settle(&[keep(), open.clone()]), Err(Bar::Undecided(1)));
    let ended = Item { is_held: false, ..open };
    let settled = rules::settle(&[keep(), ended]).unwrap();
    assert_eq!(settled[1].decided, Some((Decision::Ended, String::new())));

    let list = rules::version_of_list(CHIEF, &settled);
    let version = rules::version_to_sign(&list, &settled);
    let turned: Vec<_> = settled.iter().rev().cloned().collect();
    assert_eq!(rules::version_of_list(CHIEF, &turned), list);
    assert_eq!(rules::version_to_sign(&list, &turned), version);
    let changed: [fn(&mut Item); 2] = [
        |item| item.decided = Some((Decision::Remove, String::new())),
        |item| item.decided = Some((Decision::Keep, "x".to_owned())),
    ];
    for change in changed {
        let mut other = settled.clone();
        change(&mut other[0]);
        assert_eq!(rules::version_of_list(CHIEF, &other), list);
        assert_ne!(rules::version_to_sign(&list, &other), version);
    }
    let mut other = settled.clone();
    other[0].until_on = Some(day("2027-03-31"));
    assert_ne!(rules::version_of_list(CHIEF, &other), list);
    assert_ne!(rules::version_of_list(OTHER, &settled), list);
}

#[test]
fn a_line_is_written_only_where_the_page_changes_it_and_nobody_else_has_since() {
    let decided = |decision, reason: &str| -> Option<Decided> { Some((decision, reason.to_owned())) };
    let (open, keep) = (|| None, || decided(Decision::Keep, ""));
    let remove = || decided(Decision::Remove, "担当を外れたため");
    let other = || decided(Decision::Remove, "休職のため");
    for (what, shown, chosen, kept, want) in [
        ("left open", open(), open(), open(), Change::Nothing),
        ("left as it was", keep(), keep(), keep(), Change::Nothing),
        ("decided", open(), keep(), open(), Change::Write),
        ("decided otherwise", keep(), remove(), keep(), Change::Write),
        ("another reason", remove(), other(), remove(), Change::Write),
        ("opened again", keep(), open(), keep(), Change::Write),
        ("left open, decided by another", open(), open(), keep(), Change::Nothing),
        ("left as it was, changed by another", keep(), keep(), remove(), Change::Nothing),
        ("left as it was, opened by another", keep(), keep(), open(), Change::Nothing),
        ("both the same", open(), remove(), remove(), Change::Nothing),
        ("both, otherwise", open(), remove(), keep(), Change::Overtaken),
        ("both, for another reason", open(), remove(), other(), Change::Overtaken),
        ("changed, and opened by another", keep(), remove(), open(), Change::Overtaken),
        ("opened again, and changed by another", keep(), open(), remove(), Change::Overtaken),
    ] {
        let found = rules::change(&rules::mark(shown.as_ref()), chosen.as_ref(), kept.as_ref());
        assert_eq!(found, want, "{what}");
    }
    let marks = [open(), keep(), remove(), other()].map(|one| rules::mark(one.as_ref()));
    for (nth, mark) in marks.iter().enumerate() {
        assert!(!marks[..nth].contains(mark) && !mark.contains([' ', '=']), "{mark}");
    }
}
