//! Campaigns, their targets, and the snapshot of the ledger an extraction reads.

mod people;
mod targets;

pub use people::{Candidate, candidates, candidates_by_id, doses, one_snapshot};
pub use targets::{
    Part, TARGET_COLUMNS, TargetRow, all_included, included_ids, insert_targets, read_target, targets,
};

use super::summary::Summary;
use domain::{Date, campaign::NoticeKind, schedule::Series};
use jiff::Timestamp;
use kit::{Day, Instant, Municipality};
use sqlx::{PgConnection, Row, postgres::PgRow};
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
