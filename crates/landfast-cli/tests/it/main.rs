//! Behaviour of the built binary.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed unwrap is a failed test, in what tests share too"
)]

mod check;
#[cfg(any(feature = "corpus", feature = "live"))]
mod corpus;
mod diff;
mod errors;
mod graph;
#[cfg(feature = "corpus")]
mod hostile;
#[cfg(feature = "live")]
mod live;
#[cfg(all(feature = "live", unix))]
mod live_state;
#[cfg(all(feature = "live", unix))]
mod live_stores;
#[cfg(all(feature = "live", target_os = "linux"))]
mod live_terraform;
#[cfg(unix)]
mod operation;
#[cfg(unix)]
mod operation_approved;
#[cfg(unix)]
mod operation_checked;
mod operation_elsewhere;
mod operation_ended;
#[cfg(unix)]
mod operation_interrupted;
#[cfg(feature = "corpus")]
mod oracle;
mod output;
#[cfg(unix)]
mod place;
#[cfg(feature = "policy")]
mod policy;
mod run;
mod schema;
#[cfg(feature = "corpus")]
mod secrets;
mod snapshot;
mod state;
#[cfg(unix)]
mod state_change;
#[cfg(all(feature = "http", unix))]
mod state_contended;
#[cfg(unix)]
mod state_keys;
#[cfg(unix)]
mod state_many;
#[cfg(unix)]
mod state_opentofu;
#[cfg(unix)]
mod state_refused;
#[cfg(all(feature = "http", unix))]
mod state_server;
mod unmarked;
#[cfg(target_os = "linux")]
mod via;
#[cfg(unix)]
mod workspace;
