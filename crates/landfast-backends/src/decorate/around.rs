//! A store whose every call goes through a policy.

use std::fmt;
use std::sync::Arc;

use crate::key::StateKey;
use crate::lock_info::LockInfo;
use crate::store::{Capabilities, ForceUnlock, HeldLock, Reread, StateStore, StoreFuture};
use crate::stored::{StateVersion, StateWrite, StoredState, VersionId, Written};

/// What a store is asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Op {
    /// Reading a state, without a lock or under one.
    Read,
    /// Reading a version that the store keeps.
    ReadVersion,
    /// Naming the versions of a state.
    Versions,
    /// Listing states.
    List,
    /// Taking the lock.
    Lock,
    /// Saying who holds the lock.
    LockInfo,
    /// Removing somebody else's lock.
    ForceUnlock,
    /// Writing under a lock.
    Write,
    /// Giving the lock back.
    Release,
}

impl Op {
    /// Its name in traces.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::ReadVersion => "read-version",
            Self::Versions => "versions",
            Self::List => "list",
            Self::Lock => "lock",
            Self::LockInfo => "lock-info",
            Self::ForceUnlock => "force-unlock",
            Self::Write => "write",
            Self::Release => "release",
        }
    }
}

/// One call of a store.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) op: Op,
    pub(crate) place: String,
    /// How many bytes it brings along.
    pub(crate) bytes: Option<usize>,
}

/// What a call gives: how many bytes of states are in it.
pub(crate) trait Measured: Send {
    fn bytes(&self) -> Option<usize> {
        None
    }
}

impl Measured for Option<StoredState> {
    fn bytes(&self) -> Option<usize> {
        self.as_ref().map(|state| state.bytes.len())
    }
}

impl Measured for StoredState {
    fn bytes(&self) -> Option<usize> {
        Some(self.bytes.len())
    }
}

impl Measured for Reread {
    fn bytes(&self) -> Option<usize> {
        match self {
            Self::Unchanged => None,
            Self::Changed(state) => state.bytes(),
        }
    }
}

impl Measured for Vec<StateVersion> {}
impl Measured for Vec<StateKey> {}
impl Measured for Option<LockInfo> {}
impl Measured for LockInfo {}
impl Measured for Box<dyn HeldLock> {}
impl Measured for Written {}
impl Measured for () {}

/// A policy that every call goes through.
pub(crate) trait Around: fmt::Debug + Send + Sync + 'static {
    /// Does the work, or does not, or does it and says something else. The work begins when it is polled first.
    fn call<'a, T: Measured + 'a>(&'a self, call: Call, work: StoreFuture<'a, T>) -> StoreFuture<'a, T>;
}

/// Puts a policy around a store and the locks that it gives.
pub(crate) fn wrap<A: Around>(around: &Arc<A>, inner: Arc<dyn StateStore>) -> Arc<dyn StateStore> {
    Arc::new(Wrapped { around: Arc::clone(around), inner })
}

#[derive(Debug)]
struct Wrapped<A> {
    around: Arc<A>,
    inner: Arc<dyn StateStore>,
}

impl<A: Around> Wrapped<A> {
    fn call(&self, op: Op, key: &StateKey) -> Call {
        Call { op, place: self.inner.place(key), bytes: None }
    }
}

impl<A: Around> StateStore for Wrapped<A> {
    fn place(&self, key: &StateKey) -> String {
        self.inner.place(key)
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    fn read<'a>(&'a self, key: &'a StateKey) -> StoreFuture<'a, Option<StoredState>> {
        self.around.call(self.call(Op::Read, key), self.inner.read(key))
    }

    fn read_again<'a>(&'a self, key: &'a StateKey, known: &'a StoredState) -> StoreFuture<'a, Reread> {
        self.around.call(self.call(Op::Read, key), self.inner.read_again(key, known))
    }

    fn read_version<'a>(&'a self, key: &'a StateKey, version: &'a VersionId) -> StoreFuture<'a, StoredState> {
        self.around.call(self.call(Op::ReadVersion, key), self.inner.read_version(key, version))
    }

    fn versions<'a>(&'a self, key: &'a StateKey) -> StoreFuture<'a, Vec<StateVersion>> {
        self.around.call(self.call(Op::Versions, key), self.inner.versions(key))
    }

    fn list<'a>(&'a self, prefix: &'a str) -> StoreFuture<'a, Vec<StateKey>> {
        let place = self.inner.place(&StateKey::new(prefix));
        self.around.call(Call { op: Op::List, place, bytes: None }, self.inner.list(prefix))
    }

    fn lock<'a>(&'a self, key: &'a StateKey, info: LockInfo) -> StoreFuture<'a, Box<dyn HeldLock>> {
        let taking = self.around.call(self.call(Op::Lock, key), self.inner.lock(key, info));
        Box::pin(async move {
            let held = WrappedLock { around: Arc::clone(&self.around), inner: taking.await? };
            Ok(Box::new(held) as Box<dyn HeldLock>)
        })
    }

    fn lock_info<'a>(&'a self, key: &'a StateKey) -> StoreFuture<'a, Option<LockInfo>> {
        self.around.call(self.call(Op::LockInfo, key), self.inner.lock_info(key))
    }

    fn force_unlock<'a>(&'a self, key: &'a StateKey, request: ForceUnlock<'a>) -> StoreFuture<'a, LockInfo> {
        self.around.call(self.call(Op::ForceUnlock, key), self.inner.force_unlock(key, request))
    }
}

#[derive(Debug)]
struct WrappedLock<A> {
    around: Arc<A>,
    inner: Box<dyn HeldLock>,
}

impl<A: Around> HeldLock for WrappedLock<A> {
    fn info(&self) -> &LockInfo {
        self.inner.info()
    }

    fn place(&self) -> String {
        self.inner.place()
    }

    fn read(&self) -> StoreFuture<'_, Option<StoredState>> {
        let call = Call { op: Op::Read, place: self.inner.place(), bytes: None };
        self.around.call(call, self.inner.read())
    }

    fn write(&mut self, write: StateWrite) -> StoreFuture<'_, Written> {
        let call = Call { op: Op::Write, place: self.inner.place(), bytes: Some(write.bytes.len()) };
        self.around.call(call, self.inner.write(write))
    }

    fn release(self: Box<Self>) -> StoreFuture<'static, ()> {
        let Self { around, inner } = *self;
        Box::pin(async move {
            let call = Call { op: Op::Release, place: inner.place(), bytes: None };
            around.call(call, inner.release()).await
        })
    }
}
