//! Small secrets of a system, sealed with its key files: the name of the key, then nonce, sealed bytes and tag.

use super::{
    files::{KeyFileError, KeyRing},
    keys::{self, NotOpened},
};
use zeroize::Zeroizing;

/// The fingerprint of a key in hexadecimal.
const ID_BYTES: usize = 16;

/// Why a small secret does not open.
#[derive(Debug, thiserror::Error)]
pub enum UnsealError {
    #[error(transparent)]
    Key(#[from] KeyFileError),
    #[error(transparent)]
    NotOpened(#[from] NotOpened),
}

impl KeyRing {
    /// Seals a secret with the newest key. It opens only with the same `bound_to`, which says whose it is.
    pub fn seal(&self, bound_to: &[u8], secret: &[u8]) -> Result<Vec<u8>, KeyFileError> {
        let kek = self.newest()?;
        Ok([kek.id().as_bytes(), &keys::seal(kek.secret(), bound_to, secret)].concat())
    }

    pub fn unseal(&self, bound_to: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, UnsealError> {
        let (id, sealed) = sealed.split_at_checked(ID_BYTES).ok_or(NotOpened)?;
        let kek = self.find(std::str::from_utf8(id).map_err(|_| NotOpened)?)?;
        Ok(keys::open(kek.secret(), bound_to, sealed)?)
    }
}
