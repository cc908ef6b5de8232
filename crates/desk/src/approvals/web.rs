//! Pages of 二人承認. The same in every system; each kind has its own routes, since each has its own right.

use super::case::{self, LISTED_MAX, Shown};
use crate::{System, page};
use askama::Template;
use axum::{
    extract::{Path, State as From},
    response::{Html, IntoResponse, Redirect, Response},
};
use jiff::Timestamp;
use kit::{
    Acting, Action, Failure, Posted,
    approvals::{Approval, Kind, State, Step},
    web::Routes,
};
use ui::{Banner, BannerKind, Chip, Crumb, FieldState, FormErrors, Shell, Tone};
use uuid::Uuid;

pub const NAV: &str = "/approvals";
const ROOM: &str = "二人承認";
const REASON_CHARS_MAX: usize = 300;
/// A line of a plan with this label is a warning to whoever decides.
pub const WARNING: &str = "注意";

pub fn routes<S: System>() -> Routes<S> {
    let mut routes = Routes::about("approval").get(NAV, Action::ViewApprovals, list::<S>).get(
        "/approvals/{id}",
        Action::ViewApprovals,
        show::<S>,
    );
    for kind in S::APPROVALS.iter().copied() {
        let terms = kind.terms();
        let decide = move |From(app): From<S>, acting: Acting, Path(id): Path<Uuid>, posted: Posted| async move {
            let step = if posted.text("answer") == "approve" { Step::Approve } else { Step::Reject };
            answer(&app, &acting, (kind, id), step, &posted).await
        };
        let withdraw = move |From(app): From<S>, acting: Acting, Path(id): Path<Uuid>, posted: Posted| async move {
            answer(&app, &acting, (kind, id), Step::Withdraw, &posted).await
        };
        routes = routes.post(kind.decide_path(), terms.approves, decide).post(
            kind.withdraw_path(),
            terms.applies,
            withdraw,
        );
    }
    routes
}

/// 年月日と時分, as people in Japan read it.
pub fn moment(at: Timestamp) -> String {
    kit::clock::in_japan(at).strftime("%Y-%m-%d %H:%M").to_string()
}

/// What has become of an application.
pub fn chip(approval: &Approval, now: Timestamp) -> Chip {
    match approval.state {
        State::Asked if now > approval.decide_until => Chip::new(Tone::Off, "期限切れ"),
        State::Asked => Chip::new(Tone::Waiting, "承認待ち"),
        State::Approved { .. } if approval.uses >= approval.uses_max => Chip::new(Tone::Good, "実行済み"),
        State::Approved { valid_until, .. } if now > valid_until => Chip::new(Tone::Off, "承認の期限切れ"),
        State::Approved { .. } => Chip::new(Tone::Active, "承認済み"),
        State::Rejected { .. } => Chip::new(Tone::Stop, "却下"),
        State::Withdrawn { .. } => Chip::new(Tone::Off, "取下げ"),
    }
}

/// The page about the thing itself, where whoever looks may see it: a link to a refusal would count against them.
fn href(approval: &Approval, acting: &Acting) -> Option<String> {
    let (action, room, tail) = match approval.target_kind.as_str() {
        "export" => (Action::ViewExports, "exports", ""),
        "provision" => (Action::ViewProvisions, "provisions", ""),
        "resident" => (Action::ViewResident, "residents", ""),
        "addressee" => (Action::ViewNumberHistory, "numbers", ""),
        "campaign" => (Action::ViewCampaigns, "campaigns", "/files"),
        _ => return None,
    };
    acting.may(action).then(|| format!("/{room}/{}{tail}", approval.target_id))
}

#[derive(Template)]
#[template(path = "approvals/list.html")]
struct ListPage {
    shell: Shell,
    groups: Vec<Group>,
    most: i64,
    ledgers: Vec<(&'static str, &'static str)>,
}

struct Group {
    id: &'static str,
    title: &'static str,
    none: &'static str,
    rows: Vec<Row>,
}

struct Row {
    id: Uuid,
    number: i64,
    kind: &'static str,
    reason: String,
    who: String,
    at: String,
    until: String,
    chip: Chip,
}

fn row(approval: &Approval, now: Timestamp) -> Row {
    let until = match approval.state {
        State::Asked => moment(approval.decide_until),
        State::Approved { valid_until, .. } => moment(valid_until),
        State::Rejected { .. } | State::Withdrawn { .. } => String::new(),
    };
    Row {
        id: approval.approval_id,
        number: approval.number,
        kind: approval.kind.ja(),
        reason: approval.reason.clone(),
        who: approval.asked_by_name.clone(),
        at: moment(approval.asked_at),
        until,
        chip: chip(approval, now),
    }
}

async fn list<S: System>(From(app): From<S>, acting: Acting) -> Result<Html<String>, Failure> {
    let (listed, now) = case::list(&app, &acting).await?;
    let is_open = |one: &Approval| one.state == State::Asked && now <= one.decide_until;
    let is_own = |one: &Approval| one.asked_by == acting.staff_id;
    let waits = |one: &Approval| is_open(one) && !is_own(one) && acting.may(one.kind.terms().approves);
    let group = |id, title, none, pick: &dyn Fn(&Approval) -> bool| Group {
        id,
        title,
        none,
        rows: listed.iter().filter(|one| pick(one)).map(|one| row(one, now)).collect(),
    };
    let groups = vec![
        group("waiting", "あなたの承認を待つもの", "あなたの承認を待つ申請はありません。", &waits),
        group("own", "あなたの申請", "あなたの申請はありません。", &is_own),
        group("others", "そのほかの申請", "そのほかの申請はありません。", &|one| {
            !is_own(one) && !waits(one)
        }),
    ];
    let crumbs = vec![Crumb::link("/", "ホーム"), Crumb::here(ROOM)];
    page::show(&ListPage {
        shell: page::shell::<S>(&acting, ROOM, NAV, crumbs),
        groups,
        most: LISTED_MAX,
        ledgers: S::LEDGERS
            .iter()
            .filter(|ledger| ledger.needs.is_none_or(|action| acting.may(action)))
            .map(|ledger| (ledger.href, ledger.label))
            .collect(),
    })
}

#[derive(Template)]
#[template(path = "approvals/show.html")]
struct ShowPage {
    shell: Shell,
    number: i64,
    kind: &'static str,
    chip: Chip,
    banners: Vec<Banner>,
    plan: Vec<(String, String)>,
    course: Vec<(&'static str, String)>,
    href: Option<String>,
    decide_path: String,
    withdraw_path: String,
    decides: bool,
    withdraws: bool,
    is_own: bool,
    reason: FieldState,
}

/// Who did what when, as far as it has come.
fn course(shown: &Shown) -> Vec<(&'static str, String)> {
    let approval = &shown.approval;
    let mut course = vec![
        ("申請", format!("{} {}", moment(approval.asked_at), approval.asked_by_name)),
        ("申請の理由", approval.reason.clone()),
    ];
    let decided =
        |at: Timestamp| format!("{} {}：{}", moment(at), approval.decided_by_name, approval.decision_reason);
    match approval.state {
        State::Asked => course.push(("承認の期限", moment(approval.decide_until))),
        State::Approved { at, valid_until, .. } => {
            course.push(("承認", decided(at)));
            course.push(("承認の有効期限", moment(valid_until)));
            course.push(("実行できる回数", format!("{}回のうち{}回", approval.uses_max, approval.uses)));
        }
        State::Rejected { at, .. } => course.push(("却下", decided(at))),
        State::Withdrawn { at } => course.push(("取下げ", moment(at))),
    }
    course.extend(shown.uses.iter().map(|(at, who)| ("実行", format!("{} {who}", moment(*at)))));
    course
}

fn show_page<S: System>(acting: &Acting, shown: &Shown, errors: FormErrors, reason: &str) -> ShowPage {
    let approval = &shown.approval;
    let (warnings, plan): (Vec<_>, Vec<_>) =
        approval.plan.iter().cloned().partition(|(label, _)| label == WARNING);
    let fill = |path: &str| path.replace("{id}", &approval.approval_id.to_string());
    let title = format!("{}の申請", approval.kind.ja());
    let crumbs = vec![Crumb::link("/", "ホーム"), Crumb::link(NAV, ROOM), Crumb::here("申請の内容")];
    ShowPage {
        number: approval.number,
        kind: approval.kind.ja(),
        chip: chip(approval, shown.now),
        banners: warnings.into_iter().map(|(_, text)| Banner::new(BannerKind::Warning, text)).collect(),
        plan,
        course: course(shown),
        href: href(approval, acting),
        decide_path: fill(approval.kind.decide_path()),
        withdraw_path: fill(approval.kind.withdraw_path()),
        decides: shown.decides,
        withdraws: shown.withdraws,
        is_own: approval.asked_by == acting.staff_id && approval.state == State::Asked,
        reason: errors.field("reason", reason),
        shell: Shell { errors, ..page::shell::<S>(acting, &title, NAV, crumbs) },
    }
}

async fn show<S: System>(
    From(app): From<S>,
    acting: Acting,
    Path(id): Path<Uuid>,
) -> Result<Html<String>, Failure> {
    let shown = case::show(&app, &acting, id).await?;
    page::show(&show_page::<S>(&acting, &shown, FormErrors::default(), ""))
}

/// The step that a button stands for. A decision says why, whichever it is.
async fn answer<S: System>(
    app: &S,
    acting: &Acting,
    (kind, id): (Kind, Uuid),
    step: Step,
    posted: &Posted,
) -> Result<Response, Failure> {
    let reason = posted.trimmed("reason");
    let mut errors = FormErrors::default();
    if step != Step::Withdraw && reason.is_empty() {
        errors.add("reason", "決定の理由を入力してください。申請した人に表示されます");
    } else if reason.chars().count() > REASON_CHARS_MAX {
        errors.add("reason", format!("理由は{REASON_CHARS_MAX}文字以内で入力してください"));
    }
    if !errors.is_empty() {
        let shown = case::show(app, acting, id).await?;
        return page::show_errors(&show_page::<S>(acting, &shown, errors, posted.text("reason")));
    }
    case::take(app, acting, (kind, id), step, reason).await?;
    Ok(Redirect::to(&format!("{NAV}/{id}")).into_response())
}
