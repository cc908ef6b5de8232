//! Refusing a server that would lose what it acknowledged.

use sqlx::{PgPool, Row};

use super::ClusterError;

/// Who looks after the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServerKind {
    /// Ours: every promise is demanded.
    Private,
    /// The operator's, by `--database`: checksums may lie below PostgreSQL (ZFS, a cloud's disk), so only warned.
    Managed,
}

/// Refuses, in one sentence, a server on which an acknowledged write could be lost.
///
/// Ask it through the application role's pool, so that a setting of that role or database is seen too.
pub async fn assert_durable(pool: &PgPool, kind: ServerKind) -> Result<(), ClusterError> {
    let rows = sqlx::query(
        "select name, setting from pg_settings
         where name in ('fsync', 'full_page_writes', 'synchronous_commit', 'data_checksums',
                        'server_version', 'server_version_num')",
    )
    .fetch_all(pool)
    .await?;
    let value = |name: &str| {
        rows.iter()
            .find(|r| r.get::<&str, _>("name") == name)
            .map(|r| r.get::<&str, _>("setting"))
            .unwrap_or("off")
    };
    if value("server_version_num").parse::<u32>().unwrap_or(0) < 150_000 {
        return Err(ClusterError::TooOld { version: value("server_version").to_owned() });
    }
    for setting in ["fsync", "full_page_writes", "synchronous_commit"] {
        if value(setting) == "off" {
            return Err(ClusterError::NotDurable { setting: setting.to_owned(), value: "off".to_owned() });
        }
    }
    match (value("data_checksums"), kind) {
        ("on", _) => {}
        (_, ServerKind::Private) => return Err(ClusterError::NoChecksums),
        (_, ServerKind::Managed) => tracing::warn!("{}", ClusterError::NoChecksums),
    }
    Ok(())
}
