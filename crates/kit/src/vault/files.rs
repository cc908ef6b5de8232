//! Key files: `kek-0001.key`, `kek-0002.key`, … in a folder that only the server's user may read.
//!
//! A file is one line, `sesshu-kek-1 <64 hexadecimal digits> <8 digits of check>`, so that it can be printed, put in a
//! safe and typed in again. The file with the highest number seals new keys; the others open what they sealed.
//! There are key files only: no HSM and no PKCS#11 (docs/adr/0016).

use super::keys::{KEY_BYTES, Key, KeyEncryptionKey, random_key};
use sha2::{Digest, Sha256};
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use zeroize::Zeroizing;

const MARK: &str = "sesshu-kek-1";
/// A key file is 87 bytes; whatever is larger is none.
const FILE_BYTES_MAX: u64 = 200;

/// Why keys cannot be used. `Display` is the sentence for whoever runs the server.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    #[error("鍵ファイルが {} にありません。保管してある鍵ファイルを戻してください。", dir.display())]
    None { dir: PathBuf },
    #[error(
        "鍵ファイル {} をほかの利用者が読めます。chmod 600 を実行し、読まれたおそれがあれば鍵を更新してください。",
        path.display()
    )]
    ReadableByOthers { path: PathBuf },
    #[error("鍵ファイル {} の所有者が違います。サーバーを動かす利用者のものにしてください。", path.display())]
    OtherOwner { path: PathBuf },
    #[error("鍵ファイル {} の内容が鍵の形ではありません。写し間違いがないか確かめてください。", path.display())]
    NotAKey { path: PathBuf },
    #[error("鍵 {id} の鍵ファイルがありません。保管してある鍵ファイルを {} に戻してください。", dir.display())]
    Missing { id: String, dir: PathBuf },
    #[error("鍵ファイル {} を扱えません: {source}", path.display())]
    Io { path: PathBuf, source: std::io::Error },
}

impl KeyFileError {
    fn io(path: &Path) -> impl FnOnce(std::io::Error) -> KeyFileError {
        let path = path.to_owned();
        move |source| KeyFileError::Io { path, source }
    }
}

/// 鍵束: the key files of one installation. Cheap to clone; clones see each other's newly read files.
#[derive(Clone)]
#[doc(alias = "鍵束")]
pub struct KeyRing {
    dir: Arc<Path>,
    held: Arc<RwLock<Vec<Arc<KeyEncryptionKey>>>>,
}

impl KeyRing {
    /// Reads the key files in `dir`.
    ///
    /// # Errors
    /// When there is none, or one is readable by others, belongs to someone else, or is no key.
    pub fn open(dir: &Path) -> Result<KeyRing, KeyFileError> {
        let ring = KeyRing { dir: dir.into(), held: Arc::default() };
        ring.read()?;
        Ok(ring)
    }

    /// [`open`](Self::open); where no key was ever made, makes the first.
    pub fn open_or_create(dir: &Path) -> Result<KeyRing, KeyFileError> {
        DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(KeyFileError::io(dir))?;
        if numbered(dir)?.is_empty() {
            create(&dir.join(file_name(1)))?;
        }
        KeyRing::open(dir)
    }

    /// The key that seals new keys, from the folder as it is now. Rare, so the folder is read each time.
    pub(super) fn newest(&self) -> Result<Arc<KeyEncryptionKey>, KeyFileError> {
        self.read()
    }

    /// The key that a row names; the folder is read again when it is not known yet.
    pub(super) fn find(&self, id: &str) -> Result<Arc<KeyEncryptionKey>, KeyFileError> {
        let known = |held: &[Arc<KeyEncryptionKey>]| held.iter().find(|kek| kek.id() == id).cloned();
        if let Some(kek) = known(&self.held.read().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(kek);
        }
        self.read()?;
        known(&self.held.read().unwrap_or_else(PoisonError::into_inner))
            .ok_or_else(|| KeyFileError::Missing { id: id.to_owned(), dir: self.dir.to_path_buf() })
    }

    /// Takes a copy of a key file that lies elsewhere; from now on it seals new keys.
    pub fn install(&self, from: &Path) -> Result<PathBuf, KeyFileError> {
        let kek = read_file(from)?;
        let files = numbered(&self.dir)?;
        for (_, path) in &files {
            if read_file(path)?.id() == kek.id() {
                return Ok(path.clone());
            }
        }
        let number = files.last().map_or(1, |(number, _)| number + 1);
        let path = self.dir.join(file_name(number));
        write(&path, kek.secret())?;
        self.read()?;
        Ok(path)
    }

    /// The files of the folder with the fingerprints of their keys, oldest first.
    pub fn files(&self) -> Result<Vec<(PathBuf, String)>, KeyFileError> {
        numbered(&self.dir)?
            .into_iter()
            .map(|(_, path)| read_file(&path).map(|kek| (path, kek.id().to_owned())))
            .collect()
    }

    /// Reads all files; gives the newest.
    fn read(&self) -> Result<Arc<KeyEncryptionKey>, KeyFileError> {
        let files = numbered(&self.dir)?;
        let keks: Vec<_> =
            files.iter().map(|(_, path)| read_file(path).map(Arc::new)).collect::<Result<_, _>>()?;
        let newest =
            keks.last().cloned().ok_or_else(|| KeyFileError::None { dir: self.dir.to_path_buf() })?;
        *self.held.write().unwrap_or_else(PoisonError::into_inner) = keks;
        Ok(newest)
    }
}

fn file_name(number: u32) -> String {
    format!("kek-{number:04}.key")
}

/// The key files of a folder in the order of their numbers.
fn numbered(dir: &Path) -> Result<Vec<(u32, PathBuf)>, KeyFileError> {
    let entries = match std::fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(KeyFileError::io(dir)(error)),
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(KeyFileError::io(dir))?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let number = name.strip_prefix("kek-").and_then(|rest| rest.strip_suffix(".key"));
        if let Some(number) = number.and_then(|digits| digits.parse().ok()) {
            files.push((number, path));
        }
    }
    files.sort();
    Ok(files)
}

/// Makes a new key file, readable by its owner only. Never over an existing file.
pub fn create(path: &Path) -> Result<(), KeyFileError> {
    write(path, &random_key())
}

fn write(path: &Path, key: &Key) -> Result<(), KeyFileError> {
    let hex = Zeroizing::new(key.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    let line = Zeroizing::new(format!("{MARK} {} {}\n", hex.as_str(), check(&hex)));
    let written =
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).and_then(|mut file| {
            file.write_all(line.as_bytes())?;
            file.sync_all()?;
            // A key whose name is lost in a power cut would take all numbers with it.
            path.parent().map_or(Ok(()), |dir| File::open(dir)?.sync_all())
        });
    written.map_err(KeyFileError::io(path))
}

fn read_file(path: &Path) -> Result<KeyEncryptionKey, KeyFileError> {
    let not_a_key = || KeyFileError::NotAKey { path: path.to_owned() };
    let file = File::open(path).map_err(KeyFileError::io(path))?;
    // Asked of the open file, so that it cannot be exchanged in between.
    let about = file.metadata().map_err(KeyFileError::io(path))?;
    if about.mode() & 0o077 != 0 {
        return Err(KeyFileError::ReadableByOthers { path: path.to_owned() });
    }
    let me = std::fs::metadata("/proc/self").map_err(KeyFileError::io(path))?.uid();
    if about.uid() != me && about.uid() != 0 {
        return Err(KeyFileError::OtherOwner { path: path.to_owned() });
    }
    // With its room from the start: a text that grows leaves copies behind.
    let mut text = Zeroizing::new(String::with_capacity(FILE_BYTES_MAX as usize));
    file.take(FILE_BYTES_MAX).read_to_string(&mut text).map_err(|_| not_a_key())?;
    let mut words = text.split_whitespace();
    let (Some(MARK), Some(hex), Some(sum), None) = (words.next(), words.next(), words.next(), words.next())
    else {
        return Err(not_a_key());
    };
    if sum != check(hex) || hex.len() != 2 * KEY_BYTES || !hex.is_ascii() {
        return Err(not_a_key());
    }
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    for (at, byte) in key.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).map_err(|_| not_a_key())?;
    }
    Ok(KeyEncryptionKey::new(key))
}

/// Eight digits that show a slip in copying.
fn check(hex: &str) -> String {
    let digest = Sha256::new().chain_update(b"sesshu kek check\0").chain_update(hex).finalize();
    digest[..4].iter().map(|byte| format!("{byte:02x}")).collect()
}
