//! A moment of which both are known: the place in the log, and the rows that stood.

use super::manifest::{self, Point};
use kit::cluster::Archive;
use sqlx::{ConnectOptions, Connection, PgConnection};
use std::time::Duration;

/// Nobody is held up for it, so a busy office may make it wait: between two writes there is a pause within a second
/// even at hundreds of writes a second; a long import is over within this time.
const WAIT_MAX: Duration = Duration::from_secs(30 * 60);
const LOOK_EVERY: Duration = Duration::from_millis(25);

/// The point, and for each database a transaction that goes on seeing its state.
pub struct Moment {
    pub point: Point,
    pub databases: Vec<(String, PgConnection)>,
}

/// Waits for a moment in which no change is under way and marks it in the log.
///
/// A change under way cannot be placed: its commit may stand in the log before the mark while snapshots do not see it
/// yet. So the snapshots are taken first, then the mark is set, then it is asked whether anything was or is under way.
pub async fn find(archive: &Archive, name: &str) -> anyhow::Result<Moment> {
    let mut watcher = archive.options("postgres").connect().await?;
    let mut databases = Vec::new();
    for db in manifest::databases(&mut watcher).await? {
        let mut conn = archive.options(&db).connect().await?;
        manifest::run(&mut conn, manifest::SETTINGS.to_owned()).await?;
        databases.push((db, conn));
    }
    let asked = std::time::Instant::now();
    for attempt in 1_u32.. {
        // A name is used once: a restore stops at the first mark of its name.
        let name = format!("{name}-{attempt}");
        if let Some(point) = try_mark(&mut watcher, &mut databases, name).await? {
            return Ok(Moment { point, databases });
        }
        for (_, conn) in &mut databases {
            manifest::run(conn, "rollback".to_owned()).await?;
        }
        anyhow::ensure!(
            asked.elapsed() < WAIT_MAX,
            "書き込みが途切れる時がないため、バックアップを終えられません。取込みなどが終わってから、もう一度実行してください。"
        );
        tokio::time::sleep(LOOK_EVERY).await;
    }
    unreachable!("the loop ends by itself")
}

async fn try_mark(
    watcher: &mut PgConnection,
    databases: &mut [(String, PgConnection)],
    name: String,
) -> anyhow::Result<Option<Point>> {
    const SNAPSHOT: &str = "select pg_current_snapshot()::text";
    let mut snapshots = Vec::new();
    for (_, conn) in databases {
        manifest::run(conn, "begin isolation level repeatable read read only".to_owned()).await?;
        snapshots.push(sqlx::query_scalar::<_, String>(SNAPSHOT).fetch_one(conn).await?);
    }
    let (lsn, segment, at): (String, String, String) = sqlx::query_as(
        "select lsn::text, pg_walfile_name(lsn),
                to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')
         from pg_create_restore_point($1) as lsn",
    )
    .bind(&name)
    .fetch_one(&mut *watcher)
    .await?;
    tracing::debug!(%lsn, %name, "marked");
    let under_way: i64 =
        sqlx::query_scalar("select count(*) from pg_stat_activity where backend_xid is not null")
            .fetch_one(&mut *watcher)
            .await?;
    let now: String = sqlx::query_scalar(SNAPSHOT).fetch_one(&mut *watcher).await?;
    let is_quiet = under_way == 0 && snapshots.iter().all(|snapshot| *snapshot == now);
    if !is_quiet {
        return Ok(None);
    }
    // Closes the segment with the mark, so that it can be copied whole.
    sqlx::query("select pg_switch_wal()").execute(watcher).await?;
    Ok(Some(Point { name, segment, at }))
}

/// Ends the transactions.
pub async fn close(databases: Vec<(String, PgConnection)>) -> anyhow::Result<()> {
    for (_, conn) in databases {
        conn.close().await?;
    }
    Ok(())
}
