//! What every store must hold to, for implementers to run on theirs.
//!
//! A [`Subject`] gives clients of one store; [`run`] runs the cases and says of each how it ended. Run it against the real
//! server: a race that is won once proves nothing, so races are repeated ([`Options::rounds`]). [`Faulty`] puts failures into
//! a store, for tests of what uses stores.

mod cutting_proxy;
mod failing;
mod faulty;
mod keys;
mod locks;
mod writes;

pub use faulty::{Fault, Faulty};

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;

use crate::{HeldLock, LockInfo, StateKey, StateStore, StoreError, WriteNote};

/// A store to run the suite on.
pub trait Subject: fmt::Debug + Send + Sync {
    /// A client of the store, as another process would have: with connections and caches of its own.
    fn client(&self) -> Arc<dyn StateStore>;

    /// A key under which nothing was ever written. `name` is unique in a run and holds letters, digits and `-` only.
    fn key(&self, name: &str) -> StateKey;

    /// A key with the given characters in it, unique by `name`; `None` where keys are not the caller's to choose.
    fn awkward_key(&self, name: &str, characters: &str) -> Option<StateKey> {
        let key = self.key(name);
        Some(StateKey { key: format!("{}{characters}", key.key), ..key })
    }

    /// The same state in another workspace; different for each key, also where keys are workspaces.
    fn in_workspace(&self, key: &StateKey, workspace: &str) -> StateKey {
        key.clone().in_workspace(workspace)
    }

    /// A client with credentials that the server must refuse; `None` where there are none.
    fn wrong_credentials(&self) -> Option<Arc<dyn StateStore>> {
        None
    }

    /// A client of a bucket, container or table that is not there; `None` where nothing like it can be missing.
    fn missing_container(&self) -> Option<Arc<dyn StateStore>> {
        None
    }

    /// The address of the server; `None` where there is no connection that could break.
    fn server(&self) -> Option<SocketAddr> {
        None
    }

    /// Why [`Subject::server`] is `None`.
    fn no_server(&self) -> &'static str {
        "there is no connection"
    }

    /// A client that speaks to `address`, which passes on to [`Subject::server`], without retries.
    fn client_at(&self, address: SocketAddr) -> Option<Arc<dyn StateStore>> {
        let _ = address;
        None
    }
}

/// How thorough a run is.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Options {
    /// How often a race is repeated. Default: 50.
    pub rounds: usize,
    /// How many clients race. Default: 16.
    pub clients: usize,
    /// Size in bytes of the large state. Default: 100 MB.
    pub large: usize,
    /// How long a case may take. Default: 5 minutes.
    pub time_limit: Duration,
    /// Put before the name of every key, so that runs on one server do not meet. Default: a random one.
    pub run: String,
}

impl Default for Options {
    fn default() -> Self {
        let run = uuid::Uuid::new_v4().simple().to_string();
        Self {
            rounds: 50,
            clients: 16,
            large: 100_000_000,
            time_limit: Duration::from_secs(300),
            run: run.chars().take(8).collect(),
        }
    }
}

/// How a case ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// The store does what it must.
    Passed,
    /// It does not, with what was seen.
    Failed(String),
    /// The case says nothing about this store, and why.
    NotApplicable(&'static str),
}

/// A case and how it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CaseResult {
    /// Its name, in kebab-case, never reused.
    pub case: &'static str,
    /// How it ended.
    pub ending: Ending,
}

/// What a case gives: `Ok(None)` passed, `Ok(Some(why))` not applicable, `Err(what)` failed.
type Verdict = Result<Option<&'static str>, Failure>;

/// What a store did wrong.
#[derive(Debug)]
struct Failure(String);

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let mut text = format!("{error} ({})", error.class);
        let mut cause = std::error::Error::source(&error);
        while let Some(error) = cause {
            text.push_str(": ");
            text.push_str(&error.to_string());
            cause = error.source();
        }
        Self(text)
    }
}

fn fail<T>(what: impl Into<String>) -> Result<T, Failure> {
    Err(Failure(what.into()))
}

fn ensure(holds: impl Into<Holds>, what: impl FnOnce() -> String) -> Result<(), Failure> {
    match holds.into() {
        Holds::Yes => Ok(()),
        Holds::No => Err(Failure(what())),
    }
}

/// Whether something holds.
enum Holds {
    Yes,
    No,
}

impl From<bool> for Holds {
    fn from(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }
}

/// What a case works with.
#[derive(Debug)]
struct Case<'a> {
    subject: &'a dyn Subject,
    options: &'a Options,
    name: &'static str,
}

impl Case<'_> {
    /// A key of the case's own.
    fn key(&self) -> StateKey {
        self.subject.key(&format!("{}-{}", self.options.run, self.name))
    }

    /// One more key of the case's own.
    fn another_key(&self, suffix: &str) -> StateKey {
        self.subject.key(&format!("{}-{}-{suffix}", self.options.run, self.name))
    }

    fn lock_info(&self, who: &str) -> LockInfo {
        LockInfo::new(self.name, who, SystemTime::now())
    }

    async fn lock(&self, store: &dyn StateStore, key: &StateKey) -> Result<Box<dyn HeldLock>, StoreError> {
        store.lock(key, self.lock_info("conformance@landfast")).await
    }

    fn note(&self) -> WriteNote {
        WriteNote::new("conformance@landfast", self.name)
    }
}

/// A small valid state, told from others by its serial.
fn state(serial: u64) -> Bytes {
    format!(
        "{{\n  \"version\": 4,\n  \"terraform_version\": \"1.11.4\",\n  \"serial\": {serial},\n  \
         \"lineage\": \"conformance\",\n  \"outputs\": {{}},\n  \"resources\": [],\n  \"check_results\": null\n}}\n"
    )
    .into()
}

/// Runs every case, one after the other, and says how each ended.
pub async fn run(subject: &dyn Subject, options: &Options) -> Vec<CaseResult> {
    let mut results = Vec::new();
    macro_rules! cases {
        ($($name:literal => $case:path),* $(,)?) => {$({
            let case = Case { subject, options, name: $name };
            let ending = match tokio::time::timeout(options.time_limit, $case(&case)).await {
                Ok(Ok(None)) => Ending::Passed,
                Ok(Ok(Some(why))) => Ending::NotApplicable(why),
                Ok(Err(Failure(what))) => Ending::Failed(what),
                Err(_) => Ending::Failed(format!("not done after {} s", options.time_limit.as_secs())),
            };
            tracing::info!(case = $name, ?ending, "conformance");
            results.push(CaseResult { case: $name, ending });
        })*};
    }
    cases! {
        "absent-reads-as-none" => writes::absent_reads_as_none,
        "create-and-read-back" => writes::create_and_read_back,
        "create-if-absent" => writes::create_if_absent,
        "stale-write-refused" => writes::stale_write_refused,
        "writes-in-a-row" => writes::writes_in_a_row,
        "large-state" => writes::large_state,
        "no-update-lost" => writes::no_update_lost,
        "versions" => writes::versions,
        "two-lockers" => locks::two_lockers,
        "lock-race" => locks::race,
        "lock-is-shown" => locks::is_shown,
        "force-unlock" => locks::force_unlock,
        "evicted-holder" => locks::evicted_holder,
        "listing" => keys::listing,
        "workspaces" => keys::workspaces,
        "awkward-keys" => keys::awkward,
        "missing-container" => failing::missing_container,
        "wrong-credentials" => failing::wrong_credentials,
        "connection-lost" => failing::connection_lost,
    }
    results
}
