//! The files of a backup.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use landfast_durable::ReplaceOptions;
use landfast_state::{BytesDigest, Limits, StateFile};

use super::BackupError;
use super::manifest::{BackupEntry, Manifest, Storage};
use crate::encrypt::{self, Binding, Compression, Expectation, gzip};
use crate::protection::Protection;

const PLAIN: &str = "manifest.json";
const SEALED: &str = "manifest.sealed";
/// What the envelope of the manifest says it is.
const KIND: &str = "backup-manifest";

/// The folder of a backup.
#[derive(Debug, Clone)]
pub(super) struct Folder {
    path: PathBuf,
    protection: Protection,
}

impl Folder {
    pub(super) fn new(path: &Path, protection: Protection) -> Self {
        Self { path: path.to_owned(), protection }
    }

    /// Makes the folder, or finds it empty. Nobody else can look into it.
    pub(super) fn make(&self) -> Result<(), BackupError> {
        use std::os::unix::fs::DirBuilderExt as _;
        let io = |what| move |source| BackupError::Io { path: self.path.clone(), what, source };
        let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.path);
        made.map_err(io("the folder cannot be made"))?;
        let mut entries = std::fs::read_dir(&self.path).map_err(io("the folder cannot be read"))?;
        if entries.next().is_some() { Err(BackupError::NotEmpty { path: self.path.clone() }) } else { Ok(()) }
    }

    /// How states lie in this folder.
    pub(super) fn storage(&self, compression: Compression) -> Storage {
        match (self.protection.keyring(), compression) {
            (Some(_), _) => Storage::Sealed,
            (None, Compression::Gzip) => Storage::Gzip,
            (None, Compression::None) => Storage::Plain,
        }
    }

    /// Writes a state.
    pub(super) fn keep(&self, entry: &BackupEntry, state: &Bytes, compression: Compression) -> Result<(), BackupError> {
        match self.protection.keyring() {
            Some(keyring) => {
                let sealed = encrypt::seal(state, &entry.binding(), keyring, compression);
                self.write(&entry.file, &sealed.map_err(BackupError::NotSealed)?)
            }
            None => {
                self.protection.check().map_err(BackupError::NoKey)?;
                self.write(&entry.file, &gzip::pack(state, compression).map_err(BackupError::NotSealed)?)
            }
        }
    }

    /// Writes the manifest: from then on it is a backup.
    pub(super) fn write_manifest(&self, manifest: &Manifest) -> Result<(), BackupError> {
        let none =
            || BackupError::BadManifest { path: self.path.clone(), what: "the manifest cannot be written as JSON" };
        let bytes = manifest.to_bytes().ok_or_else(none)?;
        match self.protection.keyring() {
            Some(keyring) => {
                let sealed = encrypt::seal(&bytes, &Binding::new(KIND), keyring, Compression::Gzip);
                self.write(SEALED, &sealed.map_err(BackupError::NotSealed)?)
            }
            None => {
                self.protection.check().map_err(BackupError::NoKey)?;
                self.write(PLAIN, &bytes)
            }
        }
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), BackupError> {
        landfast_durable::create(&self.path.join(name), bytes, &ReplaceOptions::default())
            .map_err(BackupError::NotWritten)
    }

    /// The manifest as it lies there.
    pub(super) fn manifest_bytes(&self) -> Result<Vec<u8>, BackupError> {
        for name in [SEALED, PLAIN] {
            match self.read(name) {
                Err(BackupError::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {}
                read => return read,
            }
        }
        Err(BackupError::NoManifest { path: self.path.clone() })
    }

    pub(super) fn read_manifest(&self, bytes: &[u8]) -> Result<Manifest, BackupError> {
        let is_sealed = encrypt::is_sealed(bytes);
        let path = self.path.join(if is_sealed { SEALED } else { PLAIN });
        let opened = self.opened(bytes, &path, &Expectation::of_kind(KIND))?;
        Manifest::from_bytes(opened.as_deref().unwrap_or(bytes)).map_err(|what| BackupError::BadManifest { path, what })
    }

    /// The file of a state as it lies there.
    pub(super) fn bytes_of(&self, entry: &BackupEntry) -> Result<Vec<u8>, BackupError> {
        self.read(&entry.file)
    }

    /// A state of the backup, checked.
    pub(super) fn state_of(
        &self,
        entry: &BackupEntry,
        bytes: &[u8],
        limits: &Limits,
    ) -> Result<StateFile, BackupError> {
        let path = self.path.join(&entry.file);
        let damaged = |what| BackupError::Damaged { path: path.clone(), what };
        let state: Bytes = match (entry.storage, encrypt::is_sealed(bytes)) {
            (Storage::Sealed, _) => {
                let opened = self.opened(bytes, &path, &Expectation::exactly(&entry.binding()))?;
                opened.ok_or_else(|| damaged("the state is not encrypted, though the manifest says so"))?
            }
            (Storage::Gzip, _) => gzip::unpack(bytes, Compression::Gzip).map_err(damaged)?.into(),
            (Storage::Plain, _) => bytes.to_vec().into(),
        };
        if BytesDigest::of(&state) != entry.digest {
            return Err(damaged("it was changed after it was written"));
        }
        let state = StateFile::read(state, &path.display().to_string(), limits).map_err(BackupError::NoState)?;
        if state.lineage() != entry.lineage || state.serial() != entry.serial {
            return Err(damaged("it is of another lineage or serial than the manifest says"));
        }
        Ok(state)
    }

    /// What is in an envelope; `None` when it is none, where that may be.
    fn opened(&self, bytes: &[u8], path: &Path, expected: &Expectation) -> Result<Option<Bytes>, BackupError> {
        if !encrypt::is_sealed(bytes) {
            // Who has keys and reads a backup in plain text is told only where that is not to be.
            let refused = self.protection.is_enforced();
            return if refused { Err(BackupError::InPlainText { path: path.to_owned() }) } else { Ok(None) };
        }
        let Some(keyring) = self.protection.keyring() else {
            return Err(BackupError::Sealed { path: path.to_owned() });
        };
        let opened = encrypt::open(bytes, &path.display().to_string(), keyring, expected);
        opened.map(|opened| Some(opened.plain)).map_err(BackupError::NotOpened)
    }

    /// Fetches what opening needs from a transit engine.
    pub(super) async fn learn(&self, bytes: &[u8]) -> Result<(), BackupError> {
        let Some(keyring) = self.protection.keyring() else { return Ok(()) };
        keyring.learn(bytes).await.map_err(BackupError::Key)
    }

    fn read(&self, name: &str) -> Result<Vec<u8>, BackupError> {
        let path = self.path.join(name);
        std::fs::read(&path).map_err(|source| BackupError::Io { path, what: "it cannot be read", source })
    }
}
