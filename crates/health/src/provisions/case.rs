//! Use cases of ネットワーク外の提供: ask, hand out, and the record of it.

use super::{
    document::{self, Provided},
    sql::{self, NewProvision, Provision},
};
use crate::{
    App,
    campaigns::extract::hex,
    exports::{
        case::{CHANGED, File, TAKING, refuse},
        seal,
    },
    ledger::{self, Resident},
    records, sheets,
};
use domain::{
    ids::AddresseeNumber,
    leaving::{self, Basis, Item, Means, ProvisionAsk, RecipientKind},
};
use jiff::Timestamp;
use kit::{
    Acting, Action, Case, Failure, Municipality, Target,
    approvals::{self, Approval, Asked, Bar, Kind},
};
use paper::provision::ProvisionFacts;
use serde_json::json;
use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use uuid::Uuid;

/// How many provisions of one person are shown: more than any person has.
const OF_RESIDENT_MAX: i64 = 200;

fn target(provision_id: Uuid) -> Target {
    Target::of("provision", provision_id)
}

/// A form as it was read; what could not be read is missing.
pub struct Draft {
    pub recipient_kind: Option<RecipientKind>,
    pub recipient: String,
    pub letter: String,
    pub basis: Option<Basis>,
    pub means: Option<Means>,
    pub recipient_key: String,
    pub items: Vec<Item>,
    pub people: Vec<AddresseeNumber>,
    pub purpose: String,
}

type Faults = Vec<(&'static str, String)>;

async fn provided(
    conn: &mut PgConnection,
    municipality: Municipality,
    people: Vec<Resident>,
) -> sqlx::Result<Vec<Provided>> {
    let mut provided = Vec::with_capacity(people.len());
    for resident in people {
        let records = records::sql::of_resident(conn, municipality, resident.resident_id).await?;
        provided.push(Provided { resident, records });
    }
    Ok(provided)
}

/// The numbers of whom there is nobody: one sentence.
fn missing(draft: &Draft, found: &[Resident]) -> Option<String> {
    let unknown: Vec<String> = draft
        .people
        .iter()
        .map(ToString::to_string)
        .filter(|number| !found.iter().any(|one| one.addressee_number == *number))
        .collect();
    (!unknown.is_empty())
        .then(|| format!("宛名番号{}の方は見つかりません。番号を確かめてください", unknown.join("、")))
}

/// Asks for a provision. `is_readable` is false where the form has errors of its own: then it is only judged.
pub async fn apply(
    app: &App,
    acting: &Acting,
    draft: &Draft,
    is_readable: bool,
) -> Result<Result<Uuid, Faults>, Failure> {
    let provision_id = app.kit.ids.next();
    let mut case = Case::open(&app.kit, acting, Action::ApplyProvision, target(provision_id)).await?;
    let municipality = case.municipality();
    let numbers: Vec<String> = draft.people.iter().map(ToString::to_string).collect();
    let found = sql::by_numbers(case.conn(), municipality, &numbers).await?;
    let ask = ProvisionAsk {
        recipient: draft.recipient_kind,
        basis: draft.basis,
        means: draft.means,
        key: seal::typed(&draft.recipient_key),
        items: draft.items.len(),
        people: draft.people.len(),
    };
    let mut faults = leaving::provision_faults(&ask);
    faults.extend(missing(draft, &found).map(|sentence| ("people", sentence)));
    let (Some(recipient_kind), Some(basis), Some(means), true, true) =
        (draft.recipient_kind, draft.basis, draft.means, is_readable, faults.is_empty())
    else {
        case.refused(&app.kit, json!({"cause": "faults", "count": faults.len()})).await?;
        return Ok(Err(faults));
    };
    let provided = provided(case.conn(), municipality, found).await?;
    let digest: [u8; 32] = Sha256::digest(document::csv(&provided, &draft.items)?).into();
    let approval_id = app.kit.ids.next();
    let asked = Asked {
        approval_id,
        kind: Kind::Provision,
        target: ("provision", provision_id),
        reason: &draft.purpose,
        basis: basis.code(),
        plan: plan(draft, (recipient_kind, basis, means), &provided, &digest),
        digest,
    };
    approvals::ask(&mut case, acting, &asked).await?;
    let new = NewProvision {
        provision_id,
        approval_id,
        recipient_kind,
        recipient: &draft.recipient,
        letter: &draft.letter,
        basis,
        means,
        recipient_key: draft.recipient_key.trim(),
        items: draft.items.iter().map(|item| item.code()).collect(),
        people: provided.iter().map(|one| one.resident.resident_id).collect(),
    };
    sql::insert(case.conn(), municipality, &new).await?;
    case.done(json!({"approval": approval_id, "basis": basis.code(), "means": means.code(),
        "people": new.people, "digest": hex(&digest)}))
        .await?;
    Ok(Ok(approval_id))
}

/// What exactly will happen, for whoever decides. The people stand on the page of the provision.
fn plan(
    draft: &Draft,
    (recipient, basis, means): (RecipientKind, Basis, Means),
    provided: &[Provided],
    digest: &[u8],
) -> Vec<(&'static str, String)> {
    let records: usize = provided
        .iter()
        .map(|one| one.records.iter().filter(|row| row.state == "current" && !row.is_screening_only).count())
        .sum();
    let items: Vec<&str> = draft.items.iter().map(|item| item.ja()).collect();
    let mut plan = vec![
        ("提供先", format!("{}（{}）", draft.recipient, recipient.ja())),
        ("照会の文書", if draft.letter.is_empty() { "なし".to_owned() } else { draft.letter.clone() }),
        ("根拠", format!("{}（{}）", basis.ja(), basis.source())),
        ("対象者", format!("{}人", provided.len())),
        ("項目", items.join("、")),
        ("方法", means.ja().to_owned()),
    ];
    if draft.items.contains(&Item::Records) {
        plan.push(("接種記録", format!("{records}件")));
    }
    if means != Means::Paper {
        plan.push(("暗号化", format!("受取人の公開鍵 {}", seal::short(draft.recipient_key.trim()))));
    }
    plan.push(("内容の照合値", hex(digest)));
    let protected = provided.iter().filter(|one| one.resident.address_protected).count();
    if protected > 0 {
        plan.push((
            desk::approvals::web::WARNING,
            format!(
                "支援措置対象者{protected}人が含まれます。住所と医療機関は提供しません。提供先から居所が知られないか、確かめてください。"
            ),
        ));
    }
    plan
}

/// One provision with its people and its application.
pub struct Shown {
    pub provision: Provision,
    pub approval: Approval,
    pub people: Vec<Resident>,
    pub now: Timestamp,
}

async fn gather(case: &mut Case, provision_id: Uuid) -> Result<(Provision, Approval), Failure> {
    let municipality = case.municipality();
    let provision = sql::get(case.conn(), municipality, provision_id).await?.ok_or(Failure::NotFound)?;
    let approval = approvals::sql::get(case.conn(), municipality, provision.approval_id, false).await?;
    Ok((provision, approval.ok_or(Failure::NotFound)?))
}

pub async fn begin(app: &App, acting: &Acting) -> Result<(), Failure> {
    Case::open(&app.kit, acting, Action::ApplyProvision, Target::NONE)
        .await?
        .viewed(json!({"page": "form"}))
        .await
}

pub async fn show(app: &App, acting: &Acting, provision_id: Uuid) -> Result<Shown, Failure> {
    let mut case = Case::open(&app.kit, acting, Action::ViewProvisions, target(provision_id)).await?;
    let (municipality, now) = (case.municipality(), case.at());
    let (provision, approval) = gather(&mut case, provision_id).await?;
    let people = sql::people(case.conn(), municipality, provision_id).await?;
    for one in &people {
        let detail = json!({"provision": provision_id});
        case.also_viewed(&app.kit, Target::resident(one.resident_id), detail).await?;
    }
    case.viewed(json!({"people": people.len()})).await?;
    Ok(Shown { provision, approval, people, now })
}

pub async fn ledger(
    app: &App,
    acting: &Acting,
    (limit, offset): (i64, i64),
) -> Result<(Vec<Provision>, i64), Failure> {
    let mut case = Case::open(&app.kit, acting, Action::ViewProvisions, Target::NONE).await?;
    let municipality = case.municipality();
    let listed = sql::list(case.conn(), municipality, limit, offset).await?;
    case.viewed(json!({"shown": listed.0.len()})).await?;
    Ok(listed)
}

/// To whom a person's records went: what is answered when they ask (開示請求).
pub async fn of_resident(
    app: &App,
    acting: &Acting,
    resident_id: Uuid,
) -> Result<(Resident, Vec<Provision>), Failure> {
    let target = Target::resident(resident_id);
    let mut case = Case::open(&app.kit, acting, Action::ViewProvisions, target).await?;
    let municipality = case.municipality();
    let resident =
        ledger::resident(case.conn(), municipality, resident_id).await?.ok_or(Failure::NotFound)?;
    let provisions = sql::of_resident(case.conn(), municipality, resident_id, OF_RESIDENT_MAX).await?;
    case.viewed(json!({"shown": provisions.len()})).await?;
    Ok((resident, provisions))
}

fn items(provision: &Provision) -> Vec<Item> {
    provision.items.iter().filter_map(|code| Item::from_code(code)).collect()
}

/// The records as they were approved; `None` where they have changed since.
async fn approved(
    case: &mut Case,
    provision: &Provision,
    approval: &Approval,
) -> Result<Option<Vec<Provided>>, Failure> {
    let municipality = case.municipality();
    let people = sql::people(case.conn(), municipality, provision.provision_id).await?;
    let provided = provided(case.conn(), municipality, people).await?;
    let digest = Sha256::digest(document::csv(&provided, &items(provision))?);
    Ok((digest[..] == approval.digest).then_some(provided))
}

/// Hands it out: counted and logged, good for ten minutes.
pub async fn hand(app: &App, acting: &Acting, provision_id: Uuid) -> Result<(), Failure> {
    let mut case = Case::open(&app.kit, acting, Action::HandProvision, target(provision_id)).await?;
    let municipality = case.municipality();
    let (provision, approval) = gather(&mut case, provision_id).await?;
    case.because(provision.basis.code());
    let Some(provided) = approved(&mut case, &provision, &approval).await? else {
        return refuse(app, case, "changed", CHANGED).await;
    };
    // Drawn before it counts: what cannot come out was never handed out.
    let head = sheets::sql::letterhead(case.conn(), municipality).await?;
    match make(app, acting, (&provision, &approval), &provided, head).await {
        Ok(_) => {}
        Err(Failure::Conflict(sentence)) => return refuse(app, case, "unprintable", &sentence).await,
        Err(failure) => return Err(failure),
    }
    let used = (Kind::Provision, provision.approval_id);
    let (mut case, _) = approvals::use_in(case, acting, &app.kit, used).await?;
    for one in &provided {
        let detail = json!({"provision": provision_id});
        case.also_viewed(&app.kit, Target::resident(one.resident.resident_id), detail).await?;
    }
    case.done(json!({"approval": provision.approval_id, "people": provided.len(), "taking": 1})).await
}

/// The document of a handing out that is still good.
pub async fn document(app: &App, acting: &Acting, provision_id: Uuid) -> Result<File, Failure> {
    let mut case = Case::open(&app.kit, acting, Action::HandProvision, target(provision_id)).await?;
    let (municipality, now) = (case.municipality(), case.at());
    let (provision, approval) = gather(&mut case, provision_id).await?;
    case.because(provision.basis.code());
    if approval.asked_by != acting.staff_id {
        return refuse(app, case, Bar::OthersApproval.code(), &Bar::OthersApproval.to_string()).await;
    }
    if provision.handed_at.is_none_or(|at| now.duration_since(at) > TAKING) {
        let sentence = "受取りの時間が過ぎました。もう一度提供するときは、申請し直してください。";
        return refuse(app, case, "taking_over", sentence).await;
    }
    let Some(provided) = approved(&mut case, &provision, &approval).await? else {
        return refuse(app, case, "changed", CHANGED).await;
    };
    let head = sheets::sql::letterhead(case.conn(), municipality).await?;
    let file = make(app, acting, (&provision, &approval), &provided, head).await?;
    let people = provided.len();
    case.done(json!({"approval": provision.approval_id, "people": people, "sealed": file.is_sealed})).await?;
    Ok(file)
}

async fn make(
    app: &App,
    acting: &Acting,
    (provision, approval): (&Provision, &Approval),
    provided: &[Provided],
    head: Option<sheets::sql::Letterhead>,
) -> Result<File, Failure> {
    let items = items(provision);
    let name = format!("provision-{}", approval.number);
    if provision.means != Means::Paper {
        let (bytes, key) = (document::csv(provided, &items)?, provision.recipient_key.clone());
        let sealed = tokio::task::spawn_blocking(move || seal::seal(&bytes, &key));
        let bytes = sealed.await.map_err(|error| Failure::Internal(error.into()))??;
        return Ok(File { bytes, name: format!("{name}.csv.age"), is_sealed: true });
    }
    let (municipality, section) = head.map_or_else(
        || (acting.municipality_name.clone(), String::new()),
        |head| (head.municipality, head.section),
    );
    let facts = ProvisionFacts {
        municipality,
        section,
        recipient: provision.recipient.clone(),
        letter: provision.letter.clone(),
        basis: provision.basis.source().to_owned(),
        number: format!("第{}号", approval.number),
        printed_on: app.kit.clock.today(),
        people: document::on_paper(provided, &items),
    };
    let drawn = tokio::task::spawn_blocking(move || {
        let fonts = sheets::print::fonts()?;
        anyhow::Ok(paper::provision::render(&fonts, &facts))
    });
    let drawn = drawn.await.map_err(|error| Failure::Internal(error.into()))??;
    let bytes = drawn.map_err(|error| Failure::Conflict(error.to_string()))?;
    Ok(File { bytes, name: format!("{name}.pdf"), is_sealed: false })
}
