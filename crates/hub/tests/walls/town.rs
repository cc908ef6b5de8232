//! Two municipalities with the same staff and the same work in progress. Every text of each carries its mark.

use super::examples;
use crate::support::{ITABASHI, KITA, PASSWORD, Stage, stage};
use axum::Router;
use domain::Date;
use hub::accounts::case::NewAccount;
use kit::{
    Action, Case, Clock, Instant, Kit, Municipality, Role, Target, session,
    testing::walls::{Form, Ground, Session},
    web::Route,
};
use sqlx::PgPool;
use town::planted_number;
use uuid::Uuid;

/// The ids of one of each, for the places in paths and forms.
#[derive(Clone, Copy)]
pub struct Things {
    /// Somebody without a role yet.
    pub newcomer: Uuid,
    /// Somebody whose account is going to be shut.
    pub leaver: Uuid,
    pub supervisor: Uuid,
    pub section: Uuid,
    /// Applications: for the newcomer, waiting for the chief; approved, waiting for the ID manager; the clerk's own.
    pub applied: Uuid,
    pub approved: Uuid,
    pub own: Uuid,
    /// The clerk's.
    pub passkey: Uuid,
    pub sign_in: Uuid,
    pub addressee: Uuid,
    pub addressee_number: u64,
    /// Which of the planted individual numbers is registered here.
    pub number: u64,
    pub draft: Uuid,
    /// An entry of the log.
    pub entry: Uuid,
    /// Of a form that makes its thing's id itself.
    pub key: Uuid,
    /// Somebody who is going to be transferred, and where to.
    pub mover: Uuid,
    pub elsewhere: Uuid,
    pub terminal: Uuid,
    /// A review under way and the list of the section.
    pub review: Uuid,
    pub part: Uuid,
    /// Applications that wait for a second person: for new keys, and for a number to be deleted.
    pub ceremony: Uuid,
    pub disposal: Uuid,
    pub finding: Uuid,
    pub intrusion: Uuid,
}

fn made_up(n: u128) -> Uuid {
    Uuid::from_u128(0x0199_0000_0000_7000_8000_0000_0000_0000 | n)
}

impl Things {
    /// Ids that nobody has.
    pub fn unknown() -> Self {
        Things {
            newcomer: made_up(1),
            leaver: made_up(2),
            supervisor: made_up(3),
            section: made_up(4),
            applied: made_up(5),
            approved: made_up(6),
            own: made_up(7),
            passkey: made_up(8),
            sign_in: made_up(9),
            addressee: made_up(10),
            addressee_number: 300_001,
            number: 3,
            draft: made_up(11),
            entry: made_up(12),
            key: made_up(13),
            mover: made_up(14),
            elsewhere: made_up(15),
            terminal: made_up(16),
            review: made_up(17),
            part: made_up(18),
            ceremony: made_up(19),
            disposal: made_up(20),
            finding: made_up(21),
            intrusion: made_up(22),
        }
    }
}

pub struct Town {
    pub municipality: Municipality,
    pub things: Things,
    staff: Vec<(Role, Uuid)>,
}

impl Town {
    pub fn of(&self, role: Role) -> Uuid {
        self.staff.iter().find(|(of, _)| *of == role).unwrap().1
    }
}

pub struct Walls {
    pub stage: Stage,
    pub ours: Town,
    pub theirs: Town,
}

/// How the login ids of the two begin: words that nothing else holds.
pub const LOGINS: [&str; 2] = ["qkita", "qitaba"];

pub async fn walls(marks: [&str; 2]) -> Walls {
    let stage = stage().await;
    let ours = town(&stage, KITA, (marks[0], LOGINS[0], 1)).await;
    let theirs = town(&stage, ITABASHI, (marks[1], LOGINS[1], 2)).await;
    Walls { stage, ours, theirs }
}

async fn town(stage: &Stage, municipality: Municipality, (mark, login, nth): (&str, &str, u64)) -> Town {
    let (mut staff, section) = (Vec::new(), format!("{mark}保健予防課"));
    let mut others = Vec::new();
    let mut tx = kit::db::begin(&stage.app.kit.pool, municipality).await.unwrap();
    for role in Role::ALL.iter().copied().map(Some).chain([None, None, None]) {
        let code = role.map_or_else(|| format!("other{}", others.len()), |role| role.code().to_owned());
        let (login, name) = (format!("{login}.{code}"), format!("{mark}{code}"));
        let roles: Vec<Role> = role.into_iter().collect();
        let new = NewAccount { login: &login, name: &name, section: &section, roles: &roles };
        let staff_id = hub::accounts::case::put(&mut tx, &stage.app.kit, municipality, new).await.unwrap();
        match role {
            Some(role) => staff.push((role, staff_id)),
            None => others.push(staff_id),
        }
    }
    tx.commit().await.unwrap();
    let mut town = Town { municipality, things: Things::unknown(), staff };
    let clerk = town.of(Role::Clerk);
    stage.give_password(municipality, clerk).await;
    let one = |sql| sqlx::query_scalar::<_, Uuid>(sql).bind(municipality.0);
    let pool = stage.db.superuser_pool();
    let section = one("select section_id from sections where municipality_code = $1").fetch_one(&pool).await;
    let next = || stage.app.kit.ids.next();
    let [applied, approved, own, passkey, key] = [(); 5].map(|()| next());
    let [elsewhere, terminal, finding, intrusion] = [(); 4].map(|()| next());
    town.things = Things {
        newcomer: others[0],
        leaver: others[1],
        mover: others[2],
        elsewhere,
        terminal,
        finding,
        intrusion,
        supervisor: town.of(Role::IdManager),
        section: section.unwrap(),
        applied,
        approved,
        own,
        passkey,
        sign_in: sign_in(stage, municipality, clerk).await,
        addressee_number: nth * 100_000 + 1,
        number: nth,
        key,
        ..town.things
    };
    look_long_ago(stage, &town).await;
    put_rights(stage, &town, mark).await;
    put_marks(stage, &town, mark).await;
    put_oversight(stage, &town, mark).await;
    town.things.addressee = put_number(stage, &town).await;
    let disposal = format!("/numbers/{}/disposal", town.things.addressee);
    town.things.disposal = asked(stage, &town, Role::NumberHandler, &disposal, &[("reason", mark)]).await;
    town.things.ceremony = asked(stage, &town, Role::IdManager, "/keys", &[("reason", mark)]).await;
    // A name is short: as much of the mark as fits.
    let name: String = mark.chars().take(40).collect();
    let plan =
        [("name", name.as_str()), ("kind", "as_needed"), ("base_on", "R8.11.23"), ("due_on", "R8.12.10")];
    town.things.review = asked(stage, &town, Role::IdManager, "/reviews/new", &plan).await;
    let part = "select part_id from review_parts where municipality_code = $1 and chief_id is null limit 1";
    town.things.part = one(part).fetch_one(&pool).await.unwrap();
    // Decided, so that it can be signed.
    sqlx::query(
        "insert into review_decisions (municipality_code, part_id, staff_id, role, decision, decided_by, decided_at)
         select municipality_code, part_id, staff_id, role, 'keep', $2, $3 from review_items where part_id = $1",
    )
    .bind(town.things.part)
    .bind(town.of(Role::Chief))
    .bind(Instant(stage.app.kit.clock.now()))
    .execute(&pool)
    .await
    .unwrap();
    let entry = "select entry_id from audit_entries where municipality_code = $1 order by entry_id limit 1";
    town.things.entry = one(entry).fetch_one(&pool).await.unwrap();
    town
}

/// Applications in each state that waits for somebody.
async fn put_rights(stage: &Stage, town: &Town, mark: &str) {
    let (things, chief) = (&town.things, town.of(Role::Chief));
    for (id, person, state, by) in [
        (things.applied, things.newcomer, "applied", None),
        (things.approved, things.newcomer, "approved", Some(chief)),
        (things.own, town.of(Role::Clerk), "applied", None),
    ] {
        sqlx::query(
            "insert into rights_applications (municipality_code, application_id, kind, staff_id, section_id, duty, roles,
                 reason, from_on, state, applied_by, applied_at, approved_by)
             values ($1, $2, 'grant', $3, $4, 'records', '{clerk}', $5, '2026-12-01', $6, $3, $7, $8)",
        )
        .bind(town.municipality.0)
        .bind(id)
        .bind(person)
        .bind(things.section)
        .bind(mark)
        .bind(state)
        .bind(Instant(stage.app.kit.clock.now()))
        .bind(by)
        .execute(&stage.db.superuser_pool())
        .await
        .unwrap();
        sqlx::query(
            "insert into rights_steps (municipality_code, application_id, state, staff_id, taken_at, reason)
             values ($1, $2, 'applied', $3, $4, $5)",
        )
        .bind(town.municipality.0)
        .bind(id)
        .bind(person)
        .bind(Instant(stage.app.kit.clock.now()))
        .bind(mark)
        .execute(&stage.db.superuser_pool())
        .await
        .unwrap();
    }
}

/// A key on the curve, as the library keeps it: it signs nothing here.
fn credential() -> serde_json::Value {
    serde_json::json!({"cred": {
        "cred_id": "cXVpZXQgbW9ybmluZw",
        "cred": {"type_": "ES256", "key": {"EC_EC2": {
            "curve": "SECP256R1",
            "x": "axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY",
            "y": "T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU"
        }}},
        "counter": 0, "transports": null, "user_verified": true, "backup_eligible": false, "backup_state": false,
        "registration_policy": "required",
        "extensions": {"cred_protect": "NotRequested", "hmac_create_secret": "NotRequested", "appid": "NotRequested",
            "cred_props": "NotRequested"},
        "attestation": {"data": "None", "metadata": "None"}, "attestation_format": "none"
    }})
}

/// Writes the mark into every text a page may show.
async fn put_marks(stage: &Stage, town: &Town, mark: &str) {
    let pool = stage.db.superuser_pool();
    let (things, code) = (&town.things, town.municipality.0);
    sqlx::query(
        "insert into passkeys (municipality_code, passkey_id, staff_id, credential_id, name, credential, created_at)
         values ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(code)
    .bind(things.passkey)
    .bind(town.of(Role::Clerk))
    .bind(b"quiet morning".as_slice())
    .bind(mark)
    .bind(credential())
    .bind(Instant(stage.app.kit.clock.now()))
    .execute(&pool)
    .await
    .unwrap();
    sqlx::query(
        "insert into contracts (municipality_code, staff_id, company, contract_until, supervisor_id, consent_number, created_at)
         values ($1, $2, $3, '2027-03-31', $4, $3, $5)",
    )
    .bind(code)
    .bind(town.of(Role::Contractor))
    .bind(mark)
    .bind(things.supervisor)
    .bind(Instant(stage.app.kit.clock.now()))
    .execute(&pool)
    .await
    .unwrap();
    let grants = "update password_grants set reason = $2 where municipality_code = $1";
    sqlx::query(grants).bind(code).bind(mark).execute(&pool).await.unwrap();
    let ends = "update accounts set until_on = '2027-03-31' where municipality_code = $1 and staff_id = $2";
    sqlx::query(ends).bind(code).bind(town.of(Role::Contractor)).execute(&pool).await.unwrap();
}

/// What a form leaves behind: the page it leads to names it.
async fn asked(stage: &Stage, town: &Town, role: Role, path: &str, fields: &[(&str, &str)]) -> Uuid {
    let session = session_of(stage, town, role).await;
    let form = [&[("csrf", session.csrf.as_str())], fields].concat();
    let done = stage.ask(&session.cookie, path, Some(&form)).await;
    let place = done.header(axum::http::header::LOCATION);
    place.rsplit('/').next().unwrap().parse().unwrap_or_else(|_| panic!("{path}: {}", done.text))
}

/// The log's first entry, in a month that is over.
async fn look_long_ago(stage: &Stage, town: &Town) {
    let session = session_of(stage, town, Role::Auditor).await;
    let kit = &stage.app.kit;
    let request = Uuid::nil();
    let acting =
        session::resume(kit, &cookie_value(&session), request, true).await.unwrap().expect("it stands");
    let long_ago = Kit { clock: Clock::frozen(Date::constant(2026, 10, 5)), ..kit.clone() };
    let case = Case::open(&long_ago, &acting, Action::ViewHome, Target::NONE).await.unwrap();
    case.viewed(serde_json::json!({})).await.unwrap();
}

fn cookie_value(session: &Session) -> String {
    session.cookie.split_once('=').unwrap().1.to_owned()
}

/// A terminal, another section, a look that calls for a question, and a notice.
async fn put_oversight(stage: &Stage, town: &Town, mark: &str) {
    let (things, clerk, pool) = (&town.things, town.of(Role::Clerk), stage.db.superuser_pool());
    for (sql, id) in [
        ("insert into sections (municipality_code, section_id, name, created_at)
              select $1, $2, $5 || '別の係', $4 where $3 is not null", things.elsewhere),
        ("insert into terminals (municipality_code, terminal_id, name, place, zone, fingerprint, last_on, registered_by, registered_at)
              values ($1, $2, $5, $5, 'business', sha256($2::text::bytea), '2027-03-31', $3, $4)", things.terminal),
        ("insert into findings (municipality_code, finding_id, on_day, staff_id, person_id, signs, looks, found_at, state)
              select $1, $2, '2026-11-20', $3, null, '{many_refusals}', 12, $4, 'open' where $5 <> ''", things.finding),
        ("insert into intrusions (municipality_code, intrusion_id, kind, origin, signs, first_at, last_at, state, note)
              select $1, $2, 'refusal_burst', sha256($3::text::bytea), 20, $4, $4, 'open', $5", things.intrusion),
    ] {
        sqlx::query(sql)
            .bind(town.municipality.0)
            .bind(id)
            .bind(clerk)
            .bind(Instant(stage.app.kit.clock.now()))
            .bind(mark)
            .execute(&pool)
            .await
            .unwrap_or_else(|error| panic!("{error}: {sql}"));
    }
}

/// Somebody with a registered number, as the window registers it.
async fn put_number(stage: &Stage, town: &Town) -> Uuid {
    let session = session_of(stage, town, Role::NumberHandler).await;
    let number = planted_number(town.things.number);
    let addressee = town.things.addressee_number.to_string();
    let csrf = ("csrf", session.csrf.as_str());
    let open = [csrf, ("addressee", addressee.as_str())];
    let opened = stage.ask(&session.cookie, "/numbers/open", Some(&open)).await;
    let page = opened.header(axum::http::header::LOCATION).to_owned();
    let form = [
        csrf,
        ("number", number.as_str()),
        ("number_again", &number),
        ("valid_from", "R8.11.1"),
        ("purpose", "vaccination"),
    ];
    let done = stage.ask(&session.cookie, &format!("{page}/register"), Some(&form)).await;
    assert_eq!(done.header(axum::http::header::LOCATION), page, "{}", done.text);
    page.rsplit('/').next().unwrap().parse().unwrap()
}

/// A sign-in as the door leaves it, with a second factor just proved.
async fn sign_in(stage: &Stage, municipality: Municipality, staff_id: Uuid) -> Uuid {
    let sign_in_id = stage.app.kit.ids.next();
    sqlx::query(
        "insert into sign_ins (municipality_code, sign_in_id, staff_id, zone, created_at, last_seen_at, stepped_up_at)
         values ($1, $2, $3, 'business', $4, $4, $4)",
    )
    .bind(municipality.0)
    .bind(sign_in_id)
    .bind(staff_id)
    .bind(Instant(stage.app.kit.clock.now()))
    .execute(&stage.db.superuser_pool())
    .await
    .unwrap();
    sign_in_id
}

async fn session_of(stage: &Stage, town: &Town, role: Role) -> Session {
    let (kit, municipality, staff_id) = (&stage.app.kit, town.municipality, town.of(role));
    let sign_in_id = sign_in(stage, municipality, staff_id).await;
    let standing = kit.desk.keeper.check(municipality, sign_in_id, true).await.unwrap();
    let value = session::open(kit, municipality, &standing.expect("it stands")).await.unwrap();
    let csrf = session::resume(kit, &value, Uuid::nil(), true).await.unwrap().expect("it stands").csrf_token;
    let cookie = session::set_cookie(kit, &value).split(';').next().unwrap().to_owned();
    Session { cookie, csrf, staff_id }
}

impl Walls {
    /// A new session, without the cost of a password.
    pub async fn session(&self, town: &Town, role: Role) -> Session {
        session_of(&self.stage, town, role).await
    }
}

impl Ground for Walls {
    type Things = Things;

    fn kit(&self) -> &Kit {
        &self.stage.app.kit
    }

    fn pages(&self) -> &Router {
        &self.stage.router
    }

    fn superuser(&self) -> PgPool {
        self.stage.db.superuser_pool()
    }

    fn routes(&self) -> Vec<Route> {
        hub::routes().list().cloned().collect()
    }

    fn ours(&self) -> (Municipality, Things) {
        (self.ours.municipality, self.ours.things)
    }

    fn theirs(&self) -> (Municipality, Things) {
        (self.theirs.municipality, self.theirs.things)
    }

    fn unknown(&self) -> Things {
        Things::unknown()
    }

    fn path(&self, route: &Route, things: &Things) -> String {
        examples::path(route, things)
    }

    fn form(&self, route: &Route, things: &Things) -> Form {
        let mut form = examples::form(route, things);
        for (name, value) in &mut form {
            // What the clerk's app shows now.
            if route.path == "/step-up" && name == "code" {
                *value = self.stage.code();
            }
        }
        form
    }

    async fn session(&self, role: Role) -> Session {
        Walls::session(self, &self.ours, role).await
    }

    fn kept_entry(&self) -> Uuid {
        self.ours.things.entry
    }

    /// An application is shown to the two it is about, their chief, ID managers and auditors.
    fn is_hidden(&self, route: &Route, role: Role) -> bool {
        let is_hidden = !matches!(role, Role::Chief | Role::IdManager | Role::Auditor);
        // An application by two is shown to whoever may ask, decide or audit.
        let is_about_two = route.path == "/approvals/{id}";
        route.path.starts_with("/drafts/") || (route.path == "/rights/{id}" || is_about_two) && is_hidden
    }

    fn doer(&self, route: &Route) -> Role {
        match route.path {
            "/rights/new" => Role::Chief,
            "/numbers/open" => Role::NumberHandler,
            _ => *Role::ALL.iter().find(|role| route.door.admits(**role)).unwrap(),
        }
    }
}

/// The password of the clerk, for what must never be heard.
pub const SECRETS: &[&str] = &[PASSWORD, "some other password", "a quiet morning"];
