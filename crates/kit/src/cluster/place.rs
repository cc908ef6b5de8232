//! Where a cluster lies on disk, and the commands that create and run it.

use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use sqlx::postgres::{PgConnectOptions, PgSslMode};

use super::binaries::Binaries;
use super::user::ServerUser;
use super::{Archive, ClusterError, Promise, archive, leftover};

/// The cluster's superuser. Makes databases and roles, answers no request.
pub const SUPERUSER: &str = "sesshu_admin";
/// Only the socket's file name: the server listens on no TCP port.
pub(super) const PORT: u16 = 5432;
/// `sun_path` holds 108 bytes with the closing zero.
const SOCKET_PATH_MAX: usize = 107;
/// The server's own log is kept once more at this size.
const LOG_BYTES_MAX: u64 = 10 * 1024 * 1024;

/// A cluster's files, user and programs.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub dir: PathBuf,
    pub pgdata: PathBuf,
    pub socket_dir: PathBuf,
    pub log: PathBuf,
    pub user: ServerUser,
    pub binaries: Binaries,
}

/// Makes the directory (others may pass through, not look in) and gives its full path.
pub(crate) fn create_dir(dir: &Path) -> Result<PathBuf, ClusterError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o711)
        .create(dir)
        .map_err(|e| ClusterError::io("create", dir, e))?;
    dir.canonicalize().map_err(|e| ClusterError::io("find", dir, e))
}

impl Place {
    /// Finds user and programs for the cluster in `dir` and readies the directories around it.
    pub fn prepare(dir: PathBuf) -> Result<Place, ClusterError> {
        // The server's working directory, by which leftovers are known, has its links resolved.
        let pgdata = dir.join("pgdata");
        let pgdata = pgdata.canonicalize().unwrap_or(pgdata);
        let needed =
            std::fs::read_to_string(pgdata.join("PG_VERSION")).ok().and_then(|v| v.trim().parse().ok());
        let user = ServerUser::choose(&pgdata)?;
        user.check_reaches(&dir)?;
        let binaries = Binaries::find(&dir, needed)?;
        user.check_reaches(&binaries.dir)?;
        let socket_dir = socket_dir_for(&dir, &user)?;
        Ok(Place { log: dir.join("postgres.log"), dir, pgdata, socket_dir, user, binaries })
    }

    /// `initdb`, unless done. The finished cluster appears by a rename, so a killed run leaves no half one.
    pub fn create_if_missing(&self, promise: Promise) -> Result<(), ClusterError> {
        if self.pgdata.join("PG_VERSION").exists() {
            return Ok(());
        }
        let fresh = self.dir.join("pgdata.new");
        if fresh.exists() {
            std::fs::remove_dir_all(&fresh).map_err(|e| ClusterError::io("remove", &fresh, e))?;
        }
        DirBuilder::new().mode(0o700).create(&fresh).map_err(|e| ClusterError::io("create", &fresh, e))?;
        self.user.give(&fresh)?;
        let mut initdb = self.user.command(&self.binaries.program("initdb"), true);
        initdb
            .arg("--pgdata")
            .arg(&fresh)
            .args([
                "--data-checksums",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                "--auth=trust",
                "--no-instructions",
            ])
            .arg(format!("--username={SUPERUSER}"))
            .current_dir(&self.dir)
            .stdin(Stdio::null());
        if promise == Promise::Throwaway {
            initdb.arg("--no-sync");
        }
        let output = initdb.output().map_err(|e| ClusterError::io("run", Path::new("initdb"), e))?;
        if !output.status.success() {
            let log = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            return Err(ClusterError::CannotCreate { log });
        }
        let conf = fresh.join("postgresql.conf");
        std::fs::read_to_string(&conf)
            .and_then(|text| std::fs::write(&conf, text + &promise.tunable()))
            .and_then(|()| File::open(&conf)?.sync_all())
            .map_err(|e| ClusterError::io("write", &conf, e))?;
        std::fs::rename(&fresh, &self.pgdata)
            .and_then(|()| File::open(&self.dir)?.sync_all())
            .map_err(|e| ClusterError::io("create", &self.pgdata, e))
    }

    /// The server in the foreground, in a process group of its own: Ctrl-C must reach it only through us.
    pub fn server_command(&self, promise: Promise, dies_with_us: bool) -> Result<Command, ClusterError> {
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.log)
            .map_err(|e| ClusterError::io("open", &self.log, e))?;
        let also = log.try_clone().map_err(|e| ClusterError::io("open", &self.log, e))?;
        let mut command = self.user.command(&self.binaries.program("postgres"), dies_with_us);
        command.arg("-D").arg(&self.pgdata).arg("-p").arg(PORT.to_string());
        let mut set = |name: &str, value: &str| {
            command.arg("-c").arg(format!("{name}={value}"));
        };
        set("listen_addresses", "");
        // The option is a list: a comma in the path needs the quotes.
        set("unix_socket_directories", &format!("\"{}\"", self.socket_dir.display()));
        set("unix_socket_permissions", "0700");
        promise.fixed().iter().for_each(|(name, value)| set(name, value));
        if promise == Promise::Durable {
            set("archive_mode", "on");
            set("archive_command", archive::ARCHIVE_COMMAND);
            command.env(archive::SPOOL_VARIABLE, Archive::spool(&self.dir));
        }
        command.current_dir(&self.dir).stdin(Stdio::null()).stdout(log).stderr(also).process_group(0);
        Ok(command)
    }

    /// Has the server with this id said in its pid file that it takes connections?
    pub fn is_ready(&self, pid: u32) -> bool {
        let pid_file = self.pgdata.join("postmaster.pid");
        let Ok(text) = std::fs::read_to_string(&pid_file) else { return false };
        leftover::first_line_pid(&pid_file) == Some(pid)
            && text.lines().nth(7).is_some_and(|s| s.trim() == "ready")
    }

    /// The socket's file.
    pub fn socket_path(&self) -> PathBuf {
        self.socket_dir.join(format!(".s.PGSQL.{PORT}"))
    }

    pub fn connect_options(&self, db: &str, role: &str) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .socket(&self.socket_dir)
            .port(PORT)
            .username(role)
            .database(db)
            .ssl_mode(PgSslMode::Disable)
    }

    /// Puts a grown log aside; returns where this run's lines will begin.
    pub fn rotate_log(&self) -> Result<u64, ClusterError> {
        let length = std::fs::metadata(&self.log).map_or(0, |m| m.len());
        if length <= LOG_BYTES_MAX {
            return Ok(length);
        }
        std::fs::rename(&self.log, self.dir.join("postgres.log.1"))
            .map_err(|e| ClusterError::io("rename", &self.log, e))?;
        Ok(0)
    }

    /// Removes a socket directory that does not lie in our own; the next start makes it anew.
    pub fn remove_far_socket_dir(&self) {
        if !self.socket_dir.starts_with(&self.dir) {
            // Not empty or already gone: nothing that the next start minds.
            std::fs::remove_dir(&self.socket_dir).ok();
        }
    }

    /// The last ten lines the server wrote since `from`.
    pub fn log_tail(&self, from: u64) -> String {
        let mut text = Vec::new();
        if let Ok(mut file) = File::open(&self.log) {
            let read = file.seek(SeekFrom::Start(from)).and_then(|_| file.read_to_end(&mut text));
            if let Err(error) = read {
                return error.to_string();
            }
        }
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(10)..].join("\n")
    }
}

/// The private socket directory: beside the data, or where paths are short when the data lies too deep.
fn socket_dir_for(dir: &Path, user: &ServerUser) -> Result<PathBuf, ClusterError> {
    let beside = dir.join("run");
    let fits = beside.as_os_str().as_bytes().len() + format!("/.s.PGSQL.{PORT}").len() <= SOCKET_PATH_MAX;
    let chosen = if fits {
        beside
    } else {
        let mut hasher = DefaultHasher::new();
        dir.hash(&mut hasher);
        let base = if user.steps_down { "/run" } else { "/tmp" };
        Path::new(base).join(format!("sesshu-{:016x}", hasher.finish()))
    };
    match DirBuilder::new().mode(0o700).create(&chosen) {
        Ok(()) => user.give(&chosen)?,
        Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {}
        Err(e) => return Err(ClusterError::io("create", &chosen, e)),
    }
    // In /tmp someone else may have been first: no links, no strangers.
    let found = std::fs::symlink_metadata(&chosen).map_err(|e| ClusterError::io("read", &chosen, e))?;
    if !found.is_dir() || found.uid() != user.uid {
        return Err(ClusterError::UnsafeSocketDir { dir: chosen });
    }
    std::fs::set_permissions(&chosen, Permissions::from_mode(0o700))
        .map_err(|e| ClusterError::io("chmod", &chosen, e))?;
    Ok(chosen)
}
