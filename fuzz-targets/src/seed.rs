//! Fixtures, the files that seeds are made from.

use std::io;
use std::path::{Path, PathBuf};

use landfast_state::json::{Limits, Raw, RawKind};

/// A file under `fixtures/`.
#[derive(Debug, Clone)]
pub struct Fixture {
    /// Its path, for messages and to choose by name.
    pub path: PathBuf,
    /// What is in it.
    pub bytes: Vec<u8>,
}

impl Fixture {
    /// The file as JSON, when it is that.
    pub(crate) fn json(&self) -> Option<Raw<'_>> {
        Raw::check(&self.bytes, &Limits::default()).ok()
    }

    /// The file itself, when it is a JSON document that is small: large ones slow a fuzzer down and teach it nothing that
    /// small ones do not.
    pub(crate) fn small_document(&self) -> Vec<Vec<u8>> {
        const LARGEST: usize = 64 * 1024;
        if self.json().is_some() && self.bytes.len() <= LARGEST { vec![self.bytes.clone()] } else { Vec::new() }
    }

    /// Every value in the file, from the outside in, when it is JSON.
    pub(crate) fn values(&self) -> Vec<Raw<'_>> {
        let mut values: Vec<Raw<'_>> = self.json().into_iter().collect();
        let mut at = 0;
        while let Some(value) = values.get(at) {
            match value.kind() {
                RawKind::Array(elements) => values.extend(elements),
                RawKind::Object(members) => values.extend(members.map(|(_, value)| value)),
                _ => {}
            }
            at += 1;
        }
        values
    }
}

/// All files under `folder`, sorted by path; none when there is no such folder. Links are not followed.
///
/// # Errors
/// When a folder or file cannot be read.
pub fn fixtures(folder: &Path) -> io::Result<Vec<Fixture>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let entries = match std::fs::read_dir(&folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            entries => entries?,
        };
        for entry in entries {
            let entry = entry?;
            let kind = entry.file_type()?;
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() {
                found.push(Fixture { bytes: std::fs::read(entry.path())?, path: entry.path() });
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

/// Lines of the texts, each once, joined again: a seed for a target that reads line by line.
pub(crate) fn lines(mut texts: Vec<String>) -> Vec<Vec<u8>> {
    texts.sort();
    texts.dedup();
    if texts.is_empty() { Vec::new() } else { vec![texts.join("\n").into_bytes()] }
}
