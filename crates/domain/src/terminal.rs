//! 端末: which terminals may be used, until when, and which ones somebody should look at.
//!
//! A terminal is known by its certificate (端末証明書) and registered for one zone of the network until its last day.
//! Which zones there are is not known here.

use crate::{Date, coded};

coded! {
    /// 使用終了の理由: why a terminal is no longer used.
    WithdrawalReason {
        Lost = "lost", "紛失・盗難";
        Broken = "broken", "故障";
        Disposed = "disposed", "廃棄";
        Returned = "returned", "返却・入替え";
        Moved = "moved", "区画の変更";
        // Not chosen by anybody: the new certificate takes the old one's place.
        Renewed = "renewed", "証明書の更新";
    }
}

/// A certificate that ends within so many days is pointed out: ordering and bringing out a new one takes weeks.
pub const ENDING_DAYS: i32 = 60;
/// A terminal that nobody has signed in at for so many days is pointed out: it may have gone.
pub const UNUSED_DAYS: i32 = 90;

/// What is known of a terminal that knocks.
#[derive(Clone, Copy, Debug)]
pub struct Knock {
    pub is_withdrawn: bool,
    pub last_on: Date,
    /// Whether it is registered for the zone at whose door it knocks.
    pub is_in_zone: bool,
}

/// Why a terminal is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    Withdrawn,
    PastLastDay,
    OtherZone,
}

/// Whether a registered terminal may be used on this day; the last day counts.
pub fn admit(knock: Knock, today: Date) -> Result<(), Refused> {
    if knock.is_withdrawn {
        return Err(Refused::Withdrawn);
    }
    if today > knock.last_on {
        return Err(Refused::PastLastDay);
    }
    if !knock.is_in_zone {
        return Err(Refused::OtherZone);
    }
    Ok(())
}

/// What somebody should look at in the list of terminals in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remark {
    /// Its last day is over.
    Ended,
    /// So many days are left, the last one included.
    Ending(i32),
    Unused,
}

/// `seen_on`: the day of the last use, or of the registration where it has never been used.
pub fn remark(last_on: Date, seen_on: Date, today: Date) -> Option<Remark> {
    let days = |from: Date, until: Date| from.until(until).map_or(0, |span| span.get_days());
    let left = days(today, last_on) + 1;
    if left <= 0 {
        Some(Remark::Ended)
    } else if left <= ENDING_DAYS {
        Some(Remark::Ending(left))
    } else if days(seen_on, today) >= UNUSED_DAYS {
        Some(Remark::Unused)
    } else {
        None
    }
}

/// What is wrong with the last day of a terminal. The sentence is for the form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LastDayFault {
    #[error("使用の最終日は今日以後の日付を入力してください")]
    Past,
    #[error("使用の最終日は、証明書の期限の日までで入力してください")]
    BeyondCertificate,
    #[error("使用の最終日は、今日から3年以内の日付を入力してください")]
    TooFar,
}

/// Nobody issues certificates for terminals for longer; a slip of a digit is caught.
const LAST_DAY_YEARS_MAX: i16 = 3;

/// Whether a terminal may be registered until this day. `certificate_until`: the certificate's last whole or begun
/// day, where it is known.
pub fn check_last_day(
    last_on: Date,
    certificate_until: Option<Date>,
    today: Date,
) -> Result<(), LastDayFault> {
    if last_on < today {
        return Err(LastDayFault::Past);
    }
    if certificate_until.is_some_and(|until| last_on > until) {
        return Err(LastDayFault::BeyondCertificate);
    }
    let furthest = jiff::Span::new().years(LAST_DAY_YEARS_MAX);
    if today.checked_add(furthest).is_ok_and(|furthest| last_on > furthest) {
        return Err(LastDayFault::TooFar);
    }
    Ok(())
}
