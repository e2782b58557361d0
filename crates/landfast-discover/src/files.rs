//! Which files of a folder are its configuration.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use crate::error::ReadModuleError;

/// Bounds of a configuration.
const MAX_FILES: usize = 10_000;
const MAX_BYTES: u64 = 8 << 20;

/// A file of a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ConfigurationFile {
    pub(crate) path: PathBuf,
    pub(crate) is_json: bool,
    pub(crate) is_override: bool,
}

/// The names of a folder that terraform would look at, sorted.
pub(crate) fn names(folder: &Path) -> Result<Vec<String>, ReadModuleError> {
    let here = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let failed = |source| ReadModuleError::Io { path: here.to_owned(), source };
    let mut names = Vec::new();
    for entry in fs::read_dir(here).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        // What editors leave is no configuration.
        let is_left = name.starts_with('.') || name.ends_with('~') || (name.starts_with('#') && name.ends_with('#'));
        if is_left || entry.path().is_dir() {
            continue;
        }
        if names.len() >= MAX_FILES {
            return Err(ReadModuleError::TooLarge { path: here.to_owned(), what: "it has too many files" });
        }
        names.push(name);
    }
    names.sort();
    Ok(names)
}

/// The files of a configuration: those that override others come last.
pub(crate) fn configuration(folder: &Path, names: &[String]) -> Vec<ConfigurationFile> {
    let mut files = Vec::new();
    for name in names {
        let stem = |ending: &str| name.strip_suffix(ending).map(str::to_owned);
        let (stem, is_json, other) = if let Some(stem) = stem(".tf") {
            let other = format!("{stem}.tofu");
            (stem, false, Some(other))
        } else if let Some(stem) = stem(".tf.json") {
            let other = format!("{stem}.tofu.json");
            (stem, true, Some(other))
        } else if let Some(stem) = stem(".tofu") {
            (stem, false, None)
        } else if let Some(stem) = stem(".tofu.json") {
            (stem, true, None)
        } else {
            continue;
        };
        // Where there is a file for OpenTofu, it stands in for the one of the same name.
        if other.is_some_and(|other| names.contains(&other)) {
            continue;
        }
        let is_override = stem == "override" || stem.ends_with("_override");
        files.push(ConfigurationFile { path: folder.join(name), is_json, is_override });
    }
    files.sort_by_key(|file| file.is_override);
    files
}

/// The files of variables that are read without being asked for, in the order in which they count: later ones count more.
pub(crate) fn variables(folder: &Path, names: &[String]) -> Vec<PathBuf> {
    let is_automatic = |name: &&String| name.ends_with(".auto.tfvars") || name.ends_with(".auto.tfvars.json");
    let first =
        ["terraform.tfvars", "terraform.tfvars.json"].into_iter().filter(|name| names.iter().any(|it| it == name));
    first.chain(names.iter().filter(is_automatic).map(String::as_str)).map(|name| folder.join(name)).collect()
}

/// The text of a file.
pub(crate) fn read(path: &Path) -> Result<String, ReadModuleError> {
    let failed = |source| ReadModuleError::Io { path: path.to_owned(), source };
    // What is no file, such as a pipe, could keep us for ever.
    if !fs::metadata(path).map_err(failed)?.is_file() {
        return Err(failed(io::Error::new(io::ErrorKind::InvalidInput, "no file")));
    }
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes)).map_err(failed)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(ReadModuleError::TooLarge { path: path.to_owned(), what: "the file is larger than 8 MiB" });
    }
    let text = String::from_utf8(bytes).map_err(|_| failed(io::Error::new(io::ErrorKind::InvalidData, "no UTF-8")))?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(names: &[&str]) -> Vec<String> {
        let mut names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn overrides_come_last_and_files_for_opentofu_stand_in() {
        let names =
            named(&["a.tf", "override.tf", "b_override.tf.json", "z.tf.json", "a.tofu", "x.tfvars", "README.md"]);
        let files = configuration(Path::new(""), &names);
        let files: Vec<_> =
            files.iter().map(|file| (file.path.to_str().unwrap(), file.is_json, file.is_override)).collect();
        assert_eq!(
            files,
            [
                ("a.tofu", false, false),
                ("z.tf.json", true, false),
                ("b_override.tf.json", true, true),
                ("override.tf", false, true)
            ]
        );
    }

    #[test]
    fn variables_count_in_terraforms_order() {
        let names =
            named(&["b.auto.tfvars", "a.auto.tfvars.json", "terraform.tfvars.json", "terraform.tfvars", "x.tfvars"]);
        let files = variables(Path::new(""), &names);
        let files: Vec<_> = files.iter().map(|path| path.to_str().unwrap()).collect();
        assert_eq!(files, ["terraform.tfvars", "terraform.tfvars.json", "a.auto.tfvars.json", "b.auto.tfvars"]);
    }
}
