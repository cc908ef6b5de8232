//! When a month can be signed, and until when it is in time.

use domain::{
    Date,
    monthly::{Answer, Asked, Check, Fault, due_on, faults, months_over, next},
};

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

fn all(answer: Answer) -> Vec<(Check, Answer)> {
    Check::ALL.iter().map(|check| (*check, answer)).collect()
}

fn asked(answers: &[(Check, Answer)]) -> Asked<'_> {
    Asked {
        month: day("2026-10-01"),
        today: day("2026-11-05"),
        is_signed: false,
        has_checkpoint: true,
        open_findings: 0,
        answers,
        has_remark: false,
        has_reason: false,
    }
}

#[test]
fn a_month_is_signed_from_the_day_after_its_last() {
    let answers = all(Answer::Fine);
    for (today, found) in
        [("2026-10-31", vec![Fault::NotOver]), ("2026-11-01", vec![]), ("2026-11-02", vec![])]
    {
        assert_eq!(faults(&Asked { today: day(today), ..asked(&answers) }), found, "{today}");
    }
}

#[test]
fn all_that_is_missing_is_said_at_once() {
    let missing = faults(&Asked { is_signed: true, has_checkpoint: false, open_findings: 1, ..asked(&[]) });
    assert_eq!(missing.len(), Check::ALL.len() + 3);
    let mut answers = all(Answer::None);
    answers[0].1 = Answer::Issue;
    assert_eq!(faults(&asked(&answers)), [Fault::RemarkMissing]);
    assert!(faults(&Asked { has_remark: true, ..asked(&answers) }).is_empty());
    let open = Asked { open_findings: 1, has_remark: true, ..asked(&answers) };
    assert_eq!(faults(&open), [Fault::ReasonMissing]);
    assert!(faults(&Asked { has_reason: true, ..open }).is_empty());
}

#[test]
fn a_month_is_due_on_the_tenth_of_the_next() {
    for (month, due) in
        [("2026-10-01", "2026-11-10"), ("2026-12-01", "2027-01-10"), ("2028-01-31", "2028-02-10")]
    {
        assert_eq!(due_on(day(month)), day(due));
    }
    assert_eq!(next(day("2026-12-15")), day("2027-01-01"));
}

#[test]
fn months_are_over_when_the_next_has_begun() {
    let first = day("2026-09-14");
    for (today, count) in [("2026-09-30", 0), ("2026-10-01", 1), ("2026-11-30", 2), ("2026-12-01", 3)] {
        let months = months_over(first, day(today));
        assert_eq!(months.len(), count, "{today}");
        assert!(months.is_sorted_by(|a, b| a > b));
    }
}
