//! A backup of many states at once, in a folder of its own: one file a state, and a manifest that is written last.
//!
//! [`create`] reads every state, [`verify`] reads every file back, [`restore`] puts states where they were or somewhere else, by
//! lock, conditional write and history as every change. A folder without its manifest is a backup that was interrupted, and is
//! none. A state that cannot be read does not sink the others; the manifest says that it is missing.
//!
//! With a [`Protection`] that seals, states and manifest are envelopes ([`crate::encrypt`]), and nothing of either is in plain
//! text but where the states lie, their workspaces, lineages and serials. Without one the digests in the manifest find accidents,
//! not forgeries. That a whole backup was replaced by an older one can be seen by the time in its manifest only.

mod error;
mod files;
mod manifest;
mod restoring;

use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use landfast_state::{Limits, StateFile};

pub use error::BackupError;
pub use manifest::{BackupEntry, BackupGap, Manifest, Storage};
pub use restoring::{RestoreTarget, Restored, RestoredState, restore};

use crate::change::{ChangeError, ReadState, read_state};
use crate::encrypt::Compression;
use crate::key::StateKey;
use crate::protection::Protection;
use crate::store::StateStore;
use files::Folder;

/// A state that is to be kept.
#[derive(Debug, Clone)]
pub struct BackupSource {
    /// Its store.
    pub store: Arc<dyn StateStore>,
    /// Its key.
    pub key: StateKey,
}

/// How a backup is made.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct BackupOptions {
    /// Who makes it, as `user@host`.
    pub who: String,
    /// The caller's clock.
    pub now: SystemTime,
    /// Whether and how it is encrypted. Default: not.
    pub protection: Protection,
    /// Whether states are made smaller. Default: by gzip.
    pub compression: Compression,
    /// What a state may be like.
    pub limits: Limits,
    /// How many states are read at the same time. Default: 8.
    pub parallel: usize,
}

impl BackupOptions {
    /// A backup by `who`, at the time `now`.
    #[must_use]
    pub fn new(who: &str, now: SystemTime) -> Self {
        Self {
            who: who.to_owned(),
            now,
            protection: Protection::plain(),
            compression: Compression::Gzip,
            limits: Limits::default(),
            parallel: 8,
        }
    }

    /// Encrypted so.
    #[must_use]
    pub fn with_protection(mut self, protection: Protection) -> Self {
        self.protection = protection;
        self
    }

    /// With states made smaller or not.
    #[must_use]
    pub fn with_compression(mut self, compression: Compression) -> Self {
        self.compression = compression;
        self
    }
}

/// Makes a backup of these states in a folder, which must be empty or not there. Takes no locks.
///
/// The result says which states could not be read ([`Manifest::gaps`]): it is incomplete then.
///
/// # Errors
/// When the folder holds something, when encryption is enforced and there is no key (nothing is written then), when a file
/// cannot be written, or when the same state is given twice.
pub async fn create(
    folder: &Path,
    sources: Vec<BackupSource>,
    options: &BackupOptions,
) -> Result<Manifest, BackupError> {
    options.protection.check().map_err(BackupError::NoKey)?;
    if let Some(keyring) = options.protection.keyring() {
        keyring.prepare().await.map_err(|error| BackupError::NotSealed(error.into()))?;
    }
    let mut places: Vec<String> = sources.iter().map(|source| source.store.place(&source.key)).collect();
    places.sort();
    if let Some([twice, _]) = places.array_windows().find(|[a, b]| a == b) {
        return Err(BackupError::Twice { place: twice.clone() });
    }
    let folder = Folder::new(folder, options.protection.clone());
    let made = folder.clone();
    blocking(move || made.make()).await??;
    let mut manifest = Manifest::new(&options.who, options.now);
    let mut waiting = sources.into_iter().enumerate();
    let mut reading = tokio::task::JoinSet::new();
    loop {
        while reading.len() < options.parallel.max(1) {
            let Some((number, BackupSource { store, key })) = waiting.next() else { break };
            let limits = options.limits.clone();
            reading.spawn(async move {
                let read = read_state(&*store, &key, &limits).await;
                (number, store.place(&key), key, read)
            });
        }
        let Some(read) = reading.join_next().await else { break };
        let (number, place, key, read) = read.map_err(|_| BackupError::Stopped)?;
        match read {
            Ok(Some(ReadState { stored, state, .. })) => {
                let (folder, compression) = (folder.clone(), options.compression);
                let entry = BackupEntry::new(number, place, key, &state, &stored.bytes, folder.storage(compression));
                let entry = blocking(move || folder.keep(&entry, &stored.bytes, compression).map(|()| entry)).await??;
                manifest.entries.push(entry);
            }
            Ok(None) => manifest.gaps.push(BackupGap::new(place, key, "there is no state")),
            Err(error) => manifest.gaps.push(BackupGap::new(place, key, &said(&error))),
        }
    }
    manifest.sort();
    let (last, written) = (folder.clone(), manifest.clone());
    blocking(move || last.write_manifest(&written)).await??;
    Ok(manifest)
}

/// An error with its causes, in one line. Errors of stores and states name places, and never values.
fn said(error: &ChangeError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(next) = cause {
        text.push_str(": ");
        text.push_str(&next.to_string());
        cause = next.source();
    }
    text
}

/// What [`verify`] found.
#[derive(Debug)]
#[non_exhaustive]
pub struct Verified {
    /// What the backup says it holds.
    pub manifest: Manifest,
    /// The files that are not what it says, in its order.
    pub damaged: Vec<BackupError>,
}

impl Verified {
    /// Whether every state that was asked for is there, as it was.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.damaged.is_empty() && self.manifest.gaps.is_empty()
    }
}

/// Reads a backup back: that its manifest is whole, and that every file decrypts, has the digest of the manifest, and is the state
/// that the manifest says.
///
/// # Errors
/// When there is no manifest, or it is not whole or cannot be decrypted. What is wrong with single files is in the result.
pub async fn verify(folder: &Path, protection: &Protection, limits: &Limits) -> Result<Verified, BackupError> {
    let folder = Folder::new(folder, protection.clone());
    let manifest = read_manifest(&folder).await?;
    let mut damaged = Vec::new();
    for entry in &manifest.entries {
        if let Err(error) = read_entry(&folder, entry, limits).await {
            damaged.push(error);
        }
    }
    Ok(Verified { manifest, damaged })
}

/// What a backup holds, without reading its states.
///
/// # Errors
/// As [`verify`].
pub async fn contents(folder: &Path, protection: &Protection) -> Result<Manifest, BackupError> {
    read_manifest(&Folder::new(folder, protection.clone())).await
}

async fn read_manifest(folder: &Folder) -> Result<Manifest, BackupError> {
    let reading = folder.clone();
    let bytes = blocking(move || reading.manifest_bytes()).await??;
    folder.learn(&bytes).await?;
    let reading = folder.clone();
    blocking(move || reading.read_manifest(&bytes)).await?
}

async fn read_entry(folder: &Folder, entry: &BackupEntry, limits: &Limits) -> Result<StateFile, BackupError> {
    let (reading, of) = (folder.clone(), entry.clone());
    let bytes = blocking(move || reading.bytes_of(&of)).await??;
    folder.learn(&bytes).await?;
    let (reading, of, limits) = (folder.clone(), entry.clone(), limits.clone());
    blocking(move || reading.state_of(&of, &bytes, &limits)).await?
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, BackupError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| BackupError::Stopped)
}
