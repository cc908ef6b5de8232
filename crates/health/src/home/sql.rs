//! The figures of the first page.

use kit::{Kit, Municipality};

/// How much there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    pub residents: i64,
    pub records: i64,
    pub clinics: i64,
}

/// Counts what a municipality holds.
pub async fn counts(kit: &Kit, municipality: Municipality) -> sqlx::Result<Counts> {
    let mut tx = kit::db::begin(&kit.pool, municipality).await?;
    let (residents, records, clinics): (i64, i64, i64) = sqlx::query_as(
        "select (select count(*) from residents where municipality_code = $1),
                (select count(*) from vaccination_records where municipality_code = $1 and state = 'current'),
                (select count(*) from clinics where municipality_code = $1)",
    )
    .bind(municipality.0)
    .fetch_one(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(Counts { residents, records, clinics })
}
