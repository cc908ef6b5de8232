//! Terminals: the day before, the last day, the day after.

use domain::{
    Date,
    terminal::{
        ENDING_DAYS, Knock, LastDayFault, Refused, Remark, UNUSED_DAYS, admit, check_last_day, remark,
    },
};
use jiff::ToSpan;

const TODAY: Date = Date::constant(2026, 11, 23);

fn day(after: i32) -> Date {
    TODAY + after.days()
}

#[test]
fn a_terminal_is_let_in_until_its_last_day_in_its_own_zone_and_not_withdrawn() {
    for (is_withdrawn, last, is_in_zone, want) in [
        (false, 1, true, Ok(())),
        (false, 0, true, Ok(())),
        (false, -1, true, Err(Refused::PastLastDay)),
        (false, 0, false, Err(Refused::OtherZone)),
        (true, 1, true, Err(Refused::Withdrawn)),
        // Withdrawn comes first: whoever finds a lost one must hear it.
        (true, -1, false, Err(Refused::Withdrawn)),
        (false, -1, false, Err(Refused::PastLastDay)),
    ] {
        let knock = Knock { is_withdrawn, last_on: day(last), is_in_zone };
        assert_eq!(admit(knock, TODAY), want, "{knock:?}");
    }
}

#[test]
fn the_list_points_to_what_ends_within_sixty_days_and_to_what_nobody_has_used_for_ninety() {
    for (last, seen, want) in [
        (ENDING_DAYS, 0, None),
        (ENDING_DAYS - 1, 0, Some(Remark::Ending(60))),
        (0, 0, Some(Remark::Ending(1))),
        (-1, 0, Some(Remark::Ended)),
        (400, 1 - UNUSED_DAYS, None),
        (400, -UNUSED_DAYS, Some(Remark::Unused)),
        (400, -UNUSED_DAYS - 1, Some(Remark::Unused)),
        // What ends is more urgent.
        (10, -UNUSED_DAYS, Some(Remark::Ending(11))),
    ] {
        assert_eq!(remark(day(last), day(seen), TODAY), want, "{last} {seen}");
    }
}

#[test]
fn the_last_day_lies_between_today_and_the_end_of_the_certificate() {
    let three_years = TODAY + 3.years();
    for (last_on, until, want) in [
        (day(0), Some(day(0)), Ok(())),
        (day(-1), Some(day(10)), Err(LastDayFault::Past)),
        (day(10), Some(day(10)), Ok(())),
        (day(11), Some(day(10)), Err(LastDayFault::BeyondCertificate)),
        (three_years, None, Ok(())),
        (three_years + 1.day(), None, Err(LastDayFault::TooFar)),
    ] {
        assert_eq!(check_last_day(last_on, until, TODAY), want, "{last_on} {until:?}");
    }
}
