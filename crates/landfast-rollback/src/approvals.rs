//! Which operations used which approvals and plans.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use landfast_durable::{ReplaceError, ReplaceOptions};
use landfast_safety::approval::{ReadApprovalError, SignedApproval};
use landfast_state::BytesDigest;

const APPROVAL: &str = "approval";
const PLAN: &str = "plan";

/// The approvals that operations were given, kept in a folder so that each serves once: a file for each of them, which is
/// durable before its operation begins to change anything.
///
/// A file's name is the id of the approval and the id of the operation. A file that cannot be read counts as used all the
/// same. The plans that were let through are kept beside them in the same way, so that each is executed once.
///
/// Where there are several folders, what stands in any of them counts, and everything is written to all of them.
#[derive(Debug, Clone)]
pub struct ApprovalLedger {
    folders: Vec<PathBuf>,
    operation: String,
}

/// Why it is not known which approvals were used, or the use of one was not recorded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// The folder cannot be read or made.
    #[error("the folder of used approvals and plans {} cannot be read or made", .path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Another operation was given this approval.
    #[error("the approval {id} was used already")]
    Used {
        /// The approval.
        id: String,
    },
    /// The use of an approval could not be recorded, so it is not used.
    #[error("the use of the approval {id} cannot be recorded")]
    Record {
        /// The approval.
        id: String,
        /// Why.
        #[source]
        source: ReplaceError,
    },
    /// That this plan is executed could not be recorded, so it is not.
    #[error("that the plan {plan} is executed cannot be recorded")]
    RecordPlan {
        /// The plan.
        plan: BytesDigest,
        /// Why.
        #[source]
        source: ReplaceError,
    },
    /// An approval that this operation was given cannot be read again.
    #[error("an approval that the operation was given cannot be read again")]
    Read(#[from] ReadApprovalError),
}

impl ApprovalLedger {
    /// The ledger in this folder, for the operation with this id.
    #[must_use]
    pub fn new(folder: PathBuf, operation: &str) -> Self {
        Self { folders: vec![folder], operation: operation.to_owned() }
    }

    /// The same, which is kept in this folder too.
    #[must_use]
    pub fn also_in(mut self, folder: PathBuf) -> Self {
        self.folders.push(folder);
        self
    }

    /// The other operation that this plan was let through for, where there is one.
    ///
    /// # Errors
    /// When a folder cannot be read.
    pub fn executed_by(&self, plan: &BytesDigest) -> Result<Option<String>, LedgerError> {
        let plan = plan.to_string();
        let mut entries = self.entries(PLAN)?.into_iter();
        Ok(entries
            .find(|(id, operation, _)| *id == plan && *operation != self.operation)
            .map(|(_, operation, _)| operation))
    }

    /// Records that this operation executes this plan. It is on the disk when this comes back.
    ///
    /// # Errors
    /// When it cannot be recorded.
    pub fn record_plan(&self, plan: &BytesDigest) -> Result<(), LedgerError> {
        for folder in &self.folders {
            make(folder).map_err(|source| LedgerError::Folder { path: folder.clone(), source })?;
            let path = folder.join(format!("{plan}.{}.{PLAN}", self.operation));
            match landfast_durable::create(&path, b"", &ReplaceOptions::default()) {
                // It is taken up.
                Ok(()) | Err(ReplaceError::Exists { .. }) => {}
                Err(source) => return Err(LedgerError::RecordPlan { plan: *plan, source }),
            }
        }
        Ok(())
    }

    /// Ids of the approvals that other operations were given.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn used(&self) -> Result<BTreeSet<String>, LedgerError> {
        let entries = self.entries(APPROVAL)?.into_iter();
        Ok(entries.filter(|(_, operation, _)| *operation != self.operation).map(|(id, ..)| id).collect())
    }

    /// The approvals that this operation was given before: it goes on with them when it is taken up.
    ///
    /// # Errors
    /// When one of them cannot be read.
    pub fn given(&self) -> Result<Vec<SignedApproval>, LedgerError> {
        let own = self.entries(APPROVAL)?.into_iter().filter(|(_, operation, _)| *operation == self.operation);
        own.map(|(.., path)| SignedApproval::read(&path).map_err(LedgerError::from)).collect()
    }

    /// Records that this operation is given these approvals. They are on the disk when this comes back.
    ///
    /// # Errors
    /// When another operation was given one of them, or one cannot be recorded. Those before it in the list are used then.
    pub fn record(&self, approvals: &[SignedApproval]) -> Result<(), LedgerError> {
        if approvals.is_empty() {
            return Ok(());
        }
        let known = self.entries(APPROVAL)?;
        for approval in approvals {
            let id = approval.approval().id();
            match known.iter().find(|(used, ..)| used == id) {
                Some((_, operation, _)) if *operation == self.operation => continue,
                Some(_) => return Err(LedgerError::Used { id: id.to_owned() }),
                None => {}
            }
            for folder in &self.folders {
                make(folder).map_err(|source| LedgerError::Folder { path: folder.clone(), source })?;
                let path = folder.join(format!("{id}.{}.{APPROVAL}", self.operation));
                match landfast_durable::create(&path, approval.to_json().as_bytes(), &ReplaceOptions::default()) {
                    // Given twice.
                    Ok(()) | Err(ReplaceError::Exists { .. }) => {}
                    Err(source) => return Err(LedgerError::Record { id: id.to_owned(), source }),
                }
            }
        }
        Ok(())
    }

    /// The id, the operation, and the file of each of this kind, once.
    fn entries(&self, kind: &str) -> Result<Vec<(String, String, PathBuf)>, LedgerError> {
        let mut found = BTreeMap::new();
        for folder in &self.folders {
            let complain = |source| LedgerError::Folder { path: folder.clone(), source };
            let entries = match std::fs::read_dir(folder) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                entries => entries.map_err(complain)?,
            };
            for entry in entries {
                let path = entry.map_err(complain)?.path();
                if path.extension().is_some_and(|extension| extension == kind)
                    && let Some((id, operation)) = path.file_stem().and_then(|stem| stem.to_str()?.split_once('.'))
                {
                    found.entry((id.to_owned(), operation.to_owned())).or_insert_with(|| path.clone());
                }
            }
        }
        Ok(found.into_iter().map(|((id, operation), path)| (id, operation, path)).collect())
    }
}

/// Makes the folder, which is durable before anything in it is.
fn make(folder: &Path) -> std::io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)?;
    match folder.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => std::fs::File::open(parent)?.sync_all(),
        _ => std::fs::File::open(".")?.sync_all(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use landfast_safety::approval::{Approval, PrivateKey};
    use landfast_state::BytesDigest;

    use super::*;

    fn approval() -> SignedApproval {
        let plan = BytesDigest::of(b"plan");
        let approval = Approval::new("alice", plan, "", SystemTime::now(), Duration::from_secs(60)).unwrap();
        approval.sign(&PrivateKey::generate().unwrap())
    }

    #[test]
    fn an_approval_serves_one_operation() {
        let scratch = tempfile::tempdir().unwrap();
        let ledger = |operation: &str| ApprovalLedger::new(scratch.path().join("used"), operation);
        let (one, two) = (approval(), approval());
        assert!(ledger("op-1").used().unwrap().is_empty());
        ledger("op-1").record(&[one.clone(), one.clone()]).unwrap();
        // The operation itself goes on with it.
        ledger("op-1").record(std::slice::from_ref(&one)).unwrap();
        assert_eq!(ledger("op-1").given().unwrap(), std::slice::from_ref(&one));
        assert!(ledger("op-1").used().unwrap().is_empty());
        assert!(ledger("op-2").given().unwrap().is_empty());
        assert_eq!(ledger("op-2").used().unwrap(), [one.approval().id().to_owned()].into());
        let twice = ledger("op-2").record(&[two, one.clone()]);
        assert!(matches!(twice, Err(LedgerError::Used { id }) if id == one.approval().id()));
    }

    #[test]
    fn what_stands_in_one_of_two_folders_is_used() {
        let scratch = tempfile::tempdir().unwrap();
        let [first, second, shared] = ["first", "second", "shared"].map(|name| scratch.path().join(name));
        let ledger = |folder: &PathBuf, id: &str| ApprovalLedger::new(folder.clone(), id).also_in(shared.clone());
        let (one, plan) = (approval(), BytesDigest::of(b"plan"));
        ledger(&first, "op-1").record(std::slice::from_ref(&one)).unwrap();
        ledger(&first, "op-1").record_plan(&plan).unwrap();
        ledger(&first, "op-1").record_plan(&plan).unwrap();
        assert_eq!(ledger(&first, "op-1").executed_by(&plan).unwrap(), None);
        assert_eq!(ledger(&first, "op-1").given().unwrap().len(), 1);
        assert_eq!(ledger(&second, "op-2").executed_by(&plan).unwrap().as_deref(), Some("op-1"));
        assert_eq!(ledger(&second, "op-2").used().unwrap(), [one.approval().id().to_owned()].into());
        assert!(ledger(&second, "op-2").executed_by(&BytesDigest::of(b"other")).unwrap().is_none());
    }

    #[test]
    fn what_cannot_be_read_is_used() {
        let scratch = tempfile::tempdir().unwrap();
        std::fs::write(scratch.path().join(format!("{}.op-1.approval", "a".repeat(32))), "").unwrap();
        let of = |operation: &str| ApprovalLedger::new(scratch.path().to_owned(), operation);
        assert_eq!(of("op-2").used().unwrap(), ["a".repeat(32)].into());
        assert!(of("op-1").given().is_err());
    }

    #[test]
    fn where_nothing_can_be_recorded_nothing_is_used() {
        let scratch = tempfile::tempdir().unwrap();
        let file = scratch.path().join("file");
        std::fs::write(&file, "").unwrap();
        assert!(ApprovalLedger::new(file, "op-1").record(&[approval()]).is_err());
    }
}
