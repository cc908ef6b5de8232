//! `sesshu backup`: the cluster, the log it needs, the files, and what must be true of them, into one sealed file.

use super::{
    files,
    manifest::{self, Database, Manifest, Point},
    moment,
    sealed::Outgoing,
    wal,
};
use age::x25519::Recipient;
use anyhow::Context;
use kit::cluster::{Archive, Cluster, ClusterError, archive::is_segment};
use sqlx::{ConnectOptions, Connection, PgConnection};
use std::{
    collections::BTreeMap,
    io::Read,
    path::{Path, PathBuf},
};

/// Takes one backup and says what it holds.
pub async fn run(dir: &Path, out: &Path, recipients: Vec<Recipient>) -> anyhow::Result<String> {
    let data = dir.join("postgresql-data");
    anyhow::ensure!(
        Archive::is_in(&data),
        "{} にデータがありません。--dir でデータの置き場所を指定してください。",
        dir.display()
    );
    let (archive, started) = reach(&data).await?;
    let taken = take(dir, out, recipients, &archive).await;
    if let Some(cluster) = started {
        tokio::task::spawn_blocking(move || cluster.stop()).await??;
        // The server closed its last segment while it stopped.
        wal::ship_in(dir).await.ok();
    }
    taken
}

/// The server that runs on the data, or one that is started for this.
async fn reach(data: &Path) -> anyhow::Result<(Archive, Option<Cluster>)> {
    let data = data.to_owned();
    let reached = tokio::task::spawn_blocking(move || -> Result<_, ClusterError> {
        if let Some(archive) = Archive::beside(&data)? {
            return Ok(Some((archive, None)));
        }
        let cluster = Cluster::start(&data)?;
        Ok(Archive::beside(&data)?.map(|archive| (archive, Some(cluster))))
    });
    reached.await??.context("the server that was started is not there")
}

async fn take(
    dir: &Path,
    out: &Path,
    recipients: Vec<Recipient>,
    archive: &Archive,
) -> anyhow::Result<String> {
    let mut admin = archive.options("postgres").connect().await?;
    let (postgresql, system): (String, String) = sqlx::query_as(
        "select current_setting('server_version'), system_identifier::text from pg_control_system()",
    )
    .fetch_one(&mut admin)
    .await?;
    let name = name_at(kit::Clock::real().now());
    let target = place(out, &name)?;
    if target != out {
        for statement in archive.begin_keeping()? {
            manifest::run(&mut admin, statement).await?;
        }
        wal::Settings { out: out.to_owned(), system: system.clone(), recipients: texts(&recipients) }
            .write(dir)?;
    }
    // Holds the log back from here on, until this connection is closed.
    sqlx::query("select pg_create_physical_replication_slot($1, true, true)")
        .bind(format!("sesshu_backup_{}", std::process::id()))
        .execute(&mut admin)
        .await?;

    let packing = {
        let (dir, target, archive) = (dir.to_owned(), target.clone(), archive.clone());
        tokio::task::spawn_blocking(move || Packing::begin(dir, &target, &recipients, &archive)).await??
    };
    let moment = moment::find(archive, &name).await?;
    let mut connections = moment.databases;
    let databases = describe(&mut connections).await?;
    moment::close(connections).await?;
    let files = packing.seen.len();
    let known = Known { postgresql, system, point: moment.point, databases };
    let said = known.sentence();
    let bytes = {
        let archive = archive.clone();
        tokio::task::spawn_blocking(move || packing.end(&archive, known)).await??
    };
    admin.close().await?;
    let mb = bytes.div_ceil(1024 * 1024);
    Ok(format!("{} に取りました({mb} MB、ファイル{files}個)。\n{said}", target.display()))
}

async fn describe(connections: &mut [(String, PgConnection)]) -> anyhow::Result<BTreeMap<String, Database>> {
    let mut databases = BTreeMap::new();
    for (db, conn) in connections {
        databases.insert(db.clone(), Database::describe(conn).await?);
    }
    Ok(databases)
}

fn texts(recipients: &[Recipient]) -> Vec<String> {
    recipients.iter().map(ToString::to_string).collect()
}

/// The file to be written: within a folder under the name of the moment, otherwise as named.
fn place(out: &Path, name: &str) -> anyhow::Result<PathBuf> {
    let ends_as_folder = out.as_os_str().as_encoded_bytes().ends_with(b"/");
    if !out.is_dir() && !ends_as_folder {
        return Ok(out.to_owned());
    }
    std::fs::create_dir_all(out).with_context(|| format!("{} を作れません", out.display()))?;
    Ok(out.join(format!("{name}.tar.gz.age")))
}

/// What the manifest says beside the files.
struct Known {
    postgresql: String,
    system: String,
    point: Point,
    databases: BTreeMap<String, Database>,
}

impl Known {
    fn sentence(&self) -> String {
        let tables: usize = self.databases.values().map(|db| db.tables.len()).sum();
        let rows: u64 =
            self.databases.values().flat_map(|db| db.tables.values()).map(|table| table.rows).sum();
        format!(
            "{} の状態です。データベース{}個、表{tables}、{rows}行。",
            self.point.at,
            self.databases.len()
        )
    }
}

/// The archive while it is written. It mirrors the data folder, so that `age -d FILE | tar xz` is one again.
struct Packing {
    tar: tar::Builder<Outgoing>,
    dir: PathBuf,
    seen: files::Seen,
    kept: BTreeMap<String, files::Kept>,
    /// The last log segment that came with the cluster.
    last: String,
}

const PGDATA: &str = "postgresql-data/pgdata";

impl Packing {
    fn begin(
        dir: PathBuf,
        target: &Path,
        recipients: &[Recipient],
        archive: &Archive,
    ) -> anyhow::Result<Packing> {
        let mut tar = tar::Builder::new(Outgoing::create(target, recipients)?);
        tar.follow_symlinks(false);
        let mut packing =
            Packing { tar, dir, seen: files::Seen::new(), kept: BTreeMap::new(), last: String::new() };
        // Before the cluster, since uploads go when their job has ended; new ones once more behind it.
        packing.add_files()?;
        packing.add_cluster(archive)?;
        Ok(packing)
    }

    /// Files that have not been seen as they are now.
    fn add_files(&mut self) -> anyhow::Result<()> {
        for (path, stamp) in files::list(&self.dir)? {
            if self.seen.get(&path) == Some(&stamp) {
                continue;
            }
            if let Some(kept) = files::add(&mut self.tar, &self.dir, &path, &path)? {
                self.kept.insert(path.to_string_lossy().into_owned(), kept);
            }
            self.seen.insert(path, stamp);
        }
        Ok(())
    }

    fn add_cluster(&mut self, archive: &Archive) -> anyhow::Result<()> {
        let mut child = archive.stream()?;
        let mut said = child.stderr.take().context("stderr is piped")?;
        let words = std::thread::spawn(move || {
            let mut text = String::new();
            said.read_to_string(&mut text).map(|_| text)
        });
        let stream = child.stdout.take().context("stdout is piped")?;
        let copied = self.copy_entries(stream);
        // Where copying failed the stream is closed by now, and the program ends of itself.
        let status = child.wait()?;
        let words = words.join().map_err(|_| anyhow::anyhow!("the reader of stderr panicked"))??;
        copied?;
        anyhow::ensure!(status.success(), "PostgreSQL の複製を作れませんでした。\n{}", words.trim());
        Ok(())
    }

    fn copy_entries(&mut self, stream: impl Read) -> anyhow::Result<()> {
        let mut entries = tar::Archive::new(stream);
        for entry in entries.entries()? {
            let entry = entry?;
            let path = entry.path()?.into_owned();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if path.parent().is_some_and(|parent| parent.ends_with("pg_wal")) && is_segment(name) {
                self.last = self.last.as_str().max(name).to_owned();
            }
            let mut header = entry.header().clone();
            self.tar.append_data(&mut header, Path::new(PGDATA).join(&path), entry)?;
        }
        Ok(())
    }

    fn end(mut self, archive: &Archive, known: Known) -> anyhow::Result<u64> {
        // From the cluster's own end to the mark.
        let upto = &known.point.segment;
        let more: Vec<String> =
            archive.segments()?.into_iter().filter(|name| *name > self.last && name <= upto).collect();
        anyhow::ensure!(self.last >= *upto || more.last() == Some(upto), "log segment {upto} is not there");
        for name in more {
            let path = archive.segment(&name);
            let folder = path.parent().context("a segment lies in a folder")?;
            let inside = Path::new(PGDATA).join("pg_wal").join(&name);
            files::add(&mut self.tar, folder, Path::new(&name), &inside)?
                .with_context(|| format!("log segment {name} has gone"))?;
        }
        self.add_files()?;
        let manifest = Manifest {
            format: manifest::FORMAT.to_owned(),
            sesshu: env!("CARGO_PKG_VERSION").to_owned(),
            postgresql: known.postgresql,
            system: known.system,
            point: known.point,
            databases: known.databases,
            files: self.kept,
        };
        let text = serde_json::to_vec_pretty(&manifest)?;
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o600);
        self.tar.append_data(&mut header, manifest::NAME, text.as_slice())?;
        self.tar.into_inner()?.finish()
    }
}

/// How a backup of this moment is called, without its ending.
pub fn name_at(at: jiff::Timestamp) -> String {
    format!("sesshu-{}", at.strftime("%Y%m%dT%H%M%SZ"))
}
