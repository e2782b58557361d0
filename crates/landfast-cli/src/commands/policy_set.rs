//! Reading the policies that arguments name.

use std::path::{Path, PathBuf};
use std::time::Duration;

use landfast::safety::policy::{
    EvaluationError, PolicyError, PolicyFile, PolicyOptions, PolicySet, RegoVersion, pack_files,
};

use crate::error::CliError;
use crate::policy_args::{PolicyHow, Rego};

/// What stands before the name of a pack.
const PACK: &str = "pack:";

pub(super) fn load(paths: &[PathBuf], how: &PolicyHow) -> Result<PolicySet, CliError> {
    let mut options = PolicyOptions::default();
    options.time_limit = Duration::from_secs(how.time_limit.into());
    options.rego = match how.rego {
        Rego::Detect => RegoVersion::Detect,
        Rego::V0 => RegoVersion::V0,
        Rego::V1 => RegoVersion::V1,
    };
    load_with(paths, how.data.as_deref(), options)
}

/// Reads policies, with what they find under `data` in a file.
pub(crate) fn load_with(
    paths: &[PathBuf],
    data: Option<&Path>,
    mut options: PolicyOptions,
) -> Result<PolicySet, CliError> {
    let mut packs = Vec::new();
    let mut files = Vec::new();
    for path in paths {
        match path.to_str().and_then(|text| text.strip_prefix(PACK)) {
            Some(name) => packs.push(name),
            None => files.extend(below(path, "rego")?),
        }
    }
    files.sort();
    files.dedup();
    let mut texts = files.iter().map(|file| read(file)).collect::<Result<Vec<_>, _>>()?;
    texts.extend(pack_files(packs).map_err(|error| refused(&error))?);
    if let Some(path) = data {
        let text = std::fs::read(path).map_err(|error| CliError::io(path, "cannot be read", &error))?;
        options.data = serde_json::from_slice(&text)
            .map_err(|error| CliError::new(format!("{}:{}: not JSON", path.display(), error.line())))?;
    }
    PolicySet::load(texts, &options).map_err(|error| refused(&error))
}

/// A policy as settings in this folder name it.
pub(crate) fn below_folder(folder: &Path, path: &Path) -> PathBuf {
    if path.to_str().is_some_and(|text| text.starts_with(PACK)) { path.to_owned() } else { folder.join(path) }
}

/// The file itself, or the files in a folder and the folders in it that end so.
pub(super) fn below(path: &Path, extension: &str) -> Result<Vec<PathBuf>, CliError> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut found = Vec::new();
    let mut folders = vec![path.to_owned()];
    while let Some(folder) = folders.pop() {
        let complain = |error: &std::io::Error| CliError::io(&folder, "cannot be read", error);
        for entry in std::fs::read_dir(&folder).map_err(|error| complain(&error))? {
            let entry = entry.map_err(|error| complain(&error))?;
            // Links to folders are not followed, so there is an end. Modules are judged one at a time.
            match entry.file_type().map_err(|error| complain(&error))? {
                kind if kind.is_dir() && extension == "rego" => folders.push(entry.path()),
                kind if kind.is_dir() => {}
                _ if entry.path().extension().is_some_and(|found| found == extension) => found.push(entry.path()),
                _ => {}
            }
        }
    }
    if found.is_empty() {
        return Err(CliError::new(format!("{}: no *.{extension} in this folder", path.display())));
    }
    Ok(found)
}

pub(super) fn read(path: &Path) -> Result<PolicyFile, CliError> {
    let text = std::fs::read_to_string(path).map_err(|error| CliError::io(path, "cannot be read", &error))?;
    Ok(PolicyFile { name: path.display().to_string(), text })
}

pub(crate) fn refused(error: &PolicyError) -> CliError {
    let message = CliError::new(error.to_string());
    match error {
        PolicyError::Forbidden { .. } => message.hint(
            "a policy judges what it is given: put what it needs into the input, or into the object that --data names",
        ),
        PolicyError::DecidesNothing { .. } => {
            message.hint("name a rule deny, such as `deny contains msg if { … }`, or allow")
        }
        PolicyError::Invalid { .. } => message
            .hint("`deny[msg] { … }` is Rego v0, `deny contains msg if { … }` v1: --rego says which a file is in"),
        _ => message,
    }
}

pub(super) fn unclear(error: &EvaluationError) -> CliError {
    let message = CliError::new(error.to_string());
    match error {
        EvaluationError::OutOfTime { .. } => message.hint("--time-limit gives policies more time"),
        EvaluationError::Panicked { .. } => message.hint("this is a mistake in the engine, and no permission"),
        EvaluationError::Undefined { .. } => message.hint("such as `default deny := false`"),
        _ => message,
    }
}
