//! Who was kept back for 支援措置, and what was asked for them.

use crate::campaigns::sql::{TARGET_COLUMNS, TargetRow, read_target};
use domain::leaving::{HandOver, has_mailing_address};
use kit::Municipality;
use sqlx::{PgConnection, Row};
use uuid::Uuid;

/// People of one campaign under 支援措置 at most on one page: a ward has some hundreds in all.
pub const LISTED_MAX: i64 = 500;

/// A person of a campaign who is kept back for 支援措置, at the extraction or at the printing.
#[derive(Clone, Debug)]
pub struct KeptBack {
    pub target: TargetRow,
    /// A 送付先 with a postal code is registered.
    pub has_mailing_address: bool,
    /// The newest application and what it asks for.
    pub asked: Option<(Uuid, HandOver)>,
    /// The file with the printed sheet, and whether it has been erased since.
    pub file_number: Option<i32>,
    pub is_erased: bool,
}

const KEPT_BACK: &str = "from campaign_targets t
     join residents r on r.municipality_code = t.municipality_code and r.resident_id = t.resident_id
     left join sheets s on s.municipality_code = t.municipality_code and s.campaign_id = t.campaign_id
         and s.resident_id = t.resident_id
     left join lateral (select p.approval_id, p.hand_over from protected_prints p
         join approvals a on a.municipality_code = p.municipality_code and a.approval_id = p.approval_id
         where p.municipality_code = t.municipality_code and p.campaign_id = t.campaign_id
             and p.resident_id = t.resident_id
         order by a.approval_number desc limit 1) p on true
     left join lateral (select max(f.file_number) as file_number from protected_prints f
         where f.municipality_code = t.municipality_code and f.campaign_id = t.campaign_id
             and f.resident_id = t.resident_id) f on true
     left join print_file_erasures e on e.municipality_code = t.municipality_code and e.campaign_id = t.campaign_id
         and e.file_number = f.file_number
     where t.municipality_code = $1 and t.campaign_id = $2
         and (not t.included and t.exclusion = 'protected' or s.withheld_reason = 'protected'
             or f.file_number is not null)";

fn columns() -> String {
    format!(
        "select {TARGET_COLUMNS}, r.mailing_address, r.mailing_postal_code, p.approval_id, p.hand_over, f.file_number,
             e.erased_at is not null as is_erased {KEPT_BACK}"
    )
}

fn read(row: &sqlx::postgres::PgRow) -> KeptBack {
    let asked = row
        .get::<Option<Uuid>, _>("approval_id")
        .zip(row.get::<Option<&str>, _>("hand_over").and_then(HandOver::from_code));
    KeptBack {
        target: read_target(row),
        has_mailing_address: has_mailing_address(row.get("mailing_address"), row.get("mailing_postal_code")),
        asked,
        file_number: row.get("file_number"),
        is_erased: row.get("is_erased"),
    }
}

/// Everybody of a campaign who is kept back for 支援措置.
pub async fn kept_back(
    conn: &mut PgConnection,
    municipality: Municipality,
    campaign_id: Uuid,
) -> sqlx::Result<Vec<KeptBack>> {
    let sql = format!("{} order by t.addressee_number limit {LISTED_MAX}", columns());
    let rows =
        sqlx::query(sqlx::AssertSqlSafe(sql)).bind(municipality.0).bind(campaign_id).fetch_all(conn).await?;
    Ok(rows.iter().map(read).collect())
}

/// One of them.
pub async fn one(
    conn: &mut PgConnection,
    municipality: Municipality,
    campaign_id: Uuid,
    resident_id: Uuid,
) -> sqlx::Result<Option<KeptBack>> {
    let sql = format!("{} and t.resident_id = $3", columns());
    let row = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(municipality.0)
        .bind(campaign_id)
        .bind(resident_id)
        .fetch_optional(conn)
        .await?;
    Ok(row.as_ref().map(read))
}

pub async fn insert(
    conn: &mut PgConnection,
    municipality: Municipality,
    (approval_id, campaign_id, resident_id): (Uuid, Uuid, Uuid),
    hand_over: HandOver,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into protected_prints (municipality_code, approval_id, campaign_id, resident_id, hand_over)
         values ($1, $2, $3, $4, $5)",
    )
    .bind(municipality.0)
    .bind(approval_id)
    .bind(campaign_id)
    .bind(resident_id)
    .bind(hand_over.code())
    .execute(conn)
    .await?;
    Ok(())
}

/// The number of the sheet that was kept back at the printing, which has never stood on paper.
pub async fn withheld_number(
    conn: &mut PgConnection,
    municipality: Municipality,
    campaign_id: Uuid,
    resident_id: Uuid,
) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar(
        "select sheet_number from sheets where municipality_code = $1 and campaign_id = $2 and resident_id = $3",
    )
    .bind(municipality.0)
    .bind(campaign_id)
    .bind(resident_id)
    .fetch_optional(conn)
    .await
}

/// Notes the file of a sheet that was kept back before, or adds the sheet; and that this application has been printed. False
/// where the person holds a sheet of this campaign already.
pub async fn printed(
    conn: &mut PgConnection,
    municipality: Municipality,
    (campaign_id, approval_id): (Uuid, Uuid),
    sheet: &Printed<'_>,
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "insert into sheets (municipality_code, sheet_id, sheet_number, campaign_id, resident_id, kind, programme, dose_number,
             valid_until, state, file_number, page_number, printed_at)
         values ($1, $2, $3, $4, $5, 'questionnaire', $6, $7, $8, 'printed', $9, 1, $10)
         on conflict on constraint sheets_person_key do update set state = 'printed', withheld_reason = '', withheld_note = '',
             valid_until = excluded.valid_until, file_number = excluded.file_number, page_number = 1,
             printed_at = excluded.printed_at
         where sheets.state = 'withheld'",
    )
    .bind(municipality.0)
    .bind(sheet.sheet_id)
    .bind(sheet.number)
    .bind(campaign_id)
    .bind(sheet.target.resident_id)
    .bind(sheet.programme)
    .bind(i16::from(sheet.target.dose))
    .bind(kit::Day(sheet.valid_until))
    .bind(sheet.file_number)
    .bind(kit::Instant(sheet.at))
    .execute(&mut *conn)
    .await?;
    if done.rows_affected() != 1 {
        return Ok(false);
    }
    sqlx::query(
        "update protected_prints set file_number = $3 where municipality_code = $1 and approval_id = $2",
    )
    .bind(municipality.0)
    .bind(approval_id)
    .bind(sheet.file_number)
    .execute(conn)
    .await?;
    Ok(true)
}

/// A sheet that has just been printed.
pub struct Printed<'a> {
    pub sheet_id: Uuid,
    pub number: &'a str,
    pub target: &'a TargetRow,
    pub programme: &'static str,
    pub valid_until: domain::Date,
    pub file_number: i32,
    pub at: jiff::Timestamp,
}

/// Who asked for the sheet in a protected file: nobody else gets it.
pub async fn asked_by(
    conn: &mut PgConnection,
    municipality: Municipality,
    campaign_id: Uuid,
    file_number: i32,
) -> sqlx::Result<Option<Uuid>> {
    sqlx::query_scalar(
        "select a.asked_by from protected_prints p
         join approvals a on a.municipality_code = p.municipality_code and a.approval_id = p.approval_id
         where p.municipality_code = $1 and p.campaign_id = $2 and p.file_number = $3",
    )
    .bind(municipality.0)
    .bind(campaign_id)
    .bind(file_number)
    .fetch_optional(conn)
    .await
}
