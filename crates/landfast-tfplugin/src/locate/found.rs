//! What the search found.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::source::ProviderSource;
use super::version::ProviderVersion;
use crate::process::ProviderFolder;

/// A provider that was found.
#[derive(Debug, Clone)]
pub struct FoundProvider {
    pub(super) source: ProviderSource,
    pub(super) version: Option<ProviderVersion>,
    pub(super) program: PathBuf,
    pub(super) place: PlaceKind,
    pub(super) check: HashCheck,
    /// What was unpacked goes with the last value that knows of it, and what a killed process left with the next folder that is
    /// made.
    pub(super) unpacked: Option<Arc<ProviderFolder>>,
}

impl FoundProvider {
    /// Which provider it is.
    #[must_use]
    pub fn source(&self) -> &ProviderSource {
        &self.source
    }

    /// Its version, where anything tells.
    #[must_use]
    pub fn version(&self) -> Option<&ProviderVersion> {
        self.version.as_ref()
    }

    /// Its program, as long as this value lives: what was packed is unpacked into a folder that goes with it.
    #[must_use]
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// In what kind of place it was.
    #[must_use]
    pub fn place(&self) -> PlaceKind {
        self.place
    }

    /// Whether it is what the lock file names.
    #[must_use]
    pub fn check(&self) -> &HashCheck {
        &self.check
    }

    /// Whether it was unpacked for this search.
    #[must_use]
    pub fn was_packed(&self) -> bool {
        self.unpacked.is_some()
    }
}

/// Whether a package is what the lock file names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum HashCheck {
    /// It hashes to what the lock file has.
    Verified,
    /// There is no lock file, or it does not know the provider.
    NotLocked,
    /// The lock file has no hash for it.
    NoHash,
    /// The lock file only has hashes of archives (`zh:`), which cannot be checked on what is unpacked.
    ArchiveHashesOnly,
    /// The program stands by itself. What else was in its package is not known, and so not what that hashes to.
    ProgramAlone,
    /// It stands in for whatever version is wanted (`dev_overrides`): nothing is checked, as for terraform.
    Override,
}

impl fmt::Display for HashCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Verified => "it hashes to what the lock file has",
            Self::NotLocked => "no lock file names it",
            Self::NoHash => "the lock file has no hash of it",
            Self::ArchiveHashesOnly => {
                "the lock file has only hashes of archives (zh:), which cannot be checked on what is unpacked"
            }
            Self::ProgramAlone => {
                "the program stands by itself, and what the lock file has is the hash of its whole package"
            }
            Self::Override => "it stands in for any version (dev_overrides), and is not checked",
        })
    }
}

/// A kind of place, in the order in which they count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PlaceKind {
    /// `dev_overrides` in terraform's settings.
    Override,
    /// A folder that the caller names.
    Named,
    /// What `terraform init` left in the working directory.
    WorkingDirectory,
    /// A mirror, as terraform's settings name it or as it is implied.
    Mirror,
    /// The cache of plugins.
    PluginCache,
}

impl fmt::Display for PlaceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Override => "override",
            Self::Named => "provider folder",
            Self::WorkingDirectory => "working directory",
            Self::Mirror => "mirror",
            Self::PluginCache => "plugin cache",
        })
    }
}

/// A place that was searched in vain, and what is there instead.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Searched {
    /// What kind of place it is.
    pub kind: PlaceKind,
    /// The folder.
    pub folder: PathBuf,
    /// What is there.
    pub instead: Instead,
}

/// What is in a place where a provider is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Instead {
    /// There is no such folder.
    NoFolder,
    /// Nothing of this provider.
    Nothing,
    /// Other versions of it, or those for other platforms.
    Others(Vec<String>),
    /// The place is not for this provider (`include`, `exclude`).
    Excluded,
}

/// The most versions that a message repeats.
const SHOWN: usize = 5;

impl fmt::Display for Searched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} (", self.kind, self.folder.display())?;
        match &self.instead {
            Instead::NoFolder => f.write_str("no such folder")?,
            Instead::Nothing => f.write_str("nothing of it")?,
            Instead::Excluded => f.write_str("not for this provider")?,
            Instead::Others(others) => {
                let shown: Vec<_> = others.iter().take(SHOWN).map(String::as_str).collect();
                write!(f, "has {}", shown.join(", "))?;
                match others.len().saturating_sub(SHOWN) {
                    0 => {}
                    more => write!(f, " and {more} more")?,
                }
            }
        }
        f.write_str(")")
    }
}
