//! The rows of a frozen list.

use super::{super::summary, Campaign};
use crate::ledger;
use domain::{Date, campaign::Exclusion, schedule::Sex};
use kit::{Day, Municipality};
use sqlx::{PgConnection, Row, postgres::PgRow};
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// One row of a frozen list.
#[derive(Clone, Debug)]
pub struct TargetRow {
    pub resident_id: Uuid,
    pub included: bool,
    pub exclusion: Option<Exclusion>,
    pub reason_ja: String,
    pub reason_source: String,
    pub dose: u8,
    pub legal_from: Option<Date>,
    pub legal_until: Option<Date>,
    pub valid_until: Option<Date>,
    pub addressee_number: String,
    pub household_number: String,
    pub name: String,
    pub name_kana: String,
    pub birth_date: Date,
    pub sex: Sex,
    pub address: String,
    pub mailing_postal_code: String,
    pub mailing_address: String,
    pub mailing_building: String,
    pub mailing_name: String,
    pub edge: &'static str,
}

/// How many rows one statement carries: bounds its memory on both sides.
const BATCH_ROWS: usize = 5_000;

pub async fn insert_targets(
    conn: &mut PgConnection,
    municipality: Municipality,
    id: Uuid,
    targets: &[TargetRow],
) -> sqlx::Result<()> {
    for batch in targets.chunks(BATCH_ROWS) {
        insert_batch(conn, municipality, id, batch).await?;
    }
    Ok(())
}

async fn insert_batch(
    conn: &mut PgConnection,
    municipality: Municipality,
    id: Uuid,
    rows: &[TargetRow],
) -> sqlx::Result<()> {
    fn column<'a, T>(rows: &'a [TargetRow], pick: impl Fn(&'a TargetRow) -> T) -> Vec<T> {
        rows.iter().map(pick).collect()
    }
    sqlx::query(
        "insert into campaign_targets (municipality_code, campaign_id, resident_id, included, exclusion, reason_ja, reason_source,
             dose_number, legal_from, legal_until, valid_until, addressee_number, household_number, name, name_kana, birth_date, sex,
             address, mailing_postal_code, mailing_address, mailing_building, mailing_name, edge)
         select $1, $2, * from unnest($3::uuid[], $4::boolean[], $5::text[], $6::text[], $7::text[], $8::smallint[], $9::date[],
             $10::date[], $11::date[], $12::text[], $13::text[], $14::text[], $15::text[], $16::date[], $17::smallint[], $18::text[],
             $19::text[], $20::text[], $21::text[], $22::text[], $23::text[])",
    )
    .bind(municipality.0)
    .bind(id)
    .bind(column(rows, |row| row.resident_id))
    .bind(column(rows, |row| row.included))
    .bind(column(rows, |row| row.exclusion.map_or("", Exclusion::code)))
    .bind(column(rows, |row| row.reason_ja.as_str()))
    .bind(column(rows, |row| row.reason_source.as_str()))
    .bind(column(rows, |row| i16::from(row.dose)))
    .bind(column(rows, |row| row.legal_from.map(Day)))
    .bind(column(rows, |row| row.legal_until.map(Day)))
    .bind(column(rows, |row| row.valid_until.map(Day)))
    .bind(column(rows, |row| row.addressee_number.as_str()))
    .bind(column(rows, |row| row.household_number.as_str()))
    .bind(column(rows, |row| row.name.as_str()))
    .bind(column(rows, |row| row.name_kana.as_str()))
    .bind(column(rows, |row| Day(row.birth_date)))
    .bind(column(rows, |row| ledger::sex_code(row.sex)))
    .bind(column(rows, |row| row.address.as_str()))
    .bind(column(rows, |row| row.mailing_postal_code.as_str()))
    .bind(column(rows, |row| row.mailing_address.as_str()))
    .bind(column(rows, |row| row.mailing_building.as_str()))
    .bind(column(rows, |row| row.mailing_name.as_str()))
    .bind(column(rows, |row| row.edge))
    .execute(conn)
    .await?;
    Ok(())
}

pub const TARGET_COLUMNS: &str = "t.resident_id, t.included, t.exclusion, t.reason_ja, t.reason_source, t.dose_number, t.legal_from, t.legal_until, \
     t.valid_until, t.addressee_number, t.household_number, t.name, t.name_kana, t.birth_date, t.sex, t.address, \
     t.mailing_postal_code, t.mailing_address, t.mailing_building, t.mailing_name, t.edge";

pub fn read_target(row: &PgRow) -> TargetRow {
    let day = |column: &str| row.get::<Option<Day>, _>(column).map(|day| day.0);
    let edge: &str = row.get("edge");
    TargetRow {
        resident_id: row.get("resident_id"),
        included: row.get("included"),
        exclusion: Exclusion::from_code(row.get("exclusion")),
        reason_ja: row.get("reason_ja"),
        reason_source: row.get("reason_source"),
        dose: row.get::<i16, _>("dose_number") as u8,
        legal_from: day("legal_from"),
        legal_until: day("legal_until"),
        valid_until: day("valid_until"),
        addressee_number: row.get("addressee_number"),
        household_number: row.get("household_number"),
        name: row.get("name"),
        name_kana: row.get("name_kana"),
        birth_date: row.get::<Day, _>("birth_date").0,
        sex: ledger::sex(row.get("sex")),
        address: row.get("address"),
        mailing_postal_code: row.get("mailing_postal_code"),
        mailing_address: row.get("mailing_address"),
        mailing_building: row.get("mailing_building"),
        mailing_name: row.get("mailing_name"),
        edge: summary::EDGES.iter().map(|(code, _)| *code).find(|code| *code == edge).unwrap_or(""),
    }
}

/// Which part of a frozen list is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    Included,
    /// All excluded people, or those of one reason.
    Excluded(Option<Exclusion>),
    Edges,
    /// Included now, not in the previous run.
    Added,
    /// Included in the previous run, not now.
    Gone,
}

impl Part {
    fn condition(&self) -> &'static str {
        match self {
            Part::Included => "t.campaign_id = $2 and t.included and $3 = '' and $4::uuid is not distinct from $4",
            Part::Excluded(_) => "t.campaign_id = $2 and not t.included and ($3 = '' or t.exclusion = $3) and $4::uuid is not distinct from $4",
            Part::Edges => "t.campaign_id = $2 and t.edge <> '' and $3 = '' and $4::uuid is not distinct from $4",
            Part::Added => {
                "t.campaign_id = $2 and t.included and $3 = '' and not exists (select 1 from campaign_targets b
                     where b.municipality_code = t.municipality_code and b.campaign_id = $4 and b.resident_id = t.resident_id and b.included)"
            }
            Part::Gone => {
                "t.campaign_id = $4 and t.included and $3 = '' and not exists (select 1 from campaign_targets b
                     where b.municipality_code = t.municipality_code and b.campaign_id = $2 and b.resident_id = t.resident_id and b.included)"
            }
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Part::Excluded(Some(why)) => why.code(),
            Part::Included | Part::Excluded(None) | Part::Edges | Part::Added | Part::Gone => "",
        }
    }
}

/// One page of a part, with the count of all. For [`Part::Gone`] the rows are of the previous run; the reason is today's.
pub async fn targets(
    conn: &mut PgConnection,
    municipality: Municipality,
    campaign: &Campaign,
    part: &Part,
    limit: i64,
    offset: i64,
) -> sqlx::Result<(Vec<TargetRow>, i64)> {
    let condition = part.condition();
    let order = match part {
        Part::Edges => "t.birth_date desc, t.addressee_number",
        Part::Included | Part::Excluded(_) | Part::Added | Part::Gone => "t.addressee_number",
    };
    let sql = format!(
        "select {TARGET_COLUMNS} from campaign_targets t where t.municipality_code = $1 and {condition} order by {order} limit $5 offset $6"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(municipality.0)
        .bind(campaign.campaign_id)
        .bind(part.reason())
        .bind(campaign.previous_id)
        .bind(limit)
        .bind(offset)
        .fetch_all(&mut *conn)
        .await?;
    let sql =
        format!("select count(*) from campaign_targets t where t.municipality_code = $1 and {condition}");
    let total = sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
        .bind(municipality.0)
        .bind(campaign.campaign_id)
        .bind(part.reason())
        .bind(campaign.previous_id)
        .fetch_one(&mut *conn)
        .await?;
    let mut rows: Vec<TargetRow> = rows.iter().map(read_target).collect();
    if *part == Part::Gone {
        tell_why_gone(conn, municipality, campaign.campaign_id, &mut rows).await?;
    }
    Ok((rows, total))
}

async fn tell_why_gone(
    conn: &mut PgConnection,
    municipality: Municipality,
    now: Uuid,
    rows: &mut [TargetRow],
) -> sqlx::Result<()> {
    let ids: Vec<Uuid> = rows.iter().map(|row| row.resident_id).collect();
    let reasons: Vec<(Uuid, String, String)> = sqlx::query_as(
        "select resident_id, exclusion, reason_ja from campaign_targets
         where municipality_code = $1 and campaign_id = $2 and resident_id = any($3)",
    )
    .bind(municipality.0)
    .bind(now)
    .bind(&ids)
    .fetch_all(conn)
    .await?;
    let reasons: HashMap<Uuid, (String, String)> =
        reasons.into_iter().map(|(id, code, ja)| (id, (code, ja))).collect();
    for row in rows {
        row.included = false;
        match reasons.get(&row.resident_id) {
            Some((code, ja)) => (row.exclusion, row.reason_ja) = (Exclusion::from_code(code), ja.clone()),
            None => (row.exclusion, row.reason_ja) = (None, summary::NO_LONGER_LISTED.to_owned()),
        }
    }
    Ok(())
}

/// The included people in the order of the digest.
pub async fn all_included(
    conn: &mut PgConnection,
    municipality: Municipality,
    id: Uuid,
) -> sqlx::Result<Vec<TargetRow>> {
    let sql = format!(
        "select {TARGET_COLUMNS} from campaign_targets t
         where t.municipality_code = $1 and t.campaign_id = $2 and t.included order by t.addressee_number collate \"C\""
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(municipality.0).bind(id).fetch_all(conn).await?;
    Ok(rows.iter().map(read_target).collect())
}

/// Who is on a list.
pub async fn included_ids(
    conn: &mut PgConnection,
    municipality: Municipality,
    id: Uuid,
) -> sqlx::Result<HashSet<Uuid>> {
    let ids: Vec<Uuid> = sqlx::query_scalar(
        "select resident_id from campaign_targets where municipality_code = $1 and campaign_id = $2 and included",
    )
    .bind(municipality.0)
    .bind(id)
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().collect())
}
