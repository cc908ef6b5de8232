//! 台帳: what is known of a person, read the same way by every feature.
//!
//! Reading only. Rows of `residents` are written by [`imports`](crate) alone, records by the records feature.

use domain::{
    Date,
    schedule::{Disability, Disease, Facts, GivenDose, LongIllness, Person, RubellaTest, Sex, Vaccine},
};
use kit::{Day, Municipality};
use sqlx::{PgConnection, Row, postgres::PgRow};
use std::collections::HashMap;
use uuid::Uuid;

/// 住民区分.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[doc(alias = "住民区分")]
pub enum ResidentClass {
    Resident,
    MovedOut,
    Dead,
    /// 職権消除: struck off the register by the office, whereabouts unknown.
    Struck,
    /// 住登外: served though not on the register.
    Unregistered,
}

impl ResidentClass {
    pub fn from_code(code: i16) -> Option<Self> {
        match code {
            1 => Some(ResidentClass::Resident),
            2 => Some(ResidentClass::MovedOut),
            3 => Some(ResidentClass::Dead),
            4 => Some(ResidentClass::Struck),
            9 => Some(ResidentClass::Unregistered),
            _ => None,
        }
    }

    pub const fn ja(self) -> &'static str {
        match self {
            ResidentClass::Resident => "住民",
            ResidentClass::MovedOut => "転出",
            ResidentClass::Dead => "死亡",
            ResidentClass::Struck => "職権消除",
            ResidentClass::Unregistered => "住登外",
        }
    }
}

/// 住民・対象者, as pages and sheets show them.
#[derive(Clone, Debug)]
#[doc(alias = "住民")]
#[doc(alias = "対象者")]
pub struct Resident {
    pub resident_id: Uuid,
    pub addressee_number: String,
    pub household_number: String,
    pub name_kanji: String,
    pub name_kana: String,
    /// 通称: printed instead of the registered name where a foreigner has one.
    pub alias_name: String,
    pub birth_date: Date,
    /// 0 exact, 1 day unknown, 2 month and day, 3 all.
    pub birth_date_unknown: i16,
    pub sex: Sex,
    pub relationship_1: String,
    pub class: ResidentClass,
    pub is_foreign_national: bool,
    pub nationality: String,
    pub postal_code: String,
    pub address: String,
    pub building: String,
    pub mailing_name: String,
    pub mailing_address: String,
    pub mailing_postal_code: String,
    pub contact: String,
    pub resident_from: Option<Date>,
    pub resident_until: Option<Date>,
    pub previous_address: String,
    pub confirmed_move_address: String,
    pub memo: String,
    pub memo_flag: bool,
    /// 支援措置 (DV等): address hidden, nothing sent without a second person.
    pub address_protected: bool,
    pub welfare_from: Option<Date>,
    pub welfare_until: Option<Date>,
    pub version: i32,
}

impl Resident {
    /// The name to print: the registered alias of a foreigner, else the registered name.
    pub fn printed_name(&self) -> &str {
        if self.alias_name.is_empty() { &self.name_kanji } else { &self.alias_name }
    }

    /// Where a letter goes: the special mailing address where there is one. Postal code and address lines.
    pub fn letter_address(&self) -> (&str, String) {
        if self.mailing_address.is_empty() {
            (&self.postal_code, join(&self.address, &self.building))
        } else {
            (&self.mailing_postal_code, self.mailing_address.clone())
        }
    }

    pub fn has_exact_birth_date(&self) -> bool {
        self.birth_date_unknown == 0
    }

    /// 生活保護 on a day.
    pub fn is_on_welfare(&self, on: Date) -> bool {
        self.welfare_from.is_some_and(|from| from <= on) && self.welfare_until.is_none_or(|until| on <= until)
    }
}

fn join(address: &str, building: &str) -> String {
    if building.is_empty() { address.to_owned() } else { format!("{address} {building}") }
}

pub const RESIDENT_COLUMNS: &str = "resident_id, addressee_number, household_number, name_kanji, name_kana, alias_name, birth_date, \
     birth_date_unknown, sex, relationship_1, resident_class, is_foreign_national, nationality, postal_code, address, building, \
     mailing_name, mailing_address, mailing_postal_code, contact, resident_from, resident_until, previous_address, \
     confirmed_move_address, memo, memo_flag, address_protected, welfare_from, welfare_until, version";

/// Reads a row selected with [`RESIDENT_COLUMNS`].
pub fn read_resident(row: &PgRow) -> Resident {
    let day = |column: &str| row.get::<Option<Day>, _>(column).map(|day| day.0);
    Resident {
        resident_id: row.get("resident_id"),
        addressee_number: row.get("addressee_number"),
        household_number: row.get("household_number"),
        name_kanji: row.get("name_kanji"),
        name_kana: row.get("name_kana"),
        alias_name: row.get("alias_name"),
        birth_date: row.get::<Day, _>("birth_date").0,
        birth_date_unknown: row.get("birth_date_unknown"),
        sex: sex(row.get("sex")),
        relationship_1: row.get("relationship_1"),
        class: ResidentClass::from_code(row.get("resident_class")).expect("the table allows five classes"),
        is_foreign_national: row.get("is_foreign_national"),
        nationality: row.get("nationality"),
        postal_code: row.get("postal_code"),
        address: row.get("address"),
        building: row.get("building"),
        mailing_name: row.get("mailing_name"),
        mailing_address: row.get("mailing_address"),
        mailing_postal_code: row.get("mailing_postal_code"),
        contact: row.get("contact"),
        resident_from: day("resident_from"),
        resident_until: day("resident_until"),
        previous_address: row.get("previous_address"),
        confirmed_move_address: row.get("confirmed_move_address"),
        memo: row.get("memo"),
        memo_flag: row.get("memo_flag"),
        address_protected: row.get("address_protected"),
        welfare_from: day("welfare_from"),
        welfare_until: day("welfare_until"),
        version: row.get("version"),
    }
}

/// 性別 codes of the register.
pub fn sex(code: i16) -> Sex {
    match code {
        1 => Sex::Male,
        2 => Sex::Female,
        _ => Sex::Unknown,
    }
}

pub const fn sex_code(sex: Sex) -> i16 {
    match sex {
        Sex::Male => 1,
        Sex::Female => 2,
        Sex::Unknown => 3,
    }
}

/// One resident of the municipality whose wall the connection stands behind.
pub async fn resident(
    conn: &mut PgConnection,
    municipality: Municipality,
    resident_id: Uuid,
) -> sqlx::Result<Option<Resident>> {
    let sql =
        format!("select {RESIDENT_COLUMNS} from residents where municipality_code = $1 and resident_id = $2");
    let row = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(municipality.0)
        .bind(resident_id)
        .fetch_optional(conn)
        .await?;
    Ok(row.as_ref().map(read_resident))
}

/// A fact row as stored: kind, value, from, until.
pub struct FactRow {
    pub kind: String,
    pub value: String,
    pub from_on: Option<Date>,
    pub until_on: Option<Date>,
}

/// Folds the counter's facts and the register's dates into what the engine asks for.
pub fn person(resident: &Resident, rows: &[FactRow], on: Date) -> Person {
    let mut facts = Facts {
        resident_from: resident.resident_from,
        resident_until: resident.resident_until,
        welfare: resident.is_on_welfare(on),
        ..Facts::default()
    };
    for row in rows {
        note(&mut facts, row);
    }
    Person { birth_date: resident.birth_date, sex: resident.sex, facts }
}

pub fn note(facts: &mut Facts, row: &FactRow) {
    match row.kind.as_str() {
        "had_disease" => {
            if let Some(disease) = Disease::from_code(&row.value) {
                facts.had_disease = facts.had_disease.with(disease);
            }
        }
        "disability" => facts.disability = Disability::from_code(&row.value),
        "hbv_prophylaxis" => facts.hbv_prophylaxis = true,
        "immunocompromised" => facts.immunocompromised = true,
        "long_illness" => {
            facts.long_illness = Some(LongIllness { ended_on: row.until_on, since: row.from_on });
        }
        "mr_shortage" => facts.mr_shortage = true,
        "rubella_test" => {
            facts.rubella_test =
                row.from_on.map(|on| RubellaTest { on, insufficient: row.value == "insufficient" });
        }
        "due_date" => facts.due_date = row.from_on,
        // Memos are for people.
        _ => {}
    }
}

/// What the counter has noted of a person and not withdrawn.
pub async fn fact_rows(
    conn: &mut PgConnection,
    municipality: Municipality,
    resident_id: Uuid,
) -> sqlx::Result<Vec<FactRow>> {
    let rows = sqlx::query(
        "select kind, value, from_on, until_on from resident_facts
         where municipality_code = $1 and resident_id = $2 and withdrawn_at is null order by noted_at",
    )
    .bind(municipality.0)
    .bind(resident_id)
    .fetch_all(conn)
    .await?;
    Ok(rows.iter().map(read_fact).collect())
}

fn read_fact(row: &PgRow) -> FactRow {
    FactRow {
        kind: row.get("kind"),
        value: row.get("value"),
        from_on: row.get::<Option<Day>, _>("from_on").map(|day| day.0),
        until_on: row.get::<Option<Day>, _>("until_on").map(|day| day.0),
    }
}

/// A dose that holds, with the record it comes from.
#[derive(Clone, Copy, Debug)]
pub struct RecordedDose {
    pub record_id: Uuid,
    pub given: GivenDose,
}

fn read_dose(row: &PgRow) -> Option<RecordedDose> {
    Some(RecordedDose {
        record_id: row.get("record_id"),
        given: GivenDose {
            on: row.get::<Day, _>("vaccinated_on").0,
            vaccine: Vaccine::from_code(row.get("vaccine"))?,
            volume_centi_ml: row.get::<Option<i16>, _>("volume_centi_ml").map(|volume| volume as u16),
            lot_expires_on: row.get::<Option<Day>, _>("lot_expires_on").map(|day| day.0),
        },
    })
}

/// The doses of one person, oldest first. 予診のみ is not a dose.
pub async fn doses(
    conn: &mut PgConnection,
    municipality: Municipality,
    resident_id: Uuid,
) -> sqlx::Result<Vec<RecordedDose>> {
    let rows = sqlx::query(
        "select record_id, vaccinated_on, vaccine, volume_centi_ml, lot_expires_on from vaccination_records
         where municipality_code = $1 and resident_id = $2 and state = 'current' and judgement = 'given'
         order by vaccinated_on, record_id",
    )
    .bind(municipality.0)
    .bind(resident_id)
    .fetch_all(conn)
    .await?;
    Ok(rows.iter().filter_map(read_dose).collect())
}

/// Everything the engine needs of one person, read in one go.
pub struct Ledger {
    pub resident: Resident,
    pub person: Person,
    pub doses: Vec<RecordedDose>,
}

impl Ledger {
    pub fn given(&self) -> Vec<GivenDose> {
        self.doses.iter().map(|dose| dose.given).collect()
    }
}

/// Gathers a person's ledger as it stands, for questions about the day `on`.
pub async fn ledger(
    conn: &mut PgConnection,
    municipality: Municipality,
    resident_id: Uuid,
    on: Date,
) -> sqlx::Result<Option<Ledger>> {
    let Some(resident) = resident(conn, municipality, resident_id).await? else { return Ok(None) };
    let facts = fact_rows(conn, municipality, resident_id).await?;
    let doses = doses(conn, municipality, resident_id).await?;
    Ok(Some(Ledger { person: person(&resident, &facts, on), resident, doses }))
}

/// The doses of many people at once (all, or those born in a range), by person and oldest first.
pub async fn doses_of_all(
    conn: &mut PgConnection,
    municipality: Municipality,
    born: (Date, Date),
) -> sqlx::Result<HashMap<Uuid, Vec<GivenDose>>> {
    let rows = sqlx::query(
        "select r.resident_id, r.record_id, r.vaccinated_on, r.vaccine, r.volume_centi_ml, r.lot_expires_on
         from vaccination_records r
         join residents p on p.municipality_code = r.municipality_code and p.resident_id = r.resident_id
         where r.municipality_code = $1 and r.state = 'current' and r.judgement = 'given'
             and p.birth_date between $2 and $3
         order by r.resident_id, r.vaccinated_on, r.record_id",
    )
    .bind(municipality.0)
    .bind(Day(born.0))
    .bind(Day(born.1))
    .fetch_all(conn)
    .await?;
    let mut all: HashMap<Uuid, Vec<GivenDose>> = HashMap::new();
    for row in &rows {
        if let Some(dose) = read_dose(row) {
            all.entry(row.get("resident_id")).or_default().push(dose.given);
        }
    }
    Ok(all)
}

/// The facts of many people at once, by person.
pub async fn facts_of_all(
    conn: &mut PgConnection,
    municipality: Municipality,
) -> sqlx::Result<HashMap<Uuid, Vec<FactRow>>> {
    let rows = sqlx::query(
        "select resident_id, kind, value, from_on, until_on from resident_facts
         where municipality_code = $1 and withdrawn_at is null order by resident_id, noted_at",
    )
    .bind(municipality.0)
    .fetch_all(conn)
    .await?;
    let mut all: HashMap<Uuid, Vec<FactRow>> = HashMap::new();
    for row in &rows {
        all.entry(row.get("resident_id")).or_default().push(read_fact(row));
    }
    Ok(all)
}

/// Up to when records are complete, in words for the foot of a page.
pub async fn data_until(conn: &mut PgConnection, municipality: Municipality) -> sqlx::Result<Option<String>> {
    let month: Option<Day> =
        sqlx::query_scalar("select max(month) from record_arrivals where municipality_code = $1")
            .bind(municipality.0)
            .fetch_one(conn)
            .await?;
    Ok(month.map(|month| {
        format!("医療機関の記録は{}年{}月接種分まで取込み済み", month.0.year(), month.0.month())
    }))
}

/// A resident as counting needs them: nobody is named.
pub struct Counted {
    pub resident_id: Uuid,
    pub person: Person,
}

/// Everyone registered on the day `on` (residents and 住登外) whose birth date is known, with what the counter has noted.
pub async fn population(
    conn: &mut PgConnection,
    municipality: Municipality,
    on: Date,
) -> sqlx::Result<Vec<Counted>> {
    let mut facts = facts_of_all(conn, municipality).await?;
    let rows = sqlx::query(
        "select resident_id, birth_date, sex, resident_from, resident_until, welfare_from, welfare_until
         from residents
         where municipality_code = $1 and resident_class in (1, 9) and birth_date_unknown = 0",
    )
    .bind(municipality.0)
    .fetch_all(conn)
    .await?;
    let day = |row: &PgRow, column: usize| row.get::<Option<Day>, _>(column).map(|day| day.0);
    Ok(rows
        .iter()
        .map(|row| {
            let resident_id: Uuid = row.get(0);
            let on_welfare =
                day(row, 5).is_some_and(|from| from <= on) && day(row, 6).is_none_or(|until| on <= until);
            let mut known = Facts {
                resident_from: day(row, 3),
                resident_until: day(row, 4),
                welfare: on_welfare,
                ..Facts::default()
            };
            facts.remove(&resident_id).unwrap_or_default().iter().for_each(|fact| note(&mut known, fact));
            let person = Person { birth_date: row.get::<Day, _>(1).0, sex: sex(row.get(2)), facts: known };
            Counted { resident_id, person }
        })
        .collect())
}
