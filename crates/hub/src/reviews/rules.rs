//! Who confirms whose rights, when a review is late, and what is signed. Pure: facts in, answer out.

use domain::{Date, age, coded};
use kit::Role;
use sha2::{Digest, Sha256};
use uuid::Uuid;

coded! {
    /// 点検の種類.
    Kind {
        Yearly = "yearly", "年度当初の点検";
        AsNeeded = "as_needed", "随時の点検";
    }
}

coded! {
    /// 点検の判断 about one role of one person.
    Decision {
        Keep = "keep", "継続";
        Remove = "remove", "削除";
        // Not held any more when the list was signed.
        Ended = "ended", "終了済み";
    }
}

/// Who holds the role of 所属長 today, and in which section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chief {
    pub staff_id: Uuid,
    pub section_id: Uuid,
}

/// 点検の名簿, as far as it matters who may decide about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    pub part_id: Uuid,
    pub section_id: Option<Uuid>,
    /// The section above, as it is today.
    pub above_id: Option<Uuid>,
    /// 所属長 whose own list this is.
    pub chief_id: Option<Uuid>,
    /// Whose rights are on it.
    pub people: Vec<Uuid>,
    pub is_signed: bool,
    /// The review has ended.
    pub is_closed: bool,
}

/// Who is asked to decide about a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// 所属長 of the section.
    Section(Vec<Uuid>),
    /// 所属長 of the section above, which stands in.
    Above(Vec<Uuid>),
    /// At the top: some other 所属長.
    Other(Vec<Uuid>),
    Nobody,
}

impl Asked {
    pub fn ids(&self) -> &[Uuid] {
        match self {
            Asked::Section(ids) | Asked::Above(ids) | Asked::Other(ids) => ids,
            Asked::Nobody => &[],
        }
    }
}

impl Part {
    /// The people had no section when the list was frozen: no chief that comes later is theirs, so it stays unsigned.
    pub const fn is_out_of_reach(&self) -> bool {
        self.section_id.is_none() && self.chief_id.is_none()
    }
}

fn chiefs_of(part: &Part, chiefs: &[Chief], section: Option<Uuid>) -> Vec<Uuid> {
    let fits = |chief: &&Chief| Some(chief.section_id) == section && !part.people.contains(&chief.staff_id);
    chiefs.iter().filter(fits).map(|chief| chief.staff_id).collect()
}

/// Who is asked: the section's own chief, else the one above; about a chief's own rights at the top any other chief.
/// Never somebody who is on the list.
pub fn asked(part: &Part, chiefs: &[Chief]) -> Asked {
    let own = chiefs_of(part, chiefs, part.section_id);
    if !own.is_empty() && part.section_id.is_some() {
        return Asked::Section(own);
    }
    let above = chiefs_of(part, chiefs, part.above_id);
    if !above.is_empty() && part.above_id.is_some() {
        return Asked::Above(above);
    }
    // Also whoever has become the chief since the list was frozen.
    let is_about_a_chief =
        part.chief_id.is_some() || chiefs.iter().any(|chief| part.people.contains(&chief.staff_id));
    let others: Vec<Uuid> = chiefs
        .iter()
        .map(|chief| chief.staff_id)
        .filter(|chief| is_about_a_chief && !part.people.contains(chief))
        .collect();
    if others.is_empty() { Asked::Nobody } else { Asked::Other(others) }
}

/// Why somebody may not decide about a list, or not sign it. `Display` is the sentence for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Bar {
    #[error("この点検は終わっています。内容は報告書で確かめてください。")]
    Closed,
    #[error("この名簿はすでに署名されています。署名の内容は変えられません。")]
    Signed,
    #[error("自分の権限は、自分では点検できません。ほかの所属長が点検します。")]
    OwnRights,
    #[error("この名簿は、その所属の所属長か、上の所属の所属長が点検します。")]
    NotYours,
    #[error("まだ決めていない権限が{0}件あります。すべて「継続」か「削除」を選んでから署名してください。")]
    Undecided(usize),
    #[error("表示した後に、名簿の判断が変わりました。開き直して内容を確かめてから署名してください。")]
    Changed,
}

/// Whether this person may decide about the list: whoever is asked, and the chief above in any case.
pub fn may_decide(part: &Part, chiefs: &[Chief], who: Uuid) -> Result<(), Bar> {
    if part.is_closed {
        return Err(Bar::Closed);
    }
    if part.is_signed {
        return Err(Bar::Signed);
    }
    if part.people.contains(&who) {
        return Err(Bar::OwnRights);
    }
    let is_above = part.above_id.is_some() && chiefs_of(part, chiefs, part.above_id).contains(&who);
    if is_above || asked(part, chiefs).ids().contains(&who) { Ok(()) } else { Err(Bar::NotYours) }
}

/// Whether this person may know of the list at all: whoever may decide about it, now or before it was signed.
pub fn may_see(part: &Part, chiefs: &[Chief], who: Uuid) -> bool {
    let open = Part { is_closed: false, is_signed: false, ..part.clone() };
    may_decide(&open, chiefs, who).is_ok()
}

/// The last day is still in time.
pub fn is_overdue(due_on: Date, today: Date) -> bool {
    today > due_on
}

/// 今年度の点検がまだ始まっていない: `started` is the newest fiscal year whose yearly review was started.
pub fn is_missing(started: Option<i16>, today: Date) -> bool {
    started.is_none_or(|year| year < age::fiscal_year(today))
}

/// One role of one person, with what was decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    pub staff_id: Uuid,
    pub role: Role,
    pub duties: Vec<String>,
    pub from_on: Date,
    pub until_on: Option<Date>,
    pub decided: Option<Decided>,
    /// Whether it is held today, or from a later day on.
    pub is_held: bool,
}

/// What will be signed for an item: what is not held any more needs no decision.
pub fn verdict(item: &Item) -> Option<(Decision, &str)> {
    if !item.is_held {
        return Some((Decision::Ended, ""));
    }
    let decided = item.decided.as_ref().filter(|(decision, _)| *decision != Decision::Ended);
    decided.map(|(decision, reason)| (*decision, reason.as_str()))
}

/// What somebody decided about an item, with the reason.
pub type Decided = (Decision, String);

/// A decision as a page showed it, short enough to be sent back with the form. Nothing for what is undecided.
pub fn mark(decided: Option<&Decided>) -> String {
    decided.map_or_else(String::new, |(decision, reason)| {
        hex(&format!("{}\t{reason}", decision.code())).chars().take(MARK_CHARS).collect()
    })
}

/// 64 bits: enough to tell the few decisions about one item apart.
const MARK_CHARS: usize = 16;

/// What becomes of one line of a page that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// The page left it as it had shown it, or wants what is kept anyway.
    Nothing,
    Write,
    /// The page changes it, and so has somebody else since it was shown.
    Overtaken,
}

/// Whether a line is to be written: `shown` is the mark of what the page had shown.
pub fn change(shown: &str, chosen: Option<&Decided>, kept: Option<&Decided>) -> Change {
    if mark(chosen) == shown || chosen == kept {
        Change::Nothing
    } else if mark(kept) == shown {
        Change::Write
    } else {
        Change::Overtaken
    }
}

/// How many items somebody still has to decide about.
pub fn undecided<'a>(items: impl IntoIterator<Item = &'a Item>) -> usize {
    items.into_iter().filter(|item| verdict(item).is_none()).count()
}

/// The items as they will be signed.
///
/// # Errors
/// How many are undecided.
pub fn settle(items: &[Item]) -> Result<Vec<Item>, Bar> {
    match undecided(items) {
        0 => Ok(items
            .iter()
            .map(|item| Item {
                decided: verdict(item).map(|(decision, reason)| (decision, reason.to_owned())),
                ..item.clone()
            })
            .collect()),
        open => Err(Bar::Undecided(open)),
    }
}

fn hex(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// One line an item, whatever the order in which they were read.
fn digest(head: &str, items: &[Item], line: impl Fn(&Item) -> String) -> String {
    let mut lines: Vec<String> =
        items.iter().map(|item| format!("{}\t{}\t{}", item.staff_id, item.role.code(), line(item))).collect();
    lines.sort();
    hex(&format!("{head}\n{}\n", lines.join("\n")))
}

/// 名簿の版: a digest of what was frozen, whatever was decided since.
pub fn version_of_list(part_id: Uuid, items: &[Item]) -> String {
    digest(&format!("list\t{part_id}"), items, |item| {
        let until = item.until_on.map(|day| day.to_string()).unwrap_or_default();
        format!("{}\t{}\t{until}", item.duties.join(","), item.from_on)
    })
}

/// 署名の版: a digest of the list and of every decision. What a signature is given for.
pub fn version_to_sign(list: &str, settled: &[Item]) -> String {
    digest(&format!("decisions\t{list}"), settled, |item| match &item.decided {
        Some((decision, reason)) => format!("{}\t{reason}", decision.code()),
        None => String::new(),
    })
}
