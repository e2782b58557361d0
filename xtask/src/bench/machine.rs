//! The machine and the versions that figures belong to.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::process::Command;

use serde::{Deserialize, Serialize};

use super::Places;
use super::tools::{Tool, version};
use crate::process::output_of;

/// What a result depends on beside the programs themselves.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Setup {
    pub(crate) machine: String,
    pub(crate) rust: String,
    /// By the place of the tool among [`Tool`]s.
    pub(crate) tools: BTreeMap<u8, String>,
}

impl Setup {
    pub(crate) fn add(&mut self, tool: Tool, places: &Places) -> Result<(), String> {
        if self.machine.is_empty() {
            self.machine = machine();
            self.rust = output_of(Command::new("rustc").arg("--version").current_dir(&places.root))?.trim().to_owned();
        }
        if let Entry::Vacant(entry) = self.tools.entry(tool as u8) {
            entry.insert(version(tool, places)?);
        }
        Ok(())
    }

    /// Whether results of both may stand in one table.
    pub(crate) fn goes_with(&self, other: &Self) -> bool {
        let same = |(tool, version): (&u8, &String)| other.tools.get(tool).is_none_or(|it| it == version);
        self.machine == other.machine && self.rust == other.rust && self.tools.iter().all(same)
    }
}

/// Model and number of processors, memory, kernel; nothing that names one machine.
fn machine() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let field = |text: &str, name: &str| {
        let line = text.lines().find(|line| line.starts_with(name))?.split_once(':')?.1.trim().to_owned();
        Some(line)
    };
    let model = field(&read("/proc/cpuinfo"), "model name").unwrap_or_else(|| std::env::consts::ARCH.to_owned());
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let memory = field(&read("/proc/meminfo"), "MemTotal")
        .and_then(|text| text.trim_end_matches("kB").trim().parse::<u64>().ok())
        .map_or(String::new(), |kilobytes| format!(", {} GB of memory", kilobytes.div_ceil(1_000_000)));
    let kernel = read("/proc/sys/kernel/osrelease");
    // What follows the version is the builder's.
    let kernel = kernel.trim().split(['-', '+']).next().unwrap_or_default();
    format!("{model}, {cores} cores{memory}, {} {kernel}", std::env::consts::OS)
}
