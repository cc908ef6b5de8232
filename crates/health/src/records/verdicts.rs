//! The engine's answers beside the records: a cache, written after every change and rebuilt on demand.

use super::sql::{self, Version};
use crate::{App, ledger};
use domain::{
    record::{self, Finding, Verdict},
    schedule::{GivenDose, Japan, Person},
};
use kit::{Acting, Action, Case, Failure, Municipality, Target};
use sqlx::PgConnection;
use uuid::Uuid;

/// People rebuilt in one transaction: short enough to hold nobody up, long enough to be quick.
const PEOPLE_PER_STEP: i64 = 500;

/// Puts a verdict into a version. What the paper and the clinic gave rise to stays.
fn apply(version: &mut Version, verdict: Verdict) {
    let own: Vec<Finding> = version.findings.drain(..).filter(Finding::is_of_entry).collect();
    version.series = verdict.series.map_or(String::new(), |series| series.code().to_owned());
    version.dose_number = i16::from(verdict.dose);
    version.is_teiki = verdict.is_teiki;
    version.valid_for_series = verdict.valid_for_series;
    version.findings = record::kept(verdict.findings.into_iter().chain(own).collect());
}

/// Judges all doses of a person anew and gives back the versions whose cache is stale, already corrected.
pub fn stale(engine: &Japan, person: &Person, versions: &[Version]) -> Vec<Version> {
    let (at, doses): (Vec<usize>, Vec<GivenDose>) = versions
        .iter()
        .enumerate()
        .filter_map(|(index, version)| version.given().map(|dose| (index, dose)))
        .unzip();
    let Some(last) = doses.iter().map(|dose| dose.on).max() else { return Vec::new() };
    let forecast = engine.forecast(person, &doses, last);
    let mut stale = Vec::new();
    for verdict in &forecast.doses {
        let before = &versions[at[verdict.given]];
        let mut after = before.clone();
        apply(&mut after, Verdict::of(verdict, before.basis));
        let is_same = after.series == before.series
            && after.dose_number == before.dose_number
            && after.is_teiki == before.is_teiki
            && after.valid_for_series == before.valid_for_series
            && after.findings == before.findings;
        if !is_same {
            stale.push(after);
        }
    }
    stale
}

/// Brings the cached verdicts of a person up to date; how many were stale. To be called after every change of a record.
pub async fn rebuild_verdicts(
    conn: &mut PgConnection,
    engine: &Japan,
    municipality: Municipality,
    resident_id: Uuid,
) -> sqlx::Result<u64> {
    let Some(resident) = ledger::resident(conn, municipality, resident_id).await? else { return Ok(0) };
    let facts = ledger::fact_rows(conn, municipality, resident_id).await?;
    let versions = sql::holding(conn, municipality, resident_id).await?;
    let Some(last) = versions.iter().map(|version| version.on).max() else { return Ok(0) };
    let person = ledger::person(&resident, &facts, last);
    let stale = stale(engine, &person, &versions);
    for version in &stale {
        sql::put_verdict(conn, municipality, version).await?;
    }
    Ok(stale.len() as u64)
}

/// Rebuilds every cached verdict of a municipality; how many were stale. A change of the law's tables needs it.
pub async fn rebuild_all(app: &App, acting: &Acting) -> Result<u64, Failure> {
    let case = Case::open(&app.kit, acting, Action::RebuildVerdicts, Target::NONE).await?;
    let municipality = acting.municipality;
    let (mut after, mut stale) = (Uuid::nil(), 0);
    loop {
        let mut tx = kit::db::begin(&app.kit.pool, municipality).await?;
        let people = sql::people_with_records(&mut tx, municipality, after, PEOPLE_PER_STEP).await?;
        for resident_id in &people {
            sql::lock_person(&mut tx, municipality, *resident_id).await?;
            stale += rebuild_verdicts(&mut tx, &app.engine, municipality, *resident_id).await?;
        }
        tx.commit().await?;
        match people.last() {
            Some(last) => after = *last,
            None => break,
        }
    }
    case.done(serde_json::json!({"stale": stale})).await?;
    Ok(stale)
}
