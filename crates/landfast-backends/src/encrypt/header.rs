//! The readable beginning of an envelope.

use std::fmt;

use landfast_state::BytesDigest;
use serde::{Deserialize, Serialize};

use super::gzip::Compression;
use super::stanza::{Stanza, base64_bytes};
use super::{Binding, OpenError};

/// The first line.
pub(super) const MAGIC: &str = "landfast-sealed/1\n";
/// What the first line of every version begins with.
const ANY_MAGIC: &[u8] = b"landfast-sealed/";
/// The longest header that is read.
const LONGEST: usize = 256 << 10;
/// For how many keys an envelope is sealed at most.
pub(super) const MOST_KEYS: usize = 32;

/// What the second line says.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Header {
    pub(super) binding: Binding,
    pub(super) compression: Compression,
    #[serde(with = "base64_bytes")]
    pub(super) salt: Vec<u8>,
    pub(super) keys: Vec<Stanza>,
}

/// What an envelope was sealed for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SealedFor {
    /// A passphrase.
    Passphrase,
    /// The key with this id.
    Key {
        /// Its id: what [`super::SecretKey::id`] gives.
        id: String,
    },
    /// Age recipients.
    Age,
    /// A key of the transit engine of Vault or OpenBao.
    Transit {
        /// Where the engine is mounted.
        mount: String,
        /// Name of the key.
        name: String,
    },
}

impl fmt::Display for SealedFor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passphrase => f.write_str("a passphrase"),
            Self::Key { id } => write!(f, "the key {id}"),
            Self::Age => f.write_str("age recipients"),
            Self::Transit { mount, name } => write!(f, "the transit key {mount}/{name}"),
        }
    }
}

impl Header {
    pub(super) fn new(binding: Binding, compression: Compression, salt: [u8; 32], keys: Vec<Stanza>) -> Self {
        Self { binding, compression, salt: salt.to_vec(), keys }
    }

    /// The three lines.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = MAGIC.as_bytes().to_vec();
        // Texts and numbers always have a JSON form.
        bytes.extend(serde_json::to_vec(self).unwrap_or_default());
        bytes.push(b'\n');
        let checksum = BytesDigest::of(&bytes);
        bytes.extend_from_slice(format!("{checksum}\n").as_bytes());
        bytes
    }

    pub(super) fn sealed_for(&self) -> Vec<SealedFor> {
        self.keys.iter().map(Stanza::sealed_for).collect()
    }
}

/// An envelope in its parts.
#[derive(Debug)]
pub(super) struct Split<'a> {
    pub(super) header: Header,
    pub(super) header_bytes: &'a [u8],
    pub(super) content: &'a [u8],
}

impl<'a> Split<'a> {
    pub(super) fn of(bytes: &'a [u8], place: &str) -> Result<Self, OpenError> {
        let damaged = |part| OpenError::Damaged { place: place.to_owned(), part };
        let after_magic = match bytes.strip_prefix(MAGIC.as_bytes()) {
            Some(rest) => rest,
            None if bytes.starts_with(ANY_MAGIC) => return Err(OpenError::UnknownVersion { place: place.to_owned() }),
            None => return Err(OpenError::NotSealed { place: place.to_owned() }),
        };
        const CUT: &str = "its header is not whole";
        const CHANGED: &str = "its header is not as it was written";
        let (json, after) = line(after_magic).ok_or_else(|| damaged(CUT))?;
        let (checksum, content) = line(after).ok_or_else(|| damaged(CUT))?;
        let checked = bytes.get(..MAGIC.len() + json.len() + 1).ok_or_else(|| damaged(CUT))?;
        let header_bytes = bytes.get(..bytes.len() - content.len()).ok_or_else(|| damaged(CUT))?;
        if BytesDigest::of(checked).to_string().as_bytes() != checksum {
            return Err(damaged(CHANGED));
        }
        let header: Header =
            serde_json::from_slice(json).map_err(|_| damaged("its header says what this build does not know"))?;
        if header.salt.len() != 32 || header.keys.is_empty() || header.keys.len() > MOST_KEYS {
            return Err(damaged("its header is none that Landfast writes"));
        }
        Ok(Self { header, header_bytes, content })
    }
}

/// The text up to the next line break, and what follows it.
fn line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().take(LONGEST).position(|byte| *byte == b'\n')?;
    Some((bytes.get(..end)?, bytes.get(end + 1..)?))
}
