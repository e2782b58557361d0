//! Passphrases, and what Argon2id makes of them.

use std::path::Path;

use argon2::{Algorithm, Argon2, Params, Version};
use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

use super::KeyError;
use super::derive::Key;
use crate::open::Environment;

/// What deriving a key from a passphrase costs who knows the passphrase, and who guesses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct KdfCost {
    /// Memory in KiB. Default: 64 MiB.
    pub memory_kib: u32,
    /// How many times the memory is gone over. Default: 3.
    pub passes: u32,
    /// Lanes. Default: 4.
    pub lanes: u32,
}

impl Default for KdfCost {
    /// The second recommendation of RFC 9106.
    fn default() -> Self {
        Self { memory_kib: 64 << 10, passes: 3, lanes: 4 }
    }
}

impl KdfCost {
    /// The least that is offered, for tests and machines without memory.
    #[must_use]
    pub fn least() -> Self {
        Self { memory_kib: 64, passes: 1, lanes: 1 }
    }

    /// What a header may ask for: a hostile one must exhaust neither memory nor patience.
    pub(super) fn is_bearable(self) -> bool {
        let work = u64::from(self.memory_kib) * u64::from(self.passes);
        self.memory_kib <= 512 << 10 && self.lanes <= 16 && work <= 4 << 20
    }
}

/// A passphrase. Wiped when dropped, never shown.
#[derive(Debug, Clone)]
pub struct Passphrase(SecretString);

impl Passphrase {
    /// A passphrase, exactly as it is.
    ///
    /// # Errors
    /// When it is empty.
    pub fn new(text: &str) -> Result<Self, KeyError> {
        Self::of(text, "the passphrase")
    }

    /// The passphrase in a file, without the line break at its end.
    ///
    /// # Errors
    /// When the file cannot be read, is empty, or no text.
    pub fn from_file(path: &Path) -> Result<Self, KeyError> {
        let unreadable = |source| KeyError::Unreadable { path: path.to_owned(), source };
        let bytes = Zeroizing::new(std::fs::read(path).map_err(unreadable)?);
        let text = std::str::from_utf8(&bytes).unwrap_or_default();
        let text = text.strip_suffix('\n').unwrap_or(text);
        Self::of(text.strip_suffix('\r').unwrap_or(text), &path.display().to_string())
    }

    /// The passphrase in an environment variable.
    ///
    /// # Errors
    /// When it is not set or empty.
    pub fn from_variable(environment: &Environment, name: &str) -> Result<Self, KeyError> {
        let text = environment.get(name).ok_or_else(|| KeyError::NotSet { name: name.to_owned() })?;
        Self::of(text, name)
    }

    fn of(text: &str, origin: &str) -> Result<Self, KeyError> {
        if text.is_empty() {
            return Err(KeyError::NoPassphrase { origin: origin.to_owned() });
        }
        Ok(Self(SecretString::from(text)))
    }

    #[cfg(feature = "opentofu")]
    pub(crate) fn expose(&self) -> &[u8] {
        self.0.expose_secret().as_bytes()
    }

    /// The key that Argon2id makes of it.
    pub(super) fn derive(&self, salt: &[u8], cost: KdfCost) -> Result<Key, KeyError> {
        let KdfCost { memory_kib, passes, lanes } = cost;
        let refused = || KeyError::Cost { memory_kib, passes, lanes };
        let params = Params::new(memory_kib, passes, lanes, Some(32)).map_err(|_| refused())?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let secret = self.0.expose_secret().as_bytes();
        Key::filled(|key| argon2.hash_password_into(secret, salt, key).is_ok()).ok_or_else(refused)
    }
}
