//! What goes wrong where providers are looked for.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

use super::found::Searched;
use super::source::{ProviderSource, ProviderSourceError};
use super::version::ProviderVersion;

/// Why what says where providers are cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SearchError {
    /// A file is there, and cannot be read.
    #[error("{}: cannot be read", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Terraform's settings say something else than they can.
    #[error("{}:{line}: {what}", .path.display())]
    Settings {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        what: String,
    },
    /// A lock file is none.
    #[error("{}:{line}: {what}", .path.display())]
    LockFile {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        what: String,
    },
}

/// Why a provider was not found. Texts are as they came: escape them before they are shown.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LocateError {
    /// What was asked for names no provider.
    #[error("no provider can be looked for")]
    Source(#[from] ProviderSourceError),
    /// Terraform has the provider inside.
    #[error("{provider} is part of terraform itself: there is no program of it to read with")]
    BuiltIn {
        /// The provider.
        provider: ProviderSource,
    },
    /// The lock file has chosen a version that is not wanted.
    #[error("{}: {provider} is locked to {locked}, and {wanted} is wanted", .lock_file.display())]
    LockDisagrees {
        /// The provider.
        provider: ProviderSource,
        /// The version in the lock file.
        locked: ProviderVersion,
        /// What is wanted.
        wanted: String,
        /// The lock file.
        lock_file: PathBuf,
    },
    /// It is in no place where it could be.
    #[error("{provider} {wanted} is not there{}", in_vain(.searched))]
    NotFound {
        /// The provider.
        provider: ProviderSource,
        /// Which version is wanted.
        wanted: String,
        /// Every place that was searched, with what is there instead.
        searched: Vec<Searched>,
    },
    /// What is there is not what the lock file names.
    #[error("{}: this is not the {provider} {version} that {} names: it hashes to {found}", .package.display(), .lock_file.display())]
    HashMismatch {
        /// The provider.
        provider: ProviderSource,
        /// Its version.
        version: ProviderVersion,
        /// The folder or archive.
        package: PathBuf,
        /// What it hashes to.
        found: Box<str>,
        /// The lock file.
        lock_file: Box<Path>,
    },
    /// What is there cannot be read.
    #[error("{}: this package of {provider} cannot be read", .package.display())]
    Package {
        /// The provider.
        provider: ProviderSource,
        /// The folder or archive.
        package: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// What is there holds no program of the provider.
    #[error("{}: there is no program terraform-provider-{} in it", .package.display(), .provider.type_name())]
    NoProgram {
        /// The provider.
        provider: ProviderSource,
        /// The folder or archive.
        package: PathBuf,
    },
}

impl LocateError {
    /// What is wrong, without the places that were searched.
    #[must_use]
    pub fn brief(&self) -> String {
        match self {
            Self::NotFound { provider, wanted, .. } => format!("{provider} {wanted} is not there"),
            other => other.to_string(),
        }
    }
}

fn in_vain(places: &[Searched]) -> String {
    if places.is_empty() {
        return ": no place to search is known".to_owned();
    }
    let mut text = String::from("; searched: ");
    for (at, place) in places.iter().enumerate() {
        let _ = write!(text, "{}{place}", if at == 0 { "" } else { "; " });
    }
    text
}
