//! Sealing and looking up: AES-256-GCM-SIV (RFC 8452) and HMAC-SHA-256, with keys that are wiped when dropped.

use crate::Municipality;
use aes_gcm_siv::{
    Aes256GcmSiv, KeyInit,
    aead::{Aead, Payload},
};
use domain::individual_number::IndividualNumber;
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use uuid::Uuid;
use zeroize::Zeroizing;

pub(super) const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 12;

/// Secret bytes of one key.
pub(super) type Key = Zeroizing<[u8; KEY_BYTES]>;

/// A sealed thing that does not open: changed, moved to another row, or sealed under another key.
#[derive(Debug, thiserror::Error)]
#[error("what is sealed does not open: it was changed or moved, or belongs to another key")]
pub struct NotOpened;

/// A new key from the system's random source.
pub(super) fn random_key() -> Key {
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    getrandom::fill(&mut *key).expect("the system's random source works");
    key
}

/// Nonce, sealed bytes, tag. A repeated nonce would only tell that two sealed things are equal (SIV).
pub(super) fn seal(key: &Key, bound_to: &[u8], secret: &[u8]) -> Vec<u8> {
    let mut nonce = [0; NONCE_BYTES];
    getrandom::fill(&mut nonce).expect("the system's random source works");
    let cipher = Aes256GcmSiv::new((&**key).into());
    let sealed = cipher
        .encrypt((&nonce).into(), Payload { msg: secret, aad: bound_to })
        .expect("a few bytes are never too long to seal");
    [&nonce[..], &sealed].concat()
}

pub(super) fn open(key: &Key, bound_to: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, NotOpened> {
    let (nonce, sealed) = sealed.split_first_chunk::<NONCE_BYTES>().ok_or(NotOpened)?;
    let cipher = Aes256GcmSiv::new((&**key).into());
    let secret = cipher.decrypt(nonce.into(), Payload { msg: sealed, aad: bound_to });
    secret.map(Zeroizing::new).map_err(|_| NotOpened)
}

/// 鍵暗号化鍵 (KEK): seals data keys. Lies in a file outside the database, or in escrow.
#[doc(alias = "鍵暗号化鍵")]
pub struct KeyEncryptionKey {
    key: Key,
    id: String,
}

impl KeyEncryptionKey {
    pub(super) fn new(key: Key) -> Self {
        let digest = Sha256::new().chain_update(b"sesshu kek id\0").chain_update(*key).finalize();
        let id = digest[..8].iter().map(|byte| format!("{byte:02x}")).collect();
        KeyEncryptionKey { key, id }
    }

    /// The fingerprint by which rows name the key. Not a secret.
    pub fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn secret(&self) -> &Key {
        &self.key
    }

    fn bound_to(&self, municipality: Municipality, version: i32) -> Vec<u8> {
        let mut bytes = b"sesshu vault key 1\0".to_vec();
        bytes.extend(municipality.0.to_be_bytes());
        bytes.extend(version.to_be_bytes());
        bytes.extend(self.id.as_bytes());
        bytes
    }

    /// The data key, as its row keeps it.
    pub(super) fn wrap(&self, data: &DataKey) -> Vec<u8> {
        let pair = Zeroizing::new([*data.seal, *data.index].concat());
        seal(&self.key, &self.bound_to(data.municipality, data.version), &pair)
    }

    pub(super) fn unwrap(
        &self,
        municipality: Municipality,
        version: i32,
        wrapped: &[u8],
    ) -> Result<DataKey, NotOpened> {
        let pair = open(&self.key, &self.bound_to(municipality, version), wrapped)?;
        let (seal, index) = pair.split_at_checked(KEY_BYTES).ok_or(NotOpened)?;
        let mut data = DataKey {
            municipality,
            version,
            seal: Zeroizing::new([0; KEY_BYTES]),
            index: Zeroizing::new([0; KEY_BYTES]),
        };
        if index.len() != KEY_BYTES {
            return Err(NotOpened);
        }
        data.seal.copy_from_slice(seal);
        data.index.copy_from_slice(index);
        Ok(data)
    }
}

/// データ鍵: one municipality's pair of keys of one version, for sealing numbers and for finding them.
#[doc(alias = "データ鍵")]
pub(super) struct DataKey {
    pub municipality: Municipality,
    pub version: i32,
    seal: Key,
    index: Key,
}

impl DataKey {
    pub fn new(municipality: Municipality, version: i32) -> Self {
        DataKey { municipality, version, seal: random_key(), index: random_key() }
    }

    /// To whom a sealed number belongs: in another row it does not open.
    fn bound_to(&self, person: Uuid, version: i32) -> Vec<u8> {
        let mut bytes = b"sesshu vault number 1\0".to_vec();
        bytes.extend(self.municipality.0.to_be_bytes());
        bytes.extend(person.as_bytes());
        bytes.extend(version.to_be_bytes());
        bytes
    }

    #[expect(clippy::disallowed_methods, reason = "the vault seals")]
    pub fn seal(&self, person: Uuid, version: i32, number: &IndividualNumber) -> Vec<u8> {
        seal(&self.seal, &self.bound_to(person, version), number.for_vault())
    }

    pub fn open(&self, person: Uuid, version: i32, sealed: &[u8]) -> Result<IndividualNumber, NotOpened> {
        let digits = open(&self.seal, &self.bound_to(person, version), sealed)?;
        let digits = std::str::from_utf8(&digits).map_err(|_| NotOpened)?;
        IndividualNumber::parse(digits).map_err(|_| NotOpened)
    }

    /// The blind index: equal for equal numbers of one municipality, and nothing without the key.
    #[expect(clippy::disallowed_methods, reason = "the vault looks up")]
    pub fn blind_index(&self, number: &IndividualNumber) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new_from_slice(&*self.index).expect("HMAC takes a key of any length");
        mac.update(number.for_vault());
        mac.finalize().into_bytes().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KITA: Municipality = Municipality(131_172);

    #[test]
    fn a_sealed_number_opens_in_its_own_row_only() {
        let number = IndividualNumber::parse("123456789018").unwrap();
        let key = DataKey::new(KITA, 1);
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let sealed = key.seal(one, 1, &number);
        assert_eq!(sealed.len(), 40);
        assert_eq!(key.blind_index(&key.open(one, 1, &sealed).unwrap()), key.blind_index(&number));
        assert!(key.open(other, 1, &sealed).is_err(), "another person's row");
        assert!(key.open(one, 2, &sealed).is_err(), "another version");
        let mut elsewhere = DataKey::new(Municipality(131_199), 1);
        elsewhere.seal.copy_from_slice(&*key.seal);
        assert!(elsewhere.open(one, 1, &sealed).is_err(), "another municipality");
        for at in 0..sealed.len() {
            let mut bent = sealed.clone();
            bent[at] ^= 1;
            assert!(key.open(one, 1, &bent).is_err(), "byte {at} changed");
        }
        assert!(key.open(one, 1, &sealed[..20]).is_err() && key.open(one, 1, &[]).is_err());
        assert_ne!(sealed, key.seal(one, 1, &number), "each sealing has its own nonce");
    }

    #[test]
    fn a_wrapped_key_opens_with_its_own_kek_for_its_own_municipality_and_version() {
        let (kek, stranger) = (KeyEncryptionKey::new(random_key()), KeyEncryptionKey::new(random_key()));
        let data = DataKey::new(KITA, 3);
        let wrapped = kek.wrap(&data);
        let back = kek.unwrap(KITA, 3, &wrapped).unwrap();
        assert_eq!((&*back.seal, &*back.index), (&*data.seal, &*data.index));
        assert!(stranger.unwrap(KITA, 3, &wrapped).is_err());
        assert!(kek.unwrap(Municipality(131_199), 3, &wrapped).is_err());
        assert!(kek.unwrap(KITA, 2, &wrapped).is_err());
        assert_ne!(kek.id(), stranger.id());
    }

    #[test]
    fn the_blind_index_of_another_municipality_says_nothing() {
        let number = IndividualNumber::parse("123456789018").unwrap();
        let (kita, itabashi) = (DataKey::new(KITA, 1), DataKey::new(Municipality(131_199), 1));
        assert_ne!(kita.blind_index(&number), itabashi.blind_index(&number));
    }
}
