//! `sesshu restore`: unpacked beside, put to the proof, and only then given its name.

use super::{
    files,
    keys::Identities,
    manifest::{self, Database, Manifest},
    sealed::Incoming,
    wal,
};
use anyhow::Context;
use kit::cluster::{self, Admin, Archive, Cluster, ClusterError, Until};
use sqlx::{ConnectOptions, Connection, postgres::PgPoolOptions};
use std::{
    fs::{File, Permissions},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

/// What is asked for.
pub struct Order {
    pub file: PathBuf,
    pub dir: PathBuf,
    pub wal: Option<PathBuf>,
    pub until: Option<jiff::Timestamp>,
}

/// A moment as people type it: with its offset, or as Japanese time.
pub fn instant(text: &str) -> anyhow::Result<jiff::Timestamp> {
    let japan = jiff::tz::Offset::constant(9);
    text.parse::<jiff::Timestamp>()
        .or_else(|_| text.parse::<jiff::civil::DateTime>().and_then(|at| japan.to_timestamp(at)))
        .map_err(|_| {
            anyhow::anyhow!("--until は 2026-11-23T21:30:00 の形(日本時間)で入力してください: {text}")
        })
}

/// Puts the backup back and says what was proved.
///
/// # Errors
/// One sentence; then nothing is left of the attempt.
pub async fn run(order: Order, identities: Identities) -> anyhow::Result<String> {
    let is_free = match std::fs::read_dir(&order.dir) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) => error.kind() == std::io::ErrorKind::NotFound,
    };
    anyhow::ensure!(
        is_free,
        "{} は空ではありません。まだないフォルダーを --dir に指定してください。",
        order.dir.display()
    );
    let draft = draft_of(&order.dir)?;
    std::fs::create_dir(&draft).with_context(|| {
        format!("{} を作れません。前の復元の途中のものなら、削除してからやり直してください", draft.display())
    })?;
    // The server's user must be able to pass, and nobody to look.
    let data = draft.join("postgresql-data");
    std::fs::create_dir(&data)?;
    for folder in [&draft, &data] {
        std::fs::set_permissions(folder, Permissions::from_mode(0o711))?;
    }
    let restored = Restoring { draft: draft.clone(), order: &order }.all(identities).await;
    match restored {
        Ok(said) => {
            std::fs::remove_dir(&order.dir).ok();
            std::fs::rename(&draft, &order.dir).context("戻したフォルダーに名前を付けられません")?;
            if let Some(parent) = order.dir.parent() {
                File::open(parent)?.sync_all()?;
            }
            Ok(format!("{} に戻しました。\n{said}", order.dir.display()))
        }
        Err(error) => {
            std::fs::remove_dir_all(&draft).ok();
            Err(error)
        }
    }
}

fn draft_of(dir: &Path) -> anyhow::Result<PathBuf> {
    let mut name = dir.file_name().context("--dir にフォルダーの名前を指定してください")?.to_owned();
    name.push(".restoring");
    Ok(dir.with_file_name(name))
}

struct Restoring<'a> {
    draft: PathBuf,
    order: &'a Order,
}

impl Restoring<'_> {
    fn data(&self) -> PathBuf {
        self.draft.join("postgresql-data")
    }

    async fn all(&self, identities: Identities) -> anyhow::Result<String> {
        let (file, draft) = (self.order.file.clone(), self.draft.clone());
        let (manifest, identities) = tokio::task::spawn_blocking(move || {
            unpack(&file, &draft, &identities).map(|manifest| (manifest, identities))
        })
        .await??;
        let at: jiff::Timestamp = manifest.point.at.parse()?;
        if let Some(until) = self.order.until {
            anyhow::ensure!(
                until >= at,
                "このバックアップは {} の状態です。それより前に戻すには、もっと古いバックアップを指定してください。",
                kit::clock::in_japan(at).strftime("%Y-%m-%d %H:%M:%S")
            );
        }
        let (source, sent) = self.fetch_log(&manifest, identities).await?;
        let data = self.data();
        blocking({
            let (data, source) = (data.clone(), source.clone());
            move || Cluster::adopt(&data).and_then(|()| Cluster::let_read(&data, &source))
        })
        .await?;

        self.prove_point(&manifest, &source).await?;
        let last = self.replay_rest(&manifest, &source).await?;
        std::fs::remove_dir_all(&source)?;
        std::fs::remove_file(self.draft.join(manifest::NAME))?;
        flush(&self.draft)?;
        Ok(format!(
            "{} の状態まで、すべての表のダイジェスト、操作ログの根、ファイル{}個が一致しました。\n続く変更の記録{sent}個を反映し、{last} までの登録があります。設定と自治体の壁も確かめました。\n新しいバックアップを取ってから使い始めてください。",
            kit::clock::in_japan(at).strftime("%Y-%m-%d %H:%M:%S"),
            manifest.files.len(),
        ))
    }

    /// Opens the segments sent after the backup. Their seals are broken here, since the server knows no age.
    async fn fetch_log(
        &self,
        manifest: &Manifest,
        identities: Identities,
    ) -> anyhow::Result<(PathBuf, usize)> {
        let source = self.data().join("wal-in");
        let beside = self.order.file.parent().unwrap_or(Path::new(".")).to_owned();
        let folder = self.order.wal.clone().unwrap_or_else(|| wal::folder(&beside, &manifest.system));
        let first = manifest.point.segment.clone();
        let has_until = self.order.until.is_some();
        let target = source.clone();
        tokio::task::spawn_blocking(move || {
            std::fs::create_dir(&target)?;
            let sent = wal::sent(&folder, &first)?;
            if let (Some(after), false) = (wal::gap(&first, &sent), has_until) {
                anyhow::bail!(
                    "変更の記録が {after} の後で欠けています。--until で、欠ける前の時刻を指定してください。"
                );
            }
            for one in &sent {
                let mut opened = Incoming::open(&one.path, &identities)?;
                let mut plain = flate2::write::GzEncoder::new(
                    File::create_new(target.join(format!("{}.gz", one.name)))?,
                    flate2::Compression::fast(),
                );
                let copied = std::io::copy(&mut opened, &mut plain).and_then(|_| opened.drain());
                copied.map_err(|error| opened.blame(error.into()))?;
                plain.finish()?;
            }
            Ok((target, sent.len()))
        })
        .await?
    }

    /// Replays to the backup's own point and compares everything with what the backup said.
    async fn prove_point(&self, manifest: &Manifest, source: &Path) -> anyhow::Result<()> {
        let (data, source, name) = (self.data(), source.to_owned(), manifest.point.name.clone());
        let cluster = blocking(move || Cluster::replay(&data, &source, Until::Point(&name))).await?;
        let compared = self.compare(&cluster, manifest).await;
        blocking(move || cluster.stop()).await?;
        compared
    }

    async fn compare(&self, cluster: &Cluster, manifest: &Manifest) -> anyhow::Result<()> {
        let mut admin = cluster.connect_options("postgres", cluster::SUPERUSER).connect().await?;
        // There is a state to read before the point is reached.
        loop {
            let state: String =
                sqlx::query_scalar("select pg_get_wal_replay_pause_state()").fetch_one(&mut admin).await?;
            if state == "paused" {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        let names = manifest::databases(&mut admin).await?;
        admin.close().await?;
        anyhow::ensure!(
            names.iter().eq(manifest.databases.keys()),
            "データベースの数が控えと違います。別のバックアップを指定してください。"
        );
        for (db, expected) in &manifest.databases {
            let mut conn = cluster.connect_options(db, cluster::SUPERUSER).connect().await?;
            manifest::run(&mut conn, manifest::SETTINGS.to_owned()).await?;
            let found = Database::describe(&mut conn).await?;
            conn.close().await?;
            if let Some(difference) = expected.difference(&found) {
                anyhow::bail!(
                    "{db} が控えの記録と合いません({difference})。別のバックアップを指定してください。"
                );
            }
        }
        Ok(())
    }

    /// Replays what came after, then looks at everything that must hold of a system in service.
    async fn replay_rest(&self, manifest: &Manifest, source: &Path) -> anyhow::Result<String> {
        let (data, source, until) = (self.data(), source.to_owned(), self.order.until);
        let started = tokio::task::spawn_blocking(move || match until {
            Some(at) => Cluster::replay(
                &data,
                &source,
                Until::Moment(&at.strftime("%Y-%m-%d %H:%M:%S%.f+00").to_string()),
            ),
            None => Cluster::replay(&data, &source, Until::End),
        })
        .await?;
        let cluster = started.map_err(explain)?;
        let looked = self.look(&cluster, manifest).await;
        blocking(move || cluster.stop()).await?;
        looked
    }

    async fn look(&self, cluster: &Cluster, manifest: &Manifest) -> anyhow::Result<String> {
        let admin = cluster.admin();
        for (db, expected) in &manifest.databases {
            let mut conn = cluster.connect_options(db, cluster::SUPERUSER).connect().await?;
            for (municipality, log) in &expected.logs {
                anyhow::ensure!(
                    manifest::log_goes_on(&mut conn, municipality, log).await?,
                    "自治体 {municipality} の操作ログが、控えの続きになっていません。別のバックアップを指定してください。"
                );
            }
            if db == "sesshu_health" {
                // What two persons had erased after the backup was taken has come back with it.
                health::erasures::case::remove_again(&mut conn, &self.draft.join("files")).await?;
            }
            conn.close().await?;
            if let Some(system) = db.strip_prefix("sesshu_") {
                look_at(&admin, system).await.with_context(|| format!("{db} を使えません"))?;
            }
        }
        let mut conn = cluster.connect_options("postgres", cluster::SUPERUSER).connect().await?;
        // It keeps no log yet: the next backup begins that.
        manifest::run(&mut conn, "alter system reset archive_timeout".to_owned()).await?;
        conn.close().await?;
        let last = last_entry(cluster, manifest).await?;
        let last = last.unwrap_or(manifest.point.at.parse()?);
        Ok(kit::clock::in_japan(last).strftime("%Y-%m-%d %H:%M:%S").to_string())
    }
}

/// Settings, walls and the whole operation log of one system.
async fn look_at(admin: &Admin, system: &str) -> anyhow::Result<()> {
    let roles = cluster::ensure_database(admin, system).await?;
    let pool = PgPoolOptions::new().max_connections(2).connect_with(roles.app).await?;
    cluster::assert_durable(&pool, admin.kind()).await?;
    let owner = PgPoolOptions::new().max_connections(1).connect_with(roles.owner).await?;
    let faults = cluster::schema_rules(&owner).await?;
    owner.close().await;
    anyhow::ensure!(faults.is_empty(), "自治体の壁が欠けています: {}", faults.join("、"));
    for (municipality, name) in kit::db::municipalities(&pool).await? {
        if let Some(place) = kit::audit::first_fault_in(&pool, municipality).await? {
            anyhow::bail!("{name} の操作ログの{place}番目の記録が合いません。");
        }
    }
    pool.close().await;
    Ok(())
}

/// When the newest deed that was put back was done.
async fn last_entry(cluster: &Cluster, manifest: &Manifest) -> anyhow::Result<Option<jiff::Timestamp>> {
    let mut last = None;
    for (db, expected) in &manifest.databases {
        if !expected.tables.contains_key("public.audit_entries") {
            continue;
        }
        let mut conn = cluster.connect_options(db, cluster::SUPERUSER).connect().await?;
        let at: Option<kit::Instant> =
            sqlx::query_scalar("select max(at) from audit_entries").fetch_one(&mut conn).await?;
        last = last.max(at.map(|at| at.0));
        conn.close().await?;
    }
    Ok(last)
}

/// Where the log ends before the moment asked for, the server says so among its last words.
fn explain(error: ClusterError) -> anyhow::Error {
    match &error {
        ClusterError::DoesNotStart { log } if log.contains("before configured recovery target") => {
            let last = log
                .lines()
                .rev()
                .find_map(|line| line.split_once("was at log time "))
                .map_or("", |(_, at)| at);
            anyhow::anyhow!(
                "送られている変更の記録は、--until の時刻に届きません(最後の登録は {last})。--until を省くと、あるだけ全部を戻します。"
            )
        }
        _ => error.into(),
    }
}

fn unpack(file: &Path, draft: &Path, identities: &Identities) -> anyhow::Result<Manifest> {
    let mut opened = Incoming::open(file, identities)?;
    let unpacked = unpack_all(&mut opened, draft).and_then(|()| Ok(opened.drain()?));
    unpacked.map_err(|error| opened.blame(error))?;
    let text = std::fs::read(draft.join(manifest::NAME)).map_err(|_| {
        anyhow::anyhow!(
            "{} にバックアップの目録がありません。sesshu backup が作ったファイルを指定してください。",
            file.display()
        )
    })?;
    let manifest: Manifest = serde_json::from_slice(&text).context("バックアップの目録を読めません")?;
    anyhow::ensure!(
        manifest.format == manifest::FORMAT,
        "このバックアップは別の版の sesshu({})が作りました。その版で戻してください。",
        manifest.sesshu
    );
    anyhow::ensure!(
        Archive::is_in(&draft.join("postgresql-data")),
        "{} にデータベースがありません。別のバックアップを指定してください。",
        file.display()
    );
    for (path, kept) in &manifest.files {
        let found = files::look(&draft.join(path))?;
        anyhow::ensure!(
            found == *kept,
            "ファイル {path} が控えと違います。別のバックアップを指定してください。"
        );
    }
    Ok(manifest)
}

fn unpack_all(opened: &mut Incoming, draft: &Path) -> anyhow::Result<()> {
    let mut entries = tar::Archive::new(opened);
    entries.set_preserve_permissions(true);
    for entry in entries.entries()? {
        let mut entry = entry?;
        let kind = entry.header().entry_type();
        anyhow::ensure!(
            kind.is_file() || kind.is_dir(),
            "バックアップに、ファイルでもフォルダーでもないものがあります。"
        );
        let is_inside = entry
            .unpack_in(draft)
            .with_context(|| format!("{} に書けません。空き容量を確かめてください", draft.display()))?;
        anyhow::ensure!(is_inside, "バックアップに、フォルダーの外を指す名前があります。");
    }
    Ok(())
}

/// Everything on the disk before it gets its name.
fn flush(draft: &Path) -> anyhow::Result<()> {
    let status = std::process::Command::new("sync").arg("--file-system").arg(draft).status();
    anyhow::ensure!(status.is_ok_and(|status| status.success()), "書いたものをディスクに確定できません。");
    Ok(())
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ClusterError> + Send + 'static,
) -> anyhow::Result<T> {
    Ok(tokio::task::spawn_blocking(work).await??)
}
