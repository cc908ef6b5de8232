//! Two municipalities with the same work in progress. Every text of each carries its mark.

use crate::{
    support::{ITABASHI, KITA, Stage, stage},
    ward::Someone,
};
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Method, Request, StatusCode, header},
};
use domain::{
    campaign::NoticeKind,
    ids::SheetNumber,
    schedule::{Series, Vaccine},
};
use kit::{Acting, Instant, Municipality, Role, approvals::Kind};
use std::collections::BTreeMap;
use tower::ServiceExt as _;
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
            approval: id(12),
            export: id(13),
            provision: id(14),
            protected: id(15),
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

/// The marks of an ordinary walk: of ours and of the neighbour.
pub const MARKS: [&str; 2] = ["北印", "板印"];

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
    let asked = stage.ask_for_list(clerk, &printed).await;
    let export = stage.ask_for_list(clerk, &printed).await;
    stage.approve(approver, Kind::Export, export).await;
    let export = stage.about(municipality, export).await;
    health::exports::case::take(&stage.app, clerk, export).await.unwrap();
    let provision = stage.ask_for_provision(clerk, &[people[0]]).await;
    stage.approve(approver, Kind::Provision, provision).await;
    let provision = stage.about(municipality, provision).await;
    health::provisions::case::hand(&stage.app, clerk, provision).await.unwrap();
    let things = Things {
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

/// Somebody's open session.
pub struct Session {
    pub cookie: String,
    pub csrf: String,
    pub staff_id: Uuid,
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    pub fn header(&self, name: impl header::AsHeaderName) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub fn is_html(&self) -> bool {
        self.header(header::CONTENT_TYPE).starts_with("text/html")
    }
}

pub type Form = Vec<(String, String)>;

pub const FORM: &str = "application/x-www-form-urlencoded";

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

/// A form's body, every byte escaped.
pub fn encode(form: &Form) -> String {
    let escape = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    form.iter()
        .map(|(name, value)| format!("{}={}", escape(name), escape(value)))
        .collect::<Vec<_>>()
        .join("&")
}

impl Walls {
    /// A new session, without the cost of a password.
    pub async fn session(&self, town: &Town, role: Role) -> Session {
        let kit = &self.stage.app.kit;
        let staff_id = town.acting(role).staff_id;
        let (cookie, csrf) = kit::testing::staff::sign_in(kit, town.municipality, staff_id).await;
        Session { cookie, csrf, staff_id }
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = to_bytes(response.into_body(), 64 << 20).await.unwrap().to_vec();
        Answer { status, headers, bytes }
    }

    pub async fn get(&self, session: Option<&Session>, path: &str) -> Answer {
        let mut request = Request::get(path);
        if let Some(session) = session {
            request = request.header(header::COOKIE, &session.cookie);
        }
        self.send(request.body(Body::empty()).unwrap()).await
    }

    /// Sends a form as our own page would, with its token.
    pub async fn post(&self, session: Option<&Session>, path: &str, form: &Form) -> Answer {
        let mut form = form.clone();
        let mut request = Request::post(path);
        if let Some(session) = session {
            request = request.header(header::COOKIE, &session.cookie);
            form.insert(0, ("csrf".to_owned(), session.csrf.clone()));
        }
        let (kind, body) = body(path, &form);
        self.send(request.header(header::CONTENT_TYPE, kind).body(Body::from(body)).unwrap()).await
    }

    pub async fn ask(&self, method: &Method, session: Option<&Session>, path: &str, form: &Form) -> Answer {
        if *method == Method::GET {
            return self.get(session, path).await;
        }
        self.post(session, path, form).await
    }

    /// What lies in each table of a municipality, as a digest. The log and the sessions grow by themselves.
    pub async fn digest(&self, municipality: Municipality) -> BTreeMap<String, String> {
        let pool = self.stage.db.superuser_pool();
        let tables: Vec<String> = sqlx::query_scalar(
            "select c.relname::text from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'municipality_code'
             where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace
                 and c.relname not in ('audit_entries', 'audit_places', 'sessions')",
        )
        .fetch_all(&pool)
        .await
        .unwrap();
        assert!(tables.len() > 20, "{tables:?}");
        let mut digests = BTreeMap::new();
        for table in tables {
            let sql = format!(
                "select coalesce(md5(string_agg(t::text, '|' order by t::text)), '') from {table} t where municipality_code = {}",
                municipality.0
            );
            let digest: String = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(&pool).await.unwrap();
            digests.insert(table, digest);
        }
        digests
    }
}
