//! What the auditor asks of the log.

use super::sql::{self, LogRow, LogSearch, Person, WholeEntry};
use kit::{Acting, Action, Case, Failure, Kit, Target};
use serde_json::json;
use uuid::Uuid;

/// One page of the log.
pub const LOG_PER_PAGE: i64 = 100;

/// One page of the log, and how many entries match.
pub struct Log {
    pub rows: Vec<LogRow>,
    pub total: i64,
    pub staff: Vec<Person>,
}

async fn gather_log(case: &mut Case, search: &LogSearch, page: i64) -> Result<Log, Failure> {
    let municipality = case.municipality();
    let offset = (page - 1) * LOG_PER_PAGE;
    let (rows, total) = sql::log(case.conn(), municipality, search, offset, LOG_PER_PAGE).await?;
    let staff = sql::people(case.conn(), municipality).await?;
    Ok(Log { rows, total, staff })
}

pub async fn log(kit: &Kit, acting: &Acting, search: &LogSearch, page: i64) -> Result<Log, Failure> {
    let mut case = Case::open(kit, acting, Action::ViewAudit, Target::NONE).await?;
    let log = gather_log(&mut case, search, page).await?;
    case.viewed(json!({"from": search.from.to_string(), "until": search.until.to_string(), "page": page}))
        .await?;
    Ok(log)
}

/// One entry with what was before and after.
pub async fn entry(kit: &Kit, acting: &Acting, entry_id: Uuid) -> Result<WholeEntry, Failure> {
    let mut case = Case::open(kit, acting, Action::ViewAudit, Target::of("entry", entry_id)).await?;
    let municipality = case.municipality();
    let entry = sql::entry(case.conn(), municipality, entry_id).await?.ok_or(Failure::NotFound)?;
    case.viewed(json!({})).await?;
    Ok(entry)
}

/// Walks the whole log and says at which place it is first broken, if anywhere; with the log's first page.
pub async fn verify(kit: &Kit, acting: &Acting, search: &LogSearch) -> Result<(Option<i64>, Log), Failure> {
    let mut case = Case::open(kit, acting, Action::ViewAudit, Target::NONE).await?;
    let municipality = case.municipality();
    let log = gather_log(&mut case, search, 1).await?;
    case.viewed(json!({"verify": true})).await?;
    Ok((kit::audit::first_fault(kit, municipality).await?, log))
}
