//! The clinics' side of an import.

use super::residents_sql::Compared;
use kit::Municipality;
use sqlx::{AssertSqlSafe, PgConnection, Row};

pub const COPY: &str = "copy clinic_stage (line, clinic_code, name, postal_code, address, telephone, inside, doctors, \
     contract_from, contract_until) from stdin";

const FIELDS: &str = "name, postal_code, address, telephone, inside, doctors, contract_from, contract_until";

pub async fn create_stage(conn: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query(
        "create temporary table clinic_stage (line bigint, clinic_code text, name text, postal_code text, address text,
             telephone text, inside boolean, doctors text, contract_from date, contract_until date) on commit drop",
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// What the stage would add and change.
pub async fn compare(conn: &mut PgConnection, municipality: Municipality) -> sqlx::Result<Compared> {
    let row = sqlx::query(
        "select count(*) filter (where c.clinic_code is null),
             count(*) filter (where c.clinic_code is not null and (c.name, c.postal_code, c.address, c.telephone, c.inside,
                 c.doctors, c.contract_from, c.contract_until) is distinct from (s.name, s.postal_code, s.address, s.telephone,
                 s.inside, string_to_array(s.doctors, ';'), s.contract_from, s.contract_until)),
             count(*)
         from clinic_stage s
         left join clinics c on c.municipality_code = $1 and c.clinic_code = s.clinic_code",
    )
    .bind(municipality.0)
    .fetch_one(conn)
    .await?;
    let count = |column: usize| row.get::<i64, _>(column).cast_unsigned();
    Ok(Compared { added: count(0), changed: count(1), unchanged: count(2) - count(0) - count(1), stale: 0 })
}

/// Clinics that a complete file leaves out. They stay: old records name them.
pub async fn absent(conn: &mut PgConnection, municipality: Municipality) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar(
        "select c.clinic_code from clinics c where c.municipality_code = $1
             and not exists (select from clinic_stage s where s.clinic_code = c.clinic_code) order by c.clinic_code",
    )
    .bind(municipality.0)
    .fetch_all(conn)
    .await
}

pub async fn apply(conn: &mut PgConnection, municipality: Municipality) -> sqlx::Result<()> {
    let sql = format!(
        "insert into clinics (municipality_code, clinic_code, {FIELDS})
         select $1, clinic_code, name, postal_code, address, telephone, inside, string_to_array(doctors, ';'), contract_from,
             contract_until
         from clinic_stage
         on conflict (municipality_code, clinic_code) do update set ({FIELDS}) =
             (excluded.name, excluded.postal_code, excluded.address, excluded.telephone, excluded.inside, excluded.doctors,
              excluded.contract_from, excluded.contract_until)"
    );
    sqlx::query(AssertSqlSafe(sql)).bind(municipality.0).execute(conn).await?;
    Ok(())
}
