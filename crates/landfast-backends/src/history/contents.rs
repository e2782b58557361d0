//! A folder of contents: in plain text, each under its digest, or sealed, each under a keyed digest.
//!
//! What is sealed is sealed under a key of the folder, which lies in `keys/` sealed for the keys of the user: so a passphrase is
//! worked through once and not for every content, and names can be keyed digests, which are the same for the same content and
//! say nothing to who has no key. Where the user's keys can only seal (age recipients), every run makes a key of its own.

use std::path::{Path, PathBuf};
#[cfg(feature = "encryption")]
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use landfast_state::BytesDigest;

use super::{HistoryError, content};
#[cfg(feature = "encryption")]
use crate::encrypt::{self, Binding, Compression, Expectation, Key, Keyring, SecretKey};
use crate::protection::Protection;

/// What keys of a folder are for.
#[cfg(feature = "encryption")]
const NAMES: &[u8] = b"landfast folder/1 names";
#[cfg(feature = "encryption")]
const RECORDS: &[u8] = b"landfast folder/1 records";
/// What the envelopes of a folder say they hold.
#[cfg(feature = "encryption")]
const FOLDER_KEY: &str = "folder-key";
#[cfg(feature = "encryption")]
const CONTENT: &str = "content";

/// A folder of contents.
#[derive(Debug, Clone)]
pub(crate) struct Contents {
    folder: PathBuf,
    protection: Protection,
    #[cfg(feature = "encryption")]
    keys: Arc<Mutex<Vec<SecretKey>>>,
}

/// How contents are written and named in one run.
#[derive(Debug)]
pub(crate) enum Writer {
    Plain,
    #[cfg(feature = "encryption")]
    Sealed(SecretKey),
}

impl Contents {
    pub(crate) fn new(folder: &Path, protection: Protection) -> Self {
        Self {
            folder: folder.to_owned(),
            protection,
            #[cfg(feature = "encryption")]
            keys: Arc::default(),
        }
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn protection(&self) -> &Protection {
        &self.protection
    }

    /// How contents are written: refused where they may not be.
    pub(crate) fn writer(&self) -> Result<Writer, HistoryError> {
        self.protection.check().map_err(HistoryError::NoKey)?;
        #[cfg(feature = "encryption")]
        if let Some(keyring) = self.protection.keyring() {
            return self.folder_key(keyring).map(Writer::Sealed);
        }
        Ok(Writer::Plain)
    }

    /// How contents were written, by the id of the key that was written down; `None` for plain text.
    pub(crate) fn writer_under(&self, id: Option<&str>) -> Result<Writer, HistoryError> {
        let Some(id) = id else { return Ok(Writer::Plain) };
        #[cfg(feature = "encryption")]
        if let Some(keyring) = self.protection.keyring() {
            return self.known_key(keyring, id).map(Writer::Sealed);
        }
        let _ = id;
        Err(HistoryError::Sealed { path: self.folder.clone() })
    }

    /// Keeps a content, where it is not kept already, and gives its name. `digest` is that of the bytes, where it is known.
    pub(crate) fn keep(
        &self,
        writer: &Writer,
        bytes: &Bytes,
        digest: Option<BytesDigest>,
    ) -> Result<BytesDigest, HistoryError> {
        match writer {
            Writer::Plain => {
                let digest = digest.unwrap_or_else(|| BytesDigest::of(bytes));
                content::keep(&self.folder, bytes, &digest).map(|()| digest)
            }
            #[cfg(feature = "encryption")]
            Writer::Sealed(key) => {
                let name = writer.name_of(bytes);
                let path = content::sealed_path_of(&self.folder, &name);
                if !path.exists() {
                    let keyring = Keyring::new().with_key(key.clone());
                    let binding = Binding::new(CONTENT).at(&name.to_string(), "");
                    let sealed = encrypt::seal(bytes, &binding, &keyring, Compression::Gzip);
                    content::put(&path, &sealed.map_err(HistoryError::NotSealed)?)?;
                }
                Ok(name)
            }
        }
    }

    /// Reads a content by its name, and checks that it is the one.
    pub(crate) fn read(&self, name: &BytesDigest) -> Result<Bytes, HistoryError> {
        let sealed = content::sealed_path_of(&self.folder, name);
        if sealed.exists() {
            return self.read_sealed(&sealed, name);
        }
        if self.protection.is_enforced() && content::is_kept(&self.folder, name) {
            return Err(HistoryError::InPlainText { path: self.folder.clone() });
        }
        content::read(&self.folder, name)
    }

    /// Whether a content is there, as far as shows without reading it.
    pub(crate) fn keeps(&self, name: &BytesDigest) -> bool {
        content::sealed_path_of(&self.folder, name).is_file() || content::is_kept(&self.folder, name)
    }

    /// The names that a content may have here.
    pub(crate) fn names_of(&self, bytes: &[u8]) -> Vec<BytesDigest> {
        let plain = BytesDigest::of(bytes);
        #[cfg(feature = "encryption")]
        if let Some(keyring) = self.protection.keyring().filter(|keyring| keyring.can_open()) {
            let paths = self.key_files().unwrap_or_default();
            let ids = paths.iter().filter_map(|path| path.file_stem()?.to_str());
            let keys = ids.filter_map(|id| self.known_key(keyring, id).ok());
            return keys.map(|key| Writer::Sealed(key).name_of(bytes)).chain([plain]).collect();
        }
        vec![plain]
    }

    #[cfg(not(feature = "encryption"))]
    fn read_sealed(&self, path: &Path, _: &BytesDigest) -> Result<Bytes, HistoryError> {
        Err(HistoryError::Sealed { path: path.to_owned() })
    }

    #[cfg(feature = "encryption")]
    fn read_sealed(&self, path: &Path, name: &BytesDigest) -> Result<Bytes, HistoryError> {
        let Some(keyring) = self.protection.keyring() else {
            return Err(HistoryError::Sealed { path: path.to_owned() });
        };
        let sealed = std::fs::read(path).map_err(|source| HistoryError::Io {
            path: path.to_owned(),
            what: "it cannot be read",
            source,
        })?;
        let place = path.display().to_string();
        let sealed_for = encrypt::inspect(&sealed, &place).map_err(HistoryError::CannotOpen)?.sealed_for;
        let mut expected = Expectation::of_kind(CONTENT);
        expected.place = Some(name.to_string());
        for key in sealed_for {
            let encrypt::SealedFor::Key { id } = key else { continue };
            let key = self.known_key(keyring, &id)?;
            let opened = encrypt::open(&sealed, &place, &Keyring::new().with_key(key.clone()), &expected);
            let plain = opened.map_err(HistoryError::CannotOpen)?.plain;
            if Writer::Sealed(key).name_of(&plain) != *name {
                return Err(HistoryError::Damaged { path: path.to_owned() });
            }
            return Ok(plain);
        }
        Err(HistoryError::Damaged { path: path.to_owned() })
    }

    /// The key of the folder with this id.
    #[cfg(feature = "encryption")]
    pub(crate) fn known_key(&self, keyring: &Keyring, id: &str) -> Result<SecretKey, HistoryError> {
        if let Some(key) = self.keys().iter().find(|key| key.id() == id) {
            return Ok(key.clone());
        }
        let key = self.open_key(keyring, &self.folder.join(KEYS).join(format!("{id}.key")))?;
        if key.id() != id {
            return Err(HistoryError::Damaged { path: self.folder.join(KEYS) });
        }
        self.keys().push(key.clone());
        Ok(key)
    }

    #[cfg(feature = "encryption")]
    fn keys(&self) -> std::sync::MutexGuard<'_, Vec<SecretKey>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The sealed keys of the folder, in the order of their names.
    #[cfg(feature = "encryption")]
    fn key_files(&self) -> Result<Vec<PathBuf>, HistoryError> {
        let folder = self.folder.join(KEYS);
        let io = |source| HistoryError::Io { path: folder.clone(), what: "the folder cannot be read", source };
        let entries = match std::fs::read_dir(&folder) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(io)?,
        };
        let paths = entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>().map_err(io)?;
        let mut keys: Vec<PathBuf> =
            paths.into_iter().filter(|path| path.extension().is_some_and(|it| it == "key")).collect();
        keys.sort();
        Ok(keys)
    }

    #[cfg(feature = "encryption")]
    fn open_key(&self, keyring: &Keyring, path: &Path) -> Result<SecretKey, HistoryError> {
        let io =
            |source| HistoryError::Io { path: path.to_owned(), what: "the key of the folder cannot be read", source };
        let sealed = std::fs::read(path).map_err(io)?;
        let place = path.display().to_string();
        let opened = encrypt::open(&sealed, &place, keyring, &Expectation::of_kind(FOLDER_KEY));
        let plain = zeroize::Zeroizing::new(opened.map_err(HistoryError::CannotOpen)?.plain.to_vec());
        let key = Key::of_slice(&plain).map(SecretKey::of);
        key.ok_or_else(|| HistoryError::Damaged { path: path.to_owned() })
    }

    /// The key that contents are sealed under: one that the folder has, or a new one.
    #[cfg(feature = "encryption")]
    fn folder_key(&self, keyring: &Keyring) -> Result<SecretKey, HistoryError> {
        if let Some(key) = self.keys().first() {
            return Ok(key.clone());
        }
        let mut refused = None;
        for path in self.key_files()? {
            match self.open_key(keyring, &path) {
                Ok(key) => {
                    self.keys().push(key.clone());
                    return Ok(key);
                }
                Err(error) => refused = refused.or(Some(error)),
            }
        }
        // Who can open and does not, has mistaken the key: what he wrote would be lost to the others.
        if let Some(error) = refused.filter(|_| keyring.can_open()) {
            return Err(error);
        }
        let key = SecretKey::random().map_err(|error| HistoryError::NotSealed(error.into()))?;
        let sealed = encrypt::seal(key.key().bytes(), &Binding::new(FOLDER_KEY), keyring, Compression::None);
        let folder = self.folder.join(KEYS);
        content::make_private(&folder)?;
        content::put(&folder.join(format!("{}.key", key.id())), &sealed.map_err(HistoryError::NotSealed)?)?;
        self.keys().push(key.clone());
        Ok(key)
    }

    /// Fetches what sealing and opening here needs from a transit engine.
    #[cfg(feature = "encryption")]
    pub(crate) async fn prepare(&self) -> Result<(), HistoryError> {
        let Some(keyring) = self.protection.keyring() else { return Ok(()) };
        let unusable = |error: encrypt::KeyError| HistoryError::NotSealed(error.into());
        keyring.prepare().await.map_err(unusable)?;
        for path in self.key_files()? {
            if let Ok(sealed) = std::fs::read(&path) {
                keyring.learn(&sealed).await.map_err(unusable)?;
            }
        }
        Ok(())
    }
}

/// Where the keys of a folder lie.
#[cfg(feature = "encryption")]
const KEYS: &str = "keys";

impl Writer {
    /// The name of a content.
    pub(crate) fn name_of(&self, bytes: &[u8]) -> BytesDigest {
        match self {
            Self::Plain => BytesDigest::of(bytes),
            // HMAC takes keys of any length.
            #[cfg(feature = "encryption")]
            Self::Sealed(key) => {
                encrypt::keyed_digest(&key.key().derive(&[], NAMES), bytes).unwrap_or(BytesDigest::of(b""))
            }
        }
    }

    /// Id of the key; `None` where nothing is sealed.
    pub(crate) fn key_id(&self) -> Option<&str> {
        match self {
            Self::Plain => None,
            #[cfg(feature = "encryption")]
            Self::Sealed(key) => Some(key.id()),
        }
    }

    /// Id of the key, and what authenticates a record; `None` where nothing is sealed.
    pub(crate) fn authenticate(&self, record: &[u8]) -> Option<(String, BytesDigest)> {
        match self {
            Self::Plain => {
                let _ = record;
                None
            }
            #[cfg(feature = "encryption")]
            Self::Sealed(key) => {
                Some((key.id().to_owned(), encrypt::keyed_digest(&key.key().derive(&[], RECORDS), record)?))
            }
        }
    }
}
