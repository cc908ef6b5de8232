//! The snapshot of the ledger that an extraction (and the look before printing) reads.

use crate::ledger;
use domain::{
    Date,
    campaign::Standing,
    schedule::{GivenDose, Sex, Vaccine},
};
use kit::{Day, Municipality};
use sqlx::{PgConnection, Row, postgres::PgRow};
use uuid::Uuid;

/// All reading of the transaction sees one state of the tables. To be called before anything is read.
pub async fn one_snapshot(conn: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query("set transaction isolation level repeatable read").execute(conn).await?;
    Ok(())
}

/// A person as an extraction sees them: what the engine asks, what a letter needs, nothing more.
#[derive(Clone, Debug)]
pub struct Candidate {
    pub resident_id: Uuid,
    pub addressee_number: String,
    pub household_number: String,
    pub name: String,
    pub name_kana: String,
    pub birth_date: Date,
    pub birth_date_unknown: i16,
    pub sex: Sex,
    pub standing: Standing,
    pub resident_from: Option<Date>,
    pub resident_until: Option<Date>,
    pub address_protected: bool,
    pub on_welfare: bool,
    pub address: String,
    pub mailing_postal_code: String,
    pub mailing_address: String,
    pub mailing_building: String,
    pub mailing_name: String,
}

/// The name on paper is the alias where there is one; a letter goes to the special address where there is one.
const CANDIDATE_COLUMNS: &str = "p.resident_id, p.addressee_number, p.household_number, \
     case when p.alias_name = '' then p.name_kanji else p.alias_name end as name, p.name_kana, p.birth_date, \
     p.birth_date_unknown, p.sex, p.resident_class, p.resident_from, p.resident_until, p.address_protected, \
     coalesce(p.welfare_from <= $2 and coalesce(p.welfare_until >= $2, true), false) as on_welfare, \
     case when p.building = '' then p.address else p.address || ' ' || p.building end as address, \
     case when p.mailing_address = '' then p.postal_code else p.mailing_postal_code end as mailing_postal_code, \
     case when p.mailing_address = '' then p.address else p.mailing_address end as mailing_address, \
     case when p.mailing_address = '' then p.building else '' end as mailing_building, p.mailing_name";

fn read_candidate(row: &PgRow) -> sqlx::Result<Candidate> {
    // By position: this is read for every resident in reach.
    let class = ledger::ResidentClass::from_code(row.try_get(8)?);
    let standing = match class.expect("the table allows the classes of the register") {
        ledger::ResidentClass::Resident => Standing::Resident,
        ledger::ResidentClass::MovedOut => Standing::MovedOut,
        ledger::ResidentClass::Dead => Standing::Dead,
        ledger::ResidentClass::Struck => Standing::Struck,
        ledger::ResidentClass::Unregistered => Standing::Unregistered,
    };
    Ok(Candidate {
        resident_id: row.try_get(0)?,
        addressee_number: row.try_get(1)?,
        household_number: row.try_get(2)?,
        name: row.try_get(3)?,
        name_kana: row.try_get(4)?,
        birth_date: row.try_get::<Day, _>(5)?.0,
        birth_date_unknown: row.try_get(6)?,
        sex: ledger::sex(row.try_get(7)?),
        standing,
        resident_from: row.try_get::<Option<Day>, _>(9)?.map(|day| day.0),
        resident_until: row.try_get::<Option<Day>, _>(10)?.map(|day| day.0),
        address_protected: row.try_get(11)?,
        on_welfare: row.try_get(12)?,
        address: row.try_get(13)?,
        mailing_postal_code: row.try_get(14)?,
        mailing_address: row.try_get(15)?,
        mailing_building: row.try_get(16)?,
        mailing_name: row.try_get(17)?,
    })
}

/// Everybody born in the range, and everybody of whom the counter has noted something that bears on eligibility. Two
/// searches rather than one condition with `or`: each has its index.
pub async fn candidates(
    conn: &mut PgConnection,
    municipality: Municipality,
    on: Date,
    born: (Date, Date),
) -> sqlx::Result<Vec<Candidate>> {
    let sql = format!(
        "select {CANDIDATE_COLUMNS} from residents p where p.municipality_code = $1 and p.birth_date between $3 and $4
         union all
         select {CANDIDATE_COLUMNS} from residents p
         join (select distinct f.resident_id from resident_facts f
               where f.municipality_code = $1 and f.kind <> 'memo' and f.withdrawn_at is null) noted on noted.resident_id = p.resident_id
         where p.municipality_code = $1 and p.birth_date not between $3 and $4"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(municipality.0)
        .bind(Day(on))
        .bind(Day(born.0))
        .bind(Day(born.1))
        .fetch_all(conn)
        .await?;
    rows.iter().map(read_candidate).collect()
}

/// The people of a list as they are today, for the look before printing.
pub async fn candidates_by_id(
    conn: &mut PgConnection,
    municipality: Municipality,
    on: Date,
    ids: &[Uuid],
) -> sqlx::Result<Vec<Candidate>> {
    let sql = format!(
        "select {CANDIDATE_COLUMNS} from residents p where p.municipality_code = $1 and p.resident_id = any($3)"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(municipality.0)
        .bind(Day(on))
        .bind(ids)
        .fetch_all(conn)
        .await?;
    rows.iter().map(read_candidate).collect()
}

/// The doses of these people that hold. The planner sees how many they are and chooses between index and hash.
pub async fn doses(
    conn: &mut PgConnection,
    municipality: Municipality,
    ids: &[Uuid],
) -> sqlx::Result<Vec<(Uuid, GivenDose)>> {
    let rows = sqlx::query(
        "select r.resident_id, r.vaccinated_on, r.vaccine, r.volume_centi_ml, r.lot_expires_on
         from unnest($2::uuid[]) as wanted (resident_id)
         join vaccination_records r on r.municipality_code = $1 and r.resident_id = wanted.resident_id
             and r.state = 'current' and r.judgement = 'given'",
    )
    .bind(municipality.0)
    .bind(ids)
    // Planned for the people at hand: a plan for any number of them would be wrong for most.
    .persistent(false)
    .fetch_all(conn)
    .await?;
    rows.iter().filter_map(|row| read_dose(row).transpose()).collect()
}

fn read_dose(row: &PgRow) -> sqlx::Result<Option<(Uuid, GivenDose)>> {
    let Some(vaccine) = Vaccine::from_code(row.try_get(2)?) else { return Ok(None) };
    let given = GivenDose {
        on: row.try_get::<Day, _>(1)?.0,
        vaccine,
        volume_centi_ml: row.try_get::<Option<i16>, _>(3)?.map(|volume| volume as u16),
        lot_expires_on: row.try_get::<Option<Day>, _>(4)?.map(|day| day.0),
    };
    Ok(Some((row.try_get(0)?, given)))
}
