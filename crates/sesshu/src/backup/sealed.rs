//! A file on its way out or in: compressed, sealed, and never under its name before it is whole.

use super::keys::Identities;
use age::{
    Decryptor, Encryptor,
    stream::{StreamReader, StreamWriter},
    x25519,
};
use anyhow::Context;
use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use std::{
    fs::{File, OpenOptions},
    io::{self, BufReader, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

/// Fast enough to keep up with a disk, and what is stored compresses to a tenth.
const LEVEL: Compression = Compression::new(3);

/// A sealed file being written. Dropped before [`finish`](Outgoing::finish), it leaves no name behind.
pub struct Outgoing {
    packed: Option<GzEncoder<StreamWriter<File>>>,
    draft: PathBuf,
    target: PathBuf,
}

impl Outgoing {
    pub fn create(target: &Path, recipients: &[x25519::Recipient]) -> anyhow::Result<Outgoing> {
        let say = || format!("{} を書けません。置き場所と空き容量を確かめてください", target.display());
        anyhow::ensure!(
            !target.exists(),
            "{} はもうあります。別の名前を指定してください。",
            target.display()
        );
        let draft = draft_of(target);
        // What an earlier run that was killed left behind is nobody's.
        std::fs::remove_file(&draft).ok();
        let file =
            OpenOptions::new().write(true).create_new(true).mode(0o440).open(&draft).with_context(say)?;
        let seal = Encryptor::with_recipients(recipients.iter().map(|one| one as &dyn age::Recipient))
            .context("公開鍵で暗号化できません")?;
        // From here on dropping it removes the draft, also where not even the seal's head can be written.
        let mut outgoing = Outgoing { packed: None, draft, target: target.to_owned() };
        outgoing.packed = Some(GzEncoder::new(seal.wrap_output(file).with_context(say)?, LEVEL));
        Ok(outgoing)
    }

    /// Makes it durable, then gives it its name. Returns its size.
    pub fn finish(mut self) -> anyhow::Result<u64> {
        let packed = self.packed.take().context("is made with one")?;
        let finish = || -> io::Result<u64> {
            let file = packed.finish()?.finish()?;
            file.sync_all()?;
            let bytes = file.metadata()?.len();
            std::fs::rename(&self.draft, &self.target)?;
            File::open(self.target.parent().unwrap_or(Path::new(".")))?.sync_all()?;
            Ok(bytes)
        };
        finish().with_context(|| {
            format!("{} を書き終えられません。空き容量を確かめてください", self.target.display())
        })
    }
}

impl Write for Outgoing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.packed {
            Some(packed) => packed.write(bytes),
            None => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Outgoing {
    fn drop(&mut self) {
        // After a rename there is nothing of this name.
        std::fs::remove_file(&self.draft).ok();
    }
}

fn draft_of(target: &Path) -> PathBuf {
    let mut name = target.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    target.with_file_name(name)
}

/// A sealed file being read. Remembers whether what went wrong is the file's fault.
pub struct Incoming {
    unpacked: GzDecoder<Watched>,
    is_broken: Arc<AtomicBool>,
    name: String,
}

struct Watched {
    inner: StreamReader<BufReader<File>>,
    is_broken: Arc<AtomicBool>,
}

impl Read for Watched {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.inner.read(buffer).inspect_err(|_| self.is_broken.store(true, Ordering::Relaxed))
    }
}

impl Incoming {
    pub fn open(path: &Path, identities: &Identities) -> anyhow::Result<Incoming> {
        let name = path.display().to_string();
        let file = File::open(path).with_context(|| format!("{name} を読めません"))?;
        let sealed = Decryptor::new_buffered(BufReader::new(file)).map_err(|_| {
            anyhow::anyhow!("{name} は sesshu backup が作ったファイルではないか、壊れています。別のバックアップを指定してください。")
        })?;
        let inner = sealed.decrypt(identities.iter().map(|one| one.as_ref() as &dyn age::Identity)).map_err(|error| {
            match error {
                age::DecryptError::NoMatchingKeys | age::DecryptError::KeyDecryptionFailed => anyhow::anyhow!(
                    "この鍵では {name} を開けません。バックアップの相手に指定した公開鍵と組になる秘密鍵を --key に指定してください。"
                ),
                _ => anyhow::anyhow!("{}", broken(&name)),
            }
        })?;
        let is_broken = Arc::new(AtomicBool::new(false));
        let unpacked = GzDecoder::new(Watched { inner, is_broken: is_broken.clone() });
        Ok(Incoming { unpacked, is_broken, name })
    }

    /// Reads what is left: only the end of the file proves that nothing was cut off.
    pub fn drain(&mut self) -> io::Result<()> {
        io::copy(self, &mut io::sink())?;
        // The seal goes on behind the last compressed byte.
        io::copy(self.unpacked.get_mut(), &mut io::sink())?;
        Ok(())
    }

    /// Says of an error while unpacking whether the file or this machine is to blame.
    pub fn blame(&self, error: anyhow::Error) -> anyhow::Error {
        if self.is_broken.load(Ordering::Relaxed) { anyhow::anyhow!("{}", broken(&self.name)) } else { error }
    }
}

impl Read for Incoming {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // Bytes that are sealed but not compressed, or cut off within, are the file's fault as well.
        self.unpacked.read(buffer).inspect_err(|_| self.is_broken.store(true, Ordering::Relaxed))
    }
}

fn broken(name: &str) -> String {
    format!(
        "{name} は途中で切れているか、書き換えられています。何も戻していません。別のバックアップを指定してください。"
    )
}
