//! Migrations: forward only, checksummed, one statement a call.
//!
//! Not sqlx's migrator: it sends a whole file in one call, which Citus refuses once a table is distributed.

use sha2::{Digest, Sha256};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, PgPool, Row};

use super::split::statements;

/// Advisory lock: one process at a time migrates a database.
const MIGRATE_LOCK: i64 = 0x5e55_0002;
/// Stands in a migration for the application role's name, which differs per system.
const APP_ROLE: &str = "@app_role@";
/// The same for the role that reads the log and signs.
const KEEPER_ROLE: &str = "@keeper_role@";
/// Likewise for the role of the vault.
const VAULT_ROLE: &str = "@vault_role@";

/// The migrations of one crate, oldest first, embedded in the program.
///
/// `MigrationSet { name: "health", files: &[("0001_residents.sql", include_str!("../migrations/0001_residents.sql"))] }`
#[derive(Debug, Clone, Copy)]
pub struct MigrationSet {
    pub name: &'static str,
    /// File name and text. New ones go to the end; one that has been applied anywhere is never edited.
    pub files: &'static [(&'static str, &'static str)],
}

/// Why the schema could not be brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    #[error(
        "移行 {set}/{file} が適用後に書き換えられています。元に戻し、変更は新しい移行として追加してください。"
    )]
    Changed { set: &'static str, file: String },
    #[error(
        "このデータベースは新しい版の sesshu のものです(移行 {set}/{file} を知りません)。新しい版で起動してください。"
    )]
    FromTheFuture { set: &'static str, file: String },
    #[error("移行 {set}/{file} は適用済みの {after} より前にあります。最後に追加してください。")]
    OutOfOrder { set: &'static str, file: String, after: String },
    #[error("移行 {set}/{file} を適用できませんでした。文: {statement}\n{source}")]
    Statement { set: &'static str, file: &'static str, statement: String, source: sqlx::Error },
    #[error("移行は {0} ではなく、名前が _owner で終わる所有者の役割で実行してください。")]
    NotOwner(String),
    #[error("移行の準備ができませんでした: {0}")]
    Database(#[from] sqlx::Error),
}

/// Brings the database behind `owner` up to date: the sets in the order given, each file in one transaction.
///
/// The application role gets select, insert, update and delete on every table made here; a migration takes back
/// what is too much (`revoke update, delete on audit_entry from @app_role@`).
pub async fn migrate(owner: &PgPool, sets: &[MigrationSet]) -> Result<(), MigrateError> {
    let mut conn = owner.acquire().await?;
    sqlx::query("select pg_advisory_lock($1)").bind(MIGRATE_LOCK).execute(&mut *conn).await?;
    let done = migrate_locked(&mut conn, sets).await;
    // Unlocked also after a failure, since the session goes back to the pool.
    sqlx::query("select pg_advisory_unlock($1)").bind(MIGRATE_LOCK).execute(&mut *conn).await?;
    done
}

async fn migrate_locked(conn: &mut PgConnection, sets: &[MigrationSet]) -> Result<(), MigrateError> {
    let system = prepare(conn).await?;
    for set in sets {
        let applied = applied_files(conn, set.name).await?;
        let fresh = fresh_files(set, &applied)?;
        for &(file, text) in fresh {
            apply(conn, set.name, file, text, &system).await?;
        }
    }
    Ok(())
}

/// The table of what was applied, and the application role's standing rights. Gives what the roles' names begin with.
async fn prepare(conn: &mut PgConnection) -> Result<String, MigrateError> {
    let me: String = sqlx::query_scalar("select current_user::text").fetch_one(&mut *conn).await?;
    let Some(system) = me.strip_suffix("_owner") else { return Err(MigrateError::NotOwner(me)) };
    let app = format!("{system}_app");
    let ready: bool = sqlx::query_scalar("select to_regclass('public.schema_migration') is not null")
        .fetch_one(&mut *conn)
        .await?;
    if ready {
        return Ok(system.to_owned());
    }
    let mut tx = conn.begin().await?;
    for statement in [
        "create table schema_migration (
            set_name text not null,
            file_name text not null,
            position int not null,
            sha256 text not null,
            applied_at timestamptz not null default now(),
            primary key (set_name, file_name)
        )"
        .to_owned(),
        "comment on table schema_migration is 'national: which migrations this database has'".to_owned(),
        format!("grant select on schema_migration to {app}"),
        format!("grant usage on schema public to {app}"),
        format!(
            "alter default privileges in schema public grant select, insert, update, delete on tables to {app}"
        ),
        format!("alter default privileges in schema public grant usage, select on sequences to {app}"),
    ] {
        tx.execute(sqlx::raw_sql(AssertSqlSafe(statement))).await?;
    }
    tx.commit().await?;
    Ok(system.to_owned())
}

/// File names and checksums already applied, oldest first.
async fn applied_files(conn: &mut PgConnection, set: &str) -> Result<Vec<(String, String)>, MigrateError> {
    let rows =
        sqlx::query("select file_name, sha256 from schema_migration where set_name = $1 order by position")
            .bind(set)
            .fetch_all(conn)
            .await?;
    Ok(rows.iter().map(|r| (r.get(0), r.get(1))).collect())
}

/// What is still to be applied, once what was applied is seen to be the unchanged beginning of the set.
fn fresh_files<'a>(
    set: &'a MigrationSet,
    applied: &[(String, String)],
) -> Result<&'a [(&'static str, &'static str)], MigrateError> {
    for (at, (file, digest)) in applied.iter().enumerate() {
        match set.files.get(at) {
            Some((name, text)) if name == file && sha256(text) == *digest => {}
            Some((name, _)) if name == file => {
                return Err(MigrateError::Changed { set: set.name, file: file.clone() });
            }
            Some((name, _)) if set.files.iter().any(|(n, _)| n == file) => {
                let (file, after) = ((*name).to_owned(), file.clone());
                return Err(MigrateError::OutOfOrder { set: set.name, file, after });
            }
            _ => return Err(MigrateError::FromTheFuture { set: set.name, file: file.clone() }),
        }
    }
    Ok(&set.files[applied.len()..])
}

async fn apply(
    conn: &mut PgConnection,
    set: &'static str,
    file: &'static str,
    text: &str,
    system: &str,
) -> Result<(), MigrateError> {
    let named = text
        .replace(APP_ROLE, &format!("{system}_app"))
        .replace(KEEPER_ROLE, &format!("{system}_keeper"))
        .replace(VAULT_ROLE, &format!("{system}_vault"));
    let mut tx = conn.begin().await?;
    for statement in statements(&named) {
        tx.execute(sqlx::raw_sql(AssertSqlSafe(statement.clone())))
            .await
            .map_err(|source| MigrateError::Statement { set, file, statement, source })?;
    }
    sqlx::query(
        "insert into schema_migration (set_name, file_name, position, sha256)
         select $1, $2, count(*), $3 from schema_migration where set_name = $1",
    )
    .bind(set)
    .bind(file)
    .bind(sha256(text))
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    tracing::info!(set, file, "migrated");
    Ok(())
}

pub(crate) fn sha256(text: &str) -> String {
    Sha256::digest(text).iter().map(|b| format!("{b:02x}")).collect()
}
