//! Checkpoints: the root of a log at a size, as a C2SP tlog-checkpoint in a C2SP signed note (Ed25519).

use super::tree::Hash;
use crate::Municipality;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use sha2::{Digest, Sha256};

/// Ed25519 in key ids and verifier keys (C2SP signed-note).
const ALGORITHM: u8 = 1;
/// DER in front of the 32 bytes of an Ed25519 public key (RFC 8410).
const SPKI: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// Names a municipality's log in one system. Also the name of the key that signs it, as C2SP advises.
pub fn origin(system: &str, municipality: Municipality) -> String {
    format!("sesshu/{municipality}/{system}")
}

/// ログの証明: the root of a log at a size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    pub origin: String,
    pub size: u64,
    pub root: Hash,
}

/// Why a note is not a checkpoint that this key has signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    #[error("ログの証明の形式ではありません")]
    Malformed,
    #[error("この鍵の署名がありません")]
    OtherKey,
    #[error("署名が合いません")]
    Forged,
}

impl Checkpoint {
    /// What is signed.
    fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, BASE64.encode(self.root))
    }

    /// The signed note.
    pub fn sign(&self, key: &Key) -> String {
        let text = self.text();
        let mut signature = key.public().id(&self.origin).to_vec();
        signature.extend_from_slice(key.0.sign(text.as_bytes()).as_ref());
        format!("{text}\n— {} {}\n", self.origin, BASE64.encode(signature))
    }

    /// Reads a note that nobody but `key` has signed, and that says nothing else than the checkpoint.
    ///
    /// Stricter than C2SP asks: a note in our files has one signature and no extension lines, so that no byte of it
    /// can change unseen.
    pub fn open(note: &str, key: &PublicKey) -> Result<Checkpoint, NoteError> {
        let checkpoint = Checkpoint::read(note)?;
        let (_, signature) = note.split_once("\n\n").ok_or(NoteError::Malformed)?;
        let signature = signature
            .strip_prefix("— ")
            .and_then(|rest| rest.strip_prefix(&checkpoint.origin)?.strip_prefix(' ')?.strip_suffix('\n'))
            .and_then(|base64| BASE64.decode(base64).ok())
            .ok_or(NoteError::Malformed)?;
        let Some((id, signature)) = signature.split_at_checked(4) else { return Err(NoteError::Malformed) };
        if id != key.id(&checkpoint.origin) {
            return Err(NoteError::OtherKey);
        }
        UnparsedPublicKey::new(&ED25519, key.0)
            .verify(checkpoint.text().as_bytes(), signature)
            .map_err(|_| NoteError::Forged)?;
        Ok(checkpoint)
    }

    /// Reads the text of a note without asking who signed it.
    pub fn read(note: &str) -> Result<Checkpoint, NoteError> {
        let read = || {
            let (text, _) = note.split_once("\n\n")?;
            let mut lines = text.split('\n');
            let (origin, size, root) = (lines.next()?, lines.next()?, lines.next()?);
            let checkpoint = Checkpoint {
                origin: origin.to_owned(),
                size: size.parse().ok()?,
                root: BASE64.decode(root).ok()?.try_into().ok()?,
            };
            // Written again it reads the same: no leading zeros, no further lines.
            (checkpoint.text() == format!("{text}\n") && !origin.is_empty()).then_some(checkpoint)
        };
        read().ok_or(NoteError::Malformed)
    }
}

/// The keeper's key. Only the keeper's process holds one.
pub struct Key(Ed25519KeyPair);

impl Key {
    pub fn generate() -> anyhow::Result<Key> {
        Ok(Key(Ed25519KeyPair::generate().map_err(|_| anyhow::anyhow!("no key could be made"))?))
    }

    /// PKCS #8 in PEM: what `openssl pkey` reads.
    pub fn to_pem(&self) -> anyhow::Result<String> {
        let der = self.0.to_pkcs8v1().map_err(|_| anyhow::anyhow!("the key cannot be written"))?;
        Ok(pem("PRIVATE KEY", der.as_ref()))
    }

    pub fn of_pem(text: &str) -> Option<Key> {
        Ed25519KeyPair::from_pkcs8_maybe_unchecked(&of_pem("PRIVATE KEY", text)?).ok().map(Key)
    }

    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.public_key().as_ref().try_into().expect("an Ed25519 public key has 32 bytes"))
    }
}

/// What others verify the keeper's checkpoints with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicKey(pub [u8; 32]);

impl PublicKey {
    /// The C2SP key id under a key name.
    pub fn id(&self, name: &str) -> [u8; 4] {
        let digest =
            Sha256::new().chain_update(name).chain_update([b'\n', ALGORITHM]).chain_update(self.0).finalize();
        [digest[0], digest[1], digest[2], digest[3]]
    }

    /// The C2SP verifier key of the log with this origin: `name+id+key`.
    pub fn verifier_key(&self, origin: &str) -> String {
        let id: String = self.id(origin).iter().map(|byte| format!("{byte:02x}")).collect();
        let mut bytes = vec![ALGORITHM];
        bytes.extend_from_slice(&self.0);
        format!("{origin}+{id}+{}", BASE64.encode(bytes))
    }

    pub fn to_pem(&self) -> String {
        pem("PUBLIC KEY", &[&SPKI[..], &self.0].concat())
    }

    /// Reads PEM, a verifier key, or the 32 bytes in base64.
    pub fn read(text: &str) -> Option<PublicKey> {
        let text = text.trim();
        if text.starts_with("-----") {
            let der = of_pem("PUBLIC KEY", text)?;
            return Some(PublicKey(der.strip_prefix(&SPKI)?.try_into().ok()?));
        }
        let mut parts = text.splitn(3, '+');
        if let (Some(name), Some(_), Some(key)) = (parts.next(), parts.next(), parts.next())
            && let Some(key) =
                BASE64.decode(key).ok().and_then(|bytes| bytes.strip_prefix(&[ALGORITHM])?.try_into().ok())
        {
            let key = PublicKey(key);
            return (key.verifier_key(name) == text).then_some(key);
        }
        Some(PublicKey(BASE64.decode(text).ok()?.try_into().ok()?))
    }
}

fn pem(label: &str, der: &[u8]) -> String {
    let body = BASE64.encode(der);
    let lines: Vec<&str> =
        body.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).expect("base64 is ASCII")).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

fn of_pem(label: &str, text: &str) -> Option<Vec<u8>> {
    let body = text.trim().strip_prefix(&format!("-----BEGIN {label}-----"))?;
    let body = body.strip_suffix(&format!("-----END {label}-----"))?;
    BASE64.decode(body.split_whitespace().collect::<String>()).ok()
}
