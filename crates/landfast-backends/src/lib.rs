//! Where terraform states live, and how they are read, locked and written without ever losing one.
//!
//! - [`StateStore`]: reading, listing, versions, locks. [`HeldLock`]: the only way to write, and every write says what it
//!   expects to replace ([`Expected`]).
//! - [`MemoryStore`], and behind a feature each: the stores that terraform's backends use, locked as terraform locks them.
//! - [`conformance`] (feature `conformance`): what every store must hold to, for implementers to run on theirs.
//!
//! What is stored is bytes: this crate knows nothing of drift, and of a state only who wrote it, its lineage and its serial. It
//! does not start a runtime: futures run on the caller's tokio.
//!
//! ```
//! use landfast_backends::{Expected, LockInfo, MemoryStore, StateKey, StateStore, StateWrite, WriteNote};
//!
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let store = MemoryStore::new();
//! let key = StateKey::new("prod/network.tfstate");
//! let mut lock = store.lock(&key, LockInfo::new("push", "alice@laptop", std::time::SystemTime::now())).await?;
//! let note = WriteNote::new("alice@laptop", "first state");
//! lock.write(StateWrite::new(Expected::Absent, "{}".into(), note)).await?;
//! // Somebody who believes that nothing is there writes nothing.
//! let note = WriteNote::new("alice@laptop", "again");
//! assert!(lock.write(StateWrite::new(Expected::Absent, "{}".into(), note)).await.is_err());
//! lock.release().await?;
//! assert_eq!(store.read(&key).await?.unwrap().bytes, "{}");
//! # Ok::<(), landfast_backends::StoreError>(())
//! # }).unwrap();
//! ```

mod address;
#[cfg(feature = "conformance")]
pub mod conformance;
mod error;
mod key;
mod lock_info;
mod memory;
mod open;
mod probe;
#[cfg(feature = "s3")]
mod s3;
mod store;
mod stored;
#[cfg(feature = "wire")]
mod wire;

pub use address::{StateAddress, VersionSelector, without_credentials};
pub use error::{Cause, ErrorClass, StoreError, WriteOutcome};
pub use key::{DEFAULT_WORKSPACE, StateKey};
pub use lock_info::{LockAge, LockInfo};
pub use memory::MemoryStore;
pub use open::{Environment, open};
pub use probe::{ProbeOptions, ProbeReport, ProbeRound, ProbeVerdict, ProbeWrites, probe};
#[cfg(feature = "s3")]
pub use s3::S3Store;
pub use store::{Capabilities, ConditionalWrite, ForceUnlock, HeldLock, Locking, StateStore, StoreFuture, Support};
pub use stored::{Etag, Expected, StateVersion, StateWrite, StoredState, VersionId, WriteNote, Written};
