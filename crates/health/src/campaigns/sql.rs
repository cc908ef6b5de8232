//! Campaigns, their targets, and the snapshot of the ledger an extraction reads.

use super::summary::Summary;
use crate::ledger;
use domain::{
    Date,
    campaign::{Exclusion, NoticeKind, Standing},
    schedule::{GivenDose, Series, Sex, Vaccine},
};
use jiff::Timestamp;
use kit::{Day, Instant, Municipality};
use sqlx::{PgConnection, Row, postgres::PgRow};
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// 状態 of a campaign. It goes one way; the table's trigger sees to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Extracting,
    Frozen,
    Released,
    Printing,
    Printed,
    Cancelled,
}

impl State {
    const ALL: [State; 6] = [
        State::Extracting,
        State::Frozen,
        State::Released,
        State::Printing,
        State::Printed,
        State::Cancelled,
    ];

    pub const fn code(self) -> &'static str {
        match self {
            State::Extracting => "extracting",
            State::Frozen => "frozen",
            State::Released => "released",
            State::Printing => "printing",
            State::Printed => "printed",
            State::Cancelled => "cancelled",
        }
    }

    pub const fn ja(self) -> &'static str {
        match self {
            State::Extracting => "抽出中",
            State::Frozen => "承認待ち",
            State::Released => "承認済み",
            State::Printing => "印刷中",
            State::Printed => "印刷済み",
            State::Cancelled => "取消し",
        }
    }

    fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }
}

/// 抽出・発送の1件.
#[derive(Clone, Debug)]
pub struct Campaign {
    pub campaign_id: Uuid,
    pub programme: Series,
    pub kind: NoticeKind,
    pub title: String,
    pub base_date: Date,
    pub birth_from: Option<Date>,
    pub birth_until: Option<Date>,
    pub dose: Option<u8>,
    pub follows: Option<Uuid>,
    pub quiet_months: i16,
    pub incomplete_reason: String,
    pub valid_until: Option<Date>,
    pub rule_version: String,
    pub state: State,
    /// Empty until frozen.
    pub summary: Summary,
    pub digest: Option<Vec<u8>>,
    pub previous_id: Option<Uuid>,
    pub created_by: Uuid,
    pub created_by_name: String,
    pub created_at: Timestamp,
    pub frozen_at: Option<Timestamp>,
    pub released_by: Option<Uuid>,
    pub released_by_name: String,
    pub released_at: Option<Timestamp>,
    pub cancelled_by_name: String,
    pub cancelled_at: Option<Timestamp>,
    pub cancel_reason: String,
}

const COLUMNS: &str = "c.campaign_id, c.programme, c.kind, c.title, c.base_date, c.birth_from, c.birth_until, c.dose_number, c.follows, \
     c.quiet_months, c.incomplete_reason, c.valid_until, c.rule_version, c.state, c.summary, c.digest, c.previous_id, c.created_by, \
     coalesce(made.name, '') as created_by_name, c.created_at, c.frozen_at, c.released_by, \
     coalesce(released.name, '') as released_by_name, c.released_at, coalesce(cancelled.name, '') as cancelled_by_name, \
     c.cancelled_at, c.cancel_reason";

const JOINS: &str = "left join staff made on made.municipality_code = c.municipality_code and made.staff_id = c.created_by \
     left join staff released on released.municipality_code = c.municipality_code and released.staff_id = c.released_by \
     left join staff cancelled on cancelled.municipality_code = c.municipality_code and cancelled.staff_id = c.cancelled_by";

fn read(row: &PgRow) -> sqlx::Result<Campaign> {
    let day = |column: &str| row.get::<Option<Day>, _>(column).map(|day| day.0);
    let moment = |column: &str| row.get::<Option<Instant>, _>(column).map(|at| at.0);
    let unknown = |what: &str| sqlx::Error::Decode(format!("unknown {what} of a campaign").into());
    Ok(Campaign {
        campaign_id: row.get("campaign_id"),
        programme: Series::from_code(row.get("programme")).ok_or_else(|| unknown("programme"))?,
        kind: NoticeKind::from_code(row.get("kind")).ok_or_else(|| unknown("kind"))?,
        title: row.get("title"),
        base_date: row.get::<Day, _>("base_date").0,
        birth_from: day("birth_from"),
        birth_until: day("birth_until"),
        dose: row.get::<Option<i16>, _>("dose_number").map(|dose| dose as u8),
        follows: row.get("follows"),
        quiet_months: row.get("quiet_months"),
        incomplete_reason: row.get("incomplete_reason"),
        valid_until: day("valid_until"),
        rule_version: row.get("rule_version"),
        state: State::from_code(row.get("state")).ok_or_else(|| unknown("state"))?,
        summary: serde_json::from_value(row.get("summary")).unwrap_or_default(),
        digest: row.get("digest"),
        previous_id: row.get("previous_id"),
        created_by: row.get("created_by"),
        created_by_name: row.get("created_by_name"),
        created_at: row.get::<Instant, _>("created_at").0,
        frozen_at: moment("frozen_at"),
        released_by: row.get("released_by"),
        released_by_name: row.get("released_by_name"),
        released_at: moment("released_at"),
        cancelled_by_name: row.get("cancelled_by_name"),
        cancelled_at: moment("cancelled_at"),
        cancel_reason: row.get("cancel_reason"),
    })
}

pub async fn get(
    conn: &mut PgConnection,
    municipality: Municipality,
    id: Uuid,
) -> sqlx::Result<Option<Campaign>> {
    let sql = format!(
        "select {COLUMNS} from campaigns c {JOINS} where c.municipality_code = $1 and c.campaign_id = $2"
    );
    let row =
        sqlx::query(sqlx::AssertSqlSafe(sql)).bind(municipality.0).bind(id).fetch_optional(conn).await?;
    row.as_ref().map(read).transpose()
}

/// The campaign, held until the transaction ends, so that two deeds cannot cross.
pub async fn lock(
    conn: &mut PgConnection,
    municipality: Municipality,
    id: Uuid,
) -> sqlx::Result<Option<Campaign>> {
    sqlx::query("select 1 from campaigns where municipality_code = $1 and campaign_id = $2 for update")
        .bind(municipality.0)
        .bind(id)
        .fetch_optional(&mut *conn)
        .await?;
    get(conn, municipality, id).await
}

/// One page of all campaigns, newest first, with the count of all.
pub async fn list(
    conn: &mut PgConnection,
    municipality: Municipality,
    limit: i64,
    offset: i64,
) -> sqlx::Result<(Vec<Campaign>, i64)> {
    let sql = format!(
        "select {COLUMNS} from campaigns c {JOINS} where c.municipality_code = $1
         order by c.created_at desc, c.campaign_id desc limit $2 offset $3"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(municipality.0)
        .bind(limit)
        .bind(offset)
        .fetch_all(&mut *conn)
        .await?;
    let total = sqlx::query_scalar("select count(*) from campaigns where municipality_code = $1")
        .bind(municipality.0)
        .fetch_one(conn)
        .await?;
    Ok((rows.iter().map(read).collect::<sqlx::Result<_>>()?, total))
}

/// Printed first sendings of a programme: those whose people can be reminded.
pub async fn printed_of(
    conn: &mut PgConnection,
    municipality: Municipality,
) -> sqlx::Result<Vec<(Uuid, Series, String)>> {
    let rows = sqlx::query(
        "select campaign_id, programme, title from campaigns
         where municipality_code = $1 and kind = 'questionnaire' and state = 'printed'
         order by created_at desc limit 100",
    )
    .bind(municipality.0)
    .fetch_all(conn)
    .await?;
    Ok(rows.iter().filter_map(|row| Some((row.get(0), Series::from_code(row.get(1))?, row.get(2)))).collect())
}

/// A campaign that is about to be extracted.
pub struct NewCampaign {
    pub campaign_id: Uuid,
    pub programme: Series,
    pub kind: NoticeKind,
    pub title: String,
    pub base_date: Date,
    pub birth_from: Option<Date>,
    pub birth_until: Option<Date>,
    pub dose: Option<u8>,
    pub follows: Option<Uuid>,
    pub quiet_months: i16,
    pub incomplete_reason: String,
    pub valid_until: Option<Date>,
    pub created_by: Uuid,
    pub created_at: Timestamp,
}

pub async fn insert(
    conn: &mut PgConnection,
    municipality: Municipality,
    new: &NewCampaign,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into campaigns (municipality_code, campaign_id, programme, kind, title, base_date, birth_from, birth_until,
             dose_number, follows, quiet_months, incomplete_reason, valid_until, rule_version, state, created_by, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 'extracting', $15, $16)",
    )
    .bind(municipality.0)
    .bind(new.campaign_id)
    .bind(new.programme.code())
    .bind(new.kind.code())
    .bind(&new.title)
    .bind(Day(new.base_date))
    .bind(new.birth_from.map(Day))
    .bind(new.birth_until.map(Day))
    .bind(new.dose.map(i16::from))
    .bind(new.follows)
    .bind(new.quiet_months)
    .bind(&new.incomplete_reason)
    .bind(new.valid_until.map(Day))
    .bind(super::extract::RULE_VERSION)
    .bind(new.created_by)
    .bind(Instant(new.created_at))
    .execute(conn)
    .await?;
    Ok(())
}

/// What has come of an extraction.
pub struct Freeze<'a> {
    pub summary: &'a Summary,
    pub digest: &'a [u8],
    pub previous_id: Option<Uuid>,
    pub at: Timestamp,
}

pub async fn freeze(
    conn: &mut PgConnection,
    municipality: Municipality,
    id: Uuid,
    freeze: &Freeze<'_>,
) -> sqlx::Result<()> {
    sqlx::query(
        "update campaigns set state = 'frozen', summary = $3, digest = $4, previous_id = $5, frozen_at = $6
         where municipality_code = $1 and campaign_id = $2 and state = 'extracting'",
    )
    .bind(municipality.0)
    .bind(id)
    .bind(sqlx::types::Json(freeze.summary))
    .bind(freeze.digest)
    .bind(freeze.previous_id)
    .bind(Instant(freeze.at))
    .execute(conn)
    .await?;
    Ok(())
}

pub async fn release(
    conn: &mut PgConnection,
    municipality: Municipality,
    id: Uuid,
    by: Uuid,
    at: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query(
        "update campaigns set state = 'released', released_by = $3, released_at = $4
         where municipality_code = $1 and campaign_id = $2",
    )
    .bind(municipality.0)
    .bind(id)
    .bind(by)
    .bind(Instant(at))
    .execute(conn)
    .await?;
    Ok(())
}

pub async fn cancel(
    conn: &mut PgConnection,
    municipality: Municipality,
    id: Uuid,
    by: Uuid,
    at: Timestamp,
    reason: &str,
) -> sqlx::Result<()> {
    sqlx::query(
        "update campaigns set state = 'cancelled', cancelled_by = $3, cancelled_at = $4, cancel_reason = $5
         where municipality_code = $1 and campaign_id = $2",
    )
    .bind(municipality.0)
    .bind(id)
    .bind(by)
    .bind(Instant(at))
    .bind(reason)
    .execute(conn)
    .await?;
    Ok(())
}

pub async fn set_state(
    conn: &mut PgConnection,
    municipality: Municipality,
    id: Uuid,
    state: State,
) -> sqlx::Result<()> {
    sqlx::query("update campaigns set state = $3 where municipality_code = $1 and campaign_id = $2")
        .bind(municipality.0)
        .bind(id)
        .bind(state.code())
        .execute(conn)
        .await?;
    Ok(())
}

/// The run before this one of the same programme and kind that was not cancelled.
pub async fn previous(
    conn: &mut PgConnection,
    municipality: Municipality,
    campaign: &Campaign,
) -> sqlx::Result<Option<Uuid>> {
    sqlx::query_scalar(
        "select campaign_id from campaigns
         where municipality_code = $1 and programme = $2 and kind = $3 and campaign_id <> $4
             and state in ('frozen', 'released', 'printing', 'printed')
         order by frozen_at desc limit 1",
    )
    .bind(municipality.0)
    .bind(campaign.programme.code())
    .bind(campaign.kind.code())
    .bind(campaign.campaign_id)
    .fetch_optional(conn)
    .await
}

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

/// All reading of the transaction sees one state of the tables. To be called before anything is read.
pub async fn one_snapshot(conn: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query("set transaction isolation level repeatable read").execute(conn).await?;
    Ok(())
}

/// A person as an extraction sees them: what the engine asks, what a letter needs, nothing more.
#[derive(Clone, Debug)]
pub struct Candidate {
    pub resident_id: Uuid,
    pub addressee_number: String,
    pub household_number: String,
    pub name: String,
    pub name_kana: String,
    pub birth_date: Date,
    pub birth_date_unknown: i16,
    pub sex: Sex,
    pub standing: Standing,
    pub resident_from: Option<Date>,
    pub resident_until: Option<Date>,
    pub address_protected: bool,
    pub on_welfare: bool,
    pub address: String,
    pub mailing_postal_code: String,
    pub mailing_address: String,
    pub mailing_building: String,
    pub mailing_name: String,
}

/// The name on paper is the alias where there is one; a letter goes to the special address where there is one.
const CANDIDATE_COLUMNS: &str = "p.resident_id, p.addressee_number, p.household_number, \
     case when p.alias_name = '' then p.name_kanji else p.alias_name end as name, p.name_kana, p.birth_date, \
     p.birth_date_unknown, p.sex, p.resident_class, p.resident_from, p.resident_until, p.address_protected, \
     coalesce(p.welfare_from <= $2 and coalesce(p.welfare_until >= $2, true), false) as on_welfare, \
     case when p.building = '' then p.address else p.address || ' ' || p.building end as address, \
     case when p.mailing_address = '' then p.postal_code else p.mailing_postal_code end as mailing_postal_code, \
     case when p.mailing_address = '' then p.address else p.mailing_address end as mailing_address, \
     case when p.mailing_address = '' then p.building else '' end as mailing_building, p.mailing_name";

fn read_candidate(row: &PgRow) -> sqlx::Result<Candidate> {
    // By position: this is read for every resident in reach.
    let class = ledger::ResidentClass::from_code(row.try_get(8)?);
    let standing = match class.expect("the table allows the classes of the register") {
        ledger::ResidentClass::Resident => Standing::Resident,
        ledger::ResidentClass::MovedOut => Standing::MovedOut,
        ledger::ResidentClass::Dead => Standing::Dead,
        ledger::ResidentClass::Struck => Standing::Struck,
        ledger::ResidentClass::Unregistered => Standing::Unregistered,
    };
    Ok(Candidate {
        resident_id: row.try_get(0)?,
        addressee_number: row.try_get(1)?,
        household_number: row.try_get(2)?,
        name: row.try_get(3)?,
        name_kana: row.try_get(4)?,
        birth_date: row.try_get::<Day, _>(5)?.0,
        birth_date_unknown: row.try_get(6)?,
        sex: ledger::sex(row.try_get(7)?),
        standing,
        resident_from: row.try_get::<Option<Day>, _>(9)?.map(|day| day.0),
        resident_until: row.try_get::<Option<Day>, _>(10)?.map(|day| day.0),
        address_protected: row.try_get(11)?,
        on_welfare: row.try_get(12)?,
        address: row.try_get(13)?,
        mailing_postal_code: row.try_get(14)?,
        mailing_address: row.try_get(15)?,
        mailing_building: row.try_get(16)?,
        mailing_name: row.try_get(17)?,
    })
}

/// Everybody born in the range, and everybody of whom the counter has noted something that bears on eligibility.
const IN_REACH: &str = "(p.birth_date between $3 and $4 or exists (select 1 from resident_facts f \
     where f.municipality_code = p.municipality_code and f.resident_id = p.resident_id and f.kind <> 'memo' and f.withdrawn_at is null))";

pub async fn candidates(
    conn: &mut PgConnection,
    municipality: Municipality,
    on: Date,
    born: (Date, Date),
) -> sqlx::Result<Vec<Candidate>> {
    let sql =
        format!("select {CANDIDATE_COLUMNS} from residents p where p.municipality_code = $1 and {IN_REACH}");
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(municipality.0)
        .bind(Day(on))
        .bind(Day(born.0))
        .bind(Day(born.1))
        .fetch_all(conn)
        .await?;
    rows.iter().map(read_candidate).collect()
}

/// The same people's doses that hold.
pub async fn doses(
    conn: &mut PgConnection,
    municipality: Municipality,
    on: Date,
    born: (Date, Date),
) -> sqlx::Result<Vec<(Uuid, GivenDose)>> {
    let sql = format!(
        "select r.resident_id, r.vaccinated_on, r.vaccine, r.volume_centi_ml, r.lot_expires_on
         from vaccination_records r
         join residents p on p.municipality_code = r.municipality_code and p.resident_id = r.resident_id
         where r.municipality_code = $1 and r.state = 'current' and r.judgement = 'given' and $2::date is not null and {IN_REACH}"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(municipality.0)
        .bind(Day(on))
        .bind(Day(born.0))
        .bind(Day(born.1))
        .fetch_all(conn)
        .await?;
    rows.iter().filter_map(|row| read_dose(row).transpose()).collect()
}

fn read_dose(row: &PgRow) -> sqlx::Result<Option<(Uuid, GivenDose)>> {
    let Some(vaccine) = Vaccine::from_code(row.try_get(2)?) else { return Ok(None) };
    let given = GivenDose {
        on: row.try_get::<Day, _>(1)?.0,
        vaccine,
        volume_centi_ml: row.try_get::<Option<i16>, _>(3)?.map(|volume| volume as u16),
        lot_expires_on: row.try_get::<Option<Day>, _>(4)?.map(|day| day.0),
    };
    Ok(Some((row.try_get(0)?, given)))
}

/// The people of a list as they are today, for the look before printing.
pub async fn candidates_by_id(
    conn: &mut PgConnection,
    municipality: Municipality,
    on: Date,
    ids: &[Uuid],
) -> sqlx::Result<Vec<Candidate>> {
    let sql = format!(
        "select {CANDIDATE_COLUMNS} from residents p where p.municipality_code = $1 and p.resident_id = any($3)"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(municipality.0)
        .bind(Day(on))
        .bind(ids)
        .fetch_all(conn)
        .await?;
    rows.iter().map(read_candidate).collect()
}

pub async fn doses_by_id(
    conn: &mut PgConnection,
    municipality: Municipality,
    ids: &[Uuid],
) -> sqlx::Result<Vec<(Uuid, GivenDose)>> {
    let rows = sqlx::query(
        "select resident_id, vaccinated_on, vaccine, volume_centi_ml, lot_expires_on from vaccination_records
         where municipality_code = $1 and resident_id = any($2) and state = 'current' and judgement = 'given'",
    )
    .bind(municipality.0)
    .bind(ids)
    .fetch_all(conn)
    .await?;
    rows.iter().filter_map(|row| read_dose(row).transpose()).collect()
}

/// Which source's records have arrived for which months.
pub async fn arrivals(
    conn: &mut PgConnection,
    municipality: Municipality,
) -> sqlx::Result<Vec<(String, Date)>> {
    let rows: Vec<(String, Day)> =
        sqlx::query_as("select distinct source, month from record_arrivals where municipality_code = $1")
            .bind(municipality.0)
            .fetch_all(conn)
            .await?;
    Ok(rows.into_iter().map(|(source, month)| (source, month.0)).collect())
}

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
        edge: super::summary::EDGES.iter().map(|(code, _)| *code).find(|code| *code == edge).unwrap_or(""),
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
            None => (row.exclusion, row.reason_ja) = (None, super::summary::NO_LONGER_LISTED.to_owned()),
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
