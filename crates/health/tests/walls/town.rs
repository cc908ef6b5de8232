//! Two municipalities with the same work in progress. Every text of each carries its mark.

use super::examples;
use crate::{
    support::{ITABASHI, KITA, Stage, stage},
    ward::Someone,
};
use axum::Router;
use domain::{
    Date,
    campaign::NoticeKind,
    ids::SheetNumber,
    schedule::{Series, Vaccine},
};
pub use kit::testing::walls::{Answer, FORM, Form, Ground, MARKS, Session, encode};
use kit::{
    Acting, Action, Case, Clock, Instant, Kit, Municipality, Role, Target, approvals::Kind, web::Route,
};
use sqlx::PgPool;
use uuid::Uuid;

/// The ids of one of each, for the places in paths and forms.
#[derive(Clone, Copy)]
pub struct Things {
    pub clerk: Uuid,
    pub resident: Uuid,
    pub fact: Uuid,
    pub job: Uuid,
    pub campaign: Uuid,
    pub printed: Uuid,
    pub feed: Uuid,
    pub review: Uuid,
    pub record: Uuid,
    pub sheet: Uuid,
    pub sheet_number: SheetNumber,
    /// An entry of the log.
    pub entry: Uuid,
    pub finding: Uuid,
    pub intrusion: Uuid,
    /// An application that waits, an export and a provision that were approved and taken, somebody under 支援措置.
    pub approval: Uuid,
    pub export: Uuid,
    pub provision: Uuid,
    pub protected: Uuid,
}

impl Things {
    /// Ids that nobody has.
    pub fn unknown() -> Self {
        let id = |n: u128| Uuid::from_u128(0x0199_0000_0000_7000_8000_0000_0000_0000 | n);
        Things {
            clerk: id(3),
            resident: id(1),
            fact: id(2),
            job: id(4),
            campaign: id(5),
            printed: id(6),
            feed: id(7),
            review: id(8),
            record: id(9),
            sheet: id(10),
            sheet_number: sheet_number(Municipality(0)),
            entry: id(11),
            finding: id(12),
            intrusion: id(13),
            approval: id(14),
            export: id(15),
            provision: id(16),
            protected: id(17),
        }
    }
}

pub struct Town {
    pub municipality: Municipality,
    pub things: Things,
    staff: Vec<Acting>,
}

impl Town {
    pub fn acting(&self, role: Role) -> &Acting {
        self.staff.iter().find(|acting| acting.roles == [role]).unwrap()
    }
}

pub struct Walls {
    pub stage: Stage,
    pub router: Router,
    pub ours: Town,
    pub theirs: Town,
}

/// The clinic that both have, each under its own name.
pub const CLINIC: &str = "9000000001";

pub async fn walls(marks: [&str; 2]) -> Walls {
    let stage = stage().await;
    let ours = town(&stage, KITA, marks[0]).await;
    let theirs = town(&stage, ITABASHI, marks[1]).await;
    let router = health::router(stage.app.clone());
    Walls { stage, router, ours, theirs }
}

async fn town(stage: &Stage, municipality: Municipality, mark: &str) -> Town {
    let mut staff = Vec::new();
    for role in Role::ALL {
        staff.push(stage.staff(municipality, *role).await);
    }
    let by = |role| staff.iter().find(|acting: &&Acting| acting.roles == [role]).unwrap();
    let (clerk, approver) = (by(Role::Clerk), by(Role::Approver));
    look_long_ago(stage, clerk).await;
    let people = stage.children(municipality, 3).await;
    let protected = stage.add(municipality, Someone { protected: true, ..Someone::born("2025-08-10") }).await;
    stage.letterhead(municipality).await;
    let printed = stage.extract(clerk, &stage.order(Series::Mr1, NoticeKind::Questionnaire)).await;
    stage.release(approver, &printed).await;
    stage.print(clerk, &printed).await;
    stage.vaccinate(municipality, people[0], Vaccine::Bcg, "2026-02-10").await;
    stage.had_disease(municipality, people[0], "MEASLES").await;
    let (fact, feed, job) = put_marks(stage, municipality, mark, people[0], clerk.staff_id).await;
    let (record, sheet) = put_number(stage, municipality, people[1]).await;
    let review = put_review(stage, municipality, mark, people[0], feed).await;
    let frozen = stage.extract(clerk, &stage.order(Series::Var, NoticeKind::Questionnaire)).await;
    let (finding, intrusion) = put_oversight(stage, municipality, mark, people[0], clerk.staff_id).await;
    let asked = stage.ask_for_list(clerk, &printed).await;
    let export = stage.ask_for_list(clerk, &printed).await;
    stage.approve(approver, Kind::Export, export).await;
    let export = stage.about(municipality, export).await;
    health::exports::case::take(&stage.app, clerk, export).await.unwrap();
    // Sealed: hostile names are no words that a font could draw.
    let key = age::x25519::Identity::generate().to_public().to_string();
    let by = (domain::leaving::Means::Electronic, key.as_str());
    let provision = stage.ask_to_provide(clerk, &[people[0]], by).await;
    stage.approve(approver, Kind::Provision, provision).await;
    let provision = stage.about(municipality, provision).await;
    health::provisions::case::hand(&stage.app, clerk, provision).await.unwrap();
    let things = Things {
        finding,
        intrusion,
        approval: asked,
        export,
        provision,
        protected,
        clerk: clerk.staff_id,
        resident: people[0],
        fact,
        job,
        campaign: frozen.campaign_id,
        printed: printed.campaign_id,
        feed,
        review,
        record,
        sheet,
        sheet_number: sheet_number(municipality),
        entry: sqlx::query_scalar(
            "select entry_id from audit_entries where municipality_code = $1 order by entry_id limit 1",
        )
        .bind(municipality.0)
        .fetch_one(&stage.db.superuser_pool())
        .await
        .unwrap(),
    };
    Town { municipality, things, staff }
}

/// Writes the mark into every text a page may show.
async fn put_marks(
    stage: &Stage,
    municipality: Municipality,
    mark: &str,
    resident: Uuid,
    clerk: Uuid,
) -> (Uuid, Uuid, Uuid) {
    let pool = stage.db.superuser_pool();
    let (fact, code) = (stage.app.kit.ids.next(), municipality.0);
    for sql in [
        "update staff set name = $1 || name, section = $1 where municipality_code = $2",
        "update residents set name_kanji = $1 || name_kanji, name_kana = $1 || name_kana, alias_name = $1, address = $1 || address,
             building = $1, previous_address = $1, planned_move_address = $1, confirmed_move_address = $1, move_reason = $1,
             head_name_kana = $1, contact = $1, memo = $1, memo_flag = true, household_number = '0000001',
             nationality = $1, residence_card_number = $1, survey_flag = true where municipality_code = $2",
        "update vaccination_records set product = $1, lot_number = $1, clinic_name = $1, doctor_name = $1, explanation = $1,
             change_reason = $1, source_row = $1 where municipality_code = $2",
        "update feeds set file_name = $1 where municipality_code = $2",
        "update jobs set title = $1 || title, message = $1 where municipality_code = $2",
        "insert into clinics (municipality_code, clinic_code, name, address, telephone, doctors)
             values ($2, '9000000001', $1, $1, $1, array[$1])",
        "insert into feed_errors (municipality_code, feed_id, position, weight, line, field, sentence)
             select municipality_code, feed_id, 1, 'error', 2, $1, $1 from feeds where municipality_code = $2 limit 1",
    ] {
        sqlx::query(sql).bind(mark).bind(code).execute(&pool).await.unwrap_or_else(|e| panic!("{e}: {sql}"));
    }
    sqlx::query(
        "insert into resident_facts (municipality_code, resident_id, fact_id, kind, value, noted_by, noted_at)
         values ($1, $2, $3, 'memo', $4, $5, $6)",
    )
    .bind(code)
    .bind(resident)
    .bind(fact)
    .bind(mark)
    .bind(clerk)
    .bind(Instant(stage.app.kit.clock.now()))
    .execute(&pool)
    .await
    .unwrap();
    // The helper of other tests names nobody in particular.
    sqlx::query("update resident_facts set noted_by = $2 where municipality_code = $1")
        .bind(code)
        .bind(clerk)
        .execute(&pool)
        .await
        .unwrap();
    let one = |sql| sqlx::query_scalar::<_, Uuid>(sql).bind(code).fetch_one(&pool);
    let feed = one("select feed_id from feed_errors where municipality_code = $1").await.unwrap();
    let job = one("select job_id from jobs where municipality_code = $1 limit 1").await.unwrap();
    (fact, feed, job)
}

/// A number that only this municipality has on paper.
fn sheet_number(municipality: Municipality) -> SheetNumber {
    SheetNumber::from_serial(500_000 + u64::from(municipality.0.unsigned_abs())).unwrap()
}

/// Gives the sheet of a child its own number. Says which record and which sheet there are.
async fn put_number(stage: &Stage, municipality: Municipality, child: Uuid) -> (Uuid, Uuid) {
    let pool = stage.db.superuser_pool();
    let sheet = sqlx::query_scalar(
        "update sheets set sheet_number = $3 where municipality_code = $1 and resident_id = $2 returning sheet_id",
    )
    .bind(municipality.0)
    .bind(child)
    .bind(sheet_number(municipality).digits())
    .fetch_one(&pool)
    .await
    .unwrap();
    let record = sqlx::query_scalar("select record_id from vaccination_records where municipality_code = $1")
        .bind(municipality.0)
        .fetch_one(&pool)
        .await
        .unwrap();
    (record, sheet)
}

/// A row of a records file that waits for a person to decide.
async fn put_review(
    stage: &Stage,
    municipality: Municipality,
    mark: &str,
    resident: Uuid,
    feed: Uuid,
) -> Uuid {
    let review = stage.app.kit.ids.next();
    sqlx::query(
        "insert into review_items (municipality_code, item_id, feed_id, line, kind, sentence, body, candidates, state)
         values ($1, $2, $3, 2, 'several_matches', $4, jsonb_build_object('name_kanji', $4::text, 'name_kana', $4::text, 'birth_date', '2025-08-10',
             'vaccine', 'BCG', 'vaccinated_on', '2026-03-10', 'judgement', '1', 'product', $4::text, 'lot_number', $4::text,
             'clinic_code', '9000000001', 'doctor_name', $4::text, 'legal_class', '1', 'source', $4::text, 'source_row', '7'), array[$5], 'open')",
    )
    .bind(municipality.0)
    .bind(review)
    .bind(feed)
    .bind(mark)
    .bind(resident)
    .execute(&stage.db.superuser_pool())
    .await
    .unwrap();
    review
}

/// The log's first entry, in a month that is over.
async fn look_long_ago(stage: &Stage, clerk: &Acting) {
    let kit = Kit { clock: Clock::frozen(Date::constant(2026, 10, 5)), ..stage.app.kit.clone() };
    let case = Case::open(&kit, clerk, Action::ViewHome, Target::NONE).await.unwrap();
    case.viewed(serde_json::json!({})).await.unwrap();
}

/// A look that calls for a question, a notice, and who of staff is a resident.
async fn put_oversight(
    stage: &Stage,
    municipality: Municipality,
    mark: &str,
    resident: Uuid,
    clerk: Uuid,
) -> (Uuid, Uuid) {
    let (kit, pool) = (&stage.app.kit, stage.db.superuser_pool());
    let (finding, intrusion, note) = (kit.ids.next(), kit.ids.next(), kit.ids.next());
    for (sql, id) in [
        ("insert into findings (municipality_code, finding_id, on_day, staff_id, person_id, signs, looks, found_at, state)
              select $1, $2, '2026-11-20', $3, $4, '{same_surname,no_case}', 2, $5, 'open' where $6 <> ''", finding),
        ("insert into intrusions (municipality_code, intrusion_id, kind, origin, signs, first_at, last_at, state, note)
              select $1, $2, 'refusal_burst', sha256($4::text::bytea), 20, $5, $5, 'open', $6 where $3 is not null", intrusion),
        ("insert into staff_residents (municipality_code, note_id, staff_id, resident_id, noted_by, noted_at)
              select $1, $2, $3, $4, $3, $5 where $6 <> ''", note),
        ("insert into finding_decisions (municipality_code, decision_id, finding_id, staff_id, decision, ground, note, decided_by, decided_at)
              select $1, $2, finding_id, $4, 'asking', 'asked_staff', $6, $3, $5 from findings where municipality_code = $1", note),
    ] {
        sqlx::query(sql)
            .bind(municipality.0)
            .bind(id)
            .bind(clerk)
            .bind(resident)
            .bind(Instant(kit.clock.now()))
            .bind(mark)
            .execute(&pool)
            .await
            .unwrap_or_else(|error| panic!("{error}: {sql}"));
    }
    (finding, intrusion)
}

/// How the form at a path is sent: its content type and body. Only files travel in parts.
pub fn body(path: &str, form: &Form) -> (&'static str, String) {
    if path != "/imports" {
        return (FORM, encode(form));
    }
    let mut body = String::new();
    for (name, value) in form {
        let file = if name == "file" { "; filename=\"weekly.csv\"" } else { "" };
        body.push_str(&format!(
            "--edge\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n{value}\r\n"
        ));
    }
    body.push_str("--edge--\r\n");
    ("multipart/form-data; boundary=edge", body)
}

impl Walls {
    /// A new session, without the cost of a password.
    pub async fn session(&self, town: &Town, role: Role) -> Session {
        let kit = &self.stage.app.kit;
        let staff_id = town.acting(role).staff_id;
        let (cookie, csrf) = kit::testing::staff::sign_in(kit, town.municipality, staff_id).await;
        Session { cookie, csrf, staff_id }
    }
}

impl Ground for Walls {
    type Things = Things;

    fn kit(&self) -> &Kit {
        &self.stage.app.kit
    }

    fn pages(&self) -> &Router {
        &self.router
    }

    fn superuser(&self) -> PgPool {
        self.stage.db.superuser_pool()
    }

    fn routes(&self) -> Vec<Route> {
        health::routes().list().cloned().collect()
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
        examples::form(route, things)
    }

    async fn session(&self, role: Role) -> Session {
        Walls::session(self, &self.ours, role).await
    }

    fn kept_entry(&self) -> Uuid {
        self.ours.things.entry
    }

    fn body(&self, path: &str, form: &Form) -> (&'static str, String) {
        body(path, form)
    }

    fn is_hidden(&self, route: &Route, role: Role) -> bool {
        // An application is shown to whoever may ask, decide or audit.
        let may_look = matches!(role, Role::Clerk | Role::Approver | Role::Auditor);
        route.path.starts_with("/drafts/") || route.path == "/approvals/{id}" && !may_look
    }
}
