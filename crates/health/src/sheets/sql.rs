//! Sheets, the files they lie in, and their numbers.

use crate::campaigns::sql::{TARGET_COLUMNS, TargetRow, read_target};
use domain::{
    Date,
    campaign::{Exclusion, NoticeKind, Request},
    ids::SheetNumber,
    schedule::Series,
};
use jiff::Timestamp;
use kit::{Day, Instant, Municipality};
use sqlx::{PgConnection, Row, postgres::PgRow};
use std::collections::HashSet;
use uuid::Uuid;

/// What has become of a sheet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SheetState {
    Printed,
    Withheld,
    /// A record was made from it.
    Used,
    Cancelled,
}

impl SheetState {
    pub const fn code(self) -> &'static str {
        match self {
            SheetState::Printed => "printed",
            SheetState::Withheld => "withheld",
            SheetState::Used => "used",
            SheetState::Cancelled => "cancelled",
        }
    }

    pub const fn ja(self) -> &'static str {
        match self {
            SheetState::Printed => "発送",
            SheetState::Withheld => "印刷せず",
            SheetState::Used => "接種記録あり",
            SheetState::Cancelled => "取消し",
        }
    }

    fn from_code(code: &str) -> SheetState {
        match code {
            "withheld" => SheetState::Withheld,
            "used" => SheetState::Used,
            "cancelled" => SheetState::Cancelled,
            _ => SheetState::Printed,
        }
    }
}

/// 予診票・はがきの1枚, as the sending history shows it.
#[derive(Clone, Debug)]
pub struct Sheet {
    pub sheet_id: Uuid,
    /// Twelve digits, as in the barcode.
    pub sheet_number: String,
    pub campaign_id: Uuid,
    pub campaign_title: String,
    pub resident_id: Uuid,
    pub kind: NoticeKind,
    pub series: Series,
    pub dose: u8,
    pub valid_until: Option<Date>,
    pub state: SheetState,
    /// Why it was not printed: the reason and the sentence for the clerk.
    pub withheld: Option<Exclusion>,
    pub withheld_note: String,
    pub file_number: Option<i32>,
    pub page_number: Option<i32>,
    pub printed_at: Option<Timestamp>,
}

const SHEET_COLUMNS: &str = "s.sheet_id, s.sheet_number, s.campaign_id, c.title, s.resident_id, s.kind, s.programme, s.dose_number, s.valid_until, \
     s.state, s.withheld_reason, s.withheld_note, s.file_number, s.page_number, s.printed_at";

fn read_sheet(row: &PgRow) -> sqlx::Result<Sheet> {
    let unknown = |what: &str| sqlx::Error::Decode(format!("unknown {what} of a sheet").into());
    Ok(Sheet {
        sheet_id: row.get("sheet_id"),
        sheet_number: row.get("sheet_number"),
        campaign_id: row.get("campaign_id"),
        campaign_title: row.get("title"),
        resident_id: row.get("resident_id"),
        kind: NoticeKind::from_code(row.get("kind")).ok_or_else(|| unknown("kind"))?,
        series: Series::from_code(row.get("programme")).ok_or_else(|| unknown("programme"))?,
        dose: row.get::<i16, _>("dose_number") as u8,
        valid_until: row.get::<Option<Day>, _>("valid_until").map(|day| day.0),
        state: SheetState::from_code(row.get("state")),
        withheld: Exclusion::from_code(row.get("withheld_reason")),
        withheld_note: row.get("withheld_note"),
        file_number: row.get("file_number"),
        page_number: row.get("page_number"),
        printed_at: row.get::<Option<Instant>, _>("printed_at").map(|at| at.0),
    })
}

/// 送付履歴: everything sent to a person (or kept back), newest first.
#[doc(alias = "送付履歴")]
pub async fn of_resident(
    conn: &mut PgConnection,
    municipality: Municipality,
    resident_id: Uuid,
) -> sqlx::Result<Vec<Sheet>> {
    let sql = format!(
        "select {SHEET_COLUMNS} from sheets s
         join campaigns c on c.municipality_code = s.municipality_code and c.campaign_id = s.campaign_id
         where s.municipality_code = $1 and s.resident_id = $2 order by s.printed_at desc nulls last, s.sheet_number desc"
    );
    let rows =
        sqlx::query(sqlx::AssertSqlSafe(sql)).bind(municipality.0).bind(resident_id).fetch_all(conn).await?;
    rows.iter().map(read_sheet).collect()
}

/// The sheet with a number that was scanned or typed.
pub async fn by_number(
    conn: &mut PgConnection,
    municipality: Municipality,
    number: SheetNumber,
) -> sqlx::Result<Option<Sheet>> {
    let sql = format!(
        "select {SHEET_COLUMNS} from sheets s
         join campaigns c on c.municipality_code = s.municipality_code and c.campaign_id = s.campaign_id
         where s.municipality_code = $1 and s.sheet_number = $2"
    );
    let row = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(municipality.0)
        .bind(number.digits())
        .fetch_optional(conn)
        .await?;
    row.as_ref().map(read_sheet).transpose()
}

/// One sheet by its id.
pub async fn get(
    conn: &mut PgConnection,
    municipality: Municipality,
    sheet_id: Uuid,
) -> sqlx::Result<Option<Sheet>> {
    let sql = format!(
        "select {SHEET_COLUMNS} from sheets s
         join campaigns c on c.municipality_code = s.municipality_code and c.campaign_id = s.campaign_id
         where s.municipality_code = $1 and s.sheet_id = $2"
    );
    let row = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(municipality.0)
        .bind(sheet_id)
        .fetch_optional(conn)
        .await?;
    row.as_ref().map(read_sheet).transpose()
}

/// Notes that a record was made from the sheet (or, `used` false, that this record was withdrawn).
pub async fn mark_used(
    conn: &mut PgConnection,
    municipality: Municipality,
    sheet_id: Uuid,
    used: bool,
) -> sqlx::Result<()> {
    sqlx::query(
        "update sheets set state = case when $3 then 'used' else 'printed' end
         where municipality_code = $1 and sheet_id = $2 and state in ('printed', 'used')",
    )
    .bind(municipality.0)
    .bind(sheet_id)
    .bind(used)
    .execute(conn)
    .await?;
    Ok(())
}

/// Who holds the same sheet already, by dose: a 予診票 counts while it is valid, a reminder for some months. Lists
/// that are released but not yet printed count as sent.
pub async fn sent(
    conn: &mut PgConnection,
    municipality: Municipality,
    request: &Request,
    quiet_months: i16,
) -> sqlx::Result<HashSet<(Uuid, u8)>> {
    let rows: Vec<(Uuid, i16)> = sqlx::query_as(
        "select resident_id, dose_number from sheets
         where municipality_code = $1 and programme = $2 and kind = $3 and state in ('printed', 'used')
             and case kind when 'questionnaire' then coalesce(valid_until >= $4, true)
                 else printed_at > $4::timestamp at time zone 'Asia/Tokyo' - make_interval(months => $5) end
         union
         select t.resident_id, t.dose_number from campaigns c
         join campaign_targets t on t.municipality_code = c.municipality_code and t.campaign_id = c.campaign_id and t.included
         left join sheets s on s.municipality_code = t.municipality_code and s.campaign_id = t.campaign_id
             and s.resident_id = t.resident_id
         where c.municipality_code = $1 and c.programme = $2 and c.kind = $3 and c.state in ('released', 'printing')
             and s.sheet_id is null and coalesce(t.valid_until >= $4, true)",
    )
    .bind(municipality.0)
    .bind(request.series.code())
    .bind(request.kind.code())
    .bind(Day(request.base_date))
    .bind(i32::from(quiet_months))
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|(id, dose)| (id, dose as u8)).collect())
}

/// The same question before printing, for some people: sheets of other campaigns only.
pub async fn sent_by_others(
    conn: &mut PgConnection,
    municipality: Municipality,
    campaign_id: Uuid,
    request: &Request,
    quiet_months: i16,
    ids: &[Uuid],
) -> sqlx::Result<HashSet<(Uuid, u8)>> {
    let rows: Vec<(Uuid, i16)> = sqlx::query_as(
        "select resident_id, dose_number from sheets
         where municipality_code = $1 and programme = $2 and kind = $3 and state in ('printed', 'used')
             and case kind when 'questionnaire' then coalesce(valid_until >= $4, true)
                 else printed_at > $4::timestamp at time zone 'Asia/Tokyo' - make_interval(months => $5) end
             and campaign_id <> $6 and resident_id = any($7)",
    )
    .bind(municipality.0)
    .bind(request.series.code())
    .bind(request.kind.code())
    .bind(Day(request.base_date))
    .bind(i32::from(quiet_months))
    .bind(campaign_id)
    .bind(ids)
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|(id, dose)| (id, dose as u8)).collect())
}

/// The people of a campaign who have no sheet yet, as the post sorts letters: postal code, address, household.
pub async fn remaining(
    conn: &mut PgConnection,
    municipality: Municipality,
    campaign_id: Uuid,
) -> sqlx::Result<Vec<TargetRow>> {
    let sql = format!(
        "select {TARGET_COLUMNS} from campaign_targets t
         where t.municipality_code = $1 and t.campaign_id = $2 and t.included and not exists (
             select 1 from sheets s where s.municipality_code = t.municipality_code and s.campaign_id = t.campaign_id
                 and s.resident_id = t.resident_id)
         order by t.mailing_postal_code collate \"C\", t.mailing_address collate \"C\", t.mailing_building collate \"C\",
             t.household_number collate \"C\", t.addressee_number collate \"C\""
    );
    let rows =
        sqlx::query(sqlx::AssertSqlSafe(sql)).bind(municipality.0).bind(campaign_id).fetch_all(conn).await?;
    Ok(rows.iter().map(read_target).collect())
}

/// Takes `count` numbers and returns the first. A number that is taken and not used is never given again.
pub async fn take_numbers(
    conn: &mut PgConnection,
    municipality: Municipality,
    count: i64,
) -> sqlx::Result<i64> {
    sqlx::query_scalar(
        "insert into counters (municipality_code, name, next_value) values ($1, 'sheet', 1 + $2)
         on conflict (municipality_code, name) do update set next_value = counters.next_value + $2
         returning next_value - $2",
    )
    .bind(municipality.0)
    .bind(count)
    .fetch_one(conn)
    .await
}

/// A finished and checked file.
#[derive(Clone, Debug)]
pub struct PrintFile {
    pub file_number: i32,
    pub file_name: String,
    pub pages: i32,
    pub file_digest: Vec<u8>,
    pub checked_at: Timestamp,
    pub check_summary: String,
    /// 取扱注意: the sheet of somebody under 支援措置.
    pub is_protected: bool,
    /// Two persons have had it erased: nobody gets it any more.
    pub erased: Option<Erased>,
}

/// 消去.
#[derive(Clone, Copy, Debug)]
pub struct Erased {
    pub at: Timestamp,
    /// Gone from the disk.
    pub is_removed: bool,
    pub approval_id: Uuid,
    /// 受付番号 of the approval.
    pub approval_number: i64,
}

fn read_file(row: &PgRow) -> PrintFile {
    PrintFile {
        file_number: row.get("file_number"),
        file_name: row.get("file_name"),
        pages: row.get("pages"),
        file_digest: row.get("file_digest"),
        checked_at: row.get::<Instant, _>("checked_at").0,
        check_summary: row.get("check_summary"),
        is_protected: row.get("is_protected"),
        erased: row.get::<Option<Instant>, _>("erased_at").map(|at| Erased {
            at: at.0,
            is_removed: row.get::<Option<Instant>, _>("removed_at").is_some(),
            approval_id: row.get("approval_id"),
            approval_number: row.get("approval_number"),
        }),
    }
}

pub async fn files(
    conn: &mut PgConnection,
    municipality: Municipality,
    campaign_id: Uuid,
) -> sqlx::Result<Vec<PrintFile>> {
    let rows = sqlx::query(
        "select f.file_number, f.file_name, f.pages, f.file_digest, f.checked_at, f.check_summary, f.is_protected,
             e.erased_at, e.removed_at, e.approval_id, a.approval_number
         from print_files f
         left join print_file_erasures e on e.municipality_code = f.municipality_code and e.campaign_id = f.campaign_id
             and e.file_number = f.file_number
         left join approvals a on a.municipality_code = e.municipality_code and a.approval_id = e.approval_id
         where f.municipality_code = $1 and f.campaign_id = $2 order by f.file_number",
    )
    .bind(municipality.0)
    .bind(campaign_id)
    .fetch_all(conn)
    .await?;
    Ok(rows.iter().map(read_file).collect())
}

pub async fn insert_file(
    conn: &mut PgConnection,
    municipality: Municipality,
    campaign_id: Uuid,
    file: &PrintFile,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into print_files (municipality_code, campaign_id, file_number, file_name, pages, file_digest, checked_at, check_summary,
             is_protected)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(municipality.0)
    .bind(campaign_id)
    .bind(file.file_number)
    .bind(&file.file_name)
    .bind(file.pages)
    .bind(&file.file_digest)
    .bind(Instant(file.checked_at))
    .bind(&file.check_summary)
    .bind(file.is_protected)
    .execute(conn)
    .await?;
    Ok(())
}

/// A sheet as it is stored with its file: printed on a page, or withheld with the reason.
pub struct NewSheet<'a> {
    pub sheet_id: Uuid,
    pub number: SheetNumber,
    pub target: &'a TargetRow,
    pub page: Option<i32>,
    pub withheld: Option<(Exclusion, String)>,
}

/// Which campaign and file new sheets belong to.
pub struct Batch {
    pub campaign_id: Uuid,
    pub kind: NoticeKind,
    pub series: Series,
    pub file_number: i32,
    pub at: Timestamp,
}

pub async fn insert_sheets(
    conn: &mut PgConnection,
    municipality: Municipality,
    batch: &Batch,
    sheets: &[NewSheet<'_>],
) -> sqlx::Result<()> {
    fn column<'a, 'b, T>(sheets: &'a [NewSheet<'b>], pick: impl Fn(&'a NewSheet<'b>) -> T) -> Vec<T> {
        sheets.iter().map(pick).collect()
    }
    sqlx::query(
        "insert into sheets (municipality_code, campaign_id, kind, programme, sheet_id, sheet_number, resident_id, dose_number,
             valid_until, state, withheld_reason, withheld_note, file_number, page_number, printed_at)
         select $1, $2, $3, $4, sheet_id, sheet_number, resident_id, dose_number, valid_until,
             case when page is null then 'withheld' else 'printed' end, reason, note,
             case when page is null then null else $5::integer end, page, case when page is null then null else $6::timestamptz end
         from unnest($7::uuid[], $8::text[], $9::uuid[], $10::smallint[], $11::date[], $12::integer[], $13::text[], $14::text[])
             as t (sheet_id, sheet_number, resident_id, dose_number, valid_until, page, reason, note)",
    )
    .bind(municipality.0)
    .bind(batch.campaign_id)
    .bind(batch.kind.code())
    .bind(batch.series.code())
    .bind(batch.file_number)
    .bind(Instant(batch.at))
    .bind(column(sheets, |sheet| sheet.sheet_id))
    .bind(column(sheets, |sheet| sheet.number.digits()))
    .bind(column(sheets, |sheet| sheet.target.resident_id))
    .bind(column(sheets, |sheet| i16::from(sheet.target.dose)))
    .bind(column(sheets, |sheet| sheet.target.valid_until.map(Day)))
    .bind(column(sheets, |sheet| sheet.page))
    .bind(column(sheets, |sheet| sheet.withheld.as_ref().map_or("", |(why, _)| why.code())))
    .bind(column(sheets, |sheet| sheet.withheld.as_ref().map_or("", |(_, note)| note.as_str())))
    .execute(conn)
    .await?;
    Ok(())
}

/// One line of the manifest (発送明細): where a sheet lies and to which number it belongs. No names, nothing of protected
/// people's sheets, and no postal code of somebody who is protected by now.
#[derive(Clone, Debug)]
pub struct ManifestRow {
    pub file_name: String,
    pub page: i32,
    pub sheet_number: String,
    pub addressee_number: String,
    pub postal_code: String,
    /// Under 支援措置 by now: outside the office the blank postal code would tell on them.
    pub is_protected: bool,
}

/// Which sheets a manifest names: those in files that anybody with the right may fetch.
const IN_MANIFEST: &str = "from sheets s
     join residents r on r.municipality_code = s.municipality_code and r.resident_id = s.resident_id
     join print_files f on f.municipality_code = s.municipality_code and f.campaign_id = s.campaign_id and f.file_number = s.file_number
     join campaign_targets t on t.municipality_code = s.municipality_code and t.campaign_id = s.campaign_id and t.resident_id = s.resident_id
     where s.municipality_code = $1 and s.campaign_id = $2 and s.page_number is not null and not f.is_protected";

/// How many lines a manifest has, and how many are of people under 支援措置 now.
pub async fn manifest_size(
    conn: &mut PgConnection,
    municipality: Municipality,
    campaign_id: Uuid,
) -> sqlx::Result<(i64, i64)> {
    let sql = format!("select count(*), count(*) filter (where r.address_protected) {IN_MANIFEST}");
    sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(municipality.0).bind(campaign_id).fetch_one(conn).await
}

pub async fn manifest(
    conn: &mut PgConnection,
    municipality: Municipality,
    campaign_id: Uuid,
) -> sqlx::Result<Vec<ManifestRow>> {
    let sql = format!(
        "select f.file_name, s.page_number, s.sheet_number, t.addressee_number,
             case when r.address_protected then '' else t.mailing_postal_code end, r.address_protected
         {IN_MANIFEST} order by s.file_number, s.page_number"
    );
    let rows =
        sqlx::query(sqlx::AssertSqlSafe(sql)).bind(municipality.0).bind(campaign_id).fetch_all(conn).await?;
    Ok(rows
        .iter()
        .map(|row| ManifestRow {
            file_name: row.get(0),
            page: row.get(1),
            sheet_number: row.get(2),
            addressee_number: row.get(3),
            postal_code: row.get(4),
            is_protected: row.get(5),
        })
        .collect())
}

/// A person whose sheet was kept back.
#[derive(Clone, Debug)]
pub struct WithheldRow {
    pub resident_id: Uuid,
    pub addressee_number: String,
    pub name: String,
    pub why: Option<Exclusion>,
    pub note: String,
}

/// One page of those kept back, with the count of all.
pub async fn withheld(
    conn: &mut PgConnection,
    municipality: Municipality,
    campaign_id: Uuid,
    limit: i64,
    offset: i64,
) -> sqlx::Result<(Vec<WithheldRow>, i64)> {
    let rows = sqlx::query(
        "select t.resident_id, t.addressee_number, t.name, s.withheld_reason, s.withheld_note from sheets s
         join campaign_targets t on t.municipality_code = s.municipality_code and t.campaign_id = s.campaign_id and t.resident_id = s.resident_id
         where s.municipality_code = $1 and s.campaign_id = $2 and s.state = 'withheld'
         order by s.withheld_reason, t.addressee_number limit $3 offset $4",
    )
    .bind(municipality.0)
    .bind(campaign_id)
    .bind(limit)
    .bind(offset)
    .fetch_all(&mut *conn)
    .await?;
    let total = sqlx::query_scalar(
        "select count(*) from sheets where municipality_code = $1 and campaign_id = $2 and state = 'withheld'",
    )
    .bind(municipality.0)
    .bind(campaign_id)
    .fetch_one(conn)
    .await?;
    let read = |row: &PgRow| WithheldRow {
        resident_id: row.get(0),
        addressee_number: row.get(1),
        name: row.get(2),
        why: Exclusion::from_code(row.get(3)),
        note: row.get(4),
    };
    Ok((rows.iter().map(read).collect(), total))
}

/// 発行者 as stored.
#[derive(Clone, Debug)]
pub struct Letterhead {
    pub municipality: String,
    /// 区, 市, 町 or 村.
    pub kind: String,
    pub section: String,
    pub postal_code: String,
    pub address: String,
    pub telephone: String,
    pub hours: String,
}

pub async fn letterhead(
    conn: &mut PgConnection,
    municipality: Municipality,
) -> sqlx::Result<Option<Letterhead>> {
    let row = sqlx::query(
        "select municipality, kind, section, postal_code, address, telephone, hours from letterheads where municipality_code = $1",
    )
    .bind(municipality.0)
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Letterhead {
        municipality: row.get(0),
        kind: row.get(1),
        section: row.get(2),
        postal_code: row.get(3),
        address: row.get(4),
        telephone: row.get(5),
        hours: row.get(6),
    }))
}

/// Sets how the municipality signs its letters (set up once, by `sesshu init` or the demo).
pub async fn set_letterhead(
    conn: &mut PgConnection,
    municipality: Municipality,
    head: &Letterhead,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into letterheads (municipality_code, municipality, kind, section, postal_code, address, telephone, hours)
         values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict (municipality_code) do update set municipality = $2, kind = $3, section = $4, postal_code = $5, address = $6,
             telephone = $7, hours = $8",
    )
    .bind(municipality.0)
    .bind(&head.municipality)
    .bind(&head.kind)
    .bind(&head.section)
    .bind(&head.postal_code)
    .bind(&head.address)
    .bind(&head.telephone)
    .bind(&head.hours)
    .execute(conn)
    .await?;
    Ok(())
}
