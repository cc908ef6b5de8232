//! 確認待ち: rows of imports that a person has to decide.

use crate::ledger::{RESIDENT_COLUMNS, Resident, read_resident};
use crate::records::sql::findings_json;
use domain::{
    record::{self, Basis, Verdict},
    schedule::DoseVerdict,
};
use jiff::Timestamp;
use kit::{Acting, Instant, Municipality};
use serde_json::Value;
use sqlx::{AssertSqlSafe, PgConnection, Row, postgres::PgRow};
use uuid::Uuid;

/// One row as it was sent, and why it waits.
#[derive(Clone, Debug)]
pub struct Item {
    pub item_id: Uuid,
    pub feed_id: Uuid,
    pub file_name: String,
    pub line: i64,
    pub kind: String,
    pub sentence: String,
    pub body: Value,
    pub candidates: Vec<Uuid>,
    pub state: String,
    pub decision_reason: String,
    pub decided_at: Option<Timestamp>,
}

impl Item {
    /// A cell of the row; empty where there is none.
    pub fn cell(&self, name: &str) -> String {
        match &self.body[name] {
            Value::String(text) => text.clone(),
            Value::Null => String::new(),
            other => other.to_string(),
        }
    }

    pub fn is_open(&self) -> bool {
        self.state == "open"
    }
}

const COLUMNS: &str = "i.item_id, i.feed_id, f.file_name, i.line, i.kind, i.sentence, i.body, i.candidates, i.state, \
     i.decision_reason, i.decided_at";

fn read(row: &PgRow) -> Item {
    Item {
        item_id: row.get("item_id"),
        feed_id: row.get("feed_id"),
        file_name: row.get("file_name"),
        line: row.get("line"),
        kind: row.get("kind"),
        sentence: row.get("sentence"),
        body: row.get("body"),
        candidates: row.get("candidates"),
        state: row.get("state"),
        decision_reason: row.get("decision_reason"),
        decided_at: row.get::<Option<Instant>, _>("decided_at").map(|at| at.0),
    }
}

/// A page of what waits, oldest first.
pub async fn waiting(
    conn: &mut PgConnection,
    municipality: Municipality,
    limit: i64,
    offset: i64,
) -> sqlx::Result<Vec<Item>> {
    let sql = format!(
        "select {COLUMNS} from review_items i
         join feeds f on f.municipality_code = i.municipality_code and f.feed_id = i.feed_id
         where i.municipality_code = $1 and i.state = 'open' order by i.item_id limit $2 offset $3"
    );
    let rows =
        sqlx::query(AssertSqlSafe(sql)).bind(municipality.0).bind(limit).bind(offset).fetch_all(conn).await?;
    Ok(rows.iter().map(read).collect())
}

/// One item; locked where it is about to be decided, so that two people do not decide it both.
pub async fn item(
    conn: &mut PgConnection,
    municipality: Municipality,
    item_id: Uuid,
    lock: bool,
) -> sqlx::Result<Option<Item>> {
    let sql = format!(
        "select {COLUMNS} from review_items i
         join feeds f on f.municipality_code = i.municipality_code and f.feed_id = i.feed_id
         where i.municipality_code = $1 and i.item_id = $2{}",
        if lock { " for update of i" } else { "" }
    );
    let row = sqlx::query(AssertSqlSafe(sql)).bind(municipality.0).bind(item_id).fetch_optional(conn).await?;
    Ok(row.as_ref().map(read))
}

/// The next item that waits after this one.
pub async fn next(
    conn: &mut PgConnection,
    municipality: Municipality,
    after: Uuid,
) -> sqlx::Result<Option<Uuid>> {
    sqlx::query_scalar(
        "select item_id from review_items where municipality_code = $1 and state = 'open' and item_id <> $2
         order by item_id > $2 desc, item_id limit 1",
    )
    .bind(municipality.0)
    .bind(after)
    .fetch_optional(conn)
    .await
}

/// Whom the row may mean: the direct hits, then people of the same birth date with a kana that begins alike, and those
/// of the same kana. Never more than a page can show side by side.
pub async fn candidates(
    conn: &mut PgConnection,
    municipality: Municipality,
    item: &Item,
    limit: i64,
) -> sqlx::Result<Vec<Resident>> {
    let key = domain::kana::key(&item.cell("name_kana"));
    let beginning: String = key.chars().take(2).collect();
    let sql = format!(
        "select {RESIDENT_COLUMNS} from residents
         where municipality_code = $1 and (resident_id = any($2)
             or (birth_date = $3::date and left(kana_key, 2) = $4) or (kana_key = $5 and extract(year from birth_date) = extract(year from $3::date)))
         order by resident_id = any($2) desc, kana_key = $5 desc, resident_id limit $6"
    );
    let rows = sqlx::query(AssertSqlSafe(sql))
        .bind(municipality.0)
        .bind(&item.candidates)
        .bind(item.cell("birth_date"))
        .bind(beginning)
        .bind(key)
        .bind(limit)
        .fetch_all(conn)
        .await?;
    Ok(rows.iter().map(read_resident).collect())
}

/// Whoever has a 宛名番号.
pub async fn by_number(
    conn: &mut PgConnection,
    municipality: Municipality,
    number: &str,
) -> sqlx::Result<Option<Uuid>> {
    sqlx::query_scalar(
        "select resident_id from residents where municipality_code = $1 and addressee_number = $2",
    )
    .bind(municipality.0)
    .bind(number)
    .fetch_optional(conn)
    .await
}

/// Whether the person already has this vaccine on this day.
pub async fn has_same_day(
    conn: &mut PgConnection,
    municipality: Municipality,
    resident_id: Uuid,
    item: &Item,
) -> sqlx::Result<bool> {
    sqlx::query_scalar(
        "select exists (select from vaccination_records where municipality_code = $1 and resident_id = $2 and vaccine = $3
             and vaccinated_on = $4::date and state = 'current' and (judgement = 'given') = $5)",
    )
    .bind(municipality.0)
    .bind(resident_id)
    .bind(item.cell("vaccine"))
    .bind(item.cell("vaccinated_on"))
    .bind(item.cell("judgement") == "1")
    .fetch_one(conn)
    .await
}

/// A decision to record.
pub struct Recorded<'a> {
    pub record_id: Uuid,
    pub resident_id: Uuid,
    /// `None` for 予診のみ.
    pub verdict: Option<&'a DoseVerdict>,
    pub explanation: &'a str,
}

/// Records an item's dose for the person who was chosen.
pub async fn record(
    conn: &mut PgConnection,
    acting: &Acting,
    item: &Item,
    recorded: &Recorded<'_>,
    at: Timestamp,
) -> sqlx::Result<()> {
    let verdict = recorded.verdict;
    let legal = item.cell("legal_class");
    let basis = if legal == "1" { Basis::Routine } else { Basis::Voluntary };
    let kept = verdict.map_or(Vec::new(), |verdict| record::kept(Verdict::of(verdict, basis).findings));
    sqlx::query(
        "insert into vaccination_records (municipality_code, record_id, version, resident_id, vaccine, series, dose_number,
             vaccinated_on, judgement, product, lot_number, lot_expires_on, volume_centi_ml, clinic_code, doctor_name,
             legal_class, is_teiki, valid_for_series, findings, explanation, source, source_feed_id, source_row, state,
             recorded_by, recorded_at)
         select municipality_code, $3, 1, $4, body->>'vaccine', $5, $6, (body->>'vaccinated_on')::date,
             case body->>'judgement' when '1' then 'given' else 'screening_only' end, body->>'product', body->>'lot_number',
             (body->>'lot_expires_on')::date, (body->>'volume_centi_ml')::smallint, body->>'clinic_code', body->>'doctor_name',
             (body->>'legal_class')::smallint, $7, $8, $9, $10, 'import', feed_id,
             (body->>'source') || '/' || (body->>'source_row'), 'current', $11, $12
         from review_items where municipality_code = $1 and item_id = $2",
    )
    .bind(acting.municipality.0)
    .bind(item.item_id)
    .bind(recorded.record_id)
    .bind(recorded.resident_id)
    .bind(verdict.and_then(|verdict| verdict.series).map_or("", |series| series.code()))
    .bind(verdict.map_or(0, |verdict| i16::from(verdict.dose)))
    .bind(verdict.is_some_and(|verdict| verdict.is_teiki) && legal == "1")
    .bind(verdict.is_some_and(|verdict| verdict.valid_for_series))
    .bind(findings_json(&kept))
    .bind(recorded.explanation)
    .bind(acting.staff_id)
    .bind(Instant(at))
    .execute(conn)
    .await?;
    Ok(())
}

/// Closes an item with the decision and its reason.
pub async fn close(
    conn: &mut PgConnection,
    acting: &Acting,
    item_id: Uuid,
    record_id: Option<Uuid>,
    reason: &str,
    at: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query(
        "update review_items set state = case when $3::uuid is null then 'rejected' else 'recorded' end, record_id = $3,
             decision_reason = $4, decided_by = $5, decided_at = $6
         where municipality_code = $1 and item_id = $2",
    )
    .bind(acting.municipality.0)
    .bind(item_id)
    .bind(record_id)
    .bind(reason)
    .bind(acting.staff_id)
    .bind(Instant(at))
    .execute(conn)
    .await?;
    Ok(())
}
