//! Keys, what is derived from them, and random bytes.

use std::fmt;

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit as _, Mac as _};
use landfast_state::BytesDigest;
use sha2::Sha256;
use zeroize::{Zeroize as _, ZeroizeOnDrop, Zeroizing};

use super::KeyError;

/// What keys are derived for. One key is never used for two things.
pub(super) const CONTENT: &[u8] = b"landfast sealed/1 content";
pub(super) const WRAP: &[u8] = b"landfast sealed/1 wrap";
pub(super) const IDENTITY: &[u8] = b"landfast sealed/1 identity";

/// 256 bits that nobody else knows. Wiped when dropped, never shown.
#[derive(Clone, ZeroizeOnDrop)]
pub(crate) struct Key([u8; 32]);

impl Key {
    pub(crate) fn random() -> Result<Self, KeyError> {
        random().map(Self)
    }

    pub(crate) fn of_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    pub(crate) fn filled(fill: impl FnOnce(&mut [u8; 32]) -> bool) -> Option<Self> {
        let mut key = Self([0; 32]);
        fill(&mut key.0).then_some(key)
    }

    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Another key, for one purpose and one salt.
    pub(crate) fn derive(&self, salt: &[u8], purpose: &[u8]) -> Self {
        let mut derived = Self([0; 32]);
        // 32 bytes are never too many for HKDF.
        if Hkdf::<Sha256>::new(Some(salt), &self.0).expand(purpose, &mut derived.0).is_err() {
            derived.0.zeroize();
        }
        derived
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

/// HMAC-SHA256 of `content`: who has not the key cannot tell which content it is of.
pub(crate) fn keyed_digest(key: &Key, content: &[u8]) -> Option<BytesDigest> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.bytes()).ok()?;
    mac.update(content);
    BytesDigest::from_hex(&hex(&mac.finalize().into_bytes()))
}

/// Random bytes of the system.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], KeyError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| KeyError::NoRandomness)?;
    Ok(bytes)
}

/// Lowercase hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Bytes of hexadecimal digits; `None` when they are none.
pub(super) fn from_hex(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let digits: Vec<u32> = text.chars().map(|digit| digit.to_digit(16)).collect::<Option<_>>()?;
    let pairs = digits.chunks_exact(2);
    if !pairs.remainder().is_empty() {
        return None;
    }
    pairs
        .map(|pair| u8::try_from(pair.iter().fold(0, |byte, digit| byte << 4 | digit)).ok())
        .collect::<Option<Vec<u8>>>()
        .map(Zeroizing::new)
}
