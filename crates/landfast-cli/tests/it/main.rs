//! Behaviour of the built binary.

mod check;
mod corpus;
mod diff;
mod errors;
mod graph;
mod hostile;
#[cfg(feature = "live")]
mod live;
mod oracle;
mod run;
mod secrets;
mod snapshot;
