//! States that OpenTofu encrypted with a passphrase: read, and written back encrypted.
//!
//! OpenTofu puts `{"serial", "lineage", "meta", "encrypted_data", "encryption_version": "v0"}` in the place of a state. `meta`
//! says of each key provider how its key came about; [`open`] and [`seal`] know the provider `pbkdf2` with the method
//! `aes_gcm`, without additional data. What other providers and methods sealed is refused by name, and stays as it is.
//!
//! Whether the format here is OpenTofu's was held against its published source, by test vectors that another implementation
//! made from it; not against its binary.
//!
//! [`OpenTofuEncrypted`] is a store whose encrypted states read as plain ones and are written back encrypted.
//!
//! ```
//! use landfast_backends::encrypt::Passphrase;
//! use landfast_backends::opentofu::{Parameters, is_encrypted, open, seal};
//!
//! let passphrase = Passphrase::new("at least sixteen characters")?;
//! let plain = br#"{"version": 4, "serial": 1, "lineage": "l", "terraform_version": "1.10.0"}"#;
//! let parameters = Parameters::default().with_iterations(200_000);
//! let sealed = seal(plain, &parameters, &passphrase, "prod.tfstate")?;
//! assert!(is_encrypted(&sealed));
//! let opened = open(&sealed, &passphrase, "prod.tfstate")?;
//! assert_eq!(opened.plain, &plain[..]);
//! assert_eq!(opened.parameters, parameters);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod format;
mod store;

use std::collections::HashMap;

use aes_gcm::aead::{Aead as _, Nonce};
use aes_gcm::{Aes256Gcm, KeyInit as _};
use bytes::Bytes;
use sha2::{Sha256, Sha512};

use crate::encrypt::{Key, KeyError, Passphrase, random};
pub use format::{HashFunction, Parameters};
use format::{Inside, Outside};
pub use store::OpenTofuEncrypted;

const NONCE: usize = 12;

/// Why an encrypted state was not opened or sealed. No error holds content or the passphrase.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenTofuError {
    /// It is no state that OpenTofu encrypted.
    #[error("{place}: it is no state that OpenTofu encrypted")]
    NotEncrypted {
        /// The state.
        place: String,
    },
    /// The version of the encryption, the key provider or the method is one that this build does not know.
    #[error("{place}: the encryption uses {what}, which Landfast does not support")]
    Unsupported {
        /// The state.
        place: String,
        /// What it uses.
        what: String,
    },
    /// What it says about its own encryption is none that OpenTofu writes.
    #[error("{place}: {what}")]
    Damaged {
        /// The state.
        place: String,
        /// What is wrong.
        what: &'static str,
    },
    /// It does not open: the format cannot tell a wrong passphrase from a changed content.
    #[error(
        "{place}: it cannot be decrypted: the passphrase is wrong, or it was changed, or was encrypted with additional data"
    )]
    NotOpened {
        /// The state.
        place: String,
    },
    /// What it says in plain and what was encrypted are of different states.
    #[error("{place}: the {member} beside the encrypted state is not the one inside of it: it was tampered with")]
    Swapped {
        /// The state.
        place: String,
        /// Which member.
        member: &'static str,
    },
    /// OpenTofu would not take this passphrase.
    #[error("{place}: the passphrase is shorter than the 16 bytes that OpenTofu demands")]
    ShortPassphrase {
        /// The state.
        place: String,
    },
    /// What is to be sealed is no state.
    #[error("{place}: what is to be encrypted is no state")]
    NoState {
        /// The state.
        place: String,
    },
    /// The system gives no random bytes.
    #[error("the state cannot be encrypted")]
    Key(#[from] KeyError),
}

/// A state that was opened.
#[derive(Clone)]
#[non_exhaustive]
pub struct OpenedState {
    /// The state as OpenTofu would see it.
    pub plain: Bytes,
    /// How it was sealed, to seal it again in the same way.
    pub parameters: Parameters,
}

impl std::fmt::Debug for OpenedState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("OpenedState");
        shown.field("plain", &self.plain.len()).field("parameters", &self.parameters).finish()
    }
}

/// Whether this is a state that OpenTofu encrypted, in whatever way.
#[must_use]
pub fn is_encrypted(bytes: &[u8]) -> bool {
    Outside::is_like(bytes)
}

/// Opens a state that OpenTofu encrypted. `place` names it in errors.
///
/// # Errors
/// When it is none, when it was encrypted in a way that is not supported, or when the passphrase does not open it.
pub fn open(bytes: &[u8], passphrase: &Passphrase, place: &str) -> Result<OpenedState, OpenTofuError> {
    Session::default().open(bytes, passphrase, place)
}

/// Encrypts a state as OpenTofu does, with a new salt and nonce.
///
/// # Errors
/// When it is no state, when the passphrase is too short for OpenTofu, or when the system gives no random bytes.
pub fn seal(
    plain: &[u8],
    parameters: &Parameters,
    passphrase: &Passphrase,
    place: &str,
) -> Result<Vec<u8>, OpenTofuError> {
    Session::default().seal(plain, parameters, passphrase, place)
}

fn random_bytes(length: usize) -> Result<Vec<u8>, KeyError> {
    let mut bytes = Vec::with_capacity(length);
    while bytes.len() < length {
        bytes.extend(random::<32>()?.into_iter().take(length - bytes.len()));
    }
    Ok(bytes)
}

fn derive(parameters: &Parameters, passphrase: &Passphrase, salt: &[u8], place: &str) -> Result<Key, OpenTofuError> {
    let (secret, iterations) = (passphrase.expose(), parameters.iterations);
    let key = Key::filled(|key| {
        match parameters.hash_function {
            HashFunction::Sha256 => pbkdf2::pbkdf2_hmac::<Sha256>(secret, salt, iterations, key),
            HashFunction::Sha512 => pbkdf2::pbkdf2_hmac::<Sha512>(secret, salt, iterations, key),
        }
        true
    });
    key.ok_or_else(|| OpenTofuError::NotOpened { place: place.to_owned() })
}

/// Keys that were derived, by parameters and salt: deriving takes most of the time that opening does, and the same state is
/// opened several times while it is changed. As OpenTofu does, one session seals under one salt, with a new nonce each time.
#[derive(Debug, Default)]
struct Session {
    /// The salts that are ours.
    salts: HashMap<Parameters, Vec<u8>>,
    keys: HashMap<(Parameters, Vec<u8>), Key>,
}

impl Session {
    /// How many keys are remembered.
    const REMEMBERED: usize = 256;

    fn key(
        &mut self,
        of: &Parameters,
        passphrase: &Passphrase,
        salt: &[u8],
        place: &str,
    ) -> Result<Key, OpenTofuError> {
        let name = (of.clone(), salt.to_vec());
        if let Some(key) = self.keys.get(&name) {
            return Ok(key.clone());
        }
        let key = derive(of, passphrase, salt, place)?;
        if self.keys.len() >= Self::REMEMBERED {
            self.keys.clear();
        }
        self.keys.insert(name, key.clone());
        Ok(key)
    }

    fn open(&mut self, bytes: &[u8], passphrase: &Passphrase, place: &str) -> Result<OpenedState, OpenTofuError> {
        let outside = Outside::read(bytes, place)?;
        let (parameters, salt) = outside.parameters(place)?;
        let data = outside.data(place)?;
        let not_opened = || OpenTofuError::NotOpened { place: place.to_owned() };
        let (nonce, sealed) = data.split_at_checked(NONCE).ok_or_else(not_opened)?;
        let nonce: [u8; NONCE] = nonce.try_into().map_err(|_| not_opened())?;
        let key = self.key(&parameters, passphrase, &salt, place)?;
        let cipher = Aes256Gcm::new_from_slice(key.bytes()).map_err(|_| not_opened())?;
        let plain = cipher.decrypt(&Nonce::<Aes256Gcm>::from(nonce), sealed).map_err(|_| not_opened())?;
        outside.check_against(&plain, place)?;
        Ok(OpenedState { plain: plain.into(), parameters })
    }

    fn seal(
        &mut self,
        plain: &[u8],
        parameters: &Parameters,
        passphrase: &Passphrase,
        place: &str,
    ) -> Result<Vec<u8>, OpenTofuError> {
        parameters.check(place)?;
        if passphrase.expose().len() < 16 {
            return Err(OpenTofuError::ShortPassphrase { place: place.to_owned() });
        }
        let no_state = || OpenTofuError::NoState { place: place.to_owned() };
        let inside: Inside = serde_json::from_slice(plain).map_err(|_| no_state())?;
        if inside.terraform_version.as_ref().is_none_or(String::is_empty) {
            // OpenTofu takes what has none for no state.
            return Err(no_state());
        }
        let salt = match self.salts.get(parameters) {
            Some(salt) => salt.clone(),
            None => random_bytes(parameters.salt_length)?,
        };
        self.salts.insert(parameters.clone(), salt.clone());
        let nonce: [u8; NONCE] = random()?;
        let key = self.key(parameters, passphrase, &salt, place)?;
        let cipher = Aes256Gcm::new_from_slice(key.bytes()).map_err(|_| no_state())?;
        let mut data = nonce.to_vec();
        data.extend(cipher.encrypt(&Nonce::<Aes256Gcm>::from(nonce), plain).map_err(|_| no_state())?);
        Ok(Outside::new(&inside, parameters, &salt, &data).to_bytes())
    }
}
