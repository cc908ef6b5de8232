//! The private PostgreSQL that sesshu itself creates, starts and stops, so that a newcomer configures nothing.
//!
//! Who may connect: the socket lies in a directory only the server's own user (and root) may enter, there is no
//! TCP listener, and `trust` applies inside. Whoever can pass that directory could read the data files as well,
//! so a password between the two would protect nothing.
//!
//! It must never run with `fsync`, `full_page_writes` or `synchronous_commit` off: an acknowledged record is
//! promised to survive a power cut (`durable::assert_durable`).

pub mod archive;
mod binaries;
pub mod durable;
mod error;
pub(crate) mod leftover;
pub mod migrate;
mod place;
mod replay;
pub mod roles;
pub mod rules;
mod settings;
mod split;
mod user;

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use sqlx::postgres::PgConnectOptions;

pub use archive::Archive;
pub use durable::{ServerKind, assert_durable};
pub use error::ClusterError;
pub use migrate::{MigrateError, MigrationSet, migrate};
pub use place::SUPERUSER;
pub(crate) use place::{Place, create_dir};
pub use replay::Until;
pub use roles::{Admin, Roles, ensure_database};
pub use rules::schema_rules;
pub(crate) use settings::Promise;
pub use user::{KeeperUser, keeper_user};

/// Crash recovery replays at most `max_wal_size` of log; on a slow disk that is minutes, not seconds.
const READY_WAIT_MAX: Duration = Duration::from_secs(300);
/// A fast shutdown writes one checkpoint.
const STOP_WAIT_MAX: Duration = Duration::from_secs(120);
/// How often a wait looks again.
const POLL_EVERY: Duration = Duration::from_millis(10);

/// A running private server. Dropping it stops the server; so does the death of this process.
pub struct Cluster {
    place: Place,
    pid: u32,
    /// The thread that started the server. The parent-death signal follows the *thread*, so it lives as long.
    keeper: Option<JoinHandle<std::io::Result<ExitStatus>>>,
    /// Held for as long as the server runs: two sesshu never share one data directory.
    _lock: File,
}

impl Cluster {
    /// Creates the cluster under `data_dir` if there is none, stops what a killed run left behind, and starts it.
    ///
    /// Blocks for about a second; from async code, call it on a blocking thread.
    pub fn start(data_dir: &Path) -> Result<Cluster, ClusterError> {
        let dir = place::create_dir(data_dir)?;
        let lock = lock_dir(&dir)?;
        let place = Place::prepare(dir)?;
        leftover::stop_leftovers(&place)?;
        place.create_if_missing(Promise::Durable)?;
        let log_start = place.rotate_log()?;

        let (pid, keeper) = spawn_kept(place.server_command(Promise::Durable, true)?)?;
        let cluster = Cluster { place, pid, keeper: Some(keeper), _lock: lock };
        cluster.wait_until_ready(log_start)?;
        Ok(cluster)
    }

    /// The door to the server that another sesshu runs in `data_dir`; `None` where it is not (yet) ready.
    ///
    /// For commands beside a running system: they neither own the server nor outlive it on purpose.
    pub fn beside(data_dir: &Path) -> Result<Option<Admin>, ClusterError> {
        let place = Place::prepare(create_dir(data_dir)?)?;
        let pid = leftover::first_line_pid(&place.pgdata.join("postmaster.pid"));
        let is_ready = pid.is_some_and(|pid| place.is_ready(pid));
        Ok(is_ready.then(|| Admin::of_private(place.connect_options("postgres", SUPERUSER))))
    }

    /// How to reach database `db` as `role`.
    pub fn connect_options(&self, db: &str, role: &str) -> PgConnectOptions {
        self.place.connect_options(db, role)
    }

    /// The door for creating databases and roles. Never used to answer a request.
    pub fn admin(&self) -> Admin {
        Admin::of_private(self.connect_options("postgres", place::SUPERUSER))
    }

    /// Where PostgreSQL writes its own log.
    pub fn log_path(&self) -> PathBuf {
        self.place.log.clone()
    }

    /// The folder of the server's programs (`pg_dump`, `pg_basebackup`, …).
    pub fn programs(&self) -> &Path {
        &self.place.binaries.dir
    }

    /// The server's process id.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Is the server process still there?
    pub fn is_running(&self) -> bool {
        self.keeper.as_ref().is_some_and(|k| !k.is_finished())
    }

    /// Fast shutdown: open transactions are rolled back, a checkpoint is written, then the server ends.
    pub fn stop(mut self) -> Result<(), ClusterError> {
        self.shut_down()
    }

    fn shut_down(&mut self) -> Result<(), ClusterError> {
        let Some(keeper) = self.keeper.take() else { return Ok(()) };
        if !keeper.is_finished() {
            signal(self.pid, "INT");
        }
        let asked = Instant::now();
        while !keeper.is_finished() {
            if asked.elapsed() > STOP_WAIT_MAX {
                return Err(ClusterError::DoesNotStop { pid: self.pid });
            }
            std::thread::sleep(POLL_EVERY);
        }
        self.place.remove_far_socket_dir();
        Ok(())
    }

    fn wait_until_ready(&self, log_start: u64) -> Result<(), ClusterError> {
        let asked = Instant::now();
        while !self.place.is_ready(self.pid) {
            if !self.is_running() || asked.elapsed() > READY_WAIT_MAX {
                return Err(ClusterError::DoesNotStart { log: self.place.log_tail(log_start) });
            }
            std::thread::sleep(POLL_EVERY);
        }
        Ok(())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Err(error) = self.shut_down() {
            tracing::error!(%error, "the private PostgreSQL did not stop");
        }
    }
}

/// Starts the server from a thread of its own and leaves that thread waiting for its end.
fn spawn_kept(mut command: Command) -> Result<(u32, JoinHandle<std::io::Result<ExitStatus>>), ClusterError> {
    let (tell, told) = mpsc::channel();
    let keeper = std::thread::Builder::new()
        .name("postgres-keeper".into())
        .spawn(move || {
            let mut child = match command.spawn() {
                Ok(child) => child,
                Err(error) => {
                    // The receiver waits for exactly one message.
                    tell.send(Err(error)).ok();
                    return Err(std::io::ErrorKind::Other.into());
                }
            };
            tell.send(Ok(child.id())).ok();
            child.wait()
        })
        .map_err(|e| ClusterError::io("start a thread for", Path::new("postgres"), e))?;
    let pid = told
        .recv()
        .expect("the keeper sends once before it does anything else")
        .map_err(|e| ClusterError::io("start", Path::new("postgres"), e))?;
    Ok((pid, keeper))
}

/// Sends a signal by the shell's built-in `kill`: std has none, and this workspace forbids unsafe code.
pub(crate) fn signal(pid: u32, name: &str) {
    let script = format!("kill -{name} {pid}");
    if let Err(error) = Command::new("sh").args(["-c", &script]).status() {
        tracing::error!(%error, pid, "cannot signal");
    }
}

/// Takes the data directory for this process, or says who has it.
fn lock_dir(dir: &Path) -> Result<File, ClusterError> {
    let path = dir.join("sesshu.lock");
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(|e| ClusterError::io("open", &path, e))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            file.read_to_string(&mut holder).ok();
            return Err(ClusterError::InUse { dir: dir.to_owned(), pid: holder.trim().to_owned() });
        }
        Err(TryLockError::Error(e)) => return Err(ClusterError::io("lock", &path, e)),
    }
    file.set_len(0)
        .and_then(|()| file.rewind())
        .and_then(|()| writeln!(file, "{}", std::process::id()))
        .map_err(|e| ClusterError::io("write", &path, e))?;
    Ok(file)
}
