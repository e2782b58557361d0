//! The states that commands name, in whatever store.

mod change;
mod complaint;
mod person;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use landfast::Held;
use landfast::backends::change::{LineageRule, read_state};
use landfast::backends::history::{History, Timeline};
use landfast::backends::{Environment, StateAddress, StateStore, VersionSelector, open, state_of_folder};
use landfast::state::{Limits, StateFile};

pub(crate) use change::{Planned, change};
pub(crate) use complaint::{chain, of_change, of_damage, of_store, of_store_at, of_timeline};
pub(crate) use person::who;

use crate::args::StateAt;
use crate::error::CliError;
use crate::interrupt;

/// A state in a store.
pub(crate) struct Target {
    pub(crate) address: StateAddress,
    pub(crate) store: Arc<dyn StateStore>,
    pub(crate) history: Option<History>,
    /// The version that is asked for; `None` is what is there now.
    pub(crate) version: Option<VersionSelector>,
    pub(crate) environment: Environment,
}

impl Target {
    /// The state that the arguments name.
    pub(crate) fn of(at: &StateAt) -> Result<Self, CliError> {
        let environment = Environment::of_process();
        let (address, version) = match &at.state {
            None => (in_working_folder(&environment, at.workspace.as_deref())?, None),
            Some(source) if source.as_os_str() == "-" => {
                return Err(CliError::usage("this takes a state in a store, and not standard input"));
            }
            Some(source) => {
                let (mut address, version) = named(source)?;
                if let Some(workspace) = &at.workspace {
                    address.key = address.key.in_workspace(workspace);
                }
                (address, version)
            }
        };
        Self::open(address, version, environment)
    }

    /// The state as it is now: changes and locks are not for old versions.
    pub(crate) fn current(at: &StateAt) -> Result<Self, CliError> {
        let target = Self::of(at)?;
        match &target.version {
            None => Ok(target),
            Some(version) => Err(CliError::usage(format!(
                "{}: this is for the state as it is, and not for the version {version}",
                target.place()
            ))),
        }
    }

    fn open(
        address: StateAddress,
        version: Option<VersionSelector>,
        environment: Environment,
    ) -> Result<Self, CliError> {
        let store = open(&address, &environment).map_err(|error| of_store(&error))?;
        let history = History::of(&address, &*store, &environment).map_err(|error| CliError::new(chain(&error)))?;
        Ok(Self { address, store, history, version, environment })
    }

    /// Where it is, for people.
    pub(crate) fn place(&self) -> String {
        self.store.place(&self.address.key)
    }

    /// The versions of the state.
    pub(crate) fn timeline<'a>(&'a self, limits: &'a Limits) -> Timeline<'a> {
        Timeline::new(&*self.store, &self.address.key, self.history.as_ref(), limits)
    }

    /// The file that it is, where it is one that can be read as any other.
    fn file(&self) -> Option<PathBuf> {
        (self.address.kind == "local" && self.version.is_none()).then(|| PathBuf::from(self.place()))
    }

    /// Reads the version that is asked for.
    pub(crate) fn read(&self) -> Result<StateFile, CliError> {
        let limits = Limits::default();
        interrupt::wait(async {
            match &self.version {
                Some(version) => {
                    let stored = self.timeline(&limits).read(version).await.map_err(|error| of_timeline(&error))?;
                    Ok(StateFile::read(stored.bytes, &format!("{}{version}", self.place()), &limits)?)
                }
                None => {
                    let read = read_state(&*self.store, &self.address.key, &limits).await;
                    let read = read.map_err(|error| of_change(&error, self))?;
                    read.map(|(_, state)| state).ok_or_else(|| self.absent())
                }
            }
        })?
    }

    /// The error of a state that is not there.
    pub(crate) fn absent(&self) -> CliError {
        let place = self.place();
        let error = CliError::new(format!("{place}: there is no state, or an empty one"));
        let backup = format!("{place}.backup");
        if self.address.kind == "local" && Path::new(&backup).is_file() {
            return error.hint(format!("a write was cut off, perhaps; the state before it is in {backup}"));
        }
        error.hint("look at the key and the workspace, or at the versions that the store keeps")
    }
}

/// The state that the configuration in the working folder names.
fn in_working_folder(environment: &Environment, workspace: Option<&str>) -> Result<StateAddress, CliError> {
    state_of_folder(Path::new(""), environment, workspace).map_err(|error| complaint::of_workdir(&error))
}

/// The address that a source is, and the version that stands behind its `@`. A file that has such a name comes first.
fn named(source: &Path) -> Result<(StateAddress, Option<VersionSelector>), CliError> {
    let Some(text) = source.to_str() else {
        return Err(CliError::usage(format!("{}: this is no Unicode text", source.display())));
    };
    let (base, version) = if source.exists() { (text, None) } else { VersionSelector::split(text) };
    let address = StateAddress::parse(base).map_err(|error| of_store(&error))?;
    Ok((address, version))
}

/// The state that a source names elsewhere than in a file: in a store, or as an earlier version. `None` for files.
pub(crate) fn elsewhere(source: &Path) -> Result<Option<Held>, CliError> {
    if source.exists() || source.to_str().is_none() {
        return Ok(None);
    }
    let (address, version) = named(source)?;
    let target = Target::open(address, version, Environment::of_process())?;
    if target.file().is_some() {
        return Ok(None);
    }
    target.read().map(|state| Some(Held::new(state.file(), state.as_bytes().to_vec())))
}

/// The source that the arguments name: as they say, or else the file or URL-less state of the working folder.
pub(crate) enum Named {
    /// A path or standard input, to be read as any source is.
    Source(PathBuf),
    /// A state in a store.
    Store(Box<Target>),
}

/// What a command reads from.
pub(crate) fn to_read(at: &StateAt) -> Result<Named, CliError> {
    if let (Some(source), None) = (&at.state, &at.workspace)
        && (source.as_os_str() == "-" || source.exists() || source.to_str().is_none())
    {
        return Ok(Named::Source(source.clone()));
    }
    let target = Target::of(at)?;
    Ok(match target.file() {
        Some(file) => Named::Source(file),
        None => Named::Store(Box::new(target)),
    })
}

/// The rule about lineages of most commands.
pub(crate) const SAME_LINEAGE: LineageRule = LineageRule::Keep;
