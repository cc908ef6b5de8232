//! What is compared of staff and of people looked at. Nothing is written here.

use super::dwelling;
use domain::oversight::{Dwelling, Id};
use kit::Municipality;
use sqlx::{PgConnection, Row};
use std::collections::HashMap;
use uuid::Uuid;

/// A member of staff: the name, and where they live as far as it has been noted.
pub struct Own {
    pub name: String,
    pub dwelling: Option<Dwelling>,
}

pub async fn staff(conn: &mut PgConnection, municipality: Municipality) -> sqlx::Result<HashMap<Id, Own>> {
    let rows = sqlx::query(
        "select s.staff_id, s.name, r.resident_id, r.household_number, r.address_key, r.building, r.address_protected
         from staff s
         left join staff_residents n on n.municipality_code = s.municipality_code and n.staff_id = s.staff_id
             and n.withdrawn_at is null
         left join residents r on r.municipality_code = n.municipality_code and r.resident_id = n.resident_id
         where s.municipality_code = $1",
    )
    .bind(municipality.0)
    .fetch_all(conn)
    .await?;
    let own = |row: &sqlx::postgres::PgRow| {
        let resident: Option<Uuid> = row.get(2);
        let dwelling =
            resident.map(|resident| dwelling(resident, row.get(3), row.get(4), row.get(5), row.get(6)));
        (row.get::<Uuid, _>(0).as_u128(), Own { name: row.get(1), dwelling })
    };
    Ok(rows.iter().map(own).collect())
}

/// Somebody looked at.
pub struct Known {
    pub kanji: String,
    pub kana: String,
    pub alias: String,
    pub dwelling: Dwelling,
}

pub async fn people(
    conn: &mut PgConnection,
    municipality: Municipality,
    people: &[Uuid],
) -> sqlx::Result<HashMap<Id, Known>> {
    let rows = sqlx::query(
        "select resident_id, name_kanji, name_kana, alias_name, household_number, address_key, building, address_protected
         from residents where municipality_code = $1 and resident_id = any($2)",
    )
    .bind(municipality.0)
    .bind(people)
    .fetch_all(conn)
    .await?;
    let known = |row: &sqlx::postgres::PgRow| {
        let person: Uuid = row.get(0);
        let dwelling = dwelling(person, row.get(4), row.get(5), row.get(6), row.get(7));
        (person.as_u128(), Known { kanji: row.get(1), kana: row.get(2), alias: row.get(3), dwelling })
    };
    Ok(rows.iter().map(known).collect())
}
