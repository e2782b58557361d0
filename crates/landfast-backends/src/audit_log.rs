//! The log of what was decided: an audit sink in a file.

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use landfast_durable::{AppendError, Log, LogOptions, OpenLogError, Wait};
use landfast_state::{AuditError, AuditEvent, AuditSink};
use serde_json::{Map, Value};

/// What the file is called.
const NAME: &str = "audit.log";
const KIND: &str = "audit";
/// How long to wait for another process that writes to the same log.
const PATIENCE: Duration = Duration::from_secs(10);

/// An append-only log of decisions, each on the disk before what it describes is done. Its chain of checksums finds accidents,
/// not forgeries.
#[derive(Debug, Clone)]
pub struct AuditLog {
    path: PathBuf,
}

/// Why a decision was not recorded.
#[derive(Debug, thiserror::Error)]
enum NotRecorded {
    #[error("{}: the folder cannot be made", path.display())]
    Folder {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error(transparent)]
    Open(OpenLogError),
    #[error(transparent)]
    Append(AppendError),
}

impl AuditLog {
    /// The log `audit.log` in this folder. Nothing is made before something is recorded.
    #[must_use]
    pub fn in_folder(folder: &Path) -> Self {
        Self { path: folder.join(NAME) }
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn append(&self, event: &AuditEvent) -> Result<(), NotRecorded> {
        use std::os::unix::fs::DirBuilderExt as _;
        if let Some(folder) = self.path.parent() {
            std::fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(folder)
                .map_err(|source| NotRecorded::Folder { path: folder.to_owned(), source })?;
        }
        let mut options = LogOptions::default();
        options.wait = Wait::For(PATIENCE);
        let (mut log, _) = Log::open(&self.path, KIND, &options).map_err(NotRecorded::Open)?;
        log.append(record(event).to_string().as_bytes()).map_err(NotRecorded::Append)?;
        Ok(())
    }
}

fn record(event: &AuditEvent) -> Value {
    let details: Map<String, Value> =
        event.details.iter().map(|(name, value)| (name.clone(), Value::from(value.clone()))).collect();
    serde_json::json!({
        "at": Timestamp::try_from(event.at).map(|at| at.to_string()).unwrap_or_default(),
        "who": event.who,
        "action": event.action,
        "target": event.target,
        "reason": event.reason,
        "details": details,
    })
}

impl AuditSink for AuditLog {
    fn record(&self, event: &AuditEvent) -> Result<(), AuditError> {
        self.append(event).map_err(|error| AuditError(Box::new(error)))
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use landfast_durable::LogReader;

    use super::*;

    #[test]
    fn a_record_is_there_when_the_call_returns() {
        let folder = tempfile::tempdir().unwrap();
        let log = AuditLog::in_folder(&folder.path().join("new"));
        for reason in ["its holder died", "again"] {
            let event = AuditEvent::new(SystemTime::UNIX_EPOCH, "alice@laptop", "force-unlock", "s3://b/k", reason);
            log.record(&event.with("lock", "7cd9")).unwrap();
        }
        let records: Vec<Value> = LogReader::open(log.path(), KIND, &LogOptions::default())
            .unwrap()
            .map(|record| serde_json::from_slice(&record.unwrap().content).unwrap())
            .collect();
        assert_eq!(records.len(), 2);
        assert_eq!(
            records[0],
            serde_json::json!({"at": "1970-01-01T00:00:00Z", "who": "alice@laptop", "action": "force-unlock",
                "target": "s3://b/k", "reason": "its holder died", "details": {"lock": "7cd9"}})
        );
    }

    #[test]
    fn where_nothing_can_be_recorded_that_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("file"), "").unwrap();
        let log = AuditLog::in_folder(&folder.path().join("file"));
        let event = AuditEvent::new(SystemTime::UNIX_EPOCH, "a@b", "force-unlock", "k", "r");
        assert_eq!(log.record(&event).unwrap_err().to_string(), "the audit record could not be written");
    }
}
