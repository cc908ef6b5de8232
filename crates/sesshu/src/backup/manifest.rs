//! What must be true of a backup once it has been put back.

use super::files::{Kept, hex};
use anyhow::Context;
use futures_util::TryStreamExt;
use kit::{Municipality, audit};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sqlx::{AssertSqlSafe, Executor, PgConnection, Row};
use std::collections::BTreeMap;

/// Changes when an older program could not read it.
pub const FORMAT: &str = "sesshu-backup-1";
/// Its name within the backup.
pub const NAME: &str = "backup-manifest.json";

/// The last entry of every backup.
#[derive(Debug, Serialize, Deserialize)]
pub struct Manifest {
    pub format: String,
    pub sesshu: String,
    pub postgresql: String,
    /// PostgreSQL's own number of this cluster: log segments of another one are not taken for ours.
    pub system: String,
    pub point: Point,
    pub databases: BTreeMap<String, Database>,
    /// By path from the data folder.
    pub files: BTreeMap<String, Kept>,
}

/// The moment whose state the figures describe.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Point {
    pub name: String,
    /// The log segment it lies in.
    pub segment: String,
    pub at: String,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Database {
    /// `set/file` of each applied migration, with its digest.
    pub migrations: BTreeMap<String, String>,
    /// By `schema.table`.
    pub tables: BTreeMap<String, Table>,
    /// 操作ログ by municipality.
    pub logs: BTreeMap<String, Log>,
}

/// A table's rows in the order of its primary key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    pub rows: u64,
    pub sha256: String,
}

/// A municipality's operation log: its length and the root of the tree over it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Log {
    pub places: i64,
    pub root: String,
}

/// Sessions write values the same way whatever the server's settings are.
pub const SETTINGS: &str = "set datestyle = 'ISO, YMD'; set intervalstyle = 'postgres'; set timezone = 'UTC';
    set extra_float_digits = 1; set bytea_output = 'hex'";

impl Database {
    /// Reads everything once, as the connection's transaction sees it.
    pub async fn describe(conn: &mut PgConnection) -> anyhow::Result<Database> {
        let mut tables = BTreeMap::new();
        for (name, question) in questions(conn).await? {
            let table = digest(conn, question).await.with_context(|| format!("reading table {name}"))?;
            tables.insert(name, table);
        }
        Ok(Database { migrations: migrations(conn).await?, tables, logs: logs(conn).await? })
    }

    /// The first thing in which `found` differs, in words; `None` where it is all the same.
    pub fn difference(&self, found: &Database) -> Option<String> {
        let names = self.tables.keys().chain(found.tables.keys());
        for name in names {
            match (self.tables.get(name), found.tables.get(name)) {
                (Some(was), Some(is)) if was == is => {}
                (Some(was), Some(is)) if was.rows != is.rows => {
                    return Some(format!("表 {name} は{}件のはずが{}件です", was.rows, is.rows));
                }
                (Some(_), Some(_)) => return Some(format!("表 {name} の内容が違います")),
                (Some(_), None) => return Some(format!("表 {name} がありません")),
                (None, _) => return Some(format!("表 {name} は控えにありません")),
            }
        }
        if self.logs != found.logs {
            return Some("操作ログの根が違います".to_owned());
        }
        (self.migrations != found.migrations).then(|| "データベースの版が違います".to_owned())
    }
}

/// For each permanent table, how to read it: all columns, in the order of the primary key.
async fn questions(conn: &mut PgConnection) -> anyhow::Result<Vec<(String, String)>> {
    let rows = sqlx::query(
        "select n.nspname || '.' || c.relname,
                format('copy (select %s from only %I.%I order by %s) to stdout',
                    (select string_agg(quote_ident(a.attname), ', ' order by a.attnum) from pg_attribute a
                     where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped),
                    n.nspname, c.relname,
                    coalesce((select string_agg(quote_ident(a.attname), ', ' order by k.place)
                              from pg_index i
                              cross join lateral unnest(i.indkey) with ordinality as k (attnum, place)
                              join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum
                              where i.indrelid = c.oid and i.indisprimary), '1'))
         from pg_class c join pg_namespace n on n.oid = c.relnamespace
         where c.relkind = 'r' and c.relpersistence = 'p'
             and n.nspname <> 'information_schema' and not starts_with(n.nspname, 'pg_')
             and exists (select from pg_attribute a
                         where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped)
         order by 1",
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

async fn digest(conn: &mut PgConnection, question: String) -> anyhow::Result<Table> {
    let mut rows = 0;
    let mut sha = Sha256::new();
    let mut lines = conn.copy_out_raw(&question).await?;
    while let Some(bytes) = lines.try_next().await? {
        // Line ends within a value are written as \n, so each byte of this value ends a row.
        rows += bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
        sha.update(&bytes);
    }
    Ok(Table { rows, sha256: hex(&sha.finalize()) })
}

async fn is_there(conn: &mut PgConnection, table: &str) -> sqlx::Result<bool> {
    sqlx::query_scalar("select to_regclass($1) is not null").bind(table).fetch_one(conn).await
}

async fn migrations(conn: &mut PgConnection) -> anyhow::Result<BTreeMap<String, String>> {
    if !is_there(conn, "public.schema_migration").await? {
        return Ok(BTreeMap::new());
    }
    let rows: Vec<(String, String)> =
        sqlx::query_as("select set_name || '/' || file_name, sha256 from schema_migration")
            .fetch_all(conn)
            .await?;
    Ok(rows.into_iter().collect())
}

/// How long each operation log is, and the root of the tree over it.
async fn logs(conn: &mut PgConnection) -> anyhow::Result<BTreeMap<String, Log>> {
    let mut logs = BTreeMap::new();
    if !is_there(conn, "public.audit_places").await? {
        return Ok(logs);
    }
    let served: Vec<i32> =
        sqlx::query_scalar("select municipality_code from municipalities").fetch_all(&mut *conn).await?;
    for municipality in served.into_iter().map(Municipality) {
        let places = audit::root::size(conn, municipality).await?;
        let root = hex(&audit::root::root(conn, municipality, places).await?);
        logs.insert(municipality.to_string(), Log { places, root });
    }
    Ok(logs)
}

/// Whether the log of now still begins with the one that the backup knew.
pub async fn log_goes_on(conn: &mut PgConnection, municipality: &str, log: &Log) -> anyhow::Result<bool> {
    let municipality = Municipality(municipality.parse()?);
    let is_long_enough = audit::root::size(conn, municipality).await? >= log.places;
    Ok(is_long_enough && hex(&audit::root::root(conn, municipality, log.places).await?) == log.root)
}

/// The databases of the systems in this cluster.
pub async fn databases(conn: &mut PgConnection) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar(
        "select datname::text from pg_database
         where not datistemplate and datallowconn and datname <> 'postgres' order by 1",
    )
    .fetch_all(conn)
    .await
}

/// Runs a statement of our own making.
pub async fn run(conn: &mut PgConnection, statement: String) -> sqlx::Result<()> {
    conn.execute(sqlx::raw_sql(AssertSqlSafe(statement))).await?;
    Ok(())
}
