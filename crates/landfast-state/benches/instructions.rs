//! The core loops of this crate, for counting their instructions: `cargo xtask instructions`.
#![allow(missing_docs, clippy::expect_used, reason = "macros make undocumented items; a failed setup is a failed run")]

use std::hint::black_box;

use bytes::Bytes;
use gungraun::{library_benchmark, library_benchmark_group, main};
use landfast_state::{ContentDigest, DependencyGraph, FingerprintKey, Limits, Snapshot, StateFile};

/// A state that `cargo xtask instructions` generated.
fn recorded() -> Bytes {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/instructions/recorded.tfstate");
    std::fs::read(path).expect("the input is there: run `cargo xtask instructions`").into()
}

fn snapshot() -> Snapshot {
    StateFile::read(recorded(), "recorded", &Limits::default()).expect("the input is a state").snapshot()
}

#[library_benchmark]
#[bench::generated(setup = recorded)]
fn read(bytes: Bytes) -> StateFile {
    StateFile::read(black_box(bytes), "recorded", &Limits::default()).expect("the input is a state")
}

#[library_benchmark]
#[bench::generated(setup = snapshot)]
fn digest(snapshot: Snapshot) -> ContentDigest {
    black_box(&snapshot).digest(&FingerprintKey::from_bytes([7; 32]))
}

#[library_benchmark]
#[bench::generated(setup = snapshot)]
fn graph(snapshot: Snapshot) -> usize {
    let graph = DependencyGraph::of(&snapshot);
    black_box(graph.topological_order()).map_or(0, |order| order.len()) + graph.blast_radius_sizes().len()
}

library_benchmark_group!(name = state, benchmarks = [read, digest, graph]);
main!(library_benchmark_groups = state);
