//! A file read and checked from end to end without a register: what tests and fuzzing throw files at.

use super::{
    Fault, Kind, clinics,
    envelope::{Cells, Sheet},
    fault::Faults,
    file, records, residents,
};
use std::{io, path::Path};
use uuid::Uuid;

/// What came of reading.
pub struct Through {
    pub rows_read: u64,
    pub errors: u64,
    pub warnings: u64,
    pub faults: Vec<Fault>,
    /// Rows as they would go to the database.
    pub copied: Vec<u8>,
}

/// Reads a file as an import of this kind does, up to the point where the database is asked.
///
/// # Errors
/// When the disk fails. A file that cannot be taken is no error: its faults say so.
pub fn read_through(path: &Path, kind: Kind) -> io::Result<Through> {
    let columns = match kind {
        Kind::Residents => residents::COLUMNS,
        Kind::Records => records::COLUMNS,
        Kind::Clinics => clinics::COLUMNS,
    };
    let inspected = match file::inspect(path)? {
        Ok(inspected) => inspected,
        Err((_, fault)) => return Ok(refused(fault)),
    };
    let mut sheet = match Sheet::open(path, &inspected, kind, columns)? {
        Ok(sheet) => sheet,
        Err(fault) => return Ok(refused(fault)),
    };
    let as_of = sheet.control.as_of;
    let (mut residents, mut records, mut clinics) =
        (residents::Reader::new(as_of), records::Reader::new(as_of), clinics::Reader::default());
    let (mut faults, mut record, mut copied) = (Faults::default(), csv::StringRecord::new(), Vec::new());
    loop {
        let line = match sheet.next(&mut record) {
            Ok(Some(line)) => line,
            Ok(None) => {
                sheet.check_count(&mut faults);
                break;
            }
            Err(fault) => {
                faults.push(fault);
                break;
            }
        };
        let mut cells = Cells::new(&record, &sheet.columns, line, &mut faults);
        match kind {
            Kind::Residents => residents.row(&mut cells, Uuid::nil(), &mut copied),
            Kind::Records => records.row(&mut cells, &mut copied),
            Kind::Clinics => clinics.row(&mut cells, &mut copied),
        }
    }
    Ok(through(sheet.rows_read, faults, copied))
}

fn refused(fault: Fault) -> Through {
    let mut faults = Faults::default();
    faults.push(fault);
    through(0, faults, Vec::new())
}

fn through(rows_read: u64, faults: Faults, mut copied: Vec<u8>) -> Through {
    if faults.errors > 0 {
        copied.clear();
    }
    let (errors, warnings) = (faults.errors, faults.warnings);
    Through { rows_read, errors, warnings, faults: faults.into_kept(), copied }
}
