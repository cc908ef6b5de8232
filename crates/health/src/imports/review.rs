//! 確認待ちの判断: whose record is it, and may it stand. Nothing is merged by guess: a person says so, with a reason.

use super::{
    review_sql::{self, Item, Recorded},
    sql,
};
use crate::{App, ledger, records};
use domain::{
    Date,
    ids::AddresseeNumber,
    schedule::{DoseVerdict, GivenDose, Vaccine},
};
use kit::{Acting, Action, Case, Failure, Target};
use serde_json::json;
use uuid::Uuid;

pub const ITEMS_PER_PAGE: i64 = 50;
/// As many as stand side by side on a screen.
const CANDIDATES_MAX: i64 = 4;
pub const REASON_CHARS_MAX: usize = 500;

/// A page of what waits, and how much waits in all.
pub async fn waiting(app: &App, acting: &Acting, page: u64) -> Result<(Vec<Item>, i64), Failure> {
    let mut case = Case::open(&app.kit, acting, Action::ViewImports, Target::NONE).await?;
    let municipality = case.municipality();
    let offset = page.saturating_sub(1).cast_signed().saturating_mul(ITEMS_PER_PAGE);
    let items = review_sql::waiting(case.conn(), municipality, ITEMS_PER_PAGE, offset).await?;
    let total = sql::waiting_count(case.conn(), municipality).await?;
    case.viewed(json!({"page": "review", "rows": items.len()})).await?;
    Ok((items, total))
}

/// A person the row may mean, with what the law says of the dose for them.
pub struct Candidate {
    pub resident: ledger::Resident,
    /// `None` for 予診のみ.
    pub verdict: Option<DoseVerdict>,
}

/// An item with whom it may mean.
pub struct Opened {
    pub item: Item,
    pub candidates: Vec<Candidate>,
}

/// Opens one item. Seeing a candidate is seeing a person: each is logged.
pub async fn open(app: &App, acting: &Acting, item_id: Uuid) -> Result<Opened, Failure> {
    let mut case =
        Case::open(&app.kit, acting, Action::DecideReview, Target::of("review_item", item_id)).await?;
    let municipality = case.municipality();
    let item = review_sql::item(case.conn(), municipality, item_id, false).await?.ok_or(Failure::NotFound)?;
    let today = app.kit.clock.today();
    let mut candidates = Vec::new();
    for resident in review_sql::candidates(case.conn(), municipality, &item, CANDIDATES_MAX).await? {
        let id = resident.resident_id;
        case.also_viewed(&app.kit, Target::resident(id), json!({"page": "review"})).await?;
        let known = ledger::ledger(case.conn(), municipality, id, today).await?.ok_or(Failure::NotFound)?;
        let verdict = dose(&item).map(|dose| app.engine.check(&known.person, &known.given(), &dose));
        candidates.push(Candidate { resident, verdict });
    }
    case.viewed(json!({"state": item.state})).await?;
    Ok(Opened { item, candidates })
}

/// The dose of an item; `None` for 予診のみ.
fn dose(item: &Item) -> Option<GivenDose> {
    if item.cell("judgement") != "1" {
        return None;
    }
    Some(GivenDose {
        on: day(item)?,
        vaccine: Vaccine::from_code(&item.cell("vaccine"))?,
        volume_centi_ml: item.cell("volume_centi_ml").parse().ok(),
        lot_expires_on: item.cell("lot_expires_on").parse().ok(),
    })
}

fn day(item: &Item) -> Option<Date> {
    item.cell("vaccinated_on").parse().ok()
}

/// For whom a dose is to be recorded.
#[derive(Clone, Copy, Debug)]
pub enum Whose {
    Candidate(Uuid),
    Number(AddresseeNumber),
}

/// Why a decision was not taken; each is said beside its field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecideError {
    #[error("この宛名番号の人は台帳にいません。番号を確かめて入力してください")]
    NobodyHasNumber,
    #[error(
        "同じ日に同じワクチンの記録がある人です。二重に登録できません。登録済みの記録を訂正するか、この行を退けてください"
    )]
    AlreadyRecorded,
    #[error("接種日がこの人の生年月日より前です。別の人を選ぶか、この行を退けてください")]
    BeforeBirth,
    #[error("接種日が今日より後です。この行を退け、送付元に正しい日を確かめてください")]
    InTheFuture,
}

/// Records the item's dose for one person. Returns the next item that waits.
///
/// # Errors
/// [`Failure::Conflict`] where someone else has decided meanwhile.
pub async fn record(
    app: &App,
    acting: &Acting,
    item_id: Uuid,
    whose: Whose,
    explanation: &str,
) -> Result<Result<Option<Uuid>, DecideError>, Failure> {
    let mut case =
        Case::open(&app.kit, acting, Action::DecideReview, Target::of("review_item", item_id)).await?;
    let municipality = case.municipality();
    let item = open_item(&mut case, item_id).await?;
    let today = app.kit.clock.today();
    let resident_id = match whose {
        Whose::Candidate(id) => id,
        Whose::Number(number) => {
            match review_sql::by_number(case.conn(), municipality, &number.to_string()).await? {
                Some(id) => id,
                None => return Ok(Err(DecideError::NobodyHasNumber)),
            }
        }
    };
    let known =
        ledger::ledger(case.conn(), municipality, resident_id, today).await?.ok_or(Failure::NotFound)?;
    if let Some(impossible) = impossible(&mut case, &item, &known, today).await? {
        return Ok(Err(impossible));
    }
    let verdict = dose(&item).map(|dose| app.engine.check(&known.person, &known.given(), &dose));
    let record_id = app.kit.ids.next();
    let recorded = Recorded { record_id, resident_id, verdict: verdict.as_ref(), explanation };
    let at = case.at();
    review_sql::record(case.conn(), acting, &item, &recorded, at).await?;
    records::rebuild_verdicts(case.conn(), &app.engine, municipality, resident_id).await?;
    review_sql::close(case.conn(), acting, item_id, Some(record_id), explanation, at).await?;
    let next = review_sql::next(case.conn(), municipality, item_id).await?;
    case.aim(Target::resident(resident_id));
    case.done(json!({"decision": "recorded", "item": item_id, "record": record_id})).await?;
    Ok(Ok(next))
}

/// What cannot be true for this person.
async fn impossible(
    case: &mut Case,
    item: &Item,
    known: &ledger::Ledger,
    today: Date,
) -> Result<Option<DecideError>, Failure> {
    let municipality = case.municipality();
    let on = day(item).ok_or(Failure::NotFound)?;
    if on > today {
        return Ok(Some(DecideError::InTheFuture));
    }
    if on < known.resident.birth_date {
        return Ok(Some(DecideError::BeforeBirth));
    }
    let same = review_sql::has_same_day(case.conn(), municipality, known.resident.resident_id, item).await?;
    Ok(same.then_some(DecideError::AlreadyRecorded))
}

/// Puts the row aside with the reason, which goes back to the sender. Returns the next item that waits.
///
/// # Errors
/// [`Failure::Conflict`] where someone else has decided meanwhile.
pub async fn reject(
    app: &App,
    acting: &Acting,
    item_id: Uuid,
    reason: &str,
) -> Result<Option<Uuid>, Failure> {
    let mut case =
        Case::open(&app.kit, acting, Action::DecideReview, Target::of("review_item", item_id)).await?;
    let municipality = case.municipality();
    open_item(&mut case, item_id).await?;
    let at = case.at();
    review_sql::close(case.conn(), acting, item_id, None, reason, at).await?;
    let next = review_sql::next(case.conn(), municipality, item_id).await?;
    case.done(json!({"decision": "rejected"})).await?;
    Ok(next)
}

async fn open_item(case: &mut Case, item_id: Uuid) -> Result<Item, Failure> {
    let municipality = case.municipality();
    let item = review_sql::item(case.conn(), municipality, item_id, true).await?.ok_or(Failure::NotFound)?;
    if item.is_open() {
        return Ok(item);
    }
    Err(Failure::Conflict(
        "この行は別の職員が判断済みです。確認待ちの一覧から次の行を選んでください。".to_owned(),
    ))
}
