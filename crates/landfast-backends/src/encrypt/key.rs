//! Keys of 32 bytes that users keep.

use std::fmt;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use zeroize::Zeroizing;

use super::KeyError;
use super::derive::{IDENTITY, Key, from_hex, hex};
use crate::open::Environment;

/// A key of 32 bytes, from a file or an environment variable. Wiped when dropped, never shown.
#[derive(Clone)]
pub struct SecretKey {
    key: Key,
    id: String,
}

impl SecretKey {
    /// A new key.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn random() -> Result<Self, KeyError> {
        Ok(Self::of(Key::random()?))
    }

    /// The key in a file: 32 bytes as they are, as 64 hexadecimal digits, or in Base64.
    ///
    /// # Errors
    /// When the file cannot be read or holds no key.
    pub fn from_file(path: &Path) -> Result<Self, KeyError> {
        let unreadable = |source| KeyError::Unreadable { path: path.to_owned(), source };
        let bytes = Zeroizing::new(std::fs::read(path).map_err(unreadable)?);
        Self::from_bytes(&bytes, &path.display().to_string())
    }

    /// The key in an environment variable: 64 hexadecimal digits, or Base64.
    ///
    /// # Errors
    /// When the variable is not set or holds no key.
    pub fn from_variable(environment: &Environment, name: &str) -> Result<Self, KeyError> {
        let text = environment.get(name).ok_or_else(|| KeyError::NotSet { name: name.to_owned() })?;
        Self::from_bytes(text.as_bytes(), name)
    }

    /// The key in these bytes, which `origin` names in errors: 32 bytes as they are, or a text as in [`SecretKey::from_file`].
    ///
    /// # Errors
    /// When they are no key.
    pub fn from_bytes(bytes: &[u8], origin: &str) -> Result<Self, KeyError> {
        let of_text = || {
            let text = std::str::from_utf8(bytes).ok()?.trim();
            let decoded = match text.len() {
                64 => from_hex(text)?,
                44 => Zeroizing::new(STANDARD.decode(text).ok()?),
                43 => Zeroizing::new(STANDARD_NO_PAD.decode(text).ok()?),
                _ => return None,
            };
            Key::of_slice(&decoded)
        };
        let key = Key::of_slice(bytes).or_else(of_text);
        key.map(Self::of).ok_or_else(|| KeyError::NoKey { origin: origin.to_owned() })
    }

    /// What tells keys apart, and says nothing about them.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The key as 64 hexadecimal digits: for the file that keeps it, and nothing else.
    #[must_use]
    pub fn expose_text(&self) -> String {
        hex(self.key.bytes())
    }

    pub(crate) fn of(key: Key) -> Self {
        let identity = key.derive(&[], IDENTITY);
        let id = hex(identity.bytes().get(..8).unwrap_or_default());
        Self { key, id }
    }

    pub(crate) fn key(&self) -> &Key {
        &self.key
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretKey").field("id", &self.id).finish_non_exhaustive()
    }
}
