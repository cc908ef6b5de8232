//! Pages of the 個人番号取扱者. They exist on listeners of the business zone and nowhere else.

use super::case::{self, Addressee};
use crate::App;
use askama::Template;
use axum::{
    extract::{Path, State},
    http::{HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Redirect, Response},
};
use desk::page;
use domain::{ids::AddresseeNumber, individual_number::Purpose, wareki};
use kit::{
    Acting, Action, Failure, Posted,
    vault::{Reason, Revealed, SHOWN_FOR, VaultError},
    web::{Routes, Sent},
};
use ui::{Banner, BannerKind, Choice, Crumb, FieldState, FormErrors, Shell, dates};
use uuid::Uuid;
use zeroize::Zeroizing;

pub fn routes() -> Routes<App> {
    Routes::about("addressee")
        .get("/numbers", Action::ViewNumberHistory, first)
        .post("/numbers/open", Action::ViewNumberHistory, open)
        .post("/numbers/find", Action::FindByNumber, find)
        .get("/numbers/{id}", Action::ViewNumberHistory, person)
        .post("/numbers/{id}/reveal", Action::RevealNumber, reveal)
        .get("/numbers/{id}/register", Action::RegisterNumber, form)
        .post("/numbers/{id}/register", Action::RegisterNumber, register)
}

pub const ROOM: &str = "/numbers";
/// What stands in the place of a number that is not shown.
const MASK: &str = "●●●● ●●●● ●●●●";

fn purposes() -> Vec<Choice> {
    Purpose::ALL.iter().map(|p| Choice::new(p.code(), p.ja()).hint(p.legal_basis())).collect()
}

#[derive(Template)]
#[template(path = "numbers/first.html")]
struct FirstPage {
    shell: Shell,
    may_find: bool,
    addressee: FieldState,
    number: FieldState,
    purpose: FieldState,
    purposes: Vec<Choice>,
    found: Option<Found>,
}

struct Found {
    id: Uuid,
    addressee: String,
    is_current: bool,
}

/// `posted` without the number: what was typed into that field is never sent back.
fn first_page(acting: &Acting, posted: &Posted, errors: FormErrors, found: Option<Found>) -> FirstPage {
    FirstPage {
        may_find: acting.may(Action::FindByNumber),
        addressee: errors.field("addressee", posted.text("addressee")),
        number: errors.field("number", ""),
        purpose: errors.field("purpose", posted.text("purpose")),
        purposes: purposes(),
        found,
        shell: Shell {
            errors,
            ..page::shell::<App>(acting, "個人番号", ROOM, vec![Crumb::here("個人番号")])
        },
    }
}

async fn first(State(app): State<App>, acting: Acting) -> Result<Html<String>, Failure> {
    case::look_in(&app, &acting).await?;
    page::show(&first_page(&acting, &Posted::default(), FormErrors::default(), None))
}

async fn open(State(app): State<App>, acting: Acting, posted: Posted) -> Result<Response, Failure> {
    let number = match AddresseeNumber::parse(posted.text("addressee")) {
        Ok(number) => number,
        Err(error) => {
            let mut errors = FormErrors::default();
            errors.add("addressee", error.to_string());
            return page::show_errors(&first_page(&acting, &posted, errors, None));
        }
    };
    let id = case::open(&app, &acting, number).await?;
    Ok(Redirect::to(&format!("{ROOM}/{id}")).into_response())
}

async fn find(State(app): State<App>, acting: Acting, posted: Posted) -> Result<Response, Failure> {
    let mut errors = FormErrors::default();
    let number = case::read_number(&posted, "number", &mut errors);
    let purpose = case::read_purpose(&posted, &mut errors);
    let (Some(number), Some(purpose)) = (number, purpose) else {
        return page::show_errors(&first_page(&acting, &posted, errors, None));
    };
    match case::find(&app, &acting, purpose, &number).await {
        Ok((holder, addressee)) => {
            let found =
                Found { id: holder.person, addressee: addressee.to_string(), is_current: holder.is_current };
            let page = first_page(&acting, &Posted::default(), FormErrors::default(), Some(found));
            Ok(page::show(&page)?.into_response())
        }
        Err(VaultError::NotShown) => {
            let mut page = first_page(&acting, &posted, FormErrors::default(), None);
            page.shell.notice = Some(
                Banner::new(BannerKind::Info, "この個人番号の方は見つかりません")
                    .line("番号を確かめてください。登録されていない方は、宛名番号で開いて登録します。"),
            );
            Ok(page::show(&page)?.into_response())
        }
        Err(error) => refused(&acting, ROOM, error),
    }
}

/// The page of a person; with the number only in the answer to the form that asked for it.
#[derive(Template)]
#[template(path = "numbers/person.html")]
struct PersonPage {
    shell: Shell,
    id: Uuid,
    addressee: String,
    mask: &'static str,
    /// The digits, wiped when the page has been made.
    shown: Option<Shown>,
    rows: Vec<VersionRow>,
    may_reveal: bool,
    may_register: bool,
    may_dispose: bool,
    purpose: FieldState,
    purposes: Vec<Choice>,
}

struct Shown {
    digits: Zeroizing<String>,
    purpose: &'static str,
    basis: &'static str,
    seconds: u64,
}

struct VersionRow {
    is_current: bool,
    valid_from: String,
    registered_at: String,
    who: String,
    reason: &'static str,
}

fn crumbs(addressee: &Addressee) -> Vec<Crumb> {
    vec![Crumb::link(ROOM, "個人番号"), Crumb::here(format!("宛名番号 {}", addressee.number))]
}

fn person_page(acting: &Acting, of: &Addressee, purpose: FieldState, errors: FormErrors) -> PersonPage {
    let rows = of.versions.iter().enumerate().map(|(nth, version)| VersionRow {
        is_current: nth == 0,
        valid_from: dates::both(version.valid_from),
        registered_at: kit::clock::in_japan(version.registered_at).strftime("%Y-%m-%d %H:%M").to_string(),
        who: of.names.get(&version.registered_by).cloned().unwrap_or_else(|| "―".to_owned()),
        reason: version.reason.ja(),
    });
    PersonPage {
        id: of.id,
        addressee: of.number.to_string(),
        mask: MASK,
        shown: None,
        rows: rows.collect(),
        may_reveal: acting.may(Action::RevealNumber),
        may_register: acting.may(Action::RegisterNumber),
        may_dispose: acting.may(Action::ApplyDisposal),
        purpose,
        purposes: purposes(),
        shell: Shell {
            errors, ..page::shell::<App>(acting, "個人番号の登録状況", ROOM, crumbs(of))
        },
    }
}

async fn person(
    State(app): State<App>,
    acting: Acting,
    Path(id): Path<Uuid>,
) -> Result<Html<String>, Failure> {
    let of = case::addressee(&app, &acting, id).await?;
    page::show(&person_page(&acting, &of, FieldState::default(), FormErrors::default()))
}

async fn reveal(
    State(app): State<App>,
    acting: Acting,
    Path(id): Path<Uuid>,
    posted: Posted,
) -> Result<Response, Failure> {
    let mut errors = FormErrors::default();
    let Some(purpose) = case::read_purpose(&posted, &mut errors) else {
        let of = case::addressee(&app, &acting, id).await?;
        let field = errors.field("purpose", "");
        return page::show_errors(&person_page(&acting, &of, field, errors));
    };
    match case::reveal(&app, &acting, purpose, id).await {
        Ok(revealed) => {
            let of = case::addressee(&app, &acting, id).await?;
            show_number(&acting, &of, &revealed)
        }
        Err(error) => refused(&acting, &format!("{ROOM}/{id}"), error),
    }
}

/// The one page that holds a number: not stored, not reloadable by an address, and gone after its time, with script
/// or without.
fn show_number(acting: &Acting, of: &Addressee, revealed: &Revealed) -> Result<Response, Failure> {
    let mut page = person_page(acting, of, FieldState::default(), FormErrors::default());
    page.shown = Some(Shown {
        digits: revealed.digits(),
        purpose: revealed.purpose.ja(),
        basis: revealed.purpose.legal_basis(),
        seconds: SHOWN_FOR.as_secs(),
    });
    let mut answer = page::show(&page)?.into_response();
    let leave = format!("{}; url={ROOM}/{}", SHOWN_FOR.as_secs(), of.id);
    let leave = HeaderValue::from_str(&leave).map_err(anyhow::Error::from)?;
    answer.headers_mut().insert(header::REFRESH, leave);
    answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(answer)
}

#[derive(Template)]
#[template(path = "numbers/register.html")]
struct RegisterPage {
    shell: Shell,
    id: Uuid,
    addressee: String,
    is_first: bool,
    number: FieldState,
    number_again: FieldState,
    valid_from: FieldState,
    reason: FieldState,
    reasons: Vec<Choice>,
    purpose: FieldState,
    purposes: Vec<Choice>,
}

/// `posted` without the numbers: they are typed again, so that no page with errors holds them.
fn register_page(acting: &Acting, of: &Addressee, posted: &Posted, errors: FormErrors) -> RegisterPage {
    let is_first = of.versions.is_empty();
    let title = if is_first { "個人番号の登録" } else { "個人番号の変更" };
    let reasons = Reason::ALL.iter().filter(|reason| **reason != Reason::First);
    let person = format!("{ROOM}/{}", of.id);
    let crumbs = vec![
        Crumb::link(ROOM, "個人番号"),
        Crumb::link(person, format!("宛名番号 {}", of.number)),
        Crumb::here(title),
    ];
    RegisterPage {
        id: of.id,
        addressee: of.number.to_string(),
        is_first,
        number: errors.field("number", ""),
        number_again: errors.field("number_again", ""),
        valid_from: errors.field("valid_from", posted.text("valid_from")),
        reason: errors.field("reason", posted.text("reason")),
        reasons: reasons.map(|reason| Choice::new(reason.code(), reason.ja())).collect(),
        purpose: errors.field("purpose", posted.text("purpose")),
        purposes: purposes(),
        shell: Shell { errors, ..page::shell::<App>(acting, title, ROOM, crumbs) },
    }
}

async fn form(State(app): State<App>, acting: Acting, Path(id): Path<Uuid>) -> Result<Html<String>, Failure> {
    let of = case::addressee(&app, &acting, id).await?;
    let today = wareki::short(app.kit.clock.today());
    let fresh = Posted::from_pairs(vec![("valid_from".to_owned(), today)]);
    page::show(&register_page(&acting, &of, &fresh, FormErrors::default()))
}

async fn register(
    State(app): State<App>,
    acting: Acting,
    Path(id): Path<Uuid>,
    posted: Posted,
) -> Result<Response, Failure> {
    let sent = Sent::take(&app.kit, &acting, Action::RegisterNumber).await?;
    let of = case::addressee(&app, &acting, id).await?;
    let mut errors = FormErrors::default();
    match case::read(&posted, of.versions.is_empty()) {
        Err(found) => errors = found,
        Ok(new) => match case::register(&app, &acting, id, &new).await {
            Ok(()) => {
                sent.keep();
                return Ok(Redirect::to(&format!("{ROOM}/{id}")).into_response());
            }
            Err(VaultError::Fault(fault)) if case::field_of(fault).is_some() => {
                errors.add(case::field_of(fault).unwrap_or_default(), fault.to_string());
            }
            Err(error) => return refused(&acting, &format!("{ROOM}/{id}"), error),
        },
    }
    page::show_errors(&register_page(&acting, &of, &posted, errors))
}

/// In between: the second factor has to be proved first. Nothing of the form is kept.
#[derive(Template)]
#[template(path = "numbers/second_factor.html")]
struct SecondFactorPage {
    shell: Shell,
    sentence: String,
    back: String,
}

/// What the vault does not answer, as a page. Everything but the second factor is told as everywhere else.
fn refused(acting: &Acting, back: &str, error: VaultError) -> Result<Response, Failure> {
    if !matches!(error, VaultError::SecondFactor) {
        return Err(error.into());
    }
    let crumbs = vec![Crumb::link(ROOM, "個人番号"), Crumb::here("二要素目の認証")];
    let page = SecondFactorPage {
        sentence: error.to_string(),
        back: back.to_owned(),
        shell: page::shell::<App>(acting, "二要素目の認証が必要です", ROOM, crumbs),
    };
    Ok((StatusCode::FORBIDDEN, page::show(&page)?).into_response())
}
