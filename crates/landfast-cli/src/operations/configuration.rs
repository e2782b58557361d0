//! The digest of a configuration.

use std::path::{Path, PathBuf};

use landfast::state::BytesDigest;

use crate::error::CliError;
use crate::settings::Settings;

/// How the names of files end that are part of a configuration.
const ENDINGS: [&str; 7] = [".tf", ".tf.json", ".tofu", ".tofu.json", ".tfvars", ".tfvars.json", ".terraform.lock.hcl"];

/// Digest of the configuration that the settings name; `None` where they name none. It is over the names, from the folder of the
/// settings, and the contents.
pub(crate) fn configuration(settings: &Settings) -> Result<Option<BytesDigest>, CliError> {
    let named = &settings.safety.files.configuration;
    if named.is_empty() {
        return Ok(None);
    }
    let mut files = Vec::new();
    for path in named {
        let path = settings.folder.join(path);
        let before = files.len();
        collect(&path, &mut files)?;
        if files.len() == before {
            return Err(CliError::new(format!(
                "{}: there is no file of a configuration in this folder",
                path.display()
            )));
        }
    }
    files.sort();
    files.dedup();
    let mut text = String::new();
    for file in files {
        let bytes = std::fs::read(&file).map_err(|error| CliError::io(&file, "cannot be read", &error))?;
        let name = file.strip_prefix(&settings.folder).unwrap_or(&file).display().to_string();
        // Its length keeps a name from looking like the next line.
        text.push_str(&format!("{} {name} {}\n", name.len(), BytesDigest::of(&bytes)));
    }
    Ok(Some(BytesDigest::of(text.as_bytes())))
}

/// The file itself, or the files of a configuration in a folder and the folders in it. Links to folders are not followed, and what
/// tools keep in hidden folders is none of them.
fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result<(), CliError> {
    if !path.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    let complain = |error: &std::io::Error| CliError::io(path, "cannot be read", error);
    for entry in std::fs::read_dir(path).map_err(|error| complain(&error))? {
        let entry = entry.map_err(|error| complain(&error))?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let kind = entry.file_type().map_err(|error| complain(&error))?;
        if kind.is_dir() && !name.starts_with('.') {
            collect(&entry.path(), files)?;
        } else if !kind.is_dir() && ENDINGS.iter().any(|ending| name.ends_with(ending)) {
            files.push(entry.path());
        }
    }
    Ok(())
}
