//! States to be changed, and what is found afterwards.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use landfast::state::{Limits, StateFile};

/// An empty folder for a proof, below `target`.
pub(super) fn folder(name: &str) -> Result<PathBuf, String> {
    let folder = crate::workspace::root()?.join("target/prove/work").join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    Ok(folder)
}

/// A state with so many objects, in the form that terraform writes.
pub(super) fn state(lineage: &str, serial: u64, prefix: &str, count: usize) -> String {
    let blocks: Vec<String> = (0..count)
        .map(|number| {
            format!(
                "    {{\n      \"mode\": \"managed\",\n      \"type\": \"terraform_data\",\n      \"name\": \"{prefix}{number}\",\n      \
                 \"provider\": \"provider[\\\"terraform.io/builtin/terraform\\\"]\",\n      \"instances\": [\n        {{\n          \
                 \"schema_version\": 0,\n          \"attributes\": {{\n            \"id\": \"{prefix}{number}\",\n            \
                 \"input\": null,\n            \"output\": null,\n            \"triggers_replace\": null\n          }},\n          \
                 \"sensitive_attributes\": []\n        }}\n      ]\n    }}"
            )
        })
        .collect();
    format!(
        "{{\n  \"version\": 4,\n  \"terraform_version\": \"1.11.4\",\n  \"serial\": {serial},\n  \"lineage\": \"{lineage}\",\n  \
         \"outputs\": {{}},\n  \"resources\": [\n{}\n  ],\n  \"check_results\": null\n}}\n",
        blocks.join(",\n")
    )
}

/// What is found in the place of a state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    /// A state with these objects.
    Objects(BTreeSet<String>),
    /// No file, or an empty one, or no state.
    Neither(String),
}

/// What is in the place of a state.
pub(super) fn look(path: &Path) -> Found {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) => return Found::Neither(format!("no file: {error}")),
    };
    let length = bytes.len();
    match StateFile::read(bytes.into(), "state", &Limits::default()) {
        Ok(state) => Found::Objects(state.snapshot().instances().map(ToString::to_string).collect()),
        Err(error) => Found::Neither(format!("{length} bytes that are no state: {error}")),
    }
}

impl Found {
    /// Whether the object is in it; `None` when it is no state.
    pub(super) fn has(&self, object: &str) -> Option<bool> {
        match self {
            Self::Objects(objects) => Some(objects.contains(object)),
            Self::Neither(_) => None,
        }
    }
}
