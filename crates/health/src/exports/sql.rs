//! 持出し台帳.

use domain::{
    Date,
    leaving::{Closing, ExportList, Place},
};
use jiff::Timestamp;
use kit::{Day, Instant, Municipality};
use sqlx::{PgConnection, Row, postgres::PgRow};
use std::collections::HashSet;
use uuid::Uuid;

/// One line of the ledger.
#[derive(Clone, Debug)]
pub struct Export {
    pub export_id: Uuid,
    pub approval_id: Uuid,
    pub list: ExportList,
    pub campaign_id: Uuid,
    pub campaign_title: String,
    pub place: Place,
    pub recipient: String,
    pub recipient_key: String,
    pub fields: Vec<String>,
    pub rows: i64,
    pub due_on: Date,
    pub asked_by_name: String,
    pub decided_by_name: String,
    /// The newest taking, and how many there were.
    pub taken_at: Option<Timestamp>,
    pub takings: i64,
    pub closed: Option<Closed>,
}

/// 消去・返却の報告.
#[derive(Clone, Debug)]
pub struct Closed {
    pub closing: Closing,
    pub note: String,
    pub by_name: String,
    pub at: Timestamp,
}

const SELECT: &str = "select e.export_id, e.approval_id, e.list, e.campaign_id, c.title, e.place, e.recipient, e.recipient_key,
         e.fields, e.rows, e.due_on, asker.name as asked_by_name, coalesce(decider.name, '') as decided_by_name,
         u.taken_at, coalesce(u.takings, 0) as takings, x.closing, x.note, closer.name as closed_by_name, x.closed_at
     from exports e
     join campaigns c on c.municipality_code = e.municipality_code and c.campaign_id = e.campaign_id
     join approvals a on a.municipality_code = e.municipality_code and a.approval_id = e.approval_id
     join staff asker on asker.municipality_code = a.municipality_code and asker.staff_id = a.asked_by
     left join staff decider on decider.municipality_code = a.municipality_code and decider.staff_id = a.decided_by
     left join lateral (select max(used_at) as taken_at, count(*) as takings from approval_uses u
         where u.municipality_code = e.municipality_code and u.approval_id = e.approval_id) u on true
     left join export_closings x on x.municipality_code = e.municipality_code and x.export_id = e.export_id
     left join staff closer on closer.municipality_code = x.municipality_code and closer.staff_id = x.closed_by";

fn read(row: &PgRow) -> sqlx::Result<Export> {
    let unknown = |what: &str| sqlx::Error::Decode(format!("unknown {what} of an export").into());
    let closed = match row.get::<Option<&str>, _>("closing") {
        None => None,
        Some(code) => Some(Closed {
            closing: Closing::from_code(code).ok_or_else(|| unknown("closing"))?,
            note: row.get("note"),
            by_name: row.get("closed_by_name"),
            at: row.get::<Instant, _>("closed_at").0,
        }),
    };
    Ok(Export {
        export_id: row.get("export_id"),
        approval_id: row.get("approval_id"),
        list: ExportList::from_code(row.get("list")).ok_or_else(|| unknown("list"))?,
        campaign_id: row.get("campaign_id"),
        campaign_title: row.get("title"),
        place: Place::from_code(row.get("place")).ok_or_else(|| unknown("place"))?,
        recipient: row.get("recipient"),
        recipient_key: row.get("recipient_key"),
        fields: row.get("fields"),
        rows: row.get("rows"),
        due_on: row.get::<Day, _>("due_on").0,
        asked_by_name: row.get("asked_by_name"),
        decided_by_name: row.get("decided_by_name"),
        taken_at: row.get::<Option<Instant>, _>("taken_at").map(|at| at.0),
        takings: row.get("takings"),
        closed,
    })
}

/// What a line of the ledger begins with.
pub struct NewExport<'a> {
    pub export_id: Uuid,
    pub approval_id: Uuid,
    pub list: ExportList,
    pub campaign_id: Uuid,
    pub place: Place,
    pub recipient: &'a str,
    pub recipient_key: &'a str,
    pub fields: Vec<&'static str>,
    pub rows: i64,
    pub due_on: Date,
}

pub async fn insert(
    conn: &mut PgConnection,
    municipality: Municipality,
    new: &NewExport<'_>,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into exports (municipality_code, export_id, approval_id, list, campaign_id, place, recipient, recipient_key,
             fields, rows, due_on)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    )
    .bind(municipality.0)
    .bind(new.export_id)
    .bind(new.approval_id)
    .bind(new.list.code())
    .bind(new.campaign_id)
    .bind(new.place.code())
    .bind(new.recipient)
    .bind(new.recipient_key)
    .bind(&new.fields)
    .bind(new.rows)
    .bind(Day(new.due_on))
    .execute(conn)
    .await?;
    Ok(())
}

pub async fn get(
    conn: &mut PgConnection,
    municipality: Municipality,
    export_id: Uuid,
) -> sqlx::Result<Option<Export>> {
    let sql = format!("{SELECT} where e.municipality_code = $1 and e.export_id = $2");
    let row = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(municipality.0)
        .bind(export_id)
        .fetch_optional(conn)
        .await?;
    row.as_ref().map(read).transpose()
}

/// One page of the ledger, newest first, with the count of all.
pub async fn list(
    conn: &mut PgConnection,
    municipality: Municipality,
    limit: i64,
    offset: i64,
) -> sqlx::Result<(Vec<Export>, i64)> {
    let sql =
        format!("{SELECT} where e.municipality_code = $1 order by a.approval_number desc limit $2 offset $3");
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(municipality.0)
        .bind(limit)
        .bind(offset)
        .fetch_all(&mut *conn)
        .await?;
    let total = sqlx::query_scalar("select count(*) from exports where municipality_code = $1")
        .bind(municipality.0)
        .fetch_one(conn)
        .await?;
    Ok((rows.iter().map(read).collect::<sqlx::Result<_>>()?, total))
}

/// How many files were taken out and should have been reported gone by now.
pub async fn overdue(conn: &mut PgConnection, municipality: Municipality, today: Date) -> sqlx::Result<i64> {
    sqlx::query_scalar(
        "select count(*) from exports e where e.municipality_code = $1 and e.due_on < $2
             and exists (select from approval_uses u where u.municipality_code = e.municipality_code
                 and u.approval_id = e.approval_id)
             and not exists (select from export_closings x where x.municipality_code = e.municipality_code
                 and x.export_id = e.export_id)",
    )
    .bind(municipality.0)
    .bind(Day(today))
    .fetch_one(conn)
    .await
}

/// False where it had been reported before.
pub async fn close(
    conn: &mut PgConnection,
    municipality: Municipality,
    (export_id, closing, note): (Uuid, Closing, &str),
    (staff_id, at): (Uuid, Timestamp),
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "insert into export_closings (municipality_code, export_id, closing, note, closed_by, closed_at)
         values ($1, $2, $3, $4, $5, $6) on conflict (municipality_code, export_id) do nothing",
    )
    .bind(municipality.0)
    .bind(export_id)
    .bind(closing.code())
    .bind(note)
    .bind(staff_id)
    .bind(Instant(at))
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// How many people a campaign has looked at, and how many of them are under 支援措置 now.
pub async fn people_size(
    conn: &mut PgConnection,
    municipality: Municipality,
    campaign_id: Uuid,
) -> sqlx::Result<(i64, i64)> {
    sqlx::query_as(
        "select count(*), count(*) filter (where r.address_protected) from campaign_targets t
         join residents r on r.municipality_code = t.municipality_code and r.resident_id = t.resident_id
         where t.municipality_code = $1 and t.campaign_id = $2",
    )
    .bind(municipality.0)
    .bind(campaign_id)
    .fetch_one(conn)
    .await
}

/// Who of these people is under 支援措置 now, whatever a frozen list says.
pub async fn protected(
    conn: &mut PgConnection,
    municipality: Municipality,
    ids: &[Uuid],
) -> sqlx::Result<HashSet<Uuid>> {
    let ids: Vec<Uuid> = sqlx::query_scalar(
        "select resident_id from residents where municipality_code = $1 and address_protected
             and resident_id = any($2)",
    )
    .bind(municipality.0)
    .bind(ids)
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().collect())
}
