//! From the file into a temporary table: one thread reads and checks, PostgreSQL takes the rows meanwhile.

use super::{
    Progress,
    envelope::{Cells, Sheet},
    fault::Faults,
};
use kit::Failure;
use sqlx::PgConnection;
use std::sync::Arc;

/// Rows go over in pieces of this size: large enough for COPY, small enough to stop early.
const PIECE_BYTES: usize = 256 * 1024;
/// Pieces that wait between the two: bounds the memory.
const PIECES_MAX: usize = 4;
/// How often the bar moves.
const PROGRESS_ROWS: u64 = 500;

/// What the reading thread brings back.
pub struct Staged {
    pub faults: Faults,
    pub rows_read: u64,
}

/// Reads all rows through `row` (which checks one and writes it for COPY) into `copy`'s table.
///
/// After the first error nothing more goes to the database: the file is refused, but every row is still checked.
pub async fn load(
    conn: &mut PgConnection,
    copy: &str,
    sheet: Sheet,
    progress: Arc<Progress>,
    row: impl FnMut(&mut Cells<'_>, &mut Vec<u8>) + Send + 'static,
) -> Result<Staged, Failure> {
    let (pieces, mut waiting) = tokio::sync::mpsc::channel::<Vec<u8>>(PIECES_MAX);
    let reading = tokio::task::spawn_blocking(move || read(sheet, &progress, row, &pieces));
    let mut into = conn.copy_in_raw(copy).await?;
    while let Some(piece) = waiting.recv().await {
        into.send(piece).await?;
    }
    into.finish().await?;
    reading.await.map_err(|error| Failure::Internal(error.into()))
}

fn read(
    mut sheet: Sheet,
    progress: &Progress,
    mut row: impl FnMut(&mut Cells<'_>, &mut Vec<u8>),
    pieces: &tokio::sync::mpsc::Sender<Vec<u8>>,
) -> Staged {
    let mut faults = Faults::default();
    let mut record = csv::StringRecord::new();
    let mut piece = Vec::with_capacity(PIECE_BYTES + 4096);
    loop {
        match sheet.next(&mut record) {
            Ok(Some(line)) => row(&mut Cells::new(&record, &sheet.columns, line, &mut faults), &mut piece),
            Ok(None) => {
                sheet.check_count(&mut faults);
                break;
            }
            Err(fault) => {
                faults.push(fault);
                break;
            }
        }
        if sheet.rows_read.is_multiple_of(PROGRESS_ROWS) {
            progress.set(sheet.rows_read, sheet.control.rows);
        }
        if faults.errors > 0 {
            piece.clear();
        } else if piece.len() >= PIECE_BYTES {
            let full = std::mem::replace(&mut piece, Vec::with_capacity(PIECE_BYTES + 4096));
            // Nobody receives any more where the database has failed; that failure is what is told.
            if pieces.blocking_send(full).is_err() {
                break;
            }
        }
    }
    if faults.errors == 0 && !piece.is_empty() {
        pieces.blocking_send(piece).ok();
    }
    Staged { faults, rows_read: sheet.rows_read }
}
