//! The states that commands name, in whatever store.

mod change;
mod complaint;
mod encrypted;
mod person;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use landfast::Held;
use landfast::backends::change::{ChangeError, LineageRule, read_state};
use landfast::backends::history::{History, Timeline};
use landfast::backends::transfer::Transfers;
use landfast::backends::{Environment, StateAddress, StateStore, VersionSelector, state_of_folder, user_state_folder};
use landfast::state::{Limits, StateFile};

pub(crate) use change::{Planned, change};
pub(crate) use complaint::{chain, of_backup, of_change, of_damage, of_store, of_store_at, of_timeline, of_transfer};
pub(crate) use encrypted::{may_be_encrypted, opened};
pub(crate) use person::{groups, user, who};

use crate::args::{Global, StateAt};
use crate::error::CliError;
use crate::interrupt;
use crate::keys::Keys;
use crate::moved::warn_of_move;

/// A state in a store.
pub(crate) struct Target {
    pub(crate) address: StateAddress,
    pub(crate) store: Arc<dyn StateStore>,
    pub(crate) history: Option<History>,
    /// The version that is asked for; `None` is what is there now.
    pub(crate) version: Option<VersionSelector>,
    pub(crate) environment: Environment,
    pub(crate) keys: Keys,
    /// How the arguments say which state it is.
    flag: String,
}

impl Target {
    /// The state that the arguments name.
    pub(crate) fn of(at: &StateAt, global: &Global) -> Result<Self, CliError> {
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
        let mut flag = match (&at.state, address.kind.as_str()) {
            (None, _) => String::new(),
            (Some(source), "local") => format!(" --state {}", source.display()),
            // A URL may hold what must not be shown.
            (Some(_), _) => String::from(" --state SRC"),
        };
        flag.extend(at.workspace.iter().map(|workspace| format!(" --workspace {workspace}")));
        Ok(Self { flag, ..Self::open(address, version, environment, global)? })
    }

    /// How another command names the same state: the flag, a space before it, or nothing in the same folder.
    pub(crate) fn flag(&self) -> &str {
        &self.flag
    }

    /// The state as it is now: changes and locks are not for old versions.
    pub(crate) fn current(at: &StateAt, global: &Global) -> Result<Self, CliError> {
        let target = Self::of(at, global)?;
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
        global: &Global,
    ) -> Result<Self, CliError> {
        let keys = global.keys.get()?.clone();
        let store = encrypted::open(&address, &environment, &keys)?;
        let history = History::of(&address, &*store, &environment).map_err(|error| CliError::new(chain(&error)))?;
        let history = history.map(|history| history.with_protection(keys.protection.clone()));
        Ok(Self { address, store, history, version, environment, keys, flag: String::new() })
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
        match self.held_and_checked()? {
            (_, Some(state)) => Ok(state),
            (held, None) => Ok(StateFile::read(held.bytes, &held.name, &Limits::default())?),
        }
    }

    /// The bytes of the version that is asked for, under the name of their place. They are read again where they are no state:
    /// one that terraform is writing is another one a moment later.
    pub(crate) fn held(&self) -> Result<Held, CliError> {
        self.held_and_checked().map(|(held, _)| held)
    }

    /// As [`Target::held`], with the state that the bytes are where they were found to be one.
    pub(crate) fn held_and_checked(&self) -> Result<(Held, Option<StateFile>), CliError> {
        let limits = Limits::default();
        let key = &self.address.key;
        let stored = interrupt::wait(async {
            if let Some(version) = &self.version {
                let stored = self.timeline(&limits).read(version).await;
                return stored.map(|stored| Some((stored, None))).map_err(|error| of_timeline(&error));
            }
            match read_state(&*self.store, key, &limits).await {
                Ok(read) => Ok(read.map(|read| {
                    warn_of_move(&self.place(), &read);
                    (read.stored, Some(read.state))
                })),
                Err(ChangeError::NoState(_)) => {
                    let stored = self.store.read(key).await.map_err(|error| of_store(&error))?;
                    Ok(stored.map(|stored| (stored, None)))
                }
                Err(error) => Err(of_change(&error, self)),
            }
        })??;
        let version = self.version.as_ref().map(ToString::to_string).unwrap_or_default();
        let (stored, state) = stored.ok_or_else(|| self.absent())?;
        Ok((Held::new(self.place() + &version, stored.bytes), state))
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

/// The journal of moves between states.
pub(crate) fn transfers(target: &Target) -> Result<Transfers, CliError> {
    let folder = user_state_folder(&target.environment);
    let folder = folder.ok_or_else(|| CliError::new("there is no folder for the journal of moves: set HOME"))?;
    Ok(Transfers::in_folder(folder.join("transfers")).with_protection(target.keys.protection.clone()))
}

/// The state that the configuration in the working folder names.
fn in_working_folder(environment: &Environment, workspace: Option<&str>) -> Result<StateAddress, CliError> {
    in_folder(Path::new(""), environment, workspace)
}

fn in_folder(folder: &Path, environment: &Environment, workspace: Option<&str>) -> Result<StateAddress, CliError> {
    state_of_folder(folder, environment, workspace).map_err(|error| complaint::of_workdir(&error))
}

/// The state that the configuration in a folder names: its file, where it is one that can be read as any other.
pub(crate) fn of_folder(folder: &Path, global: &Global) -> Result<Named, CliError> {
    let environment = Environment::of_process();
    let target = Target::open(in_folder(folder, &environment, None)?, None, environment, global)?;
    Ok(match target.file() {
        Some(file) => Named::Source(file),
        None => Named::Store(Box::new(target)),
    })
}

/// What a source begins with that is the state of the working folder: `@` as it is, `@7` a version of it.
const HERE: char = '@';

/// The address that a source is, and the version that stands behind its `@`. A file that has such a name comes first.
fn named(source: &Path) -> Result<(StateAddress, Option<VersionSelector>), CliError> {
    let Some(text) = source.to_str() else {
        return Err(CliError::usage(format!("{}: this is no Unicode text", source.display())));
    };
    let (base, version) = if source.exists() { (text, None) } else { VersionSelector::split(text) };
    if let (Some(id), false) = (text.strip_prefix(HERE), source.exists()) {
        let of_any = format!("state@{id}");
        let (_, version) = VersionSelector::split(&of_any);
        return Ok((in_working_folder(&Environment::of_process(), None)?, version));
    }
    let address = StateAddress::parse(base).map_err(|error| of_store(&error))?;
    Ok((address, version))
}

/// The document that a source names elsewhere than in a file: in a store, or as an earlier version. `None` for files.
pub(crate) fn elsewhere(source: &Path, global: &Global) -> Result<Option<Held>, CliError> {
    if source.exists() || source.to_str().is_none() {
        return Ok(None);
    }
    let (address, version) = named(source)?;
    let target = Target::open(address, version, Environment::of_process(), global)?;
    match target.file() {
        Some(file) if source.to_str().is_some_and(|text| text.starts_with(HERE)) => {
            return opened(Held::read(&file, &Limits::default())?, global).map(Some);
        }
        Some(_) => return Ok(None),
        None => {}
    }
    target.held().map(Some)
}

/// The source that the arguments name: as they say, or else the file or URL-less state of the working folder.
pub(crate) enum Named {
    /// A path or standard input, to be read as any source is.
    Source(PathBuf),
    /// A state in a store.
    Store(Box<Target>),
}

/// What a command reads from.
pub(crate) fn to_read(at: &StateAt, global: &Global) -> Result<Named, CliError> {
    if let (Some(source), None) = (&at.state, &at.workspace)
        && (source.as_os_str() == "-" || source.exists() || source.to_str().is_none())
    {
        return Ok(Named::Source(source.clone()));
    }
    let target = Target::of(at, global)?;
    Ok(match target.file() {
        Some(file) => Named::Source(file),
        None => Named::Store(Box::new(target)),
    })
}

/// The rule about lineages of most commands.
pub(crate) const SAME_LINEAGE: LineageRule = LineageRule::Keep;
