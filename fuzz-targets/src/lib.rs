//! The bodies of the fuzz targets: what is done with an input, and what must hold afterwards.
//!
//! A body is a function that takes any bytes and panics when a promise is broken. `fuzz/fuzz_targets/NAME.rs` hands it
//! the inputs that libFuzzer thinks of; the replay test of this crate, on the stable toolchain, those in
//! `fuzz/corpus/NAME/` and those made from `fixtures/`. This crate does not decide which inputs to try.
//!
//! To add a target `x`: write `src/x.rs` with `run` and `seeds`, give it a line in [`TARGETS`], add
//! `fuzz/fuzz_targets/x.rs` and its `[[bin]]` to `fuzz/Cargo.toml`, and put at least one input into `fuzz/corpus/x/`.
//! The replay test fails when one of these is forgotten.
//!
//! ```
//! let target = fuzz_targets::target("number").ok_or("no such target")?;
//! (target.run)(b"1.0 1e0 x");
//! # Ok::<(), &str>(())
//! ```
#![allow(clippy::panic, reason = "a body says by a panic that a promise is broken")]

mod address;
mod attribute_path;
mod configuration;
mod document;
mod json_reader;
#[cfg(unix)]
mod log;
mod number;
mod plan_stream;
mod provider_value;
mod report;
mod rules;
mod seed;
mod state_file;

pub use seed::{Fixture, fixtures};

/// One fuzz target.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name, that of its binary and of its corpus folder.
    pub name: &'static str,
    /// Tries one input; panics when a promise is broken.
    pub run: fn(&[u8]),
    /// The inputs that a fixture is good for.
    pub seeds: fn(&Fixture) -> Vec<Vec<u8>>,
}

/// All fuzz targets, by name.
pub const TARGETS: &[Target] = &[
    Target { name: "address", run: address::run, seeds: address::seeds },
    Target { name: "attribute_path", run: attribute_path::run, seeds: attribute_path::seeds },
    Target { name: "configuration", run: configuration::run, seeds: configuration::seeds },
    Target { name: "document", run: document::run, seeds: Fixture::small_document },
    Target { name: "json_reader", run: json_reader::run, seeds: json_reader::seeds },
    #[cfg(unix)]
    Target { name: "log", run: log::run, seeds: log::seeds },
    Target { name: "number", run: number::run, seeds: number::seeds },
    Target { name: "plan_stream", run: plan_stream::run, seeds: plan_stream::seeds },
    Target { name: "provider_value", run: provider_value::run, seeds: provider_value::seeds },
    Target { name: "report", run: report::run, seeds: report::seeds },
    Target { name: "rules", run: rules::run, seeds: rules::seeds },
    Target { name: "state_file", run: state_file::run, seeds: Fixture::small_document },
];

/// The target with this name.
#[must_use]
pub fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}

/// Runs the target with this name on one input; what the binaries in `fuzz/` call.
///
/// # Panics
/// When a promise is broken, or no target has this name.
pub fn run(name: &str, data: &[u8]) {
    match target(name) {
        Some(target) => (target.run)(data),
        None => panic!("no fuzz target is called {name}"),
    }
}
