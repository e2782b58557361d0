//! Fingerprints of sensitive values: enough to say that two are equal, too little to find out what they are.

use std::fmt;
use std::str::FromStr;

/// A secret key for fingerprints: 32 random bytes.
///
/// `Debug` shows the key's id only.
#[derive(Clone)]
pub struct FingerprintKey {
    bytes: [u8; 32],
}

impl FingerprintKey {
    /// A key from 32 bytes of a cryptographic random source.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self { bytes }
    }

    /// A name for the key that does not tell it: 16 hexadecimal digits, stored beside each fingerprint.
    #[must_use]
    pub fn id(&self) -> String {
        let hash = blake3::derive_key("landfast 2026-11-21 fingerprint key id", &self.bytes);
        let id: String = hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        id
    }

    /// The keyed hash (BLAKE3 in its keyed mode, a message authentication code) of the canonical form of a value.
    #[must_use]
    pub(crate) fn fingerprint(&self, canonical: &[u8]) -> Fingerprint {
        Fingerprint { key_id: self.id(), hash: blake3::keyed_hash(&self.bytes, canonical).to_hex().to_string() }
    }
}

impl fmt::Debug for FingerprintKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FingerprintKey({})", self.id())
    }
}

/// The keyed hash of one sensitive value, printed as `key id:hash`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint {
    /// Which key it was made with, see [`FingerprintKey::id`].
    pub key_id: String,
    /// 64 hexadecimal digits.
    pub hash: String,
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.key_id, self.hash)
    }
}

/// The text is not a fingerprint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a fingerprint: 16 and 64 hexadecimal digits with a colon between them")]
pub struct FingerprintError;

impl FromStr for Fingerprint {
    type Err = FingerprintError;

    fn from_str(text: &str) -> Result<Self, FingerprintError> {
        let hex = |part: &str, len: usize| part.len() == len && part.bytes().all(|byte| byte.is_ascii_hexdigit());
        match text.split_once(':') {
            Some((id, hash)) if hex(id, 16) && hex(hash, 64) => {
                Ok(Self { key_id: id.to_owned(), hash: hash.to_owned() })
            }
            _ => Err(FingerprintError),
        }
    }
}
