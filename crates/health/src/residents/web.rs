//! Pages about residents. What was typed into the search travels in the body, never in an address.

use super::{
    case::{self, FACT_KINDS, FOUND_PER_PAGE, Standing},
    sql::{Fact, Search, View},
};
use crate::{
    App,
    ledger::Resident,
    page, person, records,
    sheets::sql::{Sheet, SheetState},
};
use askama::Template;
use axum::{
    extract::{Path, State},
    response::{Html, IntoResponse, Redirect, Response},
};
use domain::{
    Date, address, kana,
    schedule::{Disability, Disease, Forecast, Series, SeriesFinding, Status, japan::explain::Step},
    wareki,
};
use kit::{Acting, Action, Failure, Posted, web::Routes};
use ui::{Chip, Choice, Crumb, FieldState, FormErrors, PersonHeader, Shell, Timeline, Tone, filters};
use uuid::Uuid;

pub fn routes() -> Routes<App> {
    Routes::about("resident")
        .get("/residents", Action::SearchResidents, search_form)
        .ask("/residents", Action::SearchResidents, search)
        .get("/residents/{id}", Action::ViewResident, standing)
        .get("/residents/{id}/explain", Action::ViewResident, explain)
        .get("/residents/{id}/household", Action::ViewResident, household)
        .get("/residents/{id}/sheets", Action::ViewResident, sent)
        .get("/residents/{id}/views", Action::ViewResident, views)
        .get("/residents/{id}/facts", Action::ViewResident, facts)
        .post("/residents/{id}/facts", Action::NoteFact, note)
        .post("/residents/{id}/facts/{fact}/withdraw", Action::WithdrawFact, withdraw)
}

const NAV: &str = "/residents";

fn crumbs(person: &Resident, here: Option<&str>) -> Vec<Crumb> {
    let mut crumbs = vec![Crumb::link("/residents", "住民検索")];
    match here {
        // The name stands in the heading; addresses and crumbs carry only the word.
        None => crumbs.push(Crumb::here("住民")),
        Some(here) => {
            crumbs.push(Crumb::link(format!("/residents/{}", person.resident_id), "住民"));
            crumbs.push(Crumb::here(here));
        }
    }
    crumbs
}

#[derive(Template)]
#[template(path = "residents/search.html")]
struct SearchPage {
    shell: Shell,
    number: FieldState,
    kana: FieldState,
    name: FieldState,
    birth: FieldState,
    address: FieldState,
    former: FieldState,
    /// What was asked, for the buttons of the neighbouring pages.
    kept: Vec<(String, String)>,
    /// `None` before anything was asked.
    found: Option<FoundRows>,
}

struct FoundRows {
    people: Vec<Row>,
    from: i64,
    until: i64,
    /// Offsets for the buttons of the neighbouring pages.
    previous: Option<i64>,
    next: Option<i64>,
}

struct Row {
    id: Uuid,
    number: String,
    name: String,
    kana: String,
    birth: Option<Date>,
    birth_text: String,
    sex: &'static str,
    address: Option<String>,
    flag: Option<Chip>,
}

fn row(resident: &Resident) -> Row {
    Row {
        id: resident.resident_id,
        number: resident.addressee_number.clone(),
        name: resident.name_kanji.clone(),
        kana: resident.name_kana.clone(),
        birth: resident.has_exact_birth_date().then_some(resident.birth_date),
        birth_text: format!("{}年ごろ(不詳)", resident.birth_date.year()),
        sex: person::sex_ja(resident.sex),
        address: (!resident.address_protected).then(|| format!("{} {}", resident.address, resident.building)),
        flag: person::flag(resident),
    }
}

fn search_page(acting: &Acting, posted: &Posted, errors: FormErrors, found: Option<FoundRows>) -> SearchPage {
    let field = |name: &str| errors.field(name, posted.text(name));
    SearchPage {
        number: field("number"),
        kana: field("kana"),
        name: field("name"),
        birth: field("birth"),
        address: field("address"),
        former: field("former"),
        kept: posted.pairs().iter().filter(|(name, _)| name != "csrf" && name != "offset").cloned().collect(),
        found,
        shell: Shell {
            errors, ..page::shell(acting, "住民検索", NAV, vec![Crumb::here("住民検索")])
        },
    }
}

async fn search_form(acting: Acting) -> Result<Html<String>, Failure> {
    page::show(&search_page(&acting, &Posted::default(), FormErrors::default(), None))
}

/// Reads what was typed; all errors at once.
fn read_search(posted: &Posted) -> Result<Search, FormErrors> {
    let mut errors = FormErrors::default();
    let mut search = Search {
        kana_key: kana::key(posted.trimmed("kana")),
        name: posted.trimmed("name").to_owned(),
        address_key: address::key(posted.trimmed("address")),
        with_former: posted.is_checked("former"),
        ..Search::default()
    };
    let number = posted.trimmed("number");
    if !number.is_empty() {
        match domain::ids::AddresseeNumber::parse(number) {
            Ok(number) => search.addressee_number = number.to_string(),
            Err(error) => errors.add("number", error.to_string()),
        }
    }
    let birth = posted.trimmed("birth");
    if !birth.is_empty() {
        match wareki::parse(birth) {
            Ok(birth) => search.birth_date = Some(birth),
            Err(error) => errors.add("birth", error.to_string()),
        }
    }
    if errors.is_empty() && search.is_empty() {
        errors.add("number", "宛名番号・氏名・生年月日・住所のどれかを入力してください");
    }
    if errors.is_empty() { Ok(search) } else { Err(errors) }
}

async fn search(State(app): State<App>, acting: Acting, posted: Posted) -> Result<Response, Failure> {
    let search = match read_search(&posted) {
        Ok(search) => search,
        Err(errors) => return page::show_errors(&search_page(&acting, &posted, errors, None)),
    };
    let offset = posted.text("offset").parse().unwrap_or(0).clamp(0, 1_000_000);
    let found = case::search(&app, &acting, &search, offset).await?;
    // A number belongs to one person: go there at once.
    if let ([only], false) = (found.people.as_slice(), search.addressee_number.is_empty()) {
        return Ok(Redirect::to(&format!("/residents/{}", only.resident_id)).into_response());
    }
    let rows = FoundRows {
        from: offset + 1,
        until: offset + found.people.len() as i64,
        previous: (offset > 0).then(|| (offset - FOUND_PER_PAGE).max(0)),
        next: found.has_more.then_some(offset + FOUND_PER_PAGE),
        people: found.people.iter().map(row).collect(),
    };
    Ok(page::show(&search_page(&acting, &posted, FormErrors::default(), Some(rows)))?.into_response())
}

#[derive(Template)]
#[template(path = "residents/standing.html")]
struct StandingPage {
    shell: Shell,
    id: Uuid,
    person: PersonHeader,
    timeline: Timeline,
    due: Vec<DueRow>,
    records: Vec<records::sql::RecordRow>,
    resident: Resident,
    may_record: bool,
}

/// A series that asks for something, with its reasons.
struct DueRow {
    series: &'static str,
    chip: Chip,
    dose: Option<u8>,
    earliest: Option<Date>,
    latest: Option<Date>,
    reasons: Vec<(String, &'static str)>,
}

/// Whether a finding still says something to the counter. What ended long ago without a dose, or never was meant for
/// the person's cohort, only hides what matters.
fn matters(finding: &SeriesFinding, has_doses: bool, today: Date) -> bool {
    const YEARS_REMEMBERED: i32 = 2;
    match finding.status {
        Status::Due | Status::NotYet | Status::Complete => true,
        Status::NotTarget => has_doses,
        Status::Expired => {
            let is_recent = |until| domain::age::reach_years(until, YEARS_REMEMBERED) >= today;
            has_doses || finding.legal_until.is_none_or(is_recent)
        }
        Status::Excluded => has_doses || !finding.reasons.iter().any(|reason| reason.code == "E_COHORT"),
    }
}

/// The engine's answer without what does not matter any more.
fn shown(standing: &Standing) -> Forecast {
    let mut forecast = standing.forecast.clone();
    let doses = &standing.forecast.doses;
    forecast.series.retain(|finding| {
        let has_doses = doses.iter().any(|dose| dose.series == Some(finding.series));
        matters(finding, has_doses, standing.today)
    });
    forecast
}

fn due_rows(forecast: &Forecast) -> Vec<DueRow> {
    let mut findings: Vec<_> = forecast
        .series
        .iter()
        .filter(|finding| !matches!(finding.status, Status::Complete | Status::NotTarget))
        .collect();
    findings.sort_by_key(|finding| (finding.status, finding.latest, finding.earliest));
    findings
        .into_iter()
        .map(|finding| DueRow {
            series: finding.series.ja(),
            chip: Chip::status(finding.status),
            dose: finding.dose,
            earliest: finding.earliest,
            latest: finding.latest,
            reasons: finding.reasons.iter().map(|reason| (reason.ja(), reason.source)).collect(),
        })
        .collect()
}

async fn standing(
    State(app): State<App>,
    acting: Acting,
    Path(id): Path<Uuid>,
) -> Result<Html<String>, Failure> {
    let standing = case::standing(&app, &acting, id).await?;
    let resident = standing.ledger.resident.clone();
    let mut shell = page::shell(&acting, "住民", NAV, crumbs(&resident, None));
    shell.data_until = standing.data_until.clone();
    let forecast = shown(&standing);
    let mut timeline = Timeline::of(&standing.ledger.person, &standing.ledger.given(), &forecast);
    for (row, finding) in timeline.rows.iter_mut().filter_map(|row| {
        let series = Series::ALL.iter().find(|series| series.ja() == row.label)?;
        let finding = standing.forecast.series.iter().find(|finding| finding.series == *series)?;
        Some((row, finding))
    }) {
        row.reasons = finding.reasons.iter().map(|reason| reason.ja()).collect();
    }
    page::show(&StandingPage {
        id,
        person: person::header(&resident, standing.today, true),
        timeline,
        due: due_rows(&forecast),
        records: standing.records,
        resident,
        may_record: acting.may(Action::RegisterRecord),
        shell,
    })
}

#[derive(Template)]
#[template(path = "residents/explain.html")]
struct ExplainPage {
    shell: Shell,
    id: Uuid,
    person: PersonHeader,
    series: Vec<Explained>,
}

/// One series with every rule that was tried, in the order they were tried.
struct Explained {
    name: &'static str,
    chip: Chip,
    steps: Vec<Step>,
}

async fn explain(
    State(app): State<App>,
    acting: Acting,
    Path(id): Path<Uuid>,
) -> Result<Html<String>, Failure> {
    let standing = case::standing(&app, &acting, id).await?;
    let resident = &standing.ledger.resident;
    let steps = app.engine.explain(&standing.ledger.person, &standing.ledger.given(), standing.today);
    let explained = |finding: &SeriesFinding| Explained {
        name: finding.series.ja(),
        chip: Chip::status(finding.status),
        steps: steps.iter().filter(|step| step.series == finding.series).cloned().collect(),
    };
    let mut shell = page::shell(&acting, "判定の理由", NAV, crumbs(resident, Some("判定の理由")));
    shell.data_until = standing.data_until.clone();
    page::show(&ExplainPage {
        shell,
        id,
        person: person::header(resident, standing.today, false),
        series: standing.forecast.series.iter().map(explained).collect(),
    })
}

#[derive(Template)]
#[template(path = "residents/household.html")]
struct HouseholdPage {
    shell: Shell,
    id: Uuid,
    person: PersonHeader,
    people: Vec<Row>,
}

async fn household(
    State(app): State<App>,
    acting: Acting,
    Path(id): Path<Uuid>,
) -> Result<Html<String>, Failure> {
    let (resident, people) = case::household(&app, &acting, id).await?;
    page::show(&HouseholdPage {
        shell: page::shell(&acting, "世帯", NAV, crumbs(&resident, Some("世帯"))),
        id,
        person: person::header(&resident, app.kit.clock.today(), false),
        people: people.iter().map(row).collect(),
    })
}

#[derive(Template)]
#[template(path = "residents/sent.html")]
struct SentPage {
    shell: Shell,
    id: Uuid,
    person: PersonHeader,
    sheets: Vec<SentRow>,
}

struct SentRow {
    printed: String,
    kind: &'static str,
    series: &'static str,
    dose: u8,
    number: String,
    valid_until: Option<Date>,
    chip: Chip,
    note: String,
    campaign_id: Uuid,
    campaign: String,
}

fn sent_row(sheet: &Sheet) -> SentRow {
    let tone = match sheet.state {
        SheetState::Printed => Tone::Active,
        SheetState::Withheld => Tone::Stop,
        SheetState::Used => Tone::Good,
        SheetState::Cancelled => Tone::Off,
    };
    SentRow {
        printed: sheet.printed_at.map_or_else(
            || "―".to_owned(),
            |at| kit::clock::in_japan(at).strftime("%Y-%m-%d %H:%M").to_string(),
        ),
        kind: sheet.kind.ja(),
        series: sheet.series.ja(),
        dose: sheet.dose,
        number: sheet.sheet_number.clone(),
        valid_until: sheet.valid_until,
        chip: Chip::new(tone, sheet.state.ja()),
        note: sheet.withheld_note.clone(),
        campaign_id: sheet.campaign_id,
        campaign: sheet.campaign_title.clone(),
    }
}

async fn sent(State(app): State<App>, acting: Acting, Path(id): Path<Uuid>) -> Result<Html<String>, Failure> {
    let (resident, sheets) = case::sent(&app, &acting, id).await?;
    page::show(&SentPage {
        shell: page::shell(&acting, "発送履歴", NAV, crumbs(&resident, Some("発送履歴"))),
        id,
        person: person::header(&resident, app.kit.clock.today(), false),
        sheets: sheets.iter().map(sent_row).collect(),
    })
}

#[derive(Template)]
#[template(path = "residents/views.html")]
struct ViewsPage {
    shell: Shell,
    id: Uuid,
    person: PersonHeader,
    views: Vec<ViewRow>,
}

struct ViewRow {
    at: String,
    who: String,
    what: &'static str,
    outcome: &'static str,
}

fn view_row(view: &View) -> ViewRow {
    ViewRow {
        at: kit::clock::in_japan(view.at).strftime("%Y-%m-%d %H:%M:%S").to_string(),
        who: view.staff_name.clone(),
        what: Action::from_code(&view.action).map_or("", |action| action.ja()),
        outcome: match view.outcome.as_str() {
            "refused" => "拒否",
            "viewed" => "閲覧",
            _ => "実行",
        },
    }
}

async fn views(
    State(app): State<App>,
    acting: Acting,
    Path(id): Path<Uuid>,
) -> Result<Html<String>, Failure> {
    let (resident, views) = case::views(&app, &acting, id).await?;
    page::show(&ViewsPage {
        shell: page::shell(&acting, "閲覧履歴", NAV, crumbs(&resident, Some("閲覧履歴"))),
        id,
        person: person::header(&resident, app.kit.clock.today(), false),
        views: views.iter().map(view_row).collect(),
    })
}

#[derive(Template)]
#[template(path = "residents/facts.html")]
struct FactsPage {
    shell: Shell,
    id: Uuid,
    person: PersonHeader,
    facts: Vec<FactRow>,
    kind: FieldState,
    kinds: Vec<Choice>,
    memo: FieldState,
    disease: FieldState,
    diseases: Vec<Choice>,
    disability: FieldState,
    disabilities: Vec<Choice>,
    rubella: FieldState,
    from_on: FieldState,
    until_on: FieldState,
}

struct FactRow {
    id: Uuid,
    kind: &'static str,
    value: String,
    from_on: Option<Date>,
    until_on: Option<Date>,
    noted: String,
    withdrawn: Option<String>,
}

fn fact_row(fact: &Fact) -> FactRow {
    let at = |at: jiff::Timestamp| kit::clock::in_japan(at).strftime("%Y-%m-%d %H:%M").to_string();
    let value = match fact.kind.as_str() {
        "had_disease" => Disease::from_code(&fact.value).map_or("", |disease| disease.ja()).to_owned(),
        "disability" => {
            Disability::from_code(&fact.value).map_or("", |disability| disability.ja()).to_owned()
        }
        "rubella_test" if fact.value == "insufficient" => "抗体価が不十分".to_owned(),
        "rubella_test" => "抗体価は十分".to_owned(),
        _ => fact.value.clone(),
    };
    FactRow {
        id: fact.fact_id,
        kind: case::fact_ja(&fact.kind),
        value,
        from_on: fact.from_on,
        until_on: fact.until_on,
        noted: format!("{} {}", at(fact.noted_at), fact.noted_by),
        withdrawn: fact.withdrawn_at.map(|when| format!("{} 取消し: {}", at(when), fact.withdrawn_reason)),
    }
}

fn facts_page(
    app: &App,
    acting: &Acting,
    (resident, facts): (Resident, Vec<Fact>),
    posted: &Posted,
    errors: FormErrors,
) -> FactsPage {
    let field = |name: &str| errors.field(name, posted.text(name));
    FactsPage {
        id: resident.resident_id,
        person: person::header(&resident, app.kit.clock.today(), false),
        facts: facts.iter().map(fact_row).collect(),
        kind: field("kind"),
        kinds: FACT_KINDS.iter().map(|(code, ja)| Choice::new(*code, *ja)).collect(),
        memo: field("memo_value"),
        disease: field("had_disease_value"),
        diseases: Disease::ALL.iter().map(|disease| Choice::new(disease.code(), disease.ja())).collect(),
        disability: field("disability_value"),
        disabilities: Disability::ALL.iter().map(|kind| Choice::new(kind.code(), kind.ja())).collect(),
        rubella: field("rubella_test_value"),
        from_on: field("from_on"),
        until_on: field("until_on"),
        shell: Shell { errors, ..page::shell(acting, "事項", NAV, crumbs(&resident, Some("事項"))) },
    }
}

async fn facts(
    State(app): State<App>,
    acting: Acting,
    Path(id): Path<Uuid>,
) -> Result<Html<String>, Failure> {
    let facts = case::facts(&app, &acting, id).await?;
    page::show(&facts_page(&app, &acting, facts, &Posted::default(), FormErrors::default()))
}

async fn note(
    State(app): State<App>,
    acting: Acting,
    Path(id): Path<Uuid>,
    posted: Posted,
) -> Result<Response, Failure> {
    let known = case::facts(&app, &acting, id).await?;
    match case::read_fact(&app, &posted, known.0.birth_date) {
        Ok(fact) => {
            case::note(&app, &acting, id, &fact).await?;
            Ok(Redirect::to(&format!("/residents/{id}/facts")).into_response())
        }
        Err(errors) => page::show_errors(&facts_page(&app, &acting, known, &posted, errors)),
    }
}

async fn withdraw(
    State(app): State<App>,
    acting: Acting,
    Path((id, fact)): Path<(Uuid, Uuid)>,
    posted: Posted,
) -> Result<Response, Failure> {
    let field = format!("reason-{fact}");
    let reason = posted.trimmed(&field);
    let mut errors = FormErrors::default();
    if reason.is_empty() {
        errors.add(&*field, "取り消す理由を入力してください");
    } else if reason.chars().count() > case::MEMO_CHARS_MAX {
        let most = case::MEMO_CHARS_MAX;
        errors.add(&*field, format!("取り消す理由は{most}文字以内で入力してください"));
    }
    if !errors.is_empty() {
        let known = case::facts(&app, &acting, id).await?;
        return page::show_errors(&facts_page(&app, &acting, known, &posted, errors));
    }
    case::withdraw(&app, &acting, (id, fact), reason).await?;
    Ok(Redirect::to(&format!("/residents/{id}/facts")).into_response())
}
