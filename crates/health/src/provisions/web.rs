//! Pages of ネットワーク外の提供: the form, the ledger, one provision with its people, and a person's 提供記録.

use super::{
    case::{self, Draft, Shown},
    sql::Provision,
};
use crate::{
    App,
    campaigns::web::{PER_PAGE, Paging, download, offset},
    exports::{seal, web::line},
    page, person,
};
use askama::Template;
use axum::{
    extract::{Path, Query, State},
    response::{Html, IntoResponse, Redirect, Response},
};
use desk::approvals::web::{NAV, chip, moment};
use domain::{
    ids::AddresseeNumber,
    leaving::{Basis, Item, Means, PROVIDED_PEOPLE_MAX, RecipientKind},
};
use kit::{Acting, Action, Failure, Posted, approvals::steps::may_use, web::Routes};
use ui::{Banner, BannerKind, Chip, Choice, Crumb, FieldState, FormErrors, Pager, PersonHeader, Shell};
use uuid::Uuid;

pub const ROOM: &str = "/provisions";
const LEDGER: &str = "提供記録";
const LETTER_CHARS_MAX: usize = 100;

pub fn routes() -> Routes<App> {
    let of_person =
        Routes::about("resident").get("/residents/{id}/provisions", Action::ViewProvisions, of_resident);
    Routes::about("provision")
        .get(ROOM, Action::ViewProvisions, ledger)
        .get("/provisions/new", Action::ApplyProvision, form)
        .post("/provisions/new", Action::ApplyProvision, send)
        .get("/provisions/{id}", Action::ViewProvisions, show)
        .post("/provisions/{id}/hand", Action::HandProvision, hand)
        .get("/provisions/{id}/document", Action::HandProvision, document)
        .merge(of_person)
}

fn crumbs(here: &str) -> Vec<Crumb> {
    vec![Crumb::link("/", "ホーム"), Crumb::link(ROOM, LEDGER), Crumb::here(here)]
}

#[derive(Template)]
#[template(path = "provisions/form.html")]
struct FormPage {
    shell: Shell,
    recipient_kind: FieldState,
    recipient_kinds: Vec<Choice>,
    recipient: FieldState,
    letter: FieldState,
    basis: FieldState,
    bases: Vec<Choice>,
    means: FieldState,
    all_means: Vec<Choice>,
    recipient_key: FieldState,
    items: Vec<(Choice, bool)>,
    items_error: FieldState,
    people: FieldState,
    most: usize,
    purpose: FieldState,
}

fn form_page(acting: &Acting, posted: &Posted, errors: FormErrors) -> FormPage {
    let field = |name: &str| errors.field(name, posted.text(name));
    FormPage {
        recipient_kind: field("recipient_kind"),
        recipient_kinds: RecipientKind::ALL.iter().map(|one| Choice::new(one.code(), one.ja())).collect(),
        recipient: field("recipient"),
        letter: field("letter"),
        basis: field("basis"),
        bases: Basis::ALL.iter().map(|one| Choice::new(one.code(), one.ja()).hint(one.source())).collect(),
        means: field("means"),
        all_means: Means::ALL.iter().map(|one| Choice::new(one.code(), one.ja())).collect(),
        recipient_key: field("recipient_key"),
        items: Item::ALL
            .iter()
            .map(|item| {
                let ticked = posted.is_checked(&format!("item-{}", item.code()));
                (Choice::new(item.code(), item.ja()), ticked)
            })
            .collect(),
        items_error: errors.field("items", ""),
        people: field("people"),
        most: PROVIDED_PEOPLE_MAX,
        purpose: field("purpose"),
        shell: Shell {
            errors, ..page::shell(acting, "ネットワーク外の提供の申請", NAV, crumbs("申請"))
        },
    }
}

async fn form(State(app): State<App>, acting: Acting) -> Result<Html<String>, Failure> {
    case::begin(&app, &acting).await?;
    page::show(&form_page(&acting, &Posted::default(), FormErrors::default()))
}

/// The numbers, one a line; the first that cannot be read is named by its line.
fn read_people(posted: &Posted, errors: &mut FormErrors) -> Vec<AddresseeNumber> {
    let mut people: Vec<AddresseeNumber> = Vec::new();
    let lines = posted.text("people").lines().map(str::trim).enumerate();
    for (nth, text) in lines.filter(|(_, text)| !text.is_empty()) {
        // One too many is said by the rule; nobody is left out in silence.
        if people.len() > PROVIDED_PEOPLE_MAX {
            break;
        }
        match AddresseeNumber::parse(text) {
            Ok(number) if people.contains(&number) => {}
            Ok(number) => people.push(number),
            Err(error) => {
                errors.add("people", format!("{}行目：{error}", nth + 1));
                return people;
            }
        }
    }
    if people.is_empty() {
        errors.add("people", "対象者の宛名番号を1行に1人ずつ入力してください");
    }
    people
}

fn read(posted: &Posted, errors: &mut FormErrors) -> Draft {
    let letter = posted.trimmed("letter").to_owned();
    if letter.chars().count() > LETTER_CHARS_MAX {
        errors.add("letter", format!("照会の文書は{LETTER_CHARS_MAX}文字以内で入力してください"));
    }
    let ticked = Item::ALL.iter().copied().filter(|item| posted.is_checked(&format!("item-{}", item.code())));
    Draft {
        recipient_kind: RecipientKind::from_code(posted.text("recipient_kind")),
        recipient: line(posted, ("recipient", "提供先の名称と担当者"), errors),
        letter,
        basis: Basis::from_code(posted.text("basis")),
        means: Means::from_code(posted.text("means")),
        recipient_key: posted.trimmed("recipient_key").to_owned(),
        items: ticked.collect(),
        people: read_people(posted, errors),
        purpose: line(posted, ("purpose", "提供の理由"), errors),
    }
}

async fn send(State(app): State<App>, acting: Acting, posted: Posted) -> Result<Response, Failure> {
    let mut errors = FormErrors::default();
    let draft = read(&posted, &mut errors);
    match case::apply(&app, &acting, &draft, errors.is_empty()).await? {
        Ok(approval_id) => Ok(Redirect::to(&format!("/approvals/{approval_id}")).into_response()),
        Err(faults) => {
            for (field, sentence) in faults {
                errors.add(field, sentence);
            }
            page::show_errors(&form_page(&acting, &posted, errors))
        }
    }
}

struct Row {
    id: Uuid,
    recipient: String,
    kind: &'static str,
    basis: &'static str,
    source: &'static str,
    means: &'static str,
    items: String,
    people: i64,
    who: String,
    handed: String,
}

fn row(provision: &Provision) -> Row {
    let decided = match provision.decided_by_name.as_str() {
        "" => String::new(),
        name => format!("、決定 {name}"),
    };
    let items: Vec<&str> =
        provision.items.iter().filter_map(|code| Item::from_code(code)).map(Item::ja).collect();
    Row {
        id: provision.provision_id,
        recipient: provision.recipient.clone(),
        kind: provision.recipient_kind.ja(),
        basis: provision.basis.ja(),
        source: provision.basis.source(),
        means: provision.means.ja(),
        items: items.join("、"),
        people: provision.people,
        who: format!("申請 {}{decided}", provision.asked_by_name),
        handed: provision.handed_at.map_or_else(|| "提供していません".to_owned(), moment),
    }
}

#[derive(Template)]
#[template(path = "provisions/ledger.html")]
struct LedgerPage {
    shell: Shell,
    rows: Vec<Row>,
    pager: Pager,
    may_apply: bool,
}

async fn ledger(
    State(app): State<App>,
    acting: Acting,
    Query(paging): Query<Paging>,
) -> Result<Html<String>, Failure> {
    let number = paging.number();
    let (listed, total) = case::ledger(&app, &acting, (PER_PAGE as i64, offset(number))).await?;
    page::show(&LedgerPage {
        shell: page::shell(&acting, LEDGER, NAV, vec![Crumb::link("/", "ホーム"), Crumb::here(LEDGER)]),
        rows: listed.iter().map(row).collect(),
        pager: Pager {
            page: number,
            per_page: PER_PAGE,
            total: total as u64,
            href: format!("{ROOM}?page="),
            label: LEDGER.to_owned(),
        },
        may_apply: acting.may(Action::ApplyProvision),
    })
}

#[derive(Template)]
#[template(path = "provisions/show.html")]
struct ShowPage {
    shell: Shell,
    id: Uuid,
    approval_id: Uuid,
    number: i64,
    approval_chip: Chip,
    row: Row,
    letter: String,
    key: String,
    people: Vec<PersonRow>,
    hands: bool,
    protected: Option<Banner>,
}

struct PersonRow {
    id: Uuid,
    number: String,
    name: String,
    flag: Option<Chip>,
}

fn show_page(acting: &Acting, shown: &Shown) -> ShowPage {
    let (provision, approval) = (&shown.provision, &shown.approval);
    let protected = shown.people.iter().filter(|one| one.address_protected).count();
    ShowPage {
        id: provision.provision_id,
        approval_id: approval.approval_id,
        number: approval.number,
        approval_chip: chip(approval, shown.now),
        row: row(provision),
        letter: provision.letter.clone(),
        key: if provision.recipient_key.is_empty() {
            String::new()
        } else {
            seal::short(&provision.recipient_key)
        },
        people: shown
            .people
            .iter()
            .map(|one| PersonRow {
                id: one.resident_id,
                number: one.addressee_number.clone(),
                name: one.printed_name().to_owned(),
                flag: person::flag(one),
            })
            .collect(),
        hands: acting.may(Action::HandProvision) && may_use(approval, acting.staff_id, shown.now).is_ok(),
        protected: (protected > 0).then(|| {
            Banner::new(BannerKind::AddressProtection, format!("支援措置対象者が{protected}人含まれます"))
                .line("住所と医療機関は提供しません。提供先から居所が知られないか、確かめてください。")
        }),
        shell: page::shell(acting, "提供の内容", NAV, crumbs("提供の内容")),
    }
}

async fn show(State(app): State<App>, acting: Acting, Path(id): Path<Uuid>) -> Result<Html<String>, Failure> {
    let shown = case::show(&app, &acting, id).await?;
    page::show(&show_page(&acting, &shown))
}

async fn hand(
    State(app): State<App>,
    acting: Acting,
    Path(id): Path<Uuid>,
    _token: Posted,
) -> Result<Redirect, Failure> {
    case::hand(&app, &acting, id).await?;
    Ok(Redirect::to(&format!("{ROOM}/{id}/document")))
}

async fn document(State(app): State<App>, acting: Acting, Path(id): Path<Uuid>) -> Result<Response, Failure> {
    let file = case::document(&app, &acting, id).await?;
    let kind = if file.is_sealed { "application/octet-stream" } else { "application/pdf" };
    Ok(download(file.bytes, kind, &file.name))
}

#[derive(Template)]
#[template(path = "provisions/resident.html")]
struct ResidentPage {
    shell: Shell,
    id: Uuid,
    person: PersonHeader,
    rows: Vec<Row>,
}

async fn of_resident(
    State(app): State<App>,
    acting: Acting,
    Path(id): Path<Uuid>,
) -> Result<Html<String>, Failure> {
    let (resident, provisions) = case::of_resident(&app, &acting, id).await?;
    let crumbs = vec![
        Crumb::link("/residents", "住民検索"),
        Crumb::link(format!("/residents/{id}"), "住民"),
        Crumb::here(LEDGER),
    ];
    page::show(&ResidentPage {
        shell: page::shell(&acting, LEDGER, "/residents", crumbs),
        id,
        person: person::header(&resident, app.kit.clock.today(), false),
        rows: provisions.iter().map(row).collect(),
    })
}
