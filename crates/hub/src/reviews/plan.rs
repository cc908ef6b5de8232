//! What a new review may look like, and into which lists its people fall. Pure.

use super::rules::Kind;
use domain::{Date, age};
use kit::Role;
use uuid::Uuid;

/// 30日: of what was held longer ago, nobody can say any more whether it was needed.
const BASE_DAYS_BACK: i32 = 30;
/// 90日: a review that takes longer than a quarter runs into the next one.
const DUE_DAYS_MAX: i32 = 90;
/// 30日 are proposed: long enough for whoever is on leave, short enough to matter.
pub const DUE_DAYS: i32 = 30;
/// A list is one form, which takes a thousand fields: two for each role.
pub const PART_ITEMS_MAX: usize = 400;

/// What the ID manager asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    pub name: String,
    pub kind: Kind,
    pub base_on: Date,
    pub due_on: Date,
}

/// What there is already.
#[derive(Clone, Copy, Debug, Default)]
pub struct Known {
    pub is_one_open: bool,
    /// The newest fiscal year whose yearly review was started.
    pub yearly: Option<i16>,
}

/// What the form of a new review proposes: the yearly one from 1 April until it has been started.
pub fn proposal(known: Known, today: Date) -> Plan {
    let year = age::fiscal_year(today);
    let first = age::fiscal_year_days(year).from;
    let due_on = today.saturating_add(jiff::Span::new().days(DUE_DAYS));
    let oldest = today.saturating_sub(jiff::Span::new().days(BASE_DAYS_BACK));
    if super::rules::is_missing(known.yearly, today) {
        // On 1 April itself and shortly after it, the base date is the first day of the year.
        let base_on = if first >= oldest { first } else { today };
        return Plan {
            name: format!("{}の権限点検", era_year(first)), kind: Kind::Yearly, base_on, due_on
        };
    }
    Plan { name: String::new(), kind: Kind::AsNeeded, base_on: today, due_on }
}

/// 令和9年度.
fn era_year(first: Date) -> String {
    let long = domain::wareki::long(first);
    long.split_once('年').map_or(long.clone(), |(year, _)| format!("{year}年度"))
}

/// What stands against a plan: field and sentence, all at once.
pub fn faults(plan: &Plan, known: Known, today: Date) -> Vec<(&'static str, String)> {
    let mut faults = Vec::new();
    let mut add = |field, sentence: String| faults.push((field, sentence));
    let year = age::fiscal_year(today);
    if known.is_one_open {
        add("name", "進行中の点検があります。終了してから、次の点検を始めてください".to_owned());
    }
    if plan.kind == Kind::Yearly {
        if !super::rules::is_missing(known.yearly, today) {
            add("kind", "今年度の年度当初の点検は始まっています。随時の点検を選択してください".to_owned());
        }
        if age::fiscal_year(plan.base_on) != year {
            add("base_on", "年度当初の点検の基準日は、今年度の4月1日以後の日付を入力してください".to_owned());
        }
    }
    if plan.base_on > today {
        add("base_on", "基準日は今日以前の日付を入力してください".to_owned());
    }
    if plan.base_on < today.saturating_sub(jiff::Span::new().days(BASE_DAYS_BACK)) {
        add("base_on", format!("基準日は{BASE_DAYS_BACK}日前以後の日付を入力してください"));
    }
    if plan.due_on < today {
        add("due_on", "期限は今日以後の日付を入力してください".to_owned());
    }
    if plan.due_on > today.saturating_add(jiff::Span::new().days(DUE_DAYS_MAX)) {
        add("due_on", format!("期限は{DUE_DAYS_MAX}日以内の日付を入力してください"));
    }
    faults
}

/// Somebody with rights on the base date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    pub staff_id: Uuid,
    pub section_id: Option<Uuid>,
    pub roles: Vec<Role>,
}

/// People of one list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    pub section_id: Option<Uuid>,
    pub chief_id: Option<Uuid>,
    pub people: Vec<Uuid>,
}

/// The lists: for each section its people, and one for each of its chiefs, whose rights somebody else confirms. A list
/// that would not fit into one form becomes several. The order of the holders is kept.
pub fn groups(holders: &[Holder]) -> Vec<Group> {
    let mut groups: Vec<(Group, usize)> = Vec::new();
    for holder in holders.iter().filter(|holder| !holder.roles.is_empty()) {
        let is_chief = holder.roles.contains(&Role::Chief);
        let roles = holder.roles.len();
        let found = groups.iter_mut().find(|(group, items)| {
            !is_chief
                && group.chief_id.is_none()
                && group.section_id == holder.section_id
                && items + roles <= PART_ITEMS_MAX
        });
        match found {
            Some((group, items)) => {
                group.people.push(holder.staff_id);
                *items += roles;
            }
            None => groups.push((
                Group {
                    section_id: holder.section_id,
                    chief_id: is_chief.then_some(holder.staff_id),
                    people: vec![holder.staff_id],
                },
                roles,
            )),
        }
    }
    groups.into_iter().map(|(group, _)| group).collect()
}
