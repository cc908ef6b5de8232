//! What the keeper has on disk: its key, and of each log what it last signed with the tiles under it.

use super::super::note::{Checkpoint, Key, PublicKey};
use super::super::places::TILE_LEAVES;
use super::super::tree::Hash;
use anyhow::{Context, ensure};
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// What the keeper believes of one log.
#[derive(Clone, Default)]
pub(super) struct Trusted {
    pub checkpoint: Option<Checkpoint>,
    /// The roots of the full tiles under the checkpoint.
    pub tiles: Vec<Hash>,
}

impl Trusted {
    pub fn size(&self) -> u64 {
        self.checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.size)
    }

    pub fn root(&self) -> Option<Hash> {
        self.checkpoint.as_ref().map(|checkpoint| checkpoint.root)
    }
}

/// The keeper's folder.
#[derive(Clone, Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// Opens the folder, and makes it where it is not there.
    pub fn open(dir: &Path) -> anyhow::Result<Folder> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o755)
            .create(dir)
            .with_context(|| format!("{} を作れません", dir.display()))?;
        Ok(Folder(dir.to_owned()))
    }

    fn file(&self, origin: &str, ending: &str) -> PathBuf {
        self.0.join(format!("{}.{ending}", origin.replace('/', "-")))
    }

    /// What was last signed for this log. A checkpoint that is there and not ours stops the keeper: it must never
    /// begin anew because its memory was taken away.
    pub(super) fn recall(&self, origin: &str, key: &PublicKey) -> anyhow::Result<Trusted> {
        let path = self.file(origin, "checkpoint");
        let note = match std::fs::read_to_string(&path) {
            Ok(note) => note,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Trusted::default()),
            Err(error) => return Err(error).with_context(|| format!("{} を読めません", path.display())),
        };
        let checkpoint = Checkpoint::open(&note, key).with_context(|| {
            format!("{} が書き換えられています。情報セキュリティ担当に連絡してください", path.display())
        })?;
        ensure!(checkpoint.origin == origin, "{} は別のログの証明です。", path.display());
        let full = checkpoint.size as usize / TILE_LEAVES as usize;
        // Tiles can be read again from the log: where they are short or gone, they are.
        let bytes = std::fs::read(self.file(origin, "tiles")).unwrap_or_default();
        let tiles: Vec<Hash> = bytes.as_chunks::<32>().0.iter().take(full).copied().collect();
        Ok(Trusted { checkpoint: Some(checkpoint), tiles })
    }

    /// Keeps what has been signed, on disk before it returns.
    pub(super) fn remember(&self, origin: &str, note: &str, tiles: &[Hash]) -> anyhow::Result<()> {
        let known = std::fs::read(self.file(origin, "tiles")).unwrap_or_default();
        if known != tiles.as_flattened() {
            self.replace(&self.file(origin, "tiles"), tiles.as_flattened())?;
        }
        self.replace(&self.file(origin, "checkpoint"), note.as_bytes())
    }

    fn replace(&self, path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
        let fresh = path.with_added_extension("new");
        let write = || {
            let mut file = File::create(&fresh)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            std::fs::rename(&fresh, path)?;
            File::open(&self.0)?.sync_all()
        };
        write().with_context(|| format!("{} に書き込めません", path.display()))
    }
}

/// The keeper's key, made at its first start. The public half is laid beside it for whoever wants to verify.
pub fn load_or_make_key(folder: &Folder) -> anyhow::Result<Key> {
    let path = folder.0.join("keeper.key");
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let signed = std::fs::read_dir(&folder.0)?
                .flatten()
                .any(|file| file.path().extension().is_some_and(|ending| ending == "checkpoint"));
            ensure!(
                !signed,
                "{} がありません。署名した記録が残っているため、新しい鍵は作りません。",
                path.display()
            );
            let text = Key::generate()?.to_pem()?;
            let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            text
        }
        Err(error) => return Err(error).with_context(|| format!("{} を読めません", path.display())),
    };
    let mode = std::fs::metadata(&path)?.mode();
    ensure!(mode & 0o077 == 0, "{} を他の利用者が読めます。chmod 600 を実行してください。", path.display());
    let key = Key::of_pem(&text).with_context(|| format!("{} は鍵ではありません", path.display()))?;
    folder.replace(&folder.0.join("keeper.pub"), key.public().to_pem().as_bytes())?;
    Ok(key)
}
