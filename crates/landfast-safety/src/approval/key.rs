//! Keys of approvers.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use zeroize::Zeroizing;

use super::pem;

/// Size of a key file, at most, in bytes.
const MAX_KEY_FILE: u64 = 4096;

/// The key with which somebody signs his approvals. It is not shown, and wiped from memory when it is dropped.
///
/// Its file is PKCS#8 in PEM, as `openssl genpkey -algorithm ed25519` writes it, not encrypted.
pub struct PrivateKey(SigningKey);

/// Why there is no such private key. No part of the key is in it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// There is no randomness for it.
    #[error("the system gives no randomness")]
    Randomness(#[source] std::io::Error),
    /// The file could not be read.
    #[error("cannot read the key file {}", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file could not be made. Where it is there already, it stays as it is.
    #[error("cannot make the key file {}", .path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Others than the owner may read or write the file.
    #[error("the key file {} has the mode {mode:03o}, and only its owner may read it (600)", .path.display())]
    TooOpen {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file is no key.
    #[error("{file} is no private key: {why}")]
    Malformed {
        /// The file.
        file: String,
        /// What is wrong with it.
        why: &'static str,
    },
}

impl PrivateKey {
    /// A new key, from the randomness of the system.
    ///
    /// # Errors
    /// When the system gives none.
    pub fn generate() -> Result<Self, KeyError> {
        let mut seed = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *seed).map_err(|error| KeyError::Randomness(std::io::Error::other(error)))?;
        Ok(Self(SigningKey::from_bytes(&seed)))
    }

    /// The public key that belongs to it, for configuration.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    /// Reads a key from the text of its file; `file` names it in errors.
    ///
    /// # Errors
    /// When the text is anything else.
    pub fn from_pem(text: &str, file: &str) -> Result<Self, KeyError> {
        let seed = pem::read(text).map_err(|why| KeyError::Malformed { file: file.to_owned(), why })?;
        Ok(Self(SigningKey::from_bytes(&seed)))
    }

    /// Reads a key file of at most 4 KiB.
    ///
    /// # Errors
    /// When it cannot be read, others than its owner may read it (on Unix), or it is no key.
    pub fn read(path: &Path) -> Result<Self, KeyError> {
        let fail = |source| KeyError::Read { path: path.to_owned(), source };
        let malformed = |why| KeyError::Malformed { file: path.display().to_string(), why };
        let file = File::open(path).map_err(fail)?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = file.metadata().map_err(fail)?.permissions().mode() & 0o777;
            if mode & 0o077 != 0 {
                return Err(KeyError::TooOpen { path: path.to_owned(), mode });
            }
        }
        // The room is there from the beginning: growing would leave copies behind.
        let mut text = Zeroizing::new(String::with_capacity(MAX_KEY_FILE as usize + 1));
        file.take(MAX_KEY_FILE + 1).read_to_string(&mut text).map_err(fail)?;
        if text.len() as u64 > MAX_KEY_FILE {
            return Err(malformed("it is larger than 4 KiB"));
        }
        Self::from_pem(&text, &path.display().to_string())
    }

    /// Writes the key to a new file that only its owner may read.
    ///
    /// # Errors
    /// When there is such a file, or it cannot be written; then none is left behind.
    pub fn write_new(&self, path: &Path) -> Result<(), KeyError> {
        let fail = |source| KeyError::Write { path: path.to_owned(), source };
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt;
            options.mode(0o600);
        }
        let mut file = options.open(path).map_err(fail)?;
        let written = file.write_all(pem::write(self.0.as_bytes()).as_bytes()).and_then(|()| file.sync_all());
        if written.is_err() {
            // The first error is the one to tell.
            let _ = std::fs::remove_file(path);
        }
        written.map_err(fail)
    }

    pub(super) fn sign(&self, bytes: &[u8]) -> [u8; 64] {
        self.0.sign(bytes).to_bytes()
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey(of {})", self.public())
    }
}

/// The key with which approvals of somebody are verified, written as `ed25519:` and the 32 bytes in base64.
///
/// ```
/// use landfast_safety::approval::PublicKey;
///
/// let key: PublicKey = "ed25519:Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=".parse()?;
/// assert_eq!(key.to_string(), "ed25519:Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=");
/// # Ok::<(), landfast_safety::approval::PublicKeyError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

/// The text is no public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a public key is written as ed25519: and its 32 bytes in base64, and {why}")]
pub struct PublicKeyError {
    why: &'static str,
}

impl PublicKey {
    pub(super) fn verifies(&self, bytes: &[u8], signature: &[u8; 64]) -> bool {
        // The strict form refuses signatures that some verifiers take and others do not.
        self.0.verify_strict(bytes, &Signature::from_bytes(signature)).is_ok()
    }
}

impl FromStr for PublicKey {
    type Err = PublicKeyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fail = |why| PublicKeyError { why };
        let encoded = text.strip_prefix("ed25519:").ok_or(fail("this does not begin so"))?;
        let bytes = STANDARD.decode(encoded).map_err(|_| fail("this is not base64"))?;
        let bytes: [u8; 32] = bytes.try_into().map_err(|_| fail("these are not 32 bytes"))?;
        let key = VerifyingKey::from_bytes(&bytes).map_err(|_| fail("these are no point of the curve"))?;
        if key.is_weak() {
            return Err(fail("this one verifies what nobody signed"));
        }
        Ok(Self(key))
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ed25519:{}", STANDARD.encode(self.0.as_bytes()))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

impl Serialize for PublicKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PublicKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}
