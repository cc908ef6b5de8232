//! One database and four roles for each system: the owner migrates, the application role answers requests, the keeper
//! reads the log and nothing else, the vault's role alone reaches individual numbers.

use sha2::{Digest, Sha256};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor};

use super::ClusterError;
use super::durable::ServerKind;

/// Advisory lock: one process at a time makes databases and roles. The number is ours alone, nothing else.
const SETUP_LOCK: i64 = 0x5e55_0001;

/// The door of someone who may create databases and roles.
#[derive(Debug, Clone)]
pub struct Admin {
    pub(crate) options: PgConnectOptions,
    /// The administrator's password, where the server asks for one: the roles' passwords are derived from it.
    password: Option<String>,
    kind: ServerKind,
}

impl Admin {
    pub(crate) fn of_private(options: PgConnectOptions) -> Admin {
        Admin { options, password: None, kind: ServerKind::Private }
    }

    /// A managed server: `--database postgres://admin:password@host/postgres`.
    pub fn of_url(url: &str) -> Result<Admin, ClusterError> {
        let options = url.parse::<PgConnectOptions>().map_err(ClusterError::BadUrl)?;
        let login = url.split_once("://").and_then(|(_, rest)| rest.split_once('@')).map(|(login, _)| login);
        let password = login.and_then(|l| l.split_once(':')).map(|(_, password)| password.to_owned());
        Ok(Admin { options, password, kind: ServerKind::Managed })
    }

    /// Whose server this is: what `assert_durable` may demand.
    pub fn kind(&self) -> ServerKind {
        self.kind
    }

    pub(crate) async fn connect(&self) -> Result<PgConnection, ClusterError> {
        Ok(self.options.connect().await?)
    }

    /// A role's password: the same on every node without being stored anywhere, useless without the administrator's.
    fn password_of(&self, role: &str) -> Option<String> {
        let admin = self.password.as_deref()?;
        let digest = Sha256::new()
            .chain_update(b"sesshu role password\0")
            .chain_update(Sha256::digest(admin))
            .chain_update(role)
            .finalize();
        Some(digest.iter().map(|b| format!("{b:02x}")).collect())
    }

    fn role_options(&self, db: &str, role: &str) -> PgConnectOptions {
        let options = self.options.clone().database(db).username(role);
        match self.password_of(role) {
            Some(password) => options.password(&password),
            None => options,
        }
    }
}

/// How the roles of a system reach its database.
#[derive(Debug, Clone)]
pub struct Roles {
    /// Owns every table and runs the migrations.
    pub owner: PgConnectOptions,
    /// Owns nothing and is bound by row level security: what requests are answered with.
    pub app: PgConnectOptions,
    /// Reads the log and adds signed checkpoints: what the keeper, a process apart, works with.
    pub keeper: PgConnectOptions,
    /// Reaches schema `vault` (個人番号) and may add to the operation log; nothing else.
    pub vault: PgConnectOptions,
}

/// The name of the role that migrates `system`'s database.
pub fn owner_role(system: &str) -> String {
    format!("sesshu_{system}_owner")
}

/// The name of the role that answers `system`'s requests.
pub fn app_role(system: &str) -> String {
    format!("sesshu_{system}_app")
}

/// The name of the role that reads `system`'s log and signs what it has seen.
pub fn keeper_role(system: &str) -> String {
    format!("sesshu_{system}_keeper")
}

/// The name of the role that alone reaches the individual numbers of `system`.
pub fn vault_role(system: &str) -> String {
    format!("sesshu_{system}_vault")
}

/// Creates database `sesshu_<system>` with its roles, or brings what is there to this state.
pub async fn ensure_database(admin: &Admin, system: &str) -> Result<Roles, ClusterError> {
    let db = format!("sesshu_{system}");
    let mut conn = admin.connect().await?;
    sqlx::query("select pg_advisory_lock($1)").bind(SETUP_LOCK).execute(&mut conn).await?;
    ensure_roles(&mut conn, admin, system).await?;
    let there: bool = sqlx::query_scalar("select exists (select from pg_database where datname = $1)")
        .bind(&db)
        .fetch_one(&mut conn)
        .await?;
    if !there {
        create_database(&mut conn, system, &db, "template0").await?;
    }
    allow_connections(&mut conn, system, &db).await?;
    // Closing the session frees the lock.
    conn.close().await?;
    Ok(roles_of(admin, system, &db))
}

/// The doors to an existing database of `system`.
pub(crate) fn roles_of(admin: &Admin, system: &str, db: &str) -> Roles {
    Roles {
        owner: admin.role_options(db, &owner_role(system)),
        app: admin.role_options(db, &app_role(system)),
        keeper: admin.role_options(db, &keeper_role(system)),
        vault: admin.role_options(db, &vault_role(system)),
    }
}

pub(crate) async fn ensure_roles(
    conn: &mut PgConnection,
    admin: &Admin,
    system: &str,
) -> Result<(), ClusterError> {
    assert_plain(system);
    for role in [owner_role(system), app_role(system), keeper_role(system), vault_role(system)] {
        let there: bool = sqlx::query_scalar("select exists (select from pg_roles where rolname = $1)")
            .bind(&role)
            .fetch_one(&mut *conn)
            .await?;
        let verb = if there { "alter" } else { "create" };
        let password = admin.password_of(&role).map_or(String::new(), |p| format!(" password '{p}'"));
        run(conn, format!("{verb} role {role} login nocreatedb nocreaterole inherit{password}")).await?;
    }
    // A managed server's administrator is often no superuser: to give a database to a role it must belong to it.
    let owner = owner_role(system);
    let superuser: bool = sqlx::query_scalar("select rolsuper from pg_roles where rolname = current_user")
        .fetch_one(&mut *conn)
        .await?;
    if !superuser {
        run(conn, format!("grant {owner} to current_user")).await?;
    }
    Ok(())
}

pub(crate) async fn create_database(
    conn: &mut PgConnection,
    system: &str,
    db: &str,
    template: &str,
) -> Result<(), ClusterError> {
    assert_plain(system);
    assert_plain(db);
    assert_plain(template);
    let owner = owner_role(system);
    let encoding = if template == "template0" { " encoding 'UTF8'" } else { "" };
    run(conn, format!("create database {db} owner {owner} template {template}{encoding}")).await?;
    allow_connections(conn, system, db).await
}

/// Each system reaches its own database only.
async fn allow_connections(conn: &mut PgConnection, system: &str, db: &str) -> Result<(), ClusterError> {
    let (app, keeper, vault) = (app_role(system), keeper_role(system), vault_role(system));
    run(conn, format!("revoke all on database {db} from public")).await?;
    run(conn, format!("grant connect, temporary on database {db} to {app}")).await?;
    run(conn, format!("grant connect on database {db} to {keeper}, {vault}")).await
}

/// Runs one statement whose text was put together from `assert_plain` names.
pub(crate) async fn run(conn: &mut PgConnection, sql: String) -> Result<(), ClusterError> {
    conn.execute(sqlx::raw_sql(AssertSqlSafe(sql))).await?;
    Ok(())
}

/// Names of databases and roles stand unquoted in statements, so they are plain words of our own making.
fn assert_plain(name: &str) {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    assert!(
        !name.is_empty() && name.bytes().all(plain),
        "a database or role name is a plain lower-case word: {name}"
    );
}
