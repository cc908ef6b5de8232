//! Use cases of whoever confirms: looking at the lists, deciding, signing.

use super::{
    rules::{self, Asked, Bar, Change, Chief, Decided, Decision, Item},
    sql::{self, Entry, PartRow, Review, Which},
};
use crate::{
    App,
    rights::case::{self as rights, Removal},
};
use domain::Date;
use kit::{Acting, Action, Case, Failure, Municipality, Role, Target};
use serde_json::json;
use sqlx::PgConnection;
use std::collections::BTreeMap;
use uuid::Uuid;

type Chiefs = Vec<(Chief, String)>;

fn ids(chiefs: &Chiefs) -> Vec<Chief> {
    chiefs.iter().map(|(chief, _)| *chief).collect()
}

/// Whether somebody sees every list: whoever runs the review, and whoever audits it.
fn sees_all(acting: &Acting) -> bool {
    acting.roles.iter().any(|role| matches!(role, Role::IdManager | Role::Auditor))
}

/// A list with who is asked about it.
pub struct Listed {
    pub row: PartRow,
    pub asked: Asked,
    /// The names of those who are asked.
    pub names: Vec<String>,
    /// Whether whoever looks may decide about it now.
    pub is_yours: bool,
}

fn listed(rows: Vec<PartRow>, chiefs: &Chiefs, acting: &Acting) -> Vec<Listed> {
    let known = ids(chiefs);
    let may = acting.may(Action::ConfirmReview);
    rows.into_iter()
        .filter(|row| sees_all(acting) || rules::may_see(&row.part, &known, acting.staff_id))
        .map(|row| {
            let asked = rules::asked(&row.part, &known);
            let name =
                |id: &Uuid| chiefs.iter().find(|(chief, _)| chief.staff_id == *id).map(|(_, name)| name);
            Listed {
                names: asked.ids().iter().filter_map(name).cloned().collect(),
                is_yours: may && rules::may_decide(&row.part, &known, acting.staff_id).is_ok(),
                asked,
                row,
            }
        })
        .collect()
}

/// What somebody has to do about reviews. Asked by the home page, within its own case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tasks {
    /// Lists that wait for this chief, and until when.
    pub waiting: Option<(usize, Date)>,
    /// For the ID manager: lists without a signature, with the review's due date.
    pub unsigned: Option<(usize, Date)>,
    /// For the ID manager: this year's review has not been started.
    pub is_missing: bool,
}

pub async fn tasks(
    conn: &mut PgConnection,
    municipality: Municipality,
    acting: &Acting,
    today: Date,
) -> sqlx::Result<Tasks> {
    let (starts, confirms) = (acting.may(Action::StartReview), acting.may(Action::ConfirmReview));
    if !starts && !confirms {
        return Ok(Tasks::default());
    }
    let known = sql::known(conn, municipality).await?;
    let mut tasks =
        Tasks { is_missing: starts && rules::is_missing(known.yearly, today), ..Tasks::default() };
    if !known.is_one_open {
        return Ok(tasks);
    }
    let rows = sql::parts(conn, municipality, Which::Open, today).await?;
    let chiefs = ids(&sql::chiefs(conn, municipality, today).await?);
    let open = rows.iter().filter(|row| !row.part.is_signed);
    let yours = open.clone().filter(|row| rules::asked(&row.part, &chiefs).ids().contains(&acting.staff_id));
    let (unsigned, waiting) = (open.count(), if confirms { yours.count() } else { 0 });
    if let Some(review_id) = rows.first().map(|row| row.review_id)
        && let Some(review) = sql::get(conn, municipality, review_id, false).await?
    {
        tasks.waiting = (waiting > 0).then_some((waiting, review.due_on));
        tasks.unsigned = starts.then_some((unsigned, review.due_on));
    }
    Ok(tasks)
}

/// The first page of the room.
pub struct Overview {
    pub reviews: Vec<Review>,
    /// The lists of the open review that whoever looks may see.
    pub open: Vec<Listed>,
    pub is_missing: bool,
    pub is_one_open: bool,
}

pub async fn overview(app: &App, acting: &Acting) -> Result<Overview, Failure> {
    let today = app.kit.clock.today();
    let mut case = Case::open(&app.kit, acting, Action::ViewReviews, Target::NONE).await?;
    let municipality = case.municipality();
    let reviews = sql::list(case.conn(), municipality).await?;
    let known = sql::known(case.conn(), municipality).await?;
    let chiefs = sql::chiefs(case.conn(), municipality, today).await?;
    let open = sql::parts(case.conn(), municipality, Which::Open, today).await?;
    case.viewed(json!({"shown": reviews.len()})).await?;
    Ok(Overview {
        reviews,
        open: listed(open, &chiefs, acting),
        is_missing: rules::is_missing(known.yearly, today),
        is_one_open: known.is_one_open,
    })
}

/// One review with its lists.
pub struct Shown {
    pub review: Review,
    pub parts: Vec<Listed>,
}

pub async fn show(app: &App, acting: &Acting, review_id: Uuid) -> Result<Shown, Failure> {
    let today = app.kit.clock.today();
    let mut case = Case::open(&app.kit, acting, Action::ViewReviews, Target::of("review", review_id)).await?;
    let municipality = case.municipality();
    let review = sql::get(case.conn(), municipality, review_id, false).await?.ok_or(Failure::NotFound)?;
    let chiefs = sql::chiefs(case.conn(), municipality, today).await?;
    let parts = sql::parts(case.conn(), municipality, Which::Of(review_id), today).await?;
    let parts = listed(parts, &chiefs, acting);
    case.viewed(json!({"shown": parts.len()})).await?;
    Ok(Shown { review, parts })
}

/// One list of a report.
pub struct Reported {
    pub listed: Listed,
    pub entries: Vec<Entry>,
    /// Whether list and decisions are what was frozen and signed.
    pub is_sound: bool,
}

fn items(entries: &[Entry]) -> Vec<Item> {
    entries.iter().map(|entry| entry.item.clone()).collect()
}

fn is_sound(row: &PartRow, entries: &[Entry]) -> bool {
    let items = items(entries);
    let signed = row.signature.as_ref().map(|signature| signature.version.as_str());
    rules::version_of_list(row.part.part_id, &items) == row.version
        && signed.is_none_or(|version| version == rules::version_to_sign(&row.version, &items))
}

/// 点検の報告書: everything that was decided, and by whom.
pub async fn report(app: &App, acting: &Acting, review_id: Uuid) -> Result<(Review, Vec<Reported>), Failure> {
    let today = app.kit.clock.today();
    let mut case = Case::open(&app.kit, acting, Action::ViewReviews, Target::of("review", review_id)).await?;
    let municipality = case.municipality();
    let review = sql::get(case.conn(), municipality, review_id, false).await?.ok_or(Failure::NotFound)?;
    let chiefs = sql::chiefs(case.conn(), municipality, today).await?;
    let parts = sql::parts(case.conn(), municipality, Which::Of(review_id), today).await?;
    let mut reported = Vec::new();
    for listed in listed(parts, &chiefs, acting) {
        let entries = sql::entries(case.conn(), municipality, listed.row.part.part_id, today).await?;
        let is_sound = is_sound(&listed.row, &entries);
        reported.push(Reported { listed, entries, is_sound });
    }
    case.viewed(json!({"page": "report", "shown": reported.len()})).await?;
    Ok((review, reported))
}

/// Everything about one list.
pub struct Opened {
    pub review: Review,
    pub listed: Listed,
    pub entries: Vec<Entry>,
    /// 名簿にない権限 of the section: they began after the 基準日, or were granted after the freeze.
    pub granted: Vec<(String, Role, Date)>,
}

/// Reads one list, as somebody who may know of it.
async fn open(
    case: &mut Case,
    acting: &Acting,
    part_id: Uuid,
    (today, lock): (Date, bool),
) -> Result<(Opened, Chiefs), Failure> {
    let municipality = case.municipality();
    let find = |rows: Vec<PartRow>| rows.into_iter().next().ok_or(Failure::NotFound);
    let row = find(sql::parts(case.conn(), municipality, Which::One(part_id), today).await?)?;
    let review = sql::get(case.conn(), municipality, row.review_id, lock).await?.ok_or(Failure::NotFound)?;
    // Read again where others had to be waited for.
    let row = if lock {
        find(sql::parts(case.conn(), municipality, Which::One(part_id), today).await?)?
    } else {
        row
    };
    let chiefs = sql::chiefs(case.conn(), municipality, today).await?;
    let entries = sql::entries(case.conn(), municipality, part_id, today).await?;
    let granted = match row.part.chief_id {
        None => {
            let of = (row.review_id, row.part.section_id);
            sql::granted_since(case.conn(), municipality, of, today).await?
        }
        Some(_) => Vec::new(),
    };
    let listed = listed(vec![row], &chiefs, acting).pop().ok_or(Failure::NotFound)?;
    Ok((Opened { review, listed, entries, granted }, chiefs))
}

fn target(part_id: Uuid) -> Target {
    Target::of("review_part", part_id)
}

pub async fn part(app: &App, acting: &Acting, part_id: Uuid) -> Result<Opened, Failure> {
    let mut case = Case::open(&app.kit, acting, Action::ViewReviews, target(part_id)).await?;
    let today = app.kit.clock.today();
    let (opened, _) = open(&mut case, acting, part_id, (today, false)).await?;
    case.viewed(json!({"shown": opened.entries.len()})).await?;
    Ok(opened)
}

/// Opens a list for somebody who wants to decide about it, or refuses with the sentence for them.
async fn open_to_decide(
    app: &App,
    acting: &Acting,
    part_id: Uuid,
    lock: bool,
) -> Result<(Case, Opened, Uuid), Failure> {
    let mut case = Case::open(&app.kit, acting, Action::ConfirmReview, target(part_id)).await?;
    let (opened, chiefs) = open(&mut case, acting, part_id, (app.kit.clock.today(), lock)).await?;
    let (known, part) = (ids(&chiefs), &opened.listed.row.part);
    if let Err(bar) = rules::may_decide(part, &known, acting.staff_id) {
        case.refused(&app.kit, json!({"cause": format!("{bar:?}")})).await?;
        return Err(Failure::Conflict(bar.to_string()));
    }
    let own = known.iter().find(|chief| chief.staff_id == acting.staff_id).map(|chief| chief.section_id);
    // Of a chief whose section is not known, the signer's own section stands in the application.
    let section_id = part.section_id.or(own).ok_or(Failure::NotFound)?;
    Ok((case, opened, section_id))
}

/// What was chosen for one role of one person; `None` leaves it open.
pub struct Choice {
    pub staff_id: Uuid,
    pub role: Role,
    pub decided: Option<Decided>,
    /// The mark of what the page had shown.
    pub shown: String,
}

/// What came of a page of choices.
pub enum Kept {
    /// So many are still open.
    Open(usize),
    /// Somebody else has changed what this page changes, too. Nothing is kept; this is how the list stands now.
    Overtaken(Box<Opened>),
}

/// Keeps what was decided so far: only what the page changes, and nothing that somebody else has changed since.
pub async fn decide(app: &App, acting: &Acting, part_id: Uuid, choices: &[Choice]) -> Result<Kept, Failure> {
    let (mut case, opened, _) = open_to_decide(app, acting, part_id, true).await?;
    let (municipality, at) = (case.municipality(), case.at());
    let mut items = items(&opened.entries);
    let before = rules::undecided(&items);
    let mut overtaken = 0;
    for item in items.iter_mut().filter(|item| item.is_held) {
        let is_this = |choice: &&Choice| choice.staff_id == item.staff_id && choice.role == item.role;
        let Some(choice) = choices.iter().find(is_this) else { continue };
        match rules::change(&choice.shown, choice.decided.as_ref(), item.decided.as_ref()) {
            Change::Nothing => {}
            Change::Overtaken => overtaken += 1,
            Change::Write => {
                item.decided.clone_from(&choice.decided);
                sql::decide(case.conn(), municipality, (part_id, item), (acting.staff_id, at)).await?;
            }
        }
    }
    if overtaken > 0 {
        case.refused(&app.kit, json!({"cause": "changed", "count": overtaken})).await?;
        return Ok(Kept::Overtaken(Box::new(opened)));
    }
    let open = rules::undecided(&items);
    let state = |open: usize| json!({"undecided": open});
    case.done_changing(json!({"review": opened.review.review_id}), state(before), state(open)).await?;
    Ok(Kept::Open(open))
}

/// What is to be signed.
pub struct ToSign {
    pub opened: Opened,
    pub settled: Vec<Item>,
    pub version: String,
}

fn to_sign(opened: Opened) -> Result<ToSign, Bar> {
    let settled = rules::settle(&items(&opened.entries))?;
    let version = rules::version_to_sign(&opened.listed.row.version, &settled);
    Ok(ToSign { opened, settled, version })
}

/// The confirm page before the signature.
pub async fn confirm(app: &App, acting: &Acting, part_id: Uuid) -> Result<ToSign, Failure> {
    let (case, opened, _) = open_to_decide(app, acting, part_id, false).await?;
    match to_sign(opened) {
        Ok(to_sign) => {
            case.viewed(json!({"page": "sign", "version": to_sign.version})).await?;
            Ok(to_sign)
        }
        Err(bar) => {
            case.refused(&app.kit, json!({"cause": format!("{bar:?}")})).await?;
            Err(Failure::Conflict(bar.to_string()))
        }
    }
}

/// Signs the version that the person has seen. What is to be removed ends with today, by the ordinary application.
pub async fn sign(app: &App, acting: &Acting, part_id: Uuid, seen: &str) -> Result<(), Failure> {
    let today = app.kit.clock.today();
    let (mut case, opened, section_id) = open_to_decide(app, acting, part_id, true).await?;
    let (municipality, by) = (case.municipality(), (acting.staff_id, case.at()));
    let to_sign = match to_sign(opened) {
        Ok(to_sign) if to_sign.version == seen => Ok(to_sign),
        Ok(_) => Err(Bar::Changed),
        Err(bar) => Err(bar),
    };
    let ToSign { opened, settled, version } = match to_sign {
        Ok(to_sign) => to_sign,
        Err(bar) => {
            case.refused(&app.kit, json!({"cause": format!("{bar:?}")})).await?;
            return Err(Failure::Conflict(bar.to_string()));
        }
    };
    let mut removals: BTreeMap<Uuid, (Vec<Role>, Vec<String>)> = BTreeMap::new();
    for item in &settled {
        sql::decide(case.conn(), municipality, (part_id, item), by).await?;
        if let Some((Decision::Remove, reason)) = &item.decided {
            let removal = removals.entry(item.staff_id).or_default();
            removal.0.push(item.role);
            removal.1.push(reason.clone());
        }
    }
    let mut applications = Vec::new();
    for (staff_id, (roles, mut reasons)) in removals {
        reasons.dedup();
        let removal = Removal {
            application_id: app.kit.ids.next(),
            staff_id,
            section_id,
            roles,
            reason: format!("{}：{}", opened.review.name, reasons.join("、")),
            last_on: today,
        };
        let ended = rights::end_rights(case.conn(), municipality, removal, by).await?;
        sql::note_application(case.conn(), municipality, (part_id, staff_id), ended.application_id).await?;
        applications.push(ended.application_id);
    }
    sql::sign(case.conn(), municipality, (part_id, &version), by).await?;
    let count = |of: Decision| {
        settled.iter().filter(|item| item.decided.as_ref().is_some_and(|(one, _)| *one == of)).count()
    };
    let after = json!({"version": version, "kept": count(Decision::Keep), "removed": count(Decision::Remove),
        "ended": count(Decision::Ended), "applications": applications});
    case.done_changing(json!({"review": opened.review.review_id}), json!({"signed": false}), after).await
}
