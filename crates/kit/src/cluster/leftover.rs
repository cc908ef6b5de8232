//! What a killed run left behind: a server nobody owns, orphaned backends, a stale pid file.

use std::path::Path;
use std::time::{Duration, Instant};

use super::place;
use super::{ClusterError, POLL_EVERY, Place, STOP_WAIT_MAX, signal};

/// After this the orphans of a killed postmaster are asked to go; they notice its death by themselves before.
const ORPHANS_GO_ALONE: Duration = Duration::from_secs(5);

/// Stops every server process on the place's data, then removes its pid and lock files. The caller holds the
/// directory's lock.
///
/// The pid file alone proves nothing (ids are reused) and removing it switches off PostgreSQL's own guard against
/// two servers on one directory. So the kernel is asked: each process of a server has the data directory as its
/// working directory. Only when none is left do the files go. They must: to PostgreSQL a dead server that nobody has
/// reaped yet still counts as alive, and it would refuse to start.
pub(crate) fn stop_leftovers(place: &Place) -> Result<(), ClusterError> {
    let pgdata = &place.pgdata;
    let pid_file = pgdata.join("postmaster.pid");
    let mut left = processes_in(pgdata);
    if !left.is_empty() {
        tracing::info!(?left, "stopping the PostgreSQL that an earlier run left behind");
        match first_line_pid(&pid_file).filter(|pid| left.contains(pid)) {
            Some(postmaster) => signal(postmaster, "INT"),
            None => tracing::info!("its postmaster is gone; waiting for the rest"),
        }
    }
    let asked = Instant::now();
    let mut told_orphans = false;
    while !left.is_empty() {
        let postmaster_lives = first_line_pid(&pid_file).is_some_and(|pid| left.contains(&pid));
        if !postmaster_lives && !told_orphans && asked.elapsed() > ORPHANS_GO_ALONE {
            left.iter().for_each(|&pid| signal(pid, "QUIT"));
            told_orphans = true;
        }
        if asked.elapsed() > STOP_WAIT_MAX {
            return Err(ClusterError::DoesNotStop { pid: left[0] });
        }
        std::thread::sleep(POLL_EVERY);
        left = processes_in(pgdata);
    }
    let socket = place.socket_path();
    let socket_lock = socket.with_extension(format!("{}.lock", place::PORT));
    for stale in [pid_file, socket_lock, socket] {
        match std::fs::remove_file(&stale) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                return Err(ClusterError::io("remove", &stale, e));
            }
            _ => {}
        }
    }
    Ok(())
}

/// The postmaster's id as the pid file has it.
pub(crate) fn first_line_pid(pid_file: &Path) -> Option<u32> {
    std::fs::read_to_string(pid_file).ok()?.lines().next()?.trim().parse().ok()
}

/// Ids of the processes whose working directory is `pgdata`.
pub(crate) fn processes_in(pgdata: &Path) -> Vec<u32> {
    let Ok(processes) = std::fs::read_dir("/proc") else { return Vec::new() };
    processes
        .flatten()
        .filter_map(|process| {
            let pid: u32 = process.file_name().to_str()?.parse().ok()?;
            let cwd = std::fs::read_link(process.path().join("cwd")).ok()?;
            (cwd == pgdata).then_some(pid)
        })
        .collect()
}
