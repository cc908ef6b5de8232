//! 取込みの手順, callable without HTTP: from the command line, a job, the demo.
//!
//! Every file leaves a row in `feeds`, also one that was refused: what came and what became of it can be asked later.

use super::{
    Counts, Extent, FeedState, FeedSummary, Kind, Options, clinics, clinics_sql,
    envelope::{Control, Sheet},
    fault::{Fault, Faults},
    file::{self, Charset, Inspected},
    residents, residents_sql, sql, stage,
};
use crate::App;
use domain::wareki;
use kit::{Acting, Action, Case, Failure, Target, clock::in_japan};
use serde_json::json;
use sqlx::PgConnection;
use std::path::{Path, PathBuf};
use uuid::Uuid;

/// What may be done with a file of a kind.
pub const fn action(kind: Kind) -> Action {
    match kind {
        Kind::Residents => Action::ImportResidents,
        Kind::Records => Action::ImportRecords,
        Kind::Clinics => Action::ImportClinics,
    }
}

/// Takes a file of the kind that is named.
///
/// # Errors
/// As of [`take_residents`].
pub async fn take(
    app: &App,
    acting: &Acting,
    kind: Kind,
    path: &Path,
    options: Options,
) -> Result<FeedSummary, Failure> {
    match kind {
        Kind::Residents => take_residents(app, acting, path, options).await,
        Kind::Clinics => take_clinics(app, acting, path, options).await,
        Kind::Records => super::records_case::take_records(app, acting, path, options).await,
    }
}

/// Takes a file of residents (宛名管理情報): all of it or nothing.
///
/// # Errors
/// [`Failure::Refused`] without the right; database and disk errors. A file that is refused is not an error: the
/// summary says so, with every fault.
pub async fn take_residents(
    app: &App,
    acting: &Acting,
    path: &Path,
    options: Options,
) -> Result<FeedSummary, Failure> {
    let feed_id = options.feed_id.unwrap_or_else(|| app.kit.ids.next());
    let mut case = Case::open(&app.kit, acting, action(Kind::Residents), Target::of("feed", feed_id)).await?;
    let (mut feed, opened) = open(path, Kind::Residents, residents::COLUMNS, feed_id, &options).await?;
    sql::lock(case.conn(), acting.municipality).await?;
    let (inspected, sheet) = match opened {
        Ok(opened) => opened,
        Err(fault) => return refuse(app, acting, case, feed, one(fault)).await,
    };
    let today = app.kit.clock.today();
    if let Some(fault) = check_order(case.conn(), acting, &sheet.control, &inspected, today).await? {
        return refuse(app, acting, case, feed, one(fault)).await;
    }
    residents_sql::create_stage(case.conn()).await?;
    let (mut reader, ids) = (residents::Reader::new(sheet.control.as_of), app.kit.ids.clone());
    let staged = stage::load(
        case.conn(),
        &residents_sql::copy(),
        sheet,
        options.progress.clone(),
        move |cells, out| {
            reader.row(cells, ids.next(), out);
        },
    )
    .await?;
    let mut faults = staged.faults;
    feed.counts.read = staged.rows_read;
    if faults.errors > 0 {
        return refuse(app, acting, case, feed, faults).await;
    }
    let from_cp932 = inspected.charset == Charset::Cp932;
    residents_sql::keep_better_spellings(case.conn(), acting.municipality, from_cp932).await?;
    let compared = residents_sql::compare(case.conn(), acting.municipality).await?;
    feed.counts.added = compared.added;
    feed.counts.changed = compared.changed;
    feed.counts.unchanged = compared.unchanged + compared.stale;
    look_for_oddities(case.conn(), acting, &mut feed, &mut faults).await?;
    if options.dry_run {
        return report_dry_run(app, acting, case, feed, faults).await;
    }
    let at = case.at();
    feed.state = FeedState::Applied;
    conclude(case.conn(), acting, &mut feed, faults, at).await?;
    residents_sql::apply(case.conn(), acting.municipality, feed_id, at).await?;
    sql::refresh_statistics(case.conn()).await?;
    let detail = detail(&feed);
    case.done(detail).await?;
    Ok(feed)
}

/// Takes a file of clinics (医療機関): all of it or nothing.
///
/// # Errors
/// As of [`take_residents`].
pub async fn take_clinics(
    app: &App,
    acting: &Acting,
    path: &Path,
    options: Options,
) -> Result<FeedSummary, Failure> {
    let feed_id = options.feed_id.unwrap_or_else(|| app.kit.ids.next());
    let mut case = Case::open(&app.kit, acting, action(Kind::Clinics), Target::of("feed", feed_id)).await?;
    let (mut feed, opened) = open(path, Kind::Clinics, clinics::COLUMNS, feed_id, &options).await?;
    sql::lock(case.conn(), acting.municipality).await?;
    let (inspected, sheet) = match opened {
        Ok(opened) => opened,
        Err(fault) => return refuse(app, acting, case, feed, one(fault)).await,
    };
    let today = app.kit.clock.today();
    if let Some(fault) = check_order(case.conn(), acting, &sheet.control, &inspected, today).await? {
        return refuse(app, acting, case, feed, one(fault)).await;
    }
    clinics_sql::create_stage(case.conn()).await?;
    let mut reader = clinics::Reader::default();
    let load =
        stage::load(case.conn(), clinics_sql::COPY, sheet, options.progress.clone(), move |cells, out| {
            reader.row(cells, out);
        });
    let staged = load.await?;
    let mut faults = staged.faults;
    feed.counts.read = staged.rows_read;
    if faults.errors > 0 {
        return refuse(app, acting, case, feed, faults).await;
    }
    let compared = clinics_sql::compare(case.conn(), acting.municipality).await?;
    feed.counts.added = compared.added;
    feed.counts.changed = compared.changed;
    feed.counts.unchanged = compared.unchanged;
    if feed.extent == Some(Extent::Full) {
        for code in clinics_sql::absent(case.conn(), acting.municipality).await? {
            feed.counts.absent += 1;
            faults.warn(0, "医療機関コード", format!("医療機関{code}が、全件のファイルにありません。台帳からは消していません。契約が終わった場合は、契約終了日を入れて送り直してもらってください。"));
        }
    }
    if options.dry_run {
        return report_dry_run(app, acting, case, feed, faults).await;
    }
    let at = case.at();
    feed.state = FeedState::Applied;
    conclude(case.conn(), acting, &mut feed, faults, at).await?;
    clinics_sql::apply(case.conn(), acting.municipality).await?;
    let detail = detail(&feed);
    case.done(detail).await?;
    Ok(feed)
}

async fn look_for_oddities(
    conn: &mut PgConnection,
    acting: &Acting,
    feed: &mut FeedSummary,
    faults: &mut Faults,
) -> Result<(), Failure> {
    let municipality = acting.municipality;
    let mut found = vec![
        residents_sql::stale(conn, municipality).await?,
        residents_sql::heads_unknown(conn, municipality).await?,
        residents_sql::heads_elsewhere(conn, municipality).await?,
    ];
    if feed.extent == Some(Extent::Full) {
        let absent = residents_sql::absent(conn, municipality).await?;
        feed.counts.absent = absent.total;
        found.push(absent);
    }
    for odd in found {
        let unlisted = odd.total - odd.faults.len() as u64;
        for fault in odd.faults {
            faults.push(fault);
        }
        faults.warnings += unlisted;
    }
    Ok(())
}

pub(super) fn one(fault: Fault) -> Faults {
    let mut faults = Faults::default();
    faults.push(fault);
    faults
}

/// Inspects a file and opens it as far as its header.
pub(super) async fn open(
    path: &Path,
    kind: Kind,
    columns: &'static [&'static str],
    feed_id: Uuid,
    options: &Options,
) -> Result<(FeedSummary, Result<(Inspected, Sheet), Fault>), Failure> {
    let file_name = options.file_name.clone().unwrap_or_else(|| {
        path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    });
    let mut feed = FeedSummary::begun(feed_id, kind, file_name, [0; 32]);
    let path: PathBuf = path.to_owned();
    let opened = tokio::task::spawn_blocking(move || -> std::io::Result<_> {
        let inspected = match file::inspect(&path)? {
            Ok(inspected) => inspected,
            Err((digest, fault)) => return Ok((digest, Err(fault))),
        };
        let sheet = Sheet::open(&path, &inspected, kind, columns)?;
        Ok((inspected.digest, sheet.map(|sheet| (inspected, sheet))))
    });
    let (digest, opened) = opened
        .await
        .map_err(|error| Failure::Internal(error.into()))?
        .map_err(|error| Failure::Internal(anyhow::Error::new(error).context("the file cannot be read")))?;
    feed.digest = digest;
    if let Ok((_, sheet)) = &opened {
        feed.extent = Some(sheet.control.extent);
        feed.as_of = Some(sheet.control.as_of);
        feed.counts.announced = sheet.control.rows;
        options.progress.set(0, sheet.control.rows);
    }
    Ok((feed, opened))
}

/// Whether this file may come now: from the right municipality, not twice, not after a newer one.
pub(super) async fn check_order(
    conn: &mut PgConnection,
    acting: &Acting,
    control: &Control,
    inspected: &Inspected,
    today: domain::Date,
) -> Result<Option<Fault>, Failure> {
    let own = acting.municipality;
    if control.municipality != own {
        return Ok(Some(Fault::at(
            1,
            "自治体コード",
            format!(
                "自治体コード{}のファイルです。この自治体（{own}）のファイルではないため取り込みません。送付元に確かめてください。",
                control.municipality
            ),
        )));
    }
    if control.as_of > today {
        return Ok(Some(Fault::at(
            1,
            "基準日",
            format!(
                "基準日（{}）が今日（{today}）より後です。送付元に正しい基準日を確かめてください。",
                control.as_of
            ),
        )));
    }
    if let Some(at) = sql::taken_before(conn, own, control.kind, &inspected.digest).await? {
        let at = in_japan(at);
        return Ok(Some(Fault::file(&format!(
            "同じファイルを{}{:02}時{:02}分に取込み済みです。二度は取り込みません。送付元から新しいファイルを受け取ってください。",
            wareki::long(at.date()),
            at.hour(),
            at.minute()
        ))));
    }
    // Records only add: a clinic that sends last month's list late overwrites nothing.
    let overwrites = match control.kind {
        Kind::Residents | Kind::Clinics => true,
        Kind::Records => false,
    };
    if overwrites
        && let Some(newest) = sql::newest_as_of(conn, own, control.kind).await?
        && control.as_of < newest
    {
        return Ok(Some(Fault::at(
            1,
            "基準日",
            format!(
                "基準日{}のファイルです。基準日{newest}のファイルを取込み済みのため、古い内容で上書きしないよう取り込みません。最新のファイルを選んでください。",
                control.as_of
            ),
        )));
    }
    Ok(None)
}

/// Undoes everything, then records that the file came and why it was not taken.
pub(super) async fn refuse(
    app: &App,
    acting: &Acting,
    case: Case,
    mut feed: FeedSummary,
    faults: Faults,
) -> Result<FeedSummary, Failure> {
    feed.state = FeedState::Refused;
    feed.counts = Counts {
        announced: feed.counts.announced,
        read: feed.counts.read,
        refused: feed.counts.read,
        ..Counts::default()
    };
    record_outcome(app, acting, case, feed, faults).await
}

pub(super) async fn report_dry_run(
    app: &App,
    acting: &Acting,
    case: Case,
    mut feed: FeedSummary,
    faults: Faults,
) -> Result<FeedSummary, Failure> {
    feed.state = FeedState::DryRun;
    record_outcome(app, acting, case, feed, faults).await
}

async fn record_outcome(
    app: &App,
    acting: &Acting,
    case: Case,
    mut feed: FeedSummary,
    faults: Faults,
) -> Result<FeedSummary, Failure> {
    drop(case);
    let mut case = Case::open(&app.kit, acting, action(feed.kind), Target::of("feed", feed.feed_id)).await?;
    let at = case.at();
    conclude(case.conn(), acting, &mut feed, faults, at).await?;
    let detail = detail(&feed);
    case.done(detail).await?;
    Ok(feed)
}

/// Writes the feed's row with its faults.
pub(super) async fn conclude(
    conn: &mut PgConnection,
    acting: &Acting,
    feed: &mut FeedSummary,
    faults: Faults,
    at: jiff::Timestamp,
) -> Result<(), Failure> {
    feed.errors = faults.errors;
    feed.warnings = faults.warnings;
    feed.faults = faults.into_kept();
    if feed.state != FeedState::Refused && !feed.counts.add_up() {
        // An import that loses count has lost a person: better none of it.
        return Err(Failure::Internal(anyhow::anyhow!("counts do not add up: {:?}", feed.counts)));
    }
    sql::put_feed(conn, acting, feed, at).await?;
    sql::put_faults(conn, acting.municipality, feed.feed_id, &feed.faults).await?;
    Ok(())
}

pub(super) fn detail(feed: &FeedSummary) -> serde_json::Value {
    let counts = &feed.counts;
    json!({
        "kind": feed.kind.code(), "state": feed.state.code(), "read": counts.read, "added": counts.added,
        "changed": counts.changed, "unchanged": counts.unchanged, "to_review": counts.to_review,
        "refused": counts.refused, "absent": counts.absent, "errors": feed.errors, "warnings": feed.warnings,
    })
}
