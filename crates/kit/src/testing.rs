//! A real PostgreSQL for tests: one server for all test processes, a fresh database for each test.
//!
//! nextest runs each test in a process of its own, so the server belongs to none of them: the first test starts it
//! under `target/test-pg` with a small supervisor (`testing/supervise.sh`), all others find it there, and it ends
//! by itself when unused for five minutes. Its data are thrown away with it, and it never waits for the disk.
//!
//! It must never be used outside tests: it loses data with the machine.

pub mod browser;
pub mod staff;
pub mod walls;

use std::fs::{File, OpenOptions};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use sqlx::{ConnectOptions, Connection, PgPool};

use crate::cluster::roles::{self, Admin, Roles};
use crate::cluster::{ClusterError, MigrationSet, Place, Promise, migrate};

/// Long enough to bridge a pause of thought, short enough that no machine keeps servers overnight.
const IDLE_SECONDS_MAX: u32 = 300;
/// A fresh server is up in a second; a machine full of compilers takes longer.
const START_WAIT_MAX: Duration = Duration::from_secs(120);
/// The system name in the roles of every test database.
const SYSTEM: &str = "test";
/// Advisory lock: one process at a time builds templates.
const TEMPLATE_LOCK: i64 = 0x5e55_0003;
/// Part of each template's name: a server left by tests that knew fewer roles gets the new ones with new templates.
const ROLES_MADE: &str = "owner app keeper vault";
/// A test needs few connections at once; the server's two hundred are shared by all tests that run.
const CONNECTIONS_MAX: u32 = 8;

/// A database of its own for one test, with all migrations applied. Dropped with this value.
pub struct TestDb {
    name: String,
    admin: Admin,
    owner: PgPool,
    app: PgPool,
    vault: PgPool,
    keeper: PgPool,
    /// The application role's door, for programs that take `--database`.
    pub url: String,
}

impl TestDb {
    /// A fresh database with the sets' schema, copied from a template in some 50 ms.
    pub async fn new(sets: &[MigrationSet]) -> TestDb {
        let admin = server().await;
        let name = format!("t_{}_{:016x}", std::process::id(), random());
        let mut conn = admin.connect().await.expect("the test server takes connections");
        let template = ensure_template(&mut conn, &admin, sets).await.expect("the migrations apply");
        roles::create_database(&mut conn, SYSTEM, &name, &template)
            .await
            .expect("the template can be copied");
        let Roles { owner, app, vault, keeper } = roles::roles_of(&admin, SYSTEM, &name);
        TestDb {
            url: app.to_url_lossy().to_string(),
            owner: pool(owner),
            app: pool(app),
            vault: pool(vault),
            keeper: pool(keeper),
            name,
            admin,
        }
    }

    /// Connections as the application role: bound by row level security, like every request.
    pub fn app_pool(&self) -> PgPool {
        self.app.clone()
    }

    /// Connections as the role that alone reaches individual numbers.
    pub fn vault_pool(&self) -> PgPool {
        self.vault.clone()
    }

    /// Connections as the owner of the tables (bound as well, since it is forced).
    pub fn owner_pool(&self) -> PgPool {
        self.owner.clone()
    }

    /// This test's own folder for the audit log; it goes with the database.
    pub fn sink(&self, clock: &crate::Clock) -> crate::Sink {
        crate::Sink::throwaway(&self.log(), clock.clone()).expect("the temporary folder can be written")
    }

    fn log(&self) -> PathBuf {
        std::env::temp_dir().join(format!("sesshu-log-{}", self.name))
    }

    /// Connections as the keeper of the operation log.
    pub fn keeper_pool(&self) -> PgPool {
        self.keeper.clone()
    }

    /// Connections past row level security, to look at everything a test has left in its own database.
    pub fn superuser_pool(&self) -> PgPool {
        pool(self.admin.options.clone().database(&self.name))
    }
}

/// A sink that can store nothing, for tests that write no entry.
pub fn no_sink() -> crate::Sink {
    crate::Sink::nowhere()
}

impl Drop for TestDb {
    fn drop(&mut self) {
        std::fs::remove_dir_all(self.log()).ok();
        let (admin, name) = (self.admin.clone(), self.name.clone());
        // Drop cannot wait for async work, and the test's own runtime may be ending: a thread brings its own.
        let dropper = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async {
                let mut conn = admin.connect().await.map_err(std::io::Error::other)?;
                drop_database(&mut conn, &name).await.map_err(std::io::Error::other)
            })
        });
        if let Ok(Err(error)) = dropper.join() {
            eprintln!("test database {} stays until the server ends: {error}", self.name);
        }
    }
}

fn pool(options: PgConnectOptions) -> PgPool {
    PgPoolOptions::new().max_connections(CONNECTIONS_MAX).connect_lazy_with(options)
}

fn random() -> u64 {
    getrandom::u64().expect("the kernel has random numbers")
}

async fn drop_database(conn: &mut PgConnection, name: &str) -> Result<(), ClusterError> {
    roles::run(conn, format!("drop database if exists {name} with (force)")).await
}

/// The template of this list of migrations, built by whoever needs it first.
async fn ensure_template(
    conn: &mut PgConnection,
    admin: &Admin,
    sets: &[MigrationSet],
) -> anyhow::Result<String> {
    let texts = sets
        .iter()
        .flat_map(|s| s.files.iter().map(move |(file, text)| format!("{}/{file}\n{text}", s.name)));
    let texts: Vec<String> = texts.chain([ROLES_MADE.to_owned()]).collect();
    let digest = crate::cluster::migrate::sha256(&texts.join("\0"));
    let name = format!("tpl_{}", &digest[..16]);
    if exists(conn, &name).await? {
        return Ok(name);
    }
    sqlx::query("select pg_advisory_lock($1)").bind(TEMPLATE_LOCK).execute(&mut *conn).await?;
    if !exists(conn, &name).await? {
        // Built under another name: a killed build is never taken for a finished template.
        let draft = format!("draft_{}", &digest[..16]);
        drop_database(conn, &draft).await?;
        roles::ensure_roles(conn, admin, SYSTEM).await?;
        roles::create_database(conn, SYSTEM, &draft, "template0").await?;
        let owner = pool(roles::roles_of(admin, SYSTEM, &draft).owner);
        let migrated = migrate(&owner, sets).await;
        owner.close().await;
        migrated?;
        roles::run(conn, format!("alter database {draft} rename to {name}")).await?;
    }
    sqlx::query("select pg_advisory_unlock($1)").bind(TEMPLATE_LOCK).execute(&mut *conn).await?;
    Ok(name)
}

async fn exists(conn: &mut PgConnection, db: &str) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("select exists (select from pg_database where datname = $1)")
        .bind(db)
        .fetch_one(conn)
        .await
}

/// The door to the shared server; starts it if it is not there.
async fn server() -> Admin {
    /// The lock is held until this process ends: it tells the supervisor that the server is in use.
    static SERVER: OnceLock<Arc<(Admin, File)>> = OnceLock::new();
    let (server, first) = tokio::task::spawn_blocking(|| {
        let mut first = false;
        let server = SERVER.get_or_init(|| {
            first = true;
            Arc::new(find_or_start().unwrap_or_else(|e| panic!("the tests' PostgreSQL does not start: {e}")))
        });
        (Arc::clone(server), first)
    })
    .await
    .expect("the search for the server does not panic");
    if first {
        drop_orphans(&server.0).await.expect("the test server answers");
    }
    server.0.clone()
}

fn find_or_start() -> Result<(Admin, File), ClusterError> {
    let place = prepare_place()?;
    let in_use = lock_file(&place.dir.join("use.lock"), File::lock_shared)?;
    if !is_up(&place) {
        let _starting = lock_file(&place.dir.join("start.lock"), File::lock)?;
        if !is_up(&place) {
            start(&place)?;
        }
    }
    Ok((Admin::of_private(place.connect_options("postgres", crate::cluster::SUPERUSER)), in_use))
}

/// `target/test-pg`; where the server's user cannot enter it (root's home), a directory of ours in /tmp.
fn prepare_place() -> Result<Place, ClusterError> {
    let target = target_dir();
    match prepare_in(crate::cluster::create_dir(&target.join("test-pg"))?) {
        Err(ClusterError::NotReachable { .. }) => {}
        prepared => return prepared,
    }
    let mut hasher = DefaultHasher::new();
    target.hash(&mut hasher);
    let dir = crate::cluster::create_dir(
        &std::env::temp_dir().join(format!("sesshu-test-{:016x}", hasher.finish())),
    )?;
    let owner = |path: &Path| std::fs::symlink_metadata(path).map(|m| m.uid()).ok();
    if owner(&dir) != owner(Path::new("/proc/self")) {
        return Err(ClusterError::UnsafeSocketDir { dir });
    }
    prepare_in(dir)
}

/// Data of a PostgreSQL that has since left the machine are thrown away, not mourned.
fn prepare_in(dir: PathBuf) -> Result<Place, ClusterError> {
    let prepared = Place::prepare(dir.clone());
    if !matches!(prepared, Err(ClusterError::NoServerOfVersion { .. })) {
        return prepared;
    }
    let _starting = lock_file(&dir.join("start.lock"), File::lock)?;
    let pgdata = dir.join("pgdata");
    std::fs::remove_dir_all(&pgdata).map_err(|e| ClusterError::io("remove", &pgdata, e))?;
    Place::prepare(dir)
}

/// Cargo's target directory: test programs lie in `<target>/<profile>/deps`.
fn target_dir() -> PathBuf {
    let program = std::env::current_exe().expect("a running program has a path");
    let deps = program.ancestors().find(|a| a.ends_with("deps"));
    deps.and_then(|d| d.ancestors().nth(2)).map_or_else(std::env::temp_dir, Path::to_owned)
}

fn lock_file(path: &Path, lock: fn(&File) -> std::io::Result<()>) -> Result<File, ClusterError> {
    let file = OpenOptions::new()
        .append(true)
        .create(true)
        .open(path)
        .map_err(|e| ClusterError::io("open", path, e))?;
    lock(&file).map_err(|e| ClusterError::io("lock", path, e))?;
    Ok(file)
}

/// Is the server that the pid file names alive, ours, and taking connections?
fn is_up(place: &Place) -> bool {
    let pid = crate::cluster::leftover::first_line_pid(&place.pgdata.join("postmaster.pid"));
    pid.is_some_and(|pid| {
        let cwd = std::fs::read_link(format!("/proc/{pid}/cwd"));
        cwd.is_ok_and(|cwd| cwd == place.pgdata) && place.is_ready(pid)
    })
}

/// Starts a fresh server under its supervisor. The caller holds the start lock.
fn start(place: &Place) -> Result<(), ClusterError> {
    crate::cluster::leftover::stop_leftovers(place)?;
    if place.pgdata.exists() {
        std::fs::remove_dir_all(&place.pgdata).map_err(|e| ClusterError::io("remove", &place.pgdata, e))?;
    }
    place.create_if_missing(Promise::Throwaway)?;
    let log_start = place.rotate_log()?;
    let server = place.server_command(Promise::Throwaway, true)?;
    let log = OpenOptions::new().create(true).append(true).open(&place.log);
    let log = log.map_err(|e| ClusterError::io("open", &place.log, e))?;
    let also = log.try_clone().map_err(|e| ClusterError::io("open", &place.log, e))?;
    let script = place.dir.join("sesshu-test-pg.sh");
    std::fs::write(&script, include_str!("testing/supervise.sh"))
        .map_err(|e| ClusterError::io("write", &script, e))?;
    // A session of its own: neither Ctrl-C at the terminal nor nextest's clean-up reaches it.
    let mut supervisor = Command::new("setsid");
    supervisor
        .arg("sh")
        .arg(&script)
        .arg(&place.dir)
        .arg(IDLE_SECONDS_MAX.to_string())
        .arg(server.get_program())
        .args(server.get_args());
    supervisor.env("LANG", "C.UTF-8").env("TZ", "UTC").current_dir(&place.dir);
    supervisor.stdin(Stdio::null()).stdout(log).stderr(also);
    supervisor.spawn().map_err(|e| ClusterError::io("run", Path::new("setsid"), e))?;

    let asked = Instant::now();
    while !is_up(place) {
        if asked.elapsed() > START_WAIT_MAX {
            return Err(ClusterError::DoesNotStart { log: place.log_tail(log_start) });
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}

/// Drops what killed test processes left: databases named after a process that is gone.
async fn drop_orphans(admin: &Admin) -> Result<(), ClusterError> {
    let mut conn = admin.connect().await?;
    let names: Vec<String> =
        sqlx::query_scalar("select datname::text from pg_database where starts_with(datname, 't_')")
            .fetch_all(&mut conn)
            .await?;
    for name in names {
        let lives = name.split('_').nth(1).is_some_and(|pid| Path::new("/proc").join(pid).exists());
        if !lives {
            // Two processes may clean up at once; the slower one finds nothing.
            drop_database(&mut conn, &name).await.ok();
        }
    }
    Ok(conn.close().await?)
}
