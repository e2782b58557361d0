//! Behaviour of `landfast-state` through its public API.

mod bad_input;
mod canonical;
mod corpus;
mod edits;
mod graph;
mod laws;
mod oracle;
mod snapshots;
