//! Sealing what is kept beside states: backups, snapshots and history. Never a live state that terraform must read.
//!
//! [`seal`] makes an envelope, [`open`] opens it: two lines to read (the name of the format, and a header in JSON), a checksum of
//! them, and the content in AES-256-GCM. The header says for which keys it was sealed, and what it holds ([`Binding`]); every
//! chunk of the content is authenticated together with all of the header, so that nothing of either can be changed, left out or
//! put in another order. Whoever opens an envelope says what he expects to be in it ([`Expectation`]): a snapshot of another
//! state, or an older one, is refused.
//!
//! A [`Keyring`] holds what envelopes are sealed for and opened with: passphrases (Argon2id), keys of 32 bytes, and with
//! features age recipients and identities and the transit engine of Vault or OpenBao. One key of those in the header is enough
//! to open it.
//!
//! # What it does not do
//! It does not hide how large the content is, nor where the state lies, its workspace, lineage and serial. An envelope for age
//! recipients alone says nothing about who made it: whoever knows the recipients can seal for them. That a whole folder was put
//! back to what it was is not noticed by the envelopes in it.
//!
//! ```
//! use landfast_backends::encrypt::{Binding, Compression, Expectation, Keyring, Passphrase, open, seal};
//!
//! let keys = Keyring::new().with_passphrase(Passphrase::new("correct horse battery staple")?);
//! let binding = Binding::new("snapshot").of_state("s3://bucket/prod.tfstate", "default", "0000-1111", 7);
//! let sealed = seal(b"{}", &binding, &keys, Compression::Gzip)?;
//! assert_eq!(open(&sealed, "prod.sealed", &keys, &Expectation::exactly(&binding))?.plain, "{}");
//!
//! let newer = Binding::new("snapshot").of_state("s3://bucket/prod.tfstate", "default", "0000-1111", 8);
//! let error = open(&sealed, "prod.sealed", &keys, &Expectation::exactly(&newer)).unwrap_err();
//! assert_eq!(error.to_string(), "prod.sealed: it holds the serial 7, and not 8");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#[cfg(feature = "encryption-age")]
mod age_keys;
mod binding;
mod derive;
mod error;
pub(crate) mod gzip;
mod header;
mod key;
mod keyring;
mod passphrase;
mod stanza;
mod stream;
#[cfg(feature = "encryption-vault")]
mod transit;

use bytes::Bytes;
use zeroize::Zeroizing;

#[cfg(feature = "encryption-age")]
pub use age_keys::{AgeIdentities, AgeRecipients};
pub use binding::{Binding, Expectation};
pub use error::{KeyError, OpenError, SealError};
pub use gzip::Compression;
pub use header::SealedFor;
pub use key::SecretKey;
pub use keyring::Keyring;
pub use passphrase::{KdfCost, Passphrase};
#[cfg(feature = "encryption-vault")]
pub use transit::{Transit, TransitOptions};

pub(crate) use derive::{Key, keyed_digest, random};
use header::{Header, Split};

/// What an envelope held.
#[derive(Clone)]
#[non_exhaustive]
pub struct Opened {
    /// The content.
    pub plain: Bytes,
    /// What it says it is.
    pub binding: Binding,
}

impl std::fmt::Debug for Opened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Opened").field("plain", &self.plain.len()).field("binding", &self.binding).finish()
    }
}

/// What can be read of an envelope without a key. Nothing of it is certain before it was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Inspected {
    /// What it says it holds.
    pub binding: Binding,
    /// What it was sealed for: any of these opens it.
    pub sealed_for: Vec<SealedFor>,
}

/// Whether these bytes begin as an envelope does.
#[must_use]
pub fn is_sealed(bytes: &[u8]) -> bool {
    bytes.starts_with(header::MAGIC.as_bytes())
}

/// Seals `plain` for all keys of the ring.
///
/// # Errors
/// When the ring holds no key to seal with, when a key cannot be used, or when the system gives no random bytes.
pub fn seal(
    plain: &[u8],
    binding: &Binding,
    keyring: &Keyring,
    compression: Compression,
) -> Result<Vec<u8>, SealError> {
    let (salt, content_key) = (random::<32>()?, Key::random()?);
    let keys = keyring.wrap(&content_key, &salt)?;
    let packed = Zeroizing::new(gzip::pack(plain, compression)?.into_owned());
    let header = Header::new(binding.clone(), compression, salt, keys).to_bytes();
    let chunks = content_key.derive(&salt, derive::CONTENT);
    stream::seal(&packed, &chunks, header)
}

/// Opens an envelope and checks that it holds what is expected. `place` names it in errors.
///
/// # Errors
/// When it is no envelope, when no key of the ring opens it, when anything of it was changed or left out, or when it holds
/// something else than expected.
pub fn open(bytes: &[u8], place: &str, keyring: &Keyring, expected: &Expectation) -> Result<Opened, OpenError> {
    let Split { header, header_bytes, content } = Split::of(bytes, place)?;
    let content_key = keyring.unwrap(&header, place)?;
    let chunks = content_key.derive(&header.salt, derive::CONTENT);
    let packed = Zeroizing::new(
        stream::open(content, &chunks, header_bytes)
            .map_err(|part| OpenError::Damaged { place: place.to_owned(), part })?,
    );
    // Only what the key holder wrote is believed, and unpacked.
    expected.check(&header.binding, place)?;
    let plain = gzip::unpack(&packed, header.compression)
        .map_err(|part| OpenError::Damaged { place: place.to_owned(), part })?;
    Ok(Opened { plain: plain.into(), binding: header.binding })
}

/// Reads the header of an envelope, without a key.
///
/// # Errors
/// When it is no envelope, or its header was damaged.
pub fn inspect(bytes: &[u8], place: &str) -> Result<Inspected, OpenError> {
    let header = Split::of(bytes, place)?.header;
    Ok(Inspected { sealed_for: header.sealed_for(), binding: header.binding })
}
