//! Use cases about residents.

use super::sql::{self, NewFact, Search};
use crate::{
    App,
    ledger::{self, Ledger, Resident},
    records, sheets,
};
use domain::{
    Date,
    schedule::{Disability, Disease, Forecast},
};
use kit::{Acting, Action, Case, Failure, Posted, Target};
use serde_json::json;
use ui::FormErrors;
use uuid::Uuid;

/// One page of a search.
pub const FOUND_PER_PAGE: i64 = 50;
/// Looks shown on the page of a person's views; the log itself has all.
const VIEWS_SHOWN_MAX: i64 = 200;

/// People found, and whether there are more.
pub struct Found {
    pub people: Vec<Resident>,
    pub has_more: bool,
}

/// Searches; the log keeps whose rows were shown, never what was typed.
pub async fn search(app: &App, acting: &Acting, search: &Search, offset: i64) -> Result<Found, Failure> {
    let mut case = Case::open(&app.kit, acting, Action::SearchResidents, Target::NONE).await?;
    let municipality = case.municipality();
    let (people, has_more) = sql::search(case.conn(), municipality, search, offset, FOUND_PER_PAGE).await?;
    let shown: Vec<Uuid> = people.iter().map(|person| person.resident_id).collect();
    case.viewed(json!({"shown": shown, "offset": offset})).await?;
    Ok(Found { people, has_more })
}

/// A person's ledger with the engine's answer for today.
pub struct Standing {
    pub ledger: Ledger,
    pub forecast: Forecast,
    pub records: Vec<records::sql::RecordRow>,
    pub today: Date,
    pub data_until: Option<String>,
}

/// Opens a person's page.
pub async fn standing(app: &App, acting: &Acting, resident_id: Uuid) -> Result<Standing, Failure> {
    let today = app.kit.clock.today();
    let mut case = Case::open(&app.kit, acting, Action::ViewResident, Target::resident(resident_id)).await?;
    let municipality = case.municipality();
    let ledger =
        ledger::ledger(case.conn(), municipality, resident_id, today).await?.ok_or(Failure::NotFound)?;
    let records = records::sql::of_resident(case.conn(), municipality, resident_id).await?;
    let data_until = ledger::data_until(case.conn(), municipality).await?;
    let forecast = app.engine.forecast(&ledger.person, &ledger.given(), today);
    case.viewed(json!({"page": "standing"})).await?;
    Ok(Standing { ledger, forecast, records, today, data_until })
}

/// Opens one of the other pages about a person: the person and what the page shows.
pub async fn household(
    app: &App,
    acting: &Acting,
    resident_id: Uuid,
) -> Result<(Resident, Vec<Resident>), Failure> {
    let mut case = Case::open(&app.kit, acting, Action::ViewResident, Target::resident(resident_id)).await?;
    let municipality = case.municipality();
    let person = ledger::resident(case.conn(), municipality, resident_id).await?.ok_or(Failure::NotFound)?;
    let people = sql::household(case.conn(), municipality, &person.household_number).await?;
    for other in people.iter().filter(|other| other.resident_id != resident_id) {
        case.also_viewed(&app.kit, Target::resident(other.resident_id), json!({"page": "household"})).await?;
    }
    case.viewed(json!({"page": "household"})).await?;
    Ok((person, people))
}

/// 発送履歴: what was sent to this person, or kept back.
pub async fn sent(
    app: &App,
    acting: &Acting,
    resident_id: Uuid,
) -> Result<(Resident, Vec<sheets::sql::Sheet>), Failure> {
    let mut case = Case::open(&app.kit, acting, Action::ViewResident, Target::resident(resident_id)).await?;
    let municipality = case.municipality();
    let person = ledger::resident(case.conn(), municipality, resident_id).await?.ok_or(Failure::NotFound)?;
    let sent = sheets::sql::of_resident(case.conn(), municipality, resident_id).await?;
    case.viewed(json!({"page": "sent"})).await?;
    Ok((person, sent))
}

/// 閲覧履歴: who has looked at this person. Looking at it is a look, too.
pub async fn views(
    app: &App,
    acting: &Acting,
    resident_id: Uuid,
) -> Result<(Resident, Vec<sql::View>), Failure> {
    let mut case = Case::open(&app.kit, acting, Action::ViewResident, Target::resident(resident_id)).await?;
    let municipality = case.municipality();
    let person = ledger::resident(case.conn(), municipality, resident_id).await?.ok_or(Failure::NotFound)?;
    let views = sql::views(case.conn(), municipality, resident_id, VIEWS_SHOWN_MAX).await?;
    case.viewed(json!({"page": "views"})).await?;
    Ok((person, views))
}

/// 事項 of a person.
pub async fn facts(
    app: &App,
    acting: &Acting,
    resident_id: Uuid,
) -> Result<(Resident, Vec<sql::Fact>), Failure> {
    let mut case = Case::open(&app.kit, acting, Action::ViewResident, Target::resident(resident_id)).await?;
    let municipality = case.municipality();
    let person = ledger::resident(case.conn(), municipality, resident_id).await?.ok_or(Failure::NotFound)?;
    let facts = sql::facts(case.conn(), municipality, resident_id).await?;
    case.viewed(json!({"page": "facts"})).await?;
    Ok((person, facts))
}

/// The kinds of facts the counter can note, in the order they are offered: code and words.
pub const FACT_KINDS: [(&str, &str); 9] = [
    ("memo", "職員メモ"),
    ("had_disease", "罹患した疾病"),
    ("disability", "障害の種別(60～64歳のB類対象)"),
    ("hbv_prophylaxis", "B型肝炎母子感染予防を受けた"),
    ("immunocompromised", "免疫機能が低下している"),
    ("long_illness", "長期療養(特例)"),
    ("mr_shortage", "麻しん風しんワクチンの不足により未接種"),
    ("rubella_test", "風しん抗体検査"),
    ("due_date", "分娩予定日"),
];

/// The words of a kind.
pub fn fact_ja(kind: &str) -> &'static str {
    FACT_KINDS.iter().find(|(code, _)| *code == kind).map_or("", |(_, ja)| ja)
}

/// A memo or a reason is a few sentences.
pub const MEMO_CHARS_MAX: usize = 500;

/// Reads what was typed into the form of a new fact; all errors at once.
pub fn read_fact(app: &App, posted: &Posted, birth: Date) -> Result<NewFact, FormErrors> {
    let mut errors = FormErrors::default();
    let kind = FACT_KINDS.iter().find(|(code, _)| *code == posted.text("kind")).map(|(code, _)| *code);
    let Some(kind) = kind else {
        errors.add("kind", "登録する事項を選択してください");
        return Err(errors);
    };
    let value = posted.trimmed(&format!("{kind}_value")).to_owned();
    let mut day = |field: &str, name: &str, is_needed: bool| {
        let text = posted.trimmed(field);
        if text.is_empty() {
            if is_needed {
                errors.add(field, format!("{name}を入力してください"));
            }
            return None;
        }
        match domain::wareki::parse(text) {
            Ok(date) if date < birth => {
                errors.add(field, format!("{name}は生年月日以後の日付を入力してください"));
                None
            }
            Ok(date) => Some(date),
            Err(error) => {
                errors.add(field, format!("{name}: {error}"));
                None
            }
        }
    };
    let (from_on, until_on) = match kind {
        "long_illness" => {
            (day("from_on", "療養が始まった日", false), day("until_on", "接種できるようになった日", false))
        }
        "rubella_test" => (day("from_on", "検査日", true), None),
        "due_date" => (day("from_on", "分娩予定日", true), None),
        _ => (None, None),
    };
    if let ("rubella_test", Some(on)) = (kind, from_on)
        && on > app.kit.clock.today()
    {
        errors.add("from_on", "検査日は今日以前の日付を入力してください");
    }
    match kind {
        "memo" if value.is_empty() => errors.add("memo_value", "メモの内容を入力してください"),
        "memo" if value.chars().count() > MEMO_CHARS_MAX => {
            errors.add("memo_value", format!("メモは{MEMO_CHARS_MAX}文字以内で入力してください"));
        }
        "had_disease" if Disease::from_code(&value).is_none() => {
            errors.add("had_disease_value", "罹患した疾病を選択してください");
        }
        "disability" if Disability::from_code(&value).is_none() => {
            errors.add("disability_value", "障害の種別を選択してください");
        }
        "rubella_test" if !matches!(value.as_str(), "insufficient" | "sufficient") => {
            errors.add("rubella_test_value", "抗体価の判定を選択してください");
        }
        _ => {}
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    Ok(NewFact { fact_id: app.kit.ids.next(), kind, value, from_on, until_on })
}

/// Notes a fact.
pub async fn note(app: &App, acting: &Acting, resident_id: Uuid, fact: &NewFact) -> Result<(), Failure> {
    let mut case = Case::open(&app.kit, acting, Action::NoteFact, Target::resident(resident_id)).await?;
    let (municipality, at) = (case.municipality(), case.at());
    ledger::resident(case.conn(), municipality, resident_id).await?.ok_or(Failure::NotFound)?;
    sql::insert_fact(case.conn(), municipality, resident_id, fact, acting.staff_id, at).await?;
    // A fact may change what a dose counts for: the verdicts beside the records follow it.
    records::sql::lock_person(case.conn(), municipality, resident_id).await?;
    records::rebuild_verdicts(case.conn(), &app.engine, municipality, resident_id).await?;
    let after = json!({"fact": fact.fact_id, "withdrawn": false});
    case.done_changing(json!({"fact": fact.fact_id, "kind": fact.kind}), None, after).await
}

/// Withdraws a fact; the row stays, with who, when and why.
pub async fn withdraw(
    app: &App,
    acting: &Acting,
    (resident_id, fact_id): (Uuid, Uuid),
    reason: &str,
) -> Result<(), Failure> {
    let mut case = Case::open(&app.kit, acting, Action::WithdrawFact, Target::resident(resident_id)).await?;
    let (municipality, at) = (case.municipality(), case.at());
    let keys = (resident_id, fact_id);
    if !sql::withdraw_fact(case.conn(), municipality, keys, reason, acting.staff_id, at).await? {
        return Err(Failure::NotFound);
    }
    records::sql::lock_person(case.conn(), municipality, resident_id).await?;
    records::rebuild_verdicts(case.conn(), &app.engine, municipality, resident_id).await?;
    let state = |withdrawn: bool| json!({"fact": fact_id, "withdrawn": withdrawn});
    case.done_changing(json!({"fact": fact_id}), state(false), state(true)).await
}
