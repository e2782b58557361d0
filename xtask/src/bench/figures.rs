//! `cargo xtask figure`: yardsticks that rows run as programs of their own, so that they are measured like all others.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use landfast::state::{DependencyGraph, Limits};
use rustix::time::{ClockId, clock_gettime};
use serde_json::Value;

use super::contact::{first_contact, scan_time};

/// Run one of the yardsticks of `cargo xtask bench`.
#[derive(Debug, clap::Args)]
pub(crate) struct FigureOptions {
    #[command(subcommand)]
    figure: Figure,
}

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Figure {
    /// Count the lines of a file: what reading it costs at the very least.
    Newlines { file: PathBuf },
    /// Read two states as trees of values and compare their instances, keyed by address.
    Values { recorded: PathBuf, observed: PathBuf },
    /// Write a state whose resources depend on each other.
    GraphState {
        nodes: u32,
        edges: u32,
        /// Resources depend on any earlier one, instead of on those of their own neighbourhood.
        #[arg(long)]
        random: bool,
        out: PathBuf,
    },
    /// Order, cycles and the blast radius of every resource of a state; prints the CPU seconds of these alone.
    Graph { state: PathBuf },
    /// Run a program with the address of a service in a variable; prints the seconds until it talks to that.
    FirstContact {
        variable: String,
        #[arg(last = true, required = true)]
        program: Vec<OsString>,
    },
    /// Run a live check; prints the seconds that its scan took.
    ScanTime {
        #[arg(last = true, required = true)]
        program: Vec<OsString>,
    },
}

pub(crate) fn run(options: &FigureOptions) -> Result<(), String> {
    match &options.figure {
        Figure::Newlines { file } => newlines(file),
        Figure::Values { recorded, observed } => values(recorded, observed),
        Figure::GraphState { nodes, edges, random, out } => graph_state(*nodes, *edges, *random, out),
        Figure::Graph { state } => graph(state),
        Figure::FirstContact { variable, program } => first_contact(variable, program),
        Figure::ScanTime { program } => scan_time(program),
    }
}

fn newlines(file: &Path) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("{}: {error}", file.display());
    let mut reader = File::open(file).map_err(failed)?;
    let mut buffer = vec![0; 1 << 18];
    let mut lines = 0;
    loop {
        let length = reader.read(&mut buffer).map_err(failed)?;
        if length == 0 {
            break;
        }
        lines += memchr::memchr_iter(b'\n', buffer.get(..length).unwrap_or_default()).count();
    }
    println!("{lines}");
    Ok(())
}

fn values(recorded: &Path, observed: &Path) -> Result<(), String> {
    let read = |path: &Path| -> Result<Value, String> {
        let bytes = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
        serde_json::from_slice(&bytes).map_err(|error| format!("{}: {error}", path.display()))
    };
    let (recorded, observed) = (read(recorded)?, read(observed)?);
    let (recorded, observed) = (keyed(&recorded), keyed(&observed));
    let changed = recorded.iter().filter(|(key, attributes)| observed.get(*key) != Some(attributes)).count();
    let added = observed.keys().filter(|key| !recorded.contains_key(*key)).count();
    println!("{}", changed + added);
    Ok(())
}

fn keyed(state: &Value) -> HashMap<String, &Value> {
    let mut keyed = HashMap::new();
    for resource in state.get("resources").and_then(Value::as_array).into_iter().flatten() {
        let text = |name: &str| resource.get(name).and_then(Value::as_str).unwrap_or_default();
        for instance in resource.get("instances").and_then(Value::as_array).into_iter().flatten() {
            let part = |name: &str| instance.get(name).map(Value::to_string).unwrap_or_default();
            let names = [text("module"), text("mode"), text("type"), text("name")].join(".");
            let key = format!("{names}[{}]{}", part("index_key"), part("deposed"));
            keyed.extend(instance.get("attributes").map(|attributes| (key, attributes)));
        }
    }
    keyed
}

fn graph_state(nodes: u32, edges: u32, random: bool, out: &Path) -> Result<(), String> {
    let mut rng = fastrand::Rng::with_seed(9);
    let mut dependencies = vec![Vec::new(); nodes as usize];
    for _ in 0..edges {
        let from = rng.u32(1..nodes.max(2));
        // A neighbourhood of 150: resources depend on those of their own module.
        let least = if random { 0 } else { from - from % 150 };
        if least < from {
            let to = rng.u32(least..from);
            dependencies.get_mut(from as usize).ok_or("no such node")?.push(format!("test_thing.n{to:06}"));
        }
    }
    let resources = dependencies.iter_mut().enumerate().map(|(at, dependencies)| {
        dependencies.sort_unstable();
        dependencies.dedup();
        serde_json::json!({
            "mode": "managed", "type": "test_thing", "name": format!("n{at:06}"),
            "provider": "provider[\"registry.terraform.io/example/test\"]",
            "instances": [{"schema_version": 0, "attributes": {}, "dependencies": dependencies}],
        })
    });
    let resources: Vec<Value> = resources.collect();
    let state = serde_json::json!({"version": 4, "terraform_version": "1.11.4", "serial": 1, "lineage": "graph", "resources": resources});
    std::fs::write(out, state.to_string()).map_err(|error| format!("{}: {error}", out.display()))
}

fn graph(state: &Path) -> Result<(), String> {
    let document = landfast::open(state, &Limits::default()).map_err(|error| error.to_string())?;
    let graph = DependencyGraph::of(&document.recorded());
    let before = cpu_seconds();
    let order = graph.topological_order().map_err(|error| error.to_string())?.len();
    let cycles = graph.cycles().len();
    let reached: usize = graph.blast_radius_sizes().iter().map(|(_, size)| size).sum();
    let taken = cpu_seconds() - before;
    // What was found is used, so that it is not optimised away.
    eprintln!("{order} resources, {cycles} cycles, {reached} reached");
    println!("{taken}");
    Ok(())
}

/// The CPU time that this process has taken.
fn cpu_seconds() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}
