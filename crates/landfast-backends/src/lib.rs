//! Where terraform states live, and how they are read, locked and written without ever losing one.
//!
//! - [`StateStore`]: reading, listing, versions, locks. [`HeldLock`]: the only way to write, and every write says what it
//!   expects to replace ([`Expected`]).
//! - [`MemoryStore`], and behind a feature each: the stores that terraform's backends use, locked as terraform locks them.
//! - [`change`] and [`history`] (feature `change`): changing a state by lock, read, validation, backup, conditional write and
//!   read back, and what was written by whom. [`examine`]: whether a state is sound. [`AuditLog`]: what was decided.
//! - [`state_of_folder`]: which state a working directory of terraform names.
//! - [`transfer`] (feature `change`): moving objects from one state to another, resumed or undone after a kill.
//! - [`decorate`]: what can be put around any of them: trying again, limits, a circuit breaker, a cache, traces.
//! - `backup` (feature `backup`): many states at once, in a folder with a manifest.
//! - `encrypt` (feature `encryption`): sealing what is kept beside states, by a passphrase or a key, and with [`Protection`] all
//!   that the history and the journal of transfers keep. `opentofu` (feature `opentofu`): states that OpenTofu encrypted.
//! - [`conformance`] (feature `conformance`): what every store must hold to, for implementers to run on theirs.
//!
//! What is stored is bytes: this crate knows no drift, and of a state only who wrote it, its lineage and its serial. It
//! starts no runtime: futures run on the caller's tokio. It never removes a lock by itself.
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
#[cfg(any(feature = "signing", feature = "http", feature = "pg"))]
#[cfg_attr(not(all(feature = "azurerm", feature = "gcs")), allow(dead_code, reason = "no store needs all of it"))]
mod attributes;
#[cfg(all(feature = "change", unix))]
mod audit_log;
#[cfg(feature = "azurerm")]
mod azurerm;
#[cfg(all(feature = "backup", unix))]
pub mod backup;
#[cfg(all(feature = "change", unix))]
pub mod change;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod decorate;
#[cfg(feature = "encryption")]
pub mod encrypt;
mod error;
#[cfg(all(feature = "change", unix))]
pub mod examine;
#[cfg(feature = "gcs")]
mod gcs;
#[cfg(all(feature = "change", unix))]
pub mod history;
#[cfg(feature = "http")]
mod http;
mod key;
#[cfg(all(feature = "local", unix))]
mod local;
mod lock_info;
mod memory;
#[cfg(any(feature = "azurerm", feature = "gcs"))]
mod note;
mod open;
#[cfg(feature = "opentofu")]
pub mod opentofu;
#[cfg(feature = "pg")]
mod pg;
mod probe;
#[cfg(all(feature = "change", unix))]
mod protection;
#[cfg(feature = "s3")]
mod s3;
#[cfg(feature = "signing")]
#[cfg_attr(not(all(feature = "azurerm", feature = "gcs")), allow(dead_code, reason = "no store needs all of it"))]
mod signing;
mod store;
mod stored;
#[cfg(all(feature = "change", unix))]
pub mod transfer;
mod user_folder;
#[cfg(feature = "wire")]
mod wire;
mod workdir;

#[cfg(feature = "http")]
pub use self::http::HttpStore;
pub use address::{StateAddress, VersionSelector, without_credentials};
#[cfg(all(feature = "change", unix))]
pub use audit_log::AuditLog;
#[cfg(feature = "azurerm")]
pub use azurerm::AzureStore;
pub use error::{Cause, ErrorClass, StoreError, WriteOutcome};
#[cfg(feature = "gcs")]
pub use gcs::GcsStore;
pub use key::{DEFAULT_WORKSPACE, StateKey};
#[cfg(all(feature = "local", unix))]
pub use local::{BackupFile, LocalStore};
pub use lock_info::{LockAge, LockInfo};
pub use memory::MemoryStore;
pub use open::{Environment, open};
#[cfg(feature = "pg")]
pub use pg::PgStore;
pub use probe::{ProbeOptions, ProbeReport, ProbeRound, ProbeVerdict, ProbeWrites, probe};
#[cfg(all(feature = "change", unix))]
pub use protection::{NoKey, Protection};
#[cfg(feature = "s3")]
pub use s3::S3Store;
pub use store::{
    Capabilities, ConditionalWrite, ForceUnlock, HeldLock, Locking, Reread, StateStore, StoreFuture, Support,
};
pub use stored::{Etag, Expected, StateVersion, StateWrite, StoredState, VersionId, WriteNote, Written};
pub use user_folder::user_state_folder;
pub use workdir::{WorkdirError, state_of_folder};
