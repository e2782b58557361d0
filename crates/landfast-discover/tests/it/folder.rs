//! Folders with configurations.

use std::fs;
use std::path::Path;

use landfast_discover::{Inputs, ReadModuleError, RootModule};
use tempfile::TempDir;

/// A folder with these files.
pub(super) fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

pub(super) fn read(files: &[(&str, &str)]) -> RootModule {
    RootModule::read(folder(files).path(), &Inputs::default()).unwrap()
}

/// The message of an error, without the folder.
pub(super) fn refused(files: &[(&str, &str)]) -> String {
    let folder = folder(files);
    let error = RootModule::read(folder.path(), &Inputs::default()).unwrap_err();
    without(folder.path(), &error)
}

pub(super) fn without(folder: &Path, error: &ReadModuleError) -> String {
    error.to_string().replace(&format!("{}/", folder.display()), "")
}
