//! Finding the server's programs.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::ClusterError;

/// Oldest and newest major version whose SQL and settings we use. Newer ones are not tried, so not trusted.
const MAJOR_MIN: u32 = 15;
const MAJOR_MAX: u32 = 18;

/// A folder with `initdb` and `postgres`.
#[derive(Debug, Clone)]
pub(crate) struct Binaries {
    pub dir: PathBuf,
}

impl Binaries {
    /// Finds the programs for the data in `data_dir`; `needed` is the version that made it, if any.
    ///
    /// Order: what the operator says, what the system has (newest first), what `bin/demo` unpacked, the path.
    pub fn find(data_dir: &Path, needed: Option<u32>) -> Result<Binaries, ClusterError> {
        let found = candidates(data_dir).into_iter().find_map(|dir| {
            let major = major_of(&dir)?;
            let fits = match needed {
                Some(needed) => major == needed,
                None => (MAJOR_MIN..=MAJOR_MAX).contains(&major),
            };
            fits.then_some(Binaries { dir })
        });
        found.ok_or(match needed {
            Some(major) => ClusterError::NoServerOfVersion { major },
            None => ClusterError::NoServer,
        })
    }

    pub fn program(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }
}

fn candidates(data_dir: &Path) -> Vec<PathBuf> {
    let mut dirs: Vec<PathBuf> =
        std::env::var_os("SESSHU_POSTGRES_BIN").map(PathBuf::from).into_iter().collect();
    dirs.extend((MAJOR_MIN..=MAJOR_MAX).rev().map(|v| PathBuf::from(format!("/usr/lib/postgresql/{v}/bin"))));
    // A server shipped beside the data, then what bin/demo unpacked: <cache>/postgresql-18.6.0/bin.
    dirs.extend(data_dir.ancestors().take(2).map(|parent| parent.join("postgresql/bin")));
    for cache in caches() {
        let unpacked = std::fs::read_dir(cache).into_iter().flatten().flatten();
        dirs.extend(
            unpacked
                .filter(|u| u.file_name().as_encoded_bytes().starts_with(b"postgresql-"))
                .map(|u| u.path().join("bin")),
        );
    }
    if let Some(path) = std::env::var_os("PATH") {
        dirs.extend(std::env::split_paths(&path));
    }
    dirs.retain(|d| d.join("postgres").is_file() && d.join("initdb").is_file());
    dirs
}

/// Where `bin/lib.sh` unpacks a server: for all users, or for one who is not root.
fn caches() -> Vec<PathBuf> {
    let own = std::env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache")));
    std::iter::once(PathBuf::from("/var/cache/sesshu")).chain(own.map(|c| c.join("sesshu"))).collect()
}

/// `postgres (PostgreSQL) 15.20 (Debian …)` → 15.
fn major_of(dir: &Path) -> Option<u32> {
    let output = Command::new(dir.join("postgres")).arg("--version").output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let version = text.split_whitespace().find(|w| w.starts_with(|c: char| c.is_ascii_digit()))?;
    let digits: String = version.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}
