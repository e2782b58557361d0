//! The files of contents.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use landfast_durable::{ReplaceError, ReplaceOptions};
use landfast_state::BytesDigest;

use super::HistoryError;

const EXTENSION: &str = "tfstate";
const SEALED: &str = "sealed";

fn path_of(folder: &Path, digest: &BytesDigest) -> PathBuf {
    folder.join(format!("{digest}.{EXTENSION}"))
}

/// Where a sealed content lies.
pub(super) fn sealed_path_of(folder: &Path, name: &BytesDigest) -> PathBuf {
    folder.join(format!("{name}.{SEALED}"))
}

/// Whether a content is there in plain text.
pub(super) fn is_kept(folder: &Path, digest: &BytesDigest) -> bool {
    path_of(folder, digest).exists()
}

/// Makes a folder that nobody else can look into.
pub(crate) fn make_private(folder: &Path) -> Result<(), HistoryError> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|source| HistoryError::Io {
        path: folder.to_owned(),
        what: "the folder cannot be made",
        source,
    })
}

/// Puts a file in place, where it is not there already.
pub(super) fn put(path: &Path, bytes: &[u8]) -> Result<(), HistoryError> {
    match landfast_durable::create(path, bytes, &ReplaceOptions::default()) {
        Ok(()) | Err(ReplaceError::Exists { .. }) => Ok(()),
        Err(error) => Err(HistoryError::NotKept(error)),
    }
}

/// Keeps a content, where it is not kept already.
pub(super) fn keep(folder: &Path, content: &Bytes, digest: &BytesDigest) -> Result<(), HistoryError> {
    let path = path_of(folder, digest);
    if std::fs::metadata(&path).is_ok_and(|metadata| metadata.len() == content.len() as u64) {
        return Ok(());
    }
    put(&path, content)
}

/// Reads a content and checks it.
pub(super) fn read(folder: &Path, digest: &BytesDigest) -> Result<Bytes, HistoryError> {
    let path = path_of(folder, digest);
    let content = match std::fs::read(&path) {
        Ok(content) => content,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(HistoryError::NoContent { path }),
        Err(source) => return Err(HistoryError::Io { path, what: "it cannot be read", source }),
    };
    if BytesDigest::of(&content) != *digest {
        return Err(HistoryError::Damaged { path });
    }
    Ok(content.into())
}

/// Removes every content but these.
pub(super) fn remove_others(folder: &Path, kept: &[BytesDigest]) -> Result<usize, HistoryError> {
    let io = |what| move |source| HistoryError::Io { path: folder.to_owned(), what, source };
    let mut removed = 0;
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(0),
        entries => entries.map_err(io("the folder cannot be read"))?,
    };
    for entry in entries {
        let path = entry.map_err(io("the folder cannot be read"))?.path();
        let is_content = path.extension().is_some_and(|extension| extension == EXTENSION || extension == SEALED);
        let digest = path.file_stem().and_then(|stem| stem.to_str()).and_then(BytesDigest::from_hex);
        if let Some(digest) = digest.filter(|digest| is_content && !kept.contains(digest)) {
            tracing::debug!(%digest, "a version is not kept any more");
            std::fs::remove_file(&path).map_err(|source| HistoryError::Io {
                path,
                what: "it cannot be removed",
                source,
            })?;
            removed += 1;
        }
    }
    Ok(removed)
}
