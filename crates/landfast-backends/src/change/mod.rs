//! Changing a state without ever losing one: lock, read, verify, validate, keep what was there, write, read back.

mod cancel;
mod error;
mod push;
mod reading;
mod recovery;

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use landfast_state::{BytesDigest, Limits, StateFile};

pub use cancel::Cancel;
pub use error::{ChangeError, Step};
pub use push::{Push, PushError, PushRules, push, with_serial};
pub use reading::{Moved, ReadState, read_state};
#[cfg(feature = "encryption")]
pub use recovery::save_recovery_under;
pub use recovery::{RecoveryError, save_recovery};

use crate::error::{ErrorClass, StoreError, WriteOutcome};
use crate::history::{History, HistoryOutcome, Intent, Retention};
use crate::key::StateKey;
use crate::lock_info::LockInfo;
use crate::store::{HeldLock, StateStore};
use crate::stored::{Expected, StateWrite, StoredState, WriteNote, Written};

/// How a state is changed.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ChangeOptions {
    /// Who changes it, as `user@host`.
    pub who: String,
    /// Why: the command, or the words of who asked for it.
    pub why: String,
    /// The caller's clock.
    pub now: SystemTime,
    /// How long to wait for somebody else's lock. Default: not at all.
    pub lock_wait: Duration,
    /// Where what is replaced is kept; `None` where the store keeps versions itself.
    pub history: Option<History>,
    /// How much of the history is kept.
    pub retention: Retention,
    /// What a state may be like.
    pub limits: Limits,
    /// Whether the new state must be of the lineage that is there. By default it must.
    pub lineage: LineageRule,
    /// By which the caller asks to stop.
    pub cancel: Cancel,
}

/// Whether a state may be followed by one of another lineage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum LineageRule {
    /// It may not: a state of another lineage belongs to other infrastructure.
    #[default]
    Keep,
    /// It may, since somebody said so.
    MayChange,
}

impl ChangeOptions {
    /// A change by `who`, for the reason `why`, at the time `now`, without a history.
    #[must_use]
    pub fn new(who: &str, why: &str, now: SystemTime) -> Self {
        Self {
            who: who.to_owned(),
            why: why.to_owned(),
            now,
            lock_wait: Duration::ZERO,
            history: None,
            retention: Retention::default(),
            limits: Limits::default(),
            lineage: LineageRule::default(),
            cancel: Cancel::default(),
        }
    }

    /// With a history of ours.
    #[must_use]
    pub fn with_history(mut self, history: Option<History>) -> Self {
        self.history = history;
        self
    }

    /// With so much of the history kept.
    #[must_use]
    pub fn with_retention(mut self, retention: Retention) -> Self {
        self.retention = retention;
        self
    }

    /// With a time to wait for the lock.
    #[must_use]
    pub fn with_lock_wait(mut self, wait: Duration) -> Self {
        self.lock_wait = wait;
        self
    }

    /// With a rule about lineages.
    #[must_use]
    pub fn with_lineage(mut self, rule: LineageRule) -> Self {
        self.lineage = rule;
        self
    }

    /// With a way to ask it to stop.
    #[must_use]
    pub fn with_cancel(mut self, cancel: Cancel) -> Self {
        self.cancel = cancel;
        self
    }
}

/// What a change did.
#[derive(Debug)]
#[non_exhaustive]
pub struct Changed {
    /// What was there; `None` when nothing was.
    pub before: Option<StateFile>,
    /// What is there now.
    pub after: StateFile,
    /// What the store says about it; `None` when there was nothing to write.
    pub written: Option<Written>,
}

/// A state that is locked and read, and about to be changed. Dropped without [`Changing::commit`] or [`Changing::abandon`],
/// it leaves the lock in stores whose locks are records.
#[derive(Debug)]
pub struct Changing<'a> {
    options: Cow<'a, ChangeOptions>,
    lock: Box<dyn HeldLock>,
    read: Option<StoredState>,
    before: Option<StateFile>,
}

/// Locks a state and reads it.
///
/// # Errors
/// When somebody else holds the lock for longer than [`ChangeOptions::lock_wait`], or what is there is no state. The lock is
/// given back then.
pub async fn begin<'a>(
    store: &dyn StateStore,
    key: &StateKey,
    options: &'a ChangeOptions,
) -> Result<Changing<'a>, ChangeError> {
    let lock = lock(store, key, options).await?;
    match read(&*lock, &options.limits).await {
        Ok((read, before)) => Ok(Changing { options: Cow::Borrowed(options), lock, read, before }),
        Err(error) => Err(give_back(lock, error).await),
    }
}

/// Takes the lock, and waits for it as long as the options say.
async fn lock(
    store: &dyn StateStore,
    key: &StateKey,
    options: &ChangeOptions,
) -> Result<Box<dyn HeldLock>, ChangeError> {
    let until = tokio::time::Instant::now() + options.lock_wait;
    loop {
        let info = LockInfo::new(&options.why, &options.who, options.now);
        let error = match store.lock(key, info).await {
            Ok(lock) => return Ok(lock),
            Err(error) => error,
        };
        let left = until.saturating_duration_since(tokio::time::Instant::now());
        options.cancel.check()?;
        if error.class != ErrorClass::Locked || left.is_zero() {
            return Err(ChangeError::Store { step: Step::Lock, source: error, recovery: None });
        }
        tokio::time::sleep(left.min(Duration::from_millis(200))).await;
    }
}

async fn read(lock: &dyn HeldLock, limits: &Limits) -> Result<(Option<StoredState>, Option<StateFile>), ChangeError> {
    let read = lock.read().await.map_err(|source| ChangeError::Store { step: Step::Read, source, recovery: None })?;
    let read = read.filter(|read| !read.bytes.is_empty());
    let before = read.as_ref().map(|read| StateFile::read(read.bytes.clone(), &lock.place(), limits)).transpose()?;
    Ok((read, before))
}

/// Gives the lock back after an error; when that fails too, the error says it.
async fn give_back(lock: Box<dyn HeldLock>, error: ChangeError) -> ChangeError {
    match lock.release().await {
        Ok(()) => error,
        Err(release) => ChangeError::AndStillLocked { error: Box::new(error), release },
    }
}

impl Changing<'_> {
    /// What is there; `None` when there is no state.
    #[must_use]
    pub fn state(&self) -> Option<&StateFile> {
        self.before.as_ref()
    }

    /// The bytes that are there.
    #[must_use]
    pub fn stored(&self) -> Option<&StoredState> {
        self.read.as_ref()
    }

    /// How it is changed.
    #[must_use]
    pub fn options(&self) -> &ChangeOptions {
        &self.options
    }

    /// The same, with options of its own: for a lock that is held over several writes.
    #[must_use]
    pub fn into_owned(self) -> Changing<'static> {
        let Self { options, lock, read, before } = self;
        Changing { options: Cow::Owned(options.into_owned()), lock, read, before }
    }

    /// What the lock says: who, why, since when, and its id.
    #[must_use]
    pub fn lock_info(&self) -> &LockInfo {
        self.lock.info()
    }

    /// Reads again under the lock. What is written afterwards replaces exactly what was read now.
    ///
    /// # Errors
    /// When the store fails, or what is there is no state.
    pub async fn read_again(&mut self) -> Result<(), ChangeError> {
        let read = self.lock.read().await;
        let read = read.map_err(|source| ChangeError::Store { step: Step::Read, source, recovery: None })?;
        let read = read.filter(|read| !read.bytes.is_empty());
        let is_known = match (&read, &self.read) {
            (Some(read), Some(known)) => read.digest == known.digest,
            (None, None) => true,
            _ => false,
        };
        if !is_known {
            let parse =
                |read: &StoredState| StateFile::read(read.bytes.clone(), &self.lock.place(), &self.options.limits);
            self.before = read.as_ref().map(parse).transpose()?;
        }
        self.read = read;
        Ok(())
    }

    /// Checks that a state may follow the one that is there: that its lineage is the same, unless [`ChangeOptions::lineage`]
    /// says otherwise, and its serial higher.
    ///
    /// # Errors
    /// When it may not.
    pub fn check_follows(&self, after: &StateFile) -> Result<(), ChangeError> {
        follows(self.before.as_ref(), after, self.options.lineage, &self.lock.place())
    }

    /// Where the state lies.
    #[must_use]
    pub fn place(&self) -> String {
        self.lock.place()
    }

    /// The serial of the next version.
    #[must_use]
    pub fn next_serial(&self) -> u64 {
        self.before.as_ref().map_or(0, StateFile::serial).saturating_add(1)
    }

    /// Gives the lock back without a change.
    ///
    /// # Errors
    /// When the lock may still be there.
    pub async fn abandon(self) -> Result<Option<StateFile>, ChangeError> {
        let Self { lock, before, .. } = self;
        lock.release().await.map_err(|source| ChangeError::Store { step: Step::Unlock, source, recovery: None })?;
        Ok(before)
    }

    /// Writes `after`, reads it back, and gives the lock back.
    ///
    /// Its lineage must be that of what is there, unless [`ChangeOptions::lineage`] says otherwise, and its serial a higher one.
    ///
    /// # Errors
    /// When it is not what may follow, when what is there cannot be kept, or when the store fails. Unless the error says
    /// otherwise nothing was written. [`ChangeError::recovery`] is the new state where it should be saved for a second attempt.
    pub async fn commit(mut self, after: StateFile) -> Result<Changed, ChangeError> {
        match self.replace(&after).await {
            Err(error) => Err(give_back(self.lock, error).await),
            Ok((written, _)) => match self.lock.release().await {
                Ok(()) => Ok(Changed { before: self.before, after, written: Some(written) }),
                Err(release) => Err(ChangeError::WrittenAndStillLocked { release }),
            },
        }
    }

    /// Writes `after` and reads it back, as [`Changing::commit`] does, and keeps the lock.
    ///
    /// # Errors
    /// As [`Changing::commit`].
    pub async fn write(&mut self, after: &StateFile) -> Result<Written, ChangeError> {
        let (written, stored) = self.replace(after).await?;
        self.read = Some(stored);
        self.before = Some(after.clone());
        Ok(written)
    }

    /// Writes `after` and reads it back; gives what the store says about it, and what is there now.
    async fn replace(&mut self, after: &StateFile) -> Result<(Written, StoredState), ChangeError> {
        let place = self.lock.place();
        self.check_follows(after)?;
        self.options.cancel.check()?;
        let bytes = after.bytes();
        let note = WriteNote::new(&self.options.who, &self.options.why).with_serial(after.serial());
        let write = StateWrite::new(Expected::of(self.read.as_ref()), bytes.clone(), note);
        let digest = write.digest;
        let number = self.remember(&place, after, &write).await?;
        let result = match self.lock.write(write).await {
            Ok(written) => self.check(digest).await.map(|()| written),
            // The answer was lost: what is there says whether it was written.
            Err(error) if error.outcome == WriteOutcome::Unknown => match self.check(digest).await {
                Ok(()) => Ok(Written::new(digest)),
                Err(_) => Err(ChangeError::Store { step: Step::Write, source: error, recovery: None }),
            },
            Err(error) => Err(ChangeError::Store { step: Step::Write, source: error, recovery: None }),
        };
        let outcome = match &result {
            Ok(_) => HistoryOutcome::Written,
            Err(error) if error.is_unknown() => HistoryOutcome::Unknown,
            Err(_) => HistoryOutcome::NotWritten,
        };
        self.conclude(number, outcome).await;
        let written = result.map_err(|error| error.with_recovery(bytes.clone()))?;
        let stored = StoredState::of_digest(bytes, digest);
        let stored = stored.with_etag(written.etag.clone()).with_version(written.version.clone());
        Ok((written, stored))
    }

    /// Reads back what was written.
    async fn check(&self, digest: BytesDigest) -> Result<(), ChangeError> {
        let holds = self.lock.holds(digest).await;
        if holds.map_err(|source| ChangeError::Store { step: Step::ReadBack, source, recovery: None })? {
            return Ok(());
        }
        let message = "something else is there than was written: somebody writes without asking for the lock";
        let source = StoreError::conflict(self.lock.place(), message).with_unknown_outcome();
        Err(ChangeError::Store { step: Step::ReadBack, source, recovery: None })
    }

    async fn remember(&self, place: &str, after: &StateFile, write: &StateWrite) -> Result<Option<u64>, ChangeError> {
        let Some(history) = self.options.history.clone() else { return Ok(None) };
        let (place, note, lineage) = (place.to_owned(), write.note.clone(), after.lineage().to_owned());
        #[cfg(feature = "encryption")]
        history.prepare().await.map_err(ChangeError::History)?;
        let (at, after, after_digest) = (self.options.now, write.bytes.clone(), write.digest);
        let (before, before_digest) = self.read.as_ref().map(|it| (it.bytes.clone(), it.digest)).unzip();
        let work = move || {
            let intent = Intent::new(at, &place, &note, &lineage, before.as_ref(), &after);
            history.begin(&intent.with_digests(before_digest, after_digest))
        };
        let number = tokio::task::spawn_blocking(work).await.map_err(|_| ChangeError::Stopped)?;
        number.map(Some).map_err(ChangeError::History)
    }

    async fn conclude(&self, number: Option<u64>, outcome: HistoryOutcome) {
        let (Some(history), Some(number)) = (self.options.history.clone(), number) else { return };
        let (retention, now) = (self.options.retention, self.options.now);
        let work = move || {
            let concluded = history.conclude(number, outcome);
            concluded.and_then(|()| history.prune(&retention, now))
        };
        match tokio::task::spawn_blocking(work).await {
            Ok(Ok(_)) => {}
            // What was written is written: the history says that its end is not known.
            Ok(Err(error)) => tracing::warn!(%error, "the history does not say how the write ended"),
            Err(error) => tracing::warn!(%error, "the history does not say how the write ended"),
        }
    }
}

/// Checks that a state may follow another one, by the rules of `terraform state push`.
fn follows(before: Option<&StateFile>, after: &StateFile, rule: LineageRule, place: &str) -> Result<(), ChangeError> {
    let Some(before) = before else { return Ok(()) };
    let is_other = before.lineage() != after.lineage() && !before.lineage().is_empty();
    if is_other && rule == LineageRule::Keep {
        return Err(ChangeError::OtherLineage {
            place: place.to_owned(),
            there: before.lineage().to_owned(),
            new: after.lineage().to_owned(),
        });
    }
    if after.serial() <= before.serial() {
        return Err(ChangeError::SerialNotHigher {
            place: place.to_owned(),
            there: before.serial(),
            new: after.serial(),
        });
    }
    Ok(())
}
