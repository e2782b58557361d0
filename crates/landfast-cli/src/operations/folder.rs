//! The folder of journals.

use std::collections::BTreeMap;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::PathBuf;

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

/// The error of a journal.
fn of_journal(error: &JournalFileError) -> CliError {
    CliError::new(chain(error))
}

impl Folder {
    pub(crate) fn of(args: &FolderArgs, settings: &Settings) -> Self {
        let path = match (&args.operations, &settings.operations.folder) {
            (Some(path), _) => path.clone(),
            (None, Some(path)) => settings.folder.join(path),
            (None, None) => settings.folder.join(FOLDER),
        };
        Self { path }
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

    /// The approvals that operations have used, for this one.
    pub(crate) fn approvals(&self, id: &str) -> ApprovalLedger {
        ApprovalLedger::new(self.path.join("approvals"), id)
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
        View::of(&self.read(id)?.records).map_err(|error| CliError::new(format!("{id}: {}", chain(&error))))
    }

    /// Takes the journal of an operation up.
    pub(crate) fn take_up(&self, id: &str) -> Result<(FileJournal, View), CliError> {
        let (journal, log) = FileJournal::take_up(&self.file(id)).map_err(|error| {
            of_journal(&error).hint("an operation is taken up once the process that executes it has ended")
        })?;
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
