//! Digests of bytes as they are, for what has to be the same byte for byte.

use std::fmt;

/// BLAKE3 digest of bytes, 256 bits: equal digests mean equal bytes.
///
/// It is not keyed: use it for what is written whole to the same place as the digest, such as a state, and
/// [`crate::Fingerprint`] for single values that could be guessed.
///
/// ```
/// use landfast_state::BytesDigest;
///
/// let digest = BytesDigest::of(b"state");
/// assert_eq!(digest, BytesDigest::from_hex(&digest.to_string()).unwrap());
/// assert_ne!(digest, BytesDigest::of(b"another"));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BytesDigest([u8; 32]);

impl BytesDigest {
    /// The digest of `bytes`.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(*blake3::hash(bytes).as_bytes())
    }

    /// Reads the 64 hexadecimal digits that [`fmt::Display`] writes; `None` for anything else.
    #[must_use]
    pub fn from_hex(hex: &str) -> Option<Self> {
        blake3::Hash::from_hex(hex).ok().map(|hash| Self(*hash.as_bytes()))
    }

    /// Its 32 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Makes a [`BytesDigest`] of bytes that come in parts.
///
/// ```
/// use landfast_state::{BytesDigest, BytesHasher};
///
/// let mut hasher = BytesHasher::default();
/// hasher.update(b"st");
/// hasher.update(b"ate");
/// assert_eq!(hasher.finish(), BytesDigest::of(b"state"));
/// ```
#[derive(Debug, Clone, Default)]
pub struct BytesHasher(blake3::Hasher);

impl BytesHasher {
    /// Adds the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest of all that was added.
    #[must_use]
    pub fn finish(&self) -> BytesDigest {
        BytesDigest(*self.0.finalize().as_bytes())
    }
}

impl fmt::Display for BytesDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&blake3::Hash::from_bytes(self.0).to_hex())
    }
}

impl fmt::Debug for BytesDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BytesDigest({self})")
    }
}
