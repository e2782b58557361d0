//! The key of the content, sealed for one key each.

use aes_gcm::aead::Aead as _;
use aes_gcm::{Aes256Gcm, KeyInit as _, Nonce};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::derive::{Key, WRAP};
use super::header::SealedFor;

/// The key of the content as one of the recipients gets it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum Stanza {
    /// Under what Argon2id makes of a passphrase.
    Passphrase {
        memory_kib: u32,
        passes: u32,
        lanes: u32,
        #[serde(with = "base64_bytes")]
        salt: Vec<u8>,
        #[serde(with = "base64_bytes")]
        sealed: Vec<u8>,
    },
    /// Under a key.
    Key {
        id: String,
        #[serde(with = "base64_bytes")]
        sealed: Vec<u8>,
    },
    /// A whole age file.
    Age {
        #[serde(with = "base64_bytes")]
        sealed: Vec<u8>,
    },
    /// Under a data key that the transit engine made, and can open.
    Transit {
        mount: String,
        name: String,
        wrapped: String,
        #[serde(with = "base64_bytes")]
        sealed: Vec<u8>,
    },
}

impl Stanza {
    pub(super) fn sealed_for(&self) -> SealedFor {
        match self {
            Self::Passphrase { .. } => SealedFor::Passphrase,
            Self::Key { id, .. } => SealedFor::Key { id: id.clone() },
            Self::Age { .. } => SealedFor::Age,
            Self::Transit { mount, name, .. } => SealedFor::Transit { mount: mount.clone(), name: name.clone() },
        }
    }
}

/// Seals the key of the content under another key. The salt is of this envelope alone, so the derived key is used once.
pub(super) fn wrap(content_key: &Key, under: &Key, salt: &[u8]) -> Option<Vec<u8>> {
    let cipher = Aes256Gcm::new_from_slice(under.derive(salt, WRAP).bytes()).ok()?;
    cipher.encrypt(&Nonce::from([0; 12]), content_key.bytes().as_slice()).ok()
}

/// The key of the content; `None` when `under` is another key, or something was changed.
pub(super) fn unwrap(sealed: &[u8], under: &Key, salt: &[u8]) -> Option<Key> {
    let cipher = Aes256Gcm::new_from_slice(under.derive(salt, WRAP).bytes()).ok()?;
    let opened = Zeroizing::new(cipher.decrypt(&Nonce::from([0; 12]), sealed).ok()?);
    Key::of_slice(&opened)
}

/// Bytes as Base64.
pub(super) mod base64_bytes {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde::{Deserialize as _, Deserializer, Serializer, de};

    pub(crate) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(bytes))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        STANDARD.decode(text).map_err(|_| de::Error::custom("no Base64"))
    }
}
