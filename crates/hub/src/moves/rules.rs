//! What may be recorded as 異動 or 退職, and by whom. Pure: facts in, answer out.

use crate::rights::steps::{Hand, Subject};
use domain::{Date, coded};
use kit::Role;
use uuid::Uuid;

coded! {
    /// 異動・退職の種類.
    Kind {
        Placed = "placed", "登録";
        Transfer = "transfer", "異動";
        Leaving = "leaving", "退職・契約終了";
    }
}

/// What is to be recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// 異動: the new section, and the first day there.
    Transfer { section_id: Uuid, from_on: Date },
    /// 退職: the last day of the account.
    Leaving { last_on: Date },
}

impl Move {
    pub const fn kind(self) -> Kind {
        match self {
            Move::Transfer { .. } => Kind::Transfer,
            Move::Leaving { .. } => Kind::Leaving,
        }
    }

    /// The last day on which the rights of the old section are held.
    pub fn rights_end_on(self) -> Date {
        match self {
            Move::Transfer { from_on, .. } => from_on.yesterday().unwrap_or(Date::MIN),
            Move::Leaving { last_on } => last_on,
        }
    }
}

/// Announced this long ahead: a year's personnel changes are known in the year before, later days are mistyped.
const AHEAD_DAYS_MAX: i32 = 366;

/// Whether this person may record the move: the section's chief or an ID manager, of somebody else.
pub fn may_record(hand: &Hand, subject: &Subject) -> bool {
    hand.staff_id != subject.staff_id
        && (hand.roles.contains(&Role::IdManager)
            || subject.section_id.is_some_and(|section| hand.is_chief_of(section)))
}

/// The section under which the end of the rights is applied for: the person's own. Of somebody without one it is the
/// section they come into, else the recorder's.
pub fn removal_section(what: Move, subject: &Subject, recorders: Option<Uuid>) -> Option<Uuid> {
    let there = match what {
        Move::Transfer { section_id, .. } => Some(section_id),
        Move::Leaving { .. } => None,
    };
    subject.section_id.or(there).or(recorders)
}

/// What stands against it: field and sentence, all at once. `there` is the section on the first day as it is known now.
pub fn faults(
    new: Move,
    subject: &Subject,
    hand: &Hand,
    there: Option<Uuid>,
    today: Date,
) -> Vec<(&'static str, String)> {
    let mut faults = Vec::new();
    let (field, label, day) = match new {
        Move::Transfer { section_id, from_on } => {
            if there == Some(section_id) {
                faults.push(("section", "異動先には、今と違う所属を選択してください".to_owned()));
            }
            if subject.until_on.is_some_and(|until| until < from_on) {
                faults.push((
                    "from_on",
                    "異動日は、個人IDの有効期限（委託先は契約の終了日）までにしてください".to_owned(),
                ));
            }
            ("from_on", "異動日", from_on)
        }
        Move::Leaving { last_on } => {
            let is_later = subject.until_on.is_some_and(|until| until < last_on);
            if is_later && subject.is_contractor {
                faults.push(("last_on", "最後の日は、契約の終了日までにしてください".to_owned()));
            } else if is_later && !hand.roles.contains(&Role::IdManager) {
                // Otherwise a chief alone would let somebody in again.
                faults.push((
                    "last_on",
                    "最後の日は、登録済みの「個人IDの最後の日」までにしてください。延ばすときは、ID管理者に依頼してください"
                        .to_owned(),
                ));
            }
            ("last_on", "最後の日", last_on)
        }
    };
    // What has been held until now was held: rights end with yesterday at the earliest.
    let earliest = match new {
        Move::Transfer { .. } => today,
        Move::Leaving { .. } => today.yesterday().unwrap_or(today),
    };
    if day < earliest {
        let since = if earliest == today { "今日" } else { "昨日" };
        faults.push((field, format!("{label}は{since}以後の日付を入力してください")));
    }
    if day > today.saturating_add(jiff::Span::new().days(AHEAD_DAYS_MAX)) {
        faults.push((field, format!("{label}は1年以内の日付を入力してください")));
    }
    faults
}
