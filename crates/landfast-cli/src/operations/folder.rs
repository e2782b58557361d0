//! The folder of journals.

use std::collections::BTreeMap;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use landfast::rollback::ApprovalLedger;
use landfast::rollback::journal::{FileJournal, JournalFileError, JournalLog, View, read_journal};
use landfast::state::BytesDigest;

use crate::error::CliError;
use crate::operation_args::FolderArgs;
use crate::output::warn;
use crate::settings::Settings;
use crate::stores::chain;

/// Where the journals are by default, from the folder of the settings.
const FOLDER: &str = ".landfast/operations";
const EXTENSION: &str = "journal";

/// A folder of journals, one file for each operation.
pub(crate) struct Folder {
    path: PathBuf,
}

/// Whether both paths lead to the same folder, whether or not it is there yet.
fn is_same(a: &Path, b: &Path) -> bool {
    let resolved = |path: &Path| {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        path.canonicalize().unwrap_or_else(|_| path.components().collect())
    };
    resolved(a) == resolved(b)
}

/// The error of a journal.
fn of_journal(error: &JournalFileError) -> CliError {
    CliError::new(chain(error))
}

impl Folder {
    /// The folder that the arguments or the settings name, which are one where both do: what was executed and who approved it
    /// stands there, and would be new in another one.
    pub(crate) fn of(args: &FolderArgs, settings: &Settings) -> Result<Self, CliError> {
        let path = match (&args.operations, &settings.operations.folder) {
            (Some(path), Some(named)) if !is_same(path, &settings.folder.join(named)) => {
                return Err(CliError::usage(format!(
                    "{}: the operations here are in {}, as operations.folder in landfast.toml says",
                    path.display(),
                    settings.folder.join(named).display()
                ))
                .hint("leave --operations out, or change landfast.toml"));
            }
            (Some(path), _) => path.clone(),
            (None, Some(path)) => settings.folder.join(path),
            (None, None) => settings.folder.join(FOLDER),
        };
        Ok(Self { path })
    }

    /// The journal of a new operation, and its id, which sorts by time.
    pub(crate) fn create(&self) -> Result<(String, FileJournal), CliError> {
        let io = |error| CliError::io(&self.path, "the folder of operations cannot be made", &error);
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.path).map_err(io)?;
        let random = uuid::Uuid::new_v4().simple().to_string();
        let id = format!("{}-{}", jiff::Timestamp::now().strftime("%Y%m%dT%H%M%S%3fZ"), random.get(..8).unwrap_or("0"));
        let journal = FileJournal::create(&self.file(&id)).map_err(|error| of_journal(&error))?;
        Ok((id, journal))
    }

    /// The plans and approvals that operations have used, for this one: those of this folder, and those of this user wherever the
    /// journals were.
    pub(crate) fn approvals(&self, id: &str, user: &Path) -> ApprovalLedger {
        ApprovalLedger::new(self.path.join("approvals"), id).also_in(user.join("used"))
    }

    fn file(&self, id: &str) -> PathBuf {
        self.path.join(format!("{id}.{EXTENSION}"))
    }

    /// The ids of all operations, the oldest first.
    pub(crate) fn ids(&self) -> Result<Vec<String>, CliError> {
        let entries = match std::fs::read_dir(&self.path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(|error| CliError::io(&self.path, "cannot be read", &error))?,
        };
        let mut ids = Vec::new();
        for entry in entries {
            let path = entry.map_err(|error| CliError::io(&self.path, "cannot be read", &error))?.path();
            if path.extension().is_some_and(|extension| extension == EXTENSION) {
                ids.extend(path.file_stem().and_then(|stem| stem.to_str()).map(str::to_owned));
            }
        }
        ids.sort();
        Ok(ids)
    }

    /// The operation that is meant: by its id, or by what no other id begins or ends with.
    pub(crate) fn find(&self, text: &str) -> Result<String, CliError> {
        let ids = self.ids()?;
        let matching: Vec<&String> = ids.iter().filter(|id| id.starts_with(text) || id.ends_with(text)).collect();
        match (ids.iter().find(|id| *id == text), matching.as_slice()) {
            (Some(id), _) => Ok(id.clone()),
            (None, [only]) if !text.is_empty() => Ok((*only).clone()),
            (None, [_, _, ..]) => Err(CliError::new(format!("{text}: several operations are called so"))),
            _ => Err(CliError::new(format!("{}: there is no operation {text}", self.path.display()))
                .hint("landfast op list shows them; --operations names another folder")),
        }
    }

    /// Reads the journal of an operation, which somebody may be writing to.
    pub(crate) fn read(&self, id: &str) -> Result<JournalLog, CliError> {
        read_journal(&self.file(id)).map_err(|error| of_journal(&error))
    }

    /// The operation as its journal says.
    pub(crate) fn view(&self, id: &str) -> Result<View, CliError> {
        let log = self.read(id)?;
        if log.records.is_empty() {
            return Err(self.never_began(id));
        }
        View::of(&log.records).map_err(|error| CliError::new(format!("{id}: {}", chain(&error))))
    }

    /// Whether nothing was ever written into the journal: its process ended between making it and its first record.
    pub(crate) fn is_blank(&self, id: &str) -> bool {
        self.read(id).is_ok_and(|log| log.records.is_empty())
    }

    fn never_began(&self, id: &str) -> CliError {
        CliError::new(format!("operation {id} never began: its process ended before it wrote anything"))
            .hint(format!("nothing was changed; {} can be removed", self.file(id).display()))
    }

    /// Takes the journal of an operation up.
    pub(crate) fn take_up(&self, id: &str) -> Result<(FileJournal, View), CliError> {
        let (journal, log) = FileJournal::take_up(&self.file(id)).map_err(|error| {
            of_journal(&error).hint("an operation is taken up once the process that executes it has ended")
        })?;
        if log.records.is_empty() {
            return Err(self.never_began(id));
        }
        let view = View::of(&log.records).map_err(|error| CliError::new(format!("{id}: {}", chain(&error))))?;
        Ok((journal, view))
    }

    /// Every operation that can be read, but this one; the others are warned of. A journal without a record is of an operation
    /// that never began.
    pub(crate) fn others(&self, but: &str) -> Result<Vec<View>, CliError> {
        let mut views = Vec::new();
        for id in self.ids()?.into_iter().filter(|id| id != but) {
            match self.read(&id) {
                Ok(log) if log.records.is_empty() => {}
                Ok(log) => match View::of(&log.records) {
                    Ok(view) => views.push(view),
                    Err(error) => return Err(self.unreadable(&id, &chain(&error))),
                },
                Err(error) => return Err(self.unreadable(&id, error.message())),
            }
        }
        Ok(views)
    }

    fn unreadable(&self, id: &str, why: &str) -> CliError {
        CliError::new(format!("the journal of operation {id} cannot be read: {why}"))
            .hint(format!("nothing is executed while it is not known what was: look at {}", self.file(id).display()))
    }

    /// Plans that were executed, with the operation that did.
    pub(crate) fn executed(views: &[View]) -> BTreeMap<BytesDigest, String> {
        let reached = views.iter().filter(|view| view.reached_applying);
        reached.map(|view| (view.plan.digest(), view.operation.clone())).collect()
    }

    /// Says how an operation is taken up that was left open.
    pub(crate) fn remind(&self, id: &str) {
        warn(&format!("operation {id} has not ended; take it up with `landfast op resume {id}`"));
    }
}
