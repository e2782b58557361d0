//! What a backup holds.

use std::time::SystemTime;

use jiff::Timestamp;
use landfast_state::{BytesDigest, StateFile};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::encrypt::Binding;
use crate::key::StateKey;

/// The version of the format.
const VERSION: u32 = 1;

/// What a backup holds, and what it should hold and does not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Manifest {
    /// When it was made, by the clock of who made it.
    pub at: String,
    /// Who made it.
    pub who: String,
    /// The states that it holds, in the order of their places.
    pub entries: Vec<BackupEntry>,
    /// The states that it does not hold, though it was asked to: it is incomplete.
    pub gaps: Vec<BackupGap>,
}

/// How a state lies in its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Storage {
    /// As it is.
    Plain,
    /// Under gzip.
    Gzip,
    /// In an envelope.
    Sealed,
}

/// A state of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct BackupEntry {
    /// Where it lay, without credentials.
    pub place: String,
    /// Its key.
    pub key: String,
    /// Its workspace.
    pub workspace: String,
    /// Its lineage.
    pub lineage: String,
    /// Its serial.
    pub serial: u64,
    /// Digest of the state.
    #[serde(with = "digest_text")]
    pub digest: BytesDigest,
    /// Its size in bytes.
    pub size: u64,
    /// How it lies in its file.
    pub storage: Storage,
    /// The file, in the folder of the backup.
    pub file: String,
}

/// A state that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct BackupGap {
    /// Where it lies, without credentials.
    pub place: String,
    /// Its key.
    pub key: String,
    /// Its workspace.
    pub workspace: String,
    /// Why it could not be read.
    pub reason: String,
}

impl BackupGap {
    pub(super) fn new(place: String, key: StateKey, reason: &str) -> Self {
        Self { place, key: key.key, workspace: key.workspace, reason: reason.to_owned() }
    }
}

impl BackupEntry {
    pub(super) fn new(
        number: usize,
        place: String,
        key: StateKey,
        state: &StateFile,
        bytes: &[u8],
        storage: Storage,
    ) -> Self {
        let extension = match storage {
            Storage::Plain => "tfstate",
            Storage::Gzip => "tfstate.gz",
            Storage::Sealed => "sealed",
        };
        Self {
            place,
            key: key.key,
            workspace: key.workspace,
            lineage: state.lineage().to_owned(),
            serial: state.serial(),
            digest: BytesDigest::of(bytes),
            size: bytes.len() as u64,
            storage,
            file: format!("{:04}.{extension}", number + 1),
        }
    }

    /// Which state of a store it was.
    #[must_use]
    pub fn state_key(&self) -> StateKey {
        StateKey::new(&self.key).in_workspace(&self.workspace)
    }

    /// What its envelope says it is.
    pub(super) fn binding(&self) -> Binding {
        Binding::new("backup").of_state(&self.place, &self.workspace, &self.lineage, self.serial)
    }

    /// Whether the file is one that a backup has: a name, and no path.
    fn has_plain_name(&self) -> bool {
        !self.file.starts_with('.') && self.file.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.')
    }
}

/// The file: the manifest as it is written, and its digest.
#[derive(Serialize, Deserialize)]
struct File<'a> {
    format_version: u32,
    digest: String,
    #[serde(borrow)]
    manifest: &'a RawValue,
}

impl Manifest {
    pub(super) fn new(who: &str, now: SystemTime) -> Self {
        let at = Timestamp::try_from(now).map(|at| at.to_string()).unwrap_or_default();
        Self { at, who: who.to_owned(), entries: Vec::new(), gaps: Vec::new() }
    }

    /// When it was made; `None` when the manifest does not say it legibly.
    #[must_use]
    pub fn made_at(&self) -> Option<SystemTime> {
        self.at.parse::<Timestamp>().ok().map(SystemTime::from)
    }

    pub(super) fn sort(&mut self) {
        self.entries.sort_by(|a, b| (&a.place, &a.workspace).cmp(&(&b.place, &b.workspace)));
        self.gaps.sort_by(|a, b| (&a.place, &a.workspace).cmp(&(&b.place, &b.workspace)));
    }

    pub(super) fn to_bytes(&self) -> Option<Vec<u8>> {
        let text = serde_json::to_string_pretty(self).ok()?;
        let digest = BytesDigest::of(text.as_bytes()).to_string();
        let manifest = RawValue::from_string(text).ok()?;
        let mut bytes = serde_json::to_vec(&File { format_version: VERSION, digest, manifest: &manifest }).ok()?;
        bytes.push(b'\n');
        Some(bytes)
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self, &'static str> {
        let file: File<'_> = serde_json::from_slice(bytes).map_err(|_| "the manifest is not whole")?;
        if file.format_version != VERSION {
            return Err("the manifest has another version than this build reads");
        }
        let text = file.manifest.get();
        if BytesDigest::of(text.as_bytes()).to_string() != file.digest {
            return Err("the manifest was changed after it was written");
        }
        let manifest: Self = serde_json::from_str(text).map_err(|_| "the manifest is none of a backup")?;
        if !manifest.entries.iter().all(BackupEntry::has_plain_name) {
            return Err("the manifest names a file outside of the backup");
        }
        Ok(manifest)
    }
}

/// Digests as hexadecimal digits.
mod digest_text {
    use landfast_state::BytesDigest;
    use serde::{Deserialize as _, Deserializer, Serializer, de};

    pub(super) fn serialize<S: Serializer>(digest: &BytesDigest, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(digest)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BytesDigest, D::Error> {
        let text = String::deserialize(deserializer)?;
        BytesDigest::from_hex(&text).ok_or_else(|| de::Error::custom("no digest"))
    }
}
