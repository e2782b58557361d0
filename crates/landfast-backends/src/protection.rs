//! Whether what is kept beside states is encrypted.

use bytes::Bytes;

#[cfg(feature = "encryption")]
use crate::encrypt::{self, Binding, Compression, Keyring, SealError};

/// Whether what is kept beside states (history, journals, what could not be written) is encrypted. Live states never are: terraform
/// must read them.
#[derive(Debug, Clone, Default)]
pub struct Protection {
    mode: Mode,
}

#[derive(Debug, Clone, Default)]
enum Mode {
    #[default]
    Plain,
    /// Everything is sealed; what was kept in plain text before is still read.
    #[cfg(feature = "encryption")]
    Sealed(Keyring),
    /// Everything is sealed, and nothing in plain text is believed.
    #[cfg(feature = "encryption")]
    Enforced(Keyring),
    /// Encryption is demanded, and there is no key.
    EnforcedWithoutKey,
}

/// Encryption is enforced, and there is no key: nothing was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("encryption is enforced and there is no key to encrypt with, so nothing was written")]
pub struct NoKey;

impl Protection {
    /// Nothing is encrypted.
    #[must_use]
    pub fn plain() -> Self {
        Self::default()
    }

    /// What is written is encrypted. What was written in plain text before is still read.
    #[cfg(feature = "encryption")]
    #[must_use]
    pub fn sealed(keyring: Keyring) -> Self {
        Self { mode: Mode::Sealed(keyring) }
    }

    /// What is written is encrypted, and what was written in plain text is refused.
    #[cfg(feature = "encryption")]
    #[must_use]
    pub fn enforced(keyring: Keyring) -> Self {
        Self { mode: if keyring.can_seal() { Mode::Enforced(keyring) } else { Mode::EnforcedWithoutKey } }
    }

    /// Encryption is demanded, and there is no key: every write is refused before it begins.
    #[must_use]
    pub fn enforced_without_key() -> Self {
        Self { mode: Mode::EnforcedWithoutKey }
    }

    /// Whether nothing in plain text may be written or believed.
    #[must_use]
    pub fn is_enforced(&self) -> bool {
        match self.mode {
            Mode::Plain => false,
            #[cfg(feature = "encryption")]
            Mode::Sealed(_) => false,
            #[cfg(feature = "encryption")]
            Mode::Enforced(_) => true,
            Mode::EnforcedWithoutKey => true,
        }
    }

    /// Refuses where something would have to be written that may not be.
    ///
    /// # Errors
    /// When encryption is enforced and there is no key.
    pub fn check(&self) -> Result<(), NoKey> {
        if matches!(self.mode, Mode::EnforcedWithoutKey) { Err(NoKey) } else { Ok(()) }
    }

    /// The keys, where there are any.
    #[cfg(feature = "encryption")]
    #[must_use]
    pub fn keyring(&self) -> Option<&Keyring> {
        match &self.mode {
            Mode::Sealed(keyring) | Mode::Enforced(keyring) => Some(keyring),
            Mode::Plain | Mode::EnforcedWithoutKey => None,
        }
    }

    /// What may be written of a content that is to be kept: itself, or the envelope around it. It is for what no history keeps,
    /// such as the state that could not be written.
    ///
    /// # Errors
    /// When encryption is enforced and there is no key, or a key cannot be used.
    #[cfg(feature = "encryption")]
    pub fn protect(&self, content: &Bytes, binding: &Binding) -> Result<Bytes, SealError> {
        match (&self.mode, self.keyring()) {
            (_, Some(keyring)) => encrypt::seal(content, binding, keyring, Compression::Gzip).map(Into::into),
            (Mode::Plain, _) => Ok(content.clone()),
            _ => Err(SealError::NoKey),
        }
    }

    /// What may be written of a content that is to be kept: itself.
    ///
    /// # Errors
    /// When encryption is enforced, which this build cannot do.
    #[cfg(not(feature = "encryption"))]
    pub fn protect(&self, content: &Bytes) -> Result<Bytes, NoKey> {
        self.check().map(|()| content.clone())
    }
}
