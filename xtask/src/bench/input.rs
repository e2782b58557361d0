//! The inputs of rows: generated pairs, kept from run to run as long as the generator stays the same.

use std::hash::{DefaultHasher, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::Places;
use crate::r#gen::Layout;
use crate::process::run;

/// What a row reads.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Input {
    Pair(Pair),
    Graph(Graph),
}

impl Input {
    pub(crate) fn make(&self, places: &Places) -> Result<(), String> {
        match self {
            Self::Pair(pair) => pair.make(places),
            Self::Graph(graph) => graph.make(places),
        }
    }
}

/// A state whose resources depend on each other.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Graph {
    pub(crate) nodes: u32,
    pub(crate) edges: u32,
    pub(crate) random: bool,
}

impl Graph {
    pub(crate) fn state(&self, places: &Places) -> PathBuf {
        let kind = if self.random { "random" } else { "modules" };
        places.bench.join("inputs").join(format!("graph-{}-{}-{kind}.tfstate", self.nodes, self.edges))
    }

    fn make(&self, places: &Places) -> Result<(), String> {
        let mut command = Command::new(places.programs.join("xtask"));
        command.args(["figure", "graph-state", &self.nodes.to_string(), &self.edges.to_string()]);
        if self.random {
            command.arg("--random");
        }
        let inputs = places.bench.join("inputs");
        std::fs::create_dir_all(&inputs).map_err(|error| format!("{}: {error}", inputs.display()))?;
        run(command.arg(self.state(places)))
    }
}

/// A generated pair of states.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Pair {
    pub(crate) instances: u32,
    /// How many of a hundred instances have drifted.
    pub(crate) drift: u32,
    pub(crate) layout: Layout,
}

impl Pair {
    fn folder(&self, places: &Places) -> PathBuf {
        let layout = self.layout.name();
        places.bench.join("inputs").join(format!("{}-drift-{}-{layout}", self.instances, self.drift))
    }

    pub(crate) fn recorded(&self, places: &Places) -> PathBuf {
        self.folder(places).join("recorded.tfstate")
    }

    pub(crate) fn observed(&self, places: &Places) -> PathBuf {
        self.folder(places).join("observed.tfstate")
    }

    /// Generates the pair unless it is there.
    fn make(&self, places: &Places) -> Result<(), String> {
        let folder = self.folder(places);
        let (mark, generator) = (folder.join("generator"), generator(&places.root)?);
        if std::fs::read_to_string(&mark).is_ok_and(|text| text == generator) {
            return Ok(());
        }
        let mut command = Command::new(places.programs.join("xtask"));
        command.args(["gen", "--instances", &self.instances.to_string(), "--drift", &self.drift.to_string()]);
        run(command.args(["--layout", self.layout.name(), "--out"]).arg(&folder))?;
        std::fs::write(&mark, generator).map_err(|error| format!("{}: {error}", mark.display()))
    }
}

/// Tells whether two generators are the same.
fn generator(root: &Path) -> Result<String, String> {
    let mut files = Vec::new();
    for folder in ["xtask/src/gen", "xtask/src/gen/types"] {
        let failed = |error: std::io::Error| format!("{folder}: {error}");
        for entry in std::fs::read_dir(root.join(folder)).map_err(failed)? {
            files.push(entry.map_err(failed)?.path());
        }
    }
    files.sort();
    let mut hasher = DefaultHasher::new();
    for file in files.iter().filter(|file| file.is_file()) {
        hasher.write(&std::fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?);
    }
    Ok(format!("{:016x}\n", hasher.finish()))
}
