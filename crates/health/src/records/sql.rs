//! Questions about 接種記録.

use domain::{
    Date,
    schedule::{Series, Vaccine},
};
use kit::{Day, Municipality};
use sqlx::{PgConnection, Row, postgres::PgRow};
use uuid::Uuid;

/// A record as lists show it.
#[derive(Clone, Debug)]
pub struct RecordRow {
    pub record_id: Uuid,
    pub version: i32,
    pub vaccinated_on: Date,
    pub vaccine: Option<Vaccine>,
    /// The code as stored, where it is none of ours.
    pub vaccine_code: String,
    pub series: Option<Series>,
    pub dose_number: i16,
    pub is_screening_only: bool,
    pub is_teiki: bool,
    pub valid_for_series: bool,
    pub lot_number: String,
    pub clinic_name: String,
    pub explanation: String,
    pub state: String,
}

fn read(row: &PgRow) -> RecordRow {
    let code: String = row.get("vaccine");
    RecordRow {
        record_id: row.get("record_id"),
        version: row.get("version"),
        vaccinated_on: row.get::<Day, _>("vaccinated_on").0,
        vaccine: Vaccine::from_code(&code),
        vaccine_code: code,
        series: Series::from_code(row.get("series")),
        dose_number: row.get("dose_number"),
        is_screening_only: row.get::<&str, _>("judgement") == "screening_only",
        is_teiki: row.get("is_teiki"),
        valid_for_series: row.get("valid_for_series"),
        lot_number: row.get("lot_number"),
        clinic_name: row.get("clinic_name"),
        explanation: row.get("explanation"),
        state: row.get("state"),
    }
}

/// The records of a person that hold, and those withdrawn, newest first.
pub async fn of_resident(
    conn: &mut PgConnection,
    municipality: Municipality,
    resident_id: Uuid,
) -> sqlx::Result<Vec<RecordRow>> {
    let rows = sqlx::query(
        "select r.record_id, r.version, r.vaccinated_on, r.vaccine, r.series, r.dose_number, r.judgement, r.is_teiki,
             r.valid_for_series, r.lot_number,
             coalesce(nullif(r.clinic_name, ''), c.name, '') as clinic_name, r.explanation, r.state
         from vaccination_records r
         left join clinics c on c.municipality_code = r.municipality_code and c.clinic_code = r.clinic_code
         where r.municipality_code = $1 and r.resident_id = $2 and r.state <> 'superseded'
         order by r.vaccinated_on desc, r.record_id desc",
    )
    .bind(municipality.0)
    .bind(resident_id)
    .fetch_all(conn)
    .await?;
    Ok(rows.iter().map(read).collect())
}
