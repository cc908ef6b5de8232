//! Questions about 接種記録.

use domain::{
    Date,
    ids::ClinicCode,
    record::{Basis, Finding, Judgement},
    schedule::{GivenDose, Series, Severity, Vaccine},
};
use jiff::Timestamp;
use kit::{Day, Instant, Municipality};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, PgConnection, Row, postgres::PgRow};
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

/// The record that holds for a sheet.
pub async fn record_of_sheet(
    conn: &mut PgConnection,
    municipality: Municipality,
    sheet_id: Uuid,
) -> sqlx::Result<Option<Uuid>> {
    sqlx::query_scalar(
        "select record_id from vaccination_records
         where municipality_code = $1 and sheet_id = $2 and state = 'current'",
    )
    .bind(municipality.0)
    .bind(sheet_id)
    .fetch_optional(conn)
    .await
}

/// 医療機関.
#[doc(alias = "医療機関")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clinic {
    pub code: String,
    pub name: String,
    pub doctors: Vec<String>,
    pub contract_from: Option<Date>,
    pub contract_until: Option<Date>,
}

impl Clinic {
    pub fn is_under_contract(&self, on: Date) -> bool {
        self.contract_from.is_none_or(|from| from <= on)
            && self.contract_until.is_none_or(|until| on <= until)
    }
}

fn read_clinic(row: &PgRow) -> Clinic {
    Clinic {
        code: row.get("clinic_code"),
        name: row.get("name"),
        doctors: row.get("doctors"),
        contract_from: row.get::<Option<Day>, _>("contract_from").map(|day| day.0),
        contract_until: row.get::<Option<Day>, _>("contract_until").map(|day| day.0),
    }
}

pub async fn clinic(
    conn: &mut PgConnection,
    municipality: Municipality,
    code: ClinicCode,
) -> sqlx::Result<Option<Clinic>> {
    let row = sqlx::query(
        "select clinic_code, name, doctors, contract_from, contract_until from clinics
         where municipality_code = $1 and clinic_code = $2",
    )
    .bind(municipality.0)
    .bind(code.to_string())
    .fetch_optional(conn)
    .await?;
    Ok(row.as_ref().map(read_clinic))
}

/// Code and name of the clinics under contract on a day, for the list beside the field.
pub async fn clinics(
    conn: &mut PgConnection,
    municipality: Municipality,
    on: Date,
    limit: i64,
) -> sqlx::Result<Vec<(String, String)>> {
    sqlx::query_as(
        "select clinic_code, name from clinics
         where municipality_code = $1 and (contract_from is null or contract_from <= $2)
             and (contract_until is null or contract_until >= $2)
         order by clinic_code limit $3",
    )
    .bind(municipality.0)
    .bind(Day(on))
    .bind(limit)
    .fetch_all(conn)
    .await
}

/// What has become of a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Current,
    Superseded,
    Withdrawn,
}

impl State {
    pub const fn code(self) -> &'static str {
        match self {
            State::Current => "current",
            State::Superseded => "superseded",
            State::Withdrawn => "withdrawn",
        }
    }

    fn from_code(code: &str) -> State {
        match code {
            "superseded" => State::Superseded,
            "withdrawn" => State::Withdrawn,
            _ => State::Current,
        }
    }
}

/// One version of a record, whole.
#[derive(Clone, Debug)]
pub struct Version {
    pub record_id: Uuid,
    pub version: i32,
    pub resident_id: Uuid,
    pub vaccine: String,
    pub series: String,
    pub dose_number: i16,
    pub on: Date,
    pub judgement: Judgement,
    pub product: String,
    pub lot_number: String,
    pub lot_expires_on: Option<Date>,
    pub volume_centi_ml: Option<u16>,
    pub clinic_code: String,
    pub clinic_name: String,
    pub doctor_name: String,
    pub basis: Basis,
    pub is_teiki: bool,
    pub valid_for_series: bool,
    pub findings: Vec<Finding>,
    pub explanation: String,
    pub sheet_id: Option<Uuid>,
    pub source: String,
    pub source_feed_id: Option<Uuid>,
    pub source_row: String,
    pub state: State,
    pub change_reason: String,
    pub recorded_by: Option<Uuid>,
    pub recorded_at: Timestamp,
}

impl Version {
    /// What the operation log says of it: which version, in which state. What stood in it, the version itself keeps.
    pub fn as_logged(&self) -> serde_json::Value {
        serde_json::json!({"version": self.version, "state": self.state.code()})
    }

    pub fn vaccine_ja(&self) -> &str {
        Vaccine::from_code(&self.vaccine).map_or(&self.vaccine, |vaccine| vaccine.ja())
    }

    pub fn series_ja(&self) -> &str {
        Series::from_code(&self.series).map_or(&self.series, |series| series.ja())
    }

    /// The dose, where one was given and the vaccine is one of ours.
    pub fn given(&self) -> Option<GivenDose> {
        match self.judgement {
            Judgement::ScreeningOnly => None,
            Judgement::Given => Some(GivenDose {
                on: self.on,
                vaccine: Vaccine::from_code(&self.vaccine)?,
                volume_centi_ml: self.volume_centi_ml,
                lot_expires_on: self.lot_expires_on,
            }),
        }
    }
}

const VERSION_COLUMNS: &str = "record_id, version, resident_id, vaccine, series, dose_number, vaccinated_on, judgement, product, lot_number, \
     lot_expires_on, volume_centi_ml, clinic_code, clinic_name, doctor_name, legal_class, is_teiki, valid_for_series, findings, \
     explanation, sheet_id, source, source_feed_id, source_row, state, change_reason, recorded_by, recorded_at";

fn read_version(row: &PgRow) -> Version {
    Version {
        record_id: row.get("record_id"),
        version: row.get("version"),
        resident_id: row.get("resident_id"),
        vaccine: row.get("vaccine"),
        series: row.get("series"),
        dose_number: row.get("dose_number"),
        on: row.get::<Day, _>("vaccinated_on").0,
        judgement: Judgement::from_code(row.get("judgement")).expect("the table allows two judgements"),
        product: row.get("product"),
        lot_number: row.get("lot_number"),
        lot_expires_on: row.get::<Option<Day>, _>("lot_expires_on").map(|day| day.0),
        volume_centi_ml: row.get::<Option<i16>, _>("volume_centi_ml").map(|volume| volume as u16),
        clinic_code: row.get("clinic_code"),
        clinic_name: row.get("clinic_name"),
        doctor_name: row.get("doctor_name"),
        basis: Basis::from_code(row.get("legal_class")).expect("the table allows two classes"),
        is_teiki: row.get("is_teiki"),
        valid_for_series: row.get("valid_for_series"),
        findings: read_findings(&row.get("findings")),
        explanation: row.get("explanation"),
        sheet_id: row.get("sheet_id"),
        source: row.get("source"),
        source_feed_id: row.get("source_feed_id"),
        source_row: row.get("source_row"),
        state: State::from_code(row.get("state")),
        change_reason: row.get("change_reason"),
        recorded_by: row.get("recorded_by"),
        recorded_at: row.get::<Instant, _>("recorded_at").0,
    }
}

const SEVERITIES: [(Severity, &str); 3] =
    [(Severity::Note, "note"), (Severity::Warning, "warning"), (Severity::Error, "error")];

/// Findings as they are stored: `[{code, severity, ja, source}]`.
pub fn findings_json(findings: &[Finding]) -> Value {
    let word =
        |severity| SEVERITIES.iter().find(|(known, _)| *known == severity).map_or("note", |(_, word)| word);
    findings
        .iter()
        .map(|finding| {
            json!({"code": finding.code, "severity": word(finding.severity), "ja": finding.ja, "source": finding.source})
        })
        .collect()
}

/// Reads what [`findings_json`] wrote.
pub fn read_findings(stored: &Value) -> Vec<Finding> {
    let text = |finding: &Value, key: &str| finding[key].as_str().unwrap_or_default().to_owned();
    let severity = |word: &str| {
        SEVERITIES.iter().find(|(_, known)| *known == word).map_or(Severity::Note, |(severity, _)| *severity)
    };
    stored
        .as_array()
        .into_iter()
        .flatten()
        .map(|finding| Finding {
            code: text(finding, "code"),
            severity: severity(finding["severity"].as_str().unwrap_or_default()),
            ja: text(finding, "ja"),
            source: text(finding, "source"),
        })
        .collect()
}

/// The version of a record that holds, or the one that withdrew it.
pub async fn newest(
    conn: &mut PgConnection,
    municipality: Municipality,
    record_id: Uuid,
) -> sqlx::Result<Option<Version>> {
    let sql = format!(
        "select {VERSION_COLUMNS} from vaccination_records
         where municipality_code = $1 and record_id = $2 and state <> 'superseded'"
    );
    let row =
        sqlx::query(AssertSqlSafe(sql)).bind(municipality.0).bind(record_id).fetch_optional(conn).await?;
    Ok(row.as_ref().map(read_version))
}

/// Every version of a record with the name of who recorded it, newest first.
pub async fn versions(
    conn: &mut PgConnection,
    municipality: Municipality,
    record_id: Uuid,
) -> sqlx::Result<Vec<(Version, String)>> {
    let sql = format!(
        "select {VERSION_COLUMNS},
             coalesce((select s.name from staff s
                 where s.municipality_code = r.municipality_code and s.staff_id = r.recorded_by), 'システム') as recorder
         from vaccination_records r where r.municipality_code = $1 and r.record_id = $2 order by r.version desc"
    );
    let rows = sqlx::query(AssertSqlSafe(sql)).bind(municipality.0).bind(record_id).fetch_all(conn).await?;
    Ok(rows.iter().map(|row| (read_version(row), row.get("recorder"))).collect())
}

/// Adds a version. Whoever writes a version after the first supersedes the one before it first.
pub async fn insert(
    conn: &mut PgConnection,
    municipality: Municipality,
    version: &Version,
) -> sqlx::Result<()> {
    sqlx::query(AssertSqlSafe(format!(
        "insert into vaccination_records (municipality_code, {VERSION_COLUMNS})
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25,
             $26, $27, $28, $29)"
    )))
    .bind(municipality.0)
    .bind(version.record_id)
    .bind(version.version)
    .bind(version.resident_id)
    .bind(&version.vaccine)
    .bind(&version.series)
    .bind(version.dose_number)
    .bind(Day(version.on))
    .bind(version.judgement.code())
    .bind(&version.product)
    .bind(&version.lot_number)
    .bind(version.lot_expires_on.map(Day))
    .bind(version.volume_centi_ml.map(|volume| volume as i16))
    .bind(&version.clinic_code)
    .bind(&version.clinic_name)
    .bind(&version.doctor_name)
    .bind(version.basis.code())
    .bind(version.is_teiki)
    .bind(version.valid_for_series)
    .bind(findings_json(&version.findings))
    .bind(&version.explanation)
    .bind(version.sheet_id)
    .bind(&version.source)
    .bind(version.source_feed_id)
    .bind(&version.source_row)
    .bind(version.state.code())
    .bind(&version.change_reason)
    .bind(version.recorded_by)
    .bind(Instant(version.recorded_at))
    .execute(conn)
    .await?;
    Ok(())
}

/// Steps a version back; `false` where it no longer was the one that holds.
pub async fn supersede(
    conn: &mut PgConnection,
    municipality: Municipality,
    record_id: Uuid,
    version: i32,
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "update vaccination_records set state = 'superseded'
         where municipality_code = $1 and record_id = $2 and version = $3 and state = 'current'",
    )
    .bind(municipality.0)
    .bind(record_id)
    .bind(version)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// One after the other: two people who record for the same person at once would each count without the other's dose.
pub async fn lock_person(
    conn: &mut PgConnection,
    municipality: Municipality,
    resident_id: Uuid,
) -> sqlx::Result<()> {
    sqlx::query(
        "select 1 from residents where municipality_code = $1 and resident_id = $2 for no key update",
    )
    .bind(municipality.0)
    .bind(resident_id)
    .execute(conn)
    .await?;
    Ok(())
}

/// Takes a form's key. `None`: it is ours, and `answer` will be given to whoever sends the form again. `Some`: the form
/// was sent before, and this was the answer. Waits for a twin that is still on its way.
pub async fn claim(
    conn: &mut PgConnection,
    municipality: Municipality,
    (key, action, answer): (Uuid, &str, Uuid),
    at: Timestamp,
) -> sqlx::Result<Option<Uuid>> {
    let done = sqlx::query(
        "insert into idempotency_keys (municipality_code, key, action, answer, created_at) values ($1, $2, $3, $4, $5)
         on conflict (municipality_code, key) do nothing",
    )
    .bind(municipality.0)
    .bind(key)
    .bind(action)
    .bind(answer.to_string())
    .bind(Instant(at))
    .execute(&mut *conn)
    .await?;
    if done.rows_affected() == 1 {
        return Ok(None);
    }
    let before: String = sqlx::query_scalar(
        "select answer from idempotency_keys where municipality_code = $1 and key = $2 and action = $3",
    )
    .bind(municipality.0)
    .bind(key)
    .bind(action)
    .fetch_one(conn)
    .await?;
    before.parse().map(Some).map_err(|error| sqlx::Error::Decode(Box::new(error)))
}

/// A record someone has keyed today, as it stands now.
#[derive(Clone, Debug)]
pub struct Entered {
    pub record_id: Uuid,
    pub resident_id: Uuid,
    pub name: String,
    pub kana: String,
    pub on: Date,
    pub vaccine: String,
    pub dose_number: i16,
    pub judgement: Judgement,
    pub is_teiki: bool,
    pub valid_for_series: bool,
    pub lot_number: String,
    pub clinic_name: String,
    pub state: State,
    pub at: Timestamp,
}

/// What a member of staff has keyed since a moment, newest first.
pub async fn entered(
    conn: &mut PgConnection,
    municipality: Municipality,
    (staff_id, since): (Uuid, Timestamp),
    limit: i64,
) -> sqlx::Result<Vec<Entered>> {
    let rows = sqlx::query(
        "select e.record_id, e.resident_id, e.recorded_at, p.name_kanji, p.name_kana, r.vaccinated_on, r.vaccine, r.dose_number,
             r.judgement, r.is_teiki, r.valid_for_series, r.lot_number, r.state,
             coalesce(c.name, r.clinic_name) as clinic_name
         from vaccination_records e
         join vaccination_records r on r.municipality_code = e.municipality_code and r.record_id = e.record_id
             and r.state <> 'superseded'
         join residents p on p.municipality_code = e.municipality_code and p.resident_id = e.resident_id
         left join clinics c on c.municipality_code = r.municipality_code and c.clinic_code = r.clinic_code
         where e.municipality_code = $1 and e.recorded_by = $2 and e.recorded_at >= $3 and e.source = 'screen' and e.version = 1
         order by e.recorded_at desc, e.record_id desc limit $4",
    )
    .bind(municipality.0)
    .bind(staff_id)
    .bind(Instant(since))
    .bind(limit)
    .fetch_all(conn)
    .await?;
    Ok(rows
        .iter()
        .map(|row| Entered {
            record_id: row.get("record_id"),
            resident_id: row.get("resident_id"),
            name: row.get("name_kanji"),
            kana: row.get("name_kana"),
            on: row.get::<Day, _>("vaccinated_on").0,
            vaccine: row.get("vaccine"),
            dose_number: row.get("dose_number"),
            judgement: Judgement::from_code(row.get("judgement")).expect("the table allows two judgements"),
            is_teiki: row.get("is_teiki"),
            valid_for_series: row.get("valid_for_series"),
            lot_number: row.get("lot_number"),
            clinic_name: row.get("clinic_name"),
            state: State::from_code(row.get("state")),
            at: row.get::<Instant, _>("recorded_at").0,
        })
        .collect())
}

/// How many of them hold, by clinic and day of vaccination: to be compared with the clinic's bundle of paper.
pub async fn entered_by_clinic(
    conn: &mut PgConnection,
    municipality: Municipality,
    (staff_id, since): (Uuid, Timestamp),
) -> sqlx::Result<Vec<(String, i64, i64)>> {
    sqlx::query_as(
        "select coalesce(c.name, nullif(r.clinic_name, ''), '（医療機関の記載なし）'),
             count(*) filter (where r.judgement = 'given'), count(*) filter (where r.judgement = 'screening_only')
         from vaccination_records e
         join vaccination_records r on r.municipality_code = e.municipality_code and r.record_id = e.record_id
             and r.state = 'current'
         left join clinics c on c.municipality_code = r.municipality_code and c.clinic_code = r.clinic_code
         where e.municipality_code = $1 and e.recorded_by = $2 and e.recorded_at >= $3 and e.source = 'screen' and e.version = 1
         group by 1 order by 2 desc, 1",
    )
    .bind(municipality.0)
    .bind(staff_id)
    .bind(Instant(since))
    .fetch_all(conn)
    .await
}

/// What a member of staff keyed last since a moment: the defaults of the next sheet of the bundle.
pub async fn last_entered(
    conn: &mut PgConnection,
    municipality: Municipality,
    (staff_id, since): (Uuid, Timestamp),
) -> sqlx::Result<Option<Version>> {
    let sql = format!(
        "select {VERSION_COLUMNS} from vaccination_records
         where municipality_code = $1 and recorded_by = $2 and recorded_at >= $3 and source = 'screen' and version = 1
         order by recorded_at desc, record_id desc limit 1"
    );
    let row = sqlx::query(AssertSqlSafe(sql))
        .bind(municipality.0)
        .bind(staff_id)
        .bind(Instant(since))
        .fetch_optional(conn)
        .await?;
    Ok(row.as_ref().map(read_version))
}

/// The versions that hold for a person, oldest first.
pub async fn holding(
    conn: &mut PgConnection,
    municipality: Municipality,
    resident_id: Uuid,
) -> sqlx::Result<Vec<Version>> {
    let sql = format!(
        "select {VERSION_COLUMNS} from vaccination_records
         where municipality_code = $1 and resident_id = $2 and state = 'current'"
    );
    let rows = sqlx::query(AssertSqlSafe(sql)).bind(municipality.0).bind(resident_id).fetch_all(conn).await?;
    // Put in order here: asked for by the day, a server that has not counted its rows yet reads the whole ward by day.
    let mut versions: Vec<Version> = rows.iter().map(read_version).collect();
    versions.sort_by_key(|version| (version.on, version.record_id));
    Ok(versions)
}

/// Replaces the cached verdict of a version.
pub async fn put_verdict(
    conn: &mut PgConnection,
    municipality: Municipality,
    version: &Version,
) -> sqlx::Result<()> {
    sqlx::query(
        "update vaccination_records
         set series = $4, dose_number = $5, is_teiki = $6, valid_for_series = $7, findings = $8
         where municipality_code = $1 and record_id = $2 and version = $3",
    )
    .bind(municipality.0)
    .bind(version.record_id)
    .bind(version.version)
    .bind(&version.series)
    .bind(version.dose_number)
    .bind(version.is_teiki)
    .bind(version.valid_for_series)
    .bind(findings_json(&version.findings))
    .execute(conn)
    .await?;
    Ok(())
}

/// Everyone with a record, after a person; in pages, for the rebuild.
pub async fn people_with_records(
    conn: &mut PgConnection,
    municipality: Municipality,
    after: Uuid,
    limit: i64,
) -> sqlx::Result<Vec<Uuid>> {
    sqlx::query_scalar(
        "select distinct resident_id from vaccination_records
         where municipality_code = $1 and state = 'current' and resident_id > $2 order by resident_id limit $3",
    )
    .bind(municipality.0)
    .bind(after)
    .bind(limit)
    .fetch_all(conn)
    .await
}
