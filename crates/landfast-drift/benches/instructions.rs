//! The core loops of this crate, for counting their instructions: `cargo xtask instructions`.
#![allow(missing_docs, clippy::expect_used, reason = "macros make undocumented items; a failed setup is a failed run")]

use std::hint::black_box;

use gungraun::{library_benchmark, library_benchmark_group, main};
use landfast_drift::{CompareOptions, DriftReport, compare};
use landfast_state::{Limits, Observation, Snapshot, StateFile};

/// A state that `cargo xtask instructions` generated.
fn read(name: &str) -> StateFile {
    let path = format!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/instructions/{}"), name);
    let bytes = std::fs::read(path).expect("the input is there: run `cargo xtask instructions`");
    StateFile::read(bytes.into(), name, &Limits::default()).expect("the input is a state")
}

/// Nothing has changed, and both sides are written alike.
fn in_sync() -> (Snapshot, Observation, CompareOptions) {
    pair("recorded.tfstate")
}

/// One in ten has drifted, and the observed side is written differently.
fn differing() -> (Snapshot, Observation, CompareOptions) {
    pair("observed.tfstate")
}

fn pair(observed: &str) -> (Snapshot, Observation, CompareOptions) {
    let observation = Observation::complete(read(observed).snapshot());
    (read("recorded.tfstate").snapshot(), observation, CompareOptions::default())
}

#[library_benchmark]
#[bench::in_sync(setup = in_sync)]
#[bench::differing(setup = differing)]
fn compared((recorded, observed, options): (Snapshot, Observation, CompareOptions)) -> DriftReport {
    compare(black_box(&recorded), black_box(&observed), &options)
}

library_benchmark_group!(name = drift, benchmarks = [compared]);
main!(library_benchmark_groups = drift);
