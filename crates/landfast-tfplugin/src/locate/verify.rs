//! Holding a package against the lock file.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use super::error::LocateError;
use super::found::HashCheck;
use super::known_hash::KnownHashes;
use super::layout::{Package, PackageKind, program_in};
use super::lock_file::{DependencyLock, LockedProvider};
use super::source::ProviderSource;
use super::{package_hash, unpack};
use crate::process::ProviderFolder;

/// A package that may be used.
pub(super) struct Verified {
    pub(super) program: PathBuf,
    pub(super) check: HashCheck,
    pub(super) unpacked: Option<Arc<ProviderFolder>>,
}

/// The program of a package, unpacked where it has to be, unless the lock file names another package.
pub(super) fn verify(
    source: &ProviderSource,
    package: &Package,
    locked: Option<(&DependencyLock, &LockedProvider)>,
    known: &KnownHashes,
) -> Result<Verified, LocateError> {
    let unreadable =
        |error| LocateError::Package { provider: source.clone(), package: package.path.clone(), source: error };
    let mismatch = |found: String| match locked {
        Some((lock, locked)) => LocateError::HashMismatch {
            provider: source.clone(),
            version: locked.version.clone(),
            package: package.path.clone(),
            found: found.into(),
            lock_file: lock.path().into(),
        },
        None => unreadable(io::Error::other("it is held against no lock file")),
    };
    let no_program = || LocateError::NoProgram { provider: source.clone(), package: package.path.clone() };
    let hashes: &[String] = locked.map_or(&[], |(_, locked)| &locked.hashes);
    let has = |scheme: &str| hashes.iter().any(|hash| hash.starts_with(scheme));
    let unchecked = if locked.is_none() { HashCheck::NotLocked } else { HashCheck::NoHash };

    match package.kind {
        PackageKind::Program => {
            let check = if !has("h1:") && !has("zh:") {
                unchecked
            } else {
                let (folder, files) = package_hash::file_of_program(&package.path).map_err(unreadable)?;
                match hashes.contains(&known.of_files(folder, &files).map_err(unreadable)?) {
                    true => HashCheck::Verified,
                    false => HashCheck::ProgramAlone,
                }
            };
            Ok(Verified { program: package.path.clone(), check, unpacked: None })
        }
        PackageKind::Unpacked => {
            // Links lead into a plugin cache.
            let folder = package.path.canonicalize().map_err(unreadable)?;
            let check = if has("h1:") {
                let files = package_hash::files_of_folder(&folder).map_err(unreadable)?;
                let found = known.of_files(&folder, &files).map_err(unreadable)?;
                if !hashes.contains(&found) {
                    return Err(mismatch(found));
                }
                HashCheck::Verified
            } else if has("zh:") {
                HashCheck::ArchiveHashesOnly
            } else {
                unchecked
            };
            Ok(Verified { program: program_in(&folder, source).ok_or_else(no_program)?, check, unpacked: None })
        }
        PackageKind::Packed => {
            let mut check = unchecked;
            let mut found = String::new();
            if has("zh:") {
                found = package_hash::of_archive(&package.path).map_err(unreadable)?;
                if hashes.contains(&found) {
                    check = HashCheck::Verified;
                } else if !has("h1:") {
                    return Err(mismatch(found));
                }
            }
            let folder = ProviderFolder::make().map_err(unreadable)?;
            unpack::unpack(&package.path, folder.path()).map_err(unreadable)?;
            if check != HashCheck::Verified && has("h1:") {
                let files = package_hash::files_of_folder(folder.path()).map_err(unreadable)?;
                let inside = package_hash::of_files(folder.path(), &files).map_err(unreadable)?;
                if !hashes.contains(&inside) {
                    return Err(mismatch(if found.is_empty() { inside } else { found }));
                }
                check = HashCheck::Verified;
            }
            let program = program_in(folder.path(), source).ok_or_else(no_program)?;
            Ok(Verified { program, check, unpacked: Some(Arc::new(folder)) })
        }
    }
}
