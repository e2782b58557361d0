//! Looking at a state, and at what lies about beside it, without changing anything.

use std::path::{Path, PathBuf};

use landfast_state::{Limits, ReadError, StateFile};

use crate::address::StateAddress;
use crate::error::StoreError;
use crate::lock_info::LockInfo;
use crate::store::StateStore;
use crate::stored::StoredState;

/// What was found.
#[derive(Debug)]
#[non_exhaustive]
pub struct Examination {
    /// Where the state lies.
    pub place: String,
    /// What is there.
    pub condition: Condition,
    /// What was read, where anything was.
    pub stored: Option<StoredState>,
    /// Who holds the lock; an error where the store cannot say.
    pub lock: Result<Option<LockInfo>, StoreError>,
    /// What lies about beside the state.
    pub leftovers: Vec<Leftover>,
}

/// In which condition a state is.
#[derive(Debug)]
pub enum Condition {
    /// It is a state.
    Sound(Box<StateFile>),
    /// There is none, and nothing says that there was one.
    Absent,
    /// The object is there and holds nothing: a write was cut off, or nothing was ever written.
    Empty,
    /// It is no state.
    Damaged(ReadError),
    /// It could not be read.
    Unreadable(StoreError),
}

/// A file that tells of something that went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Leftover {
    /// The file.
    pub path: PathBuf,
    /// What it is.
    pub kind: LeftoverKind,
}

/// What a file tells that lies about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LeftoverKind {
    /// A state that could not be written: it holds changes that are nowhere else.
    ErroredState,
    /// A note about a lock that nobody holds: its holder was killed. It stops nobody.
    LockNote,
    /// A file that a writer did not finish, or is still writing.
    Temporary,
}

/// Looks at a state. `working_folder` is where states are saved that could not be written.
pub async fn examine(
    store: &dyn StateStore,
    address: &StateAddress,
    working_folder: &Path,
    limits: &Limits,
) -> Examination {
    let place = store.place(&address.key);
    let lock = store.lock_info(&address.key).await;
    let (condition, stored) = match store.read(&address.key).await {
        Err(error) => (Condition::Unreadable(error), None),
        Ok(None) => (Condition::Absent, None),
        // An empty file under a lock is how terraform begins, on local files.
        Ok(Some(stored)) if stored.bytes.is_empty() => (Condition::Empty, Some(stored)),
        Ok(Some(stored)) => match StateFile::read(stored.bytes.clone(), &place, limits) {
            Ok(state) => (Condition::Sound(Box::new(state)), Some(stored)),
            Err(error) => (Condition::Damaged(error), Some(stored)),
        },
    };
    let mut leftovers = errored_states(working_folder);
    if address.kind == "local" {
        let held = !matches!(lock, Ok(None));
        leftovers.extend(beside(Path::new(&place), held));
    }
    leftovers.sort_by(|a, b| a.path.cmp(&b.path));
    leftovers.dedup();
    Examination { place, condition, stored, lock, leftovers }
}

/// The names in a folder; none where it cannot be read, since what lies there is a hint and no more.
fn names(folder: &Path) -> Vec<String> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect()
}

fn errored_states(folder: &Path) -> Vec<Leftover> {
    let is_errored = |name: &String| {
        let rest = name.strip_prefix("errored");
        let middle = rest.and_then(|rest| rest.strip_suffix("tfstate").or_else(|| rest.strip_suffix("sealed")));
        middle.is_some_and(|middle| middle.starts_with('.') && middle.chars().all(|c| c == '.' || c.is_ascii_digit()))
    };
    let found = names(folder).into_iter().filter(is_errored);
    found.map(|name| Leftover { path: folder.join(name), kind: LeftoverKind::ErroredState }).collect()
}

/// What lies beside a local state.
fn beside(state: &Path, is_held: bool) -> Vec<Leftover> {
    let folder = state.parent().unwrap_or(Path::new(""));
    let note = state.file_name().map(|name| format!(".{}.lock.info", name.to_string_lossy()));
    let kind_of = |name: &String| {
        if Some(name) == note.as_ref() && !is_held {
            Some(LeftoverKind::LockNote)
        } else {
            name.starts_with(".landfast-tmp-").then_some(LeftoverKind::Temporary)
        }
    };
    let found = names(folder).into_iter().filter_map(|name| Some((kind_of(&name)?, name)));
    found.map(|(kind, name)| Leftover { path: folder.join(name), kind }).collect()
}
