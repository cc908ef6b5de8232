//! Opens what a command works on: the private cluster (or a managed server), the system's database at its newest
//! schema, and the application over it.

mod audit_log;

pub use audit_log::{AuditLogArgs, folder as audit_log_folder};

use anyhow::Context;
use clap::Args;
use domain::schedule::{Japan, Settings};
use kit::{
    Clock, Ids, Kit, Municipality, Vault,
    cluster::{self, Admin, Cluster, ClusterError},
    session::{Desk, Keeper},
    vault::KeyRing,
};
use sqlx::{
    PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

/// One connection for each place of the request lanes (of the plain door and of one in each zone), and some for the
/// worker's two jobs with their heartbeats and the audit chain: no request ever waits for another lane's, and more
/// would only queue inside PostgreSQL.
const CONNECTIONS_MAX: u32 =
    (2 * kit::web::CONNECTIONS_NEEDED + 2 * kit::web::CONNECTIONS_NEEDED_BESIDE) as u32 + 8;

/// The vault answers one window at a time, each with one connection; a rotation needs one more.
const VAULT_CONNECTIONS_MAX: u32 = 8;

/// Folder of the vault's key files below the data folder. Never part of a backup.
pub const VAULT_KEYS: &str = "keys/vault";

/// Where the data is.
#[derive(Args, Clone, Debug, Default)]
pub struct DataArgs {
    /// データの置き場所(専用のPostgreSQLと印刷ファイルを置くフォルダー)
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// 管理済みのPostgreSQLを使うときの接続先(postgres://利用者:パスワード@サーバー/postgres)
    #[arg(long, value_name = "URL")]
    pub database: Option<String>,
}

impl DataArgs {
    /// The folder asked for, or the ordinary place: `/var/lib/sesshu` for root (another user runs the server there),
    /// the user's own data folder otherwise.
    pub fn folder(&self, name: &str) -> anyhow::Result<PathBuf> {
        if let Some(dir) = &self.dir {
            return std::path::absolute(dir).context("データの置き場所を読み取れません");
        }
        let home = home_folder();
        if home.as_deref().is_none_or(|home| home.starts_with("/root")) {
            return Ok(Path::new("/var/lib/sesshu").join(name));
        }
        let base = std::env::var_os("XDG_DATA_HOME").map(PathBuf::from);
        let base = base.or_else(|| home.map(|home| home.join(".local/share")));
        Ok(base.context("データの置き場所を --dir で指定してください")?.join("sesshu").join(name))
    }
}

fn home_folder() -> Option<PathBuf> {
    std::env::var_os("HOME").map(PathBuf::from).filter(|home| home.is_absolute())
}

/// An opened installation. Keeps the private server alive; dropping it stops the server.
pub struct World {
    pub app: health::App,
    pub hub: hub::App,
    /// Owns the tables of 健康管理システム: migrations and the municipality master, never a request.
    pub owner: PgPool,
    /// The same for the hub's.
    hub_owner: PgPool,
    pub dir: PathBuf,
    /// Of each system, how the keeper of the operation log reaches its database.
    pub keeper_doors: Vec<(&'static str, PgConnectOptions)>,
    /// `None` where the server belongs to someone else (managed, or another sesshu on the same folder).
    cluster: Option<Cluster>,
}

impl World {
    /// Opens (and where needed creates and migrates) the installation in `dir`.
    ///
    /// If another sesshu is running there, its server is used beside it.
    pub async fn open(dir: PathBuf, database: Option<&str>) -> anyhow::Result<World> {
        let (cluster, admin) = match database {
            Some(url) => (None, Admin::of_url(url)?),
            None => private(&dir).await?,
        };
        let Opened { owner: hub_owner, app: hub_pool, vault, keeper: hub_keeper } =
            open_database(&admin, "hub", hub::TABLES).await?;
        let Opened { owner, app: pool, keeper: health_keeper, .. } =
            open_database(&admin, "health", &[health::MIGRATIONS]).await?;
        let keeper_doors = vec![("health", health_keeper), ("hub", hub_keeper)];
        let keys = KeyRing::open_or_create(&dir.join(VAULT_KEYS))?;
        let files = dir.join("files");
        std::fs::create_dir_all(&files).with_context(|| format!("{} を作れません", files.display()))?;
        let clock = Clock::real();
        let sink = audit_log::open(&dir, "health", clock.clone())?;
        let hub_sink = audit_log::open(&dir, "hub", clock.clone())?;
        let keeper: Arc<dyn Keeper> =
            Arc::new(hub::keeper::Keeper { pool: hub_pool.clone(), clock: clock.clone() });
        let kit = |system, pool, sink| Kit {
            pool,
            sink,
            clock: clock.clone(),
            ids: Ids::default(),
            waiting: Default::default(),
            watch: Default::default(),
            over_tls: false,
            desk: Desk::new(system, "", "", &[], Arc::clone(&keeper)),
        };
        let hub_kit = kit("hub", hub_pool, hub_sink);
        let vault = PgPoolOptions::new().max_connections(VAULT_CONNECTIONS_MAX).connect_with(vault).await?;
        let vault = Some(Vault::new(hub_kit.clone(), vault, keys));
        // Beside the database, never in it: a copied table of secrets opens nothing.
        let app_keys = kit::vault::KeyRing::open_or_create(&dir.join("keys/hub"))?;
        let hub = hub::App { kit: hub_kit, vault, sites: Arc::new([]), keys: app_keys };
        let engine = Arc::new(Japan::new(Settings::default()));
        let app = health::App { kit: kit("health", pool, sink), engine, files: files.into() };
        Ok(World { app, hub, owner, hub_owner, dir, keeper_doors, cluster })
    }

    /// Adds a municipality or renames it.
    pub async fn put_municipality(
        &self,
        municipality: Municipality,
        name: &str,
        contact: &str,
    ) -> anyhow::Result<()> {
        for owner in [&self.hub_owner, &self.owner] {
            kit::db::put_municipality(owner, municipality, name, contact).await?;
        }
        Ok(())
    }

    /// The municipality a command works for: the one named, or the only one there is.
    pub async fn municipality(&self, code: Option<&str>) -> anyhow::Result<(Municipality, String)> {
        let served = kit::db::municipalities(&self.app.kit.pool).await?;
        let Some(code) = code else {
            return match served.as_slice() {
                [only] => Ok(only.clone()),
                [] => anyhow::bail!("自治体が登録されていません。先に sesshu init を実行してください。"),
                _ => anyhow::bail!("自治体が複数あります。--municipality で6桁のコードを指定してください。"),
            };
        };
        let code = domain::ids::MunicipalityCode::parse(code).map_err(|error| anyhow::anyhow!("{error}"))?;
        let found = served.into_iter().find(|(served, _)| served.to_string() == code.to_string());
        found.with_context(|| format!("自治体 {code} はこのデータにありません。"))
    }

    /// The operator at the machine, as the log names them: a person of staff must exist for every deed, so commands
    /// act as the municipality's `operator`, who cannot sign in.
    pub async fn operator(&self, municipality: Municipality) -> anyhow::Result<kit::Acting> {
        kit::staff::operator(&self.app.kit, municipality).await
    }

    /// False once the private server has ended by itself.
    pub fn database_is_there(&self) -> bool {
        self.cluster.as_ref().is_none_or(Cluster::is_running)
    }

    /// Closes the connections, then stops the private server.
    pub async fn close(self) -> anyhow::Result<()> {
        if let Some(vault) = &self.hub.vault {
            vault.close().await;
        }
        for pool in [&self.app.kit.pool, &self.hub.kit.pool, &self.owner, &self.hub_owner] {
            pool.close().await;
        }
        if let Some(cluster) = self.cluster {
            tokio::task::spawn_blocking(move || cluster.stop()).await??;
        }
        Ok(())
    }
}

/// A system's database at its newest schema.
struct Opened {
    owner: PgPool,
    app: PgPool,
    /// How to connect as the role that alone reaches individual numbers.
    vault: PgConnectOptions,
    /// The door of the log's keeper.
    keeper: PgConnectOptions,
}

async fn open_database(admin: &Admin, system: &str, tables: &[kit::MigrationSet]) -> anyhow::Result<Opened> {
    let roles = cluster::ensure_database(admin, system).await?;
    let owner = PgPoolOptions::new().max_connections(2).connect_with(roles.owner).await?;
    cluster::assert_durable(&owner, admin.kind()).await?;
    cluster::migrate(&owner, &[&[kit::MIGRATIONS], tables].concat()).await?;
    let app = PgPoolOptions::new().max_connections(CONNECTIONS_MAX).connect_with(roles.app).await?;
    Ok(Opened { owner, app, vault: roles.vault, keeper: roles.keeper })
}

async fn private(dir: &Path) -> anyhow::Result<(Option<Cluster>, Admin)> {
    let folder = dir.join("postgresql-data");
    let started = {
        let folder = folder.clone();
        tokio::task::spawn_blocking(move || Cluster::start(&folder)).await?
    };
    match started {
        Ok(cluster) => {
            let admin = cluster.admin();
            Ok((Some(cluster), admin))
        }
        Err(busy @ ClusterError::InUse { .. }) => match Cluster::beside(&folder)? {
            Some(admin) => Ok((None, admin)),
            None => Err(busy.into()),
        },
        Err(error) => Err(error.into()),
    }
}
