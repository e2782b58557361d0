//! Finding states in folders.

use std::path::Path;

use super::{DEFAULT_NAME, WORKSPACES, class_of_io};
use crate::error::StoreError;
use crate::key::StateKey;

/// How deep folders are looked into.
const DEEPEST: usize = 16;

/// The states below a folder whose key begins with `prefix`: files that end with `.tfstate`. Folders that begin with a dot are
/// left out, such as `.terraform`, and so are links.
pub(super) fn states(folder: &Path, prefix: &str) -> Result<Vec<StateKey>, StoreError> {
    // Only what can begin with the prefix is looked into.
    let start = prefix.rfind('/').map_or("", |slash| prefix.get(..=slash).unwrap_or_default());
    let mut found = Vec::new();
    walk(&folder.join(start), start, &mut found, DEEPEST)?;
    found.retain(|key| key.key.starts_with(prefix));
    found.sort();
    Ok(found)
}

fn walk(folder: &Path, at: &str, found: &mut Vec<StateKey>, depth: usize) -> Result<(), StoreError> {
    let folder_or_here = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let failed = |error: std::io::Error| {
        StoreError::new(class_of_io(&error), folder_or_here.display().to_string(), "the folder cannot be read")
            .because(error)
    };
    for entry in std::fs::read_dir(folder_or_here).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        // A name that is no Unicode text cannot be a key.
        let Ok(name) = entry.file_name().into_string() else { continue };
        let kind = entry.file_type().map_err(failed)?;
        if name.starts_with('.') {
            continue;
        }
        if kind.is_dir() && name == WORKSPACES {
            workspaces(&entry.path(), at, found).map_err(failed)?;
        } else if kind.is_dir() && depth > 0 {
            walk(&entry.path(), &format!("{at}{name}/"), found, depth - 1)?;
        } else if kind.is_file() && name.ends_with(".tfstate") && entry.metadata().is_ok_and(|data| data.len() > 0) {
            found.push(StateKey::new(format!("{at}{name}")));
        }
    }
    Ok(())
}

fn workspaces(folder: &Path, at: &str, found: &mut Vec<StateKey>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        if std::fs::metadata(entry.path().join(DEFAULT_NAME)).is_ok_and(|data| data.is_file() && data.len() > 0) {
            found.push(StateKey::new(format!("{at}{DEFAULT_NAME}")).in_workspace(name));
        }
    }
    Ok(())
}
