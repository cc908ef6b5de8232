//! The server's log of changes (WAL), kept for going back to a moment: each finished segment is copied into a folder of
//! its own, from which a backup takes it away.
//!
//! The copying is always set up and begins where the folder exists, so that a running server needs no restart. A segment
//! that cannot be copied stays with the server, which tries again: nothing is skipped.

use super::{ClusterError, Place, SUPERUSER, leftover};
use sqlx::postgres::PgConnectOptions;
use std::{
    fs::DirBuilder,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    process::{Child, Stdio},
};

/// The server reads the folder's place from its environment: so no path has to be quoted for the shell.
pub(super) const SPOOL_VARIABLE: &str = "SESSHU_WAL_SPOOL";

/// Copies one segment: whole and on the disk, or not at all. The same one twice is no fault (the server may have been
/// killed before it noted the first); another one under the same name is.
pub(super) const ARCHIVE_COMMAND: &str = "test ! -d \"$SESSHU_WAL_SPOOL\" || \
     cmp -s \"%p\" \"$SESSHU_WAL_SPOOL/%f\" || \
     { test ! -e \"$SESSHU_WAL_SPOOL/%f\" && \
     dd if=\"%p\" of=\"$SESSHU_WAL_SPOOL/%f.part\" bs=1M conv=fsync status=none && \
     mv \"$SESSHU_WAL_SPOOL/%f.part\" \"$SESSHU_WAL_SPOOL/%f\" && sync \"$SESSHU_WAL_SPOOL\"; }";

/// A segment that is not full is closed after this long where something was written: what may be lost with the machine.
/// Shorter, and a quiet office would fill the archive with nearly empty segments.
const SEGMENT_SECONDS_MAX: u32 = 60;

/// The private server as a backup sees it: running, whoever started it.
#[derive(Clone, Debug)]
pub struct Archive {
    place: Place,
}

impl Archive {
    /// Of the server that runs in `data_dir`; `None` where none is ready.
    pub fn beside(data_dir: &Path) -> Result<Option<Archive>, ClusterError> {
        let place = Place::prepare(super::create_dir(data_dir)?)?;
        let pid = leftover::first_line_pid(&place.pgdata.join("postmaster.pid"));
        Ok(pid.is_some_and(|pid| place.is_ready(pid)).then_some(Archive { place }))
    }

    /// Whether `data_dir` holds a cluster at all, running or not.
    pub fn is_in(data_dir: &Path) -> bool {
        data_dir.join("pgdata/PG_VERSION").is_file()
    }

    /// The door past every wall, for reading all databases. Never used to answer a request.
    pub fn options(&self, db: &str) -> PgConnectOptions {
        self.place.connect_options(db, SUPERUSER)
    }

    /// Where finished segments wait to be taken away.
    pub fn spool(data_dir: &Path) -> PathBuf {
        data_dir.join("wal-spool")
    }

    /// From now on every finished segment is kept. The caller runs the statements given, as the superuser.
    pub fn begin_keeping(&self) -> Result<[String; 2], ClusterError> {
        let spool = Archive::spool(&self.place.dir);
        match DirBuilder::new().mode(0o700).create(&spool) {
            Ok(()) => self.place.user.give(&spool)?,
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(ClusterError::io("create", &spool, error)),
        }
        Ok([
            format!("alter system set archive_timeout = '{SEGMENT_SECONDS_MAX}s'"),
            "select pg_reload_conf()".to_owned(),
        ])
    }

    /// A finished segment that the server still holds.
    pub fn segment(&self, name: &str) -> PathBuf {
        self.place.pgdata.join("pg_wal").join(name)
    }

    /// Names of the segments the server holds, in order.
    pub fn segments(&self) -> Result<Vec<String>, ClusterError> {
        let folder = self.place.pgdata.join("pg_wal");
        let entries = std::fs::read_dir(&folder).map_err(|e| ClusterError::io("read", &folder, e))?;
        let mut names: Vec<String> = entries
            .flatten()
            .filter_map(|entry| entry.file_name().into_string().ok())
            .filter(|name| is_segment(name))
            .collect();
        names.sort();
        Ok(names)
    }

    /// The whole cluster as a tar stream, taken while it works (`pg_basebackup`), with the log it needs.
    pub fn stream(&self) -> Result<Child, ClusterError> {
        let mut command = self.place.user.command(&self.place.binaries.program("pg_basebackup"), false);
        command
            .args(["--pgdata=-", "--format=tar", "--wal-method=fetch", "--checkpoint=fast"])
            .args(["--manifest-checksums=SHA256", "--label=sesshu", "--no-password"])
            .arg(format!("--username={SUPERUSER}"))
            .arg(format!("--host={}", self.place.socket_dir.display()))
            .arg(format!("--port={}", super::place::PORT))
            .current_dir(&self.place.dir)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command.spawn().map_err(|e| ClusterError::io("run", Path::new("pg_basebackup"), e))
    }
}

/// Twenty-four hexadecimal digits: timeline, file, segment.
pub fn is_segment(name: &str) -> bool {
    name.len() == 24 && name.bytes().all(|b| b.is_ascii_digit() || (b'A'..=b'F').contains(&b))
}
