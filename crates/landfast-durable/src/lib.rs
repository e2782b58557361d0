//! Files that survive a kill: what every part of Landfast that keeps something on a disk is built on.
//!
//! - [`replace()`], [`create()`] and [`Replacement`] put a file in the place of another one, as a whole or not at all.
//! - [`LockedFile`] is a file under its POSIX lock, the one that terraform takes, which can be replaced without letting go of
//!   the lock and without fooling a program that waits for it. [`read`](fn@read) reads what others may have locked, and
//!   [`lock_holder`] says who has.
//! - [`Log`] is an append-only log that knows which of its records are whole, which was torn by a kill, and which are
//!   damaged. Every journal is one.
//! - [`sweep`] removes what killed writers left.
//! - With the feature `fault`, `fault` makes any of the system calls in here fail, write short or be the last one. Thousands
//!   of kills prove what the crate promises.
//!
//! The crate does not know what is stored: a state, a journal and a key are bytes to it. It does no compression, encryption
//! or retries, starts no thread and needs no async runtime: its calls block. Its log finds accidents, not forgeries.
//!
//! ```
//! use landfast_durable::{LockOptions, LockedFile, Log, LogOptions, ReplaceOptions, replace};
//!
//! let folder = tempfile::tempdir()?;
//! let state = folder.path().join("terraform.tfstate");
//! replace(&state, br#"{"serial": 1}"#, &ReplaceOptions::default())?;
//!
//! // terraform is kept out from here, and whoever waits will notice that the file is another one.
//! let mut locked = LockedFile::acquire(&state, &LockOptions::default())?;
//! assert_eq!(locked.read_all(1 << 20)?, br#"{"serial": 1}"#);
//! locked.replace_with(br#"{"serial": 2}"#, b"# replaced; read it again\n", &ReplaceOptions::default())?;
//! locked.release()?;
//!
//! let path = folder.path().join("operations.log");
//! let (mut log, _) = Log::open(&path, "operations", &LogOptions::default())?;
//! assert_eq!(log.append(b"intent")?, 1); // on the disk now
//! drop(log);
//! let (log, recovery) = Log::open(&path, "operations", &LogOptions::default())?;
//! assert_eq!((recovery.records, recovery.torn), (1, None));
//! assert_eq!(log.records().next().transpose()?.map(|record| record.content), Some(b"intent".to_vec()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Systems
//! All of it is there on Linux and macOS. Elsewhere, Windows included, there is only replacing and creating files: without
//! POSIX locks, without syncing the folder, and with temporary files that a kill leaves for good. Locks there would be of
//! another kind, and have not been built.
//!
//! What is promised about power failures rests on `fsync`: that a disk, or a file system on a network, does what it says
//! cannot be checked from here. POSIX locks work on network file systems where the server supports them.

#![cfg_attr(not(unix), allow(dead_code, reason = "parts of what files are replaced with are for Unix alone"))]

#[cfg(feature = "fault")]
pub mod fault;
#[cfg(unix)]
mod lock;
#[cfg(unix)]
mod log;
mod path;
#[cfg(unix)]
mod registry;
mod replace;
mod step;
mod sys;
mod temporary;

#[cfg(unix)]
pub use lock::{
    FileError, Holder, LockError, LockOptions, LockedFile, Missing, ReadError, ReplaceLockedError, Wait, lock_holder,
    read,
};
#[cfg(unix)]
pub use log::{
    AppendError, Damage, Log, LogOptions, LogPlace, LogReader, MissingLog, OpenLogError, ReadLogError, Record, Records,
    Recovery, SyncPolicy, Torn,
};
pub use path::Symlinks;
pub use replace::{Inherit, ReplaceError, ReplaceOptions, Replacement, create, replace};
#[cfg(unix)]
pub use replace::{SweepError, Swept, sweep};
pub use step::Step;
