//! Routes as data: a page cannot be added without saying what is done there, and so who may.
//!
//! Every route stands behind the same door. It refuses what another site sends, people who are not signed in and
//! people without the right, and it sees to it that each request of a signed-in person leaves a decision in the log,
//! also when the handler was never reached (a form that cannot be read, an id that is none).

use super::{
    Failure, FailurePage, failure_pages, floor, is_same_origin, known,
    lanes::{self, Lane, Lanes},
    once::{self, Ended, SENDING, Sending},
};
use crate::{
    Acting, Action, Kit, Role, Target, Zone,
    audit::{self, Entry, Outcome},
    rights, session, zones,
};
use axum::{
    Router,
    extract::{RawPathParams, Request, State},
    handler::Handler,
    http::{HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{MethodFilter, MethodRouter, on},
};
use futures_util::FutureExt;
use serde_json::json;
use std::{cell::Cell, panic::AssertUnwindSafe};
use uuid::Uuid;

/// Who may come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// Everyone: the sign-in page and static files. The list of these may only shrink.
    Open,
    /// Staff whose role carries the right.
    For(Action),
}

impl Door {
    /// Whether someone in this role may come in.
    pub const fn admits(self, role: Role) -> bool {
        match self {
            Door::Open => true,
            Door::For(action) => rights::carries(role, action),
        }
    }

    /// Whether it exists on a listener of this zone.
    pub fn exists_in(self, zone: Zone) -> bool {
        let admits = match self {
            Door::Open => true,
            Door::For(action) => zones::admits(zone, action),
        };
        zones::has_desks(zone) && admits
    }
}

impl From<Action> for Door {
    fn from(action: Action) -> Self {
        Door::For(action)
    }
}

/// One route: what a test can walk and the office can read.
#[derive(Clone, Debug)]
pub struct Route {
    pub method: Method,
    pub path: &'static str,
    pub door: Door,
    /// A form that changes something: sent twice, it has one effect.
    pub changes: bool,
    /// Among which requests it waits.
    pub lane: Lane,
    /// What the `{id}` in the path names, as the log calls it.
    about: &'static str,
}

/// The routes of a feature or of a whole system.
pub struct Routes<S> {
    about: &'static str,
    list: Vec<(Route, MethodRouter<S>)>,
}

impl<S: Clone + Send + Sync + 'static> Default for Routes<S> {
    fn default() -> Self {
        Routes::about("")
    }
}

impl<S: Clone + Send + Sync + 'static> Routes<S> {
    /// Routes whose `{id}` names a thing of this kind (see [`Target`]).
    pub fn about(kind: &'static str) -> Self {
        Routes { about: kind, list: Vec::new() }
    }

    /// A page that is looked at.
    #[must_use]
    pub fn get<H, T>(self, path: &'static str, door: impl Into<Door>, handler: H) -> Self
    where
        H: Handler<T, S>,
        T: 'static,
    {
        self.add(Method::GET, path, door.into(), on(MethodFilter::GET, handler))
    }

    /// A form that only asks: what is searched for travels in the body, never in the address.
    #[must_use]
    pub fn ask<H, T>(self, path: &'static str, door: impl Into<Door>, handler: H) -> Self
    where
        H: Handler<T, S>,
        T: 'static,
    {
        let mut asking = self.add(Method::POST, path, door.into(), on(MethodFilter::POST, handler));
        if let Some((route, _)) = asking.list.last_mut() {
            route.changes = false;
        }
        asking
    }

    /// A form that changes something.
    #[must_use]
    pub fn post<H, T>(self, path: &'static str, door: impl Into<Door>, handler: H) -> Self
    where
        H: Handler<T, S>,
        T: 'static,
    {
        self.add(Method::POST, path, door.into(), on(MethodFilter::POST, handler))
    }

    fn add(mut self, method: Method, path: &'static str, door: Door, handler: MethodRouter<S>) -> Self {
        let lane = match door {
            Door::Open if path.starts_with("/static/") => Lane::Static,
            Door::Open => Lane::SignIn,
            Door::For(_) => Lane::Staff,
        };
        let changes =
            method == Method::POST && matches!(door, Door::For(action) if action != Action::SignOut);
        self.list.push((Route { method, path, door, changes, lane, about: self.about }, handler));
        self
    }

    /// Lets the route added last wait in this lane.
    #[must_use]
    pub fn in_lane(mut self, lane: Lane) -> Self {
        if let Some((route, _)) = self.list.last_mut() {
            route.lane = lane;
        }
        self
    }

    /// Adds another feature's routes.
    #[must_use]
    pub fn merge(mut self, other: Routes<S>) -> Self {
        self.list.extend(other.list);
        self
    }

    /// Those that exist in this zone. The others are not there: they answer like any unknown address.
    #[must_use]
    pub fn in_zone(mut self, zone: Zone) -> Self {
        self.list.retain(|(route, _)| route.door.exists_in(zone));
        self
    }

    pub fn list(&self) -> impl Iterator<Item = &Route> {
        self.list.iter().map(|(route, _)| route)
    }

    /// The routes as a table for the office: who may come in where.
    pub fn matrix_ja(&self) -> String {
        let mut rows: Vec<_> = self.list().collect();
        rows.sort_by_key(|route| (route.path, route.method.as_str()));
        let mut text = String::from("画面とアクセス権限の対応表\n\n方法\tアドレス\t操作");
        for role in Role::ALL {
            text.push('\t');
            text.push_str(role.ja());
        }
        for route in rows {
            let what = match route.door {
                Door::Open => "(ログイン前でも開ける)",
                Door::For(action) => action.ja(),
            };
            text.push_str(&format!("\n{}\t{}\t{what}", route.method, route.path));
            for role in Role::ALL {
                text.push_str(if route.door.admits(*role) { "\t○" } else { "\t－" });
            }
        }
        text.push('\n');
        text
    }

    /// The routes, each behind the door, on the floor that all pages share.
    pub fn into_router(self, kit: &Kit, state: S, page: FailurePage) -> Router {
        self.into_router_behind(kit, state, page, |pages| pages)
    }

    /// The same behind one more layer, which sees each request before its session is looked up and after it has found a
    /// place in its lane.
    pub fn into_router_behind(
        self,
        kit: &Kit,
        state: S,
        page: FailurePage,
        behind: impl FnOnce(Router) -> Router,
    ) -> Router {
        let lanes =
            Lanes::new(kit.clone(), self.list().map(|route| (route.path, route.method.clone(), route.lane)));
        let doors = self.list.into_iter().fold(Router::new(), |router, (route, handler)| {
            let path = route.path;
            let door = middleware::from_fn_with_state((kit.clone(), route), stand_at_door);
            router.route(path, handler.route_layer(door))
        });
        let known = doors.with_state(state).layer(middleware::from_fn_with_state(kit.clone(), known));
        behind(known)
            .layer(middleware::from_fn_with_state(lanes, lanes::gate))
            .layer(middleware::from_fn_with_state(page, failure_pages))
            .layer(middleware::from_fn_with_state(kit.clone(), floor))
    }
}

tokio::task_local! {
    /// Whether the request that this task answers has left a decision on what its route is about in the log.
    static DECIDED: Decided;
}

struct Decided {
    door: Door,
    is_so: Cell<bool>,
}

/// A case has committed its entry. What it decided on the way (a form that comes back beside a list, which was looked
/// at) is not yet a decision on the route's own. Outside a request (jobs, commands) nobody asks.
pub(crate) fn note_decision(action: Action) {
    let note =
        |decided: &Decided| decided.is_so.set(decided.is_so.get() || decided.door == Door::For(action));
    DECIDED.try_with(note).ok();
}

async fn stand_at_door(
    State((kit, route)): State<(Kit, Route)>,
    params: Result<RawPathParams, axum::extract::rejection::RawPathParamsRejection>,
    mut request: Request,
    next: Next,
) -> Response {
    let acting = request.extensions().get::<Acting>().cloned();
    if let Some(acting) = &acting {
        let csrf_token = once::with_page_key(&acting.csrf_token, &kit);
        request.extensions_mut().insert(Acting { csrf_token, ..acting.clone() });
    }
    let named = params.ok().and_then(|params| {
        params.iter().find(|(name, _)| *name == "id").map(|(_, value)| value.parse::<Uuid>())
    });
    let answer = async {
        let entered = may_enter(&route, &request, acting.as_ref());
        // What is no id is the id of nothing.
        let entered = entered.and_then(|()| match named {
            Some(Err(_)) => Err(Failure::NotFound),
            Some(Ok(_)) | None => Ok(()),
        });
        let answer = match entered {
            Ok(()) => AssertUnwindSafe(next.run(request)).catch_unwind().await.unwrap_or_else(|_| {
                Failure::Internal(anyhow::anyhow!("the handler of {} panicked", route.path)).into_response()
            }),
            Err(Failure::NotSignedIn) if is_by_script(&request) => away(),
            Err(failure) => {
                let back =
                    matches!(failure, Failure::NotSignedIn).then(|| remember(&kit, &request)).flatten();
                let mut answer = failure.into_response();
                if let Some(back) = back {
                    answer.headers_mut().append(header::SET_COOKIE, back);
                }
                answer
            }
        };
        match (once::end(answer, DECIDED.with(|decided| decided.is_so.get())).await, &acting) {
            (Ended::Answered(answer, is_decided), _) => (answer, is_decided),
            (Ended::Repeated, Some(acting)) => (once::answer_again(&kit, acting).await, false),
            (Ended::Repeated, None) => (Failure::NotSignedIn.into_response(), false),
        }
    };
    let answer = DECIDED.scope(Decided { door: route.door, is_so: Cell::new(false) }, answer);
    let (answer, is_decided) =
        if route.changes { SENDING.scope(Sending::default(), answer).await } else { answer.await };
    let (Some(acting), Door::For(action), false) = (acting, route.door, is_decided) else { return answer };
    let target = match named {
        Some(Ok(id)) if !route.about.is_empty() => Target::of(route.about, id),
        Some(_) | None => Target::NONE,
    };
    match write_decision(&kit, &acting, action, target, answer.status()).await {
        Ok(()) => answer,
        // No entry, no answer.
        Err(failure) => failure.into_response(),
    }
}

/// How htmx is told to leave the page.
pub(super) const HX_REDIRECT: HeaderName = HeaderName::from_static("hx-redirect");

/// Whether a script of a page asks, not the browser itself: it cannot follow the way to the hub.
fn is_by_script(request: &Request) -> bool {
    request.headers().get("sec-fetch-mode").is_some_and(|mode| mode != "navigate")
}

/// Tells a script that nobody is signed in; htmx then leads the page to the door.
fn away() -> Response {
    let note = Failure::NotSignedIn.note();
    let mut answer = (note.status, [(HX_REDIRECT, "/sign-in")], "").into_response();
    answer.extensions_mut().insert(note);
    answer
}

/// Longer addresses are not worth a cookie.
const BACK_BYTES_MAX: usize = 500;

/// The page that somebody wanted to see, as a cookie: addresses hold ids and dates only.
fn remember(kit: &Kit, request: &Request) -> Option<HeaderValue> {
    let path = request.uri().path_and_query()?.as_str();
    let is_plain =
        path.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b';' | b',' | b'"' | b'\\'));
    // What was typed and could not be sent comes first.
    let waits = super::cookie(request.headers(), &session::back_cookie_name(kit));
    if waits.is_some_and(|back| back.starts_with("/drafts/")) {
        return None;
    }
    if !is_plain || path.len() > BACK_BYTES_MAX || request.headers().contains_key("hx-request") {
        return None;
    }
    Some(session::set_back(kit, path))
}

fn may_enter(route: &Route, request: &Request, acting: Option<&Acting>) -> Result<(), Failure> {
    if let Door::For(action) = route.door {
        let sends = !request.method().is_safe() && action != Action::SignOut;
        let acting = acting.ok_or(if sends { Failure::Unsent } else { Failure::NotSignedIn })?;
        if !acting.may(action) {
            return Err(Failure::Refused(action));
        }
    }
    if !request.method().is_safe() && !is_same_origin(request.headers()) {
        return Err(Failure::BadRequest(
            "別のサイトから送信されました。このシステムの画面からやり直してください。".to_owned(),
        ));
    }
    // Nobody unpacks what is sent: no small body can become a large one.
    if request.headers().get(header::CONTENT_ENCODING).is_some_and(|coding| coding != "identity") {
        return Err(Failure::BadRequest("圧縮せずに、画面の送信ボタンから送ってください。".to_owned()));
    }
    // The database cannot hold a NUL, and nobody types one.
    if request.uri().path_and_query().is_some_and(|asked| asked.as_str().contains("%00")) {
        return Err(Failure::NotFound);
    }
    Ok(())
}

/// The entry of a request that no case has decided: refused at the door, unreadable, not there, or an empty form.
async fn write_decision(
    kit: &Kit,
    acting: &Acting,
    action: Action,
    target: Target,
    status: StatusCode,
) -> Result<(), Failure> {
    let is_shown = status.is_success() || status.is_redirection();
    let entry = Entry {
        municipality: acting.municipality,
        entry_id: kit.ids.next(),
        at: kit.clock.now(),
        staff_id: Some(acting.staff_id),
        request_id: acting.request_id,
        action,
        outcome: if is_shown { Outcome::Viewed } else { Outcome::Refused },
        target_kind: target.kind,
        target_id: target.id,
        terminal: acting.terminal,
        purpose: None,
        detail: json!({"status": status.as_u16()}),
        before: None,
        after: None,
    };
    let tx = crate::db::begin(&kit.pool, acting.municipality).await?;
    Ok(audit::commit(kit, tx, &[entry]).await?)
}
