//! The journal of transfers: what two states were and are to become, until both are written.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use bytes::Bytes;
use jiff::Timestamp;
use landfast_durable::ReplaceOptions;
use landfast_state::{BytesDigest, Limits, StateFile};
use serde::{Deserialize, Serialize};

use super::TransferError;
use crate::change::Changing;
use crate::history::HistoryError;
use crate::history::content::make_private;
use crate::history::contents::{Contents, Writer};
use crate::protection::Protection;

/// What the record of a transfer is called, in its folder.
const RECORD: &str = "transfer.json";

/// Where transfers are recorded until they are done.
///
/// It holds what states hold, secrets included: folder and files can be read by their owner only. With
/// [`Transfers::with_protection`] they are sealed, and the digests in it are keyed ones.
#[derive(Debug, Clone)]
pub struct Transfers {
    folder: PathBuf,
    protection: Protection,
}

/// A transfer that was begun and neither finished nor undone: landfast was killed, or a store failed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PendingTransfer {
    /// Its id.
    pub id: String,
    /// When it began, by the clock of who began it.
    pub at: Option<SystemTime>,
    /// Who began it.
    pub who: String,
    /// Why.
    pub why: String,
    /// The state that loses the objects.
    pub from_place: String,
    /// The state that gains them.
    pub to_place: String,
    /// Digest of the state that loses them, before.
    pub from_before: BytesDigest,
    /// And after.
    pub from_after: BytesDigest,
    /// Digest of the state that gains them, before; `None` when there was none.
    pub to_before: Option<BytesDigest>,
    /// And after.
    pub to_after: BytesDigest,
    /// Id of the key that its contents are sealed under, where they are. The digests are keyed ones then.
    pub sealed_under: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Record {
    at: String,
    who: String,
    why: String,
    from_place: String,
    to_place: String,
    from_before: String,
    from_after: String,
    to_before: Option<String>,
    to_after: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<String>,
}

impl Record {
    fn pending(self, id: &str) -> Option<PendingTransfer> {
        let digest = |hex: &str| BytesDigest::from_hex(hex);
        Some(PendingTransfer {
            id: id.to_owned(),
            at: self.at.parse::<Timestamp>().ok().map(SystemTime::from),
            who: self.who,
            why: self.why,
            from_place: self.from_place,
            to_place: self.to_place,
            from_before: digest(&self.from_before)?,
            from_after: digest(&self.from_after)?,
            to_before: match self.to_before {
                Some(hex) => Some(digest(&hex)?),
                None => None,
            },
            to_after: digest(&self.to_after)?,
            sealed_under: self.key,
        })
    }
}

impl Transfers {
    /// The journal in this folder. Nothing is made before something is recorded.
    #[must_use]
    pub fn in_folder(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), protection: Protection::plain() }
    }

    /// With contents encrypted so. Each transfer has a key of its own, sealed for the keys given here.
    #[must_use]
    pub fn with_protection(mut self, protection: Protection) -> Self {
        self.protection = protection;
        self
    }

    /// Refuses where the journal could not be written, before anything else is done.
    pub(super) fn check(&self) -> Result<(), TransferError> {
        self.protection.check().map_err(|error| journal_error(HistoryError::NoKey(error)))
    }

    fn contents(&self, id: &str) -> Contents {
        Contents::new(&self.folder.join(id), self.protection.clone())
    }

    /// Fetches what sealing and opening needs from a transit engine.
    #[cfg(feature = "encryption")]
    pub(super) async fn prepare(&self, id: Option<&str>) -> Result<(), TransferError> {
        self.contents(id.unwrap_or_default()).prepare().await.map_err(journal_error)
    }

    /// How a transfer names contents: to be compared with the digests of its record.
    pub(super) fn naming(&self, pending: &PendingTransfer) -> Result<Writer, TransferError> {
        self.contents(&pending.id).writer_under(pending.sealed_under.as_deref()).map_err(journal_error)
    }

    /// The transfers that are neither finished nor undone, the oldest first.
    ///
    /// # Errors
    /// When the folder or a record cannot be read.
    pub fn pending(&self) -> Result<Vec<PendingTransfer>, TransferError> {
        let folder = &self.folder;
        let io = |what| {
            let path = folder.clone();
            move |source| journal_error(HistoryError::Io { path, what, source })
        };
        let entries = match std::fs::read_dir(folder) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(io("the folder cannot be read"))?,
        };
        let mut pending = Vec::new();
        for entry in entries {
            let entry = entry.map_err(io("the folder cannot be read"))?;
            let Ok(id) = entry.file_name().into_string() else { continue };
            let path = entry.path().join(RECORD);
            let text = match std::fs::read(&path) {
                Ok(text) => text,
                // Killed before anything was written to a state.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                Err(source) => {
                    return Err(journal_error(HistoryError::Io { path, what: "it cannot be read", source }));
                }
            };
            let record = serde_json::from_slice::<Record>(&text).ok().and_then(|record| record.pending(&id));
            let unknown = journal_error(HistoryError::UnknownRecord { path, sequence: 0 });
            pending.push(record.ok_or(unknown)?);
        }
        pending.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
        Ok(pending)
    }

    /// Refuses when a transfer that was interrupted touches this state. Everything that changes a state asks first.
    ///
    /// # Errors
    /// [`TransferError::Pending`], or when the journal cannot be read.
    pub fn refuse_pending(&self, place: &str) -> Result<(), TransferError> {
        let pending = self.pending()?.into_iter().find(|it| it.from_place == place || it.to_place == place);
        pending.map_or(Ok(()), |pending| Err(TransferError::Pending { pending: Box::new(pending) }))
    }

    /// Records what is about to be done. The record is there as a whole or not at all, and after what it needs.
    pub(super) fn record(
        &self,
        from: &Changing<'_>,
        to: &Changing<'_>,
        from_after: &StateFile,
        to_after: &StateFile,
    ) -> Result<PendingTransfer, TransferError> {
        let id = uuid::Uuid::new_v4().to_string();
        let folder = self.folder.join(&id);
        self.check()?;
        make_private(&folder).map_err(journal_error)?;
        let contents = self.contents(&id);
        let writer = contents.writer().map_err(journal_error)?;
        let keep = |bytes: &Bytes| -> Result<String, TransferError> {
            Ok(contents.keep(&writer, bytes, None).map_err(journal_error)?.to_string())
        };
        let digest_of =
            |changing: &Changing<'_>| changing.stored().map(|stored| writer.name_of(&stored.bytes).to_string());
        let no_state = || TransferError::NoState { place: from.place() };
        let options = from.options();
        let record = Record {
            at: Timestamp::try_from(options.now).map(|at| at.to_string()).unwrap_or_default(),
            who: options.who.clone(),
            why: options.why.clone(),
            from_place: from.place(),
            to_place: to.place(),
            from_before: digest_of(from).ok_or_else(no_state)?,
            from_after: keep(&Bytes::copy_from_slice(from_after.as_bytes()))?,
            to_before: to.stored().map(|stored| keep(&stored.bytes)).transpose()?,
            to_after: writer.name_of(to_after.as_bytes()).to_string(),
            key: writer.key_id().map(str::to_owned),
        };
        let text = serde_json::to_vec(&record).unwrap_or_default();
        landfast_durable::create(&folder.join(RECORD), &text, &ReplaceOptions::default())
            .map_err(|error| journal_error(HistoryError::NotKept(error)))?;
        record.pending(&id).ok_or_else(no_state)
    }

    /// Removes what is recorded of a transfer that is over: the record first, so that it is never there without what it needs.
    pub(super) fn forget(&self, id: &str) -> Result<(), TransferError> {
        let folder = self.folder.join(id);
        let record = folder.join(RECORD);
        let io = |path: &Path, what| {
            let path = path.to_owned();
            move |source| journal_error(HistoryError::Io { path, what, source })
        };
        std::fs::remove_file(&record).map_err(io(&record, "it cannot be removed"))?;
        std::fs::remove_dir_all(&folder).map_err(io(&folder, "it cannot be removed"))
    }

    /// What is kept for a transfer, as the state of `changing`.
    pub(super) fn content(
        &self,
        id: &str,
        digest: &BytesDigest,
        changing: &Changing<'_>,
        limits: &Limits,
    ) -> Result<StateFile, TransferError> {
        let bytes = self.contents(id).read(digest).map_err(journal_error)?;
        Ok(StateFile::read(bytes, &changing.place(), limits)?)
    }
}

fn journal_error(error: HistoryError) -> TransferError {
    TransferError::Journal(Box::new(error))
}
