//! Finding out whether the locks of a store exclude each other.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;

use crate::error::{Cause, ErrorClass, StoreError};
use crate::key::StateKey;
use crate::lock_info::LockInfo;
use crate::store::{HeldLock, Locking, StateStore};
use crate::stored::{Expected, StateWrite, WriteNote};

/// How thorough a probe is, and in whose name.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ProbeOptions {
    /// How many clients race for the lock. Default: 16.
    pub clients: usize,
    /// How often they race. One race that is won once proves nothing. Default: 20.
    pub rounds: usize,
    /// Who the locks say holds them. Default: `landfast probe`.
    pub who: String,
    /// How long one attempt may take. Default: 30 s.
    pub time_limit: Duration,
    /// Whether conditional writes are tried too. Default: only locks.
    pub writes: ProbeWrites,
}

impl Default for ProbeOptions {
    fn default() -> Self {
        Self {
            clients: 16,
            rounds: 20,
            who: "landfast probe".to_owned(),
            time_limit: Duration::from_secs(30),
            writes: ProbeWrites::None,
        }
    }
}

/// Whether a probe writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProbeWrites {
    /// It takes locks and gives them back, and leaves nothing behind.
    None,
    /// It also writes a small state, which stays under the key of the probe.
    Scratch,
}

/// What one race showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ProbeRound {
    /// How many clients were told that they hold the lock: one, in a store that can be trusted.
    pub winners: usize,
    /// How many were refused, as they must be.
    pub refused: usize,
    /// How many had some other error.
    pub failed: usize,
    /// How many writes were acknowledged that expected the state to be absent, where several held the lock and wrote at once.
    pub creations: usize,
}

/// What a probe found.
#[derive(Debug)]
#[non_exhaustive]
pub struct ProbeReport {
    /// Where.
    pub place: String,
    /// How many clients raced.
    pub clients: usize,
    /// Every race.
    pub rounds: Vec<ProbeRound>,
    /// What was wrong with conditional writes; empty where nothing was, or none were tried.
    pub writes: Vec<&'static str>,
    /// The first error that was no refusal.
    pub error: Option<Cause>,
}

/// What follows from a probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProbeVerdict {
    /// In every race one client won. That is no proof.
    NothingFound,
    /// Several clients held the lock at once, or a write was accepted that must not be: states in this store can be lost.
    Unsafe,
    /// There were races that nobody won, or errors.
    Inconclusive,
}

impl ProbeReport {
    /// What follows from it.
    #[must_use]
    pub fn verdict(&self) -> ProbeVerdict {
        let is_unsafe = |round: &ProbeRound| round.winners > 1 || round.creations > 1;
        if !self.writes.is_empty() || self.rounds.iter().any(is_unsafe) {
            ProbeVerdict::Unsafe
        } else if self.error.is_some() || self.rounds.is_empty() || self.rounds.iter().any(|round| round.winners == 0) {
            ProbeVerdict::Inconclusive
        } else {
            ProbeVerdict::NothingFound
        }
    }

    /// In how many races several clients held the lock.
    #[must_use]
    pub fn broken_rounds(&self) -> usize {
        self.rounds.iter().filter(|round| round.winners > 1).count()
    }

    /// The most clients that held the lock at once.
    #[must_use]
    pub fn most_winners(&self) -> usize {
        self.rounds.iter().map(|round| round.winners).max().unwrap_or(0)
    }
}

impl fmt::Display for ProbeReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (clients, rounds) = (self.clients, self.rounds.len());
        match self.verdict() {
            ProbeVerdict::NothingFound => {
                write!(f, "in each of {rounds} races one of {clients} clients got the lock; that is no proof")
            }
            ProbeVerdict::Unsafe if self.broken_rounds() == 0 => f.write_str(self.writes.first().unwrap_or(&"unsafe")),
            ProbeVerdict::Unsafe => write!(
                f,
                "in {} of {rounds} races several of {clients} clients held the lock at once, up to {}",
                self.broken_rounds(),
                self.most_winners()
            ),
            ProbeVerdict::Inconclusive => {
                let failed = self.rounds.iter().filter(|round| round.winners == 0).count();
                write!(f, "nothing can be said: in {failed} of {rounds} races nobody got the lock")?;
                self.error.as_ref().map_or(Ok(()), |error| write!(f, "; {error}"))
            }
        }
    }
}

/// Lets clients race for the lock of `key`, which must not be the key of a state that is in use.
///
/// ```
/// use std::sync::Arc;
/// use landfast_backends::{MemoryStore, ProbeOptions, ProbeVerdict, StateKey, StateStore, probe};
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// let store: Arc<dyn StateStore> = Arc::new(MemoryStore::new());
/// let report = probe(&store, &StateKey::new("scratch"), &ProbeOptions::default()).await?;
/// assert_eq!(report.verdict(), ProbeVerdict::NothingFound);
/// # Ok::<(), landfast_backends::StoreError>(())
/// # }).unwrap();
/// ```
///
/// # Errors
/// When the store cannot lock, when something is there under the key already, or when that cannot be known.
pub async fn probe(
    store: &Arc<dyn StateStore>,
    key: &StateKey,
    options: &ProbeOptions,
) -> Result<ProbeReport, StoreError> {
    let place = store.place(key);
    if store.capabilities().locking == Locking::None {
        return Err(StoreError::new(ErrorClass::Unsupported, place, "this store cannot lock, as it is configured"));
    }
    if let Some(holder) = store.lock_info(key).await? {
        return Err(StoreError::locked(place, Some(holder)));
    }
    if store.read(key).await?.is_some() {
        return Err(StoreError::conflict(place, "a probe needs a key where nothing is"));
    }
    let mut report =
        ProbeReport { place, clients: options.clients, rounds: Vec::new(), writes: Vec::new(), error: None };
    for number in 0..options.rounds {
        // Each race starts where none was before: what another one left must not decide it.
        let scratch = StateKey { key: numbered(&key.key, number), ..key.clone() };
        let round = race(store, if key.key.is_empty() { key } else { &scratch }, options, &mut report.error).await;
        report.rounds.push(round);
    }
    if options.writes == ProbeWrites::Scratch {
        stale_writes(store, key, options, &mut report).await?;
    }
    Ok(report)
}

fn numbered(key: &str, number: usize) -> String {
    format!("{key}-{number}")
}

async fn race(
    store: &Arc<dyn StateStore>,
    key: &StateKey,
    options: &ProbeOptions,
    first_error: &mut Option<Cause>,
) -> ProbeRound {
    let start = Arc::new(tokio::sync::Barrier::new(options.clients));
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..options.clients {
        let (store, key, start, limit) = (Arc::clone(store), key.clone(), Arc::clone(&start), options.time_limit);
        let info = LockInfo::new("probe", &options.who, SystemTime::now());
        tasks.spawn(async move {
            start.wait().await;
            let took_too_long =
                StoreError::new(ErrorClass::Transient, store.place(&key), "the store did not answer in time");
            tokio::time::timeout(limit, store.lock(&key, info)).await.unwrap_or(Err(took_too_long))
        });
    }
    let mut round = ProbeRound::default();
    let mut held = Vec::new();
    while let Some(ended) = tasks.join_next().await {
        let error: Cause = match ended {
            Ok(Ok(lock)) => {
                held.push(lock);
                continue;
            }
            Ok(Err(error)) if error.class == ErrorClass::Locked => {
                round.refused += 1;
                continue;
            }
            Ok(Err(error)) => error.into(),
            Err(error) => error.into(),
        };
        round.failed += 1;
        first_error.get_or_insert(error);
    }
    round.winners = held.len();
    if held.len() > 1 && options.writes == ProbeWrites::Scratch {
        let mut writers = tokio::task::JoinSet::new();
        for mut lock in held {
            let write = StateWrite::new(Expected::Absent, scratch(1), note(options));
            writers.spawn(async move { (lock.write(write).await.is_ok(), lock) });
        }
        held = Vec::new();
        while let Some(Ok((is_written, lock))) = writers.join_next().await {
            round.creations += usize::from(is_written);
            held.push(lock);
        }
    }
    for lock in held {
        let released = lock.release().await;
        // Where several held it, all but one find it gone.
        if let (Err(error), 1) = (released, round.winners) {
            first_error.get_or_insert(error.into());
        }
    }
    round
}

fn scratch(serial: u64) -> Bytes {
    format!(
        "{{\"version\":4,\"terraform_version\":\"1.0.0\",\"serial\":{serial},\"lineage\":\"probe\",\"outputs\":{{}},\
         \"resources\":[]}}\n"
    )
    .into()
}

fn note(options: &ProbeOptions) -> WriteNote {
    WriteNote::new(&options.who, "probe")
}

/// Writes what must be accepted, and what must not be.
async fn stale_writes(
    store: &Arc<dyn StateStore>,
    key: &StateKey,
    options: &ProbeOptions,
    report: &mut ProbeReport,
) -> Result<(), StoreError> {
    let mut lock = store.lock(key, LockInfo::new("probe", &options.who, SystemTime::now())).await?;
    let found = try_stale(&mut *lock, options).await;
    lock.release().await?;
    report.writes.extend(found?);
    Ok(())
}

async fn try_stale(lock: &mut dyn HeldLock, options: &ProbeOptions) -> Result<Vec<&'static str>, StoreError> {
    let mut found = Vec::new();
    let write = |expected, serial| StateWrite::new(expected, scratch(serial), note(options));
    let first = lock.write(write(Expected::Absent, 1)).await?;
    if lock.write(write(Expected::Absent, 2)).await.is_ok() {
        found.push("a state was created where one was");
        return Ok(found);
    }
    lock.write(write(first.expected(), 3)).await?;
    if lock.write(write(first.expected(), 4)).await.is_ok() {
        found.push("a state was replaced that was another one than expected");
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MemoryStore;

    #[tokio::test]
    async fn a_store_that_excludes_is_not_accused_and_left_clean() {
        let store: Arc<dyn StateStore> = Arc::new(MemoryStore::new());
        let key = StateKey::new("scratch");
        let options = ProbeOptions { rounds: 3, writes: ProbeWrites::Scratch, ..ProbeOptions::default() };
        let report = probe(&store, &key, &options).await.unwrap();
        assert_eq!((report.verdict(), report.rounds.len()), (ProbeVerdict::NothingFound, 3));
        assert_eq!(report.rounds[0], ProbeRound { winners: 1, refused: 15, failed: 0, creations: 0 });
        assert!(store.lock_info(&key).await.unwrap().is_none());
        // What the writes left is no place for another probe.
        assert_eq!(probe(&store, &key, &options).await.unwrap_err().class, ErrorClass::Conflict);
    }

    #[test]
    fn several_winners_are_unsafe_whatever_else_there_is() {
        let round = |winners| ProbeRound { winners, refused: 16 - winners, ..ProbeRound::default() };
        let report = |winners: &[usize]| ProbeReport {
            place: "s3://a/b".to_owned(),
            clients: 16,
            rounds: winners.iter().map(|winners| round(*winners)).collect(),
            writes: Vec::new(),
            error: None,
        };
        assert_eq!(report(&[1, 1]).verdict(), ProbeVerdict::NothingFound);
        assert_eq!(report(&[0, 1]).verdict(), ProbeVerdict::Inconclusive);
        assert_eq!(report(&[]).verdict(), ProbeVerdict::Inconclusive);
        let broken = report(&[0, 1, 3]);
        assert_eq!((broken.verdict(), broken.broken_rounds(), broken.most_winners()), (ProbeVerdict::Unsafe, 1, 3));
        assert_eq!(broken.to_string(), "in 1 of 3 races several of 16 clients held the lock at once, up to 3");
    }
}
