//! A cluster put back from a backup: its log is replayed up to a named point, a moment, or the end.

use super::{Cluster, ClusterError, Place, Promise, leftover, lock_dir, place, spawn_kept};
use std::{fs::Permissions, os::unix::fs::PermissionsExt, path::Path};

/// The server reads the folder's place from its environment, as with the archive.
const SOURCE_VARIABLE: &str = "SESSHU_WAL_SOURCE";
/// Kept segments lie compressed; one that is not there is answered with failure, which is how the log ends.
const RESTORE_COMMAND: &str =
    "test -f \"$SESSHU_WAL_SOURCE/%f.gz\" && gzip -dc \"$SESSHU_WAL_SOURCE/%f.gz\" > \"%p\"";

/// How far the log is replayed.
#[derive(Clone, Copy, Debug)]
pub enum Until<'a> {
    /// To a point that a backup has set, where the server waits and can only be read.
    Point(&'a str),
    /// To the last change committed at this moment (`2026-11-23 12:30:00+00`); the server then takes writes.
    Moment(&'a str),
    /// To the end of what there is; the server then takes writes.
    End,
}

impl Until<'_> {
    fn settings(self) -> Vec<(&'static str, String)> {
        match self {
            Until::Point(name) => vec![
                ("recovery_target_name", name.to_owned()),
                ("recovery_target_action", "pause".to_owned()),
            ],
            Until::Moment(at) => vec![
                ("recovery_target_time", at.to_owned()),
                ("recovery_target_action", "promote".to_owned()),
            ],
            Until::End => Vec::new(),
        }
    }

    /// A server that can be read while it replays says at once that it is ready; one that cannot says so at its end.
    fn can_be_read_meanwhile(self) -> &'static str {
        match self {
            Until::Point(_) => "on",
            Until::Moment(_) | Until::End => "off",
        }
    }
}

impl Cluster {
    /// Starts the unpacked cluster in `data_dir` and replays its log, with segments from `source` (`NAME.gz`).
    ///
    /// # Errors
    /// [`ClusterError::DoesNotStart`] with the server's last words, also where the log ends before the moment asked for.
    pub fn replay(data_dir: &Path, source: &Path, until: Until<'_>) -> Result<Cluster, ClusterError> {
        let dir = place::create_dir(data_dir)?;
        let lock = lock_dir(&dir)?;
        let place = Place::prepare(dir)?;
        leftover::stop_leftovers(&place)?;
        let signal = place.pgdata.join("recovery.signal");
        std::fs::write(&signal, "").map_err(|e| ClusterError::io("write", &signal, e))?;
        place.user.give(&signal)?;
        let log_start = place.rotate_log()?;
        let mut command = place.server_command(Promise::Durable, true)?;
        command.env(SOURCE_VARIABLE, source);
        command.arg("-c").arg(format!("hot_standby={}", until.can_be_read_meanwhile()));
        command.arg("-c").arg(format!("restore_command={RESTORE_COMMAND}"));
        for (name, value) in until.settings() {
            command.arg("-c").arg(format!("{name}={value}"));
        }
        let (pid, keeper) = spawn_kept(command)?;
        let cluster = Cluster { place, pid, keeper: Some(keeper), _lock: lock };
        cluster.wait_until_ready(log_start)?;
        Ok(cluster)
    }

    /// Readies what was unpacked from a backup: the server's user owns it, nobody else may look in.
    pub fn adopt(data_dir: &Path) -> Result<(), ClusterError> {
        let dir = place::create_dir(data_dir)?;
        let pgdata = dir.join("pgdata");
        std::fs::set_permissions(&pgdata, Permissions::from_mode(0o700))
            .map_err(|e| ClusterError::io("chmod", &pgdata, e))?;
        let place = Place::prepare(dir)?;
        give_all(&place, &pgdata)
    }

    /// Lets the server read a folder of segments.
    pub fn let_read(data_dir: &Path, folder: &Path) -> Result<(), ClusterError> {
        let place = Place::prepare(place::create_dir(data_dir)?)?;
        give_all(&place, folder)
    }
}

fn give_all(place: &Place, path: &Path) -> Result<(), ClusterError> {
    place.user.give(path)?;
    if !path.is_dir() {
        return Ok(());
    }
    let entries = std::fs::read_dir(path).map_err(|e| ClusterError::io("read", path, e))?;
    for entry in entries {
        give_all(place, &entry.map_err(|e| ClusterError::io("read", path, e))?.path())?;
    }
    Ok(())
}
