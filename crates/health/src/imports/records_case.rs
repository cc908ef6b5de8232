//! 接種記録の取込み: match on numbers or on four items, judge by the law, record what is clear, hand on the rest.

use super::{
    FeedState, FeedSummary, Kind, Options,
    case::{action, check_order, conclude, detail, one, open, refuse, report_dry_run},
    judge, records, records_sql, sql, stage,
};
use crate::{App, records::rebuild_verdicts};
use kit::{Acting, Case, Failure, Target};
use sqlx::PgConnection;
use std::path::Path;
use uuid::Uuid;

/// Persons judged at a time: bounds the memory, and each batch is one round trip to the database.
const BATCH_PERSONS: i64 = 4_000;

/// Takes a file of records (予防接種記録). Every row is recorded, known already, or waits for a person's decision;
/// a file with rows that cannot be read is refused as a whole.
///
/// # Errors
/// As of [`super::case::take_residents`].
pub async fn take_records(
    app: &App,
    acting: &Acting,
    path: &Path,
    options: Options,
) -> Result<FeedSummary, Failure> {
    let feed_id = options.feed_id.unwrap_or_else(|| app.kit.ids.next());
    let mut case = Case::open(&app.kit, acting, action(Kind::Records), Target::of("feed", feed_id)).await?;
    let (mut feed, opened) = open(path, Kind::Records, records::COLUMNS, feed_id, &options).await?;
    sql::lock(case.conn(), acting.municipality).await?;
    let (inspected, sheet) = match opened {
        Ok(opened) => opened,
        Err(fault) => return refuse(app, acting, case, feed, one(fault)).await,
    };
    let today = app.kit.clock.today();
    if let Some(fault) = check_order(case.conn(), acting, &sheet.control, &inspected, today).await? {
        return refuse(app, acting, case, feed, one(fault)).await;
    }
    records_sql::create_stage(case.conn()).await?;
    let mut reader = records::Reader::new(sheet.control.as_of);
    let load =
        stage::load(case.conn(), records_sql::COPY, sheet, options.progress.clone(), move |cells, out| {
            reader.row(cells, out);
        });
    let staged = load.await?;
    let mut faults = staged.faults;
    feed.counts.read = staged.rows_read;
    if faults.errors > 0 {
        return refuse(app, acting, case, feed, faults).await;
    }
    records_sql::match_persons(case.conn(), acting.municipality).await?;
    let (known, to_rebuild) = judge_all(app, acting, case.conn()).await?;
    feed.counts.unchanged = known;
    (feed.counts.added, feed.counts.to_review) = records_sql::counts(case.conn()).await?;
    for fault in records_sql::clinics_unknown(case.conn(), acting.municipality).await? {
        faults.push(fault);
    }
    if options.dry_run {
        return report_dry_run(app, acting, case, feed, faults).await;
    }
    let at = case.at();
    feed.state = FeedState::Applied;
    conclude(case.conn(), acting, &mut feed, faults, at).await?;
    records_sql::apply(case.conn(), acting, feed_id, at, || app.kit.ids.next()).await?;
    for resident_id in to_rebuild {
        rebuild_verdicts(case.conn(), &app.engine, acting.municipality, resident_id).await?;
    }
    sql::refresh_statistics(case.conn()).await?;
    let detail = detail(&feed);
    case.done(detail).await?;
    Ok(feed)
}

/// Judges person by person; returns how many rows were known already.
async fn judge_all(app: &App, acting: &Acting, conn: &mut PgConnection) -> Result<(u64, Vec<Uuid>), Failure> {
    let today = app.kit.clock.today();
    let (persons, mut known, mut from) = (records_sql::person_count(conn).await?, 0, 1);
    let mut to_rebuild = Vec::new();
    while from <= persons {
        let places = (from, from + BATCH_PERSONS - 1);
        let gathered = records_sql::gather(conn, acting.municipality, places, today).await?;
        let (engine, ids) = (app.engine.clone(), app.kit.ids.clone());
        let judged = tokio::task::spawn_blocking(move || judge::judge(&engine, &gathered, today, &ids))
            .await
            .map_err(|error| Failure::Internal(error.into()))?;
        known += judged.known;
        to_rebuild.extend(judged.to_rebuild);
        records_sql::put_judged(conn, judged.recorded).await?;
        records_sql::put_reviews(conn, &judged.reviews).await?;
        from += BATCH_PERSONS;
    }
    Ok((known, to_rebuild))
}
