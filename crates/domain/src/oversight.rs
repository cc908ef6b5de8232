//! のぞき見の点検: which looks at a person call for a question to whoever looked.
//!
//! Work leaves more than a look behind: a record, a note, a sheet. A look that no case followed and that one more sign
//! speaks against is put before the auditor; so is every look at somebody of one's own address. Nothing is judged
//! here: a person asks, and a person decides. Found by residents' questions instead of by such a list were most known
//! cases (四日市市, 横手市, 宮崎市).

use crate::{Date, coded};
use jiff::{ToSpan, civil::DateTime};
use std::collections::{BTreeMap, BTreeSet, HashMap};

coded! {
    /// 気になる点 of a look, or of a member of staff's day.
    Sign {
        SameAddress = "same_address", "職員と同じ住所の方";
        SameSurname = "same_surname", "職員と同じ姓の方";
        ManyLooks = "many_looks", "同じ方を何日も閲覧";
        ManyLookers = "many_lookers", "多くの職員が同じ方を閲覧";
        OffHours = "off_hours", "執務時間外・休日の閲覧";
        NoCase = "no_case", "閲覧の後に事務がない";
        ManyRefusals = "many_refusals", "拒否された操作が多い";
        ManySearches = "many_searches", "検索が際立って多い";
    }
}

impl Sign {
    /// The rule in one sentence, for whoever asks why this is on the list.
    pub fn rule_ja(self) -> String {
        match self {
            Sign::SameAddress => {
                "職員本人、同じ世帯の方、または住所が同じ方を閲覧しました。事務の有無にかかわらず示します。"
                    .to_owned()
            }
            Sign::SameSurname => "職員と姓（漢字、カナ、通称のどれか）が同じ方を閲覧しました。".to_owned(),
            Sign::ManyLooks => format!(
                "事務がないまま、{LOOKS_WITHIN_DAYS}日間に{LOOK_DAYS_MIN}日以上、同じ方を閲覧しました。"
            ),
            Sign::ManyLookers => format!(
                "事務のない職員{LOOKERS_MIN}人以上が、{LOOKERS_WITHIN_DAYS}日間に同じ方を閲覧しました。"
            ),
            Sign::OffHours => {
                format!("{}時前、{}時以後、または閉庁日に閲覧しました。", HOURS.start, HOURS.end)
            }
            Sign::NoCase => format!(
                "閲覧の{CASE_DAYS_BEFORE}日前から{CASE_DAYS_AFTER}日後までに、この職員がこの方について行った事務がありません。ほかの点があるときだけ示します。"
            ),
            Sign::ManyRefusals => format!("1日に{REFUSALS_MIN}回以上、操作を拒否されました。"),
            Sign::ManySearches => format!(
                "1日に{SEARCHES_MIN}回以上検索し、その日の職員の中央値の{SEARCHES_TIMES}倍以上でした。"
            ),
        }
    }
}

coded! {
    /// 判断 on what is put before the auditor.
    Decision {
        Fine = "fine", "問題なし";
        Asking = "asking", "本人に確認中";
        Reported = "reported", "報告";
    }
}

coded! {
    /// 判断の理由. Chosen, not written: what is written in a log nobody can take back.
    Ground {
        DeskWork = "desk_work", "窓口・電話の応対で、記録を残さない用務だった";
        Supervision = "supervision", "上司・指導者としての確認だった";
        OwnRequest = "own_request", "閲覧された方からの依頼だった";
        WrongPerson = "wrong_person", "取り違えて開き、すぐに閉じた";
        AskedStaff = "asked_staff", "本人に事情を尋ねている";
        AskedChief = "asked_chief", "所属長を通じて尋ねている";
        Unexplained = "unexplained", "用務が確認できない";
        Passed = "passed", "外部に伝えたおそれがある";
    }
}

impl Ground {
    /// With which decision a ground goes.
    pub const fn decision(self) -> Decision {
        match self {
            Ground::DeskWork | Ground::Supervision | Ground::OwnRequest | Ground::WrongPerson => {
                Decision::Fine
            }
            Ground::AskedStaff | Ground::AskedChief => Decision::Asking,
            Ground::Unexplained | Ground::Passed => Decision::Reported,
        }
    }
}

/// Why a decision is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecisionFault {
    /// Nobody decides on themselves.
    OwnLook,
    /// The ground belongs to another decision.
    GroundMissesDecision,
    /// 報告 says to whom and what.
    NoteMissing,
}

impl DecisionFault {
    pub const fn ja(self) -> &'static str {
        match self {
            DecisionFault::OwnLook => {
                "自分の閲覧について判断することはできません。ほかの監査者に依頼してください"
            }
            DecisionFault::GroundMissesDecision => "判断に合う理由を選択してください",
            DecisionFault::NoteMissing => "報告した相手と日付を補足に入力してください",
        }
    }
}

/// Whether `by` may decide so on a look of `staff`. All that stands against it, at once.
pub fn decide(by: Id, staff: Id, decision: Decision, ground: Ground, has_note: bool) -> Vec<DecisionFault> {
    [
        (by == staff, DecisionFault::OwnLook),
        (ground.decision() != decision, DecisionFault::GroundMissesDecision),
        (decision == Decision::Reported && !has_note, DecisionFault::NoteMissing),
    ]
    .into_iter()
    .filter_map(|(is_so, fault)| is_so.then_some(fault))
    .collect()
}

/// A case may come until so many days after a look: until then a finding may still settle by itself.
pub const LOOK_AGAIN_DAYS: i32 = CASE_DAYS_AFTER + 1;

/// Who and whom, as the log names them.
pub type Id = u128;

/// A look at one person's page.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    pub at: DateTime,
    pub staff: Id,
    pub person: Id,
    pub is_same_surname: bool,
    pub is_same_address: bool,
}

/// Where somebody lives, as the register has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dwelling {
    pub person: Id,
    /// 世帯番号; empty where there is none.
    pub household: String,
    /// Search key of the address, with the building and the room.
    pub address: String,
    /// 支援措置
    pub is_protected: bool,
}

impl Dwelling {
    /// Whether somebody of this dwelling has looked at themselves, their household or their address.
    ///
    /// A protected address is not compared: a finding would say where the person lives (支援措置).
    pub fn is_ones_own(&self, looked_at: &Dwelling) -> bool {
        let is_household = !self.household.is_empty() && self.household == looked_at.household;
        let is_open = !self.is_protected && !looked_at.is_protected;
        self.person == looked_at.person
            || is_household
            || (is_open && !self.address.is_empty() && self.address == looked_at.address)
    }
}

/// Whether a moment lies outside the hours in which an office works.
pub fn is_off_hours(hour: i8, is_office_day: bool) -> bool {
    !is_office_day || !HOURS.contains(&hour)
}

/// Work done on a person: whatever changed or printed something.
#[derive(Clone, Copy, Debug)]
pub struct Deed {
    pub at: DateTime,
    pub staff: Id,
    pub person: Id,
}

/// A member of staff's day in numbers.
#[derive(Clone, Copy, Debug)]
pub struct Day {
    pub on: Date,
    pub staff: Id,
    pub refusals: u32,
    pub searches: u32,
}

/// What is put before the auditor: once for each member of staff, person and day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub on: Date,
    pub staff: Id,
    /// `None` where the day as a whole stands out.
    pub person: Option<Id>,
    pub signs: BTreeSet<Sign>,
}

/// Work belongs to a look when it was done from the day before until a week after.
const CASE_DAYS_BEFORE: i32 = 1;
const CASE_DAYS_AFTER: i32 = 7;
/// The same person on this many days, within [`LOOKS_WITHIN_DAYS`], without a case.
const LOOK_DAYS_MIN: usize = 3;
const LOOKS_WITHIN_DAYS: i32 = 30;
/// This many members of staff without a case, within a week.
const LOOKERS_MIN: usize = 4;
const LOOKERS_WITHIN_DAYS: i32 = 7;
/// Overtime is ordinary in an office; before and after these hours it is not.
const HOURS: std::ops::Range<i8> = 7..20;
const REFUSALS_MIN: u32 = 10;
/// So many searches, and so many times the colleagues' median of the day.
const SEARCHES_MIN: u32 = 60;
const SEARCHES_TIMES: u32 = 4;

fn days_between(earlier: Date, later: Date) -> i32 {
    later.since(earlier).map_or(i32::MAX, |span| span.get_days())
}

/// The findings of the days from `from` on, the most striking first. `is_office_day` knows weekends and holidays.
pub fn findings(
    looks: &[Look],
    deeds: &[Deed],
    days: &[Day],
    from: Date,
    is_office_day: impl Fn(Date) -> bool,
) -> Vec<Finding> {
    let mut worked: HashMap<(Id, Id), Vec<Date>> = HashMap::new();
    for deed in deeds {
        worked.entry((deed.staff, deed.person)).or_default().push(deed.at.date());
    }
    let has_case = |look: &Look| {
        worked.get(&(look.staff, look.person)).is_some_and(|dates| {
            dates
                .iter()
                .any(|on| (-CASE_DAYS_BEFORE..=CASE_DAYS_AFTER).contains(&days_between(look.at.date(), *on)))
        })
    };
    let loose: Vec<&Look> = looks.iter().filter(|look| !has_case(look)).collect();
    let mut by_pair: HashMap<(Id, Id), BTreeSet<Date>> = HashMap::new();
    let mut by_person: HashMap<Id, Vec<(Date, Id)>> = HashMap::new();
    for look in &loose {
        by_pair.entry((look.staff, look.person)).or_default().insert(look.at.date());
        by_person.entry(look.person).or_default().push((look.at.date(), look.staff));
    }
    let mut found: BTreeMap<(Date, Id, Option<Id>), BTreeSet<Sign>> = BTreeMap::new();
    let mut add = |look: &Look, sign| {
        found.entry((look.at.date(), look.staff, Some(look.person))).or_default().insert(sign);
    };
    for look in loose.iter().filter(|look| look.at.date() >= from) {
        let on = look.at.date();
        let within = |date: Date, days: i32| date <= on && days_between(date, on) < days;
        let look_days = by_pair[&(look.staff, look.person)]
            .iter()
            .filter(|date| within(**date, LOOKS_WITHIN_DAYS))
            .count();
        // Of many on one person each is named, also who came first.
        let lookers: BTreeSet<Id> = by_person[&look.person]
            .iter()
            .filter(|(date, _)| days_between(*date, on).abs() < LOOKERS_WITHIN_DAYS)
            .map(|(_, staff)| *staff)
            .collect();
        let signs = [
            (look.is_same_surname, Sign::SameSurname),
            (look_days >= LOOK_DAYS_MIN, Sign::ManyLooks),
            (lookers.len() >= LOOKERS_MIN, Sign::ManyLookers),
            (is_off_hours(look.at.hour(), is_office_day(on)), Sign::OffHours),
        ];
        for (_, sign) in signs.into_iter().filter(|(is_so, _)| *is_so) {
            add(look, sign);
            add(look, Sign::NoCase);
        }
    }
    for look in looks.iter().filter(|look| look.is_same_address && look.at.date() >= from) {
        add(look, Sign::SameAddress);
    }
    for (key, sign) in days_that_stand_out(days, from) {
        found.entry((key.0, key.1, None)).or_default().insert(sign);
    }
    let mut findings: Vec<Finding> =
        found.into_iter().map(|((on, staff, person), signs)| Finding { on, staff, person, signs }).collect();
    findings.sort_by_key(|finding| {
        (!finding.signs.contains(&Sign::SameAddress), std::cmp::Reverse(finding.signs.len()), finding.on)
    });
    findings
}

fn days_that_stand_out(days: &[Day], from: Date) -> Vec<((Date, Id), Sign)> {
    let mut searches: BTreeMap<Date, Vec<u32>> = BTreeMap::new();
    for day in days {
        searches.entry(day.on).or_default().push(day.searches);
    }
    let median = |on: Date| {
        let mut counts = searches[&on].clone();
        counts.sort_unstable();
        counts[counts.len() / 2]
    };
    let mut found = Vec::new();
    for day in days.iter().filter(|day| day.on >= from) {
        if day.refusals >= REFUSALS_MIN {
            found.push(((day.on, day.staff), Sign::ManyRefusals));
        }
        if day.searches >= SEARCHES_MIN && day.searches >= SEARCHES_TIMES * median(day.on) {
            found.push(((day.on, day.staff), Sign::ManySearches));
        }
    }
    found
}

/// From which day on looks and deeds must be read, for the findings from `from` on.
pub fn read_from(from: Date) -> Date {
    from.checked_sub(LOOKS_WITHIN_DAYS.days()).unwrap_or(from)
}
