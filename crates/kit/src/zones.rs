//! 区画 × 操作: what exists in which zone of the network (三層の対策), as data.
//!
//! A page that does not exist in a zone is not on its listeners at all ([`crate::web::Routes::in_zone`]), and a person
//! at a terminal of that zone does not carry its right either ([`crate::Acting::may`]): a mistake must be made twice.
//! Printed to `docs/reference/zones.txt`.

use crate::{
    Action, Zone,
    rights::{Duty, row_of},
};

/// The zones in which a member of staff can sit. On the internet no page of ours is for staff.
pub const DESKS: [Zone; 3] = [Zone::Business, Zone::Lgwan, Zone::Venue];

/// What a tablet at a vaccination venue is for: the record of whoever stands there with a sheet, and one's own account.
/// Nobody is searched for there, nothing is listed, nothing is taken out.
const VENUE: &[Action] = &[
    Action::SignIn,
    Action::SignOut,
    Action::ViewHome,
    Action::Unlock,
    Action::ResumeDraft,
    Action::OpenEntry,
    Action::FindSheet,
    Action::RegisterRecord,
    Action::ViewOwnAccount,
    Action::ManageOwnAccount,
    Action::StepUp,
];

/// Whether this can be asked for from a terminal of the zone, by whoever has the right.
pub fn admits(zone: Zone, action: Action) -> bool {
    match zone {
        // Jobs and commands have no pages; their own rights bound them.
        Zone::Business | Zone::Server => true,
        Zone::Lgwan => !matches!(row_of(action).duty, Duty::Numbers),
        Zone::Venue => VENUE.contains(&action),
        Zone::Internet => false,
    }
}

/// Whether pages for staff exist in the zone.
pub fn has_desks(zone: Zone) -> bool {
    DESKS.contains(&zone)
}

/// The table as the office reads it: one row an operation, one column a zone.
pub fn matrix_ja() -> String {
    let zones = [Zone::Business, Zone::Lgwan, Zone::Venue, Zone::Internet];
    let mut text = String::from("区画と操作の対応表\n\n操作");
    for zone in zones {
        text.push('\t');
        text.push_str(zone.ja());
    }
    text.push_str("\n(ログイン前でも開ける画面)");
    for zone in zones {
        text.push_str(if has_desks(zone) { "\t○" } else { "\t－" });
    }
    for action in Action::ALL {
        text.push('\n');
        text.push_str(action.ja());
        for zone in zones {
            text.push_str(if has_desks(zone) && admits(zone, *action) { "\t○" } else { "\t－" });
        }
    }
    text.push('\n');
    text
}
