//! Which print files are there, which were ordered to be erased, which are gone.

use crate::sheets::sql::PrintFile;
use domain::Date;
use jiff::Timestamp;
use kit::{Day, Instant, Municipality};
use sqlx::PgConnection;
use uuid::Uuid;

/// Orders files to be erased: nobody gets them from now on.
pub async fn insert(
    conn: &mut PgConnection,
    municipality: Municipality,
    (campaign_id, approval_id): (Uuid, Uuid),
    files: &[PrintFile],
    at: Timestamp,
) -> sqlx::Result<()> {
    let numbers: Vec<i32> = files.iter().map(|file| file.file_number).collect();
    sqlx::query(
        "insert into print_file_erasures (municipality_code, campaign_id, file_number, approval_id, erased_at)
         select $1, $2, file_number, $3, $4 from unnest($5::integer[]) as f (file_number)",
    )
    .bind(municipality.0)
    .bind(campaign_id)
    .bind(approval_id)
    .bind(Instant(at))
    .bind(numbers)
    .execute(conn)
    .await?;
    Ok(())
}

/// Notes that files are gone from the disk.
pub async fn removed(
    conn: &mut PgConnection,
    municipality: Municipality,
    campaign_id: Uuid,
    numbers: &[i32],
    at: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query(
        "update print_file_erasures set removed_at = greatest($4, erased_at)
         where municipality_code = $1 and campaign_id = $2 and file_number = any($3) and removed_at is null",
    )
    .bind(municipality.0)
    .bind(campaign_id)
    .bind(numbers)
    .bind(Instant(at))
    .execute(conn)
    .await?;
    Ok(())
}

/// Sheets of a campaign that may still be used on a day: 予診票 that nobody was vaccinated with yet.
pub async fn usable_sheets(
    conn: &mut PgConnection,
    municipality: Municipality,
    campaign_id: Uuid,
    today: Date,
) -> sqlx::Result<i64> {
    sqlx::query_scalar(
        "select count(*) from sheets where municipality_code = $1 and campaign_id = $2 and state = 'printed'
             and valid_until >= $3",
    )
    .bind(municipality.0)
    .bind(campaign_id)
    .bind(Day(today))
    .fetch_one(conn)
    .await
}

/// The files of all municipalities that are gone: for the machine itself. None in a database from before there were
/// erasures, which a backup may bring back.
pub async fn removed_of_all(conn: &mut PgConnection) -> sqlx::Result<Vec<(Municipality, Uuid, String)>> {
    let is_there: bool = sqlx::query_scalar("select to_regclass('public.print_file_erasures') is not null")
        .fetch_one(&mut *conn)
        .await?;
    if !is_there {
        return Ok(Vec::new());
    }
    let rows: Vec<(i32, Uuid, String)> = sqlx::query_as(
        "select e.municipality_code, e.campaign_id, f.file_name from print_file_erasures e
         join print_files f on f.municipality_code = e.municipality_code and f.campaign_id = e.campaign_id
             and f.file_number = e.file_number
         where e.removed_at is not null",
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|(municipality, campaign, name)| (Municipality(municipality), campaign, name))
        .collect())
}
