//! The suite finds what it is for: stores that are broken in one way each fail the case meant for that.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use landfast_backends::conformance::{Ending, Options, Subject, run};
use landfast_backends::{
    Capabilities, ConditionalWrite, ErrorClass, ForceUnlock, HeldLock, LockInfo, Locking, Reread, StateKey, StateStore,
    StateWrite, StoreError, StoreFuture, StoredState, Support, Written,
};
use landfast_state::{AuditError, AuditEvent, AuditSink};

/// Keeps no record.
#[derive(Debug)]
pub(crate) struct Nowhere;

impl AuditSink for Nowhere {
    fn record(&self, _: &AuditEvent) -> Result<(), AuditError> {
        Ok(())
    }
}

/// What is wrong with a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flaw {
    Nothing,
    LooksThenLocks,
    LocksAgainForTheSame,
    HidesTheHolder,
    IgnoresExpectation,
    WritesOverTheAbsent,
    AcknowledgesWithoutWriting,
    CutsLargeStates,
    ChangesBytes,
    MakesAStateByLocking,
    ForgetsEviction,
    ReleasesWhatIsNotItsOwn,
    RemovesAnyLock,
    RemovesWithoutRecord,
    ListsLocks,
    ListsTooLittle,
    MixesWorkspaces,
    ManglesKeys,
    NeverSeesAMove,
}

type States = BTreeMap<StateKey, (Option<bytes::Bytes>, Option<LockInfo>)>;

#[derive(Debug, Clone)]
struct Broken {
    flaw: Flaw,
    states: Arc<Mutex<States>>,
}

impl Subject for Broken {
    fn client(&self) -> Arc<dyn StateStore> {
        Arc::new(self.clone())
    }

    fn key(&self, name: &str) -> StateKey {
        StateKey::new(name)
    }
}

impl Broken {
    fn has(&self, flaw: Flaw) -> bool {
        self.flaw == flaw
    }

    fn real(&self, key: &StateKey) -> StateKey {
        let mut key = key.clone();
        if self.has(Flaw::MixesWorkspaces) {
            "default".clone_into(&mut key.workspace);
        }
        if self.has(Flaw::ManglesKeys) {
            key.key = key.key.replace(|character: char| !character.is_ascii(), "_");
        }
        key
    }

    fn with<T>(&self, key: &StateKey, act: impl FnOnce(&mut (Option<bytes::Bytes>, Option<LockInfo>)) -> T) -> T {
        act(self.states.lock().unwrap().entry(self.real(key)).or_default())
    }
}

impl StateStore for Broken {
    fn place(&self, key: &StateKey) -> String {
        format!("broken:{key}")
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::new(ConditionalWrite::Atomic, Locking::Record, Support::No, Support::Yes)
    }

    fn read<'a>(&'a self, key: &'a StateKey) -> StoreFuture<'a, Option<StoredState>> {
        Box::pin(async move { Ok(self.with(key, |(bytes, _)| bytes.clone().map(StoredState::new))) })
    }

    fn read_again<'a>(&'a self, key: &'a StateKey, known: &'a StoredState) -> StoreFuture<'a, Reread> {
        Box::pin(async move {
            Ok(match self.read(key).await? {
                Some(found) if self.has(Flaw::NeverSeesAMove) || found.digest == known.digest => Reread::Unchanged,
                found => Reread::Changed(found),
            })
        })
    }

    fn list<'a>(&'a self, prefix: &'a str) -> StoreFuture<'a, Vec<StateKey>> {
        Box::pin(async move {
            let states = self.states.lock().unwrap();
            let shown = states.iter().filter(|(_, (bytes, _))| bytes.is_some() || self.has(Flaw::ListsLocks));
            let mut keys: Vec<_> =
                shown.map(|(key, _)| key.clone()).filter(|key| key.key.starts_with(prefix)).collect();
            if self.has(Flaw::ListsTooLittle) {
                keys.retain(StateKey::is_default_workspace);
            }
            Ok(keys)
        })
    }

    fn lock<'a>(&'a self, key: &'a StateKey, info: LockInfo) -> StoreFuture<'a, Box<dyn HeldLock>> {
        Box::pin(async move {
            let held = self.with(key, |(_, lock)| lock.clone());
            if let Some(holder) = held
                && !(self.has(Flaw::LocksAgainForTheSame) && holder.who == info.who)
            {
                let holder = Some(holder).filter(|_| !self.has(Flaw::HidesTheHolder));
                return Err(StoreError::locked(self.place(key), holder));
            }
            if self.has(Flaw::LooksThenLocks) {
                tokio::task::yield_now().await;
            }
            self.with(key, |(bytes, lock)| {
                if lock.is_some() && !self.has(Flaw::LooksThenLocks) && !self.has(Flaw::LocksAgainForTheSame) {
                    return Err(StoreError::locked(self.place(key), lock.clone()));
                }
                *lock = Some(info.clone());
                if self.has(Flaw::MakesAStateByLocking) && bytes.is_none() {
                    *bytes = Some("{}".into());
                }
                Ok(Box::new(BrokenLock { store: self.clone(), key: key.clone(), info }) as Box<dyn HeldLock>)
            })
        })
    }

    fn lock_info<'a>(&'a self, key: &'a StateKey) -> StoreFuture<'a, Option<LockInfo>> {
        Box::pin(async move { Ok(self.with(key, |(_, lock)| lock.clone())) })
    }

    fn force_unlock<'a>(&'a self, key: &'a StateKey, request: ForceUnlock<'a>) -> StoreFuture<'a, LockInfo> {
        Box::pin(async move {
            let mut found = self.with(key, |(_, lock)| lock.clone());
            if let (true, Some(found)) = (self.has(Flaw::RemovesAnyLock), &mut found) {
                request.id.clone_into(&mut found.id);
            }
            let removed = match request.authorise(&self.place(key), found.clone()) {
                Err(error) if self.has(Flaw::RemovesWithoutRecord) && error.class == ErrorClass::Device => {
                    found.ok_or(error)?
                }
                authorised => authorised?,
            };
            self.with(key, |(_, lock)| *lock = None);
            Ok(removed)
        })
    }
}

#[derive(Debug)]
struct BrokenLock {
    store: Broken,
    key: StateKey,
    info: LockInfo,
}

impl HeldLock for BrokenLock {
    fn info(&self) -> &LockInfo {
        &self.info
    }

    fn place(&self) -> String {
        self.store.place(&self.key)
    }

    fn read(&self) -> StoreFuture<'_, Option<StoredState>> {
        self.store.read(&self.key)
    }

    fn write(&mut self, write: StateWrite) -> StoreFuture<'_, Written> {
        Box::pin(async move {
            let has = |flaw| self.store.has(flaw);
            self.store.with(&self.key, |(bytes, lock)| {
                let is_ours = lock.as_ref().is_some_and(|lock| lock.id == self.info.id);
                if !is_ours && !has(Flaw::ForgetsEviction) {
                    return Err(StoreError::conflict(self.place(), "the lock was taken away"));
                }
                let found = bytes.clone().map(StoredState::new);
                let passes = has(Flaw::IgnoresExpectation)
                    || has(Flaw::WritesOverTheAbsent) && write.expected == landfast_backends::Expected::Absent;
                if !passes && !write.expected.is_met_by(found.as_ref()) {
                    return Err(StoreError::conflict(self.place(), "another state is there"));
                }
                let written = StoredState::new(write.bytes.clone());
                let mut kept = write.bytes;
                if has(Flaw::CutsLargeStates) {
                    kept.truncate(100_000);
                }
                if has(Flaw::ChangesBytes) {
                    kept = String::from_utf8_lossy(&kept).replace("  ", " ").into();
                }
                if !has(Flaw::AcknowledgesWithoutWriting) || found.is_none() {
                    *bytes = Some(kept);
                }
                Ok(Written::new(written.digest))
            })
        })
    }

    fn release(self: Box<Self>) -> StoreFuture<'static, ()> {
        Box::pin(async move {
            self.store.with(&self.key, |(_, lock)| {
                let is_ours = lock.as_ref().is_some_and(|lock| lock.id == self.info.id);
                if !is_ours && !self.store.has(Flaw::ReleasesWhatIsNotItsOwn) {
                    return Err(StoreError::conflict(self.place(), "the lock was taken away"));
                }
                *lock = None;
                Ok(())
            })
        })
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn each_flaw_is_found_by_the_case_meant_for_it() {
    let mut options = Options::default();
    (options.rounds, options.large) = (30, 1_000_000);
    for (flaw, case) in [
        (Flaw::LooksThenLocks, "lock-race"),
        (Flaw::LocksAgainForTheSame, "two-lockers"),
        (Flaw::HidesTheHolder, "two-lockers"),
        (Flaw::IgnoresExpectation, "stale-write-refused"),
        (Flaw::WritesOverTheAbsent, "create-if-absent"),
        (Flaw::AcknowledgesWithoutWriting, "writes-in-a-row"),
        (Flaw::CutsLargeStates, "large-state"),
        (Flaw::ChangesBytes, "create-and-read-back"),
        (Flaw::MakesAStateByLocking, "absent-reads-as-none"),
        (Flaw::ForgetsEviction, "evicted-holder"),
        (Flaw::ReleasesWhatIsNotItsOwn, "evicted-holder"),
        (Flaw::RemovesAnyLock, "force-unlock"),
        (Flaw::RemovesWithoutRecord, "force-unlock"),
        (Flaw::ListsLocks, "listing"),
        (Flaw::ListsTooLittle, "listing"),
        (Flaw::MixesWorkspaces, "workspaces"),
        (Flaw::ManglesKeys, "awkward-keys"),
        (Flaw::NeverSeesAMove, "writes-in-a-row"),
    ] {
        let results = run(&Broken { flaw, states: Arc::default() }, &options).await;
        let of_case = results.iter().find(|result| result.case == case).unwrap();
        assert!(matches!(of_case.ending, Ending::Failed(_)), "{flaw:?} passes {case}");
    }
    // Without a flaw it is the flaw that made the difference.
    let results = run(&Broken { flaw: Flaw::Nothing, states: Arc::default() }, &options).await;
    let failed: Vec<_> = results.iter().filter(|result| matches!(result.ending, Ending::Failed(_))).collect();
    assert!(failed.is_empty(), "{failed:?}");
}
