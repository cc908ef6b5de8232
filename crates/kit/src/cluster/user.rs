//! Under whom the server runs. PostgreSQL refuses to run as root, so root hands it to another user.

use std::os::unix::fs::{MetadataExt, chown};
use std::path::Path;
use std::process::Command;

use super::ClusterError;

/// The user the server process runs as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ServerUser {
    pub name: String,
    pub uid: u32,
    pub gid: u32,
    /// We are root and step down to this user.
    pub steps_down: bool,
}

impl ServerUser {
    /// The owner of existing data; for new data ourselves, or as root `postgres`, else `nobody`.
    pub fn choose(pgdata: &Path) -> Result<ServerUser, ClusterError> {
        let me = std::fs::metadata("/proc/self")
            .map_err(|e| ClusterError::io("read", Path::new("/proc/self"), e))?;
        let owner = std::fs::metadata(pgdata).ok().map(|m| (m.uid(), m.gid()));
        match owner {
            Some((uid, _)) if me.uid() != 0 && uid != me.uid() => {
                Err(ClusterError::OtherOwner { dir: pgdata.to_owned(), owner: uid })
            }
            _ if me.uid() != 0 => {
                Ok(ServerUser { name: me.uid().to_string(), uid: me.uid(), gid: me.gid(), steps_down: false })
            }
            Some((uid, gid)) if uid != 0 => {
                let name = named(|u| u.uid == uid).map_or(uid.to_string(), |u| u.name);
                Ok(ServerUser { name, uid, gid, steps_down: true })
            }
            _ => named(|u| u.name == "postgres")
                .or_else(|| named(|u| u.name == "nobody"))
                .ok_or(ClusterError::NoServerUser),
        }
    }

    /// `program` as this user, with nothing of our environment but what finding libraries and words needs.
    pub fn command(&self, program: &Path, dies_with_us: bool) -> Command {
        let mut command = Command::new("setpriv");
        command.env_clear();
        for kept in ["PATH", "LD_LIBRARY_PATH"] {
            if let Some(value) = std::env::var_os(kept) {
                command.env(kept, value);
            }
        }
        command.env("LANG", "C.UTF-8").env("TZ", "UTC");
        if self.steps_down {
            command
                .arg(format!("--reuid={}", self.uid))
                .arg(format!("--regid={}", self.gid))
                .arg("--clear-groups");
        }
        command.arg("--no-new-privs");
        if dies_with_us {
            // SIGINT is PostgreSQL's fast shutdown.
            command.arg("--pdeathsig=INT");
        }
        command.arg("--").arg(program);
        command
    }

    /// Gives a file or folder to this user.
    pub fn give(&self, path: &Path) -> Result<(), ClusterError> {
        if !self.steps_down {
            return Ok(());
        }
        chown(path, Some(self.uid), Some(self.gid)).map_err(|e| ClusterError::io("chown", path, e))
    }

    /// Can this user walk to `path`? Asked of the kernel, so that ACLs and mounts count too.
    pub fn check_reaches(&self, path: &Path) -> Result<(), ClusterError> {
        let mut steps: Vec<&Path> = path.ancestors().collect();
        steps.reverse();
        let ask = r#"for step; do [ -x "$step" ] || { printf %s "$step"; exit 3; }; done"#;
        let output = self
            .command(Path::new("/bin/sh"), false)
            .current_dir("/")
            .args(["-c", ask, "sh"])
            .args(steps)
            .output()
            .map_err(|e| ClusterError::NoSetpriv { reason: e.to_string() })?;
        match output.status.code() {
            Some(0) => Ok(()),
            Some(3) => Err(ClusterError::NotReachable {
                user: self.name.clone(),
                at: String::from_utf8_lossy(&output.stdout).into_owned().into(),
            }),
            _ => Err(ClusterError::NoSetpriv {
                reason: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
            }),
        }
    }
}

/// An account for the keeper of the operation log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeeperUser {
    pub name: String,
    pub uid: u32,
    pub gid: u32,
}

/// Whom root hands the keeper to: an account that neither is root nor owns the database, and that can walk to
/// `data_dir`. `None` where we are not root, or where no such account is at hand.
pub fn keeper_user(data_dir: &Path) -> Option<KeeperUser> {
    if std::fs::metadata("/proc/self").ok()?.uid() != 0 {
        return None;
    }
    let owner = std::fs::metadata(data_dir.join("postgresql-data/pgdata")).map(|data| data.uid()).ok();
    let fits = |user: &ServerUser| user.uid != 0 && Some(user.uid) != owner;
    let user = ["sesshu-keeper", "daemon", "nobody"]
        .iter()
        .filter_map(|wanted| named(|user| user.name == *wanted))
        .find(|user| fits(user) && user.check_reaches(data_dir).is_ok())?;
    Some(KeeperUser { name: user.name, uid: user.uid, gid: user.gid })
}

/// The first local account that fits.
fn named(fits: impl Fn(&ServerUser) -> bool) -> Option<ServerUser> {
    let accounts = std::fs::read_to_string("/etc/passwd").ok()?;
    accounts
        .lines()
        .filter_map(|line| {
            let mut fields = line.split(':');
            let name = fields.next()?.to_owned();
            let uid = fields.nth(1)?.parse().ok()?;
            let gid = fields.next()?.parse().ok()?;
            Some(ServerUser { name, uid, gid, steps_down: true })
        })
        .find(fits)
}
