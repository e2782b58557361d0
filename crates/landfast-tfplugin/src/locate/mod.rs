//! Where providers are. Nothing is downloaded and nothing is run: what `terraform init`, a mirror or the user has put somewhere is
//! found, and held against the lock file.

mod cli_config;
mod error;
mod found;
mod known_hash;
mod layout;
mod lock_file;
mod package_hash;
mod pattern;
mod settings_file;
mod settings_text;
mod source;
mod unpack;
mod verify;
mod version;

use std::cmp::Reverse;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use known_hash::KnownHashes;
use layout::Package;
use pattern::Selection;
use verify::Verified;

pub use cli_config::CliConfig;
pub use error::{LocateError, SearchError};
pub use found::{FoundProvider, HashCheck, Instead, PlaceKind, Searched};
pub use layout::Platform;
pub use lock_file::{DependencyLock, LOCK_FILE_NAME, LockedProvider};
pub use source::{ProviderSource, ProviderSourceError};
pub use version::{ProviderVersion, VersionConstraints, VersionError, VersionWish};

/// Where to look for providers.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SearchOptions {
    /// Folders that the user names: mirrors, packed or unpacked, or folders with the programs themselves. Default: none.
    pub provider_folders: Vec<PathBuf>,
    /// The folder of the configuration, where the lock file is, and `terraform.d`. Default: none.
    pub working_directory: Option<PathBuf>,
    /// Where `terraform init` puts things, from there on. Default: `.terraform`; terraform has it from `TF_DATA_DIR`.
    pub data_folder: PathBuf,
    /// The platform that packages must be for. Default: that of this program.
    pub platform: Platform,
    /// A folder in which the hashes of packages are kept between runs, which is made where it is not there. An entry counts for files
    /// that have not changed since, as the times of their inodes tell, and where nobody else can write to it. Default: none, and
    /// packages that a lock file names are read whole each time.
    pub hash_folder: Option<PathBuf>,
}

impl Default for SearchOptions {
    fn default() -> Self {
        Self {
            provider_folders: Vec::new(),
            working_directory: None,
            data_folder: ".terraform".into(),
            platform: Platform::own(),
            hash_folder: None,
        }
    }
}

/// The places where providers can be, and the lock file that says which they must be.
#[derive(Debug, Clone)]
pub struct ProviderSearch {
    overrides: CliConfig,
    places: Vec<Place>,
    lock: Option<DependencyLock>,
    platform: Platform,
    known: KnownHashes,
}

#[derive(Debug, Clone)]
struct Place {
    kind: PlaceKind,
    folder: PathBuf,
    holds: Holds,
    selection: Selection,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holds {
    /// Packages, as mirrors have them.
    Packages,
    /// These, or programs by themselves.
    Programs,
}

impl ProviderSearch {
    /// The places that the options and the environment name. `variables` gives the value of a variable of the environment:
    /// `TF_CLI_CONFIG_FILE`, `TF_PLUGIN_CACHE_DIR`, `HOME` and such.
    ///
    /// Places count in this order: overrides, folders that the user names, the working directory, mirrors, the plugin cache. In the
    /// first that has a version that is wanted, the newest is taken.
    ///
    /// # Errors
    /// When terraform's settings or the lock file cannot be read.
    pub fn new(options: &SearchOptions, variables: &dyn Fn(&str) -> Option<OsString>) -> Result<Self, SearchError> {
        let config = CliConfig::of_environment(variables)?;
        if let Some(path) = &config.missing {
            tracing::warn!("{} is not there, which the environment names as terraform's settings", path.display());
        }
        let mut places = Vec::new();
        let mut add = |kind, folder: PathBuf, holds, selection| places.push(Place { kind, folder, holds, selection });
        for folder in &options.provider_folders {
            add(PlaceKind::Named, folder.clone(), Holds::Programs, Selection::default());
        }
        let mut lock = None;
        if let Some(folder) = &options.working_directory {
            lock = DependencyLock::of_folder(folder)?;
            let data = folder.join(&options.data_folder);
            add(PlaceKind::WorkingDirectory, data.join("providers"), Holds::Packages, Selection::default());
            // What older versions of terraform made: 0.13, and before.
            let old = data.join("plugins");
            if old.is_dir() {
                add(PlaceKind::WorkingDirectory, old, Holds::Programs, Selection::default());
            }
        }
        match &config.mirrors {
            Some(mirrors) => {
                for mirror in mirrors {
                    add(PlaceKind::Mirror, mirror.folder.clone(), Holds::Packages, mirror.selection.clone());
                }
            }
            None => {
                let here = options.working_directory.as_deref().unwrap_or(Path::new(""));
                for folder in cli_config::implied_mirrors(here, variables) {
                    add(PlaceKind::Mirror, folder, Holds::Packages, Selection::default());
                }
            }
        }
        if let Some(folder) = &config.plugin_cache {
            add(PlaceKind::PluginCache, folder.clone(), Holds::Packages, Selection::default());
        }
        let known = KnownHashes::in_folder(options.hash_folder.clone());
        Ok(Self { overrides: config, places, lock, platform: options.platform.clone(), known })
    }

    /// The lock file, where there is one.
    #[must_use]
    pub fn lock(&self) -> Option<&DependencyLock> {
        self.lock.as_ref()
    }

    /// Finds a provider. What a lock file names must be what it hashes to, and is of the version that it names.
    ///
    /// Hashing reads the whole package, unless its hash is known from before, and an archive is unpacked among the temporary files:
    /// this takes up to some seconds, in which it blocks.
    ///
    /// # Errors
    /// When it is nowhere, with every place that was searched and what is there instead; when what is there is another than the
    /// lock file names; when it cannot be read.
    pub fn find(&self, source: &ProviderSource, wish: &VersionWish) -> Result<FoundProvider, LocateError> {
        if source.is_built_in() {
            return Err(LocateError::BuiltIn { provider: source.clone() });
        }
        if let Some(folder) = self.overrides.dev_overrides.get(source) {
            return overridden(source, folder);
        }
        let locked = self.lock.as_ref().and_then(|lock| Some((lock, lock.provider(source)?)));
        let wish = match locked {
            None => wish.clone(),
            Some((_, locked)) if wish.allows(&locked.version) => VersionWish::Exactly(locked.version.clone()),
            Some((lock, locked)) => {
                return Err(LocateError::LockDisagrees {
                    provider: source.clone(),
                    locked: locked.version.clone(),
                    wanted: wish.to_string(),
                    lock_file: lock.path().to_owned(),
                });
            }
        };
        let (mut fitting, searched) = self.search(source, &wish);
        fitting.sort_by_key(|(place, package)| {
            (place.kind, order_of_named(place, &self.places), Reverse(package.version.clone()), package.kind)
        });
        let mut refused = None;
        for (place, package) in fitting {
            match verify::verify(source, &package, locked, &self.known) {
                Ok(Verified { program, check, unpacked }) => {
                    let version = package.version;
                    let (source, place) = (source.clone(), place.kind);
                    return Ok(FoundProvider { source, version, program, place, check, unpacked });
                }
                // Another place may have the right one. What is told is about the first.
                Err(error) => {
                    refused.get_or_insert(error);
                }
            }
        }
        Err(refused.unwrap_or_else(|| LocateError::NotFound {
            provider: source.clone(),
            wanted: wish.to_string(),
            searched,
        }))
    }

    /// The packages that are wanted, and what is in the places where there are none.
    fn search(&self, source: &ProviderSource, wish: &VersionWish) -> (Vec<(&Place, Package)>, Vec<Searched>) {
        let (mut fitting, mut searched) = (Vec::new(), Vec::new());
        for place in &self.places {
            let miss = |instead| Searched { kind: place.kind, folder: place.folder.clone(), instead };
            if !place.selection.takes(source) {
                searched.push(miss(Instead::Excluded));
                continue;
            }
            if !place.folder.is_dir() {
                searched.push(miss(Instead::NoFolder));
                continue;
            }
            let mut holdings = layout::of_mirror(&place.folder, source, &self.platform);
            if place.holds == Holds::Programs {
                holdings.packages.extend(layout::of_programs(&place.folder, source, &self.platform));
            }
            // A program that does not tell its version is what its folder was named for.
            let fits = |package: &Package| package.version.as_ref().is_none_or(|version| wish.allows(version));
            let (wanted, others): (Vec<_>, Vec<_>) = holdings.packages.into_iter().partition(fits);
            if wanted.is_empty() {
                let mut versions: Vec<_> = others.into_iter().filter_map(|package| package.version).collect();
                versions.sort();
                versions.dedup();
                let others: Vec<_> = versions.iter().rev().map(ToString::to_string).chain(holdings.foreign).collect();
                searched.push(miss(if others.is_empty() { Instead::Nothing } else { Instead::Others(others) }));
            }
            fitting.extend(wanted.into_iter().map(|package| (place, package)));
        }
        (fitting, searched)
    }
}

/// Folders that the user names count in the order in which they are named; mirrors count alike.
fn order_of_named(place: &Place, places: &[Place]) -> usize {
    match place.kind {
        PlaceKind::Named => places.iter().position(|other| std::ptr::eq(other, place)).unwrap_or_default(),
        _ => 0,
    }
}

fn overridden(source: &ProviderSource, folder: &Path) -> Result<FoundProvider, LocateError> {
    let program = layout::program_in(folder, source)
        .ok_or_else(|| LocateError::NoProgram { provider: source.clone(), package: folder.to_owned() })?;
    tracing::warn!("{source} is read with {}, as dev_overrides say", program.display());
    Ok(FoundProvider {
        source: source.clone(),
        version: None,
        program,
        place: PlaceKind::Override,
        check: HashCheck::Override,
        unpacked: None,
    })
}
