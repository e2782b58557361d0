//! Which operations used which approvals.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use landfast_durable::{ReplaceError, ReplaceOptions};
use landfast_safety::approval::{ReadApprovalError, SignedApproval};

const EXTENSION: &str = "approval";

/// The approvals that operations were given, kept in a folder so that each serves once: a file for each of them, which is
/// durable before its operation begins to change anything.
///
/// A file's name is the id of the approval and the id of the operation. A file that cannot be read counts as used all the
/// same.
#[derive(Debug, Clone)]
pub struct ApprovalLedger {
    folder: PathBuf,
    operation: String,
}

/// Why it is not known which approvals were used, or the use of one was not recorded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// The folder cannot be read or made.
    #[error("the folder of used approvals {} cannot be read or made", .path.display())]
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
    /// An approval that this operation was given cannot be read again.
    #[error("an approval that the operation was given cannot be read again")]
    Read(#[from] ReadApprovalError),
}

impl ApprovalLedger {
    /// The ledger in this folder, for the operation with this id.
    #[must_use]
    pub fn new(folder: PathBuf, operation: &str) -> Self {
        Self { folder, operation: operation.to_owned() }
    }

    /// Ids of the approvals that other operations were given.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn used(&self) -> Result<BTreeSet<String>, LedgerError> {
        let entries = self.entries()?.into_iter();
        Ok(entries.filter(|(_, operation, _)| *operation != self.operation).map(|(id, ..)| id).collect())
    }

    /// The approvals that this operation was given before: it goes on with them when it is taken up.
    ///
    /// # Errors
    /// When one of them cannot be read.
    pub fn given(&self) -> Result<Vec<SignedApproval>, LedgerError> {
        let own = self.entries()?.into_iter().filter(|(_, operation, _)| *operation == self.operation);
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
        make(&self.folder).map_err(|source| LedgerError::Folder { path: self.folder.clone(), source })?;
        let known = self.entries()?;
        for approval in approvals {
            let id = approval.approval().id();
            match known.iter().find(|(used, ..)| used == id) {
                Some((_, operation, _)) if *operation == self.operation => continue,
                Some(_) => return Err(LedgerError::Used { id: id.to_owned() }),
                None => {}
            }
            let path = self.folder.join(format!("{id}.{}.{EXTENSION}", self.operation));
            match landfast_durable::create(&path, approval.to_json().as_bytes(), &ReplaceOptions::default()) {
                // Given twice.
                Ok(()) | Err(ReplaceError::Exists { .. }) => {}
                Err(source) => return Err(LedgerError::Record { id: id.to_owned(), source }),
            }
        }
        Ok(())
    }

    /// The approval, the operation, and the file of each.
    fn entries(&self) -> Result<Vec<(String, String, PathBuf)>, LedgerError> {
        let complain = |source| LedgerError::Folder { path: self.folder.clone(), source };
        let entries = match std::fs::read_dir(&self.folder) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(complain)?,
        };
        let mut found = Vec::new();
        for entry in entries {
            let path = entry.map_err(complain)?.path();
            if path.extension().is_some_and(|extension| extension == EXTENSION)
                && let Some((id, operation)) = path.file_stem().and_then(|stem| stem.to_str()?.split_once('.'))
            {
                found.push((id.to_owned(), operation.to_owned(), path.clone()));
            }
        }
        Ok(found)
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
